"""Joint places in text: CSV with a column for each coordinate or a row for each point, and JSON with names."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from retarget.errors import FileFormatError
from retarget.motion.formats.arrays.json_rows import object_with_rows
from retarget.motion.formats.arrays.landmarks import (
    looks_like_landmarks,
    points_of_landmarks,
    rate_of_times,
)
from retarget.motion.formats.arrays.points import PointSet, recording_of_points
from retarget.motion.formats.asked import Asked
from retarget.motion.formats.table import Pick, parse_picks
from retarget.motion.recording import Recording

__all__ = ["looks_like_named_csv", "looks_like_named_json", "read_named_csv", "read_named_json"]

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
_SEPARATORS: Final = (b",", b";", b"\t")
_LARGEST: Final = 1 << 29  # bytes of text
_REMEDY: Final = "columns must be named name_x, name_y, name_z for every joint"
_JSON_REMEDY: Final = 'it must have "joint_names" and "positions" (frames, joints, 3), and "fps"'


def _header(data: bytes) -> list[str]:
    line = data[:65536].lstrip(b"\xef\xbb\xbf").splitlines()[:1]
    if not line:
        return []
    text = line[0].decode("utf-8", "replace")
    return [cell.strip() for cell in next(csv.reader(io.StringIO(text)), [])]


def _with_commas(data: bytes) -> bytes:
    """A table with commas between its cells, and decimal points: where a comma is decimal, cells end otherwise."""
    first = data[:65536].splitlines()[:1]
    for separator in (b";", b"\t"):
        if first and separator in first[0] and b"," not in first[0]:
            return data.replace(b",", b".").replace(separator, b",")
    return data


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


def _names(columns: Sequence[str]) -> tuple[str, ...]:
    """Names of points; none where they are only numbered."""
    numbered = all(name.rpartition("_")[2].isdigit() for name in columns)
    alike = len({name.rstrip("0123456789") for name in columns}) == 1
    return () if numbered and alike else tuple(columns)


def _tidy_columns(header: list[str]) -> dict[str, int] | None:
    """Columns of a table with a row for each point of each frame; None where it is another one."""
    at = {cell.lower(): index for index, cell in enumerate(header)}
    found = {axis: at[axis] for axis in "xyz" if axis in at}
    for what, words in _TIDY.items():
        index = next((at[word] for word in words if word in at), -1)
        if index >= 0:
            found[what] = index
    return found if {"frame", "point", *"xyz"} <= set(found) else None


def looks_like_named_csv(data: bytes) -> bool:
    """Whether a text begins with a line that names x, y and z of six points or more, or the columns of one a row."""
    start = data[:65536]
    binary = data[:1] == b"\x80" or b"\0" in start[:64]
    if binary or data[:1] in (b"{", b"[", b"<"):
        return False
    if not any(one in start[:4096] for one in _SEPARATORS):
        return False
    header = _header(_with_commas(start))
    return len(_columns(header)) >= 6 or _tidy_columns(header) is not None


def read_named_csv(data: bytes, path: Path, asked: Asked) -> Recording:
    """Read a CSV file of named points.

    Args:
        data: The file's bytes.
        path: Where they are from.
        asked: Nothing is asked of it but the only person.

    Raises:
        FileFormatError: A cell is no number, or the names are not those of a body.
    """
    asked.index_of(["the only one"], path)
    data = _with_commas(data)
    header = _header(data)
    tidy = _tidy_columns(header)
    if tidy is not None:
        return recording_of_points(_tidy(data, len(header), tidy, path), path)
    columns = _columns(header)
    if len(columns) < 6:
        raise FileFormatError(path, "its first line names no points", _REMEDY)
    timed = [index for index, cell in enumerate(header) if cell.lower() in _TIMES][:1]
    wanted = [columns[name][axis] for name in columns for axis in "xyz"]
    times, places = parse_picks(
        data, data.find(b"\n") + 1, len(header), path, [Pick(timed), Pick(wanted)], first_line=2
    )
    del data  # of a long recording it is as large as what was read from it
    fps = rate_of_times(times[:, 0]) if timed else float("nan")
    points = [PointSet(places.reshape(len(places), -1, 3), _names(tuple(columns)), fps=fps)]
    del places
    return recording_of_points(points.pop(), path)


def _tidy(data: bytes, width: int, at: Mapping[str, int], path: Path) -> PointSet:
    """A row for each point of each frame, as FreeMoCap writes them."""
    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))[1:]
        cells = [row for row in rows if len(row) >= width]
        frames = np.array([int(float(row[at["frame"]])) for row in cells])
        places = np.array([[float(row[at[axis]] or "nan") for axis in "xyz"] for row in cells])
        times = (
            np.array([float(row[at["time"]] or "nan") for row in cells]) if "time" in at else None
        )
    except (ValueError, csv.Error, UnicodeDecodeError, OverflowError) as error:
        raise FileFormatError(path, f"a cell cannot be read ({error})", _REMEDY) from None
    if not cells:
        raise FileFormatError(path, "holds no frames", "export it again with its motion")
    words = [row[at["point"]] for row in cells]
    names = tuple(dict.fromkeys(words))
    numbers, which = np.unique(frames, return_inverse=True)
    if len(numbers) * len(names) > 100 * len(cells):
        raise FileFormatError(path, "its frames hold hardly any of its points", _REMEDY)
    out = np.full((len(numbers), len(names), 3), np.nan)
    index = {name: i for i, name in enumerate(names)}
    out[which, [index[word] for word in words]] = places
    rate = float("nan")
    if times is not None:
        firsts = np.full(len(numbers), np.nan)
        firsts[which] = times
        rate = rate_of_times(firsts)
    return PointSet(out, _names(names), fps=rate)


def looks_like_named_json(data: bytes) -> bool:
    """Whether a text is JSON with places of points."""
    return _is_one_object(data) or looks_like_landmarks(data)


def _is_one_object(data: bytes) -> bool:
    """Whether it is an object with names of joints and places, which are read a block at a time."""
    start = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith(b"{") and b'"joint_names"' in data and b'"positions"' in data


def read_named_json(data: bytes, path: Path, asked: Asked) -> Recording:
    """Read a JSON file with ``joint_names``, ``positions`` (frames, joints, 3), ``fps`` and perhaps ``parents``.

    Others are read as `retarget.motion.formats.arrays.landmarks` says.

    Args:
        data: The file's bytes.
        path: Where they are from.
        asked: Nothing is asked of it but the only person.

    Raises:
        FileFormatError: It is no such JSON, or its names are not those of a body.
    """
    asked.index_of(["the only one"], path)
    if len(data) > _LARGEST:
        raise FileFormatError(path, "is too large for JSON", "write it as .npz")
    whole = _is_one_object(data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileFormatError(path, f"cannot be read ({error})"[:300], _JSON_REMEDY) from None
    del data
    if not whole:
        return recording_of_points(points_of_landmarks(text, path), path)
    try:
        content, places = object_with_rows(text, "positions")
        del text  # of a long recording these are larger than what is made of them
        names = tuple(str(name) for name in content["joint_names"])
        parents = content.get("parents")
        tree = (
            None
            if parents is None
            else np.array([-1 if p is None else int(p) for p in parents], np.int64)
        )
        fps = float(content.get("fps", "nan"))
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        raise FileFormatError(path, f"cannot be read ({error})"[:300], _JSON_REMEDY) from None
    if places.ndim != 3 or places.shape[1:] != (len(names), 3) or len(set(names)) != len(names):
        raise FileFormatError(
            path, f"has {len(names)} names and positions {places.shape}", _JSON_REMEDY
        )
    if tree is not None and (len(tree) != len(names) or (tree >= np.arange(len(names))).any()):
        raise FileFormatError(path, "its parents do not come before their children", _JSON_REMEDY)
    points = [PointSet(places, names, tree, fps=fps)]
    del places
    return recording_of_points(points.pop(), path)
