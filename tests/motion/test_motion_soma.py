"""Parameters of SOMA, as GEM-X writes them: poses of a fixed skeleton of that body."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import smpl_files as made
from bvh_files import CLIPS
from scipy.spatial.transform import Rotation

from retarget.motion import read_motion
from retarget.motion.formats.joint_orders import orders
from retarget.motion.formats.smpl.body import body_tree, fixed_skeleton


def soma_places(poses: np.ndarray, hips: np.ndarray) -> np.ndarray:
    """Joints of SOMA (T, 77, 3): each turned about its parent's, bones as they are in the T-pose."""
    tree, rest = body_tree("soma"), fixed_skeleton("soma")
    turns, places = [], np.zeros(poses.shape)
    for joint, parent in enumerate(tree.parents):
        own = Rotation.from_rotvec(poses[:, joint])
        turns.append(own if parent < 0 else turns[parent] * own)
        places[:, joint] = (
            hips
            if parent < 0
            else places[:, parent] + turns[parent].apply(rest[joint] - rest[parent])
        )
    return places


def test_parameters_of_soma_are_poses_of_its_own_skeleton(tmp_path: Path) -> None:
    data = made.gem_x(made.walk(90))
    motion = read_motion(made.written(tmp_path, "hpe_results.pkl", data))
    world = pickle.loads(data)["body_params_global"]
    poses = np.concatenate([world["global_orient"], world["body_pose"]], axis=1).reshape(90, 77, 3)
    expected = soma_places(poses.astype(np.float64), world["transl"])[..., [2, 0, 1]]  # z up
    assert (motion.fps, motion.source.up_axis) == (30.0, "y")
    (doubt,) = (d for d in motion.source.doubts if d.name == "skeleton")
    assert "shanks may be 5 degrees off" in doubt.reason
    assert len(motion.joint_names) == 26  # no fingers, which are still, and no ends
    theirs = [body_tree("soma").names.index(name) for name in motion.joint_names]
    beside = motion.positions - motion.positions[:, :1]
    sizes = np.linalg.norm(beside[:, 1:], axis=2) / np.linalg.norm(
        expected[:, theirs[1:]] - expected[:, :1], axis=2
    )
    assert 0.75 < sizes.mean() < 1.3  # as the feet tell it
    np.testing.assert_allclose(sizes, sizes.mean(), rtol=1e-4)
    np.testing.assert_allclose(
        beside, sizes.mean() * (expected[:, theirs] - expected[:, :1]), atol=1e-4
    )


def test_fingers_of_soma_are_kept_where_they_move(tmp_path: Path) -> None:
    motion = read_motion(
        made.written(tmp_path, "hpe_results.pkl", made.gem_x(made.walk(90), fists=1.0))
    )
    assert sum(name.startswith("left") for name in motion.fingers) == 19
    tip, knuckle = (motion.joint_names.index(f"LeftHandMiddle{part}") for part in (4, 2))
    wrist = motion.joint_names.index("LeftHand")
    reach = np.linalg.norm(motion.positions[:, tip] - motion.positions[:, wrist], axis=1)
    assert reach[-1] < 0.9 * reach[0]
    assert (
        np.ptp(np.linalg.norm(motion.positions[:, knuckle] - motion.positions[:, wrist], axis=1))
        < 1e-5
    )


def test_soma_in_rows_of_all_joints_is_the_same(tmp_path: Path) -> None:
    world = pickle.loads(made.gem_x(made.walk(90)))["body_params_global"]
    rows = np.concatenate([world["global_orient"], world["body_pose"]], axis=1)
    whole = made.npz(poses=rows, transl=world["transl"], fps=30)
    split = read_motion(made.written(tmp_path, "hpe_results.pkl", made.gem_x(made.walk(90))))
    motion = read_motion(made.written(tmp_path, "soma.npz", whole))
    np.testing.assert_array_equal(motion.positions, split.positions)


@pytest.mark.skipif(not CLIPS.is_dir(), reason="needs ../shared/clips")
def test_kimodos_motion_as_parameters_of_soma_has_the_places_that_kimodo_writes(
    tmp_path: Path,
) -> None:
    """A real motion: its turns as GEM-X would write them give its own places back."""
    (path,) = CLIPS.glob("kimodo_npz/soma30*.npz")
    clip, order = np.load(path), next(o for o in orders() if o.name == "SOMA30")
    names, turns = body_tree("soma").names, clip["global_rot_mats"].astype(np.float64)
    poses = np.zeros((len(turns), len(names), 3))
    for joint, (name, parent) in enumerate(zip(order.names, order.parents, strict=True)):
        own = (
            turns[:, joint] if parent < 0 else np.swapaxes(turns[:, parent], 1, 2) @ turns[:, joint]
        )
        poses[:, names.index(name)] = Rotation.from_matrix(own).as_rotvec()
    rows, hips = poses.reshape(len(poses), -1), clip["posed_joints"][:, 0]
    motion = read_motion(
        made.written(tmp_path, "soma.npz", made.npz(poses=rows, transl=hips, fps=30))
    )
    kimodo = read_motion(path)
    assert [d.name for d in motion.source.doubts] == ["skeleton"]
    for role in ("pelvis", "left_knee", "right_ankle", "left_toe", "right_shoulder", "left_wrist"):
        apart = motion.role_positions(role) - kimodo.role_positions(role)
        assert np.linalg.norm(apart, axis=1).max() < 0.05, role
