"""Rigs whose feet and hands hang on the root, and skeletons that end at the ankle, are read as the bodies they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bvh_files import CLIPS

from retarget.demo import clips_folder
from retarget.motion import Motion, Recording, motion_from_recording, read_motion
from retarget.motion.ground.toes import with_toes
from retarget.motion.motion import MotionSource
from retarget.motion.skeleton.loose_ends import with_ends_on_limbs


@pytest.fixture(scope="module")
def jump() -> Motion:
    return read_motion(clips_folder() / "cmu_01_01.bvh")


def recorded(motion: Motion, parents: np.ndarray | None = None) -> Recording:
    return Recording(
        motion.joint_names,
        motion.parents if parents is None else parents,
        motion.positions.copy(),
        motion.rotations.copy(),
        motion.fps,
        metres_per_unit=1.0,
        up_axis="z",
    )


def on_the_root(motion: Motion, *joints: str) -> np.ndarray:
    parents = motion.parents.copy()
    for joint in joints:
        parents[motion.roles[joint]] = 0
    return parents


def test_a_foot_on_the_root_is_the_end_of_its_leg(jump: Motion) -> None:
    loose = recorded(
        jump, on_the_root(jump, "left_ankle", "right_ankle", "left_wrist", "right_wrist")
    )
    motion = motion_from_recording(loose, MotionSource())
    assert any("LeftFoot on LeftLeg" in note for note in motion.source.notes)
    for role in jump.roles:
        np.testing.assert_allclose(
            motion.role_positions(role), jump.role_positions(role), atol=1e-9
        )
    ankle = motion.roles["left_ankle"]
    assert motion.parents[ankle] == motion.roles["left_knee"]
    assert (motion.parents < np.arange(len(motion.parents))).all()


def test_a_foot_that_moves_about_its_knee_is_left_where_it_hangs(jump: Motion) -> None:
    loose = recorded(jump, on_the_root(jump, "left_ankle"))
    loose.positions[:, jump.roles["left_ankle"], 0] += np.linspace(0, 0.3, len(jump))
    assert with_ends_on_limbs(loose) is loose


def test_a_limb_that_has_its_end_is_left_alone(jump: Motion) -> None:
    whole = recorded(jump)
    assert with_ends_on_limbs(whole) is whole


def without_toes(motion: Motion) -> Motion:
    return replace(motion, roles={role: j for role, j in motion.roles.items() if "toe" not in role})


def test_a_foot_without_toes_gets_some_ahead_where_it_rests(jump: Motion) -> None:
    motion = with_toes(without_toes(jump))
    for side in ("left", "right"):
        ours, theirs = (
            m.role_positions(f"{side}_toe") - m.role_positions(f"{side}_ankle")
            for m in (motion, jump)
        )
        lengths = [np.linalg.norm(one, axis=1) for one in (ours, theirs)]
        cosine = np.sum(ours * theirs, axis=1) / lengths[0] / lengths[1]
        assert np.degrees(np.arccos(cosine)).mean() < 20.0  # feet point outwards by some 15 degrees
        assert np.ptp(lengths[0]) < 1e-9
        assert lengths[0].mean() == pytest.approx(lengths[1].mean(), rel=0.2)
    assert motion.joint_names[motion.roles["left_toe"]] == "LeftFoot#toe"
    assert motion.parents[motion.roles["left_toe"]] == motion.roles["left_ankle"]
    assert [doubt.name for doubt in motion.source.doubts][-1] == "skeleton"
    assert with_toes(jump) is jump


@pytest.mark.skipif(not CLIPS.is_dir(), reason="needs ../shared/clips")
def test_an_animators_rig_is_read(tmp_path: Path) -> None:
    motion = read_motion(f"{CLIPS / 'gltf' / 'quaternius_robot.glb'}#Robot_Walking")
    assert len(motion) == 24
    assert {doubt.name for doubt in motion.source.doubts} == {
        "unit",
        "skeleton",
        "travel",
    }  # it walks on the spot
    assert motion.joint_names[motion.roles["left_wrist"]].startswith("Palm")
    knee = np.linalg.norm(
        motion.role_positions("left_knee") - motion.role_positions("left_ankle"), axis=1
    )
    assert np.ptp(knee) < 0.04  # keys are joined by lines
    ahead = motion.role_positions("left_toe") - motion.role_positions("left_ankle")
    across = motion.role_positions("left_hip") - motion.role_positions("right_hip")
    facing = np.stack([across[:, 1], -across[:, 0]], axis=1)
    assert (np.sum(ahead[:, :2] * facing, axis=1) > 0).all()
