"""The page on robustness names tests that there are, and none of its rows is without one."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "robustness.md"
NAMED = re.findall(r"`([a-z_0-9/]+\.py)::(test_[a-z_0-9]+)`", PAGE.read_text())
ROWS = [
    line
    for line in PAGE.read_text().splitlines()
    if line.startswith("| ") and not re.match(r"\| (no\.|what) \|", line)
]


@cache
def defined_in(file: str) -> set[str]:
    path = ROOT / "tests" / file
    if not path.is_file():
        return set()
    return {
        node.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    }


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[name for _, name in NAMED])
def test_a_test_that_is_named_is_there(file: str, name: str) -> None:
    assert name in defined_in(file)


def test_every_row_names_a_test() -> None:
    assert len(ROWS) >= 47
    for row in ROWS:
        assert "::test_" in row, row


def test_no_number_is_left_out() -> None:
    numbers = {number for row in ROWS for number in re.findall(r"\b[MST]\d+\b", row.split("|")[1])}
    counts = {"M": 9, "S": 20, "T": 13}
    assert numbers == {f"{kind}{n}" for kind, last in counts.items() for n in range(1, last + 1)}
