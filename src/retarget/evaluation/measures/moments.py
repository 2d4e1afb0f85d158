"""Measures of what is wrong for a moment only: in a long clip no mean and no percentile sees it."""

from __future__ import annotations

from functools import partial

from retarget.evaluation.measures.measure import Measure, Series, declared
from retarget.evaluation.thresholds import (
    FLIGHT_ENOUGH,
    FLIGHT_KEPT,
    HEADING_WINDOW,
    POP_SPAN,
    SURE_FLIGHT,
    WORST_SPAN,
)

__all__ = ["MEASURES", "SERIES"]

_OVER = (
    f"in the {WORST_SPAN:g} s of the clip in which it is most; frames of which it says nothing count as 0, and clips "
    "that are shorter have none"
)
_LEGS = ("hip", "knee", "ankle")
_POP = (
    f"how far a limb's direction is from the middle between where it is {1000 * POP_SPAN:.0f} ms before and after, "
    "less the same of the human's limb"
)
_HEADING = (
    "yaw between the human's and the robot's limbs and lines of hips and shoulders that fits best in windows of "
    f"{HEADING_WINDOW:g} s"
)

_tracking = partial(declared, "tracking", beside=True)
_contacts = partial(declared, "contacts", needs=_LEGS)

MEASURES: tuple[Measure, ...] = (
    _tracking(
        "limb_error_second",
        "deg",
        "Limb directions, worst second",
        f"mean of limb_error_mean's angle {_OVER}",
        "limb_error",
        over="max",
    ),
    _tracking(
        "trunk_lean_error_second",
        "deg",
        "Lean of the trunk, worst second",
        f"mean of trunk_lean_error_mean's angle {_OVER}",
        "trunk_lean_error",
        over="max",
        needs=("hip", "shoulder"),
    ),
    _tracking(
        "limb_pop_max",
        "deg",
        "Pops of limbs",
        f"largest of any limb and frame: {_POP}",
        "limb_pop",
    ),
    _tracking(
        "heading_drift",
        "deg",
        "Drift of the heading",
        f"range over the clip of the {_HEADING}; none of clips with one window",
        "heading_error",
        over="max",
        needs=("hip",),
    ),
    _contacts(
        "toe_slide_second",
        "m/s",
        "Slide of toes, worst second",
        f"mean speed of the faster toe of those in stance {_OVER}",
        "toe_slide",
        over="max",
        shown="mm/s",
    ),
    _contacts(
        "sole_lifted_second",
        "1",
        "Soles off the floor in stance, worst second",
        f"share of frames with a sole lifted as sole_lifted_share counts it, {_OVER}",
        "sole_lift",
        over="max",
        beside=True,
    ),
    _contacts(
        "floating_second",
        "1",
        "Floating, worst second",
        f"share of frames that floating_share counts {_OVER}",
        "unsupported_height",
        over="max",
    ),
    _contacts(
        "flight_kept",
        "1",
        "Flight kept",
        "share of the human's flight, of which floating_share tells, with its feet over "
        f"{100 * SURE_FLIGHT:.0f} cm above their rest, in which nothing of the robot is under "
        f"{100 * FLIGHT_KEPT:.0f} cm above the floor; none of clips with less than {FLIGHT_ENOUGH} s of it",
        better="higher",
        beside=True,
    ),
    declared(
        "physics",
        "force_left_second",
        "1",
        "Force that nothing gives, worst second",
        f"mean of force_left_mean's force {_OVER}",
        "force_left",
        over="max",
        needs=_LEGS,
    ),
    declared(
        "collision",
        "self_collision_second",
        "1",
        "Time in self-collision, worst second",
        f"share of frames that self_collision_share counts {_OVER}",
        "self_overlap",
        over="max",
    ),
    declared(
        "smoothness",
        "jerk_second",
        "rad/s^3",
        "Jerk, worst second",
        f"mean of jerk_mean's jerk {_OVER}",
        "jerk",
        over="max",
    ),
)

SERIES: tuple[Series, ...] = (
    Series("limb_pop", "deg", "pops of limbs", f"largest of any limb: {_POP}"),
    Series(
        "heading_error", "deg", "error of the heading", f"from its middle over the clip: {_HEADING}"
    ),
)
