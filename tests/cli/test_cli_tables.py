"""Tables stay readable: on narrow terminals, and with names as long as file systems allow."""

import io
import re
import sys

import pytest

from retarget.cli.support.common import working_on
from retarget.cli.support.tables import print_table
from retarget.evaluation import COLUMNS

TITLES = ["clip", "s", *(column.title for column in COLUMNS), "gates"]
LONG = "n" * 240


def row(name: str) -> list[str]:
    """Scores that tell which column they are of."""
    return [name, "22.9", *(f"{100 + at}.0 / {200 + at}.5" for at in range(len(COLUMNS))), "pass"]


class Terminal(io.StringIO):
    """Says that a person looks at it."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("width", [60, 80, 120, 400])
@pytest.mark.parametrize("name", ["walk", LONG])
def test_on_a_terminal_no_line_is_wider_and_no_value_is_lost(
    width: int, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", str(width))
    print_table(TITLES, [row("run"), row(name)])
    lines = re.sub(r"\x1b\[[0-9;]*m", "", terminal.getvalue()).splitlines()
    assert max(map(len, lines)) <= width
    words = " ".join(lines).split()
    for value in row("run")[1:]:
        for part in value.split():
            assert words.count(part) >= 2, part
    pieces = sum(line.lstrip().startswith("run ") for line in lines)
    assert (pieces == 1) is (width == 400)
    letters = sum(len(found) for found in re.findall("n{2,}", " ".join(lines)))
    assert letters == (240 * pieces if name == LONG else 0)


def test_names_that_one_types_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, name = Terminal(), "boston_dynamics_atlas"
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "60")
    words = "a description of several words in one cell"
    print_table(["robot", "is", "licence"], [[name, words, words], ["g1", words, words]])
    assert terminal.getvalue().count(f" {name} ") == 1
    assert all(word in terminal.getvalue() for word in words.split())


def test_what_spins_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    with working_on(f"retargeting {LONG}"):
        pass
    lines = (
        re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue()).replace("\r", "\n").split("\n")
    )
    assert 30 < max(map(len, lines)) <= 40
    assert (
        sum("n" * 8 in line for line in lines) == sum("retargeting" in line for line in lines) > 0
    )


def test_plain_text_is_not_padded_to_one_long_name(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [["walk", "1.0", "pass"], [LONG, "2.0", "FAIL"], ["a" * 30, "3.0", "pass"]]
    print_table(["clip", "s", "gates"], rows)
    head, *lines = capsys.readouterr().out.splitlines()
    assert [len(head), len(lines[0]), len(lines[2])] == [42, 41, 41]
    assert head.index("gates") == lines[0].index("pass") == lines[2].index("pass")
    assert [line.split() for line in lines] == rows
