"""Faults of a moment: seen in a clip of any length, by measures that a sound motion passes."""

from __future__ import annotations

from dataclasses import replace

import motions
import numpy as np
import pytest

from retarget.evaluation import MEASURES, SERIES, evaluate_result, frame_series
from retarget.evaluation.faults import FAULTS
from retarget.evaluation.look import look_at
from retarget.evaluation.measures.moments import MEASURES as MOMENTS
from retarget.evaluation.moments import measure_moments
from retarget.robots import RobotModel, load_robot


@pytest.fixture(scope="module")
def robot() -> RobotModel:
    return load_robot("unitree_g1")


def test_the_worst_second_is_the_largest_mean_over_one(robot: RobotModel) -> None:
    result = motions.jumps()
    error = frame_series(result, robot)["limb_error"]
    span = round(result.fps)
    means = [error[t : t + span].mean() for t in range(len(error) - span + 1)]
    assert evaluate_result(result, robot)["limb_error_second"] == pytest.approx(max(means))


def test_shares_count_frames_over_the_level_of_their_series(robot: RobotModel) -> None:
    result = motions.jumps()
    spoilt = FAULTS["floating a second"].spoil(result, robot)
    lift = frame_series(spoilt, robot)["sole_lift"]
    over = np.convolve(lift > SERIES["sole_lift"].level, np.ones(round(result.fps)), "valid")
    report = evaluate_result(spoilt, robot)
    assert report["sole_lifted_second"] == pytest.approx(over.max() / round(result.fps))


def test_clips_under_a_second_have_no_worst_second(robot: RobotModel) -> None:
    seen = look_at(motions.walk().frames(0, 20), robot)
    assert set(measure_moments(seen, {}).values()) == {None}
    report = evaluate_result(motions.walk().frames(0, 20), robot)
    assert all(report[one.name] is None for one in MOMENTS if one.name.endswith("_second"))


@pytest.mark.parametrize("name", ["limb_error_second", "toe_slide_second", "jerk_second"])
def test_a_fault_of_a_second_weighs_the_same_in_a_longer_clip(name: str, robot: RobotModel) -> None:
    fault = next(one for one in FAULTS.values() if one.seen_by == name)
    whole = fault.spoil(motions.jumps(), robot)
    middle = len(whole) // 2
    part = whole.frames(middle - 150, middle + 150)
    measured = [evaluate_result(one, robot).number(name) for one in (whole, part)]
    assert measured[0] == pytest.approx(measured[1], rel=0.25)


def test_a_pop_is_seen_at_its_frame_and_a_pop_of_the_human_is_not_the_robots(
    robot: RobotModel,
) -> None:
    result = motions.jumps()
    qpos = result.qpos.copy()
    qpos[100, 7:] += 0.3
    qpos[:, 7:] = qpos[:, 7:].clip(robot.lower, robot.upper)
    spoilt = replace(result, qpos=qpos)
    gate = next(
        g for g in evaluate_result(spoilt, robot).failed_gates if g.measure == "limb_pop_max"
    )
    assert gate.at_s == pytest.approx(100 / result.fps, abs=0.04)
    source = result.source.positions.copy()
    wrist = result.source.position_roles.index("left_wrist")
    source[100, wrist] += 0.1
    popped = replace(result, source=replace(result.source, positions=source))
    sound = evaluate_result(result, robot).number("limb_pop_max")
    assert evaluate_result(popped, robot).number("limb_pop_max") < sound + 5.0


def test_a_heading_that_drifts_is_told_by_how_much(robot: RobotModel) -> None:
    result = motions.jumps()
    sound = evaluate_result(result, robot).number("heading_drift")
    report = evaluate_result(FAULTS["drifting"].spoil(result, robot), robot)
    windows = round(result.duration / 2.0)
    assert report["heading_drift"] == pytest.approx(30.0 * (1 - 1 / windows), abs=sound + 4.0)
    series = frame_series(FAULTS["drifting"].spoil(result, robot), robot)["heading_error"]
    assert np.ptp(series) <= report.number("heading_drift")


def test_flight_is_kept_by_a_sound_jump_and_by_nobody_on_the_floor(robot: RobotModel) -> None:
    assert evaluate_result(motions.jumps(), robot)["flight_kept"] == 1.0
    assert (
        evaluate_result(FAULTS["earthbound"].spoil(motions.jumps(), robot), robot)["flight_kept"]
        == 0.0
    )
    assert evaluate_result(motions.walk(), robot)["flight_kept"] is None
    assert MEASURES["flight_kept"].better == "higher"
