"""Vicon Nexus' CSV: sections of devices, model outputs and trajectories, each with its rate, names, axes and units.

The format: "Vicon Nexus User Guide", section Export ASCII. A section ends with an empty line.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Final

from retarget.errors import FileFormatError
from retarget.frame_rates import rate_problem
from retarget.motion.formats.markers.trajectories import Trajectories
from retarget.motion.formats.table import Pick, parse_picks
from retarget.wording import quoted

__all__ = ["looks_like_nexus", "parse_nexus"]

_REMEDY: Final = "export it again from Nexus as ASCII with its trajectories, or as C3D"
_SECTIONS: Final = (b"Trajectories", b"Devices", b"Model Outputs", b"Joints", b"Segments")
_BEGINS: Final = re.compile(rb"^(?:\xef\xbb\xbf)?\"?Trajectories\"?,*\r?$", re.MULTILINE)
_EMPTY: Final = re.compile(rb"^,*\r?$", re.MULTILINE)
_SOMETHING: Final = re.compile(rb"[^,\s]")
_HEAD_BYTES: Final = 1 << 20
_HEAD: Final = 5  # lines: the section's name, its rate, names, axes, units
_LED: Final = 2  # columns: frame and sub-frame
_AXES: Final = ["X", "Y", "Z"]
_METRES: Final = {"mm": 0.001, "cm": 0.01, "m": 1.0}


def looks_like_nexus(data: bytes) -> bool:
    """Whether a text begins with a section as Nexus writes them."""
    first = data[:64].lstrip(b"\xef\xbb\xbf").partition(b"\n")[0].strip(b'\r", ')
    return first in _SECTIONS and b"Frame,Sub Frame," in data[: 1 << 20]


def parse_nexus(data: bytes, path: Path) -> Trajectories:
    """Read the places of markers in a table.

    Raises:
        FileFormatError: It has no trajectories, or one that is torn.
    """
    found = _BEGINS.search(data)
    if found is None:
        raise FileFormatError(path, "has no section of trajectories", _REMEDY)
    lines = data[found.start() : found.start() + _HEAD_BYTES].splitlines(keepends=True)[:_HEAD]
    start = found.start() + sum(len(line) for line in lines)
    rows = [next(csv.reader([line.decode("latin-1").strip("\r\n")]), []) for line in lines]
    if len(rows) < _HEAD or rows[3][:1] != ["Frame"]:
        raise FileFormatError(path, "its trajectories end within their head", _REMEDY)
    names, columns = _columns(rows)
    if not names:
        raise FileFormatError(path, "its trajectories name no markers", _REMEDY)
    fps = _rate(rows[1], path)
    numbers, places = parse_picks(
        _up_to_the_next(data, start), start, max(columns) + 1, path,
        [Pick([0]), Pick(columns)], first_line=data.count(b"\n", 0, start) + 1, more_is_dropped=True,
    )  # fmt: skip
    if len(places) == 0:
        raise FileFormatError(path, "holds no frames", _REMEDY)
    unit = rows[4][columns[0]].strip().lower() if columns[0] < len(rows[4]) else ""
    first = float(numbers[0, 0])
    return Trajectories(
        names, places.reshape(len(places), -1, 3), fps, _METRES.get(unit), int(first) if 0 <= first < 1e9 else 1,
    )  # fmt: skip


def _up_to_the_next(data: bytes, start: int) -> bytes:
    """A file without the sections behind the one whose rows begin here; no copy of it where there is none."""
    end = _EMPTY.search(data, start)
    return data[: end.start()] if end and _SOMETHING.search(data, end.start()) else data


def _columns(rows: list[list[str]]) -> tuple[tuple[str, ...], list[int]]:
    """Markers that have places, and the columns of these: each name stands above the first of its axes."""
    names, columns = [], []
    for column, name in enumerate(rows[2]):
        if column >= _LED and name.strip() and rows[3][column : column + 3] == _AXES:
            names.append(name.strip())
            columns += [column, column + 1, column + 2]
    return tuple(names), columns


def _rate(row: list[str], path: Path) -> float:
    word = row[0].strip() if row else ""
    try:
        fps = float(word)
    except ValueError:
        raise FileFormatError(
            path, f"its trajectories' rate is {quoted(word)}, no number", _REMEDY
        ) from None
    if problem := rate_problem(fps):
        raise FileFormatError(path, problem, "correct the rate, or say it with --source-fps")
    return fps
