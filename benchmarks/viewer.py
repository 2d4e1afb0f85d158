"""The viewer on a long clip: how soon it opens, what a frame costs its server, and how many a second clients are sent.

Usage: python benchmarks/viewer.py
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
from jaxtyping import Int64

from measure import table, write_section
from retarget.demo import clips_folder
from retarget.motion import read_motion
from retarget.pipeline import retarget_motion
from retarget.result import RetargetingResult
from retarget.robots import load_robot
from retarget.view.playlist import Entry
from retarget.view.viewer import Viewer

COMMAND = "python benchmarks/viewer.py"
FRAMES = 10_000
RATE = 120.0  # frames/s
WATCHED_S = 10.0


def main() -> None:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        raise SystemExit("needs chromium; tools/install_browser.sh installs it")
    motion = read_motion(clips_folder() / "cmu_01_01.bvh")
    once = retarget_motion(motion, load_robot("unitree_g1")).resampled(RATE)
    rows_of = np.arange(FRAMES) % (2 * len(once) - 2)  # there and back
    long = _repeated(once, np.minimum(rows_of, 2 * len(once) - 2 - rows_of))
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "long.npz"
        long.save_npz(path)
        rows = [_measured(path, "nobody", _nobody())]
        rows += [_measured(path, f"{n} light", _light(n)) for n in (1, 3, 8)]
        rows += [_measured(path, f"{n} Chromium", _browsers(n, found)) for n in (1, 2, 3)]
    said = (
        f"{FRAMES:,} frames at {RATE:.0f} fps, played at full speed with contacts, ways of the feet and balance drawn; "
        f"over {WATCHED_S:.0f} s. At most 60 frames a second are sent. Light clients read what they are sent and draw "
        "nothing: they show what the server itself can do. Browsers run on the same cores and draw 640x480 by "
        "software, which takes all that is left. Load of the machine before and after: "
        f"{load:.0f} and {os.getloadavg()[0]:.0f}."
    )
    heads = ["clients", "opens in s", "frames/s sent", "% of a core for the viewer"]
    heads += [
        "ms of a core a frame",
        "kB a frame for each client",
        "frames/s got",
        "pictures/s drawn",
    ]
    write_section("viewer", "The viewer", COMMAND, f"{said}\n\n{table(heads, rows)}")


class Watchers(Protocol):
    """Who looks: comes when called with an address, and tells in the end what was got."""

    def __call__(self, address: str) -> AbstractContextManager[Callable[[], list[str]]]:
        """Come; what is yielded waits for the end and tells kB a frame, frames/s got and pictures/s drawn."""
        ...


def _measured(path: Path, name: str, watchers: Watchers) -> list[str]:
    start = time.perf_counter()
    with Viewer([Entry("long", path)], port=0) as viewer:
        opened = time.perf_counter() - start
        threading.Thread(target=viewer.run, daemon=True).start()
        with watchers(viewer.address) as tell:
            viewer.playback.playing = True
            before, used, start = viewer.sent_frames, os.times(), time.perf_counter()
            time.sleep(WATCHED_S)
            spent, after = time.perf_counter() - start, os.times()
            frames = viewer.sent_frames - before
            busy = after.user + after.system - used.user - used.system
            told = tell()
    costs = [f"{100 * busy / spent:.0f}", f"{1e3 * busy / frames:.1f}"]
    return [name, f"{opened:.1f}", f"{frames / spent:.0f}", *costs, *told]


def _nobody() -> Watchers:
    @contextmanager
    def come(address: str) -> Iterator[Callable[[], list[str]]]:
        yield lambda: ["", "", ""]

    return come


def _light(count: int) -> Watchers:
    @contextmanager
    def come(address: str) -> Iterator[Callable[[], list[str]]]:
        words = [sys.executable, __file__, "--watch", address.replace("http", "ws", 1)]
        clients = [
            subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(count)
        ]
        for client in clients:
            assert client.stdout is not None and client.stdout.readline()  # it is connected

        def tell() -> list[str]:
            told = [json.loads(client.communicate()[0]) for client in clients]
            size = sum(one["bytes"] for one in told) / sum(one["frames"] for one in told)
            return [f"{size / 1e3:.1f}", f"{min(one['rate'] for one in told):.0f}", ""]

        yield tell

    return come


def _watch(address: str) -> None:
    """A client that draws nothing; says when it is connected, and in the end what it was sent."""
    import viser
    from websockets.sync.client import connect
    from websockets.typing import Subprotocol

    protocol = Subprotocol(f"viser-v{viser.__version__}")
    with connect(address, subprotocols=[protocol], max_size=None, compression=None) as client:
        client.recv()
        print("connected", flush=True)
        count = size = 0
        start = time.perf_counter()
        while time.perf_counter() - start < WATCHED_S:
            size += len(client.recv())
            count += 1
    print(json.dumps({"frames": count, "bytes": size, "rate": count / WATCHED_S}))


def _browsers(count: int, chromium: str) -> Watchers:
    from playwright.sync_api import sync_playwright

    @contextmanager
    def come(address: str) -> Iterator[Callable[[], list[str]]]:
        with sync_playwright() as playwright:
            arguments = ["--no-sandbox", "--enable-unsafe-swiftshader"]
            pages = []
            for _ in range(count):
                browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
                page = browser.new_page(viewport={"width": 640, "height": 480})
                page.goto(address)
                page.wait_for_selector(".u-over", timeout=120_000)
                pages.append(page)
            for page in pages:
                page.evaluate(
                    "() => { window.drawn = 0; window.since = performance.now();"
                    "const on = () => { window.drawn += 1; requestAnimationFrame(on); }; on(); }"
                )

            def tell() -> list[str]:
                rates = "1000 * window.drawn / (performance.now() - window.since)"
                return ["", "", f"{min(float(page.evaluate(rates)) for page in pages):.0f}"]

            yield tell
            for page in pages:
                page.context.browser.close()

    return come


def _repeated(result: RetargetingResult, rows: Int64[np.ndarray, "n"]) -> RetargetingResult:
    source = replace(
        result.source,
        positions=result.source.positions[rows],
        rotations=result.source.rotations[rows],
    )
    return replace(
        result,
        qpos=result.qpos[rows],
        contacts=result.contacts[rows],
        body_contacts=result.body_contacts[rows],
        frame_cost=result.frame_cost[rows],
        residuals={name: values[rows] for name, values in result.residuals.items()},
        source=source,
        yielded=(),
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--watch"]:
        _watch(sys.argv[2])
    else:
        main()
