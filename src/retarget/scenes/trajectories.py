"""Paths of objects in files: arrays, tables, and OMOMO's rows as InterMimic has them."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any, Final

import numpy as np

from retarget.containers import read_data, read_npz
from retarget.errors import FileFormatError, RetargetError
from retarget.inputs import read_bytes, understanding
from retarget.scenes.scene import ObjectTrajectory
from retarget.wording import listed

__all__ = ["read_trajectory"]

_REMEDY: Final = (
    "give arrays positions (T, 3), rotations wxyz (T, 4) and fps, or a csv of t,x,y,z,qw,qx,qy,qz"
)
_POSITIONS: Final = ("positions", "position", "pos", "object_pos", "xyz", "translations")
_ROTATIONS: Final = ("rotations", "rotation", "quat", "quats", "object_quat", "wxyz", "quaternions")
_COLUMNS: Final = ("t", "x", "y", "z", "qw", "qx", "qy", "qz")
_OMOMO_ROW, _OMOMO_FPS = 591, 30.0
_OMOMO_PLACE, _OMOMO_TURN = slice(318, 321), [324, 321, 322, 323]  # xyzw as wxyz


def read_trajectory(path: Path, fps: float | None = None) -> ObjectTrajectory:
    """Read an object's path from ``.npz``, ``.csv``, or a ``.pt`` of OMOMO.

    Args:
        path: The file; positions without rotations are of something that does not turn.
        fps: Frames per second, over what it says.

    Raises:
        FileFormatError: The file cannot be read as a path; it says what is wrong where.
    """
    data = read_bytes(path, "give the path of an object's trajectory (.npz, .csv or .pt)")
    suffix = path.suffix.lower()
    with understanding(path, "trajectory of an object", _REMEDY):
        try:
            if suffix == ".npz":
                return _from_arrays(read_npz(data, path), path, fps)
            if suffix == ".csv":
                return _from_table(data, path, fps)
            if suffix in (".pt", ".pth"):
                return _from_omomo(read_data(data, path), path, fps)
        except FileFormatError:
            raise
        except RetargetError as error:
            raise FileFormatError(path, str(error), _REMEDY) from None
    raise FileFormatError(path, f"{suffix or 'a file without suffix'} is no trajectory", _REMEDY)


def _from_arrays(arrays: dict[str, Any], path: Path, fps: float | None) -> ObjectTrajectory:
    positions = next((arrays[name] for name in _POSITIONS if name in arrays), None)
    rotations = next((arrays[name] for name in _ROTATIONS if name in arrays), None)
    if positions is None:
        raise FileFormatError(
            path, f"has no array {_POSITIONS[0]!r}, but {listed(arrays)}", _REMEDY
        )
    if fps is None:
        if "fps" not in arrays:
            raise FileFormatError(
                path, "does not say its frames per second", "add fps to it or to the scene"
            )
        fps = float(np.asarray(arrays["fps"]).item())
    return _path(np.asarray(positions), rotations, fps)


def _path(positions: np.ndarray, rotations: Any, fps: float) -> ObjectTrajectory:
    places = np.asarray(positions, np.float64)
    if rotations is None:
        turned = np.zeros((len(places), 4))
        turned[:, 0] = 1.0
        rotations = turned
    return ObjectTrajectory(places, np.asarray(rotations, np.float64), fps)


def _from_table(data: bytes, path: Path, fps: float | None) -> ObjectTrajectory:
    rows = [row for row in csv.reader(io.StringIO(data.decode("utf-8", "replace"))) if row]
    head = [word.strip().lower() for word in rows[0]] if rows else []
    named = bool(head) and not _is_number(head[0])
    columns = head if named else list(_COLUMNS[: len(head)])
    body = rows[1:] if named else rows
    if missing := [name for name in ("x", "y", "z") if name not in columns]:
        raise FileFormatError(path, f"has no column {missing[0]!r}", _REMEDY)
    values = np.empty((len(body), len(columns)))
    for number, row in enumerate(body):
        try:
            values[number] = [float(word) for word in row]
        except ValueError:
            line = number + 1 + named
            raise FileFormatError(
                path, f"line {line} is no row of {len(columns)} numbers", _REMEDY
            ) from None
    if fps is None:
        if "t" not in columns or len(values) < 2:
            raise FileFormatError(
                path, "does not say its frames per second", "add a column t, or fps to the scene"
            )
        steps = np.diff(values[:, columns.index("t")])
        if not (steps > 0).all() or np.ptp(steps) > 0.1 * steps.mean():
            at = int(np.argmax(np.abs(steps - np.median(steps)))) + 1
            raise FileFormatError(
                path, f"row {at}: times are not evenly spaced", "resample it, or say fps"
            )
        fps = float(1.0 / steps.mean())
    places = values[:, [columns.index(name) for name in ("x", "y", "z")]]
    turns = None
    if all(name in columns for name in _COLUMNS[4:]):
        turns = values[:, [columns.index(name) for name in _COLUMNS[4:]]]
    return _path(places, turns, fps)


def _from_omomo(content: Any, path: Path, fps: float | None) -> ObjectTrajectory:
    rows: Any = np.asarray(content) if not isinstance(content, dict) else np.empty(0)
    if rows.ndim != 2 or rows.shape[1] != _OMOMO_ROW or rows.dtype.kind != "f":
        raise FileFormatError(
            path, f"is no array of rows of {_OMOMO_ROW} numbers, as OMOMO's are", _REMEDY
        )
    return _path(rows[:, _OMOMO_PLACE], rows[:, _OMOMO_TURN], fps or _OMOMO_FPS)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
