"""Rows of numbers with separators, in which cells may be missing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.errors import FileFormatError

__all__ = ["parse_table"]

_ABSENT: Final = b"9.5e99"  # no place of anything, and exact in the parser
_VALUE: Final = 9.5e99
_NAN: Final = re.compile(rb"(?i)(?<=[,;\t ])[-+]?nan(?=[,;\t \r\n]|\Z)|^[-+]?nan(?=[,;\t ])", re.M)
_LARGEST: Final = 1 << 30
_PIECE: Final = 1 << 24  # bytes of a text that are made into numbers at once


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
    if len(data) > _LARGEST:
        raise FileFormatError(path, "is too large to be read as text", "divide it")
    values = np.empty((data.count(b"\n", start) + 1, columns))
    done, line = 0, first_line
    while start < len(data):
        # Piece by piece: on its way to numbers a text is held several times.
        stop = data.find(b"\n", start + _PIECE) + 1 or len(data)
        rows = _rows(data[start:stop], columns, separator, more_is_dropped)
        if len(values) < done + len(rows):  # lines may end without \n
            values = np.concatenate([values[:done], np.empty((len(rows), columns))])
        if rows:
            values[done : done + len(rows)] = _parsed(rows, columns, separator, line, path)
        start, done, line = stop, done + len(rows), line + len(rows)
    return values[:done]


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

    text = b"\n".join(lines)
    empty = re.escape(separator)
    text = re.sub(
        rb"(?m)(?<=" + empty + rb")[ ]*(?=" + empty + rb"|$)|^[ ]*(?=" + empty + rb")",
        _ABSENT,
        text,
    )
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
