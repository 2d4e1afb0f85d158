"""A report in a browser: searched, sorted, filtered, opened, by mouse and keys; light, dark, small, accessible."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from reported import BROKEN, EVIL, HANGS, QUOTED

from retarget.cli.main import main

Visit = Callable[..., Any]
LIGHT, DARK = {"color_scheme": "light"}, {"color_scheme": "dark"}
PHONE = {"viewport": {"width": 390, "height": 844}}


@pytest.fixture(scope="module")
def report(batch: Path, reports: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the batch, with the page of one clip."""
    path = tmp_path_factory.mktemp("html") / "my report.html"
    words = ["report", batch, "--reports", reports, "--output", path, "--clip", HANGS]
    assert main([str(word) for word in [*words, "--strips", "1", "--max-workers", "1"]]) == 0
    return path


@pytest.fixture(scope="module")
def beside(batch: Path, report: Path) -> Path:
    """Two batches side by side: the same one, and a copy of what it recorded under another name."""
    other = report.parent / "again" / "batch_manifest.json"
    other.parent.mkdir()
    other.write_bytes((batch / "batch_manifest.json").read_bytes())
    path = report.parent / "beside.html"
    assert main(["report", str(batch), str(other), "--output", str(path), "--strips", "0"]) == 0
    return path


def names(page: Any) -> list[str]:
    return page.locator("#table tbody th").all_inner_texts()


def fragment(page: Any) -> str:
    """What the page's address ends with, asked of the page: what the driver has heard of it may lag behind."""
    return str(page.evaluate("location.hash"))


def soon(what: Any) -> Any:
    """What a place or page comes to: what a click leads to follows it, some milliseconds later.

    Not by `wait_for_function`, whose text the page's own policy keeps from being run a second time.
    """
    from playwright.sync_api import expect

    return expect(what)


def test_the_verdict_is_said_first(visit: Visit, report: Path) -> None:
    page = visit(report)
    assert "of 5 clips are fit to train on" in page.locator(".hero").inner_text()
    assert page.locator("#worst img").count() == 1
    assert page.locator("#worst img").evaluate("image => image.naturalWidth") == 1100


def test_searching_finds_words_of_names_and_reasons(visit: Visit, report: Path) -> None:
    page = visit(report)
    assert len(names(page)) == 5
    page.keyboard.press("/")
    page.keyboard.type("DAY walk")
    assert names(page) == ["day 1/walk.npz"]
    assert page.locator("#count").inner_text().startswith("1 of 5 clips")
    page.locator("#search").fill("human_repeated_time_max")
    assert names(page) == [HANGS]
    page.locator("#search").fill("nothing at all")
    assert names(page) == []
    page.locator("#clear").click()
    assert len(names(page)) == 5


def test_columns_sort_both_ways_with_missing_values_last(visit: Visit, report: Path) -> None:
    page = visit(report, "#sort=-jerk_mean")
    column = page.locator("th[aria-sort=descending]")
    assert "Jerk" in column.inner_text()
    at = column.evaluate("cell => cell.cellIndex + 1")

    def values() -> list[str]:
        return page.locator(f"#table tbody tr > :nth-child({at})").all_inner_texts()

    def number(cell: str) -> float:
        return float(cell.partition(" ")[0].replace(",", ""))

    falling = values()
    assert falling[-1] == "-"
    assert [number(cell) for cell in falling[:-1]] == sorted(
        map(number, falling[:-1]), reverse=True
    )
    column.locator("button").click()
    rising = values()
    assert rising[-1] == "-"
    assert rising[:-1] == falling[-2::-1]
    assert fragment(page) == "#sort=jerk_mean"


def test_verdicts_and_causes_filter_and_can_be_linked_to(visit: Visit, report: Path) -> None:
    page = visit(report)
    page.locator(".legend a", has_text="not fit").click()
    soon(page.locator("#table tbody tr")).not_to_have_count(5)
    assert HANGS in names(page)
    assert set(page.locator("#table .badge").all_inner_texts()) == {"not fit"}
    page.locator("#why tbody a").first.click()
    soon(page.locator("#cause")).not_to_have_value("")
    linked = visit(report, fragment(page))
    assert names(linked) == names(page)


