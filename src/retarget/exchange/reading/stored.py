"""Values of a file by what they are: the table of a consumer read backwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from jaxtyping import Float64, Shaped

from retarget.exchange.objects import OBJECT_KEYS, OBJECT_TABLE, THING_COLUMNS
from retarget.exchange.reading.content import Content
from retarget.exchange.rotations import read_rotation
from retarget.exchange.tables import ExportTable, Row
from retarget.frame_rates import rate_problem
from retarget.geometry import rotated

__all__ = ["Misfit", "StoredMotion", "stored_motions"]

_CONJUGATE: Final = np.array([1.0, -1.0, -1.0, -1.0])
_LEAST_NORM: Final = 1e-6
_NUMBERS: Final = "biuf"
_OF_LINKS: Final = {
    *("link_position", "local_link_position", "link_rotation", "link_velocity", "centre_velocity"),
    *("link_spin", "link_contacts"),
}
_OF_THINGS: Final = {"object_names", "object_position", "object_rotation", "object_pose", "model"}
_LARGEST: Final = 6e4  # of metres, rad, degrees and their rates; what half precision can hold, too
_NAMES: Final = {"joint_names": ("joint_names", "dof_names"), "link_names": ("body_names",)}


class Misfit(Exception):  # noqa: N818 - no error: another table may fit
    """Why a file is not of a table's format, in a few words."""


@dataclass(frozen=True, slots=True, eq=False)
class StoredMotion:
    """One clip of a file, read as a table says: SI units, unit quaternions (wxyz), in the file's own orders.

    Attributes:
        table: The format.
        clip: Its name, where the file says one.
        frames: Number T of frames.
        values: Arrays by `retarget.exchange.tables.Source`; ``qpos`` and ``qvel`` are taken apart, and
            ``pose_vectors`` are the rotation vectors of bodies (T, n, 3) of PHC's family.
        joint_names: Names of the D joints, where the file says them.
        link_names: Names of the B links, where the file says them.
        fps: Frames per second, where the file says it.
        norms: Farthest that a stored quaternion's length is from one.
        flips: How often the base's quaternion jumps to its negative.
        remarks: See `retarget.exchange.reading.content.Content`.
        besides: What the file has of things around the robot, as it has it, by `OBJECT_KEYS` and `OBJECT_TABLE`.
        object_names: Names of the O things whose poses are ``object_pose``, where the file says them.
    """

    table: ExportTable
    clip: str
    frames: int
    values: Mapping[str, np.ndarray]
    joint_names: tuple[str, ...] | None = None
    link_names: tuple[str, ...] | None = None
    link_indices: tuple[int, ...] | None = None
    fps: float | None = None
    norms: float = 0.0
    flips: int = 0
    remarks: tuple[tuple[str, str], ...] = ()
    besides: Mapping[str, Any] = field(default_factory=dict)
    object_names: tuple[str, ...] = ()

    @property
    def joints(self) -> int:
        """Number D of joints."""
        return int(self.values["joint_position"].shape[1])

    @property
    def links(self) -> int:
        """Number B of links; 0 where the file has none."""
        sources = ("link_position", "local_link_position", "link_rotation")
        return next((int(self.values[s].shape[1]) for s in sources if s in self.values), 0)

    def with_quaternions_turned(self) -> StoredMotion:
        """The same with all quaternions read in the other order, wxyz for xyzw or the reverse."""
        row = next((row for row in self.table.rows if row.quaternion in {"wxyz", "xyzw"}), None)
        step = 0 if row is None else (1 if row.quaternion == "wxyz" else -1)
        turned = {
            key: np.roll(value, step, axis=-1)
            for key, value in self.values.items()
            if key.endswith("rotation") and value.shape[-1] == 4
        }
        if "object_pose" in self.values:
            poses = self.values["object_pose"]
            turns = np.roll(poses[..., 3:], step, axis=-1)
            turned["object_pose"] = np.concatenate([poses[..., :3], turns], axis=-1)
        return replace(self, values={**self.values, **turned})


def stored_motions(content: Content, table: ExportTable) -> Iterator[StoredMotion]:
    """The clips of a file, read as one table says.

    Raises:
        Misfit: The file is not of that format.
    """
    if content.container != table.container:
        raise Misfit(f"it is packed as {content.container}, not as {table.container}")
    if table.container == "csv":
        yield _of_columns(content, table)
    elif table.per_clip:
        entries = [
            (name, entry) for name, entry in content.values.items() if isinstance(entry, dict)
        ]
        if not entries:
            raise Misfit("it holds no clips by name")
        for name, entry in entries:
            yield _of_values(entry, table, name, content)
    else:
        yield _of_values(content.values, table, content.path.stem, content)


def _of_columns(content: Content, table: ExportTable) -> StoredMotion:
    """A table of text: by place where it has no headings, else by them."""
    columns, headings = content.values["columns"], content.values.get("headings")
    named = any(row.columns for row in table.rows)
    if named != (headings is not None):
        raise Misfit("it has headings" if headings else "it has no headings")
    headings = headings or ()
    values: dict[str, Any] = {}
    names: tuple[str, ...] | None = None
    at = 0
    for row in table.rows:
        if named:
            chosen, found = _headed(row, headings)
            names = found or names
        else:
            things = [
                int(other.shape.split()[1]) for other in table.rows if other.source in _OF_THINGS
            ]
            left = columns.shape[1] - at - (0 if row.source in _OF_THINGS else sum(things))
            width = _width(row, left)
            chosen = list(range(at, at + width))
            at += width
        values[row.key or row.source] = columns[:, chosen]
    if named and (around := _headed_things(headings)):
        ends = [headings.index(f"{name}_{end}") for name in around for end in THING_COLUMNS]
        values |= {OBJECT_KEYS[0]: around, OBJECT_TABLE: columns[:, ends]}
    keyed = tuple(replace(row, key=row.key or row.source) for row in table.rows)
    return _of_values(values, replace(table, rows=keyed), content.path.stem, content, names)


