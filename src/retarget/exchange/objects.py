"""Things on paths in other tools' files: behind the robot's configuration, or in arrays and columns of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float64

from retarget.errors import OptionsError
from retarget.exchange.tables import ExportTable, Quaternion, Row
from retarget.result import RetargetingResult
from retarget.scene_track import SceneTrack
from retarget.wording import listed

__all__ = [
    "OBJECT_KEYS",
    "OBJECT_TABLE",
    "THING_COLUMNS",
    "THING_PREFIX",
    "Around",
    "thing_order",
    "with_objects",
]

OBJECT_KEYS: Final = ("object_names", "object_pos_w", "object_quat_w")
"""Names of the arrays of things in containers with names, as motion tracking code has them."""

OBJECT_TABLE: Final = "objects.csv"
"""Name of the table of things in folders of tables."""

THING_PREFIX: Final = "thing_"
"""Before the names of things in a model, lest a robot's body have the same."""

UNKNOWN_MASS: Final = 1.0
"""Kilograms of a thing on a path whose mass nobody has said."""

STRICT: Final = ("package", "trajectories")
"""Libraries whose readers want exactly their own arrays."""

THING_COLUMNS: Final = ("x_m", "y_m", "z_m", "qw", "qx", "qy", "qz")
"""Ends of the headings of a thing's columns, after its name."""


class Around(NamedTuple):
    """The things on paths around a robot.

    Attributes:
        names: Their names.
        poses: Their poses: xyz in metres, wxyz.
    """

    names: tuple[str, ...]
    poses: Float64[np.ndarray, "T O 7"]

    @classmethod
    def of(cls, track: SceneTrack) -> Around:
        """Those of a result's scene."""
        return cls(track.moving_names, track.moving_poses())


def with_objects(table: ExportTable, names: Sequence[str]) -> ExportTable:
    """A format that holds things on paths, too.

    Where they are part of the configuration they stand behind it, seven numbers each, and six in its rates. Containers
    with names get `OBJECT_KEYS`, which readers that do not know them pass over; tables of text get seven columns a
    thing behind all others; folders of them get a table of their own.

    Raises:
        OptionsError: The format has no place for them.
    """
    count = len(names)
    if not count:
        return table
    if table.objects or table.container == "mjcf":
        more = {"qpos": 7 * count, "qvel": 6 * count}
        return replace(
            table,
            objects=True,
            rows=tuple(
                replace(row, shape=f"{row.shape}+{more[row.source]}") if row.source in more else row
                for row in table.rows
            ),
        )
    if table.motion_library in STRICT:
        raise OptionsError(
            f"{table.kind}: its readers refuse arrays that they do not know; leave out --objects"
        )
    order = thing_order(table)
    if table.container in ("csv", "csv_folder"):
        headed = any(row.columns for row in table.rows)
        titles = " ".join(f"{_word(name)}_{part}" for name in names for part in THING_COLUMNS)
        row = Row(
            OBJECT_TABLE if table.container == "csv_folder" else "objects",
            "object_pose",
            shape=f"T {7 * count}",
            quaternion="wxyz" if headed else order,
            columns=titles if headed else "",
        )
        return replace(table, rows=(*table.rows, row))
    keys = zip(OBJECT_KEYS, _rows(table, count, order), strict=True)
    return replace(table, extras=(*table.extras, *(replace(row, key=key) for key, row in keys)))


def thing_order(table: ExportTable) -> Quaternion:
    """How a format writes rotations of things: as the robot's, where these are quaternions."""
    orders = {row.quaternion for row in table.rows}
    return "xyzw" if "xyzw" in orders and "wxyz" not in orders else "wxyz"


def _rows(table: ExportTable, count: int, order: Quaternion) -> tuple[Row, Row, Row]:
    texts = "U" if table.container == "npz" else "str[]"  # pickles hold no arrays of texts
    return (
        Row("", "object_names", texts, f"{count}"),
        Row("", "object_position", "f4", f"T {count} 3"),
        Row("", "object_rotation", "f4", f"T {count} 4", order),
    )


def _word(name: str) -> str:
    """A name that separates no columns and stands for nothing else in headings."""
    return "".join(c if c.isalnum() or c in "-." else "_" for c in name)


def around_of(result: RetargetingResult, table: ExportTable, *, asked: bool) -> Around | None:
    """The things on paths that a file holds; None where it holds none.

    Raises:
        OptionsError: Things are asked for, and there are none.
    """
    moving = result.scene is not None and bool(result.scene.moves.any())
    if asked and not moving:
        raise OptionsError("there are no things on paths around the robot; leave out --objects")
    if result.scene is None or not moving or not (asked or table.objects):
        return None
    return Around.of(result.scene)


def things_said(
    result: RetargetingResult, table: ExportTable, around: Around | None
) -> tuple[str, ...]:
    """What of the things around the robot is in a file, and what is not."""
    track = result.scene
    if track is None:
        return ()
    if table.row("model") is not None:
        return tuple(
            f"nobody has said what {name} weighs; {UNKNOWN_MASS:g} kg is written"
            for name, mass, moves in zip(track.names, track.masses, track.moves, strict=True)
            if moves and mass is None
        )
    held = () if around is None else around.names
    out = [name for name in track.names if name not in held]
    moving = around is None and bool(track.moves.any())
    hint = (
        "--objects adds those on paths, " if moving and table.motion_library not in STRICT else ""
    )
    return (
        (f"left out are things around the robot: {listed(out)}; {hint}mujoco_scene holds all",)
        if out
        else ()
    )
