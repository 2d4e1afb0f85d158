"""Joint limits of a solve: the robot's own, narrowed by what a user chooses, as steps between frames."""

from __future__ import annotations

import numpy as np

from retarget.errors import OptionsError
from retarget.options import RetargetOptions
from retarget.robots.model import RobotModel
from retarget.solver.arrays import Limits

__all__ = ["joint_limits", "with_reserve", "without_reserve"]

_RESERVE = (
    0.98  # share of speed and acceleration limits that the solve aims at: room for its softness
)
_NO_LIMIT = 1e6  # rad/s or rad/s^2: none; compiled code that reorders sums must not meet infinity


def joint_limits(robot: RobotModel, options: RetargetOptions, fps: float) -> Limits:
    """Limits by body at a frame rate, exactly as they must hold.

    Raises:
        OptionsError: The joint margin leaves a joint no range.
    """
    lower, upper = robot.lower + options.joint_margin, robot.upper - options.joint_margin
    if options.joint_margin and (lower >= upper).any():
        joint = int(np.argmin(upper - lower))
        most = (robot.upper[joint] - robot.lower[joint]) / 2
        raise OptionsError(
            f"joint_margin {options.joint_margin:g} rad leaves {robot.joint_names[joint]!r} of {robot.name!r} "
            f"no range; give less than {most:.3g} rad"
        )
    speed = np.full(robot.joint_count, _NO_LIMIT)
    if options.speed_limits:
        speed = np.minimum(robot.velocity_limits, options.joint_speed_limit)
    acceleration = np.full(robot.joint_count, _NO_LIMIT)
    if options.acceleration_limits:
        asked = options.joint_acceleration_limit
        acceleration = np.minimum(acceleration, robot.acceleration_limits)
        acceleration = acceleration if asked is None else np.minimum(acceleration, asked)
    base = [np.inf]
    limited = bool((acceleration < _NO_LIMIT).any())
    return Limits(
        lower=np.concatenate([[-np.inf], lower]),
        upper=np.concatenate([base, upper]),
        step=np.concatenate([base, speed / fps]),
        second_difference=np.concatenate([base, acceleration / fps**2]) if limited else np.empty(0),
    )


def with_reserve(limits: Limits) -> Limits:
    """What the solve aims at, so that little is left to the last projection."""
    return limits._replace(
        step=limits.step * _RESERVE, second_difference=limits.second_difference * _RESERVE
    )


def without_reserve(limits: Limits) -> Limits:
    """The inverse of `with_reserve`."""
    return limits._replace(
        step=limits.step / _RESERVE, second_difference=limits.second_difference / _RESERVE
    )
