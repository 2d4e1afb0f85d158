// Reads the curves off at a time: by the slider, by a click into the picture, by a link with #t=SECONDS.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const slider = document.getElementById("time"), picture = document.getElementById("lanes");
  const cursor = document.getElementById("cursor"), left = Number(cursor.getAttribute("x1"));
  const show = () => {
    const time = Number(slider.value), share = data.duration > 0 ? time / data.duration : 0, x = share * data.width;
    for (const end of ["x1", "x2"]) cursor.setAttribute(end, left + x);
    document.getElementById("now").textContent = `${time.toFixed(2)} s`;
    slider.setAttribute("aria-valuetext", `${time.toFixed(2)} seconds`);
    const read = data.curves.map(([title, unit, columns]) => {
      const value = columns[Math.min(Math.floor(share * columns.length), columns.length - 1)];
      return `${title} ${value === null ? "-" : `${value} ${unit}`.trim()}`;
    });
    const on = data.lanes.filter(([, bars]) => bars.some(([from, wide]) => from <= x && x < from + wide)).map(([name]) => name);
    document.getElementById("values").textContent = `${read.join(" · ")}${on.length ? ` · ${on.join(", ")}` : ""}`;
  };
  const jump = () => {
    const asked = new URLSearchParams(location.hash.slice(1)).get("t");
    if (asked === null || !Number.isFinite(Number(asked))) return;
    slider.value = asked;
    show();
    document.getElementById("h-line").scrollIntoView();
    slider.focus({ preventScroll: true });
  };
  slider.addEventListener("input", show);
  slider.addEventListener("change", show);
  slider.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[event.key];
    if (!by) return;
    event.preventDefault();
    slider.value = Number(slider.value) + (by * data.duration) / 200;
    show();
  });
  picture.addEventListener("click", (event) => {
    const box = picture.getBoundingClientRect(), scale = picture.viewBox.baseVal.width / box.width;
    const x = (event.clientX - box.left) * scale - left;
    if (x < 0 || x > data.width) return;
    slider.value = (data.duration * x) / data.width;
    show();
  });
  addEventListener("hashchange", jump);
  show();
  jump();
  document.documentElement.dataset.ready = "yes";
})();
