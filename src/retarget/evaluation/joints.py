"""How the robot's joints move: limits, speed, jumps and jerk."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from retarget.evaluation.measures import FAST_JOINT, JUMP_RATE, JUMP_SPEED, LIMIT_TOLERANCE
from retarget.robots.model import RobotModel

__all__ = ["measure_joints"]


def measure_joints(
    robot: RobotModel,
    joints: Float64[np.ndarray, "T N"],
    fps: float,
    acceleration_limits: Float64[np.ndarray, "N"],
) -> dict[str, float | None]:
    """Measures of joint motion; see `measures.DEFINITIONS`. Clips too short for a measure have none."""
    excess = np.maximum(robot.lower - joints, joints - robot.upper)
    measured: dict[str, float | None] = {
        "position_limit_excess_max": float(np.max(excess, initial=0.0)),
        "position_limit_share": float((excess > LIMIT_TOLERANCE).any(1).mean()),
        "velocity_limit_share": None,
        "acceleration_limit_share": None,
        "joint_acceleration_max": None,
        "joint_speed_max": None,
        "joint_fast_share": None,
        "joint_jumps": None,
        "jerk_mean": None,
        "jerk_p95": None,
        "jerk_max": None,
    }
    if len(joints) > 1:
        speed = np.abs(np.diff(joints, axis=0)) * fps
        over = speed > robot.velocity_limits * (1 + LIMIT_TOLERANCE)
        measured |= {
            "velocity_limit_share": float(over.any(1).mean()),
            "joint_speed_max": float(speed.max()),
            "joint_fast_share": float((speed > FAST_JOINT).any(1).mean()),
            "joint_jumps": float((speed > JUMP_SPEED).sum() * JUMP_RATE / fps),
        }
    if len(joints) > 2:
        acceleration = np.abs(np.diff(joints, 2, axis=0)) * fps**2
        measured["joint_acceleration_max"] = float(acceleration.max())
        if np.isfinite(acceleration_limits).any():
            over = acceleration > acceleration_limits * (1 + LIMIT_TOLERANCE)
            measured["acceleration_limit_share"] = float(over.any(1).mean())
    if len(joints) > 3:
        jerk = np.abs(np.diff(joints, 3, axis=0)) * fps**3
        measured |= {
            "jerk_mean": float(jerk.mean()),
            "jerk_p95": float(np.percentile(jerk, 95)),
            "jerk_max": float(jerk.max()),
        }
    return measured
