"""A JSON object with one array of many rows, which are made numbers of some thousand at a time.

As lists of lists numbers take twelve times their text, and a long recording gigabytes.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import numpy as np
from jaxtyping import Float64

from retarget.motion.recording import LONG

__all__ = ["object_with_rows"]

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_READ: Final = json.JSONDecoder().raw_decode
_PIECE: Final = 1 << 22  # most characters of rows that are read at once
_FEW: Final = 16  # rows that are looked at first, as rows that differ are read one by one
_OF_NUMBERS: Final = b"0123456789+-.eE \t\n\r"


def object_with_rows(text: str, key: str) -> tuple[dict[str, Any], Float64[np.ndarray, "T ..."]]:
    """An object's values, and as numbers the array that it has under a key.

    Raises:
        ValueError, TypeError: It is no whole JSON object, or the array's rows are not of one shape.
        KeyError: It has no such key.

    Example:
        >>> object_with_rows('{"fps": 30, "at": [[1, 2], [3, 4]]}', "at")[1].shape
        (2, 2)
    """
    values: dict[str, Any] = {}
    rows: Float64[np.ndarray, "T ..."] | None = None
    at = _after(text, "{", _space(text, 0))
    while text[at : at + 1] != "}":
        name, at = _READ(text, at)
        if not isinstance(name, str):
            raise ValueError(f"a name before character {at} is no text")
        at = _space(text, _after(text, ":", _space(text, at)))
        if name == key and text[at : at + 1] == "[":
            rows, at = _rows(text, at + 1)
        else:
            values[name], at = _READ(text, at)
        at = _next(text, at, "}")
    if text[_space(text, at + 1) :]:
        raise ValueError(f"more follows the object at character {at + 1}")
    if rows is None:
        raise KeyError(key)
    return values, rows


def _rows(text: str, at: int) -> tuple[Float64[np.ndarray, "T ..."], int]:
    """The elements of an array from the first on as numbers, and where the array ends."""
    blocks: list[Float64[np.ndarray, "n ..."]] = []
    waiting: list[Any] = []
    at = _space(text, at)
    ahead = _FEW
    while text[at : at + 1] != "]":
        row, behind = _READ(text, at)
        alike, at = _rows_like(row, text, at, behind, min(ahead * (behind - at), _PIECE))
        ahead = _FEW if alike is None else max(_FEW, 4 * len(alike))
        if alike is not None:
            if waiting:
                blocks.append(np.array(waiting, np.float64))
                waiting.clear()
            blocks.append(alike)
            continue
        waiting.append(row)
        if len(waiting) == LONG:
            blocks.append(np.array(waiting, np.float64))
            waiting.clear()
        at = _next(text, at, "]")
    if waiting or not blocks:
        blocks.append(np.array(waiting, np.float64))
    return np.concatenate(blocks), at + 1


def _rows_like(
    row: object, text: str, at: int, behind: int, most: int
) -> tuple[Float64[np.ndarray, "n ..."] | None, int]:
    """The rows from ``at`` on that have brackets and commas where the first one has them, but for the last one.

    The first is ``row``, which reaches from ``at`` to ``behind``; ``most`` characters are looked at. With them comes
    where the next row begins, or ``behind`` where there are none.
    """
    from retarget.motion.formats.arrays.json_numbers import numbers_of_lists

    if not isinstance(row, list):
        return None, behind
    marks_of_row = text[at:behind].encode("ascii", "replace").translate(None, _OF_NUMBERS)
    unit = np.frombuffer(marks_of_row + b",", np.uint8)
    piece = text[at : at + most].encode("ascii", "replace")
    marks = np.frombuffer(piece.translate(None, _OF_NUMBERS), np.uint8)
    whole = marks[: len(marks) // len(unit) * len(unit)].reshape(-1, len(unit))
    same = (whole == unit).all(1)
    count = len(same) if same.all() else int(same.argmin())
    if count < 2:
        return None, behind
    commas = np.flatnonzero(np.frombuffer(piece, np.uint8) == ord(","))
    end = int(commas[count * int((unit == ord(",")).sum()) - 1])
    values = numbers_of_lists(piece[:end])
    first = np.array(row, np.float64)
    if values is None or values.size != count * first.size:
        return None, behind
    return values.reshape(count, *first.shape), _next(text, at + end, "]")


def _space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _after(text: str, mark: str, at: int) -> int:
    """Behind a mark, and the space that follows it."""
    if text[at : at + 1] != mark:
        raise json.JSONDecodeError(f"Expecting '{mark}'", text, at)
    return _space(text, at + 1)


def _next(text: str, at: int, end: str) -> int:
    """Where the next element begins, or the end of them is."""
    at = _space(text, at)
    if text[at : at + 1] == end:
        return at
    at = _after(text, ",", at)
    if text[at : at + 1] == end:
        raise json.JSONDecodeError("Illegal trailing comma", text, at)
    return at
