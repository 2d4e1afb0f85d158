"""Words for people: lists that end, and names that do nothing to a terminal."""

import pickle

import pytest

from retarget.errors import FileFormatError, OptionsError, RobotError, UnknownNameError
from retarget.wording import bounded, listed, shown


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
    assert len(listed(["\x00" * 5000] * 12)) < 1000


@pytest.mark.parametrize("name", ["(" * 10_000, "it's " * 2000, "\0\n" * 3000, "a/b" * 3000])
def test_an_error_cuts_whatever_it_quotes(name: str) -> None:
    for error in (
        FileFormatError("robot.urdf", f"joint {name!r} names the link {name!r}", "add the link"),
        RobotError(f"robot.xml: a limb begins at {name!r}; add the link"),
        OptionsError(f"no such weight as {name!r}; add the link", option="weight"),
    ):
        again = pickle.loads(pickle.dumps(error))  # as it comes from a worker
        for text in (str(error), str(again)):
            assert len(text) < 300
            assert text.endswith("; add the link")
            assert "..." in text


def test_a_word_without_quotes_is_cut_and_a_path_is_not() -> None:
    folders = "/".join(["d" * 250] * 14)
    told = str(FileFormatError(f"{folders}/clip.bvh", f"joint {'x' * 900} moves", "cut it"))
    assert told == f"{folders}/clip.bvh: joint {'x' * 57}... moves; cut it"


def test_apostrophes_are_no_quotes() -> None:
    text = f"the robot's hands are {'far ' * 100}from the robot's hips"
    assert bounded(text) == text


def test_what_stands_between_two_quotes_is_none() -> None:
    known = ", ".join(f"joint_{number}" for number in range(90))
    said = f"unknown joint 'nope*'; known: {known}; or give a robot's model file of the robot's"
    assert bounded(said) == said
    both = f"'nope*' is not among {known}, nor is '{'x' * 5000}' of the robot's"
    assert bounded(both) == f"'nope*' is not among {known}, nor is '{'x' * 57}...' of the robot's"
