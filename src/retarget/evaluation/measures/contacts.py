"""Measures of how feet meet the floor and leave it, and of what carries the robot."""

from __future__ import annotations

from functools import partial

from retarget.evaluation.measures.measure import Measure, Series, declared
from retarget.evaluation.thresholds import (
    CLEARANCE_FLOOR,
    DEEP,
    DOWN_HEIGHT,
    FAST_FOOT,
    FLIGHT_HEIGHT,
    LEAST_SHANK_RISE,
    LIFTED_HEIGHT,
    LIFTED_HUMAN,
    MOVING_FOOT,
    REST_PERCENTILE,
    SKATING_SPEED,
    SLIDING_SPEED,
    STANCE_DURATION,
    STANCE_HEIGHT,
    STANCE_SPEED,
    SWING_ENOUGH,
    UNSUPPORTED_HEIGHT,
)
from retarget.ground import FALL_SHARE, FALL_SPAN

__all__ = ["MEASURES", "SERIES"]

_STANCE = (
    f"stance of the human: toe lower than the clip's 2nd percentile + {STANCE_HEIGHT * 100:.0f} cm and "
    f"slower than {STANCE_SPEED} m/s for {STANCE_DURATION} s or more, its knee {LEAST_SHANK_RISE * 100:.0f} cm or more "
    "above its ankle"
)
_HEEL_STANCE = "heel stance: stance in which the same holds for the human's ankle"
_REST = (
    "the human's heights are those of the lower one of toe and ankle joint above where such a joint rests (its "
    f"{REST_PERCENTILE}th percentile in the clip), scaled like its ankles' speeds by the ratio of leg lengths"
)
_DOWN = f"{DOWN_HEIGHT * 100:.0f} cm"
_LIFTED = (
    f"whole sole over {LIFTED_HEIGHT * 100:.0f} cm off the floor, and higher by as much than the human's foot, scaled, "
    "which in stance may just come down or leave"
)


_measure = partial(declared, "contacts", needs=("hip", "knee", "ankle"))
_slide = partial(_measure, shown="mm/s")

_STANDING = (
    _measure(
        "stance_share",
        "1",
        "Time in stance",
        f"share of foot samples in stance; {_STANCE}",
        "stance",
        better="none",
    ),
    _slide(
        "toe_slide_mean",
        "m/s",
        "Slide of toes, mean",
        "mean horizontal speed of the sole's front in stance",
        "toe_slide",
    ),
    _slide(
        "toe_slide_p95",
        "m/s",
        "Slide of toes, p95",
        "95th percentile of the same",
        "toe_slide",
    ),
    _slide(
        "human_toe_slide_mean",
        "m/s",
        "Slide of the human's toes, mean",
        "the human's own toe in the same samples, for comparison",
        better="none",
    ),
    _slide(
        "heel_slide_mean",
        "m/s",
        "Slide of heels, mean",
        f"mean horizontal speed of the sole's back in {_HEEL_STANCE}",
        "heel_slide",
    ),
    _slide(
        "heel_slide_p95",
        "m/s",
        "Slide of heels, p95",
        "95th percentile of the same",
        "heel_slide",
    ),
    _measure(
        "sole_lifted_share",
        "1",
        "Soles off the floor in stance",
        f"share of stance samples with the {_LIFTED}",
        "sole_lift",
        beside=True,
    ),
    _measure(
        "sole_penetration_max",
        "m",
        "Deepest sole",
        "deepest point of either sole below the floor",
        "sole_depth",
    ),
    _measure(
        "sole_tilt_mean",
        "deg",
        "Tilt of soles, mean",
        "mean angle of the sole to the floor in heel stance",
        "sole_tilt",
    ),
)

_HOLOSOMA = "as holosoma's eval_retargeting counts it, on the floor and in our stance"
_IN_CONTACT = (
    f"the robot's foot in contact: its sole's lowest point under {_DOWN}, its front or back slower than "
    f"{STANCE_SPEED} m/s"
)

_KEEPING = (
    _measure(
        "contact_recall",
        "1",
        "Contacts kept",
        f"share of the human's foot samples in stance with {_IN_CONTACT}; what is missing to 1 is missed stance",
        "missed_contacts",
        better="higher",
        beside=True,
    ),
    _measure(
        "contact_precision",
        "1",
        "Contacts that the human has",
        f"share of samples with {_IN_CONTACT} in which the human's foot stands, or is less than "
        f"{LIFTED_HUMAN * 100:.0f} cm, scaled, above its rest; what is missing to 1 is false stance",
        "false_contacts",
        better="higher",
        beside=True,
    ),
    _measure(
        "contact_preservation",
        "1",
        "Frames that keep every contact",
        "share of frames in which no contact of the human's feet is missed",
        "missed_contacts",
        better="higher",
        beside=True,
        source=_HOLOSOMA,
        aliases=("holosoma contact_preservation",),
    ),
    _measure(
        "sliding_share",
        "1",
        "Time that feet slide",
        f"share of stance samples with the sole's front faster than {SLIDING_SPEED} m/s",
        "toe_slide",
    ),
    _measure(
        "skating_share",
        "1",
        "Frames that skate",
        f"share of frames with a foot in stance in which a toe in stance is faster than {SKATING_SPEED} m/s (1 cm a "
        "frame at 30 Hz)",
        "toe_slide",
        source=_HOLOSOMA,
        aliases=("holosoma sliding_duration", "OmniRetarget foot skating duration"),
    ),
    _measure(
        "sole_height_mean",
        "m",
        "Height of soles in stance",
        f"mean height of the sole's lowest point in {_HEEL_STANCE}",
        better="none",
    ),
    _measure(
        "lower_sole_height_mean",
        "m",
        "Height of the lower sole",
        "mean over frames of the lowest point of both soles",
        better="none",
        source="the filter of NMR, arXiv 2603.22201, whose thresholds are its own",
        aliases=("NMR mean foot height",),
    ),
    _measure(
        "penetration_share",
        "1",
        "Time in the floor",
        f"share of frames with a sole or a collision capsule over {DEEP * 100:.0f} cm deep in the floor",
        "depth",
        source=_HOLOSOMA,
        aliases=("holosoma penetration_duration", "OmniRetarget penetration duration"),
    ),
    _measure(
        "penetration_max",
        "m",
        "Deepest point in the floor",
        "deepest point of a sole or a collision capsule below the floor",
        "depth",
        source=_HOLOSOMA,
        aliases=("holosoma penetration_max_depths", "OmniRetarget penetration max depth"),
    ),
)

