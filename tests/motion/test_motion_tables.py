"""Rows of numbers with separators, in which cells may be missing, and what is picked out of them."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retarget.errors import FileFormatError
from retarget.motion.formats import table
from retarget.motion.formats.arrays.json_rows import object_with_rows
from retarget.motion.formats.table import Pick, parse_picks, parse_table

HERE = Path("table.csv")
EMPTY = ("", " ", "  ", "NaN", "nan")


def expected(cell: str) -> float:
    return float("nan") if cell in EMPTY else float(cell)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("blank", ["", " "])
def test_cells_may_be_missing_anywhere(
    separator: str, blank: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "_PIECE", 200)  # many pieces
    random = Random(1)
    rows = [
        ["1", *(random.choice(["2.5", "-3e2", "0", blank, blank, "NaN"]) for _ in range(5))]
        for _ in range(300)
    ]
    for row in rows:
        random.shuffle(row)
    text = "\n".join(separator.join(row) for row in rows).encode()
    values = parse_table(text, 0, 6, HERE, separator=separator.encode())
    np.testing.assert_array_equal(values, [[expected(cell) for cell in row] for row in rows])
    short = b"\r\n".join(line.rstrip((separator + " ").encode()) for line in text.split(b"\n"))
    np.testing.assert_array_equal(
        parse_table(short, 0, 6, HERE, separator=separator.encode()), values
    )


def test_picks_are_columns_of_the_table_in_their_order_and_type() -> None:
    text = b"\n".join(b",".join(b"%d" % (10 * row + k) for k in range(5)) for row in range(40))
    whole = parse_table(text, 0, 5, HERE)
    first, some, none = parse_picks(
        text, 0, 5, HERE, [Pick(range(1, 3)), Pick([4, 0], np.float32), Pick([])]
    )
    np.testing.assert_array_equal(first, whole[:, 1:3])
    np.testing.assert_array_equal(some, whole[:, [4, 0]])
    assert some.dtype == np.float32
    assert none.shape == (40, 0)


def test_lines_may_end_in_any_way() -> None:
    text = b"1,2\r3,4\r5,\r"  # without a single \n
    np.testing.assert_array_equal(parse_table(text, 0, 2, HERE), [[1, 2], [3, 4], [5, np.nan]])


def test_what_is_no_number_is_told_with_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "_PIECE", 8)
    with pytest.raises(FileFormatError, match=r"table.csv:7: value 2 is 'x'"):
        parse_table(b"1,2\n3,4\n5,6\n7,8\n9,x\n", 0, 2, HERE, first_line=3)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "at": [[1, 2], [3, 4]]}', ' {"at" : [ [1.5e3,-2] ,[3,4] ] , "b": {"c": [null]}}\n', '{"at": []}',
        '{"at": [1, 2, 3], "at": [4]}', "", "{", "[1]", "{}", '{"at": 3}', '{"at": [[1, 2], [3]]}', '{"at": [[1, 2],]}',
        '{"at": [[1 2]]}', '{"at": [[1, 2]] "b": 1}', '{"at": [[1, 2]], }', '{"at": [[1, 2]', '{"at": [[1, 2]]}}',
        '{1: 2, "at": [[1]]}', "{'at': [[1]]}", '{"at": [["x"]]}', '{"at": [{}]}', '{"at"; [[1]]}',
    ],
)  # fmt: skip
def test_rows_of_json_are_what_json_says(text: str) -> None:
    rows_are_what_json_says(text)


def rows_are_what_json_says(text: str) -> None:
    def plainly() -> tuple[dict[str, Any], np.ndarray]:
        content = json.loads(text)
        return content, np.array(content.pop("at"), np.float64)

    try:
        values, rows = plainly()
        assert rows.ndim
    except (ValueError, TypeError, KeyError, AttributeError, AssertionError):
        with pytest.raises((ValueError, TypeError, KeyError)):
            object_with_rows(text, "at")
        return
    found, theirs = object_with_rows(text, "at")
    assert found == values
    np.testing.assert_array_equal(theirs, rows)


number = st.one_of(st.floats(-1e6, 1e6), st.integers(-99, 99))
row = st.lists(st.lists(number, min_size=2, max_size=2), min_size=2, max_size=2)
MARKS = ["", " ", "\n", ",", "[", "]", "0", "-", "+", ".", "e", "1", "null", '"', "}", "]2", "2["]


@given(
    st.lists(row, min_size=3, max_size=40),
    st.sampled_from([None, 1]),
    st.sampled_from(MARKS),
    st.data(),
)
@settings(deadline=None, max_examples=400)
def test_rows_of_json_with_a_fault_anywhere_are_what_json_says(
    rows: list[list[list[float]]], indent: int | None, mark: str, data: st.DataObject
) -> None:
    text = json.dumps({"at": rows}, indent=indent)
    at = data.draw(st.integers(0, len(text)))
    gone = data.draw(st.integers(0, 2))
    rows_are_what_json_says(text[:at] + mark + text[at + gone :])


@pytest.mark.parametrize(
    "swap",
    [
        ("1.5, ", "1.5,"),
        (", 2]", ",]2"),
        ("[1.5", "1.5["),
        ("2]", "02]"),
        ("1.5", "+1.5"),
        ("1.5", "1."),
    ],
)
def test_rows_alike_hold_to_json(swap: tuple[str, str]) -> None:
    rows = ["[[1.5, 2], [3, 4]]"] * 50
    rows[30] = rows[30].replace(*swap)
    rows_are_what_json_says('{"at": [' + ", ".join(rows) + "]}")


def test_many_rows_of_json_are_one_array() -> None:
    rows = np.arange(30_000.0).reshape(10_000, 3)
    found = object_with_rows(json.dumps({"at": rows.tolist(), "fps": 30}), "at")
    assert found[0] == {"fps": 30}
    np.testing.assert_array_equal(found[1], rows)
