"""Qualisys' TSV: a head of words and values, then a row of places for each frame.

The format: "Qualisys Track Manager User Manual", section TSV export (Motion export).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.errors import FileFormatError
from retarget.frame_rates import rate_problem
from retarget.motion.formats.markers.trajectories import Trajectories
from retarget.motion.formats.table import Pick, parse_picks
from retarget.wording import quoted

__all__ = ["looks_like_qualisys", "parse_qualisys"]

_REMEDY: Final = "export it again as TSV, or as C3D, from Qualisys Track Manager"
_HEAD: Final = b"NO_OF_FRAMES"
_MOST_HEAD, _HEAD_BYTES, _LONGEST_ROW = 64, 1 << 20, 1 << 20  # lines, and bytes
_MOST_MARKERS: Final = 10_000
_MILLIMETRE: Final = 0.001


def looks_like_qualisys(data: bytes) -> bool:
    """Whether a text begins as Qualisys' exports do."""
    return data[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_HEAD)


def parse_qualisys(data: bytes, path: Path) -> Trajectories:
    """Read a table of marker places.

    Raises:
        FileFormatError: The table holds no places, no names, or rows of another length.
    """
    data = data.removeprefix(b"\xef\xbb\xbf")  # the same bytes where there is none
    lines = data[:_HEAD_BYTES].splitlines(keepends=True)[:_MOST_HEAD]
    said: dict[str, list[str]] = {}
    first = 0
    for first, line in enumerate(lines):  # noqa: B007 - where the head ends is wanted
        cells = line.decode("latin-1").rstrip("\t\r\n ").split("\t")
        if not cells[0][:1].isalpha() or cells[0] in ("Frame", "X", "x"):
            break
        said[cells[0].upper()] = cells[1:]
    names = [name.strip() for name in said.get("MARKER_NAMES", []) if name.strip()]
    if not 0 < len(names) <= _MOST_MARKERS:
        kind = " ".join(said.get("DATA_INCLUDED", [])) or "nothing"
        raise FileFormatError(path, f"names no markers; it holds {quoted(kind)}", _REMEDY)
    if "3D" not in said.get("DATA_INCLUDED", ["3D"]):
        raise FileFormatError(
            path, f"holds {quoted(' '.join(said['DATA_INCLUDED']))} and no places", _REMEDY
        )
    fps = _number(said.get("FREQUENCY", [""])[0])
    if np.isfinite(fps) and (problem := rate_problem(fps)):
        raise FileFormatError(path, problem, "correct FREQUENCY, or say it with --source-fps")
    if first < len(lines) and not lines[first][:1].isdigit() and lines[first][:1] not in b"-.\t":
        first += 1  # a line of column names
    start = sum(len(line) for line in lines[:first])
    places, number = _places(data, start, len(names), first + 1, path)
    notes = []
    wanted = _number(said.get("NO_OF_FRAMES", [""])[0])
    if np.isfinite(wanted) and int(wanted) != len(places):
        notes.append(
            f"the file says {wanted:g} frames and holds {len(places)}; all of those were read"
        )
    return Trajectories(tuple(names), places, fps, _MILLIMETRE, number, {}, tuple(notes), "z")


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return float("nan")


def _places(
    data: bytes, start: int, markers: int, first_line: int, path: Path
) -> tuple[Float64[np.ndarray, "T N 3"], int]:
    """Places, NaN where a marker was not seen (an empty cell, or the very origin), and the first frame's number."""
    row = data[start : start + _LONGEST_ROW].partition(b"\n")[0].rstrip(b"\r\t ")
    led = 2 if row.count(b"\t") + 1 >= 3 * markers + 2 else 0  # frame and time
    columns = range(led, led + 3 * markers)
    numbers, rows = parse_picks(
        data, start, columns.stop, path, [Pick([0]), Pick(columns)],
        separator=b"\t", first_line=first_line, more_is_dropped=True,
    )  # fmt: skip
    if len(rows) == 0:
        raise FileFormatError(path, "holds no frames", _REMEDY)
    begin = float(numbers[0, 0]) if led else 1.0
    places = rows.reshape(len(rows), markers, 3)
    places[~places.any(axis=2)] = np.nan
    return places, int(begin) if 0 <= begin < 1e9 else 1