def _width(row: Row, left: int) -> int:
    size = row.shape.split()[1]
    width = left if size == "D" else int(size)
    if not 0 < width <= left:
        raise Misfit("it has too few columns")
    return width


def _headed_things(headings: tuple[str, ...]) -> list[str]:
    """Names of the things that have all their columns in a table."""
    first = f"_{THING_COLUMNS[0]}"
    names = [heading.removesuffix(first) for heading in headings if heading.endswith(first)]
    return [name for name in names if all(f"{name}_{end}" in headings for end in THING_COLUMNS)]


def _headed(row: Row, headings: tuple[str, ...]) -> tuple[list[int], tuple[str, ...] | None]:
    """Columns of a row, and the joints that their headings name."""
    if "{joint}" not in row.columns:
        missing = [name for name in row.columns.split() if name not in headings]
        if missing:
            raise Misfit(f"it has no column {missing[0]}")
        return [headings.index(name) for name in row.columns.split()], None
    before, after = row.columns.split("{joint}")
    found = {
        heading.removeprefix(before).removesuffix(after): at
        for at, heading in enumerate(headings)
        if heading.startswith(before) and heading.endswith(after)
    }
    if not found:
        raise Misfit("it has no columns of joints")
    return list(found.values()), tuple(found)


def _of_values(
    values: Mapping[str, Any],
    table: ExportTable,
    clip: str,
    content: Content,
    joint_names: tuple[str, ...] | None = None,
) -> StoredMotion:
    raw = _Raw(dict(values), table)
    for row in table.rows:
        raw.take(row)
    found = raw.values
    if "joint_position" not in found or "root_position" not in _with_base(found):
        raise Misfit("it has no joints or no base")
    frames = len(found["joint_position"])
    for name, array in found.items():
        if len(array) != frames:
            raise Misfit(f"{name} has {len(array)} frames, the joints {frames}")
    counts = {name: array.shape[1] for name, array in found.items() if name in _OF_LINKS}
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{name} of {count}" for name, count in counts.items())
        raise Misfit(f"its arrays are not of as many links: {told}")
    norms, flips = raw.norms, 0
    base = _with_base(found)["root_rotation"]
    flips = int((np.einsum("ti,ti->t", base[1:], base[:-1]) < 0).sum())
    return StoredMotion(
        table,
        clip,
        frames,
        found,
        joint_names or raw.names("joint_names", found["joint_position"].shape[1]),
        raw.names("link_names", None),
        content.values.get("indices") if content.container == "csv_folder" else None,
        raw.fps or _rate_besides(values, table),
        norms,
        flips,
        content.remarks,
        {key: values[key] for key in (*OBJECT_KEYS, OBJECT_TABLE) if values.get(key) is not None},
    )


def _with_base(values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The values with the base's pose, which some files give as their first link's."""
    base = dict(values)
    for name in ("position", "rotation"):
        if f"root_{name}" not in base and f"link_{name}" in base:
            base[f"root_{name}"] = base[f"link_{name}"][:, 0]
    if "root_rotation" not in base:
        base.pop("root_position", None)
    return base


class _Raw:
    """Rows of a table taken from a file's values one by one."""

    def __init__(self, stored: dict[str, Any], table: ExportTable) -> None:
        self.stored, self.table = stored, table
        self.values: dict[str, np.ndarray] = {}
        self.fps: float | None = None
        self.norms = 0.0

    def take(self, row: Row) -> None:
        if row.source in _OF_THINGS:
            return
        if row.source in {"fps", "joint_names", "link_names", "frame", "order", "velocity_point"}:
            if row.source == "fps":
                self.fps = _one_number(self.stored.get(row.key), row.key)
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


def _rate_besides(values: Mapping[str, Any], table: ExportTable) -> float | None:
    """The rate that a file says under ``fps`` although its readers look for none; None where that is no rate."""
    if table.rate.rule != "implicit" or "fps" not in values:
        return None
    try:
        return _one_number(values["fps"], "fps")
    except Misfit:
        return None


def _one_number(value: Any, key: str) -> float | None:
    if value is None:
        return None
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "iuf":
        raise Misfit(f"{key} is no single number")
    if problem := rate_problem(float(array.reshape(-1)[0])):
        raise Misfit(f"{key}: {problem}")
    return float(array.reshape(-1)[0])


def _body_vectors(raw: _Raw, value: Any) -> None:
    array = np.asarray(value)
    if array.ndim != 3 or array.shape[2] != 3 or array.dtype.kind not in "iuf":
        raise Misfit(f"pose_aa is {array.shape}")
    raw.values["pose_vectors"] = _possible(array)


def _frame_lists(raw: _Raw, value: Any) -> None:
    """MimicKit's: position, rotation vector and joints of each frame."""
    row = Row("frames", "qpos", shape="T 6+D", quaternion="rotvec")
    array = _numbers(value, row)
    if array.shape[1] <= 6:
        raise Misfit(f"frames have {array.shape[1]} numbers")
    raw.values["root_position"] = array[:, :3]
    raw.values["root_rotation"] = raw.rotation(array[:, 3:6], row)
    raw.values["joint_position"] = array[:, 6:]


_SPECIAL: Final[Mapping[str, Callable[[_Raw, Any], None]]] = {
    "pose_aa": _body_vectors,
    "frames": _frame_lists,
}
_NEEDED_SPECIAL: Final = ("pose_aa", "frames", "split_points", "njnt")
_DISPENSABLE: Final = ("local_link_position", "link_contacts", "foot_contacts", "qvel")
