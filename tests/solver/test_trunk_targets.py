"""The robot's trunk leans as the human's does, wherever it can bend."""

from __future__ import annotations

import numpy as np
import pytest
from clips import SHARED, jump, robot

from retarget.geometry import angle_between
from retarget.motion import Motion, read_motion
from retarget.motion.fitting.anatomy import find_anatomy
from retarget.pipeline import make_targets, retarget_motion
from retarget.robots import RobotModel
from retarget.solver.kinematics.forward import forward_kinematics
from retarget.targets.robot_frames import robot_anatomy

ROBOTS = ["unitree_g1", "unitree_h1", "booster_t1"]

# Rigs whose trunks differ most, and arms in the robot's way: an IMU suit, mocap on motion builder's and on CMU's rigs.
CLIPS = [
    "bvh_more/xsens_mvn_test_mocap.bvh",
    "bvh_more/aitviewer_sample.bvh",
    "bvh_more/fair1_dab.bvh",
    "bvh_more/rokoko_jesse_dance.bvh",
    "bandai_bvh/dataset-1_dance-short_normal_001.bvh",
    "misc_bvh/mixamo_Walk-In-Circle.bvh",
    "deepmimic_txt/humanoid3d_dance_a.txt",
]


def human_line(motion: Motion) -> np.ndarray:
    hips, shoulders = (
        motion.role_positions(f"left_{joint}") + motion.role_positions(f"right_{joint}")
        for joint in ("hip", "shoulder")
    )
    return np.asarray(shoulders - hips)


def robot_line(qpos: np.ndarray, model: RobotModel) -> np.ndarray:
    positions, rotations = forward_kinematics(qpos, model)

    def middle(joint: str) -> np.ndarray:
        return np.mean(
            [
                positions[:, model.roles[role]]
                + rotations[:, model.roles[role]] @ model.role_points[role]
                for role in (f"left_{joint}", f"right_{joint}")
            ],
            axis=0,
        )

    return np.asarray(middle("shoulder") - middle("hip"))


@pytest.mark.parametrize("name", ROBOTS)
def test_targets_point_the_trunk_as_the_humans_within_what_the_waist_can_bend(name: str) -> None:
    _, _, targets, shape = make_targets(jump(), robot(name))
    pelvis, chest = targets.frames["pelvis"], targets.frames["chest"]
    upper = chest @ shape.trunk.shoulders
    line = pelvis @ shape.trunk.waist + upper
    assert np.degrees(angle_between(line, human_line(jump()))).max() < 1e-4
    local = np.einsum("tji,tj->ti", pelvis, upper)
    bends = np.arctan2(local[:, :2], local[:, 2:])
    assert (bends >= shape.trunk.bends[:, 0] - 1e-9).all()
    assert (bends <= shape.trunk.bends[:, 1] + 1e-9).all()


def test_a_waist_that_can_bend_leaves_the_pelvis_as_the_humans() -> None:
    _, _, targets, shape = make_targets(jump(), robot())
    assert np.degrees(np.ptp(shape.trunk.bends, axis=1)) == pytest.approx([59.6, 59.6], abs=0.1)
    recorded = find_anatomy(jump()).segment_frames(["pelvis"])[:, 0]
    assert np.abs(targets.frames["pelvis"] - recorded).max() < 1e-9


@pytest.mark.parametrize("name", ["unitree_h1", "booster_t1"])
def test_a_waist_that_only_turns_bends_nowhere(name: str) -> None:
    assert np.ptp(robot_anatomy(robot(name)).trunk.bends, axis=1).max() < 1e-6


@pytest.mark.parametrize("name", ROBOTS)
def test_the_trunk_of_a_result_leans_as_the_humans(name: str) -> None:
    apart = angle_between(
        robot_line(retarget_motion(jump(), robot(name)).qpos, robot(name)), human_line(jump())
    )
    assert np.degrees(np.percentile(apart, 95)) < 6.0


@pytest.mark.parametrize("clip", CLIPS)
def test_no_rig_and_no_arm_in_the_way_makes_the_trunk_lean(clip: str) -> None:
    path = SHARED / clip
    if not path.exists():
        pytest.skip(f"needs {path.name} of the shared clips")
    motion = read_motion(path)
    motion = motion.frames(0, min(len(motion), 600))
    apart = angle_between(
        robot_line(retarget_motion(motion, robot()).qpos, robot()), human_line(motion)
    )
    assert np.degrees(np.percentile(apart, 95)) < 6.0
