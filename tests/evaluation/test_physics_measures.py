"""What physics would refuse is seen by the measure that should see it."""

from __future__ import annotations

from dataclasses import replace

import motions
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from retarget.evaluation import ClipReport, Gates, evaluate_result
from retarget.evaluation.frames.physics import contact_forces
from retarget.evaluation.frames.standing.pushed import pushed_alike
from retarget.ground import GRAVITY
from retarget.result import RetargetingResult
from retarget.robots import RobotModel, load_robot


@pytest.fixture(scope="module")
def robot() -> RobotModel:
    return load_robot("unitree_g1")


@pytest.fixture(scope="module")
def good(robot: RobotModel) -> ClipReport:
    return evaluate_result(motions.walk(), robot)


@pytest.fixture(scope="module")
def standing(robot: RobotModel) -> RetargetingResult:
    """A robot that stands still on level soles, through all of a clip."""
    walk = motions.walk()
    qpos = np.zeros_like(walk.qpos)
    qpos[:, 3] = 1
    qpos[:, 2] = -motions.sole_heights(motions.with_qpos(walk, qpos), robot)[0].min()
    return motions.with_qpos(walk, qpos)


def test_who_stands_still_needs_nothing_but_the_floor(standing, robot: RobotModel) -> None:
    report = evaluate_result(standing, robot)
    for name in ("force_left_mean", "force_left_p95", "force_left_share", "torque_left_mean"):
        assert report[name] == pytest.approx(0, abs=1e-6), name
    assert report["com_acceleration_horizontal"] == pytest.approx(0, abs=1e-6)
    assert report["com_outside_share"] == 0
    assert report["flight_not_ballistic_share"] is None


@pytest.mark.parametrize(
    ("fault", "gate"),
    [
        (lambda walk: motions.raised(walk, 0.006), "force_left_mean"),
        (lambda walk: motions.drifting(walk, 0.4), "force_left_mean"),
        (lambda walk: motions.trembling(walk, 0.004), "com_acceleration_alike"),
        (lambda walk: replace(walk, fps=3 * walk.fps), "force_left_mean"),
    ],
)
def test_strict_gates_refuse_what_physics_does(fault, gate: str, robot: RobotModel) -> None:
    report = evaluate_result(fault(motions.walk()), robot, gates=Gates.named("strict"))
    assert gate in {result.measure for result in report.gates if not result.passed}


def test_a_hovering_foot_gives_nothing(standing, robot: RobotModel) -> None:
    """Six millimetres are too much to push the floor, and too little for a look at heights alone."""
    hovering = motions.raised(standing, 0.006)
    report = evaluate_result(hovering, robot)
    assert report["force_left_mean"] == pytest.approx(1)
    assert report["force_left_share"] == 1
    careless = contact_forces(hovering.qpos, robot, hovering.fps, height=0.02, speed=np.inf)
    assert careless.force_left.max() < 1e-6
    assert evaluate_result(motions.raised(standing, 0.004), robot)["force_left_mean"] < 1e-6


def test_a_sliding_foot_gives_nothing(standing, robot: RobotModel) -> None:
    slow, fast = (motions.drifting(standing, speed) for speed in (0.2, 0.3))
    assert evaluate_result(slow, robot)["force_left_mean"] < 1e-6
    assert evaluate_result(fast, robot)["force_left_mean"] == pytest.approx(1)
    careless = contact_forces(fast.qpos, robot, fast.fps, speed=np.inf)
    assert careless.force_left.max() < 1e-6


def test_a_foot_that_has_just_landed_pushes(standing, robot: RobotModel) -> None:
    qpos = standing.qpos.copy()
    qpos[:30, 2] += 0.1
    landed = contact_forces(qpos, robot, standing.fps)
    assert landed.touching[30] and not landed.touching[29]
    # Frame 30 is the 29th that has neighbours; the floor stops the fall of a moment before.
    assert landed.force_left[29] < 1e-6 < landed.force_left[28]