_SWINGING = (
    _measure(
        "swing_scuff_share",
        "1",
        "Feet that scuff",
        f"share of foot samples with the sole's lowest point under {_DOWN} while the ankle moves faster than "
        f"{MOVING_FOOT} m/s along the floor (central differences)",
        "scuff",
    ),
    _measure(
        "human_swing_scuff_share",
        "1",
        "The human's feet that scuff",
        f"the human's own, for comparison; {_REST}",
        better="none",
    ),
    _measure(
        "swing_scuff_excess",
        "1",
        "Feet that scuff more than the human's",
        "what the robot has of this share more than the human",
        "scuff",
        beside=True,
    ),
    _measure(
        "swing_clearance",
        "m",
        "Clearance in swing",
        f"median height of the sole's lowest point while the ankle moves faster than {FAST_FOOT} m/s along the "
        f"floor; none where that is less than {SWING_ENOUGH} s",
        better="none",
    ),
    _measure(
        "human_swing_clearance",
        "m",
        "The human's clearance in swing",
        f"the human's own, for comparison; {_REST}",
        better="none",
    ),
    _measure(
        "swing_clearance_lack",
        "1",
        "Lack of clearance in swing",
        "how much lower the robot's clearance is than the human's, as a share of the human's or of "
        f"{CLEARANCE_FLOOR * 100:.0f} cm, whichever is more; negative where it is higher",
        beside=True,
    ),
    _measure(
        "both_soles_down_share",
        "1",
        "Both soles down",
        f"share of frames with the lowest points of both soles under {_DOWN}",
        "both_soles_down",
        better="none",
    ),
    _measure(
        "human_both_soles_down_share",
        "1",
        "Both of the human's feet down",
        f"the human's own, for comparison; {_REST}",
        better="none",
    ),
    _measure(
        "both_soles_down_excess",
        "1",
        "Both soles down more than the human's",
        "what the robot has of this share more than the human, or than the share of frames with both of the "
        "human's toes in stance if that is more",
        "both_soles_down",
        beside=True,
    ),
    _measure(
        "floating_share",
        "1",
        "Floating",
        f"share of frames with soles and collision capsules all over {UNSUPPORTED_HEIGHT * 100:.0f} cm off the "
        f"floor, farther than {FALL_SPAN} s from the human's flight: its toes and ankles "
        f"{FLIGHT_HEIGHT * 100:.0f} cm and more above their rest, its hips accelerating downwards by "
        f"{FALL_SHARE:.0%} of free fall or more over {FALL_SPAN} s to either side",
        "unsupported_height",
    ),
)

MEASURES: tuple[Measure, ...] = (*_STANDING, *_KEEPING, *_SWINGING)

SERIES: tuple[Series, ...] = (
    Series("stance", "1", "feet in stance", f"share of the two feet in stance; {_STANCE}"),
    Series("toe_slide", "m/s", "slide of toes", "speed of the faster toe of those in stance"),
    Series(
        "heel_slide",
        "m/s",
        "slide of heels",
        f"speed of the faster heel of those in {_HEEL_STANCE}",
    ),
    Series(
        "sole_lift",
        "m",
        "soles off the floor in stance",
        "height of the sole above the floor, or above the human's foot where that is higher, of the higher foot of "
        "those in stance",
        LIFTED_HEIGHT,
    ),
    Series("left_sole_height", "m", "left sole", "height of the lowest point of the left sole"),
    Series("right_sole_height", "m", "right sole", "height of the lowest point of the right sole"),
    Series("sole_depth", "m", "deepest sole", "depth of the lower sole below the floor"),
    Series("depth", "m", "in the floor", "depth of the lowest point of soles and capsules", DEEP),
    Series(
        "missed_contacts",
        "1",
        "missed contacts",
        f"share of the two feet of which the human's stands and the robot's does not; {_IN_CONTACT}",
    ),
    Series(
        "false_contacts",
        "1",
        "false contacts",
        "share of the two feet of which the robot's stands and the human's is up",
    ),
    Series("sole_tilt", "deg", "tilt of soles", "of the more tilted sole of those in heel stance"),
    Series(
        "scuff",
        "1",
        "feet that scuff",
        f"share of the two feet with the sole under {_DOWN} and the ankle faster than {MOVING_FOOT} m/s",
    ),
    Series("both_soles_down", "1", "both soles down", f"1 where both soles are under {_DOWN}"),
    Series(
        "unsupported_height",
        "m",
        "height of the lowest point",
        "lowest point of soles and collision capsules over the floor, where the human does not fly",
        UNSUPPORTED_HEIGHT,
    ),
)
