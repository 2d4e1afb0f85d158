"""Limbs that do not move as far as the human's are told, by how much, where and on any robot; so is a slow gait."""

from __future__ import annotations

from dataclasses import replace

import motions
import numpy as np
import pytest

from retarget.evaluation import evaluate_result, frame_series
from retarget.evaluation.faults import FAULTS
from retarget.evaluation.frames.standing.gait import find_gait, measure_gait
from retarget.evaluation.frames.standing.stance import Stance
from retarget.geometry import quaternion_product
from retarget.ground import GRAVITY
from retarget.result import RetargetingResult
from retarget.robots import RobotModel, load_robot


@pytest.fixture(scope="module")
def robot() -> RobotModel:
    return load_robot("unitree_g1")


def with_range(result: RetargetingResult, share: float) -> RetargetingResult:
    """Joints that move so far about their means."""
    qpos = result.qpos.copy()
    middle = qpos[:, 7:].mean(axis=0)
    qpos[:, 7:] = middle + share * (qpos[:, 7:] - middle)
    return replace(result, qpos=qpos)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_the_error_is_the_share_of_the_range_that_is_missing(
    share: float, robot: RobotModel
) -> None:
    whole = evaluate_result(motions.jumps(), robot)
    report = evaluate_result(with_range(motions.jumps(), share), robot)
    assert whole.number("limb_gain_error_mean") < 0.06
    assert report["limb_gain_error_mean"] == pytest.approx(1 - share, abs=0.08)


def test_a_motion_that_goes_too_far_fails_as_one_that_does_not_go_far_enough(
    robot: RobotModel,
) -> None:
    report = evaluate_result(with_range(motions.jumps(), 1.5), robot)
    assert report.number("limb_gain_error_mean") > 0.3
    assert "limb_gain_error_mean" in {gate.measure for gate in report.failed_gates}


def test_a_limb_that_is_held_for_seconds_is_told_at_its_time(robot: RobotModel) -> None:
    result = motions.jumps()
    held = FAULTS["arm held"].spoil(result, robot)
    qpos = result.qpos.copy()
    stop = round(4.0 * result.fps)  # of eight seconds: the first of two windows
    qpos[:stop] = held.qpos[:stop]
    report = evaluate_result(replace(result, qpos=qpos), robot)
    gate = next(gate for gate in report.failed_gates if gate.measure == "limb_gain_error_max")
    assert gate.at_s is not None and gate.at_s < 4.0
    assert evaluate_result(held, robot).number("limb_gain_error_max") > 0.7
    series = frame_series(replace(result, qpos=qpos), robot)["limb_gain_error"]
    assert np.nanmax(series[:stop]) == report["limb_gain_error_max"]
    assert np.nanmax(series[stop + 10 :]) < 0.3


def test_it_does_not_matter_where_the_clip_faces_nor_at_which_rate_it_is(
    robot: RobotModel,
) -> None:
    result = with_range(motions.jumps(), 0.6)
    qpos = result.qpos.copy()
    qpos[:, 3:7] = quaternion_product(np.array([np.cos(0.4), 0, 0, np.sin(0.4)]), qpos[:, 3:7])
    there = evaluate_result(replace(result, qpos=qpos), robot)
    coarse = evaluate_result(result.resampled(result.fps / 4), robot)
    for name in ("limb_gain_error_mean", "limb_gain_error_max"):
        own = evaluate_result(result, robot).number(name)
        assert there[name] == pytest.approx(own, abs=1e-5)
        assert coarse[name] == pytest.approx(own, abs=0.03)


def test_who_stands_still_has_no_gain(robot: RobotModel) -> None:
    once = motions.jumps()
    source = once.source
    still = replace(
        once,
        qpos=np.repeat(once.qpos[:1], len(once), axis=0),
        source=replace(
            source,
            positions=np.repeat(source.positions[:1], len(once), axis=0),
            rotations=np.repeat(source.rotations[:1], len(once), axis=0),
        ),
    )
    report = evaluate_result(still, robot)
    assert report["limb_gain_error_mean"] is report["limb_gain_error_max"] is None


@pytest.mark.parametrize("slower", [1.0, 3.0])
@pytest.mark.parametrize("fps", [30.0, 120.0])
def test_the_pace_is_one_where_strides_take_the_time_that_they_take(
    slower: float, fps: float
) -> None:
    leg, stride = 0.85, 1.3
    hip = 1.08 * leg
    speed = np.sqrt(GRAVITY * hip) * (stride / (2.3 * hip)) ** (1 / 0.6)  # Alexander 1976
    period = round(slower * stride / speed * fps)
    frames = 6 * period
    toe, ankles = np.zeros((frames, 2), bool), np.zeros((frames, 2, 3))
    for foot in range(2):
        beat = (np.arange(frames) + foot * period // 2) // period
        phase = (np.arange(frames) + foot * period // 2) % period / period
        toe[:, foot] = phase < 0.6
        ankles[:, foot, 0] = stride * (beat + np.clip((phase - 0.6) / 0.4, 0, 1))
    found = find_gait(Stance(toe, toe, np.zeros((frames, 2)), ankles, ankles), leg, fps)
    assert len(found.paces) >= 8
    assert measure_gait(found)["human_gait_pace"] == pytest.approx(1 / slower, rel=0.03)


def test_short_steps_and_single_strides_say_nothing(robot: RobotModel) -> None:
    assert evaluate_result(motions.jumps().frames(0, 100), robot)["human_gait_pace"] is None


def test_a_recording_at_a_third_of_its_rate_is_told_and_one_at_its_rate_is_not(
    robot: RobotModel,
) -> None:
    result = motions.jumps()
    assert 0.6 < evaluate_result(result, robot).number("human_gait_pace") < 0.9
    report = evaluate_result(FAULTS["slow motion"].spoil(result, robot), robot)
    gate = next(gate for gate in report.failed_gates if gate.measure == "human_gait_pace")
    assert "the human walks at 0.2" in gate.text and "at least 0.4" in gate.text


@pytest.mark.parametrize(("stood", "rise"), [(0.1, 0.0), (0.6, 0.2)])
def test_who_climbs_or_stands_elsewhere_meanwhile_takes_no_stride(
    stood: float, rise: float
) -> None:
    period, frames = 40, 240
    toe, ankles = np.zeros((frames, 2), bool), np.zeros((frames, 2, 3))
    for foot in range(2):
        shifted = np.arange(frames) + foot * period // 2
        toe[:, foot] = shifted % period < stood * period
        ankles[:, foot, 0] = 1.3 * (shifted // period)
        ankles[:, foot, 2] = rise * (shifted // period)
    stance = Stance(toe, toe, np.zeros((frames, 2)), ankles, ankles)
    assert len(find_gait(stance, 0.85, 30.0).paces) == 0
    level = replace(stance, ankles=ankles * [1, 1, 0], toe=np.arange(frames)[:, None] % period < 24)
    assert len(find_gait(replace(level, toe=np.repeat(level.toe, 2, axis=1)), 0.85, 30.0).paces) > 3
