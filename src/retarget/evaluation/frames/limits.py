"""The joint limits that a result was made to keep: the robot's own and those of its options."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from retarget.result import RetargetingResult
from retarget.robots.model import RobotModel

__all__ = ["kept_accelerations", "kept_positions", "kept_speeds"]

Limit = Float64[np.ndarray, "N"]


def kept_positions(result: RetargetingResult, robot: RobotModel) -> tuple[Limit, Limit]:
    """Lower and upper limit of each joint, with the margin asked for, rad."""
    margin = _number(result, "joint_margin", 0.0)
    return robot.lower + margin, robot.upper - margin


def kept_speeds(result: RetargetingResult, robot: RobotModel) -> Limit:
    """Speed limit of each joint, rad/s; infinite where none was kept."""
    if not _is_on(result, "speed_limits"):
        return np.full(robot.joint_count, np.inf)
    return robot.velocity_limits.clip(max=_number(result, "joint_speed_limit", np.inf))


def kept_accelerations(result: RetargetingResult, robot: RobotModel) -> Limit:
    """Acceleration limit of each joint, rad/s^2; infinite where none was kept."""
    if not _is_on(result, "acceleration_limits"):
        return np.full(robot.joint_count, np.inf)
    return robot.acceleration_limits.clip(max=_number(result, "joint_acceleration_limit", np.inf))


def _option(result: RetargetingResult, name: str) -> object:
    options = result.provenance.get("options", {})
    return options.get(name) if isinstance(options, dict) else None


def _number(result: RetargetingResult, name: str, default: float) -> float:
    value = _option(result, name)
    return float(value) if isinstance(value, (int, float)) else default


def _is_on(result: RetargetingResult, name: str) -> bool:
    return _option(result, name) is not False
