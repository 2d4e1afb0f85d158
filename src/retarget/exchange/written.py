"""Whether a file that was just written is what was meant: read back and held against the motion it was made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from retarget.exchange.check import check_clip
from retarget.exchange.reading.content import read_content
from retarget.exchange.reading.stored import StoredMotion, stored_motions
from retarget.exchange.reading.witnesses import Finding
from retarget.exchange.view import View

__all__ = ["written_faults"]

_OURS: Final = ("frame", "numbers", "order", "poses", "velocity_point")
"""Faults of the check that a writer may make; others may be the motion's own."""
_BASES: Final = frozenset({"root_position", "link_position", "qpos", "special"})
_CHECKED_FRAMES: Final = 4096  # by kinematics; all frames are held against the motion
_OFF: Final = (
    1e-4  # m and rad: a hundred times what six decimals and single precision lose near the origin
)
_SINGLE: Final = 1e-6  # of a number's size, which single precision keeps


def written_faults(path: Path, view: View) -> tuple[Finding, ...]:
    """What makes a file another one than was meant; a table without a base is not read back.

    The check finds by the robot's kinematics what a file says twice and otherwise each time: orders, frames, points.
    What it says once is compared with the motion: base and joints.
    """
    if not {row.source for row in view.table.rows} & _BASES:
        return ()
    faults: list[Finding] = []
    for stored in stored_motions(read_content(path), view.table):
        faults += _off(stored, view)
        check = check_clip(_beginning(stored), view.tracks.robot, view.tracks.links.joint_names)
        faults += [fault for fault in check.wrong if fault.name in _OURS]
    return tuple(faults)


def _beginning(stored: StoredMotion) -> StoredMotion:
    """Some minutes of a long motion: orders, frames and points are the same throughout a file."""
    frames = min(stored.frames, _CHECKED_FRAMES)
    values = {name: array[:frames] for name, array in stored.values.items()}
    return replace(stored, frames=frames, values=values)


def _off(stored: StoredMotion, view: View) -> Iterator[Finding]:
    """Where base or joints are not those of the motion."""
    if stored.frames != len(view.tracks):
        text = f"there are {stored.frames} frames, of {len(view.tracks)}"
        yield Finding("numbers", True, text)
        return
    place, rotation = (_base(stored, name) for name in ("position", "rotation"))
    if not _alike(place, view.tracks.root_position):
        yield Finding("poses", True, "the base is not where the motion has it")
    turn = np.sum(rotation * view.tracks.root_rotation, axis=1)
    if np.abs(turn).min() < np.cos(_OFF):
        yield Finding("quaternion", True, "the base is not turned as the motion has it")
    if not _alike(stored.values["joint_position"], view.joint_position):
        yield Finding("joints", True, "joint angles are not those of the motion")


def _base(stored: StoredMotion, name: str) -> np.ndarray:
    """The base, which some files hold only as their first link."""
    values = stored.values
    return values[f"root_{name}"] if f"root_{name}" in values else values[f"link_{name}"][:, 0]


def _alike(found: np.ndarray, meant: np.ndarray) -> bool:
    within = np.abs(found - meant) <= _OFF + _SINGLE * np.abs(meant)
    return found.shape == meant.shape and bool(within.all())
