"""Recordings in other worlds, for tests: turned, moved, and of formats that define nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from bvh_files import CLIPS

from retarget.geometry import quaternion_product, rotated
from retarget.motion.formats.asked import Asked
from retarget.motion.formats.registry import sniff_format
from retarget.motion.recording import Recording
from retarget.motion.world.conventions import axis_rotation

CONJUGATE = np.array([1.0, -1.0, -1.0, -1.0])


def recording_of(path: Path) -> Recording:
    """What the reader of a file makes of it."""
    data = path.read_bytes()
    return sniff_format(data, path).read(data, path, Asked())


def nothing_said(recording: Recording) -> Recording:
    """The same recording as of a format that defines neither unit nor up axis, with a skeleton that can be at rest.

    DeepMimic's humanoid stands at rest with y up: its bones are as they are when no joint is turned.
    """
    rest = np.zeros((len(recording.joint_names), 3))
    for joint, parent in enumerate(recording.parents):
        if parent >= 0:
            bone = recording.positions[:1, joint] - recording.positions[:1, parent]
            turn = recording.rotations[:1, parent] * CONJUGATE
            rest[joint] = rest[parent] + rotated(turn, bone)[0]
    return replace(recording, metres_per_unit=None, up_axis=None, rest=rest)


def with_axis_up(recording: Recording, up: str) -> Recording:
    """A recording with y up as it is in a file that has another axis up; its skeleton at rest is turned, too."""
    there, there_turn = axis_rotation(up)
    here, here_turn = axis_rotation("y")
    matrix = there.T @ here
    turn = quaternion_product(there_turn * CONJUGATE, here_turn)
    return replace(
        recording,
        positions=recording.positions @ matrix.T,
        rotations=quaternion_product(turn, recording.rotations),
        rest=None if recording.rest is None else recording.rest @ matrix.T,
    )


def lifted(recording: Recording, up: str, height: float) -> Recording:
    """The recording with its lowest joint at some height along an axis of its world."""
    positions = recording.positions.copy()
    axis, sign = "xyz".index(up[-1]), -1.0 if up.startswith("-") else 1.0
    lowest = np.percentile((sign * positions[..., axis]).min(axis=1), 5)
    positions[..., axis] += sign * (height - lowest)
    return replace(recording, positions=positions)


def clip(name: str) -> Path:
    """A clip that lies beside the checkout; it may be absent."""
    return CLIPS / name
