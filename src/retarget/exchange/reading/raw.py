"""Values of one row of a consumer's table, taken from what a file stores: SI units, unit quaternions (wxyz)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from jaxtyping import Float64, Shaped

from retarget.exchange.rotations import read_rotation
from retarget.exchange.tables import ExportTable, Row
from retarget.frame_rates import rate_problem
from retarget.geometry import rotated

__all__ = ["OF_THINGS", "Misfit", "Raw", "one_number"]

OF_THINGS: Final = {"object_names", "object_position", "object_rotation", "object_pose", "model"}
"""Sources of rows about things around the robot, which are read apart."""

_LEAST_NORM: Final = 1e-6
_NUMBERS: Final = "biuf"
_LARGEST: Final = 6e4  # of metres, rad, degrees and their rates; what half precision can hold, too
_NAMES: Final = {"joint_names": ("joint_names", "dof_names"), "link_names": ("body_names",)}


class Misfit(Exception):  # noqa: N818 - no error: another table may fit
    """Why a file is not of a table's format, in a few words."""


class Raw:
    """Rows of a table taken from a file's values one by one."""

    def __init__(self, stored: dict[str, Any], table: ExportTable) -> None:
        self.stored, self.table = stored, table
        self.values: dict[str, np.ndarray] = {}
        self.fps: float | None = None
        self.norms = 0.0

    def take(self, row: Row) -> None:
        """Take the values of a row, in our units, by its source.

        Raises:
            Misfit: The file has none, or others than the row says.
        """
        if row.source in OF_THINGS:
            return
        if row.source in {"fps", "joint_names", "link_names", "frame", "order", "velocity_point"}:
            if row.source == "fps":
                self.fps = one_number(self.stored.get(row.key), row.key)
            elif (
                self.stored.get(row.key) is None and not row.optional and row.source != "link_names"
            ):
                raise Misfit(f"it has no {row.key}")
            return
        value = self.stored.get(row.key)
        if value is None:
            if row.optional or row.source in _DISPENSABLE or row.source == "special":
                if row.key in _NEEDED_SPECIAL:
                    raise Misfit(f"it has no {row.key}")
                return
            raise Misfit(f"it has no {row.key}")
        if row.source == "special":
            reader = _SPECIAL.get(row.key)
            if reader is not None:
                reader(self, value)
            return
        if self.table.container == "csv_folder":
            value = _unfolded(value, row)
        array = _numbers(value, row)
        if row.source == "time":
            steps = np.diff(array)
            if len(steps) and steps.min() > 0:
                self.fps = float(1 / np.median(steps))
                if problem := rate_problem(self.fps):
                    raise Misfit(f"{row.key}: {problem}")
            return
        if row.source in {"qpos", "qvel"}:
            self._take_apart(row, array)
        elif row.quaternion is not None:
            self.values[row.source] = self.rotation(array, row)
        else:
            self.values[row.source] = array

    def rotation(self, array: np.ndarray, row: Row) -> np.ndarray:
        """Unit quaternions of what a row stores."""
        assert row.quaternion is not None
        if array.shape[-1] != (4 if row.quaternion in {"wxyz", "xyzw"} else 3):
            raise Misfit(f"{row.key} has {array.shape[-1]} numbers for a rotation")
        quaternions = read_rotation(array, row.quaternion)
        length = np.linalg.norm(quaternions, axis=-1, keepdims=True)
        self.norms = max(self.norms, float(np.abs(length - 1).max(initial=0.0)))
        if length.size and length.min() < _LEAST_NORM:
            raise Misfit(f"{row.key} has a quaternion of zero")
        return np.asarray(quaternions / length)

    def _take_apart(self, row: Row, array: np.ndarray) -> None:
        """Configurations and their rates as MuJoCo has them."""
        array = array[:, : array.shape[1] - _behind_joints(row)]
        if array.shape[1] <= 7:
            raise Misfit(f"{row.key} has {array.shape[1]} columns")
        self.values.setdefault("root_position", array[:, :3])
        if row.source == "qpos":
            self.values["root_rotation"] = self.rotation(array[:, 3:7], row)
            self.values["joint_position"] = array[:, 7:]
            return
        self.values["root_velocity"] = array[:, :3]
        self.values["joint_velocity"] = array[:, 6:]
        if "root_rotation" in self.values:
            self.values["root_spin"] = rotated(self.values["root_rotation"], array[:, 3:6])

    def names(self, what: str, count: int | None) -> tuple[str, ...] | None:
        """Names that the file lists, by the table's own key or one of those that people use."""
        row = next((row for row in self.table.rows if row.source == what), None)
        keys = (*((row.key,) if row is not None else ()), *_NAMES[what])
        for key in keys:
            listed = self.stored.get(key)
            if isinstance(listed, list | tuple | np.ndarray):
                found = tuple(str(name) for name in np.asarray(listed).reshape(-1))
                if key == "joint_names" and "njnt" in self.stored:
                    found = found[1:]  # loco-mujoco lists the free joint first
                if count is not None and len(found) != count:
                    raise Misfit(f"{key} has {len(found)} names for {count} joints")
                return found
        return None


