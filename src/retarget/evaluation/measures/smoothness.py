"""Measures of how smoothly joints move."""

from __future__ import annotations

from functools import partial

from retarget.evaluation.measures.measure import Measure, Series, declared
from retarget.evaluation.thresholds import (
    ARC_AMPLITUDE,
    ARC_FREQUENCY,
    ARC_PADDING,
    ARC_WINDOW,
    FAST_JOINT,
    JUMP_RATE,
    JUMP_SPEED,
    MOVING_POINT,
)

__all__ = ["MEASURES", "SERIES"]


_ARC = (
    "length of the curve of the amplitude spectrum of a point's speed, frequency and amplitude each over its range, "
    f"with a minus; profiles are padded with zeros to {ARC_PADDING} times their length, spectra counted up to "
    f"{ARC_FREQUENCY:g} Hz or where the amplitude last is {ARC_AMPLITUDE:.0%} of its peak"
)


_measure = partial(declared, "smoothness")

MEASURES: tuple[Measure, ...] = (
    _measure(
        "joint_acceleration_max",
        "rad/s^2",
        "Highest joint acceleration",
        "highest joint acceleration, by second difference x fps^2",
        "joint_acceleration",
    ),
    _measure(
        "joint_speed_max",
        "rad/s",
        "Highest joint speed",
        "highest joint speed between two frames",
        "joint_speed",
        aliases=("NMR joint velocity peak",),
    ),
    _measure(
        "joint_fast_share",
        "1",
        "Time with a fast joint",
        f"share of steps with a joint faster than {FAST_JOINT:.0f} rad/s",
        "joint_speed",
    ),
    _measure(
        "joint_jumps",
        "1",
        "Jumps of joints",
        f"joint steps faster than {JUMP_SPEED:.0f} rad/s (0.5 rad between frames at "
        f"{JUMP_RATE:.0f} Hz), counted as if at {JUMP_RATE:.0f} Hz",
        "joint_speed",
        over="sum",
        shown="count",
        aliases=("GMR sudden joint jumps",),
    ),
    _measure(
        "jerk_mean",
        "rad/s^3",
        "Jerk, mean",
        "mean over joints and frames of |third difference| x fps^3",
        "jerk",
    ),
    _measure("jerk_p95", "rad/s^3", "Jerk, p95", "95th percentile of the same", "jerk"),
    _measure("jerk_max", "rad/s^3", "Jerk, largest", "largest of the same", "jerk_worst"),
    Measure(
        name="spectral_arc_length",
        unit="1",
        title="Spectral arc length",
        definition=f"mean over windows of {ARC_WINDOW:g} s where a wrist or ankle is faster than {MOVING_POINT} m/s, "
        f"and over these: {_ARC}",
        group="smoothness",
        better="higher",
        source="SPARC, Balasubramanian et al. 2015",
        aliases=("SPARC",),
        shown="1",
    ),
    Measure(
        name="human_spectral_arc_length",
        unit="1",
        title="The human's spectral arc length",
        definition="the human's own, for comparison",
        group="smoothness",
        better="none",
        beside_human=True,
        shown="1",
    ),
)

SERIES: tuple[Series, ...] = (
    Series("joint_speed", "rad/s", "fastest joint", "in the step to the frame", FAST_JOINT),
    Series("joint_acceleration", "rad/s^2", "joint acceleration", "largest, by second differences"),
    Series("jerk", "rad/s^3", "jerk", "mean over joints of |third difference| x fps^3"),
    Series("jerk_worst", "rad/s^3", "largest jerk", "largest of any joint"),
)
