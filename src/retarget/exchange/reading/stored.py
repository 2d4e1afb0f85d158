"""Values of a file by what they are: the table of a consumer read backwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from retarget.exchange.objects import OBJECT_KEYS, OBJECT_TABLE, THING_COLUMNS
from retarget.exchange.reading.content import Content
from retarget.exchange.reading.raw import OF_THINGS, Misfit, Raw, one_number
from retarget.exchange.tables import ExportTable, Row

__all__ = ["StoredMotion", "stored_motions"]

_OF_LINKS: Final = {
    *("link_position", "local_link_position", "link_rotation", "link_velocity", "centre_velocity"),
    *("link_spin", "link_contacts"),
}


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
                int(other.shape.split()[1]) for other in table.rows if other.source in OF_THINGS
            ]
            left = columns.shape[1] - at - (0 if row.source in OF_THINGS else sum(things))
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
    raw = Raw(dict(values), table)
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


def _rate_besides(values: Mapping[str, Any], table: ExportTable) -> float | None:
    """The rate that a file says under ``fps`` although its readers look for none; None where that is no rate."""
    if table.rate.rule != "implicit" or "fps" not in values:
        return None
    try:
        return one_number(values["fps"], "fps")
    except Misfit:
        return None
