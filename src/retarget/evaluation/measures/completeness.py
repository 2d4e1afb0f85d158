"""Measures of whether a motion is whole: no frame lost, no jump, no drift in time."""

from __future__ import annotations

from functools import partial

from retarget.evaluation.measures.measure import Measure, Series, declared
from retarget.evaluation.thresholds import (
    HIP_HEIGHT,
    LAG_RANGE,
    LAG_WINDOW,
    LEAST_STRIDE,
    MOVING_BODY,
    REPEATED_STEP,
    STOPPED_BODY,
    STRIDE_EXPONENT,
    STRIDE_SHARE,
    STRIDES_ENOUGH,
    TELLING_MOTION,
)

__all__ = ["MEASURES", "SERIES"]


_LAGS = (
    f"the lag of up to {LAG_RANGE} s at which the upward parts of limb directions differ least, in windows of "
    f"{LAG_WINDOW:g} s in which it tells: they differ by over {TELLING_MOTION} at other lags, and by half the "
    "square at most at the best, which is not the farthest"
)


_PACE = (
    "speed of a stride of the human over that at which people and animals take strides of such length, "
    f"sqrt(g h) (length / {STRIDE_SHARE} h)^{STRIDE_EXPONENT:.2f} with the hips at a height h of {HIP_HEIGHT} times "
    "thigh and shank"
)

_measure = partial(declared, "completeness")

MEASURES: tuple[Measure, ...] = (
    _measure("duration", "s", "Duration", "time from the first frame to the last", "", "higher"),
    _measure(
        "base_speed_max",
        "m/s",
        "Fastest base",
        "highest speed of the base between two frames",
        "base_speed",
    ),
    _measure(
        "base_turn_max",
        "rad/s",
        "Fastest turn of the base",
        "fastest turn of the base, about any axis, between two frames",
        "base_turn",
    ),
    _measure(
        "human_base_speed_max",
        "m/s",
        "Fastest hips of the human",
        "highest speed of the middle of the human's hips between two frames, in the human's own size",
        "human_base_speed",
    ),
    _measure(
        "repeated_share",
        "1",
        "Steps without movement",
        f"share of steps in which nothing of the robot moves (by {REPEATED_STEP:g} m or rad) while a joint centre "
        f"of the human is faster than {MOVING_BODY} m/s",
        "repeats",
    ),
    _measure(
        "repeated_time_max",
        "s",
        "Longest time without movement",
        "longest run of such steps",
        "repeats",
    ),
    _measure(
        "human_repeated_share",
        "1",
        "Lost frames of the recording",
        f"share of steps in which no joint centre of the human moves by {REPEATED_STEP:g} m, in runs with one "
        f"faster than {STOPPED_BODY} m/s in the step before or after: frames that were lost, and filled with "
        "others or with zeros",
        "human_repeats",
    ),
    _measure(
        "human_repeated_time_max",
        "s",
        "Longest loss of frames of the recording",
        "longest run of such steps",
        "human_repeats",
    ),
    _measure(
        "human_gait_pace",
        "1",
        "Pace of the human's gait",
        f"median {_PACE}, over level strides of {LEAST_STRIDE:g} h and more, of a foot that "
        f"stands for a quarter of them; none of clips with fewer than {STRIDES_ENOUGH}: "
        "who walks at a third of a walker's pace was recorded at another rate than the file says, or moves in slow "
        "motion",
        better="higher",
        shown="1",
        needs=("hip", "knee", "ankle"),
        source="Alexander, Nature 261, 1976",
    ),
    Measure(
        name="time_offset",
        unit="s",
        title="Time by which it is early or late",
        definition="median over windows of the time by which the robot's limbs rise and fall earlier or later than the "
        f"human's: {_LAGS}",
        group="completeness",
        beside_human=True,
        shown="ms",
        series="lag",
    ),
    Measure(
        name="time_drift",
        unit="s",
        title="Drift in time",
        definition="how much that time changes from the first window to the last, along a straight line through all",
        group="completeness",
        beside_human=True,
        shown="ms",
        series="lag",
    ),
)

SERIES: tuple[Series, ...] = (
    Series(
        "lag", "s", "time by which it is early or late", f"of the window that is nearest: {_LAGS}"
    ),
    Series("base_speed", "m/s", "speed of the base", "in the step to the frame"),
    Series("base_turn", "rad/s", "turn of the base", "in the step to the frame"),
    Series("human_base_speed", "m/s", "speed of the human's hips", "in the step to the frame"),
    Series(
        "repeats", "1", "no movement", "1 where nothing of the robot moves while the human does"
    ),
    Series(
        "human_repeats", "1", "lost frames", "1 where nothing of the human moves amid its motion"
    ),
)