def test_the_floor_cannot_pull_nor_hold_beyond_friction(standing, robot: RobotModel) -> None:
    seconds = np.arange(len(standing)) / standing.fps
    for acceleration, left in (
        (0.7, 0.0),
        (1.2, None),
    ):  # of gravity, forwards: the soles let some 0.8 of it
        qpos = standing.qpos.copy()
        qpos[:, 0] += acceleration * GRAVITY * seconds**2 / 2
        forces = contact_forces(
            qpos, robot, standing.fps, height=0.02, speed=np.inf, arm=1e-3 + 100
        )
        if left is None:
            assert forces.force_left.min() > 0.2
        else:
            assert forces.force_left.max() < 0.01
    falling = standing.qpos.copy()
    falling[:, 2] -= GRAVITY * seconds**2  # twice as fast as anything falls
    forces = contact_forces(falling, robot, standing.fps, height=0.02, speed=np.inf)
    assert forces.force_left == pytest.approx(np.ones(len(forces.force_left)))


def test_a_shaken_base_needs_what_no_foot_can_give(robot: RobotModel, good: ClipReport) -> None:
    report = evaluate_result(motions.trembling(motions.walk(), 0.003), robot)
    assert report["com_acceleration_horizontal"] > 2 * good["com_acceleration_horizontal"]
    assert report["com_acceleration_ratio"] > 2 * good["com_acceleration_ratio"]
    assert report["force_left_mean"] > good["force_left_mean"] + 0.1
    assert report["human_acceleration_horizontal"] == good["human_acceleration_horizontal"]


def test_a_clip_that_is_played_too_fast_needs_more(robot: RobotModel, good: ClipReport) -> None:
    report = evaluate_result(replace(motions.walk(), fps=2 * motions.walk().fps), robot)
    assert report["com_acceleration_vertical"] == pytest.approx(
        4 * good["com_acceleration_vertical"]
    )
    for name in ("force_left_mean", "force_left_p95", "torque_left_mean", "joint_effort_p95"):
        assert report[name] > 1.5 * good[name], name


def test_a_trunk_that_shakes_needs_torque(standing, robot: RobotModel) -> None:
    qpos = standing.qpos.copy()
    seconds = np.arange(len(qpos)) / standing.fps
    qpos[:, 7 + robot.joint_names.index("waist_roll_joint")] = 0.3 * np.sin(2 * np.pi * 3 * seconds)
    report = evaluate_result(motions.with_qpos(standing, qpos), robot)
    assert report["torque_left_mean"] > 0.02
    assert report["force_left_share"] > 0.5


@pytest.mark.parametrize(("lean", "outside"), [(0.03, 0), (0.3, 1)])
def test_a_robot_that_leans_out_over_its_feet_is_outside_its_support(
    lean: float, outside: float, standing, robot: RobotModel
) -> None:
    """Turned about the ankles, soles level: it would fall over, slowly moved as it may be."""
    qpos = standing.qpos.copy()
    qpos[:, 3:7] = Rotation.from_euler("y", lean).as_quat(scalar_first=True)
    for side in ("left", "right"):
        qpos[:, 7 + robot.joint_names.index(f"{side}_ankle_pitch_joint")] -= lean
    qpos[:, 2] -= motions.sole_heights(motions.with_qpos(standing, qpos), robot)[0].min()
    report = evaluate_result(motions.with_qpos(standing, qpos), robot)
    assert report["com_outside_share"] == outside
    assert (report["force_left_mean"] > 0.05) == bool(outside)


def test_a_moving_robot_may_be_outside_its_support(standing, robot: RobotModel) -> None:
    run = motions.drifting(standing, 0.15)
    assert evaluate_result(run, robot)["com_outside_share"] is None


