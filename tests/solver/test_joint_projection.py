"""Position, speed and acceleration limits of a joint are kept together, exactly, by the nearest trajectory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import LinearConstraint, minimize

from retarget.solver.arrays import Limits
from retarget.solver.limits.projection import limit_joint_motion

FRAMES = 30
ANGLES = arrays(np.float64, (FRAMES, 2), elements=st.floats(-3, 3))
LIMITS = Limits(
    lower=np.array([-np.inf, -3.0, -3.0]),
    upper=np.array([np.inf, 3.0, 3.0]),
    step=np.array([np.inf, 0.4, 0.05]),
    second_difference=np.array([np.inf, 0.1, 0.02]),
)


def configurations(joints):
    return np.concatenate([np.zeros((len(joints), 7)), joints], axis=1)


def assert_kept(joints, limits: Limits) -> None:
    assert (joints >= limits.lower[1:]).all()
    assert (joints <= limits.upper[1:]).all()
    assert (np.abs(np.diff(joints, axis=0)) <= limits.step[1:]).all()
    assert (np.abs(np.diff(joints, 2, axis=0)) <= limits.second_difference[1:]).all()


@settings(max_examples=100, deadline=None)
@given(ANGLES)
def test_all_limits_of_the_joints_are_kept_exactly_and_the_base_stays(joints) -> None:
    qpos = configurations(joints)
    limit_joint_motion(qpos, LIMITS)
    assert_kept(qpos[:, 7:], LIMITS)
    assert not qpos[:, :7].any()


@settings(max_examples=20, deadline=None)
@given(ANGLES)
def test_a_second_projection_changes_nothing(joints) -> None:
    qpos = configurations(joints)
    limit_joint_motion(qpos, LIMITS)
    once = qpos.copy()
    assert not limit_joint_motion(qpos, LIMITS).any()
    assert np.array_equal(qpos, once)


@pytest.mark.parametrize("seed", range(4))
def test_no_trajectory_within_the_limits_is_nearer(seed: int) -> None:
    joints = np.random.default_rng(seed).uniform(-3, 3, (FRAMES, 2))
    qpos = configurations(joints)
    limit_joint_motion(qpos, LIMITS)
    identity = np.eye(FRAMES)
    rows = [identity, np.diff(identity, axis=0), np.diff(identity, 2, axis=0)]
    for joint in range(2):
        wanted = joints[:, joint]
        bounds = [
            limit[joint + 1] for limit in (LIMITS.upper, LIMITS.step, LIMITS.second_difference)
        ]
        largest = np.repeat(bounds, [len(row) for row in rows])
        best = minimize(
            lambda x, wanted=wanted: np.sum((x - wanted) ** 2),
            np.full(FRAMES, wanted.mean()),
            jac=lambda x, wanted=wanted: 2 * (x - wanted),
            method="SLSQP",
            constraints=LinearConstraint(np.concatenate(rows), -largest, largest),
            options={"maxiter": 500, "ftol": 1e-12},
        )
        assert best.success, best.message
        np.testing.assert_allclose(qpos[:, 7 + joint], best.x, atol=1e-3)


def test_a_motion_within_the_limits_is_left_alone() -> None:
    seconds = np.arange(300)[:, None] / 30
    slow = configurations(np.sin(seconds * [2.0, 0.7]) * [1.0, 0.5])
    kept = slow.copy()
    limit_joint_motion(slow, LIMITS)
    assert np.array_equal(slow, kept)


@pytest.mark.parametrize("frames", [1, 2, 3, 4])
def test_the_shortest_clips_are_kept_within_limits_too(frames: int) -> None:
    joints = np.array([[3.0, -3.0], [-3.0, 3.0], [3.0, 3.0], [-3.0, -3.0]])[:frames]
    qpos = configurations(joints)
    limit_joint_motion(qpos, LIMITS)
    assert_kept(qpos[:, 7:], LIMITS)


def test_a_joint_without_limits_is_left_alone_beside_one_that_has_some() -> None:
    free = LIMITS._replace(
        lower=np.array([-np.inf, -np.inf, -3.0]),
        upper=np.array([np.inf, np.inf, 3.0]),
        step=np.array([np.inf, 1e6, 0.05]),
        second_difference=np.array([np.inf, 1e6, 0.02]),
    )
    joints = np.random.default_rng(0).uniform(-3, 3, (FRAMES, 2))
    qpos = configurations(joints)
    limit_joint_motion(qpos, free)
    assert np.array_equal(qpos[:, 7], joints[:, 0])
    assert_kept(qpos[:, 7:], free)


def test_angles_on_their_limits_and_a_joint_that_cannot_move_are_no_trouble() -> None:
    locked = LIMITS._replace(
        lower=np.array([-np.inf, 0.5, -1.0]), upper=np.array([np.inf, 0.5, 1.0])
    )
    swings = np.where(np.arange(60) % 8 < 4, -1.0, 1.0)
    qpos = configurations(np.stack([np.full(60, 0.5), swings], axis=1))
    limit_joint_motion(qpos, locked)
    assert_kept(qpos[:, 7:], locked)
