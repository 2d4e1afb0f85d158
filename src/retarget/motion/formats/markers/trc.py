"""Marker text files (TRC) of Motion Analysis, OpenSim and others, with blanks, NaN, wrong counts and odd line ends."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from retarget.errors import FileFormatError
from retarget.frame_rates import rate_problem
from retarget.motion.formats.markers.trajectories import Trajectories
from retarget.motion.formats.table import Pick, parse_picks
from retarget.wording import quoted

__all__ = ["looks_like_trc", "parse_trc"]

_REMEDY: Final = "export it again as TRC"
_UNITS: Final = {"mm": 0.001, "cm": 0.01, "m": 1.0}
_HEAD: Final = 1 << 20
_MOST_MARKERS: Final = 10_000


def looks_like_trc(data: bytes) -> bool:
    """Whether a text begins as marker files do."""
    return data[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"PathFileType")


def parse_trc(data: bytes, path: Path) -> Trajectories:
    """Read a TRC file's markers; names stand in every third column of the line that begins with ``Frame#``.

    Raises:
        FileFormatError: A line of the head is missing, or a cell is no number.
    """
    lines = data[:_HEAD].splitlines(keepends=True)
    if len(lines) < 5:
        raise FileFormatError(path, "ends within its head", _REMEDY)
    words, values = ([cell.strip() for cell in _text(line).split("\t")] for line in lines[1:3])
    said = dict(zip(words, values, strict=False))
    fps = _number(said.get("DataRate", ""), "DataRate", path)
    if problem := rate_problem(fps):
        raise FileFormatError(
            path, problem, "correct DataRate, or say it with --source-fps", line=3
        )
    header = _text(lines[3]).split("\t")
    if not header or not header[0].strip().lower().startswith("frame"):
        raise FileFormatError(
            path, f"{quoted(header[0])} stands where Frame# should", _REMEDY, line=4
        )
    names = {at: name.strip() for at, name in enumerate(header) if at >= 2 and name.strip()}
    if not 0 < len(names) <= _MOST_MARKERS:
        raise FileFormatError(path, f"names {len(names)} markers", _REMEDY, line=4)
    start = sum(map(len, lines[:5]))
    columns = [at + axis for at in names for axis in range(3)]
    numbers, rows = parse_picks(
        data, start, max(names) + 3, path, [Pick([0]), Pick(columns)],
        separator=b"\t", first_line=6, more_is_dropped=True,
    )  # fmt: skip
    if len(rows) == 0:
        raise FileFormatError(path, "holds no frames", "export it again with its motion")
    places = rows.reshape(len(rows), len(names), 3)
    places[~places.any(axis=2)] = float("nan")  # all three zero: not seen
    first = float(numbers[0, 0])
    count = said.get("NumMarkers", "")
    notes: tuple[str, ...] = ()
    if count.isdigit() and int(count) != len(names):
        notes = (f"the file says {count} markers and names {len(names)}; those were read",)
    unit = _UNITS.get(said.get("Units", "").lower())
    begin = int(first) if 0 <= first < 1e9 else 1
    return Trajectories(tuple(names.values()), places, fps, unit, begin, {}, notes, "y")


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r\n")


def _number(word: str, what: str, path: Path) -> float:
    try:
        return float(word)
    except ValueError:
        raise FileFormatError(
            path, f"{what} is {quoted(word)}, no number", _REMEDY, line=3
        ) from None