def test_flight_follows_a_parabola_or_is_none(standing, robot: RobotModel) -> None:
    seconds = np.arange(len(standing)) / standing.fps
    qpos = standing.qpos.copy()
    qpos[:, 2] += 0.05 + GRAVITY / 2 * seconds * (seconds[-1] - seconds)
    ballistic = evaluate_result(motions.with_qpos(standing, qpos), robot)
    assert ballistic["flight_not_ballistic_share"] == 0
    assert ballistic["force_left_mean"] == pytest.approx(0, abs=1e-6)
    hanging = evaluate_result(motions.raised(standing, 0.5), robot)
    assert hanging["flight_not_ballistic_share"] == 1
    qpos = standing.qpos.copy()
    qpos[:, 2] += 0.05 + 0.7 * GRAVITY / 2 * seconds * (seconds[-1] - seconds)
    assert (
        evaluate_result(motions.with_qpos(standing, qpos), robot)["flight_not_ballistic_share"] == 1
    )


def test_a_robot_on_its_hands_and_knees_is_carried_by_them(robot: RobotModel) -> None:
    path = motions.shared("deepmimic_txt/humanoid3d_getup_facedown.txt")
    getup = motions.retarget_motion(motions.read_motion(path), robot)
    forces = contact_forces(getup.qpos, robot, getup.fps, height=0.02, speed=np.inf)
    feet_only = replace(
        robot, capsule_radii=robot.capsule_radii - 0.5
    )  # bodies that end high above the floor
    on_feet = contact_forces(getup.qpos, feet_only, getup.fps, height=0.02, speed=np.inf)
    assert forces.force_left.mean() < 0.6 * on_feet.force_left.mean()


def test_joint_torques_are_judged_by_the_robots_limits(robot: RobotModel, good: ClipReport) -> None:
    weak = replace(robot, effort_limits=robot.effort_limits / 10)
    report = evaluate_result(motions.walk(), weak)
    for name in ("joint_effort_max", "joint_effort_p95"):
        assert report[name] == pytest.approx(10 * good[name]), name
    tireless = replace(robot, effort_limits=np.full(robot.joint_count, np.inf))
    assert evaluate_result(motions.walk(), tireless)["joint_effort_max"] is None


def test_a_held_out_arm_weighs_on_its_shoulder(standing, robot: RobotModel) -> None:
    """Weight times lever of what hangs on the shoulder's pitch joint, by hand."""
    qpos = standing.qpos.copy()
    joint = robot.joint_names.index("left_shoulder_pitch_joint")
    qpos[:, 7 + joint] = -np.pi / 2
    only = np.full(robot.joint_count, np.inf)
    only[joint] = 1.0
    effort = contact_forces(qpos, replace(robot, effort_limits=only), standing.fps).effort
    positions, rotations = motions.forward_kinematics(qpos[:1], robot)
    below = [joint + 1]
    for body in range(joint + 2, len(robot.parents)):
        if robot.parents[body] in below:
            below.append(body)
    centres = positions[0] + np.einsum("bij,bj->bi", rotations[0], robot.mass_centres)
    lever = centres[below] - positions[0, joint + 1]
    pull = np.cross(lever, np.outer(robot.masses[below], [0, 0, -GRAVITY])).sum(axis=0)
    axis = rotations[0, joint + 1] @ robot.axes[joint + 1]
    assert effort == pytest.approx(np.full(len(effort), abs(pull @ axis)), rel=1e-6)
    assert abs(pull @ axis) > 3


@pytest.mark.parametrize("scale", [0.25, 0.75, 1.0])
def test_small_bodies_sway_more_on_the_same_steps(scale: float) -> None:
    """By the pendulum's equation at one frequency: (1 + h w^2 / g) / (1 + s h w^2 / g) times as far."""
    fps, seconds, height, rate = 60.0, np.arange(600) / 60, 0.9, 2 * np.pi * 0.9
    sway = 0.04 * np.sin(rate * seconds)
    hips = scale * np.stack([0.5 * seconds, sway, np.full(600, height)], axis=1)
    path = pushed_alike(hips, scale, GRAVITY, fps, 2)
    lever = height * rate**2 / GRAVITY
    wanted = scale * (1 + lever) / (1 + scale * lever)
    inner = slice(120, -120)
    np.testing.assert_allclose(path[inner, 1], wanted * sway[inner], atol=1e-3)
    np.testing.assert_allclose(path[inner, 0], hips[inner, 0], atol=1e-4)
