"""What is measured: every number's name, unit and definition, in one table."""

from __future__ import annotations

from types import MappingProxyType

from pydantic import BaseModel, ConfigDict

from retarget.ground import FALL_SHARE, FALL_SPAN, STANDING_HEIGHT

__all__ = ["DEFINITIONS", "ORIENTED_SEGMENTS", "POINTING_SEGMENTS", "Definition", "Measure"]

# Thresholds of the definitions below; the peers' published comparisons use the same.
STANCE_HEIGHT = 0.04  # m above the lowest two per cent of the clip
STANCE_SPEED = 0.25  # m/s
STANCE_DURATION = 0.1  # s
LEAST_SHANK_RISE = 0.1  # m from ankle to knee: the foot of a leg that kneels or lies does not stand
LIFTED_HEIGHT = 0.01  # m
REST_PERCENTILE = 1.5  # of the heights of a toe or ankle: where it rests
REST_DIFFERENCE = 0.04  # m that one side may rest above both together, as floors and markers do; more is a lifted foot
DOWN_HEIGHT = 0.01  # m: a sole lower than this is down
MOVING_FOOT = 0.3  # m/s: a foot that is down and faster scuffs the floor
FAST_FOOT = 0.5  # m/s: a foot in the middle of its swing
SWING_ENOUGH = 0.2  # s of swing of either foot, without which clearance has no value
CLEARANCE_FLOOR = 0.02  # m: what a lack of clearance is a share of at least, as rest heights are known to millimetres
FLIGHT_HEIGHT = 0.02  # m that all toes and ankles of the scaled human are above their rest
UNSUPPORTED_HEIGHT = 0.02  # m above the floor of a robot's lowest point
FRICTION = 0.8  # coefficient between robot and floor; rubber on most floors has more
STANDING_SPEED = 0.25  # m/s up to which it stands: as for the human's stance
TORQUE_ARM = 0.3  # m over which a torque counts as a force: a quarter of a humanoid robot's height
FORCE_SHARE = 0.1  # of the weight
HUMAN_SPAN = 1 / 30  # s: steps of the second difference of the human's hips
QUIET_ACCELERATION = 0.5  # m/s^2 rms: a human who stands still
BALLISTIC_SHARE = 0.2  # of gravity that the acceleration of a centre of mass in flight may be off
QUASI_STATIC_SPEED = 0.1  # m/s of the centre of mass along the floor
QUASI_STATIC_ACCELERATION = (
    0.3  # m/s^2 likewise: moves the point of balance by 2 cm at a height of 0.7 m
)
SUPPORT_MARGIN = 0.02  # m
REPEATED_STEP = 1e-5  # m or rad: less than the noise of any recording, so that nothing has moved
MOVING_BODY = (
    0.5  # m/s of the human's fastest joint centre, at which a robot that follows moves, too
)
STOPPED_BODY = 1.0  # m/s likewise: nobody comes from there to a dead stop, or the other way, between two frames
# What diagnoses show where it is exceeded, as the default gates refuse it. The fastest sprint ever measured had
# 12.4 m/s (Graubner & Nixdorf 2011), which is 9 m/s in the size of a robot 1.3 m tall; runs, jumps and rolls reach 3
# on it, a teleport by 5 m, smoothed by the solver, 37.
FASTEST_HUMAN, FASTEST_BASE = 12.5, 10.0  # m/s
# Spins on one foot and rolls reach 12; half a turn between frames at 30 Hz is 94, smoothed by the solver 75.
FASTEST_TURN = 25.0  # rad/s
LOST_TIME = 0.2  # s that a motion may hang
FAST_JOINT = 20.0  # rad/s
JUMP_SPEED = 15.0  # rad/s: 0.5 rad between two frames at 30 Hz
JUMP_RATE = 30.0  # Hz
COLLISION_DEPTH = 0.005  # m
LIMIT_TOLERANCE = 1e-4  # rad, and the same share of other limits: rounding is no violation

POINTING_SEGMENTS = ("thigh", "shank", "upper_arm", "forearm")
ORIENTED_SEGMENTS = ("thigh", "shank", "foot", "upper_arm", "forearm", "hand")


