"""Rows of numbers with separators, in which cells may be missing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from jaxtyping import Float64

from retarget.errors import FileFormatError

__all__ = ["Pick", "parse_picks", "parse_table"]

_ABSENT: Final = (
    b"987654321e22"  # no place of anything, and short enough for the fast parser to be exact
)
_VALUE: Final = 987654321e22
_NAN: Final = re.compile(rb"(?i)(?<=[,;\t ])[-+]?nan(?=[,;\t \r\n]|\Z)|^[-+]?nan(?=[,;\t ])", re.M)
_LARGEST: Final = 1 << 30
_PIECE: Final = 1 << 22  # bytes of a text that are made into numbers at once


class Pick(NamedTuple):
    """Columns of a table that are wanted together.

    Attributes:
        columns: Their numbers, in the order wanted.
        kind: Type of their numbers.
    """

    columns: Sequence[int]
    kind: type[np.floating[Any]] = np.float64


def parse_table(
    data: bytes,
    start: int,
    columns: int,
    path: Path,
    *,
    separator: bytes = b",",
    first_line: int = 1,
    more_is_dropped: bool = False,
) -> Float64[np.ndarray, "rows columns"]:
    """Parse lines of numbers; empty cells, missing ones at a line's end and ``NaN`` are NaN.

    Args:
        data: The text.
        start: Offset of the first line.
        columns: Cells of a row; further ones must be empty, unless they are dropped.
        path: The file, for messages.
        separator: What stands between cells: a comma, semicolon or tab.
        first_line: Number of the first line, for messages.
        more_is_dropped: Cells beyond ``columns`` may hold anything.

    Raises:
        FileFormatError: A cell is no number; the message names its line.
    """
    (values,) = parse_picks(
        data, start, columns, path, [Pick(range(columns))],
        separator=separator, first_line=first_line, more_is_dropped=more_is_dropped,
    )  # fmt: skip
    return values


def parse_picks(
    data: bytes,
    start: int,
    columns: int,
    path: Path,
    picks: Sequence[Pick],
    *,
    separator: bytes = b",",
    first_line: int = 1,
    more_is_dropped: bool = False,
) -> list[np.ndarray[Any, Any]]:
    """Parse lines of numbers as `parse_table` does, into an array (rows, columns of the pick) for each pick.

    Of a long recording the whole table is larger than its motion: what is wanted of it is taken piece by piece.
    """
    if len(data) > _LARGEST:
        raise FileFormatError(path, "is too large to be read as text", "divide it")
    room, done = data.count(b"\n", start) + 1, 0
    found = [np.empty((room, len(pick.columns)), pick.kind) for pick in picks]
    for values in _pieces(data, start, columns, path, separator, first_line, more_is_dropped):
        if room < done + len(values):  # lines may end without \n
            room = done + len(values)
            found = [
                np.concatenate([part[:done], np.empty((room - done, *part.shape[1:]), part.dtype)])
                for part in found
            ]
        for part, pick in zip(found, picks, strict=True):
            part[done : done + len(values)] = values[:, _where(pick.columns)]
        done += len(values)
    return [part[:done] for part in found]


def _where(columns: Sequence[int]) -> Any:
    """What picks columns out of rows: a view where they follow one another."""
    if isinstance(columns, range) and columns.step == 1:
        return slice(columns.start, columns.stop)
    return list(columns)


def _pieces(
    data: bytes,
    start: int,
    columns: int,
    path: Path,
    separator: bytes,
    line: int,
    more_is_dropped: bool,
) -> Iterator[Float64[np.ndarray, "rows columns"]]:
    """Rows of a text, some megabytes of it at a time: on its way to numbers it is held several times."""
    while start < len(data):
        stop = data.find(b"\n", start + _PIECE) + 1 or len(data)
        rows = _rows(data[start:stop], columns, separator, more_is_dropped)
        if rows:
            yield _parsed(rows, columns, separator, line, path)
        start, line = stop, line + len(rows)


def _rows(text: bytes, columns: int, separator: bytes, more_is_dropped: bool) -> list[bytes]:
    """Lines that are not empty, each of so many cells or with more that are to be told of."""
    lines = []
    for line in text.splitlines():
        cells = line.count(separator) + 1
        if not line.strip(separator + b" \t"):
            continue
        if cells > columns and more_is_dropped:
            line = separator.join(line.split(separator, columns)[:columns])  # noqa: PLW2901
        elif cells > columns:
            line = line.rstrip(b" ")  # noqa: PLW2901
            while line.endswith(separator) and line.count(separator) >= columns:
                line = line[: -len(separator)]  # noqa: PLW2901
        elif cells < columns:
            line = line + separator * (columns - cells)  # noqa: PLW2901
        lines.append(line)
    return lines


def _parsed(
    lines: list[bytes], columns: int, separator: bytes, first_line: int, path: Path
) -> Float64[np.ndarray, "rows columns"]:
    """Numbers of some lines, NaN where a cell is empty or says so."""
    from retarget.motion.formats.numbers import NumberRowsError, parse_rows

    text = _with_absent(b"\n".join(lines), separator)
    if b"n" in text or b"N" in text:
        text = _NAN.sub(_ABSENT, text)
    text = text.replace(separator, b" ")
    try:
        parts = parse_rows(text, 0, columns, max(1, (1 << 26) // (8 * columns)))
    except NumberRowsError as error:
        where = first_line + error.line - 1
        cause = f"value {1 + (error.column or 0)} is {error.word!r}"
        if error.count is not None:
            cause = f"a row has {error.count} of {columns} values"
        raise FileFormatError(
            path, cause, "every cell must be a number or empty", line=where
        ) from None
    values = np.concatenate(parts)
    values[values == _VALUE] = np.nan
    return values


def _with_absent(text: bytes, separator: bytes) -> bytes:
    """Rows in which empty cells hold a number that stands for none. Expressions are slow: most texts need none."""
    if separator + b" " in text or b"\n " in text or text.startswith(b" "):
        cell = re.escape(separator)
        return re.sub(
            rb"(?m)(?<=" + cell + rb")[ ]*(?=" + cell + rb"|$)|^[ ]*(?=" + cell + rb")",
            _ABSENT,
            text,
        )
    for _ in range(2):  # of three separators in a row the first pass sees two
        text = text.replace(separator * 2, separator + _ABSENT + separator)
    text = text.replace(separator + b"\n", separator + _ABSENT + b"\n")
    text = text.replace(b"\n" + separator, b"\n" + _ABSENT + separator)
    if text.startswith(separator):
        text = _ABSENT + text
    return text + _ABSENT if text.endswith(separator) else text