def test_a_clip_opens_by_mouse_and_by_keys_and_focus_comes_back(visit: Visit, report: Path) -> None:
    page = visit(report)
    dialog = page.locator("dialog#clip")
    page.locator("#table tbody a", has_text="hangs").click()
    dialog.wait_for(state="visible")
    soon(page.locator("#clip-name")).to_contain_text(HANGS)
    soon(dialog).to_contain_text("the recording hangs for 0.467 s amid motion")
    assert (
        dialog.locator("a", has_text="Film strip")
        .get_attribute("href")
        .startswith("my%20report_clips/")
    )
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    soon(page).not_to_have_url(re.compile("clip="))
    page.locator("#table tbody a").first.focus()
    page.keyboard.press("ArrowDown")
    second = page.evaluate("document.activeElement.innerText")
    assert second == names(page)[1]
    page.keyboard.press("Enter")
    soon(page.locator("#clip-name")).to_contain_text(second)
    page.keyboard.press("ArrowRight")
    soon(page.locator("#clip-name")).to_contain_text(names(page)[2])
    page.locator("#clip-close").click()
    soon(page.locator("#table tbody a").nth(2)).to_be_focused()


@pytest.mark.parametrize("name", [EVIL, QUOTED, BROKEN, "day 1/walk.npz"])
def test_any_name_is_text_and_its_link_leads_to_it(visit: Visit, report: Path, name: str) -> None:
    page = visit(report)
    index = names(page).index(name)
    page.locator("#table tbody a").nth(index).click()
    soon(page.locator("#clip-name")).to_contain_text(name)
    again = visit(report, fragment(page))
    soon(again.locator("#clip-name")).to_contain_text(name)


def test_dark_and_light_follow_the_system_and_the_button(visit: Visit, report: Path) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    light, dark = visit(report, color_scheme="light"), visit(report, color_scheme="dark")
    day, night = light.evaluate(colour), dark.evaluate(colour)
    assert day != night
    light.locator("#theme").click()
    assert light.evaluate(colour) == night
    light.reload()
    assert light.evaluate(colour) == night
    dark.locator("#theme").click()
    assert dark.evaluate(colour) == day


def test_a_page_of_a_clip_is_read_off_at_a_time(visit: Visit, report: Path) -> None:
    page = visit(report, "#clip=hangs.bvh")
    page.locator("dialog a", has_text="Film strip").click()
    page.wait_for_selector("html[data-ready]")
    soon(page.locator("h1")).to_contain_text(HANGS)
    before = page.locator("#values").inner_text()
    page.locator(".reasons a").first.click()
    soon(page.locator("#now")).not_to_have_text("0.00 s")
    soon(page.locator("#values")).not_to_have_text(before)
    assert page.evaluate("document.activeElement.id") == "time"
    now = page.locator("#now").inner_text()
    page.keyboard.press("ArrowRight")
    soon(page.locator("#now")).not_to_have_text(now)
    assert page.locator("svg .touch").count() > 4
    assert page.locator("svg .diagnosis").count() >= 1
    page.locator("text=Back to all clips").click()
    page.wait_for_selector("html[data-ready]")
    soon(page.locator("#clip-name")).to_contain_text(HANGS)


def test_batches_stand_side_by_side(visit: Visit, beside: Path) -> None:
    page = visit(beside)
    assert page.locator(".hero").count() == 2
    assert len(names(page)) == 10
    page.locator("#batch").select_option("2")
    assert len(names(page)) == 5
    page.locator("#table tbody a", has_text="walk").click()
    soon(page.locator("#clip-body")).to_contain_text("again")
    assert page.locator("#spread .histogram").first.locator("g").count() == 2


@pytest.mark.parametrize(
    ("which", "options"),
    [
        *((which, LIGHT) for which in ("report", "open clip", "page", "side by side")),
        *((which, DARK) for which in ("report", "page")),
        *((which, PHONE) for which in ("report", "open clip")),
    ],
)
def test_pages_are_accessible(
    visit: Visit, report: Path, beside: Path, which: str, options: dict[str, Any]
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe").Axe()
    page_file = next((report.parent / "my report_clips").glob("*.html"))
    path = {"page": page_file, "side by side": beside}.get(which, report)
    page = visit(path, "#clip=hangs.bvh" if which == "open clip" else "", **options)
    found = axe.run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_on_paper_controls_are_gone_and_meanings_open(visit: Visit, report: Path) -> None:
    page = visit(report)
    page.emulate_media(media="print")
    assert not page.locator(".tools").is_visible()
    assert not page.locator("#theme").is_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("figure details:not([open])").count() == 0
