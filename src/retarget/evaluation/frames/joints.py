"""How the robot's joints move: limits, speed, jumps and jerk."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from retarget.compiled.jit import NANS_COUNT, jit
from retarget.evaluation.frames.statistics import percentile_in_place
from retarget.evaluation.thresholds import (
    AT_LIMIT,
    FAST_JOINT,
    JUMP_RATE,
    JUMP_SPEED,
    LIMIT_TOLERANCE,
)
from retarget.robots.model import RobotModel

__all__ = ["measure_joints"]


class _Limits(NamedTuple):
    """What joints are counted above.

    Attributes:
        least: Lower limit that was kept, and where a joint counts as at it, rad.
        most: Likewise the upper one.
        lower: rad.
        upper: rad.
        speed: rad/s.
        acceleration: rad/s^2.
    """

    least: Float64[np.ndarray, "N"]
    most: Float64[np.ndarray, "N"]
    lower: Float64[np.ndarray, "N"]
    upper: Float64[np.ndarray, "N"]
    speed: Float64[np.ndarray, "N"]
    acceleration: Float64[np.ndarray, "N"]


# Rows of what `_watch` counts in frames or steps, and of what it finds the largest of.
_OUT, _OVER, _FAST, _HARD, _JUMPS, _AT = range(6)
_EXCESS, _SPEED, _ACCELERATION, _JERK, _JERK_SUM = range(5)


def measure_joints(
    robot: RobotModel,
    joints: Float64[np.ndarray, "T N"],
    fps: float,
    acceleration_limits: Float64[np.ndarray, "N"],
    position_limits: tuple[Float64[np.ndarray, "N"], Float64[np.ndarray, "N"]],
) -> dict[str, float | None]:
    """Measures of joint motion; see `retarget.evaluation.MEASURES`. Clips too short for a measure have none.

    ``acceleration_limits`` and ``position_limits`` (lower, upper) are those that were kept.
    """
    count = len(joints)
    least, most = position_limits
    limits = _Limits(
        least + AT_LIMIT,
        most - AT_LIMIT,
        robot.lower,
        robot.upper,
        robot.velocity_limits * (1 + LIMIT_TOLERANCE),
        acceleration_limits * (1 + LIMIT_TOLERANCE),
    )
    counts, largest = np.zeros(6, np.int64), np.zeros(5)
    jerk = np.empty((max(count - 3, 0), joints.shape[1]))
    _watch(joints, fps, limits, counts, largest, jerk)
    limited = bool(np.isfinite(acceleration_limits).any())
    steps, bends = max(count - 1, 1), max(count - 2, 1)
    measured: dict[str, float | None] = {
        "position_limit_excess_max": float(largest[_EXCESS]),
        "position_limit_share": float(counts[_OUT] / count),
        "at_limit_share": float(counts[_AT] / max(joints.size, 1)),
        "velocity_limit_share": float(counts[_OVER] / steps) if count > 1 else None,
        "acceleration_limit_share": float(counts[_HARD] / bends) if count > 2 and limited else None,
        "joint_acceleration_max": float(largest[_ACCELERATION]) if count > 2 else None,
        "joint_speed_max": float(largest[_SPEED]) if count > 1 else None,
        "joint_fast_share": float(counts[_FAST] / steps) if count > 1 else None,
        "joint_jumps": float(counts[_JUMPS] * JUMP_RATE / fps) if count > 1 else None,
        "jerk_mean": None,
        "jerk_p95": None,
        "jerk_max": None,
    }
    if count > 3:
        measured |= {
            "jerk_mean": float(largest[_JERK_SUM] / jerk.size),
            "jerk_p95": percentile_in_place(jerk.reshape(-1)),
            "jerk_max": float(largest[_JERK]),
        }
    return measured


@jit(fastmath=NANS_COUNT)
def _watch(
    joints: Float64[np.ndarray, "T N"],
    fps: float,
    limits: _Limits,
    counts: Int64[np.ndarray, "6"],
    largest: Float64[np.ndarray, "5"],
    jerk: Float64[np.ndarray, "n N"],
) -> None:
    """Fill counts, largest values and every joint's absolute jerk."""
    for t in range(joints.shape[0]):
        out, over, fast, hard = False, False, False, False
        for j in range(joints.shape[1]):
            a = joints[t, j]
            excess = max(limits.lower[j] - a, a - limits.upper[j])
            largest[_EXCESS] = max(largest[_EXCESS], excess)
            out = out or excess > LIMIT_TOLERANCE
            if a <= limits.least[j] or a >= limits.most[j]:
                counts[_AT] += 1
            if t < 1:
                continue
            step = a - joints[t - 1, j]
            speed = abs(step) * fps
            largest[_SPEED] = max(largest[_SPEED], speed)
            over = over or speed > limits.speed[j]
            fast = fast or speed > FAST_JOINT
            if speed > JUMP_SPEED:
                counts[_JUMPS] += 1
            if t < 2:
                continue
            before = joints[t - 1, j] - joints[t - 2, j]
            acceleration = abs(step - before) * fps**2
            largest[_ACCELERATION] = max(largest[_ACCELERATION], acceleration)
            hard = hard or acceleration > limits.acceleration[j]
            if t < 3:
                continue
            earlier = joints[t - 2, j] - joints[t - 3, j]
            here = abs((step - before) - (before - earlier)) * fps**3
            jerk[t - 3, j] = here
            largest[_JERK] = max(largest[_JERK], here)
            largest[_JERK_SUM] += here
        counts[_OUT] += out
        counts[_OVER] += over
        counts[_FAST] += fast
        counts[_HARD] += hard