class Definition(BaseModel):
    """What a number means.

    Example:
        >>> DEFINITIONS["jerk_mean"].unit
        'rad/s^3'
    """

    model_config = ConfigDict(frozen=True)

    unit: str
    definition: str


class Measure(Definition):
    """A number with its meaning; no value where the clip has nothing to measure it on.

    Example:
        >>> Measure(value=0.006, unit="m/s", definition="...").value
        0.006
    """

    value: float | None

    @classmethod
    def of(cls, name: str, value: float | None) -> Measure:
        """The measure of `DEFINITIONS` of a name with a value.

        Example:
            >>> Measure.of("jerk_mean", 140.0).unit
            'rad/s^3'
        """
        meaning = DEFINITIONS[name]
        return cls(unit=meaning.unit, definition=meaning.definition, value=value)


_STANCE = (
    f"stance of the human: toe lower than the clip's 2nd percentile + {STANCE_HEIGHT * 100:.0f} cm and "
    f"slower than {STANCE_SPEED} m/s for {STANCE_DURATION} s or more, its knee {LEAST_SHANK_RISE * 100:.0f} cm or more "
    "above its ankle"
)
_REST = (
    "the human's heights are those of the lower one of toe and ankle joint above where such a joint rests (its "
    f"{REST_PERCENTILE}th percentile in the clip), scaled like its ankles' speeds by the ratio of leg lengths"
)
_DOWN = f"{DOWN_HEIGHT * 100:.0f} cm"
_FORCES = (
    "root wrench by inverse dynamics of second differences, less the forces that take off most of it (torques counted "
    f"over {TORQUE_ARM} m) within friction cones (coefficient {FRICTION}, 8 edges) at points that stand: within "
    f"{STANDING_HEIGHT * 1000:.0f} mm of the floor, and slower than {STANDING_SPEED} m/s in the step before or after; "
    "points are those of the soles and the ends of all other bodies' capsules"
)
_LIMBS = (
    "angle in the world between the human's and the robot's line of joint centres, after one constant "
    "best-fit yaw"
)
_TURNS = (
    "angle between the robot body and the recorded rotation of the human joint that carries the segment, "
    "after the same yaw and one constant best-fit offset per joint (Procrustes over the clip)"
)
_UPRIGHT = (
    "the human's axis is fixed to the recorded joint and lies along the human's own line from hips to shoulders where "
    "that is upright, the robot's lies along its own line in the upright posture"
)
_HEADING = (
    "angle about the vertical between the human's and the robot's line from the right to the left {}, after the same "
    "yaw, where both lines are within 45 degrees of level"
)
_TRUNK = {
    "trunk_lean_error": "angle in the world between the human's and the robot's line from the middle of the hips to "
    "the middle of the shoulders, after the yaw of the limbs; no offset is taken off",
    "pelvis_lean_error": f"angle between the up axes of the pelvis, after the same yaw: {_UPRIGHT}",
    "chest_lean_error": f"angle between the up axes of the chest, after the same yaw: {_UPRIGHT}",
    "pelvis_heading_error": _HEADING.format("hip"),
    "chest_heading_error": _HEADING.format("shoulder"),
    "hip_line_error": "angle in the world between the lines from the right to the left hip, after the same yaw",
    "shoulder_line_error": "angle in the world between the lines from the right to the left shoulder, after the same "
    "yaw",
}


def _trunk() -> dict[str, tuple[str, str]]:
    table = {}
    for name, text in _TRUNK.items():
        table[f"{name}_mean"] = ("deg", f"mean {text}")
        table[f"{name}_p95"] = ("deg", f"95th percentile of {name}_mean's angle")
    return table


