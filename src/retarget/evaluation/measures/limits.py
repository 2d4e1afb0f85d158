"""Measures of the robot's limits on joints."""

from __future__ import annotations

from functools import partial

from retarget.evaluation.measures.measure import Measure, Series, declared
from retarget.evaluation.thresholds import AT_LIMIT

__all__ = ["MEASURES", "SERIES"]


_measure = partial(declared, "limits")

MEASURES: tuple[Measure, ...] = (
    _measure(
        "position_limit_excess_max",
        "rad",
        "Farthest beyond a position limit",
        "farthest that a joint is beyond its position limit",
        "position_limit_excess",
    ),
    _measure(
        "position_limit_share",
        "1",
        "Time beyond position limits",
        "share of frames with a joint beyond its position limit",
        "position_limit_excess",
    ),
    _measure(
        "at_limit_share",
        "1",
        "Joints at position limits",
        f"share of joints and frames within {AT_LIMIT:g} rad of the position limit that was to be kept",
        "at_limit",
    ),
    _measure(
        "velocity_limit_share",
        "1",
        "Time beyond speed limits",
        "share of steps with a joint beyond its speed limit",
        "joint_speed_ratio",
    ),
    _measure(
        "acceleration_limit_share",
        "1",
        "Time beyond acceleration limits",
        "share of frames with a joint beyond the acceleration limit that it was to keep, by second difference "
        "x fps^2; none where no joint has one",
        "joint_acceleration_ratio",
    ),
)

SERIES: tuple[Series, ...] = (
    Series(
        "position_limit_excess",
        "rad",
        "beyond position limits",
        "farthest that a joint is beyond its position limit, 0 where none is",
        0.0,
    ),
    Series("at_limit", "1", "joints at position limits", "share of joints that lean on one"),
    Series(
        "joint_speed_ratio",
        "1",
        "speed of its limit",
        "highest joint speed as a share of the joint's limit, in the step to the frame",
        1.0,
    ),
    Series(
        "joint_acceleration_ratio",
        "1",
        "acceleration of its limit",
        "highest joint acceleration as a share of the limit that was to be kept",
        1.0,
    ),
)
