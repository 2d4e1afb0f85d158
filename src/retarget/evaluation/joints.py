"""How the robot's joints move: limits, speed, jumps and jerk."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from retarget.evaluation.measures import FAST_JOINT, JUMP_RATE, JUMP_SPEED, LIMIT_TOLERANCE
from retarget.robots.model import RobotModel

__all__ = ["measure_joints"]

_BLOCK = 4096  # frames looked at at once


def measure_joints(
    robot: RobotModel,
    joints: Float64[np.ndarray, "T N"],
    fps: float,
    acceleration_limits: Float64[np.ndarray, "N"],
) -> dict[str, float | None]:
    """Measures of joint motion; see `measures.DEFINITIONS`. Clips too short for a measure have none."""
    count = len(joints)
    excess, fast, faster, jumps = _Extremes(), _Extremes(), _Extremes(), 0
    speed_over = robot.velocity_limits * (1 + LIMIT_TOLERANCE)
    acceleration, over = _Extremes(), acceleration_limits * (1 + LIMIT_TOLERANCE)
    jerk = np.empty((max(count - 3, 0), joints.shape[1]))
    for start in range(0, count, _BLOCK):
        part = joints[start : start + _BLOCK + 3]
        here = part[:_BLOCK]
        excess.add(np.maximum(robot.lower - here, here - robot.upper), LIMIT_TOLERANCE)
        speed = np.abs(np.diff(part, axis=0))[:_BLOCK] * fps
        fast.add(speed, speed_over)
        faster.add(speed, FAST_JOINT)
        jumps += int((speed > JUMP_SPEED).sum())
        acceleration.add(np.abs(np.diff(part, 2, axis=0))[:_BLOCK] * fps**2, over)
        jerk[start : start + _BLOCK] = np.abs(np.diff(part, 3, axis=0)) * fps**3
    limited = bool(np.isfinite(acceleration_limits).any())
    measured: dict[str, float | None] = {
        "position_limit_excess_max": max(excess.largest, 0.0),
        "position_limit_share": excess.share,
        "velocity_limit_share": fast.share if count > 1 else None,
        "acceleration_limit_share": acceleration.share if count > 2 and limited else None,
        "joint_acceleration_max": acceleration.largest if count > 2 else None,
        "joint_speed_max": fast.largest if count > 1 else None,
        "joint_fast_share": faster.share if count > 1 else None,
        "joint_jumps": float(jumps * JUMP_RATE / fps) if count > 1 else None,
        "jerk_mean": None,
        "jerk_p95": None,
        "jerk_max": None,
    }
    if count > 3:
        measured |= {"jerk_mean": float(jerk.mean()), "jerk_max": float(jerk.max())}
        # In place, as these are the most numbers of all; so it comes last.
        measured["jerk_p95"] = float(np.percentile(jerk, 95, overwrite_input=True))
    return measured


class _Extremes:
    """The largest of some values, and the share of frames in which any is above a limit; fed with blocks."""

    def __init__(self) -> None:
        self.largest, self._above, self._frames = -np.inf, 0, 0

    def add(
        self, values: Float64[np.ndarray, "n N"], limit: Float64[np.ndarray, "N"] | float
    ) -> None:
        self.largest = max(self.largest, float(values.max(initial=-np.inf)))
        self._above += int((values > limit).any(axis=1).sum())
        self._frames += len(values)

    @property
    def share(self) -> float:
        return self._above / self._frames
