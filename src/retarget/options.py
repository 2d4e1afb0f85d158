"""Options of retargeting, validated at the edge and recorded with every result."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
)

from retarget.frame_rates import rate_problem

__all__ = ["WEIGHTED_SEGMENTS", "RetargetOptions", "SegmentWeights", "Style"]

_PARTS = ("thigh", "shank", "foot", "upper_arm", "forearm", "hand")
WEIGHTED_SEGMENTS = (
    "pelvis",
    "chest",
    *_PARTS,
    *(f"{side}_{part}" for side in ("left", "right") for part in _PARTS),
)

Style = Literal["close", "balanced", "smooth"]
Hands = Literal["hold", "keep"]
LEAST_TIME_SCALE, MOST_TIME_SCALE = 0.25, 4.0  # beyond them a motion is another one

# Within these every option keeps limits, floor and distances; beyond them single precision has no answer, and no
# motion is left that anyone would ask for (measured on the embedded dance: at the largest smoothness limbs point 4.6
# degrees off instead of 1.4, at the lowest speed 13).
Smoothness = Annotated[float, Field(ge=1e-3, le=1e4, allow_inf_nan=False)]
Factor = Annotated[float, Field(ge=0, le=1e4, allow_inf_nan=False)]
Speed = Annotated[
    float, Field(ge=0.01, le=1e3, allow_inf_nan=False)
]  # rad/s; ten times what any actuator of a limb turns
Acceleration = Annotated[float, Field(ge=0.01, le=1e6, allow_inf_nan=False)]  # rad/s^2
Angle = Annotated[float, Field(ge=0, le=1.6, allow_inf_nan=False)]  # rad, about a quarter turn
Gap = Annotated[float, Field(ge=0, le=0.1, allow_inf_nan=False)]  # metres, about as thick as a limb
Time = Annotated[float, Field(ge=0, le=1e7, allow_inf_nan=False)]  # seconds, some months


class SegmentWeights(Mapping[str, float]):
    """Factors on the weights of body segments; it cannot change, and the order of its names does not matter.

    Example:
        >>> SegmentWeights({"left_hand": 2.0, "hand": 4.0})
        {'hand': 4.0, 'left_hand': 2.0}
    """

    __slots__ = ("_factors",)

    def __init__(self, factors: Mapping[str, float] | None = None) -> None:
        self._factors = dict(sorted((factors or {}).items()))

    def __getitem__(self, name: str) -> float:
        return self._factors[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._factors)

    def __len__(self) -> int:
        return len(self._factors)

    def __hash__(self) -> int:
        return hash(tuple(self._factors.items()))

    def __repr__(self) -> str:
        return repr(self._factors)


def _checked(factors: Mapping[str, float]) -> SegmentWeights:
    unknown = sorted(set(factors) - set(WEIGHTED_SEGMENTS))
    if unknown:
        raise ValueError(
            f"unknown segment {unknown[0]!r}; segments are {', '.join(WEIGHTED_SEGMENTS)}"
        )
    return SegmentWeights(factors)


def _as_dict(factors: Mapping[str, float]) -> dict[str, float]:
    return dict(factors)


def _rate(fps: float) -> float:
    if problem := rate_problem(fps):
        raise ValueError(problem)
    return fps


def _time_scale(value: Any) -> Any:
    """A factor on durations within what is of use, or ``similar``."""
    if value == "similar":
        return value
    try:
        factor = float(value)
    except (TypeError, ValueError):
        factor = math.nan
    if not LEAST_TIME_SCALE <= factor <= MOST_TIME_SCALE:
        raise ValueError(
            f"{value!r} is no factor on the duration; give a number from {LEAST_TIME_SCALE:g} to "
            f"{MOST_TIME_SCALE:g}, or 'similar'"
        )
    return factor


class RetargetOptions(BaseModel):
    """How a motion is retargeted; the defaults suit every format and robot.

    Joint position limits are always kept. There is no margin to the floor: feet that stand and bodies that rest on it
    touch it.

    Attributes:
        fps: Rate of the result in frames per second, from 1 to 2000; None keeps the motion's.
        start_s: Time in the motion at which to begin, seconds.
        end_s: Time at which to end, seconds; None goes to the end.
        mirror: Retarget the mirror image: left becomes right.
        time_scale: Factor on the motion's duration, from 0.25 to 4: 0.5 plays it twice as fast. ``similar`` takes the
            square root of robot to human (leg lengths), at which the scaled human falls as fast as the robot does.
        style: What counts more where not all can be had: ``close`` turns limbs as the human's, at the price of their
            directions and of jerk; ``smooth`` has less jerk and follows less closely; ``balanced`` lies between.
        smoothness: Factor on the weight of accelerations, 0.001 to 10,000; larger is smoother and follows less closely.
        weights: Body segment -> factor on the weights with which its orientation and position are followed, up to
            10,000; 0 lets it go where the rest takes it. A name without a side means both, and one with a side goes
            before it.
        joint_speed_limit: Joint speeds are kept below this, 0.01 to 1000 rad/s, and below the robot's own limits.
        joint_acceleration_limit: Joint accelerations (second difference times squared rate) are kept below this,
            0.01 to 1e6 rad/s^2, and below the robot's own limits; None leaves those alone.
        joint_margin: Distance kept from joint position limits, up to 1.6 rad.
        collision_margin: Distance kept between the robot's own bodies, up to 0.1 m; or half of what two of them are
            apart when it stands upright, where that is less.
        speed_limits: Keep joint speeds within their limits.
        acceleration_limits: Keep joint accelerations within their limits, where there are any.
        self_collision: Keep the robot's bodies apart.
        floor: Keep the soles at or above the floor.
        contacts: Hold heels and toes in place while the human's are in stance.
        hands: ``keep`` curls the fingers of a robot with hands as the recording's are, each by one amount; ``hold``
            leaves them at neutral.

    Example:
        >>> RetargetOptions(smoothness=2.0, weights={"hand": 4.0}).weights["hand"]
        4.0
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fps: Annotated[float, AfterValidator(_rate)] | None = None
    start_s: Time = 0.0
    end_s: Time | None = None
    mirror: bool = False
    time_scale: Annotated[float | Literal["similar"], BeforeValidator(_time_scale)] = 1.0
    style: Style = "balanced"
    smoothness: Smoothness = 1.0
    weights: Annotated[
        Mapping[str, Factor], AfterValidator(_checked), PlainSerializer(_as_dict)
    ] = SegmentWeights()
    joint_speed_limit: Speed = 12.0
    joint_acceleration_limit: Acceleration | None = None
    joint_margin: Angle = 0.0
    collision_margin: Gap = 0.008
    speed_limits: bool = True
    acceleration_limits: bool = True
    self_collision: bool = True
    floor: bool = True
    contacts: bool = True
    hands: Hands = "hold"

    def weight_factor(self, segment: str) -> float:
        """Factor on the weights of a segment such as ``left_hand``."""
        part = segment.removeprefix("left_").removeprefix("right_")
        return self.weights.get(segment, self.weights.get(part, 1.0))
