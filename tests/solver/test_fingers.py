"""Fingers of robots with hands follow a recording's, and nothing else changes by it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from clips import SHARED as CLIPS
from scipy.spatial.transform import Rotation

from retarget import Motion, RetargetOptions, RobotModel, load_robot, read_motion, retarget_motion
from retarget.motion.edit import mirrored
from retarget.motion.skeleton.fingers import FINGERS
from retarget.targets.fingers import finger_angles, finger_curls, finger_joints

needs_clips = pytest.mark.skipif(not CLIPS.is_dir(), reason="needs ../shared/clips")


@pytest.fixture(scope="module")
def walk() -> Motion:
    """A walk whose recorded fingers rest; here they close and open twice in three seconds."""
    motion = read_motion(CLIPS / "misc_bvh" / "mixamo_Walk-In-Circle.bvh").frames(0, 180)
    places = motion.positions.copy()
    fingers = motion.fingers
    bend = 0.5 * (1 - np.cos(2 * np.pi * np.arange(180) / 90))
    for side, sign in (("left", 1.0), ("right", -1.0)):
        ends = [motion.positions[:, fingers[f"{side}_{f}_1"]] for f in ("index", "little")]
        axis = sign * (ends[1] - ends[0])
        axis /= np.linalg.norm(axis, axis=1)[:, None]
        for finger in FINGERS:
            chain = [fingers[f"{side}_{finger}_{part}"] for part in ("1", "2", "3", "tip")]
            for number, (first, second) in enumerate(pairwise(chain), 1):
                turn = Rotation.from_rotvec(number * bend[:, None] * axis)
                bone = motion.positions[:, second] - motion.positions[:, first]
                places[:, second] = places[:, first] + turn.apply(bone)
    return replace(motion, positions=places)


@pytest.fixture(scope="module")
def robot() -> RobotModel:
    return load_robot("unitree_g1_hands")


def fist(side: str, degrees: float) -> Motion:
    """A hand with its palm down and fingers ahead, all joints bent by an angle, as one frame."""
    across = 1.0 if side == "left" else -1.0  # where the little finger is
    names, parents, places = [f"{side}Hand"], [-1], [np.zeros(3)]
    for place, finger in enumerate(("Index", "Middle", "Ring", "Pinky")):
        parent, at, turn = 0, np.array([0.08, across * 0.02 * (place - 1.5), 0.0]), 0.0
        for part in (1, 2, 3, 4):
            names.append(f"{side}Hand{finger}{part}" if part < 4 else f"{side}Hand{finger}End")
            parents.append(parent)
            parent = len(names) - 1
            places.append(at)
            turn += np.radians(degrees)
            at = at + 0.03 * np.array([np.cos(turn), 0.0, -np.sin(turn)])
    shape = (1, len(names))
    return Motion(
        tuple(names),
        np.array(parents),
        np.array(places)[None],
        np.broadcast_to([1.0, 0, 0, 0], (*shape, 4)).copy(),
        30.0,
        {f"{side}_wrist": 0},
    )


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(("degrees", "curl"), [(0, 0.0), (45, 135 / 260), (87, 1.0), (-20, 0.0)])
def test_a_curl_is_told_from_the_bones(side: str, degrees: float, curl: float) -> None:
    curls = finger_curls(fist(side, degrees))
    assert set(curls) == {f"{side}_{finger}" for finger in ("index", "middle", "ring", "little")}
    for found in curls.values():
        assert found[0] == pytest.approx(curl, abs=0.1)


def test_a_robots_fingers_are_known_by_their_joints() -> None:
    for name, each in (("unitree_g1_hands", 6), ("jvrc1", 1), ("pal_talos", 1)):
        robot = load_robot(name)
        joints = finger_joints(robot)
        for side in ("left", "right"):
            own = [one for one in joints if one.side == side]
            assert len(own) == each, (name, [robot.joint_names[one.joint] for one in own])
        for one in joints:
            assert robot.held[one.joint]
            for angle in (one.open, one.closed):
                assert robot.lower[one.joint] <= angle <= robot.upper[one.joint]
    assert not finger_joints(load_robot("unitree_g1"))


@needs_clips
def test_fingers_follow_and_nothing_else_changes(walk: Motion, robot: RobotModel) -> None:
    held = retarget_motion(walk, robot)
    kept = retarget_motion(walk, robot, RetargetOptions(hands="keep"))
    moved = [robot.joint_names.index(name) for name in kept.provenance["hands"]["joints"]]
    others = np.setdiff1d(np.arange(robot.qpos_size), np.array(moved) + 7)
    np.testing.assert_array_equal(held.qpos[:, others], kept.qpos[:, others])
    assert len(moved) == 12
    joints, curls = kept.qpos[:, 7:], finger_curls(walk)
    assert (joints >= robot.lower - 1e-9).all()
    assert (joints <= robot.upper + 1e-9).all()
    index = robot.joint_names.index("left_hand_index_0_joint")
    assert np.ptp(curls["left_index"]) > 0.5
    assert np.corrcoef(joints[:, index], -curls["left_index"])[0, 1] > 0.99
    speed = np.abs(np.diff(joints[:, moved], axis=0)).max() * kept.fps
    assert speed <= 12.0 + 1e-9
    assert "hands" not in held.provenance


@needs_clips
def test_fingers_keep_a_rate_a_mirror_and_a_slow_motor(walk: Motion, robot: RobotModel) -> None:
    own, _ = finger_angles(walk, robot, 12.0)
    other, _ = finger_angles(mirrored(walk), robot, 12.0)
    left, right = (robot.joint_names.index(f"{s}_hand_index_1_joint") for s in ("left", "right"))
    np.testing.assert_allclose(other[:, right], -own[:, left], atol=1e-9)
    slow = replace(robot, velocity_limits=np.full(robot.joint_count, 0.5))
    angles, _ = finger_angles(walk, slow, 12.0)
    assert np.abs(np.diff(angles, axis=0)).max() * walk.fps <= 0.5 + 1e-9
    fast = retarget_motion(walk.frames(0, 60), robot, RetargetOptions(hands="keep", fps=100.0))
    np.testing.assert_allclose(fast.qpos[0, 7 + left], own[0, left], atol=0.1)
    assert np.ptp(fast.qpos[:, 7 + left]) > 0


@needs_clips
def test_what_has_no_fingers_is_told(walk: Motion, robot: RobotModel) -> None:
    options = RetargetOptions(hands="keep")
    short = walk.frames(0, 20)
    plain = retarget_motion(short, load_robot("unitree_g1"), options)
    assert plain.provenance["hands"] == {"joints": [], "why": "the robot has no finger joints"}
    body = sorted(set(short.roles.values()))
    names = tuple(f"joint_{k}" for k in range(len(short.joint_names)))
    assert body
    bare = retarget_motion(replace(short, joint_names=names), robot, options)
    assert bare.provenance["hands"]["why"] == "the recording has no fingers"
