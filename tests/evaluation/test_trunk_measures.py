"""A trunk that leans, turns or tilts otherwise than the human's is seen, whatever the axes of the recorded joints."""

from __future__ import annotations

from dataclasses import replace

import motions
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from retarget.evaluation import ClipReport, evaluate_result
from retarget.evaluation.frames.following.trunk import NAMES
from retarget.result import packed_rotations
from retarget.robots import RobotModel, load_robot


@pytest.fixture(scope="module")
def robot() -> RobotModel:
    return load_robot("unitree_g1")


@pytest.fixture(scope="module")
def good(robot: RobotModel) -> ClipReport:
    return evaluate_result(motions.walk(), robot)


def failed_gates(result, robot: RobotModel) -> set[str]:
    report = evaluate_result(result, robot)
    return {gate.measure for gate in report.gates if not gate.passed}


def test_a_trunk_that_follows_passes(robot: RobotModel, good: ClipReport) -> None:
    assert "trunk_lean_error_p95" not in failed_gates(motions.walk(), robot)
    for name in NAMES:
        assert 0 <= good[f"{name}_mean"] <= good[f"{name}_p95"] < 10, name


@pytest.mark.parametrize("bend", [-15, 15])
def test_a_trunk_that_leans_by_ten_degrees_fails(
    bend: float, robot: RobotModel, good: ClipReport
) -> None:
    """The waist is above the hips: bent by fifteen degrees there, the line from hips to shoulders leans by ten."""
    bent = motions.leaning(motions.walk(), robot, bend)
    assert "trunk_lean_error_p95" in failed_gates(bent, robot)
    report = evaluate_result(bent, robot)
    assert report["trunk_lean_error_mean"] == pytest.approx(10, abs=3)
    assert report["chest_lean_error_mean"] == pytest.approx(15, abs=3)
    for name in ("pelvis_lean_error_mean", "hip_line_error_mean", "limb_error_thigh"):
        assert report[name] == pytest.approx(good[name], abs=1), name


def test_a_whole_robot_that_leans_is_seen_in_pelvis_and_chest(
    robot: RobotModel, good: ClipReport
) -> None:
    walk = motions.walk()
    qpos = walk.qpos.copy()
    back = Rotation.from_euler("y", -15, degrees=True)
    base = Rotation.from_quat(qpos[:, 3:7], scalar_first=True)
    qpos[:, 3:7] = (base * back).as_quat(scalar_first=True)
    report = evaluate_result(motions.with_qpos(walk, qpos), robot)
    for name in ("trunk_lean_error_mean", "chest_lean_error_mean", "pelvis_lean_error_mean"):
        assert report[name] > 10 > good[name], name
    for name in ("hip_line_error_mean", "shoulder_line_error_mean"):
        assert report[name] == pytest.approx(good[name], abs=2), name


def test_a_twisted_waist_is_seen_in_the_heading_of_the_chest(
    robot: RobotModel, good: ClipReport
) -> None:
    walk = motions.walk()
    qpos = walk.qpos.copy()
    qpos[:, 7 + robot.joint_names.index("waist_yaw_joint")] += np.radians(30)
    report = evaluate_result(motions.with_qpos(walk, qpos), robot)
    # The one yaw of the clip is fitted to the limbs, of which the arms are turned, too.
    turned = report["chest_heading_error_mean"] + report["pelvis_heading_error_mean"]
    assert turned == pytest.approx(30, abs=6)
    assert report["trunk_lean_error_mean"] < good["trunk_lean_error_mean"] + 2


def test_a_pelvis_that_tilts_sideways_is_seen_in_the_line_of_the_hips(
    robot: RobotModel, good: ClipReport
) -> None:
    walk = motions.walk()
    qpos = walk.qpos.copy()
    base = Rotation.from_quat(qpos[:, 3:7], scalar_first=True)
    tilt = Rotation.from_euler("x", 20, degrees=True)
    qpos[:, 3:7] = (base * tilt).as_quat(scalar_first=True)
    qpos[:, 7 + robot.joint_names.index("waist_roll_joint")] -= np.radians(20)
    report = evaluate_result(motions.with_qpos(walk, qpos), robot)
    assert report["hip_line_error_mean"] == pytest.approx(20, abs=5)
    assert report["shoulder_line_error_mean"] < good["shoulder_line_error_mean"] + 3