def _behind_joints(row: Row) -> int:
    """How many numbers of things are behind the joints of configurations."""
    _, _, behind = row.shape.partition("+D+")
    return int(behind or 0)


def _numbers(value: Any, row: Row) -> np.ndarray:
    try:
        array = np.asarray(value)
    except ValueError:
        raise Misfit(f"{row.key} has rows of several lengths") from None
    if array.dtype.kind not in _NUMBERS:
        raise Misfit(f"{row.key} holds no numbers")
    wanted = len(row.shape.split())
    while array.ndim > wanted and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim != wanted or not array.size:
        raise Misfit(f"{row.key} is {array.shape}")
    if row.shape.split()[-1].isdigit() and row.quaternion is None:
        last = int(row.shape.split()[-1])
        if array.shape[-1] != last:
            raise Misfit(f"{row.key} is {array.shape}")
    return _possible(array, row.scale)


def _possible(array: Shaped[np.ndarray, "T *n"], scale: float = 1.0) -> Float64[np.ndarray, "T *n"]:
    """Numbers in our units, with NaN for those that no pose or rate has: whoever judges the file names their frame."""
    with np.errstate(all="ignore"):
        numbers = array.astype(np.float64) / scale
    return np.asarray(np.where(np.abs(numbers) <= _LARGEST, numbers, np.nan))


def _unfolded(value: Any, row: Row) -> Any:
    """Columns of a table of links, a row of three or four numbers for each."""
    sizes = row.shape.split()
    array = np.asarray(value)
    if len(sizes) < 3 or array.ndim != 2 or array.shape[1] % int(sizes[2]):
        return value
    return array.reshape(len(array), -1, int(sizes[2]))


def one_number(value: Any, key: str) -> float | None:
    """A rate that a file stores under a key, frames per second; None where it stores none.

    Raises:
        Misfit: It is no single number, or no rate.
    """
    if value is None:
        return None
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "iuf":
        raise Misfit(f"{key} is no single number")
    if problem := rate_problem(float(array.reshape(-1)[0])):
        raise Misfit(f"{key}: {problem}")
    return float(array.reshape(-1)[0])


def _body_vectors(raw: Raw, value: Any) -> None:
    array = np.asarray(value)
    if array.ndim != 3 or array.shape[2] != 3 or array.dtype.kind not in "iuf":
        raise Misfit(f"pose_aa is {array.shape}")
    raw.values["pose_vectors"] = _possible(array)


def _frame_lists(raw: Raw, value: Any) -> None:
    """MimicKit's: position, rotation vector and joints of each frame."""
    row = Row("frames", "qpos", shape="T 6+D", quaternion="rotvec")
    array = _numbers(value, row)
    if array.shape[1] <= 6:
        raise Misfit(f"frames have {array.shape[1]} numbers")
    raw.values["root_position"] = array[:, :3]
    raw.values["root_rotation"] = raw.rotation(array[:, 3:6], row)
    raw.values["joint_position"] = array[:, 6:]


_SPECIAL: Final[Mapping[str, Callable[[Raw, Any], None]]] = {
    "pose_aa": _body_vectors,
    "frames": _frame_lists,
}
_NEEDED_SPECIAL: Final = ("pose_aa", "frames", "split_points", "njnt")
_DISPENSABLE: Final = ("local_link_position", "link_contacts", "foot_contacts", "qvel")
