"""What measures say of a clip, in sentences for people: `CLAUSES` has one a measure."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Final

from retarget.evaluation.measures.measure import Measure

__all__ = ["CLAUSES", "sentence"]

_LEAST_DIGITS: Final = 3  # that count of a value
_MOST_DIGITS: Final = 6  # of one that hardly differs from its limit
_SMALL, _LARGE = 1e-6, 1e9  # between which numbers are written out
_UNITS: Final = MappingProxyType(
    {"deg": ("degree", "degrees")}
)  # one, several; others are as they are

# The value with its unit stands for the braces.
CLAUSES: Final = MappingProxyType(
    {
        "limb_error_mean": "limbs point {} off the human's on average",
        "limb_error_p95": "the worst limb points {} off the human's at the 95th percentile",
        "orientation_error_mean": "limbs are turned {} off the human's on average",
        "limb_error_thigh": "thighs point {} off the human's on average",
        "limb_error_shank": "shanks point {} off the human's on average",
        "limb_error_upper_arm": "upper arms point {} off the human's on average",
        "limb_error_forearm": "forearms point {} off the human's on average",
        "orientation_error_thigh": "thighs are turned {} off the human's on average",
        "orientation_error_shank": "shanks are turned {} off the human's on average",
        "orientation_error_foot": "feet are turned {} off the human's on average",
        "orientation_error_upper_arm": "upper arms are turned {} off the human's on average",
        "orientation_error_forearm": "forearms are turned {} off the human's on average",
        "orientation_error_hand": "hands are turned {} off the human's on average",
        "limb_gain_error_mean": "limbs' ranges of motion are {} off the human's on average",
        "limb_gain_error_max": "a limb's range of motion is {} off the human's for seconds",
        "limb_error_second": "limbs point {} off the human's for a second",
        "trunk_lean_error_second": "the trunk leans {} off the human's for a second",
        "limb_pop_max": "a limb pops by {} for a frame",
        "heading_drift": "the heading drifts by {} from the human's",
        "toe_slide_second": "toes slide at {} for a second",
        "sole_lifted_second": "soles are off the floor in stance for {} of a second",
        "floating_second": "the robot floats for {} of a second",
        "flight_kept": "only {} of the human's flight is kept",
        "force_left_second": "a force of {} of the weight comes from nowhere for a second",
        "self_collision_second": "the robot collides with itself for {} of a second",
        "jerk_second": "joints jerk by {} for a second",
        "trunk_lean_error_mean": "the trunk leans {} off the human's on average",
        "trunk_lean_error_p95": "the trunk leans {} off the human's at the 95th percentile",
        "pelvis_lean_error_mean": "the pelvis leans {} off the human's on average",
        "pelvis_lean_error_p95": "the pelvis leans {} off the human's at the 95th percentile",
        "chest_lean_error_mean": "the chest leans {} off the human's on average",
        "chest_lean_error_p95": "the chest leans {} off the human's at the 95th percentile",
        "pelvis_heading_error_mean": "the pelvis heads {} off the human's on average",
        "pelvis_heading_error_p95": "the pelvis heads {} off the human's at the 95th percentile",
        "chest_heading_error_mean": "the chest heads {} off the human's on average",
        "chest_heading_error_p95": "the chest heads {} off the human's at the 95th percentile",
        "hip_line_error_mean": "the line of the hips is {} off the human's on average",
        "hip_line_error_p95": "the line of the hips is {} off the human's at the 95th percentile",
        "shoulder_line_error_mean": "the line of the shoulders is {} off the human's on average",
        "shoulder_line_error_p95": "the line of the shoulders is {} off the human's at the 95th percentile",
        "root_path_error_mean": "the hips are {} off the human's path on average",
        "root_path_error_p95": "the hips are {} off the human's path at the 95th percentile",
        "root_height_error_mean": "the hips' height is {} off the human's on average",
        "root_height_error_p95": "the hips' height is {} off the human's at the 95th percentile",
        "path_scale_error": "the size of the path is off by {}",
        "key_body_error_mean": "joint centres are {} from the human's on average",
        "key_body_posture_error_mean": "joint centres are {} from the human's on average, counted from the hips",
        "stance_share": "feet stand {} of the time",
        "toe_slide_mean": "toes slide at {} in stance on average",
        "toe_slide_p95": "toes slide at {} in stance at the 95th percentile",
        "human_toe_slide_mean": "the human's toes slide at {} in stance on average",
        "heel_slide_mean": "heels slide at {} in stance on average",
        "heel_slide_p95": "heels slide at {} in stance at the 95th percentile",
        "sole_lifted_share": "soles are off the floor in {} of stance",
        "sole_penetration_max": "a sole is {} deep in the floor",
        "sole_tilt_mean": "soles are tilted by {} in stance on average",
        "contact_recall": "only {} of the human's contacts are kept",
        "contact_precision": "only {} of the robot's contacts are the human's",
        "contact_preservation": "only {} of the frames keep every contact",
        "sliding_share": "feet slide in {} of stance",
        "skating_share": "feet skate in {} of the frames with stance",
        "sole_height_mean": "soles are {} above the floor in stance on average",
        "lower_sole_height_mean": "the lower sole is {} above the floor on average",
        "penetration_share": "the robot is in the floor in {} of the frames",
        "penetration_max": "the robot is {} deep in the floor",
        "swing_scuff_share": "feet scuff along the floor in {} of the frames",
        "human_swing_scuff_share": "the human's feet scuff along the floor in {} of the frames",
        "swing_scuff_excess": "feet scuff along the floor in {} more of the frames than the human's",
        "swing_clearance": "feet are lifted by {} in swing",
        "human_swing_clearance": "the human's feet are lifted by {} in swing",
        "swing_clearance_lack": "feet are lifted {} less in swing than the human's",
        "both_soles_down_share": "both soles are down in {} of the frames",
        "human_both_soles_down_share": "both of the human's feet are down in {} of the frames",
        "both_soles_down_excess": "both soles are down in {} more of the frames than the human's",
        "floating_share": "the robot floats in {} of the frames",
        "force_left_mean": "a force of {} of the weight comes from nowhere on average",
        "force_left_p95": "a force of {} of the weight comes from nowhere at the 95th percentile",
        "force_left_share": "force comes from nowhere in {} of the frames",
        "torque_left_mean": "a torque of {} of the weight times a metre comes from nowhere on average",
        "com_acceleration_horizontal": "the centre of mass is accelerated by {} along the floor",
        "com_acceleration_vertical": "the centre of mass is accelerated by {} upwards",
        "alike_acceleration_horizontal": "the human's steps accelerate a body of this size by {} along the floor",
        "human_acceleration_horizontal": "the human's hips are accelerated by {} along the floor",
        "human_acceleration_vertical": "the human's hips are accelerated by {} upwards",
        "com_acceleration_ratio": "the centre of mass is accelerated {} times as hard as the human's hips",
        "com_acceleration_alike": "the centre of mass is accelerated {} times as hard as the human's steps take",
        "flight_not_ballistic_share": "flight is no free fall in {} of its frames",
        "com_outside_share": "the centre of mass is beside what stands in {} of the calm frames",
        "joint_effort_max": "a joint needs {} of the torque that it has",
        "joint_effort_p95": "a joint needs {} of the torque that it has at the 95th percentile",
        "position_limit_excess_max": "a joint is {} beyond its position limit",
        "position_limit_share": "joints are beyond their position limits in {} of the frames",
        "at_limit_share": "joints are at their position limits {} of the time",
        "velocity_limit_share": "joints are beyond their speed limits in {} of the steps",
        "acceleration_limit_share": "joints are beyond their acceleration limits in {} of the frames",
        "self_collision_share": "the robot collides with itself in {} of the frames",
        "self_collision_max": "two bodies of the robot are {} deep in each other",
        "body_penetration_max": "a body is {} deep in the floor",
        "hand_gap_mean": "hands are {} off what they hold on average",
        "hand_gap_p95": "hands are {} off what they hold at the 95th percentile",
        "hands_kept_share": "hands are on what they hold only {} of the time",
        "unreached_holds": "the number of holds of hands out of reach is {}",
        "hand_place_error_mean": "hands are {} off their places on things on average",
        "hand_slide_mean": "hands slide on things at {} on average",
        "hand_slide_p95": "hands slide on things at {} at the 95th percentile",
        "human_hand_slide_mean": "the human's hands slide on things at {} on average",
        "scene_depth_max": "the robot is {} deep in a thing",
        "scene_depth_share": "the robot is in things in {} of the frames",
        "clearance_error_mean": "joints are {} nearer to things than the human's, or farther, on average",
        "clearance_error_p95": "joints are {} nearer to things than the human's, or farther, at the 95th percentile",
        "interaction_direction_mean": "joints are {} round things from the human's on average",
        "thing_sole_gap_mean": "soles are {} off what they stand on, on average",
        "object_shift_max": "a thing gives way by {}",
        "joint_acceleration_max": "a joint is accelerated by {}",
        "joint_speed_max": "a joint turns at {}",
        "joint_fast_share": "a joint is fast in {} of the steps",
        "joint_jumps": "the number of jumps of joints is {}",
        "jerk_mean": "joints jerk by {} on average",
        "jerk_p95": "joints jerk by {} at the 95th percentile",
        "jerk_max": "a joint jerks by {}",
        "spectral_arc_length": "the spectral arc length of joint speeds is only {}",
        "human_spectral_arc_length": "the spectral arc length of the human's joint speeds is {}",
        "duration": "the clip lasts only {}",
        "base_speed_max": "the base moves at {}",
        "base_turn_max": "the base turns at {}",
        "human_base_speed_max": "the human's hips move at {}",
        "repeated_share": "the robot hangs while the human moves in {} of the steps",
        "repeated_time_max": "the robot hangs for {} while the human moves",
        "human_repeated_share": "the recording has lost {} of its steps",
        "human_repeated_time_max": "the recording hangs for {} amid motion",
        "human_gait_pace": "the human walks at {} of the pace of strides so long",
        "time_offset": "the robot is {} early or late",
        "time_drift": "the robot's time drifts by {} from the human's",
        "anchor_miss_p95": "held points are {} off their places at the 95th percentile",
        "anchor_miss_max": "a held point is {} off its place",
        "yielded_share": "holds give way in {} of the frames",
        "yielded_max": "a hold gives way by {}",
        "cost_p95": "the solver's cost of a frame is {} at the 95th percentile",
        "doubt": "doubts about the recording weigh {}",
    }
)


def sentence(
    measure: Measure,
    value: float,
    limit: float,
    *,
    warned: bool = False,
    at_s: float | None = None,
) -> str:
    """What a value says beside its limit, without capital and full stop.

    Args:
        measure: Which it is of.
        value: In its unit.
        limit: In its unit: what the value may be at most, or at least where higher is better.
        warned: The limit is one that should be kept, not one that must be.
        at_s: The second at which the clip is worst.

    Example:
        >>> from retarget.evaluation import MEASURES
        >>> sentence(MEASURES["toe_slide_mean"], 0.0321, 0.01, at_s=3.21)
        'toes slide at 32.1 mm/s in stance on average, at most 10 (at 3.2 s)'
        >>> sentence(MEASURES["contact_recall"], 0.71, 0.9)
        "only 71 % of the human's contacts are kept, at least 90"
    """
    bound = _number(limit * measure.factor)
    number = bound
    for digits in range(_LEAST_DIGITS, _MOST_DIGITS + 1):
        number = _number(value * measure.factor, digits)
        if number != bound:
            break
    one, several = _UNITS.get(measure.shown_unit, (measure.shown_unit, measure.shown_unit))
    unit = one if number == "1" else several
    told = CLAUSES[measure.name].format(f"{number} {unit}" if unit else number)
    least = "least" if measure.better == "higher" else "most"
    asked = f"should be at {least}" if warned else f"at {least}"
    when = "" if at_s is None else f" (at {at_s:.1f} s)"
    return f"{told}, {asked} {bound}{when}"


def _number(value: float, digits: int = _MOST_DIGITS) -> str:
    """So many digits that count, without zeros at the end.

    Example:
        >>> _number(71.0), _number(1234.5, 3), _number(0.04667, 3)
        ('71', '1,234', '0.0467')
    """
    size = abs(value)
    if not _SMALL < size < _LARGE:
        return f"{value:.{digits}g}"
    decimals = max(digits - math.floor(math.log10(size)) - 1, 0)
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
