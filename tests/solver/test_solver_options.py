"""Every option does what it says, on real clips."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from clips import dance, jump, robot

from capsules import pair_gaps
from retarget import RetargetingResult
from retarget.errors import OptionsError
from retarget.evaluation import ClipReport, contact_forces, evaluate_result
from retarget.motion import Motion
from retarget.options import RetargetOptions
from retarget.pipeline import retarget_motion
from retarget.solver.problem import style_weights


def of_jump(**options) -> RetargetingResult:
    return retarget_motion(jump(), robot(), RetargetOptions(**options))


def speeds(result: RetargetingResult):
    return np.abs(np.diff(result.qpos[:, 7:], axis=0)) * result.fps


def accelerations(result: RetargetingResult):
    return np.abs(np.diff(result.qpos[:, 7:], 2, axis=0)) * result.fps**2


@pytest.mark.parametrize(("limit", "share_before"), [(60.0, 0.05), (30.0, 0.2)])
def test_a_low_acceleration_limit_holds_at_every_frame(limit: float, share_before: float) -> None:
    free = of_jump(joint_speed_limit=8.0)
    assert (accelerations(free) > limit).any(axis=1).mean() > share_before
    kept = of_jump(joint_speed_limit=8.0, joint_acceleration_limit=limit)
    assert accelerations(kept).max() <= limit
    assert speeds(kept).max() <= 8.0
    assert (kept.qpos[:, 7:] >= robot().lower).all()
    assert (kept.qpos[:, 7:] <= robot().upper).all()


def test_keeping_accelerations_costs_little_of_the_motion() -> None:
    free, kept = of_jump(), of_jump(joint_acceleration_limit=60.0)
    before, after = evaluate_result(free, robot()), evaluate_result(kept, robot())
    assert after["acceleration_limit_share"] == 0
    assert after["limb_error_mean"] < before["limb_error_mean"] + 0.3
    assert after["toe_slide_mean"] < before["toe_slide_mean"] + 0.003
    assert after["sole_penetration_max"] < 1e-9


def test_the_dance_keeps_speeds_and_accelerations_far_below_its_own() -> None:
    options = RetargetOptions(joint_speed_limit=8.0, joint_acceleration_limit=100.0)
    kept = retarget_motion(dance().frames(0, 600), robot(), options)
    assert accelerations(kept).max() <= 100.0
    assert speeds(kept).max() <= 8.0


def test_a_robots_own_acceleration_limits_are_kept_unless_switched_off() -> None:
    own = np.full(robot().joint_count, 40.0)
    own[: robot().joint_count // 2] = 80.0
    weak = replace(robot(), acceleration_limits=own)
    kept = retarget_motion(jump(), weak)
    assert (accelerations(kept) <= own).all()
    both = retarget_motion(jump(), weak, RetargetOptions(joint_acceleration_limit=60.0))
    assert (accelerations(both) <= np.minimum(own, 60.0)).all()
    off = retarget_motion(jump(), weak, RetargetOptions(acceleration_limits=False))
    assert np.array_equal(off.qpos, of_jump().qpos)


@pytest.mark.parametrize("fps", [20.0, 50.0, 120.0])
def test_limits_and_the_floor_hold_at_the_rate_asked_for(fps: float) -> None:
    options = {"joint_speed_limit": 5.0, "joint_acceleration_limit": 60.0, "fps": fps}
    result = of_jump(**options)
    assert result.fps == fps
    assert accelerations(result).max() <= 60.0
    assert speeds(result).max() <= 5.0
    report = evaluate_result(result, robot())
    assert report["position_limit_excess_max"] == 0
    assert report["sole_penetration_max"] < 1e-9
    assert np.abs(np.linalg.norm(result.qpos[:, 3:7], axis=1) - 1).max() < 1e-9


def fall_of_the_human(result: RetargetingResult) -> float:
    """Vertical acceleration of the human's trunk in the robot's size while the robot flies, m/s^2: the median."""
    roles = [f"{side}_{joint}" for side in ("left", "right") for joint in ("hip", "shoulder")]
    columns = [result.source.position_roles.index(role) for role in roles]
    heights = result.provenance["scale"] * result.source.positions[:, columns, 2].mean(axis=1)
    step = round(result.fps / 30)
    second = heights[2 * step :] + heights[: -2 * step] - 2 * heights[step:-step]
    flies = ~contact_forces(result.qpos, robot(), result.fps, height=0.02, speed=np.inf).touching
    return float(np.median(second[flies[step:-step]] * (result.fps / step) ** 2))


def test_a_jump_at_the_similar_speed_falls_as_the_robot_does() -> None:
    plain, similar = of_jump(), of_jump(time_scale="similar")
    assert similar.provenance["time_scale"] == pytest.approx(plain.provenance["scale"] ** 0.5)
    assert fall_of_the_human(plain) > -8.0  # as on a smaller planet
    assert fall_of_the_human(similar) == pytest.approx(-9.81, rel=0.05)
    before, after = evaluate_result(plain, robot()), evaluate_result(similar, robot())
    assert after["limb_error_mean"] < before["limb_error_mean"] + 0.2


@pytest.mark.parametrize("time_scale", [0.5, 1.6])
def test_a_motion_at_another_speed_lasts_as_long_as_said_and_holds_at_its_own_rate(
    time_scale: float,
) -> None:
    plain, other = of_jump(), of_jump(time_scale=time_scale)
    assert other.fps == plain.fps
    assert len(other) - 1 == int((len(plain) - 1) * time_scale)
    assert len(other.source.positions) == len(other)
    assert speeds(other).max() <= 12.0
    report = evaluate_result(other, robot())
    assert report["sole_penetration_max"] < 1e-9
    assert report["toe_slide_mean"] < 0.006


def test_a_motion_at_another_rate_is_as_smooth() -> None:
    plain, fine = evaluate_result(of_jump(), robot()), evaluate_result(of_jump(fps=120.0), robot())
    assert fine["jerk_mean"] < 2.5 * plain["jerk_mean"]
    assert fine["limb_error_mean"] == pytest.approx(plain["limb_error_mean"], rel=0.05)


@pytest.mark.parametrize("clip", [jump, dance])
def test_each_style_gives_what_it_says_and_keeps_feet_and_physics(
    clip: Callable[[], Motion],
) -> None:
    close, balanced, smooth = (of_style(clip(), style) for style in ("close", "balanced", "smooth"))
    assert close["orientation_error_mean"] < 0.92 * balanced["orientation_error_mean"]
    assert smooth["jerk_mean"] < 0.75 * balanced["jerk_mean"]
    assert balanced["jerk_mean"] < 0.9 * close["jerk_mean"]
    assert balanced["limb_error_mean"] <= close["limb_error_mean"] + 0.02
    for other in (close, smooth):
        assert other["limb_error_mean"] < balanced["limb_error_mean"] + 0.5
        assert other["force_left_mean"] < balanced["force_left_mean"] + 0.02
        assert other["toe_slide_mean"] < 0.006
        assert other["heel_slide_mean"] < 0.016
        assert other["trunk_lean_error_p95"] < 6.0
        assert other["sole_penetration_max"] < 1e-9


def of_style(motion: Motion, style: str) -> ClipReport:
    result = retarget_motion(motion, robot(), RetargetOptions(style=style))
    assert result.provenance["options"]["style"] == style
    return evaluate_result(result, robot())


def test_weights_of_the_cost_go_before_a_style() -> None:
    weighted = retarget_motion(
        jump(), robot(), RetargetOptions(style="smooth"), weights=style_weights("close")
    )
    assert np.array_equal(weighted.qpos, of_jump(style="close").qpos)
    assert not np.array_equal(weighted.qpos, of_jump().qpos)


def test_heavier_hands_are_followed_more_closely_each_side_by_itself() -> None:
    def hand_errors(**weights: float) -> dict[str, float]:
        result = of_jump(weights=weights)
        assert result.provenance["options"]["weights"] == weights
        return tracked_hands(result)

    plain, both, left = hand_errors(), hand_errors(hand=4.0), hand_errors(left_hand=4.0)
    assert both["left"] < 0.8 * plain["left"]
    assert both["right"] < 0.8 * plain["right"]
    assert left["left"] < 0.8 * plain["left"]
    assert left["right"] == pytest.approx(plain["right"], rel=0.1)
    assert hand_errors(hand=4.0, left_hand=1.0)["left"] == pytest.approx(plain["left"], rel=0.1)


def tracked_hands(result: RetargetingResult) -> dict[str, float]:
    """Mean angle between each hand's body and its recorded rotation, after one constant offset, rad."""
    from scipy.spatial.transform import Rotation

    from retarget.solver.kinematics.forward import forward_kinematics

    _, rotations = forward_kinematics(result.qpos, robot())
    errors = {}
    for side in ("left", "right"):
        column = result.source.rotation_roles.index(f"{side}_wrist")
        human = Rotation.from_quat(result.source.rotations[:, column], scalar_first=True)
        body = Rotation.from_matrix(rotations[:, robot().roles[f"{side}_wrist"]])
        offsets = human.inv() * body
        errors[side] = float((offsets.mean().inv() * offsets).magnitude().mean())
    return errors


