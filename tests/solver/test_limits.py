"""The last projection keeps limits exactly and touches nothing that keeps them already."""

from __future__ import annotations

import numpy as np
from clips import dance, robot
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from retarget.options import RetargetOptions
from retarget.pipeline import retarget_motion
from retarget.solver.limits.keep import limit_joint_steps

ANGLES = arrays(np.float64, (30, 2), elements=st.floats(-3, 3))
STEP = np.array([np.inf, 0.4, 0.05])  # of the base (unused) and two joints


def configurations(joints):
    return np.concatenate([np.zeros((len(joints), 7)), joints], axis=1)


@settings(max_examples=100, deadline=None)
@given(ANGLES)
def test_no_step_is_too_large_and_no_joint_leaves_its_range(joints) -> None:
    qpos = configurations(joints)
    limit_joint_steps(qpos, STEP)
    assert (np.abs(np.diff(qpos[:, 7:], axis=0)) <= STEP[1:]).all()
    assert (qpos[:, 7:] >= joints.min(axis=0)).all()
    assert (qpos[:, 7:] <= joints.max(axis=0)).all()
    assert not qpos[:, :7].any()


@settings(max_examples=100, deadline=None)
@given(ANGLES)
def test_the_largest_change_is_the_least_possible(joints) -> None:
    qpos = configurations(joints)
    change = limit_joint_steps(qpos, STEP)
    for joint in (1, 2):
        values, step = joints[:, joint - 1], STEP[joint]
        apart = np.abs(values[:, None] - values[None])
        allowed = step * np.abs(np.arange(30)[:, None] - np.arange(30)[None])
        # Two frames too far apart must together give up the excess: one of them at least half.
        least = max(0.0, float((apart - allowed).max()) / 2)
        assert abs(change[joint] - least) < 1e-6


@settings(max_examples=50, deadline=None)
@given(ANGLES)
def test_a_motion_within_the_limits_is_left_alone(joints) -> None:
    slow = configurations(np.cumsum(joints, axis=0) / 3 * STEP[1:] * 0.999)
    kept = slow.copy()
    limit_joint_steps(slow, STEP)
    assert np.array_equal(slow, kept)


def test_a_low_speed_limit_holds_at_every_frame_of_the_dance() -> None:
    motion = dance().frames(0, 900)
    result = retarget_motion(motion, robot(), RetargetOptions(joint_speed_limit=8.0))
    assert np.abs(np.diff(result.qpos[:, 7:], axis=0)).max() * result.fps <= 8.0
