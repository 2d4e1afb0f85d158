// The table of clips: searched, filtered, sorted and paged here; what is shown stands in the address's fragment, so
// that it can be linked to. All text goes through textContent: nothing of a file's is ever read as HTML.
(async () => {
  const $ = (id) => document.getElementById(id);
  const make = (tag, text, kind) => {
    const node = document.createElement(tag);
    if (text !== undefined && text !== null) node.textContent = text;
    if (kind) node.className = kind;
    return node;
  };
  const unpack = async (text) => {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  };
  const browser = $("browser");
  browser.hidden = false;
  if (typeof DecompressionStream === "undefined") {
    browser.replaceChildren(make("p", "This table needs a browser of 2023 or later; the same rows are written by: retarget report --format csv"));
    return;
  }
  const data = await unpack($("packed").textContent);
  const count = data.name.length, several = data.batches.length > 1;
  const byName = new Map(data.measures.map((measure) => [measure.name, measure]));
  const titleOf = new Map(data.measures.filter((m) => m.gate).map((m) => [m.gate, m.title]));
  const narrow = matchMedia("(max-width: 640px)").matches;
  const usual = data.measures.filter((m) => m.missed).sort((a, b) => b.missed - a.missed).concat(data.measures.filter((m) => !m.missed && m.first));
  let columns = usual.slice(0, narrow ? 1 : 5).map((m) => m.name);
  let state = { q: "", fate: "", cause: "", batch: "", sort: "", page: 1, rows: 50, clip: "", in: "" };
  let found = [], haystacks = null, opened = -1, opener = null;

  const round = (value, digits) => (Math.abs(value) < 10 ** (-digits - 3) ? "0" : Math.abs(value) >= 10 ** -digits ? value.toFixed(digits) : value.toPrecision(2));
  const shown = (measure, value) => (value === null ? "-" : round(value * measure.factor, measure.digits));
  const withUnit = (measure, value) => (value === null ? "-" : `${shown(measure, value)} ${measure.unit}`.trim());
  const kindOf = (measure, value) => {
    if (value === null) return "";
    const worse = (limit) => limit !== null && (measure.higher ? value < limit : value > limit);
    return worse(measure.fail) ? "over" : worse(measure.warn) ? "near" : "";
  };
  const badge = (at) => make("span", data.fates[data.fate[at]].title, `badge ${data.fates[data.fate[at]].key}`);
  const causeTitle = (cause) => titleOf.get(cause) || cause;

  // ---- what is looked for
  const words = () => {
    haystacks ??= data.name.map((name, at) =>
      [name, data.motion[at], ...data.reasons[at], ...data.causes[at], ...data.causes[at].map(causeTitle), ...(data.doubts ? data.doubts[at].map((d) => `${d[0]} ${d[2]}`) : []), ...(data.notes ? data.notes[at] : [])]
        .join("\n").toLowerCase());
    return haystacks;
  };
  const keyOf = (name) => {
    const collator = new Intl.Collator("en", { numeric: true });
    if (byName.has(name)) { const { values } = byName.get(name); return (a, b) => compare(values[a], values[b]); }
    if (name === "verdict") return (a, b) => data.fate[a] - data.fate[b];
    if (name === "why") return (a, b) => collator.compare(data.reasons[a][0] || "", data.reasons[b][0] || "");
    if (name === "seconds") return (a, b) => compare(data.seconds[a], data.seconds[b]);
    if (name === "batch") return (a, b) => data.batch[a] - data.batch[b];
    if (name === "clip") return (a, b) => collator.compare(data.name[a], data.name[b]);
    return null;
  };
  const compare = (a, b) => a - b;
  const missing = (name, at) => (byName.has(name) ? byName.get(name).values[at] === null : name === "seconds" && data.seconds[at] === null);
  const find = () => {
    const asked = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    const fates = state.fate ? state.fate.split(",") : null;
    const text = asked.length ? words() : null;
    found = [];
    for (let at = 0; at < count; at++) {
      if (fates && !fates.includes(data.fates[data.fate[at]].key)) continue;
      if (state.cause && !data.causes[at].includes(state.cause)) continue;
      if (state.batch && data.batch[at] !== state.batch - 1) continue;
      if (text && !asked.every((word) => text[at].includes(word))) continue;
      found.push(at);
    }
    const name = state.sort.replace(/^-/, ""), order = keyOf(name), sign = state.sort.startsWith("-") ? -1 : 1;
    if (order) {
      found.sort((a, b) => {
        const [x, y] = [missing(name, a), missing(name, b)];
        return x || y ? x - y || a - b : sign * order(a, b) || a - b;
      });
    }
  };

  // ---- the table
  const heads = () => [
    { key: "clip", text: "Clip" }, { key: "verdict", text: "Verdict" }, { key: "why", text: "Why" },
    ...(several ? [{ key: "batch", text: "Batch" }] : []),
    { key: "seconds", text: "Length s", num: true },
    ...columns.map((name) => { const m = byName.get(name); return { key: name, text: m.unit ? `${m.title} ${m.unit}` : m.title, num: true, hint: m.definition.replaceAll("`", "") }; }),
  ];
  const drawHead = () => {
    const row = make("tr");
    for (const head of heads()) {
      const cell = make("th", null, head.num ? "num" : ""), button = make("button", head.text);
      cell.scope = "col";
      const at = state.sort.replace(/^-/, "") === head.key;
      cell.setAttribute("aria-sort", !at ? "none" : state.sort.startsWith("-") ? "descending" : "ascending");
      button.type = "button";
      if (head.hint) button.title = head.hint;
      // Numbers begin with the largest: that is what is looked for.
      button.addEventListener("click", () => {
        const first = head.num ? `-${head.key}` : head.key, second = head.num ? head.key : `-${head.key}`;
        change({ sort: state.sort === first ? second : first, page: 1 });
        $("table").querySelector(`th:nth-child(${[...row.children].indexOf(cell) + 1}) button`).focus();
      });
      cell.append(button);
      row.append(cell);
    }
    $("table").tHead.replaceChildren(row);
  };
  const linkOf = (at) => `#${new URLSearchParams({ ...parameters(), clip: data.name[at], ...(several ? { in: data.batch[at] + 1 } : {}) })}`;
  const drawRows = () => {
    const first = (state.page - 1) * state.rows, body = document.createDocumentFragment();
    for (const at of found.slice(first, first + state.rows)) {
      const row = make("tr"), name = make("th"), link = make("a");
      // Long names break after what parts their words.
      for (const part of data.name[at].split(/(?<=[/_.-])/)) link.append(part, make("wbr"));
      name.scope = "row";
      link.href = linkOf(at);
      link.dataset.at = at;
      name.append(link);
      const verdict = make("td");
      verdict.append(badge(at));
      row.append(name, verdict, make("td", data.causes[at].map(causeTitle).join("; "), "reason"));
      if (several) row.append(make("td", data.batches[data.batch[at]].title));
      row.append(make("td", data.seconds[at] === null ? "-" : data.seconds[at].toFixed(1), "num"));
      for (const key of columns) {
        const measure = byName.get(key), value = measure.values[at];
        row.append(make("td", shown(measure, value), `num ${kindOf(measure, value)}`));
      }
      body.append(row);
    }
    $("table").tBodies[0].replaceChildren(body);
  };
  const draw = () => {
    find();
    const pages = Math.max(Math.ceil(found.length / state.rows), 1);
    state.page = Math.min(Math.max(state.page, 1), pages);
    drawHead();
    drawRows();
    const seconds = found.reduce((sum, at) => sum + (data.seconds[at] || 0), 0);
    $("count").textContent = `${found.length.toLocaleString("en")} of ${count.toLocaleString("en")} clips, ${(seconds / 60).toFixed(1)} minutes of motion`;
    $("where").textContent = `page ${state.page} of ${pages}`;
    $("back").disabled = state.page <= 1;
    $("on").disabled = state.page >= pages;
    $("save").disabled = !found.length;
    for (const [id, value] of [["search", state.q], ["fate", state.fate], ["cause", state.cause], ["rows", String(state.rows)], ...(several ? [["batch", state.batch]] : [])]) {
      if ($(id).value !== value) $(id).value = value;
    }
  };

  // ---- the address
  const parameters = () => Object.fromEntries(Object.entries({ q: state.q, fate: state.fate, cause: state.cause, batch: state.batch, sort: state.sort, page: state.page > 1 ? state.page : "", rows: state.rows === 50 ? "" : state.rows }).filter(([, value]) => value !== ""));
  const change = (patch) => {
    Object.assign(state, patch);
    draw();
    const text = new URLSearchParams(parameters()).toString();
    history.replaceState(null, "", `#${text || "clips"}`);
  };
  const follow = (jump) => {
    const text = location.hash.slice(1);
    if (!text.includes("=")) { if (opened >= 0) shut(); return; }
    const asked = new URLSearchParams(text), before = opened;
    const only = asked.has("clip") && ![...asked.keys()].some((key) => key !== "clip" && key !== "in");
    if (!only) {
      state = { ...state, q: "", fate: "", cause: "", batch: "", sort: "", page: 1 };
      for (const key of ["q", "fate", "cause", "batch", "sort"]) if (asked.has(key)) state[key] = asked.get(key);
      for (const key of ["page", "rows"]) if (Number(asked.get(key)) > 0) state[key] = Math.floor(Number(asked.get(key)));
      if (state.sort && byName.has(state.sort.replace(/^-/, "")) && !columns.includes(state.sort.replace(/^-/, ""))) {
        columns = [state.sort.replace(/^-/, ""), ...columns].slice(0, narrow ? 1 : 6);
        tick();
      }
      draw();
    }
    const wanted = asked.get("clip");
    if (wanted !== null) {
      const at = data.name.findIndex((name, i) => name === wanted && (!several || !asked.has("in") || data.batch[i] === asked.get("in") - 1));
      if (at >= 0) { open(at); return; }
    }
    if (before >= 0) shut();
    else if (jump) { $("clips").scrollIntoView(); $("count").tabIndex = -1; $("count").focus({ preventScroll: true }); }
  };

  // ---- one clip
  const dialog = $("clip");
  const section = (title, ...nodes) => { $("clip-body").append(make("h3", title), ...nodes); };
  const list = (texts) => { const ul = make("ul", null, "reasons"); ul.append(...texts.map((text) => make("li", text))); return ul; };
  const quoted = (text) => (/^[\w./@%+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
  const open = (at) => {
    opened = at;
    if (!dialog.open) opener = document.activeElement;
    $("clip-name").textContent = data.name[at];
    const body = $("clip-body"), fate = data.fates[data.fate[at]];
    body.replaceChildren();
    const head = make("p");
    head.append(badge(at), ` ${fate.meaning}`, several ? ` · ${data.batches[data.batch[at]].title}` : "", data.frames[at] ? ` · ${data.seconds[at].toFixed(1)} s, ${data.frames[at].toLocaleString("en")} frames at ${data.fps[at]} fps · ${data.robot.values[data.robot.of[at]]}` : "");
    body.append(head);
    if (data.reasons[at].length) body.append(list(data.reasons[at]));
    if (data.page[at]) {
      const page = make("p"), link = make("a", "Film strip and time lines of this clip");
      link.href = data.page[at];
      page.append(link);
      data.at[at].forEach((second, i) => {
        if (second === null) return;
        const moment = make("a", `${causeTitle(data.causes[at][i])} at ${second.toFixed(1)} s`);
        moment.href = `${data.page[at]}#t=${second.toFixed(2)}`;
        page.append(" · ", moment);
      });
      body.append(page);
    } else if (data.output[at]) {
      const how = make("p", "Film strip and time lines: ", "sub");
      how.append(make("code", `retarget report ${quoted(data.batches[data.batch[at]].manifest)} --clip ${quoted(data.name[at])}`));
      body.append(how);
    }
    if (data.diagnoses && data.diagnoses[at].length) {
      const more = data.diagnosed[at] - data.diagnoses[at].length;
      section("Where the robot could not follow", list(more > 0 ? [...data.diagnoses[at], `and ${more} more`] : data.diagnoses[at]));
    } else if (data.diagnosed[at]) section("Where the robot could not follow", make("p", `${data.diagnosed[at]} stretches`));
    if (data.doubts && data.doubts[at].length) section("Doubts about the recording", list(data.doubts[at].map(([name, weight, reason]) => `${name} (${Math.round(weight * 100)} %): ${reason}`)));
    if (data.notes && data.notes[at].length) section("Notes", list(data.notes[at]));
    const measured = data.measures.filter((m) => m.values[at] !== null);
    const tableOf = (measured, gated) => {
      const table = make("table"), row = make("tr");
      for (const text of ["Measure", "Value", ...(gated ? ["Warns", "Gate"] : [])]) { const cell = make("th", text, { Measure: "", Warns: "num wide" }[text] ?? "num"); cell.scope = "col"; row.append(cell); }
      table.append(make("thead"), make("tbody"));
      table.tHead.append(row);
      for (const m of measured) {
        const line = make("tr"), name = make("th", m.title), value = m.values[at];
        name.scope = "row";
        name.title = m.definition.replaceAll("`", "");
        line.append(name, make("td", withUnit(m, value), `num ${kindOf(m, value)}`), ...(gated ? [[m.warn, "num wide"], [m.fail, "num"]].map(([limit, kind]) => make("td", limit === null ? "" : withUnit(m, limit), kind)) : []));
        table.tBodies[0].append(line);
      }
      const wrap = make("div", null, "scroll");
      wrap.append(table);
      wrap.tabIndex = 0;
      wrap.setAttribute("role", "region");
      wrap.setAttribute("aria-label", gated ? "Table of measures with a gate" : "Table of other measures");
      return wrap;
    };
    const gated = measured.filter((m) => m.gate), others = measured.filter((m) => !m.gate);
    if (gated.length) section("Measures with a gate", tableOf(gated, true));
    if (others.length) {
      const more = make("details");
      more.append(make("summary", `${others.length} other measures`), tableOf(others, false));
      body.append(more);
    }
    const facts = make("dl"), holder = make("div", null, "facts");
    const fact = (name, value) => { if (value) facts.append(make("dt", name), make("dd", value, "mono")); };
    fact("recording", data.motion[at]);
    fact("result", data.output[at]);
    fact("log", data.log[at]);
    for (const [key, name] of [["motion_format", "format"], ["rig", "rig"], ["version", "retarget"], ["motion_sha256", "recording's SHA-256"], ["robot_sha256", "robot's SHA-256"], ["output_sha256", "result's SHA-256"]]) {
      const told = data.told[key];
      if (told) fact(name, told.values[told.of[at]]);
    }
    holder.append(facts);
    section("Files", holder);
    const place = found.indexOf(at);
    $("clip-back").disabled = place <= 0;
    $("clip-on").disabled = place < 0 || place >= found.length - 1;
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    $("clip-name").focus();
  };
  const shut = () => {
    const at = opened;
    opened = -1;
    if (dialog.open) dialog.close();
    const link = document.querySelector(`#table a[data-at="${at}"]`);
    (opener && opener.isConnected && opener !== document.body ? opener : link)?.focus();
  };
  const step = (by) => {
    const place = found.indexOf(opened) + by;
    if (place < 0 || place >= found.length) return;
    state.page = Math.floor(place / state.rows) + 1;
    draw();
    opener = null;
    history.replaceState(null, "", linkOf(found[place]));
    open(found[place]);
  };
  dialog.addEventListener("close", () => { if (opened >= 0) { change({}); shut(); } });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") step(-1);
    else if (event.key === "ArrowRight") step(1);
  });
  $("clip-close").addEventListener("click", () => dialog.close());
  $("clip-back").addEventListener("click", () => step(-1));
  $("clip-on").addEventListener("click", () => step(1));

  // ---- what is chosen
  const option = (value, text) => { const node = make("option", text); node.value = value; return node; };
  const tally = (lists) => lists.reduce((sums, names) => { names.forEach((name) => sums.set(name, (sums.get(name) || 0) + 1)); return sums; }, new Map());
  const fates = tally(data.fate.map((fate) => [fate]));
  $("fate").append(option("", "all"), option("fit,close", "fit, all"), ...data.fates.map((fate, at) => [fate, at]).filter(([, at]) => fates.has(at)).map(([fate, at]) => option(fate.key, `${fate.title} (${fates.get(at).toLocaleString("en")})`)));
  $("cause").append(option("", "all"), ...[...tally(data.causes)].sort((a, b) => b[1] - a[1]).map(([cause, n]) => option(cause, `${causeTitle(cause)} (${n.toLocaleString("en")})`)));
  if (several) $("batch").append(option("", "all"), ...data.batches.map((batch, at) => option(String(at + 1), batch.title)));
  for (const id of ["fate", "cause", "batch"]) $(id)?.addEventListener("change", () => change({ [id]: $(id).value, page: 1 }));
  $("search").addEventListener("input", () => change({ q: $("search").value, page: 1 }));
  $("rows").addEventListener("change", () => change({ rows: Number($("rows").value), page: 1 }));
  $("back").addEventListener("click", () => change({ page: state.page - 1 }));
  $("on").addEventListener("click", () => change({ page: state.page + 1 }));
  $("clear").addEventListener("click", () => { change({ q: "", fate: "", cause: "", batch: "", sort: "", page: 1 }); $("search").focus(); });
  $("save").addEventListener("click", () => {
    const link = make("a");
    link.href = URL.createObjectURL(new Blob([found.map((at) => `${data.name[at]}\n`).join("")], { type: "text/plain" }));
    link.download = "clips.txt";
    link.click();
    URL.revokeObjectURL(link.href);
  });
  const tick = () => $("columns").querySelectorAll("input").forEach((box) => { box.checked = columns.includes(box.value); });
  let group = "";
  for (const measure of data.measures) {
    if (measure.group !== group) {
      group = measure.group;
      $("columns").append(make("b", data.groups[group]));
    }
    const label = make("label"), box = make("input");
    box.type = "checkbox";
    box.value = measure.name;
    box.addEventListener("change", () => {
      columns = data.measures.map((m) => m.name).filter((name) => (name === measure.name ? box.checked : columns.includes(name)));
      draw();
    });
    label.append(box, measure.title);
    $("columns").append(label);
  }
  tick();

  // ---- keys
  $("table").addEventListener("keydown", (event) => {
    const links = [...$("table").querySelectorAll("tbody a")], at = links.indexOf(document.activeElement);
    if (at < 0) return;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      if (to >= links.length && !$("on").disabled) { change({ page: state.page + 1 }); $("table").querySelector("tbody a")?.focus(); }
      else if (to < 0 && state.page > 1) { change({ page: state.page - 1 }); [...$("table").querySelectorAll("tbody a")].at(-1)?.focus(); }
      else links[Math.min(Math.max(to, 0), links.length - 1)].focus();
    }
  });
  addEventListener("keydown", (event) => {
    if (event.key === "/" && !dialog.open && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      $("search").focus();
      $("search").select();
    } else if (event.key === "Escape") document.querySelector(".columns[open]")?.removeAttribute("open");
  });
  addEventListener("hashchange", () => follow(true));
  draw();
  follow(location.hash.includes("=") && !location.hash.includes("clip="));
  document.documentElement.dataset.ready = "yes";
})();
