"""Words for people: lists that end, and names that do nothing to a terminal."""

import pytest

from retarget.errors import UnknownNameError
from retarget.wording import listed, shown


def test_a_list_is_cut_to_a_handful_and_says_how_many_more_there_are() -> None:
    assert listed(["hips", "knee"]) == "hips, knee"
    assert listed(f"j{n}" for n in range(5000)).endswith("j6, j7 and 4,992 more")
    assert len(str(UnknownNameError("robot", "x", [f"robot{n}" for n in range(5000)]))) < 600


@pytest.mark.parametrize("code", ["\x1b[31m", "\x07", "\x9b2J", "\u202e", "\r"])
def test_what_a_terminal_obeys_is_escaped(code: str) -> None:
    clean = shown(f"{code}Hips")
    assert clean.isprintable()
    assert clean.endswith("Hips")
    assert clean.startswith("\\")


def test_names_of_any_language_and_line_ends_are_shown_as_they_are() -> None:
    for text in ("Hüfte", "腰\n膝", "a\tb", "[red]no markup of ours[/red]"):
        assert shown(text) == text


def test_names_in_a_list_break_no_line() -> None:
    assert listed(["a\x85b", "c\nd", "Hüfte"]) == "a\\x85b, c\\nd, Hüfte"
