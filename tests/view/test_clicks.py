"""What a person does in the viewer's page, in a browser: a click in a plot goes to that time."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from retarget.demo import clips_folder
from retarget.motion import read_motion
from retarget.pipeline import retarget_motion
from retarget.robots import load_robot
from retarget.view.playlist import Entry
from retarget.view.serving import require_viewer
from retarget.view.viewer import Viewer

PATIENCE_S = 90.0


def until(happened: Callable[[], bool]) -> bool:
    end = time.monotonic() + PATIENCE_S
    while not happened() and time.monotonic() < end:
        time.sleep(0.02)
    return happened()


@pytest.fixture
def viewer(tmp_path: Path) -> Iterator[Viewer]:
    pytest.importorskip("viser", reason="needs the extra viewer")
    require_viewer()
    motion = read_motion(clips_folder() / "cmu_01_01.bvh").frames(0, 1000)
    retarget_motion(motion, load_robot("unitree_g1")).save_npz(tmp_path / "jumps.npz")
    with Viewer([Entry("jumps", tmp_path / "jumps.npz")], port=0) as viewer:
        viewer.playback.playing = False
        thread = threading.Thread(target=viewer.run, daemon=True)
        thread.start()
        yield viewer
    thread.join(5)


@pytest.fixture
def browser() -> Iterator[Any]:
    reason = "needs requirements/browser.txt: playwright"
    sync_api = pytest.importorskip("playwright.sync_api", reason=reason)
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if found is None:
        pytest.skip("needs chromium; tools/install_browser.sh installs it")
    with sync_api.sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--enable-unsafe-swiftshader"]
        opened = playwright.chromium.launch(executable_path=found, args=arguments)
        yield opened
        opened.close()


def test_a_click_in_a_plot_goes_to_that_time(viewer: Viewer, browser: Any) -> None:
    page = browser.new_page(viewport={"width": 480, "height": 900})
    page.set_default_timeout(PATIENCE_S * 1000)
    page.goto(viewer.address)
    page.wait_for_selector(".u-over")
    page.wait_for_function("window.retargetLastFrame > 0")
    last = viewer.stage.frames - 1
    for share in (0.5, 0.8, 0.25):
        box = page.locator(".u-over").bounding_box()
        x, y = box["x"] + share * box["width"], box["y"] + box["height"] / 2
        page.mouse.click(x, y)
        pixel, wanted = last / box["width"], share * last
        assert until(lambda: abs(viewer.playback.frame - wanted) <= 2 * pixel), (  # noqa: B023
            viewer.playback.frame,
            wanted,
        )
        seconds = f"{viewer.playback.frame / viewer.stage.fps:.2f} s of"
        page.wait_for_function("text => document.body.innerText.includes(text)", arg=seconds)
