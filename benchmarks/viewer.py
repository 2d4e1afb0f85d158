"""The viewer on a long clip: how soon it opens, and how many frames a second browsers are sent.

Usage: python benchmarks/viewer.py
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

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
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        raise SystemExit("needs chromium; tools/install_browser.sh installs it")
    motion = read_motion(clips_folder() / "cmu_01_01.bvh")
    once = retarget_motion(motion, load_robot("unitree_g1")).resampled(RATE)
    rows_of = np.arange(FRAMES) % (2 * len(once) - 2)  # there and back
    long = _repeated(once, np.minimum(rows_of, 2 * len(once) - 2 - rows_of))
    rows, load = [], os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        path = Path(place) / "long.npz"
        long.save_npz(path)
        arguments = ["--no-sandbox", "--enable-unsafe-swiftshader"]
        for count in (0, 1, 2, 3):
            start = time.perf_counter()
            with Viewer([Entry("long", path)], port=0) as viewer:
                opened = time.perf_counter() - start
                threading.Thread(target=viewer.run, daemon=True).start()
                browsers = []
                for _ in range(count):
                    browser = playwright.chromium.launch(executable_path=found, args=arguments)
                    page = browser.new_page(viewport={"width": 640, "height": 480})
                    page.goto(viewer.address)
                    page.wait_for_selector(".u-over", timeout=120_000)
                    browsers.append(browser)
                viewer.playback.playing = True
                before, used, start = viewer.sent_frames, os.times(), time.perf_counter()
                time.sleep(WATCHED_S)
                spent, after = time.perf_counter() - start, os.times()
                sent = (viewer.sent_frames - before) / spent
                busy = (after.user + after.system - used.user - used.system) / spent
                for browser in browsers:
                    browser.close()
            rows.append([str(count), f"{opened:.1f}", f"{sent:.0f}", f"{100 * busy:.0f}"])
    said = (
        f"{FRAMES:,} frames at {RATE:.0f} fps, played at full speed with contacts, ways of the feet and "
        f"balance drawn; over {WATCHED_S:.0f} s. Browsers run on the same two cores and draw by software. At most 60 "
        f"frames a second are sent. Load of the machine before and after: {load:.0f} and {os.getloadavg()[0]:.0f}."
    )
    heads = ["browsers", "opens in s", "frames/s sent", "% of a core for the viewer"]
    write_section("viewer", "The viewer", COMMAND, f"{said}\n\n{table(heads, rows)}")


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
    main()