def test_lines_that_stand_upright_have_no_heading(robot: RobotModel) -> None:
    walk = motions.walk()
    positions = walk.source.positions.copy()
    for joint in ("hip", "shoulder"):
        for side, height in (("left", 1.2), ("right", 0.8)):
            positions[:, walk.source.position_roles.index(f"{side}_{joint}")] = [0, 0, height]
    report = evaluate_result(replace(walk, source=replace(walk.source, positions=positions)), robot)
    for part in ("pelvis", "chest"):
        assert report[f"{part}_heading_error_mean"] is report[f"{part}_heading_error_p95"] is None


def test_axes_of_the_recorded_joints_mean_nothing(robot: RobotModel, good: ClipReport) -> None:
    walk = motions.walk()
    rotations = walk.source.rotations.astype(np.float64)
    for column, turn in enumerate(Rotation.random(rotations.shape[1], random_state=5)):
        mine = Rotation.from_quat(rotations[:, column], scalar_first=True) * turn
        rotations[:, column] = mine.as_quat(scalar_first=True)
    source = replace(walk.source, rotations=packed_rotations(rotations))
    report = evaluate_result(replace(walk, source=source), robot)
    for name in NAMES:
        assert report[f"{name}_p95"] == pytest.approx(good[f"{name}_p95"], abs=1e-2), name


def test_a_constant_lean_of_the_recording_is_not_forgiven(robot: RobotModel) -> None:
    """A human who leans ten degrees more in every frame is followed worse by ten degrees: no offset hides it."""
    walk = motions.walk()
    base = Rotation.from_quat(walk.qpos[:, 3:7], scalar_first=True)
    forward = base.apply([1.0, 0.0, 0.0])
    positions = walk.source.positions.copy()
    for side in ("left", "right"):
        shoulder = walk.source.position_roles.index(f"{side}_shoulder")
        positions[:, shoulder] += 0.09 * forward  # ten degrees of half a metre
    leaning = replace(walk, source=replace(walk.source, positions=positions))
    assert "trunk_lean_error_p95" in failed_gates(leaning, robot)


def test_arms_that_swing_on_a_collar_bone_lean_no_trunk() -> None:
    """TALOS' shoulders ride on a joint by which arms swing ahead: their centres move by 9 cm, its trunk does not."""
    talos = load_robot("pal_talos")
    result = motions.walk("pal_talos")
    qpos = result.qpos.copy()
    for side, ahead in (("left", -0.7), ("right", 0.7)):
        qpos[:, 7 + talos.joint_names.index(f"arm_{side}_1_joint")] += ahead
    before, after = (
        evaluate_result(one, talos)["trunk_lean_error_mean"]
        for one in (result, replace(result, qpos=qpos))
    )
    assert before is not None
    assert before < 3
    assert after == pytest.approx(before, abs=0.05)


def test_thighs_that_rise_lean_no_trunk_and_turn_no_hips(robot: RobotModel) -> None:
    """The axes of the G1's hips do not meet: one thigh raised by 60 degrees moves their middle by 2 cm, no pelvis."""
    result = motions.walk()
    qpos = result.qpos.copy()
    qpos[:, 7 + robot.joint_names.index("left_hip_pitch_joint")] -= np.radians(60)
    before, after = (
        evaluate_result(motions.with_qpos(result, one), robot) for one in (result.qpos, qpos)
    )
    assert after["limb_error_thigh"] > before["limb_error_thigh"] + 10
    for name in ("trunk_lean_error_mean", "hip_line_error_mean", "pelvis_heading_error_mean"):
        # The yaw of the clip comes from the limbs, and moves a little.
        assert after[name] == pytest.approx(before[name], abs=1), name
