"""Joint places in text: CSV with a column for each coordinate or a row for each point, and JSON with names."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.errors import FileFormatError
from retarget.motion.formats.arrays.headers import (
    TableHead,
    head_of,
    names_of_points,
    tidy_columns,
    with_commas,
)
from retarget.motion.formats.arrays.json_rows import object_with_rows
from retarget.motion.formats.arrays.keypoints import keypoint_order
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

_SEPARATORS: Final = (b",", b";", b"\t")
_LONGEST_STEP: Final = 1.0  # seconds between frames; counts go on by one at least
_LARGEST: Final = 1 << 29  # bytes of text
_REMEDY: Final = "columns must be named name_x, name_y, name_z for every joint"
_JSON_REMEDY: Final = 'it must have "joint_names" and "positions" (frames, joints, 3), and "fps"'


def looks_like_named_csv(data: bytes) -> bool:
    """Whether a text names x, y and z of six points or more, or the columns of one a row, or holds a body's places."""
    start = data[:65536]
    binary = data[:1] == b"\x80" or b"\0" in start[:64]
    if binary or data[:1] in (b"{", b"[", b"<"):
        return False
    if not any(one in start[:4096] for one in _SEPARATORS):
        return False
    table = with_commas(start[: start.rfind(b"\n") + 1] if len(data) > len(start) else start)
    head = head_of(table)
    if head is not None and head.lines == 0:
        return _is_of_a_body(table, head)
    return head is not None or tidy_columns(table) is not None


def _is_of_a_body(table: bytes, head: TableHead) -> bool:
    """Whether the first rows of a table without words are places in an order that keeps its bones' lengths."""
    try:
        _, places = _values(table, head, Path())
    except FileFormatError:
        return False
    return keypoint_order(places)[0] is not None


def read_named_csv(data: bytes, path: Path, asked: Asked) -> Recording:
    """Read a CSV file of points that are named, or in a known order.

    Args:
        data: The file's bytes.
        path: Where they are from.
        asked: Nothing is asked of it but the only person.

    Raises:
        FileFormatError: A cell is no number, or the names are not those of a body.
    """
    asked.index_of(["the only one"], path)
    data = with_commas(data)
    tidy = tidy_columns(data)
    if tidy is not None:
        return recording_of_points(_tidy(data, *tidy, path), path)
    head = head_of(data)
    if head is None:
        raise FileFormatError(path, "its first lines name no points", _REMEDY)
    before, places = _values(data, head, path)
    del data  # of a long recording it is as large as what was read from it
    fps = _rate(before, head, path)
    unit = head.metres_per_unit
    points = [PointSet(places, head.names, fps=fps, metres_per_unit=unit)]
    del places
    return recording_of_points(points.pop(), path)


def _values(
    data: bytes, head: TableHead, path: Path
) -> tuple[Float64[np.ndarray, "T n"], Float64[np.ndarray, "T N 3"]]:
    """The columns before a table's points, or that of times; and the points' places."""
    before = list(range(head.counted)) if head.times is None else [head.times]
    wanted = [axes[axis] for axes in head.columns.values() for axis in "xyz"]
    start = 0
    for _ in range(head.lines):
        start = data.find(b"\n", start) + 1 or len(data)
    times, places = parse_picks(
        data, start, head.width, path, [Pick(before), Pick(wanted)], first_line=head.lines + 1
    )
    if len(places) == 0:
        raise FileFormatError(path, "holds no frames", "export it again with its motion")
    return times, places.reshape(len(places), -1, 3)


def _rate(before: Float64[np.ndarray, "T n"], head: TableHead, path: Path) -> float:
    """Frames per second by a column of times; of one without a name its steps tell whether it counts frames.

    Raises:
        FileFormatError: What stands before the points of a table without words does not go on from frame to frame.
    """
    if head.times is not None:
        return rate_of_times(before[:, 0])
    for column in before.T:
        steps = np.diff(column)
        if not (steps > 0).all():
            cause = (
                "has numbers before those of its points that are neither times nor counts of frames"
            )
            raise FileFormatError(path, cause, _REMEDY)
        if len(steps) and np.median(steps) < _LONGEST_STEP:
            return rate_of_times(column)
    return float("nan")


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
    return PointSet(out, names_of_points(names), fps=rate)


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
