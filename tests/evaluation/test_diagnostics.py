"""Where a clip cannot be followed, the report says so; where it can, it is silent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from retarget import RetargetingResult, evaluate_result, load_robot, read_motion, retarget_motion
from retarget.demo import embedded_clips
from retarget.evaluation.diagnostics import diagnose
from retarget.result import YieldedHold


@pytest.fixture(scope="module")
def robot():
    return load_robot("unitree_g1")


@pytest.fixture(scope="module")
def result(robot):
    walk = next(p for p in embedded_clips() if "walk" in p.name)
    return retarget_motion(read_motion(walk), robot)


def test_a_joint_held_at_its_limit_is_named_with_its_time(result, robot) -> None:
    joint = robot.joint_names.index("left_elbow_joint")
    qpos = result.qpos.copy()
    qpos[10:40, 7 + joint] = robot.upper[joint]
    found = [
        d for d in diagnose(replace(result, qpos=qpos), robot) if d.joint == "left_elbow_joint"
    ]
    assert [(d.kind, d.start_s, d.end_s) for d in found] == [
        ("position_limit", 10 / result.fps, 40 / result.fps)
    ]
    assert found[0].text == "left_elbow_joint is at its position limit from 0.3 to 1.3 s"


def test_a_joint_at_its_speed_limit_for_long_is_named(result, robot) -> None:
    joint = robot.joint_names.index("waist_yaw_joint")
    step = 12.0 / result.fps
    qpos = result.qpos.copy()
    qpos[:, 7 + joint] = np.abs(np.arange(len(qpos)) % 80 - 40) * step
    kinds = {(d.kind, d.joint) for d in diagnose(replace(result, qpos=qpos), robot)}
    assert ("speed_limit", "waist_yaw_joint") in kinds
    unlimited = replace(result, qpos=qpos, provenance={"options": {"speed_limits": False}})
    assert all(d.kind != "speed_limit" for d in diagnose(unlimited, robot))


def test_a_joint_at_its_acceleration_limit_for_long_is_named(result, robot) -> None:
    joint = robot.joint_names.index("waist_yaw_joint")
    frames = np.arange(len(result))
    seconds = (frames - 30) / result.fps
    qpos = result.qpos.copy()
    qpos[:, 7:] = robot.neutral
    qpos[:, 7 + joint] = np.where(frames < 60, seconds**2 - 1, 1 - (seconds - 2) ** 2)
    moved = replace(result, qpos=qpos, provenance={"options": {"joint_acceleration_limit": 2.0}})
    kinds = {(d.kind, d.joint) for d in diagnose(moved, robot)}
    assert kinds == {("acceleration_limit", "waist_yaw_joint")}


def test_an_overlap_that_stays_is_reported_with_its_worst(result, robot) -> None:
    values = np.zeros(len(result), np.float32)
    values[20:50] = 0.03
    values[30] = 0.07
    values[60] = 0.5  # a moment is no diagnosis
    deep = replace(result, residuals={"overlap_m": values})
    found = [d for d in diagnose(deep, robot) if d.kind == "overlap"]
    assert len(found) == 1
    assert found[0].worst == pytest.approx(0.07)
    assert (found[0].start_s, found[0].end_s) == (20 / result.fps, 50 / result.fps)


def test_holds_that_gave_way_are_reported(result, robot) -> None:
    assert result.yielded == ()
    hold = YieldedHold("left_toe", 0.5, 1.25, 0.034)
    (found,) = [d for d in diagnose(replace(result, yielded=(hold,)), robot) if d.kind == "hold"]
    assert (found.point, found.start_s, found.end_s, found.worst) == ("left_toe", 0.5, 1.25, 0.034)
    assert found.text == "left toe on the ground is up to 3.4 cm off its place from 0.5 to 1.2 s"


def test_bodies_that_overlap_are_named(result, robot) -> None:
    values = np.zeros(len(result), np.float32)
    values[20:50] = 0.03
    values[30] = 0.07
    qpos = result.qpos.copy()
    qpos[30, 7:] = robot.neutral
    across = {"left_shoulder_roll_joint": -1.0, "left_elbow_joint": 0.5}
    for name, angle in across.items():  # the left upper arm in the chest
        qpos[30, 7 + robot.joint_names.index(name)] = angle
    (found,) = [
        d
        for d in diagnose(replace(result, qpos=qpos, residuals={"overlap_m": values}), robot)
        if d.kind == "overlap"
    ]
    assert found.bodies == ("left_shoulder_yaw_collision", "torso_collision")
    assert found.text.startswith(
        "left_shoulder_yaw_collision and torso_collision overlap by up to 70 mm"
    )


def test_reports_carry_the_diagnostics_through_a_file(result, robot, tmp_path) -> None:
    qpos = result.qpos.copy()
    qpos[:, 7 + 3] = robot.upper[3]
    broken = replace(result, qpos=qpos)
    broken.save_npz(tmp_path / "result.npz")
    report = evaluate_result(RetargetingResult.load_npz(tmp_path / "result.npz"), robot)
    assert robot.joint_names[3] in {d.joint for d in report.diagnostics}
    report.write(tmp_path / "report.json")
    assert type(report).read(tmp_path / "report.json").diagnostics == report.diagnostics


def test_residuals_survive_saving_and_resampling(result, tmp_path) -> None:
    assert set(result.residuals) == {"anchor_m", "overlap_m"}
    result.save_npz(tmp_path / "result.npz")
    loaded = RetargetingResult.load_npz(tmp_path / "result.npz")
    assert np.array_equal(loaded.residuals["anchor_m"], result.residuals["anchor_m"])
    assert len(loaded.resampled(50.0).residuals["anchor_m"]) == len(loaded.resampled(50.0))