def _definitions() -> dict[str, Definition]:
    table = {
        "doubt": (
            "1",
            "how probable it is that something about the recording was misunderstood: 1 less the product over its "
            "doubts of 1 less each one's weight",
        ),
        "stance_share": ("1", f"share of foot samples in stance; {_STANCE}"),
        "toe_slide_mean": ("m/s", "mean horizontal speed of the sole's front in stance"),
        "toe_slide_p95": ("m/s", "95th percentile of the same"),
        "human_toe_slide_mean": ("m/s", "the human's own toe in the same samples, for comparison"),
        "heel_slide_mean": (
            "m/s",
            "mean horizontal speed of the sole's back in heel stance: stance in which the same holds for "
            "the human's ankle",
        ),
        "heel_slide_p95": ("m/s", "95th percentile of the same"),
        "sole_lifted_share": (
            "1",
            f"share of stance samples with the whole sole over {LIFTED_HEIGHT * 100:.0f} cm off the floor, and higher "
            "by as much than the human's foot, scaled, which in stance may just come down or leave",
        ),
        "sole_penetration_max": ("m", "deepest point of either sole below the floor"),
        "body_penetration_max": (
            "m",
            "deepest point of any other collision capsule below the floor",
        ),
        "sole_tilt_mean": ("deg", "mean angle of the sole to the floor in heel stance"),
        "swing_scuff_share": (
            "1",
            f"share of foot samples with the sole's lowest point under {_DOWN} while the ankle moves faster than "
            f"{MOVING_FOOT} m/s along the floor (central differences)",
        ),
        "human_swing_scuff_share": ("1", f"the human's own, for comparison; {_REST}"),
        "swing_scuff_excess": ("1", "what the robot has of this share more than the human"),
        "swing_clearance": (
            "m",
            f"median height of the sole's lowest point while the ankle moves faster than {FAST_FOOT} m/s along the "
            f"floor; none where that is less than {SWING_ENOUGH} s",
        ),
        "human_swing_clearance": ("m", f"the human's own, for comparison; {_REST}"),
        "swing_clearance_lack": (
            "1",
            "how much lower the robot's clearance is than the human's, as a share of the human's or of "
            f"{CLEARANCE_FLOOR * 100:.0f} cm, whichever is more; negative where it is higher",
        ),
        "both_soles_down_share": (
            "1",
            f"share of frames with the lowest points of both soles under {_DOWN}",
        ),
        "human_both_soles_down_share": ("1", f"the human's own, for comparison; {_REST}"),
        "both_soles_down_excess": (
            "1",
            "what the robot has of this share more than the human, or than the share of frames with both of the "
            "human's toes in stance if that is more",
        ),
        "floating_share": (
            "1",
            f"share of frames with soles and collision capsules all over {UNSUPPORTED_HEIGHT * 100:.0f} cm off the "
            f"floor, farther than {FALL_SPAN} s from the human's flight: its toes and ankles "
            f"{FLIGHT_HEIGHT * 100:.0f} cm and more above their rest, its hips accelerating downwards by "
            f"{FALL_SHARE:.0%} of free fall or more over {FALL_SPAN} s to either side",
        ),
        "force_left_mean": (
            "1",
            f"mean over frames of the force on the base that no contact can give, as a share of the weight: {_FORCES}",
        ),
        "force_left_p95": ("1", "95th percentile of the same"),
        "force_left_share": ("1", f"share of frames in which the same is over {FORCE_SHARE}"),
        "torque_left_mean": (
            "1",
            "mean torque about the base's origin that is left besides, as a share of weight times a metre",
        ),
        "com_acceleration_horizontal": (
            "m/s^2",
            "root mean square of the centre of mass' acceleration along the floor (second difference x fps^2)",
        ),
        "com_acceleration_vertical": ("m/s^2", "the same upwards"),
        "human_acceleration_horizontal": (
            "m/s^2",
            "the same of the middle of the human's hips, scaled by the ratio of leg lengths, by second differences "
            f"over steps of {HUMAN_SPAN * 1000:.0f} ms, for comparison",
        ),
        "human_acceleration_vertical": ("m/s^2", "the same upwards"),
        "com_acceleration_ratio": (
            "1",
            f"com_acceleration_horizontal over the human's, of which at least {QUIET_ACCELERATION} m/s^2 are counted",
        ),
        "flight_not_ballistic_share": (
            "1",
            f"share of frames in flight (no point within {STANDING_HEIGHT * 1000:.0f} mm of the floor, in the frames "
            "before and after neither) in which the centre of mass' acceleration is off gravity by over "
            f"{BALLISTIC_SHARE:.0%} of it",
        ),
        "com_outside_share": (
            "1",
            f"share of quasi-static frames (centre of mass slower than {QUASI_STATIC_SPEED} m/s and "
            f"{QUASI_STATIC_ACCELERATION} m/s^2 along the floor, with a point that stands) in which the centre of mass "
            f"is over {SUPPORT_MARGIN * 100:.0f} cm outside the hull of the points that stand",
        ),
        "joint_effort_max": (
            "1",
            "highest joint torque as a share of the joint's limit, where the points that stand share what "
            "they can carry evenly (least squares), of rigid bodies alone; none where no joint has a limit",
        ),
        "joint_effort_p95": (
            "1",
            "95th percentile over frames of the joint with the highest share",
        ),
        "base_speed_max": ("m/s", "highest speed of the base between two frames"),
        "base_turn_max": (
            "rad/s",
            "fastest turn of the base, about any axis, between two frames",
        ),
        "human_base_speed_max": (
            "m/s",
            "highest speed of the middle of the human's hips between two frames, in the human's own size",
        ),
        "repeated_share": (
            "1",
            f"share of steps in which nothing of the robot moves (by {REPEATED_STEP:g} m or rad) while a joint centre "
            f"of the human is faster than {MOVING_BODY} m/s",
        ),
        "repeated_time_max": ("s", "longest run of such steps"),
        "human_repeated_share": (
            "1",
            f"share of steps in which no joint centre of the human moves by {REPEATED_STEP:g} m, in runs with one "
            f"faster than {STOPPED_BODY} m/s in the step before or after: frames that were lost, and filled with "
            "others or with zeros",
        ),
        "human_repeated_time_max": ("s", "longest run of such steps"),
        "position_limit_excess_max": ("rad", "farthest that a joint is beyond its position limit"),
        "position_limit_share": ("1", "share of frames with a joint beyond its position limit"),
        "velocity_limit_share": ("1", "share of steps with a joint beyond its speed limit"),
        "acceleration_limit_share": (
            "1",
            "share of frames with a joint beyond the acceleration limit that it was to keep, by second difference "
            "x fps^2; none where no joint has one",
        ),
        "joint_acceleration_max": ("rad/s^2", "highest joint acceleration, by the same"),
        "joint_speed_max": ("rad/s", "highest joint speed between two frames"),
        "joint_fast_share": (
            "1",
            f"share of steps with a joint faster than {FAST_JOINT:.0f} rad/s",
        ),
        "joint_jumps": (
            "1",
            f"joint steps faster than {JUMP_SPEED:.0f} rad/s (0.5 rad between frames at "
            f"{JUMP_RATE:.0f} Hz), counted as if at {JUMP_RATE:.0f} Hz",
        ),
        "jerk_mean": ("rad/s^3", "mean over joints and frames of |third difference| x fps^3"),
        "jerk_p95": ("rad/s^3", "95th percentile of the same"),
        "jerk_max": ("rad/s^3", "largest of the same"),
        "self_collision_share": (
            "1",
            f"share of frames with two collision capsules over {COLLISION_DEPTH * 1000:.0f} mm deep in "
            "each other",
        ),
        "self_collision_max": ("m", "deepest overlap of two collision capsules"),
        "limb_error_mean": ("deg", f"mean of thighs, shanks, upper arms and forearms: {_LIMBS}"),
        "limb_error_p95": ("deg", "95th percentile of the same"),
        "orientation_error_mean": ("deg", f"mean of six kinds of segment: {_TURNS}"),
    }
    table |= {
        f"limb_error_{segment}": ("deg", f"mean of left and right: {_LIMBS}")
        for segment in POINTING_SEGMENTS
    }
    table |= {
        f"orientation_error_{segment}": ("deg", f"mean of left and right: {_TURNS}")
        for segment in ORIENTED_SEGMENTS
    }
    table |= _trunk()
    return {name: Definition(unit=unit, definition=text) for name, (unit, text) in table.items()}


DEFINITIONS = MappingProxyType(_definitions())
