"""Measures of what motors and contacts could do of a motion."""

from __future__ import annotations

from functools import partial

from retarget.evaluation.measures.measure import Measure, Series, declared
from retarget.evaluation.thresholds import (
    BALLISTIC_SHARE,
    FORCE_SHARE,
    HUMAN_SPAN,
    QUASI_STATIC_ACCELERATION,
    QUASI_STATIC_SPEED,
    QUIET_ACCELERATION,
    STANDING_SPEED,
    SUPPORT_MARGIN,
    TORQUE_ARM,
)
from retarget.ground import FRICTION, STANDING_HEIGHT

__all__ = ["MEASURES", "SERIES"]

_FORCES = (
    "root wrench by inverse dynamics of second differences, less the forces that take off most of it (torques counted "
    f"over {TORQUE_ARM} m) within friction cones (coefficient {FRICTION}, 8 edges) at points that stand: within "
    f"{STANDING_HEIGHT * 1000:.0f} mm of the floor, and slower than {STANDING_SPEED} m/s in the step before or after; "
    "points are those of the soles and the ends of all other bodies' capsules"
)
_OUTSIDE = (
    f"quasi-static frames (centre of mass slower than {QUASI_STATIC_SPEED} m/s and "
    f"{QUASI_STATIC_ACCELERATION} m/s^2 along the floor, with a point that stands)"
)


_measure = partial(declared, "physics", needs=("hip", "knee", "ankle"))

MEASURES: tuple[Measure, ...] = (
    _measure(
        "force_left_mean",
        "1",
        "Force that nothing gives, mean",
        f"mean over frames of the force on the base that no contact can give, as a share of the weight: {_FORCES}",
        "force_left",
    ),
    _measure(
        "force_left_p95",
        "1",
        "Force that nothing gives, p95",
        "95th percentile of the same",
        "force_left",
    ),
    _measure(
        "force_left_share",
        "1",
        "Time with force that nothing gives",
        f"share of frames in which the same is over {FORCE_SHARE}",
        "force_left",
    ),
    _measure(
        "torque_left_mean",
        "1",
        "Torque that nothing gives, mean",
        "mean torque about the base's origin that is left besides, as a share of weight times a metre",
        "torque_left",
    ),
    _measure(
        "com_acceleration_horizontal",
        "m/s^2",
        "Acceleration of the mass along the floor",
        "root mean square of the centre of mass' acceleration along the floor (second difference x fps^2)",
        "com_acceleration",
        better="none",
    ),
    _measure(
        "com_acceleration_vertical",
        "m/s^2",
        "Acceleration of the mass upwards",
        "the same upwards",
        better="none",
    ),
    _measure(
        "human_acceleration_horizontal",
        "m/s^2",
        "Acceleration of the human along the floor",
        "the same of the middle of the human's hips, scaled by the ratio of leg lengths, by second differences "
        f"over steps of {HUMAN_SPAN * 1000:.0f} ms, for comparison",
        better="none",
    ),
    _measure(
        "human_acceleration_vertical",
        "m/s^2",
        "Acceleration of the human upwards",
        "the same upwards",
        better="none",
    ),
    _measure(
        "alike_acceleration_horizontal",
        "m/s^2",
        "Acceleration that the human's steps take of a body of this size",
        "the same, of a mass as high as the human's hips scaled, that the floor pushes from where it pushes the "
        "human's (the zero-moment point, scaled), for comparison",
        better="none",
    ),
    _measure(
        "com_acceleration_ratio",
        "1",
        "Acceleration beside the human's",
        f"com_acceleration_horizontal over the human's, of which at least {QUIET_ACCELERATION} m/s^2 are counted",
        "com_acceleration",
        beside=True,
        shown="1",
    ),
    _measure(
        "com_acceleration_alike",
        "1",
        "Acceleration beside what the human's steps take",
        "com_acceleration_horizontal over alike_acceleration_horizontal, of which at least "
        f"{QUIET_ACCELERATION} m/s^2 are counted",
        "com_acceleration",
        beside=True,
        shown="1",
    ),
    _measure(
        "flight_not_ballistic_share",
        "1",
        "Flight that is no free fall",
        f"share of frames in flight (no point within {STANDING_HEIGHT * 1000:.0f} mm of the floor, in the frames "
        "before and after neither) in which the centre of mass' acceleration is off gravity by over "
        f"{BALLISTIC_SHARE:.0%} of it",
    ),
    _measure(
        "com_outside_share",
        "1",
        "Mass beside what stands",
        f"share of {_OUTSIDE} in which the centre of mass is over {SUPPORT_MARGIN * 100:.0f} cm outside the hull of "
        "the points that stand",
        "com_outside",
    ),
    _measure(
        "joint_effort_max",
        "1",
        "Largest joint torque",
        "highest joint torque as a share of the joint's limit, where the points that stand share what "
        "they can carry evenly (least squares), of rigid bodies alone; none where no joint has a limit",
        "joint_effort",
    ),
    _measure(
        "joint_effort_p95",
        "1",
        "Joint torque, p95",
        "95th percentile over frames of the joint with the highest share",
        "joint_effort",
    ),
)

SERIES: tuple[Series, ...] = (
    Series(
        "force_left",
        "1",
        "force that nothing gives",
        f"share of the weight that no contact can give: {_FORCES}",
        FORCE_SHARE,
    ),
    Series(
        "torque_left",
        "1",
        "torque that nothing gives",
        "the same about the base's origin, as a share of weight times a metre",
    ),
    Series(
        "com_acceleration",
        "m/s^2",
        "acceleration of the mass along the floor",
        "of the centre of mass",
    ),
    Series(
        "com_outside",
        "m",
        "mass beside what stands",
        f"distance of the centre of mass from the hull of the points that stand, of {_OUTSIDE}",
        SUPPORT_MARGIN,
    ),
    Series(
        "joint_effort",
        "1",
        "largest joint torque",
        "as a share of the joint's limit",
        1.0,
    ),
)
