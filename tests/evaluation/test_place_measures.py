"""A robot that goes elsewhere than the human, in another size or at another time, is seen by the measure of it."""

from __future__ import annotations

from dataclasses import replace

import motions
import numpy as np
import pytest

from retarget.evaluation import MEASURES, ClipReport, evaluate_result, frame_series
from retarget.evaluation.frames.following.smoothness import spectral_arc_lengths
from retarget.result import RetargetingResult, YieldedHold
from retarget.robots import RobotModel, load_robot


@pytest.fixture(scope="module")
def robot() -> RobotModel:
    return load_robot("unitree_g1")


@pytest.fixture(scope="module")
def good(robot: RobotModel) -> ClipReport:
    return evaluate_result(motions.jumps(), robot)


def test_a_motion_that_follows_goes_where_the_human_goes(good: ClipReport) -> None:
    assert good["root_path_error_p95"] < 0.06
    assert good["root_height_error_p95"] < 0.06
    assert good["path_scale_error"] < 0.05
    assert good["key_body_error_mean"] < 0.08
    assert good["key_body_posture_error_mean"] < 0.12
    assert good["contact_recall"] > 0.95
    assert good["contact_precision"] > 0.8
    assert good["time_offset"] < 0.01


def test_a_path_that_leaves_the_humans_is_seen(robot: RobotModel, good: ClipReport) -> None:
    jumps = motions.jumps()
    qpos = jumps.qpos.copy()
    qpos[:, 1] += 0.3 * np.sin(np.linspace(0, 4 * np.pi, len(qpos)))
    report = evaluate_result(motions.with_qpos(jumps, qpos), robot)
    assert report["root_path_error_mean"] == pytest.approx(0.19, abs=0.04)  # 2/pi of the amplitude
    assert report["key_body_error_mean"] > 0.15
    for name in ("limb_error_mean", "root_height_error_mean", "key_body_posture_error_mean"):
        assert report[name] == pytest.approx(good[name], abs=1e-4), name


def test_a_root_that_bobs_is_seen_in_its_height_alone(robot: RobotModel, good: ClipReport) -> None:
    jumps = motions.jumps()
    qpos = jumps.qpos.copy()
    qpos[:, 2] += 0.1 * np.sin(np.arange(len(qpos)))
    report = evaluate_result(motions.with_qpos(jumps, qpos), robot)
    assert report["root_height_error_mean"] > 0.05 > good["root_height_error_mean"]
    assert report["root_path_error_mean"] == pytest.approx(good["root_path_error_mean"], abs=1e-6)
    shifted = evaluate_result(
        motions.raised(jumps, 0.2), robot
    )  # a constant is the floor's measures' to see
    assert shifted["root_height_error_mean"] == pytest.approx(good["root_height_error_mean"])


@pytest.mark.parametrize("scale", [0.7, 1.4])
def test_a_path_in_another_size_is_seen(scale: float, robot: RobotModel, good: ClipReport) -> None:
    jumps = motions.jumps()
    qpos = jumps.qpos.copy()
    qpos[:, :2] = qpos[0, :2] + scale * (qpos[:, :2] - qpos[0, :2])
    report = evaluate_result(motions.with_qpos(jumps, qpos), robot)
    assert report["path_scale_error"] == pytest.approx(abs(np.log(scale)), abs=0.02)
    assert report["toe_slide_mean"] > 5 * good["toe_slide_mean"]


def test_who_stands_on_the_spot_has_no_scale_of_a_path(robot: RobotModel) -> None:
    short = motions.jumps().frames(0, 20)
    report = evaluate_result(short, robot)
    assert report["path_scale_error"] is None
    assert report["root_path_error_mean"] < 0.03


def test_arms_that_hang_are_off_the_humans_whatever_the_root_does(
    robot: RobotModel, good: ClipReport
) -> None:
    jumps = motions.jumps()
    qpos = jumps.qpos.copy()
    arms = [k for k, name in enumerate(robot.joint_names) if "shoulder" in name or "elbow" in name]
    qpos[:, [7 + k for k in arms]] = 0.0
    report = evaluate_result(motions.with_qpos(jumps, qpos), robot)
    for name in ("key_body_error_mean", "key_body_posture_error_mean"):
        assert report[name] > good[name] + 0.02, name
    assert report["root_path_error_mean"] == pytest.approx(good["root_path_error_mean"], abs=2e-3)


@pytest.mark.parametrize("seconds", [0.1, 0.3])
def test_a_late_motion_says_by_how_much(seconds: float, robot: RobotModel) -> None:
    report = evaluate_result(motions.late(motions.jumps(), seconds), robot)
    assert report["time_offset"] == pytest.approx(seconds, abs=0.02)
    early = motions.late(motions.jumps(), 0.0)
    qpos = np.concatenate([early.qpos[6:], np.repeat(early.qpos[-1:], 6, 0)])
    assert evaluate_result(motions.with_qpos(early, qpos), robot)["time_offset"] == pytest.approx(
        0.2, abs=0.02
    )


def stretched(result: RetargetingResult, factor: float) -> RetargetingResult:
    """The robot moves slower by a factor than the human from the first frame on."""
    at = np.minimum(np.arange(len(result)) / factor, len(result) - 1)
    qpos = result.qpos[np.round(at).astype(int)]
    return motions.with_qpos(result, qpos)


def test_a_clock_that_is_off_drifts(robot: RobotModel) -> None:
    whole = motions.walk() if len(motions.walk()) > 8 * motions.walk().fps else motions.jumps()
    good, slow = (evaluate_result(result, robot) for result in (whole, stretched(whole, 1.04)))
    assert good["time_drift"] < 0.02
    between = (len(whole) / whole.fps) / 2  # two windows are half a clip apart
    assert slow["time_drift"] == pytest.approx(0.04 / 1.04 * between, abs=0.05)


def test_steps_that_the_robot_does_not_take_are_missed(robot: RobotModel) -> None:
    hovering = evaluate_result(motions.raised(motions.jumps(), 0.05), robot)
    assert hovering["contact_recall"] == 0.0
    assert hovering["contact_precision"] is None  # nothing of it stands
    assert hovering["sole_height_mean"] == pytest.approx(0.05, abs=0.005)
    assert hovering["lower_sole_height_mean"] > 0.05


def test_feet_that_stand_while_the_human_jumps_are_false(robot: RobotModel) -> None:
    report = evaluate_result(motions.frozen(motions.jumps()), robot)
    assert report["contact_recall"] == 1.0
    assert report["contact_preservation"] == 1.0
    assert report["contact_precision"] < 0.9
    series = frame_series(motions.frozen(motions.jumps()), robot)["false_contacts"]
    assert series.max() == 1.0 and series.min() == 0.0


def test_sliding_and_skating_differ_by_speed(robot: RobotModel, good: ClipReport) -> None:
    assert good["sliding_share"] < 0.05 and good["skating_share"] == 0
    slow, fast = (evaluate_result(motions.drifting(motions.jumps(), v), robot) for v in (0.15, 0.4))
    assert slow["sliding_share"] > 0.95 and slow["skating_share"] < 0.05
    assert fast["sliding_share"] > 0.95 and fast["skating_share"] > 0.95


def test_what_is_in_the_floor_is_counted_as_a_peer_counts_it(robot: RobotModel) -> None:
    shallow, deep = (
        evaluate_result(motions.raised(motions.jumps(), -d), robot) for d in (0.008, 0.05)
    )
    assert shallow["penetration_share"] < 0.02
    assert deep["penetration_max"] == pytest.approx(0.05, abs=2e-3)
    assert deep["penetration_share"] == pytest.approx((deep["stance_share"] + 1) / 2, abs=0.35)
    assert deep["penetration_share"] > 0.6


def test_a_motion_that_goes_in_jerks_has_a_longer_spectrum(
    robot: RobotModel, good: ClipReport
) -> None:
    jumps = motions.jumps()
    held = jumps.qpos[np.arange(len(jumps)) // 6 * 6]  # five times a second
    report = evaluate_result(motions.with_qpos(jumps, held), robot)
    assert report["spectral_arc_length"] < 1.3 * good["spectral_arc_length"] < 0
    assert report["human_spectral_arc_length"] == good["human_spectral_arc_length"]
    assert MEASURES["spectral_arc_length"].better == "higher"
    assert evaluate_result(motions.frozen(jumps), robot)["spectral_arc_length"] is None


def test_spectral_arc_length_of_one_smooth_reach_is_the_published_one() -> None:
    """A minimum-jerk movement of a second has about -1.4, whatever its size (Balasubramanian et al. 2015)."""
    s = np.linspace(0, 1, 101)
    reach = 10 * s**3 - 15 * s**4 + 6 * s**5
    for size in (0.5, 2.0):
        lengths = spectral_arc_lengths(size * reach[:, None, None] * np.ones(3), 100.0)
        assert lengths == pytest.approx([-1.41], abs=0.03)


def test_what_the_solver_could_not_hold_is_told(robot: RobotModel, good: ClipReport) -> None:
    jumps = motions.jumps()
    assert good["yielded_share"] == 0 and good["anchor_miss_max"] < 0.05
    off = {"anchor_m": np.full(len(jumps), 0.07, np.float32)}
    hold = YieldedHold("left_toe", 1.0, 2.0, 0.12)
    report = evaluate_result(replace(jumps, residuals=off, yielded=(hold,)), robot)
    assert report["anchor_miss_p95"] == report["anchor_miss_max"] == pytest.approx(0.07)
    assert report["yielded_share"] == pytest.approx(30 / len(jumps))
    assert report["yielded_max"] == 0.12
    others = evaluate_result(replace(jumps, residuals={}), robot)
    assert others["anchor_miss_max"] is None and others["yielded_share"] is None
