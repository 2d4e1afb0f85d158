"""What is measured: every number's name, unit and definition, in one table."""

from __future__ import annotations

from types import MappingProxyType

from pydantic import BaseModel, ConfigDict

__all__ = ["DEFINITIONS", "ORIENTED_SEGMENTS", "POINTING_SEGMENTS", "Definition", "Measure"]

# Thresholds of the definitions below; the peers' published comparisons use the same.
STANCE_HEIGHT = 0.04  # m above the lowest two per cent of the clip
STANCE_SPEED = 0.25  # m/s
STANCE_DURATION = 0.1  # s
LIFTED_HEIGHT = 0.01  # m
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


_STANCE = (
    f"stance of the human: toe lower than the clip's 2nd percentile + {STANCE_HEIGHT * 100:.0f} cm and "
    f"slower than {STANCE_SPEED} m/s for {STANCE_DURATION} s or more"
)
_LIMBS = (
    "angle in the world between the human's and the robot's line of joint centres, after one constant "
    "best-fit yaw"
)
_TURNS = (
    "angle between the robot body and the recorded rotation of the human joint that carries the segment, "
    "after the same yaw and one constant best-fit offset a joint (Procrustes over the clip)"
)


def _definitions() -> dict[str, Definition]:
    table = {
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
            f"share of stance samples with the whole sole over {LIFTED_HEIGHT * 100:.0f} cm off the floor",
        ),
        "sole_penetration_max": ("m", "deepest point of either sole below the floor"),
        "body_penetration_max": (
            "m",
            "deepest point of any other collision capsule below the floor",
        ),
        "sole_tilt_mean": ("deg", "mean angle of the sole to the floor in heel stance"),
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
    return {name: Definition(unit=unit, definition=text) for name, (unit, text) in table.items()}


DEFINITIONS = MappingProxyType(_definitions())
