"""A real batch whose clips pass, miss gates and fail, with names that would run as code if a page let them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from reported import BROKEN, EVIL, HANGS, QUOTED, hanging

from retarget.cli.main import main
from retarget.demo import clips_folder


@pytest.fixture(scope="session")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a batch of five clips; not to be written to."""
    folder = tmp_path_factory.mktemp("reported")
    clips, out = folder / "in", folder / "out"
    (clips / "day 1").mkdir(parents=True)
    shutil.copy(clips_folder() / "humanoid_walk.npz", clips / "day 1" / "walk.npz")
    shutil.copy(clips_folder() / "humanoid_run.npz", clips / EVIL)
    shutil.copy(clips_folder() / "humanoid_walk.npz", clips / QUOTED)
    (clips / HANGS).write_text(hanging())
    (clips / BROKEN).write_text("no motion")
    words = ["batch", "--input-dir", clips, "--output-dir", out, "--pattern", "**/*.*"]
    assert main([str(word) for word in [*words, "--max-workers", "1"]]) == 1
    return out


@pytest.fixture(scope="session")
def reports(batch: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of each clip by evaluation, with all measures."""
    folder = tmp_path_factory.mktemp("evaluations")
    words = ["evaluate", "--batch-manifest", batch / "batch_manifest.json", "--output-dir", folder]
    assert main([str(word) for word in words]) == 0
    return folder


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Debian's browser without a window, driven by playwright."""
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="needs requirements/browser.txt: playwright"
    )
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if found is None:
        pytest.skip("needs chromium; tools/install_browser.sh installs it")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page and waits for its script; what it says, asks for or stumbles over fails the test at the end."""
    contexts, said = [], []

    def open_page(path: Path, fragment: str = "", **options: Any) -> Any:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: said.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (said.append("a dialog opened"), dialog.dismiss()))
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith(("data:", "file:"))
                else said.append(f"request: {request.url}")
            ),
        )
        page.goto(path.absolute().as_uri() + fragment)
        page.wait_for_selector("html[data-ready]", timeout=20_000)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []
