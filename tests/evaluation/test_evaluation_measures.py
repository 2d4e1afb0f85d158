"""Each way in which a motion can be bad is seen by the measure that should see it."""

from __future__ import annotations

import sys
from dataclasses import replace

import motions
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from capsules import capsule_ends, pair_gaps
from retarget.errors import RobotError, RoleError
from retarget.evaluation import MEASURES, ClipReport, Gates, evaluate_result
from retarget.evaluation.frames.standing.stance import find_stance
from retarget.result import RetargetingResult, SourceClip, packed_rotations
from retarget.robots import RobotModel, load_robot


@pytest.fixture(scope="module")
def robot() -> RobotModel:
    return load_robot("unitree_g1")


@pytest.fixture(scope="module")
def good(robot: RobotModel) -> ClipReport:
    return evaluate_result(motions.jumps(), robot)


def failed_gates(report: ClipReport) -> set[str]:
    return {gate.measure for gate in report.gates if not gate.passed}


@pytest.mark.parametrize("name", ["unitree_g1", "unitree_h1", "booster_t1", "fourier_gr3"])
def test_a_good_motion_on_a_real_clip_passes_every_gate(name: str) -> None:
    report = evaluate_result(motions.jumps(name), load_robot(name))
    assert report.passed, failed_gates(report)
    assert report["limb_error_mean"] < 2.5
    assert report["toe_slide_mean"] < 0.02
    assert report["sole_lifted_share"] < 0.01
    assert 0.2 < report["stance_share"] < 0.9


def test_a_frozen_motion_does_not_follow_the_limbs(robot: RobotModel, good: ClipReport) -> None:
    report = evaluate_result(motions.frozen(motions.jumps()), robot)
    assert report["limb_error_mean"] > 8
    assert report["limb_error_mean"] > 5 * good["limb_error_mean"]
    assert report["orientation_error_mean"] > 1.5 * good["orientation_error_mean"]
    assert "limb_error_mean" in failed_gates(report)
    assert report["joint_speed_max"] == report["jerk_max"] == 0


def test_a_floating_motion_has_its_soles_off_the_floor(robot: RobotModel, good: ClipReport) -> None:
    report = evaluate_result(motions.raised(motions.jumps(), 0.05), robot)
    assert report["sole_lifted_share"] == 1.0
    assert report["sole_penetration_max"] == 0.0
    assert failed_gates(report) == {
        *("sole_lifted_share", "floating_share", "force_left_mean", "contact_recall"),
        *("sole_lifted_second", "floating_second", "force_left_second"),
    }
    assert report["limb_error_mean"] == pytest.approx(good["limb_error_mean"], abs=1e-6)


def test_a_sinking_motion_has_its_soles_in_the_floor(robot: RobotModel, good: ClipReport) -> None:
    report = evaluate_result(motions.raised(motions.jumps(), -0.05), robot)
    expected = good["sole_penetration_max"] + 0.05
    assert report["sole_penetration_max"] == pytest.approx(expected, abs=2e-3)
    assert failed_gates(report) == {"sole_penetration_max", "body_penetration_max"}


def test_a_sliding_motion_slides_at_the_speed_it_drifts(robot: RobotModel) -> None:
    report = evaluate_result(motions.drifting(motions.jumps(), 0.2), robot)
    assert report["toe_slide_mean"] == pytest.approx(0.2, abs=0.02)
    assert report["heel_slide_mean"] == pytest.approx(0.2, abs=0.05)
    places = {"root_path_error_p95", "key_body_error_mean", "path_scale_error"}
    slides = {"toe_slide_mean", "toe_slide_second"}
    assert slides <= failed_gates(report) <= {*slides, *places}


def test_a_trembling_foot_slides_too(robot: RobotModel, good: ClipReport) -> None:
    """Two millimetres to and fro every frame: a central difference would see nothing."""
    jumps = motions.jumps()
    qpos = jumps.qpos.copy()
    qpos[::2, 0] += 0.002
    report = evaluate_result(motions.with_qpos(jumps, qpos), robot)
    assert report["toe_slide_mean"] > 0.002 * jumps.fps * 0.8 > 4 * good["toe_slide_mean"]


def test_a_late_motion_does_not_follow_the_limbs(robot: RobotModel, good: ClipReport) -> None:
    report = evaluate_result(motions.late(motions.jumps(), 0.3), robot)
    assert report["limb_error_mean"] > 5 * good["limb_error_mean"]
    assert report["toe_slide_mean"] > 5 * good["toe_slide_mean"]
    assert {"limb_error_mean", "toe_slide_mean"} <= failed_gates(report)


def test_a_random_motion_is_bad_at_everything_but_joint_limits(robot: RobotModel) -> None:
    report = evaluate_result(motions.random(motions.jumps(), robot), robot)
    assert report["limb_error_mean"] > 40
    assert report["velocity_limit_share"] > 0.9
    assert report["joint_jumps"] > 100
    assert report["jerk_mean"] > 1e4
    assert report["self_collision_share"] > 0.1
    assert report["position_limit_share"] == 0
    assert len(failed_gates(report)) >= 6


def test_a_joint_beyond_its_limit_is_measured_in_radians(robot: RobotModel) -> None:
    jumps = motions.jumps()
    qpos = jumps.qpos.copy()
    knee = robot.joint_names.index("left_knee_joint")
    qpos[10, 7 + knee] = robot.upper[knee] + 0.1
    report = evaluate_result(motions.with_qpos(jumps, qpos), robot)
    assert report["position_limit_excess_max"] == pytest.approx(0.1)
    assert report["position_limit_share"] == pytest.approx(1 / len(jumps))
    assert report["velocity_limit_share"] == pytest.approx(2 / (len(jumps) - 1))
    assert {"position_limit_excess_max", "velocity_limit_share"} <= failed_gates(report)


def test_accelerations_are_judged_by_the_limit_that_was_to_be_kept(robot: RobotModel) -> None:
    jumps = motions.jumps()
    qpos = jumps.qpos.copy()
    elbow = robot.joint_names.index("left_elbow_joint")
    qpos[:, 7:] = robot.neutral
    qpos[10, 7 + elbow] += 0.1  # second differences of 0.1, -0.2 and 0.1 rad
    still = motions.with_qpos(jumps, qpos)
    free = evaluate_result(still, robot)
    assert free["joint_acceleration_max"] == pytest.approx(0.2 * jumps.fps**2)
    assert free["acceleration_limit_share"] is None
    limit = {"options": {"joint_acceleration_limit": 0.15 * jumps.fps**2}}
    asked = evaluate_result(replace(still, provenance=limit), robot)
    assert asked["acceleration_limit_share"] == pytest.approx(1 / (len(jumps) - 2))
    assert "acceleration_limit_share" in failed_gates(asked)
    weak = replace(robot, acceleration_limits=np.full(robot.joint_count, 0.05 * jumps.fps**2))
    assert evaluate_result(still, weak)["acceleration_limit_share"] == pytest.approx(
        3 / (len(jumps) - 2)
    )


def test_jerk_of_a_cubic_is_its_third_derivative(robot: RobotModel) -> None:
    jumps = motions.jumps()
    seconds = np.arange(len(jumps)) / jumps.fps
    qpos = jumps.qpos.copy()
    qpos[:, 7:] = np.outer(0.02 * seconds**3, np.ones(robot.joint_count))
    report = evaluate_result(motions.with_qpos(jumps, qpos), robot)
    for name in ("jerk_mean", "jerk_p95", "jerk_max"):
        assert report[name] == pytest.approx(0.12, rel=1e-6)


def test_speed_is_radians_a_second_at_any_rate(robot: RobotModel) -> None:
    jumps = motions.jumps()
    for fps in (30.0, 120.0):
        seconds = np.arange(len(jumps)) / fps
        qpos = jumps.qpos.copy()
        qpos[:, 7:] = 0
        qpos[:, 7] = 16.0 * seconds
        report = evaluate_result(replace(motions.with_qpos(jumps, qpos), fps=fps), robot)
        assert report["joint_speed_max"] == pytest.approx(16.0)
        assert report["joint_jumps"] == pytest.approx((len(jumps) - 1) * 30 / fps)


def test_self_collision_is_the_deepest_overlap_of_any_pair(robot: RobotModel) -> None:
    result = motions.random(motions.jumps(), robot, seed=3)
    starts, ends = capsule_ends(robot, result.qpos)
    off_feet = ~np.isin(robot.capsule_bodies, robot.feet)
    lowest = np.minimum(starts, ends)[:, off_feet, 2].min(0) - robot.capsule_radii[off_feet]
    depth = -pair_gaps(robot, result.qpos).min(1)
    report = evaluate_result(result, robot)
    assert report["self_collision_max"] == pytest.approx(depth.max(), abs=1e-5)
    assert report["self_collision_share"] == pytest.approx((depth > 0.005).mean(), abs=1e-9)
    assert lowest.min() < 0
    assert report["body_penetration_max"] == pytest.approx(-lowest.min(), abs=1e-9)


def test_a_body_in_the_floor_is_seen_although_the_soles_are_not(robot: RobotModel) -> None:
    jumps = motions.jumps()
    qpos = jumps.qpos.copy()
    qpos[:, 2] = 0.02
    qpos[:, 3:7] = [0, 1, 0, 0]  # upside down, pelvis on the floor: the feet point to the sky
    report = evaluate_result(motions.with_qpos(jumps, qpos), robot)
    assert report["body_penetration_max"] > 0.3
    assert report["sole_penetration_max"] == 0


@settings(max_examples=10, deadline=None)
@given(st.floats(-3, 3), st.floats(-5, 5), st.floats(-5, 5))
def test_nothing_depends_on_where_the_robot_stands_and_looks(
    x: float, y: float, yaw: float
) -> None:
    robot, jumps = load_robot("unitree_g1"), motions.jumps()
    here = evaluate_result(jumps, robot)
    there = evaluate_result(motions.turned(jumps, yaw, (x, y)), robot)
    for name in MEASURES:
        value = here[name]
        expected = None if value is None else pytest.approx(value, abs=1e-3, rel=1e-3)
        assert there[name] == expected, name


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000))
def test_nothing_depends_on_the_axes_of_the_humans_joints(seed: int) -> None:
    robot, jumps = load_robot("unitree_g1"), motions.jumps()
    rotations = jumps.source.rotations.astype(np.float64)
    axes = Rotation.random(rotations.shape[1], random_state=seed)
    for s in range(rotations.shape[1]):
        mine = Rotation.from_quat(rotations[:, s], scalar_first=True) * axes[s]
        rotations[:, s] = mine.as_quat(scalar_first=True)
    source = replace(jumps.source, rotations=packed_rotations(rotations))
    here, there = (
        evaluate_result(jumps, robot),
        evaluate_result(replace(jumps, source=source), robot),
    )
    for name in MEASURES:  # a packed rotation is known to 0.004 degrees
        assert there[name] == pytest.approx(here[name], abs=4e-3), name


def test_measures_in_time_hold_at_another_rate(robot: RobotModel, good: ClipReport) -> None:
    twice = evaluate_result(motions.jumps().resampled(60.0), robot)
    for name in ("limb_error_mean", "orientation_error_mean", "stance_share"):
        assert twice[name] == pytest.approx(good[name], rel=0.05), name
    assert twice["toe_slide_mean"] == pytest.approx(good["toe_slide_mean"], abs=5e-3)


@pytest.mark.parametrize(
    ("joint", "moved"),
    [
        ("hip_yaw", {"thigh", "shank", "foot"}),
        ("knee", {"shank", "foot"}),
        ("ankle_pitch", {"foot"}),
        ("shoulder_yaw", {"upper_arm", "forearm", "hand"}),
        ("elbow", {"forearm", "hand"}),
        ("wrist_roll", {"hand"}),
    ],
)
def test_a_wavering_joint_is_seen_in_the_segments_that_it_moves(
    joint: str, moved: set[str], robot: RobotModel, good: ClipReport
) -> None:
    jumps = motions.jumps()
    qpos = jumps.qpos.copy()
    for side in ("left", "right"):
        column = 7 + robot.joint_names.index(f"{side}_{joint}_joint")
        qpos[:, column] += 0.5 * np.sin(np.arange(len(qpos)))
    report = evaluate_result(motions.with_qpos(jumps, qpos), robot)
    for segment in ("thigh", "shank", "foot", "upper_arm", "forearm", "hand"):
        change = report[f"orientation_error_{segment}"] - good[f"orientation_error_{segment}"]
        assert (change > 5) == (segment in moved), segment
        assert segment in moved or abs(change) < 0.5, segment


def test_the_sole_is_watched_in_all_of_stance_also_on_tiptoe(robot: RobotModel) -> None:
    jumps = motions.jumps()
    stance = find_stance(jumps.source, jumps.fps)
    tiptoe = stance.toe.any(1) & ~stance.heel.any(1)
    assert tiptoe.sum() >= 3
    qpos = jumps.qpos.copy()
    qpos[tiptoe, 2] += 0.05
    report = evaluate_result(motions.with_qpos(jumps, qpos), robot)
    expected = stance.toe[tiptoe].sum() / stance.toe.sum()
    assert report["sole_lifted_share"] == pytest.approx(expected)


def test_the_floor_of_the_human_may_be_at_any_height(robot: RobotModel, good: ClipReport) -> None:
    jumps = motions.jumps()
    positions = jumps.source.positions + np.float32([0, 0, 0.5])
    upstairs = replace(jumps, source=replace(jumps.source, positions=positions))
    assert evaluate_result(upstairs, robot)["stance_share"] == good["stance_share"]


def test_stance_is_the_humans_not_the_results(robot: RobotModel, good: ClipReport) -> None:
    jumps = motions.jumps()
    claims_none = replace(jumps, contacts=np.zeros_like(jumps.contacts))
    report = evaluate_result(claims_none, robot)
    assert report["stance_share"] == good["stance_share"] > 0
    assert report["toe_slide_mean"] == good["toe_slide_mean"]


def test_stance_needs_a_low_and_slow_toe_for_a_tenth_of_a_second() -> None:
    fps, frames = 60.0, 60
    roles = ("left_toe", "left_ankle", "right_toe", "right_ankle", "left_knee", "right_knee")
    positions = np.zeros((frames, 6, 3), np.float32)
    positions[:, 4:, 2] = 0.4
    positions[30:32, 4, 2] = 0.05  # the left knee is on the floor: its foot does not stand
    positions[:, 2, 2] = 0.3  # the right toe: high at first ...
    positions[20:25, 2, 2] = 0.0  # ... down for 83 ms, which is too short ...
    positions[40:, 2, 2] = 0.0  # ... and then for good
    positions[50:, 2, 0] = np.arange(10) / fps * 0.5  # but moving at 0.5 m/s
    source = SourceClip(roles, positions, (), np.zeros((frames, 0, 4), np.int16))
    stance = find_stance(source, fps)
    assert np.flatnonzero(~stance.toe[:, 0]).tolist() == [30, 31]
    assert np.flatnonzero(stance.toe[:, 1]).tolist() == list(range(41, 50))


@pytest.mark.parametrize("frames", [1, 2, 3, 4])
def test_what_a_short_clip_cannot_show_has_no_value(frames: int, robot: RobotModel) -> None:
    short = motions.jumps().frames(0, frames)
    report = evaluate_result(short, robot)
    assert (report["joint_speed_max"] is None) == (frames < 2)
    assert (report["jerk_mean"] is None) == (frames < 4)
    assert (report["toe_slide_mean"] is None) == (frames < 3)  # a tenth of a second
    assert report["limb_error_mean"] < 5
    assert failed_gates(report) == {"duration"}


def test_a_result_for_another_robot_is_refused() -> None:
    with pytest.raises(
        RobotError, match=r"'unitree_g1' does not fit 'unitree_h1': it has 29 joints, the robot 19"
    ):
        evaluate_result(motions.jumps(), load_robot("unitree_h1"))


def test_a_source_without_toes_or_rotations_is_refused(robot: RobotModel) -> None:
    jumps = motions.jumps()
    names = tuple(r.replace("left_toe", "tail") for r in jumps.source.position_roles)
    with pytest.raises(RoleError, match="no left_toe"):
        evaluate_result(replace(jumps, source=replace(jumps.source, position_roles=names)), robot)
    names = tuple(r.replace("left_knee", "tail") for r in jumps.source.rotation_roles)
    with pytest.raises(RoleError, match="no the rotation of left_knee"):
        evaluate_result(replace(jumps, source=replace(jumps.source, rotation_roles=names)), robot)


def test_a_result_without_frames_is_refused(robot: RobotModel) -> None:
    empty = RetargetingResult(
        qpos=np.zeros((0, 36)),
        fps=30.0,
        joint_names=robot.joint_names,
        robot="unitree_g1",
        contacts=np.zeros((0, 2, 2), bool),
        frame_cost=np.zeros(0),
        source=SourceClip((), np.zeros((0, 0, 3), np.float32), (), np.zeros((0, 0, 4), np.int16)),
    )
    with pytest.raises(RobotError, match="no frames"):
        evaluate_result(empty, robot)


TRAIN_READY = Gates.named("train-ready")


def test_gates_can_be_tightened_and_switched_off(robot: RobotModel) -> None:
    strict = evaluate_result(motions.jumps(), robot, gates=TRAIN_READY.changed(jerk_mean=1e-3))
    assert failed_gates(strict) == {"jerk_mean"}
    off = evaluate_result(
        motions.raised(motions.jumps(), 0.1),
        robot,
        gates=TRAIN_READY.changed(
            sole_lifted_share=None,
            floating_share=None,
            force_left_mean=None,
            contact_recall=None,
            sole_lifted_second=None,
            floating_second=None,
            force_left_second=None,
        ),
    )
    assert off.passed


def test_measures_do_not_depend_on_the_blocks_they_are_taken_in(
    robot: RobotModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    rough = motions.random(motions.jumps(), robot)
    at_once = evaluate_result(rough, robot)
    monkeypatch.setattr(sys.modules["retarget.solver.kinematics.forward"], "BLOCK_FRAMES", 7)
    in_blocks = evaluate_result(rough, robot)
    for name in MEASURES:
        expected = at_once[name]
        assert in_blocks[name] == (None if expected is None else pytest.approx(expected)), name


def test_joint_measures_are_those_of_plain_differences(robot: RobotModel) -> None:
    rough = motions.random(motions.jumps(), robot)
    report, joints, fps = evaluate_result(rough, robot), rough.qpos[:, 7:], rough.fps
    speed, jerk = (np.abs(np.diff(joints, n, axis=0)) * fps**n for n in (1, 3))
    assert report["joint_speed_max"] == speed.max()
    assert report["velocity_limit_share"] == pytest.approx(
        (speed > robot.velocity_limits * 1.0001).any(axis=1).mean()
    )
    assert report["joint_fast_share"] == pytest.approx((speed > 20).any(axis=1).mean())
    assert report["joint_jumps"] == (speed > 15).sum() * 30 / fps
    assert report["jerk_max"] == pytest.approx(jerk.max(), rel=1e-12)
    assert report["jerk_mean"] == pytest.approx(jerk.mean(), rel=1e-12)
    assert report["jerk_p95"] == pytest.approx(np.percentile(jerk, 95), rel=1e-12)
