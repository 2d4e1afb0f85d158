"""Feet that drag along the floor in swing, and a robot that hovers, are seen; feet that lift are not blamed."""

from __future__ import annotations

from dataclasses import replace

import motions
import numpy as np
import pytest

from retarget.evaluation import ClipReport, Gates, evaluate_result
from retarget.evaluation.frames.standing.human import flight
from retarget.evaluation.frames.standing.stance import find_stance
from retarget.robots import RobotModel, load_robot

SWING_GATES = {"swing_scuff_excess", "swing_clearance_lack", "both_soles_down_excess"}


@pytest.fixture(scope="module")
def robot() -> RobotModel:
    return load_robot("unitree_g1")


def judged(result, robot: RobotModel) -> tuple[ClipReport, set[str]]:
    report = evaluate_result(result, robot, gates=Gates.named("strict"))
    return report, {gate.measure for gate in report.gates if not gate.passed}


def test_feet_that_lift_as_the_humans_do_pass(robot: RobotModel) -> None:
    report, failed = judged(motions.peers_dance(), robot)
    assert not failed & SWING_GATES
    assert report["swing_clearance"] == pytest.approx(report["human_swing_clearance"], rel=0.1)


def test_a_shuffling_motion_fails(robot: RobotModel) -> None:
    lifted = motions.peers_dance()
    shuffled = motions.shuffling(lifted, robot)
    moved = np.abs(shuffled.qpos - lifted.qpos).max(axis=0) > 1e-9
    assert moved.sum() == 2  # nothing but the ankles
    report, failed = judged(shuffled, robot)
    assert failed >= SWING_GATES
    before, _ = judged(lifted, robot)
    assert report["swing_scuff_share"] > 1.5 * before["swing_scuff_share"]
    assert report["swing_clearance"] < 0.7 * before["swing_clearance"]
    for name in ("human_swing_scuff_share", "human_swing_clearance", "human_both_soles_down_share"):
        assert report[name] == before[name]


def test_a_foot_that_stands_still_on_the_floor_does_not_scuff(robot: RobotModel) -> None:
    report = evaluate_result(motions.frozen(motions.walk()), robot)
    assert report["swing_scuff_share"] == 0
    assert report["swing_clearance"] is None  # it never swings


def test_a_foot_that_slides_along_the_floor_scuffs_all_the_time(robot: RobotModel) -> None:
    sliding = motions.drifting(motions.frozen(motions.walk()), 0.6)
    heights = motions.sole_heights(sliding, robot)
    report = evaluate_result(sliding, robot)
    assert report["swing_scuff_share"] == (heights < 0.01).mean() > 0
    assert report["swing_clearance"] == pytest.approx(np.median(heights), abs=1e-9)


def test_both_soles_are_down_where_the_lower_points_of_both_are(robot: RobotModel) -> None:
    walk = motions.walk()
    down = (motions.sole_heights(walk, robot) < 0.01).all(axis=1).mean()
    assert evaluate_result(walk, robot)["both_soles_down_share"] == down


def test_the_human_rests_where_it_rests_whatever_the_height_of_its_joints(
    robot: RobotModel,
) -> None:
    """One side's markers two centimetres higher, and all of it on another storey: the same human."""
    walk = motions.walk()
    here = evaluate_result(walk, robot)
    positions = walk.source.positions.copy()
    positions[..., 2] += 0.5
    for joint in ("toe", "ankle"):
        positions[:, walk.source.position_roles.index(f"left_{joint}"), 2] += 0.02
    there = evaluate_result(replace(walk, source=replace(walk.source, positions=positions)), robot)
    for name in ("human_swing_scuff_share", "human_swing_clearance", "human_both_soles_down_share"):
        assert there[name] == pytest.approx(here[name], rel=0.05, abs=1e-4), name