def test_a_segment_without_weight_follows_nothing() -> None:
    plain, without = of_jump(), of_jump(weights={"upper_arm": 0.0, "forearm": 0.0, "hand": 0.0})
    errors = [evaluate_result(result, robot())["limb_error_forearm"] for result in (plain, without)]
    assert errors[1] > 5 * errors[0]


def test_a_joint_margin_is_kept_from_both_limits() -> None:
    plain, kept = of_jump(), of_jump(joint_margin=0.1)

    def clearance(result: RetargetingResult) -> float:
        joints = result.qpos[:, 7:]
        return float(np.minimum(joints - robot().lower, robot().upper - joints).min())

    assert clearance(plain) < 0.02
    assert clearance(kept) >= 0.1 - 1e-12


def test_a_joint_margin_beyond_a_joints_range_is_refused_with_the_joint_and_what_fits() -> None:
    with pytest.raises(OptionsError, match=r"joint_margin 0\.5 rad leaves '.*' .*less than 0\.26"):
        of_jump(joint_margin=0.5)


def test_speed_limits_can_be_switched_off() -> None:
    slow, free = of_jump(joint_speed_limit=3.0), of_jump(joint_speed_limit=3.0, speed_limits=False)
    assert speeds(slow).max() <= 3.0
    assert speeds(free).max() > 6.0


def test_a_collision_margin_is_kept_as_far_as_the_robot_is_built_for_it() -> None:
    margin = 0.03
    wanted = np.minimum(margin, robot().collision_gaps / 2)
    assert (wanted < margin).sum() > 5  # a foot is always near its shin
    near, far = of_jump(collision_margin=0.0), of_jump(collision_margin=margin)
    short = [(wanted - pair_gaps(robot(), result.qpos)).max(axis=1) for result in (near, far)]
    assert (short[0] > 0.01).mean() > 0.2
    assert short[1].max() < 0.006
    assert speeds(far).max() < 12.0
    jerks = [np.abs(np.diff(result.qpos[:, 7:], 3, axis=0)).mean() for result in (near, far)]
    assert jerks[1] < 1.5 * jerks[0]
