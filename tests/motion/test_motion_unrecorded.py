"""What a recording leaves out is doubted by name: how the body travels, and limbs that nobody recorded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bvh_files import CLIPS, EMBEDDED
from worlds import nothing_said, recording_of

from retarget import load_robot, retarget_motion
from retarget.evaluation import evaluate_result
from retarget.geometry import quaternion_product
from retarget.motion import Motion, MotionSource, read_motion
from retarget.motion.faults.breadth import breadth_doubts
from retarget.motion.faults.still_limbs import still_limb_doubts
from retarget.motion.faults.uneven import uneven_doubts
from retarget.motion.recording import Recording
from retarget.motion.understand import motion_from_recording
from retarget.motion.world.conventions import leg_length
from retarget.motion.world.on_the_spot import on_the_spot_doubts

JUMP = next(EMBEDDED.glob("*.bvh"))
WALK = CLIPS / "bandai_bvh" / "dataset-1_walk_normal_001.bvh"
REAL = sorted([*CLIPS.glob("*/*.bvh"), *CLIPS.glob("deepmimic_txt/*"), *CLIPS.glob("amp_npz/*")])
# A zombie of animators that walks on the spot, and a suit of which only the upper part was worn.
LACKING = {"makehuman_zombieWalk1.bvh": "travel", "xsens_mvn_test_mocap.bvh": "limbs"}


def doubts_of(motion: Motion, name: str) -> list[float]:
    return [doubt.weight for doubt in motion.source.doubts if doubt.name == name]


def leg_of(motion: Motion) -> float:
    return leg_length(motion.positions, motion.roles)


def on_the_spot(motion: Motion) -> np.ndarray:
    """Positions with the pelvis above one place, as on a treadmill."""
    pelvis = motion.positions[:, motion.roles["pelvis"]] * [1.0, 1.0, 0.0]
    return np.asarray(motion.positions - pelvis[:, None])


def held(recording: Recording, roles: dict[str, int], *names: str) -> Recording:
    """A recording in which these joints keep the turn beside their parents that they have in the first frame."""
    joints = {roles[name] for name in names}
    turns = recording.rotations.copy()
    back = [1.0, -1.0, -1.0, -1.0]
    for joint, parent in enumerate(recording.parents.tolist()):
        if parent < 0:
            continue
        beside = quaternion_product(
            recording.rotations[:, parent] * back, recording.rotations[:, joint]
        )
        if joint in joints:
            beside[:] = beside[0]
        turns[:, joint] = quaternion_product(turns[:, parent], beside)
    return replace(recording, rotations=turns)


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_real_clips_are_doubted_only_for_what_they_lack(path: Path) -> None:
    motion = read_motion(path)
    assert not uneven_doubts(motion.positions, motion.roles)
    assert not breadth_doubts(motion.positions, motion.roles, 0.98 * leg_of(motion))
    for name in ("travel", "limbs"):
        assert bool(doubts_of(motion, name)) == (LACKING.get(path.name) == name)


@pytest.mark.skipif(not WALK.exists(), reason="needs ../shared/clips")
def test_a_walk_on_the_spot_is_doubted_and_refused() -> None:
    motion = read_motion(WALK)
    places = on_the_spot(motion)
    (doubt,) = on_the_spot_doubts(places, motion.roles, motion.fps)
    assert "slide at 1.0 m/s" in doubt.reason
    still = replace(motion, positions=places, source=replace(motion.source, doubts=(doubt,)))
    robot = load_robot("unitree_g1")
    failed = {
        gate.measure
        for gate in evaluate_result(retarget_motion(still, robot), robot).gates
        if not gate.passed
    }
    assert "understood" in failed


def test_who_jumps_and_turns_on_the_spot_is_not_doubted() -> None:
    motion = read_motion(JUMP)
    assert not doubts_of(motion, "travel")
    assert not on_the_spot_doubts(on_the_spot(motion), motion.roles, motion.fps)


@pytest.mark.parametrize(
    ("limbs", "weight"),
    [
        (("left_shoulder", "left_elbow"), 0.3),
        (("left_shoulder", "left_elbow", "right_shoulder", "right_elbow"), 0.55),
        (("left_hip", "left_knee", "right_hip", "right_knee"), 0.55),
        (("left_elbow", "right_elbow"), None),  # arms that turn in the shoulders were recorded
    ],
)
def test_limbs_that_never_turn_are_doubted(limbs: tuple[str, ...], weight: float | None) -> None:
    recording = recording_of(JUMP)
    roles = read_motion(JUMP).roles
    found = still_limb_doubts(
        held(recording, roles, *limbs).rotations, recording.parents, roles, recording.fps
    )
    assert [doubt.weight for doubt in found] == ([] if weight is None else [weight])


def test_a_body_that_never_moves_at_all_has_no_limb_that_does() -> None:
    recording = nothing_said(recording_of(JUMP))
    still = replace(
        recording,
        positions=np.repeat(recording.positions[200:201], 300, axis=0),
        rotations=np.repeat(recording.rotations[200:201], 300, axis=0),
    )
    assert not doubts_of(motion_from_recording(still, MotionSource()), "limbs")


@pytest.mark.parametrize(("factor", "weight"), [(1.2, None), (1.4, 0.3), (2.0, 0.55)])
def test_a_bone_that_is_longer_on_one_side_is_doubted(factor: float, weight: float | None) -> None:
    motion = read_motion(JUMP)
    places = motion.positions.copy()
    elbow = motion.role_positions("left_elbow")
    wrist = motion.roles["left_wrist"]
    places[:, wrist] = elbow + factor * (places[:, wrist] - elbow)
    found = uneven_doubts(places, motion.roles)
    assert [doubt.weight for doubt in found] == ([] if weight is None else [weight])
    assert all(f"the left forearm is {factor} times" in doubt.reason for doubt in found)


@pytest.mark.parametrize(("factor", "doubted"), [(1.1, False), (1.3, True)])
def test_shoulders_wider_than_anybodys_are_doubted(factor: float, doubted: bool) -> None:
    motion = read_motion(JUMP)
    places = motion.positions.copy()
    arms = [
        [motion.roles[f"{side}_{joint}"] for joint in ("shoulder", "elbow", "wrist")]
        for side in ("left", "right")
    ]
    middle = (places[:, arms[0][0]] + places[:, arms[1][0]]) / 2
    for arm in arms:
        places[:, arm] += (factor - 1) * (places[:, arm[0]] - middle)[:, None]
    found = breadth_doubts(places, motion.roles, leg_of(motion))
    assert [doubt.name for doubt in found] == ["skeleton"] * doubted
    assert all("0.5" in doubt.reason and "lean by about" in doubt.reason for doubt in found)


@pytest.mark.skipif(not CLIPS.is_dir(), reason="needs ../shared/clips")
def test_the_shoulders_of_a_skeleton_that_was_fitted_too_wide_are_doubted() -> None:
    for suffix, doubted in ((".amc", True), (".c3d", False)):
        motion = read_motion(next((CLIPS / "hdm05").glob(f"*{suffix}")))
        found = [
            doubt.reason for doubt in motion.source.doubts if "leg lengths apart" in doubt.reason
        ]
        assert bool(found) == doubted