def test_a_foot_held_up_all_the_time_is_no_foot_at_rest(robot: RobotModel) -> None:
    walk = motions.walk()
    positions = walk.source.positions.copy()
    for joint in ("toe", "ankle"):
        positions[:, walk.source.position_roles.index(f"left_{joint}"), 2] += 0.3
    one_leg = replace(walk, source=replace(walk.source, positions=positions))
    assert evaluate_result(one_leg, robot)["human_both_soles_down_share"] == 0


def test_double_support_of_a_human_who_stands_still_is_all_of_the_time(robot: RobotModel) -> None:
    """Noise of a centimetre lifts resting joints over the threshold, but they stand."""
    walk = motions.frozen(motions.walk())
    positions = np.repeat(walk.source.positions[:1], len(walk), 0)
    for side in ("left", "right"):
        for joint in ("toe", "ankle"):
            column = walk.source.position_roles.index(f"{side}_{joint}")
            positions[:, column, 2] = 0.02 * (np.arange(len(walk)) > len(walk) / 4)
    qpos = walk.qpos.copy()
    qpos[:, 3:7], qpos[:, 7:] = [1, 0, 0, 0], 0
    qpos[:, 2] -= motions.sole_heights(motions.with_qpos(walk, qpos), robot)[0].min()
    still = motions.with_qpos(replace(walk, source=replace(walk.source, positions=positions)), qpos)
    assert find_stance(still.source, still.fps).toe.mean() > 0.9
    report, failed = judged(still, robot)
    assert report["both_soles_down_share"] == 1.0 > report["human_both_soles_down_share"]
    assert not failed & SWING_GATES


@pytest.mark.parametrize("clip", [motions.walk, motions.jumps])
def test_a_hovering_motion_floats(clip, robot: RobotModel) -> None:
    report, failed = judged(motions.raised(clip(), 0.05), robot)
    assert report["floating_share"] > 0.5
    assert "floating_share" in failed
    good, failed = judged(clip(), robot)
    assert good["floating_share"] == 0
    assert "floating_share" not in failed


def test_a_runner_flies_and_does_not_float(robot: RobotModel) -> None:
    path = motions.shared("deepmimic_txt/humanoid3d_run.txt")
    run = motions.retarget_motion(motions.read_motion(path), robot)
    heights = motions.sole_heights(run, robot).min(axis=1)
    assert (heights > 0.02).mean() > 0.15
    assert evaluate_result(run, robot)["floating_share"] == 0
    assert "floating_share" in judged(motions.raised(run, 0.05), robot)[1]


def test_a_robot_that_rests_on_its_trunk_does_not_float(robot: RobotModel) -> None:
    walk = motions.walk()
    qpos = walk.qpos.copy()
    qpos[:, 2] = 0.09
    qpos[:, 3:7] = [np.sqrt(0.5), 0, -np.sqrt(0.5), 0]  # on its back ...
    for side in ("left", "right"):
        qpos[
            :, 7 + robot.joint_names.index(f"{side}_hip_pitch_joint")
        ] = -1.0  # ... its feet in the air
    lying = motions.with_qpos(walk, qpos)
    assert motions.sole_heights(lying, robot).min() > 0.2
    assert evaluate_result(lying, robot)["floating_share"] == 0
    assert evaluate_result(motions.raised(lying, 0.3), robot)["floating_share"] == 1


def test_flight_is_free_fall() -> None:
    fps = 60.0
    t = np.arange(120) / fps
    airborne = (t > 0.5) & (t < 1.0)
    jump = 0.9 + np.where(airborne, 9.81 / 2 * (t - 0.5) * (1.0 - t), 0)
    bob = 0.9 + 0.02 * np.sin(2 * np.pi * 2 * t)
    assert flight(airborne, jump, fps)[airborne].all()
    assert flight(airborne, jump, fps).sum() < airborne.sum() + 2 * 6 + 1
    assert not flight(airborne, bob, fps).any()
    assert not flight(np.zeros(120, bool), jump, fps).any()
