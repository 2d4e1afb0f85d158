"""What a table of points says of its columns: in its first line, in two of them, or by its numbers alone.

Names and axes stand in one cell (``knee_x``), or in two lines one above the other, a name over three axes or over the
first of them; DeepLabCut writes who was looked at above both. A line of units may follow. Tables without any words are
of points in a known order, which their number proposes and bones confirm; a count of frames and times may stand before.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from retarget.motion.formats.arrays.keypoints import counts
from retarget.motion.formats.joint_orders import orders

__all__ = [
    "TableHead",
    "head_of",
    "is_table_of_numbers",
    "names_of_points",
    "tidy_columns",
    "with_commas",
]

_AXIS: Final = re.compile(r"^(?P<name>.+?)(?:[ _.:/-]|\b)?(?P<axis>[xyzXYZ])$")
_AXIS_FIRST: Final = re.compile(r"^(?P<axis>[xyzXYZ])(?:[ _.:/-](?P<name>.+)|(?P<number>\d+))$")
_BRACKETED: Final = re.compile(r"^(?P<name>.+?)\s*[\[(](?P<axis>[xyzXYZ])[^\])]*[\])]$")
_TIMES: Final = ("time", "timestamp", "time (seconds)", "time_s", "t")
_TIDY: Final = {
    "frame": ("frame", "frame_number", "frame_id", "frame_index", "frame_idx", "frame_num"),
    "point": ("keypoint", "landmark", "landmark_name", "joint", "joint_name", "marker", "bodypart", "name",
              "landmark_id", "landmark_index", "joint_id", "keypoint_id"),
    "time": ("timestamp", "time"),
}  # fmt: skip
_NUMBER: Final = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?nan", re.I)
_UNITS: Final = {"m": 1.0, "cm": 0.01, "mm": 0.001}
_FEWEST: Final = 6  # points of a table that names them
_START: Final = 1 << 16  # bytes in which a head and first frames lie
_MOST_LINES: Final = 6
_BEFORE: Final = 2  # columns before the points of a table without words


class TableHead(NamedTuple):
    """What is known of a table of points.

    Attributes:
        columns: The columns of x, y and z by point, in the order of the file.
        width: Cells of a row.
        lines: How many lines there are before the first row of numbers.
        times: The column of times; None where there is none.
        counted: Columns before the points of a table without words: counts of frames, or times.
        metres_per_unit: Size of the unit that a line says; None where none does.
    """

    columns: Mapping[str, Mapping[str, int]]
    width: int
    lines: int
    times: int | None = None
    counted: int = 0
    metres_per_unit: float | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of points; none where they are only numbered, or not even that."""
        return names_of_points(tuple(self.columns))


def names_of_points(words: tuple[str, ...]) -> tuple[str, ...]:
    """What points are called; nothing where they are only numbered."""
    numbered = all(name.rpartition("_")[2].isdigit() for name in words)
    alike = len({name.rstrip("0123456789") for name in words}) == 1
    return () if numbered and alike else words


def with_commas(data: bytes) -> bytes:
    """A table with commas between its cells, and decimal points: where a comma is decimal, cells end otherwise."""
    first = data[:_START].splitlines()[:1]
    for separator in (b";", b"\t"):
        if first and separator in first[0] and (b"," not in first[0] or _decimal(first[0])):
            return data.replace(b",", b".").replace(separator, b",")
    return data


def _decimal(line: bytes) -> bool:
    """Whether each comma of a line stands within a number."""
    return len(re.findall(rb"\d,\d", line)) == line.count(b",")


def head_of(data: bytes) -> TableHead | None:
    """What a table with commas says of its columns; None where it is none of points."""
    rows = _first_rows(data)
    if not rows:
        return None
    head = _head(rows[0], 1, rows)
    for below in range(1, len(rows) if head is None else 0):
        whole = below == 1 or [cell.lower() for cell in rows[0][:1]] == ["scorer"]
        if (
            whole
            and sum(cell.lower() in "xyz" and cell != "" for cell in rows[below]) >= 3 * _FEWEST
        ):
            return _head(_joined(rows[below - 1], rows[below]), below + 1, rows)
    return head or _without_words(rows)


