"""What a data set holds of each frame: one table for writing, for reading and for the card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from retarget.tracks import Tracks

__all__ = ["COLUMNS", "Column", "frame_arrays"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of frames: a list of fixed length for each.

    Attributes:
        name: Its name.
        shape: Sizes between blanks: ``D`` joints, ``B`` links, or numbers.
        unit: Unit of the numbers.
        meaning: What they are, for people.
        values: Makes them of tracks.
    """

    name: str
    shape: str
    unit: str
    meaning: str
    values: Callable[[Tracks], np.ndarray]


def _known(tracks: Tracks) -> np.ndarray:
    if tracks.foot_contacts is None:
        return np.full((len(tracks), 2), np.nan)
    return tracks.foot_contacts


COLUMNS: tuple[Column, ...] = (
    Column("root_position", "3", "m", "base in the world, z up", lambda t: t.root_position),
    Column("root_rotation", "4", "-", "base, wxyz, no jumps of sign", lambda t: t.root_rotation),
    Column("joint_position", "D", "rad", "joint angles", lambda t: t.joint_position),
    Column("root_velocity", "3", "m/s", "base in the world", lambda t: t.root_velocity),
    Column("root_spin", "3", "rad/s", "base, about the world's axes", lambda t: t.root_spin),
    Column("joint_velocity", "D", "rad/s", "joint rates", lambda t: t.joint_velocity),
    Column(
        "link_position", "B 3", "m", "origins of links in the world", lambda t: t.bodies.position
    ),
    Column("link_rotation", "B 4", "-", "links in the world, wxyz", lambda t: t.bodies.rotation),
    Column("link_velocity", "B 3", "m/s", "origins of links", lambda t: t.bodies.velocity),
    Column(
        "link_centre_velocity",
        "B 3",
        "m/s",
        "centres of mass of links",
        lambda t: t.bodies.centre_velocity,
    ),
    Column("link_spin", "B 3", "rad/s", "links, about the world's axes", lambda t: t.bodies.spin),
    Column("foot_contact", "2", "0 or 1", "left and right foot stand", _known),
)


def frame_arrays(tracks: Tracks) -> dict[str, Float32[np.ndarray, "T n"]]:
    """All columns of a motion in single precision, one row for each frame."""
    arrays: dict[str, np.ndarray] = {}
    for frames, part in tracks.blocks():
        for column in COLUMNS:
            values = column.values(part).reshape(len(part), -1)
            if column.name not in arrays:
                arrays[column.name] = np.empty((len(tracks), values.shape[1]), np.float32)
            arrays[column.name][frames] = values
    return arrays
