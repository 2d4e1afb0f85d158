"""Fingers have roles of their own, by the names of many rigs, and nothing else depends on them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import smpl_files as made
from bvh_files import CLIPS

from retarget import load_robot, read_motion, retarget_motion
from retarget.motion.skeleton.fingers import FINGERS, find_fingers

needs_clips = pytest.mark.skipif(not CLIPS.is_dir(), reason="needs ../shared/clips")


def hand(*names: str) -> dict[str, int]:
    """Roles of a chain of joints below a left wrist."""
    every = ["wrist", *names]
    return find_fingers(every, [-1, *range(len(names))], {"left_wrist": 0})


@pytest.mark.parametrize(
    ("names", "roles"),
    [
        (("LeftHandIndex1", "LeftHandIndex2", "LeftHandIndex2#end"), ["index_1", "index_2", "index_tip"]),
        (("LeftInHandRing", "LeftHandRing1", "LeftHandRing2"), ["ring_0", "ring_1", "ring_2"]),
        (("leftLittleProximal", "leftLittleIntermediate", "leftLittleDistal"), ["little_1", "little_2", "little_3"]),
        (("leftThumbMetacarpal", "leftThumbProximal"), ["thumb_1", "thumb_2"]),
        (("f_pinky.01.L", "f_pinky.02.L"), ["little_1", "little_2"]),
        (("Bip01 L Finger1", "Bip01 L Finger11", "Bip01 L Finger12"), ["index_1", "index_2", "index_3"]),
        (("Bip01 L Finger0",), ["thumb_1"]),
        (("LeftSecondMC", "LeftSecondPP", "LeftSecondDP"), ["index_0", "index_1", "index_2"]),
        (("lMid1", "lMid2"), ["middle_1", "middle_2"]),
        (("index_01_l", "index_02_l"), ["index_1", "index_2"]),
        (("LeftHandThumb1", "LeftHandThumbEnd"), ["thumb_1", "thumb_tip"]),
        (("Glove", "Watch"), []),
    ],
)  # fmt: skip
def test_names_of_many_rigs_tell_fingers(names: tuple[str, ...], roles: list[str]) -> None:
    assert hand(*names) == {f"left_{role}": joint for joint, role in enumerate(roles, 1)}


def test_fingers_are_looked_for_below_the_wrist_alone() -> None:
    assert find_fingers(["chest", "middle_spine", "ring"], [-1, 0, 1], {"chest": 0}) == {}


@needs_clips
@pytest.mark.parametrize(
    ("file", "joints"),
    [("bvh_more/rokoko_jesse_dance.bvh", 24), ("misc_bvh/mixamo_Walk-In-Circle.bvh", 25),
     ("climb_npy/mocap_climb_seq_4_joint_positions_f0-2303.npy", 15), ("omomo_pt/sub3_largebox_003.pt", 15),
     ("gltf/vrma_test.vrma", 15)],
)  # fmt: skip
def test_real_hands_have_all_their_fingers(file: str, joints: int) -> None:
    motion = read_motion(CLIPS / file, source_fps=120 if file.endswith("npy") else None)
    fingers = motion.fingers
    for side in ("left", "right"):
        own = {role for role in fingers if role.startswith(side)}
        assert len(own) == joints
        assert {f"{side}_{finger}_{k}" for finger in FINGERS for k in (1, 2)} <= own
        wrist = motion.roles[f"{side}_wrist"]
        for role in own:
            apart = motion.positions[:, fingers[role]] - motion.positions[:, wrist]
            assert np.linalg.norm(apart, axis=1).max() < 0.3


def test_smpls_hands_are_kept_where_they_move_and_change_no_result(tmp_path: Path) -> None:
    walk = made.walk()
    hands = np.zeros((len(walk.trans), 90))
    hands[:, 1] = np.linspace(0, 1, len(hands))
    with_hands, without = (
        read_motion(made.written(tmp_path, f"{name}.npz", made.stage_two(walk, pose_hand=pose)))
        for name, pose in (("with", hands), ("without", 0 * hands))
    )
    assert len(with_hands.fingers) == 30
    assert not without.fingers
    robot = load_robot("unitree_g1")
    first, second = (retarget_motion(motion, robot) for motion in (with_hands, without))
    np.testing.assert_array_equal(first.qpos, second.qpos)
    assert first.source.position_roles == second.source.position_roles


def test_a_thumb_may_hang_on_the_forearm_beside_the_hand() -> None:
    names = ["elbow", "twist", "hand", "thumb", "index1"]
    roles = {"left_elbow": 0, "left_wrist": 2}
    found = find_fingers(names, [-1, 0, 1, 1, 2], roles)
    assert found == {"left_thumb_1": 3, "left_index_1": 4}