def _first_rows(data: bytes) -> list[list[str]]:
    text = data[:_START].lstrip(b"\xef\xbb\xbf").decode("utf-8", "replace")
    lines = text.splitlines()[:_MOST_LINES]
    try:
        return [[cell.strip() for cell in row] for row in csv.reader(io.StringIO("\n".join(lines)))]
    except csv.Error:
        return []


def _head(header: list[str], lines: int, rows: list[list[str]]) -> TableHead | None:
    columns = _columns(header)
    if len(columns) < _FEWEST:
        return None
    times = next((index for index, cell in enumerate(header) if cell.lower() in _TIMES), None)
    unit = None
    if lines < len(rows) and _is_words(rows[lines]):
        said = {
            rows[lines][at].strip("[]()").lower() if at < len(rows[lines]) else ""
            for axes in columns.values()
            for at in axes.values()
        }
        unit = _UNITS.get(said.pop()) if len(said) == 1 else None
        lines += 1
    return TableHead(columns, len(header), lines, times, metres_per_unit=unit)


def _joined(names: list[str], axes: list[str]) -> list[str]:
    """Each axis with the name above it, or above the axes to its left; other cells with what stands above them."""
    header, last = [], ""
    for at, axis in enumerate(axes):
        above = names[at] if at < len(names) else ""
        is_axis = axis.lower() in ("x", "y", "z")
        last = above or (last if is_axis else "")
        header.append(f"{last}_{axis}" if is_axis and last else above or axis)
    return header


def _is_words(row: list[str]) -> bool:
    return any(row) and not any(_NUMBER.fullmatch(cell) for cell in row)


def _without_words(rows: list[list[str]]) -> TableHead | None:
    """Numbers of as many points as a known order has, behind a count or times where there are more."""
    width = len(rows[0])
    before = width % 3
    if not _all_numbers(rows) or before > _BEFORE or (width - before) // 3 not in _known_counts():
        return None
    points = range((width - before) // 3)
    columns = {
        str(point): {axis: before + 3 * point + k for k, axis in enumerate("xyz")}
        for point in points
    }
    return TableHead(columns, width, 0, counted=before)


def _all_numbers(rows: list[list[str]]) -> bool:
    width = len(rows[0])
    whole = rows[: max(1, len(rows) - 1)]  # the last one may be cut off
    return all(len(row) == width and all(map(_NUMBER.fullmatch, row)) for row in whole)


def _known_counts() -> frozenset[int]:
    return counts() | {len(order.names) for order in orders()}


def is_table_of_numbers(data: bytes) -> int:
    """How many numbers the rows of a table without words have; 0 where it is something else."""
    start = data[:_START]
    if b"\0" in start or not any(one in start[:4096] for one in (b",", b";", b"\t")):
        return 0
    rows = _first_rows(with_commas(start))
    return len(rows[0]) if rows and len(rows[0]) > 1 and _all_numbers(rows) else 0


def _columns(header: list[str]) -> dict[str, dict[str, int]]:
    """The columns of x, y and z by point; the axis stands behind the name in all, or before it."""
    return max(
        (_columns_by(header, patterns) for patterns in ((_BRACKETED, _AXIS), (_AXIS_FIRST,))),
        key=len,
    )


def _columns_by(
    header: list[str], patterns: Sequence[re.Pattern[str]]
) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for index, cell in enumerate(header):
        match = next((match for one in patterns if (match := one.match(cell))), None)
        if match:
            said = match.groupdict()
            name = said["name"] or said["number"]
            found.setdefault(name.rstrip(" _.:/-"), {}).setdefault(match["axis"].lower(), index)
    return {name: axes for name, axes in found.items() if len(axes) == 3}


def tidy_columns(data: bytes) -> tuple[int, Mapping[str, int]] | None:
    """Width and columns of a table with a row for each point of each frame; None where it is another one."""
    rows = _first_rows(data)
    at = {cell.lower(): index for index, cell in enumerate(rows[0] if rows else [])}
    found = {axis: at[axis] for axis in "xyz" if axis in at}
    for what, words in _TIDY.items():
        index = next((at[word] for word in words if word in at), -1)
        if index >= 0:
            found[what] = index
    return (len(rows[0]), found) if {"frame", "point", *"xyz"} <= set(found) else None
