"""Rows of decimal numbers in text, parsed by compiled code and correctly rounded.

A decimal with a mantissa up to 2^53 and a power of ten up to 22 is one exact product or quotient of two exact
doubles (Clinger 1990, "How to read floating point numbers accurately"). A quotient of up to nineteen digits, which
programs write that keep every bit, is corrected by its remainder (Dekker 1971, "A floating-point technique for
extending the available precision") and taken where the correction's own error cannot decide (Ziv 1991, "Fast
evaluation of elementary mathematical functions with correctly rounded last bit"). Everything else, wrong words
included, is left to :class:`float`.
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np
from jaxtyping import Float64, Int64, UInt8
from numba import types

from retarget.compiled.jit import jit

__all__ = ["NumberRowsError", "parse_rows"]

_POWERS: Final = np.array([float(f"1e{i}") for i in range(23)])
_ZERO: Final = ord("0")
_NINE: Final = ord("9")
_MINUS: Final = ord("-")
_POINT: Final = ord(".")
_SIGNS: Final = (ord("-"), ord("+"))
_EXPONENTS: Final = (ord("e"), ord("E"))
_BREAKS: Final = (ord("\n"), ord("\r"))
_BLANKS: Final = (ord(" "), ord("\t"), ord("\v"), ord("\f"))
_EXACT: Final = np.uint64(2**53)
_SPLIT: Final = 134217729.0  # 2^27 + 1: halves a double's digits


class NumberRowsError(ValueError):
    """A row of numbers is unreadable.

    Attributes:
        line: Line of the text, counted from one.
        row: Index of the row of numbers, counted from zero.
        count: How many values the row has, where that is what is wrong; else None.
        last: Whether nothing follows the row.
        column: Which value is unreadable, counted from zero; else None.
        word: What stands in its place.
    """

    def __init__(
        self,
        line: int,
        row: int,
        *,
        count: int | None = None,
        last: bool = False,
        column: int | None = None,
        word: str = "",
    ) -> None:
        super().__init__(f"line {line}: row {row} cannot be read")
        self.line, self.row, self.count, self.last = line, row, count, last
        self.column, self.word = column, word


def parse_rows(
    text: bytes, start: int, columns: int, most: int
) -> list[Float64[np.ndarray, "rows columns"]]:
    """Parse rows of numbers, one per line; blank lines are skipped.

    Args:
        text: ASCII text with lines ended by LF, CRLF or CR.
        start: Offset of the first byte to parse.
        columns: Number of values that every row must have, at least one.
        most: Rows of a part. Who has used one can let go of it.

    Returns:
        One row of ``columns`` finite values for each line that is not blank, in parts.

    Raises:
        NumberRowsError: A row has more or fewer values, or a word is not a finite decimal number.
    """
    characters = np.frombuffer(text, np.uint8)
    breaks = text.count(b"\n", start) + text.count(b"\r", start)
    room = min(breaks + 1, (len(text) - start) // (2 * columns) + 1)
    # No difficult number is shorter than 1e23 and a separator. Pages that stay unused cost nothing.
    difficult = np.empty((len(text) // 5 + 1, 2), np.int64)
    parts: list[Float64[np.ndarray, "rows columns"]] = []
    rows = 0
    while start < len(text):
        values = np.empty((min(most, room - rows + 1), columns))
        row, column, wrong, difficulties, reached = _parse(characters, start, values, difficult)
        for offset, index in difficult[:difficulties].tolist():
            number = float(_word(text, offset))
            if not np.isfinite(number):
                row, column, wrong = index // columns, index % columns, offset
                break
            values.reshape(-1)[index] = number
        if wrong >= 0:
            word = _word(text, wrong)[:40].decode("utf-8", "backslashreplace")
            raise NumberRowsError(_line_at(text, wrong), rows + row, column=column, word=word)
        if column != 0:
            line, last = _place_of_row(text, start, row)
            raise NumberRowsError(line, rows + row, count=column, last=last)
        if row:
            parts.append(values[:row])
        rows += row
        start = reached
    return parts


def _word(text: bytes, offset: int) -> bytes:
    match = re.compile(rb"[^ \t\v\f\r\n]*").match(text, offset)
    return match.group() if match else b""


def _line_at(text: bytes, offset: int) -> int:
    return 1 + len(re.findall(rb"\r\n|\n|\r", text[:offset]))


def _place_of_row(text: bytes, start: int, row: int) -> tuple[int, bool]:
    """The line of the ``row``-th line from ``start`` on that is not blank, and whether it is the last one."""
    contents = text[start:].splitlines()
    filled = [at for at, content in enumerate(contents) if content.strip()]
    return _line_at(text, start) + filled[row], row == len(filled) - 1


@jit(inner=True)
def _quotient(mantissa: np.uint64, power: float) -> tuple[float, bool]:
    """A mantissa below 2^64 by an exact power of ten, and whether that is surely the nearest double."""
    high = np.float64(mantissa)
    low = np.float64(
        np.int64(mantissa - np.uint64(high))
    )  # exact, as far apart as half a unit of the double
    quotient = high / power
    product = quotient * power
    a = quotient * _SPLIT
    a -= a - quotient
    b = power * _SPLIT
    b -= b - power
    rest = ((a * b - product) + a * (power - b) + (quotient - a) * b) + (quotient - a) * (power - b)
    correction = ((high - product) - rest + low) / power
    error = abs(correction) * 2.0**-50  # four times what its three roundings make
    number = quotient + (correction - error)
    return number, number == quotient + (correction + error)


_PARSED = types.UniTuple(types.int64, 5)
_TEXT = types.Array(types.uint8, 1, "C", readonly=True)


@jit(_PARSED(_TEXT, types.int64, types.float64[:, ::1], types.int64[:, ::1]))
def _parse(
    text: UInt8[np.ndarray, "n"],
    start: int,
    values: Float64[np.ndarray, "room columns"],
    difficult: Int64[np.ndarray, "m 2"],
) -> tuple[int, int, int, int, int]:
    """Parse until there is no more room, the end or the first fault.

    Returns:
        Whole rows; the faulty column or the count of values in a faulty row, 0 without a fault; the offset of
        a wrong word or -1; the number of ``difficult`` numbers (their offsets and places); and how far it got.
    """
    room, columns = values.shape
    length = text.size
    row = column = difficulties = 0
    at = start
    while at < length:
        c = text[at]
        if c in _BREAKS:
            if column != 0:
                if column != columns:
                    return row, column, -1, difficulties, at
                row += 1
                column = 0
                if row == room:
                    return row, 0, -1, difficulties, at
            at += 1
            continue
        if c in _BLANKS:
            at += 1
            continue

        word = at
        negative = c == _MINUS
        if c in _SIGNS:
            at += 1
        mantissa = np.uint64(0)
        digits = significant = exponent = 0
        fraction = False
        while at < length:
            c = text[at]
            if _ZERO <= c <= _NINE:
                mantissa = mantissa * np.uint64(10) + np.uint64(c - _ZERO)
                digits += 1
                if mantissa > 0:
                    significant += 1
                if fraction:
                    exponent -= 1
            elif c == _POINT and not fraction:
                fraction = True
            else:
                break
            at += 1
        right = digits > 0
        if at < length and c in _EXPONENTS:
            at += 1
            power_negative = False
            if at < length and (text[at] in _SIGNS):
                power_negative = text[at] == _MINUS
                at += 1
            power = power_digits = 0
            while at < length and _ZERO <= text[at] <= _NINE:
                if power < 100000:
                    power = power * 10 + int(text[at] - _ZERO)
                power_digits += 1
                at += 1
            right = right and power_digits > 0
            exponent += -power if power_negative else power
        if at < length:
            c = text[at]
            right = right and (c in _BLANKS or c in _BREAKS)
        if not right:
            return row, column, word, difficulties, at

        if column < columns:
            # Nineteen digits cannot overflow 64 bits.
            sure = significant < 20 and -22 <= exponent <= 22
            number = 0.0
            if sure and mantissa <= _EXACT:
                number = np.float64(mantissa)
                if exponent >= 0:
                    number *= _POWERS[exponent]
                else:
                    number /= _POWERS[-exponent]
            elif sure:
                sure = exponent < 0
                if sure:
                    number, sure = _quotient(mantissa, _POWERS[-exponent])
            if sure:
                values[row, column] = -number if negative else number
            else:
                difficult[difficulties, 0] = word
                difficult[difficulties, 1] = row * columns + column
                difficulties += 1
        column += 1  # also beyond the last column, so that the message can say how many there are
    if column != 0:
        if column != columns:
            return row, column, -1, difficulties, at
        row += 1
    return row, 0, -1, difficulties, at
