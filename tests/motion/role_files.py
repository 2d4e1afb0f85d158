"""Skeletons whose roles are looked for."""

from collections.abc import Callable
from pathlib import Path

import pytest
from bvh_files import CLIPS, bvh_text, human, walking

from retarget.motion.formats.bvh import read_bvh
from retarget.motion.recording import Recording
from retarget.motion.skeleton.roles import find_roles

PLACE = Path("clip.bvh")


def recording_of(rename: Callable[[str], str] = lambda name: name) -> Recording:
    joints = human(rename)
    return read_bvh(bvh_text(joints, walking(human(), 40)).encode(), PLACE)


def named_roles(recording: Recording, **overrides: str) -> dict[str, str]:
    roles, _, _ = find_roles(
        recording.joint_names, recording.parents.tolist(), recording.positions, overrides
    )
    return {role: recording.joint_names[joint] for role, joint in roles.items()}


def real(relative: str) -> Recording:
    path = CLIPS / relative
    if not path.exists():
        pytest.skip("the shared clips are not here")
    return read_bvh(path.read_bytes(), path)


EXPECTED = {
    "pelvis": "Hips", "spine": "Spine", "chest": "Chest", "neck": "Neck", "head": "Head",
    **{
        f"{side}_{part}": side.capitalize() + joint
        for side in ("left", "right")
        for part, joint in {
            "hip": "UpLeg", "knee": "Leg", "ankle": "Foot", "toe": "Toe",
            "shoulder": "Arm", "elbow": "ForeArm", "wrist": "Hand",
        }.items()
    },
}  # fmt: skip
