"""Numbers in text come out as Python's own ``float`` reads them, and wrong ones are located."""

import math
import struct
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retarget.motion.formats.numbers import NumberRowsError, parse_rows

MOST = 3  # rows of a part

finite = st.floats(allow_nan=False, allow_infinity=False)
decimals = st.from_regex(
    r"[+-]?([0-9]{1,25}(\.[0-9]{0,25})?|\.[0-9]{1,25})([eE][+-]?[0-9]{1,3})?", fullmatch=True
)


def rows(text: bytes, start: int, columns: int) -> np.ndarray:
    parts = parse_rows(text, start, columns, MOST)
    assert all(len(part) == MOST for part in parts[:-1])
    return np.concatenate([np.empty((0, columns)), *parts])


def bits(value: float) -> bytes:
    return struct.pack("<d", value)


@given(st.lists(finite, min_size=1, max_size=30), st.sampled_from(["\n", "\r\n", "\r"]))
@settings(deadline=None)
def test_every_double_survives_the_round_trip(values: list[float], newline: str) -> None:
    text = newline.join(repr(value) for value in values).encode()
    parsed = rows(text, 0, 1)[:, 0]
    assert [bits(v) for v in parsed] == [bits(v) for v in values]


@given(st.lists(decimals.filter(lambda word: math.isfinite(float(word))), min_size=1, max_size=20))
@settings(deadline=None)
def test_any_decimal_is_rounded_as_float_does(words: list[str]) -> None:
    parsed = rows(" ".join(words).encode(), 0, len(words))[0]
    assert [bits(v) for v in parsed] == [bits(float(word)) for word in words]


@given(st.integers(-(10**9), 10**9), st.integers(0, 8))
@settings(deadline=None)
def test_fixed_point_values_as_files_hold_them(value: int, digits: int) -> None:
    word = f"{value / 10**digits:.{digits}f}"
    assert bits(rows(word.encode(), 0, 1)[0, 0]) == bits(float(word))


def test_rows_may_be_spread_by_blank_lines_tabs_and_trailing_blanks() -> None:
    text = b"head\n\n 1\t2 \r\n\r\n3   4\t\n  \n5 6"
    assert rows(text, 4, 2).tolist() == [[1, 2], [3, 4], [5, 6]]


def test_nothing_to_parse_is_no_rows() -> None:
    assert rows(b"head\n \n", 4, 3).shape == (0, 3)


@pytest.mark.parametrize(
    ("text", "line", "row", "count"),
    [
        (b"1 2\n3\n5 6\n", 2, 1, 1),
        (b"1 2\r\n\r\n3 4 5\r\n", 3, 1, 3),
        (b"1 2\n3 4\n5", 3, 2, 1),
        (b"1 2 3 4\n", 1, 0, 4),
    ],
)
def test_a_row_of_the_wrong_length_is_located(text: bytes, line: int, row: int, count: int) -> None:
    with pytest.raises(NumberRowsError) as caught:
        rows(text, 0, 2)
    assert (caught.value.line, caught.value.row, caught.value.count) == (line, row, count)


@pytest.mark.parametrize(
    "word",
    [
        "nan",
        "NaN",
        "inf",
        "-inf",
        "1e999",
        "1,5",
        "abc",
        "1_0",
        "--1",
        "1.2.3",
        "1e",
        "0x1p3",
        "\x00",
        "1\x1a",
    ],
)
def test_a_word_that_is_no_finite_number_is_located(word: str) -> None:
    text = f"1 2 3\r\n\r\n4 {word} 6\r\n".encode()
    with pytest.raises(NumberRowsError) as caught:
        rows(text, 0, 3)
    assert (caught.value.line, caught.value.row, caught.value.column) == (3, 1, 1)
    assert caught.value.word == word


def test_long_mantissas_in_bulk() -> None:
    values = np.random.default_rng(0).normal(size=(200, 7)) * 1e-3
    text = "\n".join(" ".join(f"{v:.20f}" for v in row) for row in values)
    expected = [[float(word) for word in line.split()] for line in text.splitlines()]
    assert rows(text.encode(), 0, 7).tolist() == expected


@given(st.integers(10**15, 10**19 - 1), st.integers(0, 22))
@settings(deadline=None, max_examples=500)
def test_long_mantissas_are_rounded_as_float_does(mantissa: int, power: int) -> None:
    word = f"{mantissa}e-{power}"
    assert bits(rows(word.encode(), 0, 1)[0, 0]) == bits(float(word))


@given(st.floats(1e-3, 1e3))
@settings(deadline=None, max_examples=500)
def test_decimals_halfway_between_doubles_are_rounded_as_float_does(value: float) -> None:
    half = (Decimal(value) + Decimal(math.nextafter(value, math.inf))) / 2
    for word in (f"{half:.{digits}e}" for digits in (15, 16, 17, 18, 40)):
        assert bits(rows(word.encode(), 0, 1)[0, 0]) == bits(float(word))
