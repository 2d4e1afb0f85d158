"""A second body in a file is told; props, tails and helpers of the same rig are none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from bvh_files import CLIPS, EMBEDDED
from worlds import recording_of

from retarget.motion import Motion, MotionSource, read_motion
from retarget.motion.recording import Recording
from retarget.motion.understand import motion_from_recording

JUMP = next(EMBEDDED.glob("*.bvh"))


def beside(recording: Recording, away: float, prefix: str, joints: int | None = None) -> Recording:
    """The same with the body (or its first joints) once more, so far to the side, in the file's unit."""
    count = len(recording.joint_names) if joints is None else joints
    shifted = recording.positions[:, :count] + np.array([away, 0.0, 0.0])
    parents = recording.parents[:count]
    return replace(
        recording,
        joint_names=(
            *recording.joint_names,
            *(prefix + name for name in recording.joint_names[:count]),
        ),
        parents=np.concatenate(
            [recording.parents, np.where(parents < 0, -1, parents + len(recording.joint_names))]
        ),
        positions=np.concatenate([recording.positions, shifted], axis=1),
        rotations=np.concatenate([recording.rotations, recording.rotations[:, :count]], axis=1),
        rest=None,
    )


def told(motion: Motion) -> list[str]:
    return [doubt.reason for doubt in motion.source.doubts if doubt.name == "roles"]


@pytest.mark.parametrize("prefix", ["B_", "second:"])
def test_a_second_body_is_told_and_the_first_is_read(prefix: str) -> None:
    recording = recording_of(JUMP)
    motion = motion_from_recording(beside(recording, 20.0, prefix), MotionSource())
    (reason,) = told(motion)
    assert f"another body, that of {prefix}" in reason
    alone = read_motion(JUMP)
    assert {role: motion.joint_names[joint] for role, joint in motion.roles.items()} == {
        role: alone.joint_names[joint] for role, joint in alone.roles.items()
    }


def test_helpers_in_the_same_place_and_parts_of_a_body_are_none() -> None:
    recording = recording_of(JUMP)
    assert not told(motion_from_recording(beside(recording, 0.0, "helper_"), MotionSource()))
    assert not told(motion_from_recording(beside(recording, 20.0, "prop_", 8), MotionSource()))


@pytest.mark.parametrize("path", sorted(CLIPS.glob("*/*.bvh")), ids=lambda path: path.name)
def test_real_files_hold_one_body(path: object) -> None:
    assert not told(read_motion(str(path)))
