"""Options of retargeting, validated at the edge and recorded with every result."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["RetargetOptions"]

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class RetargetOptions(BaseModel):
    """How a motion is retargeted; the defaults suit every format and robot.

    Attributes:
        fps: Rate of the result in frames per second; None keeps the motion's.
        start_s: Time in the motion at which to begin, seconds.
        end_s: Time at which to end, seconds; None goes to the end.
        mirror: Retarget the mirror image: left becomes right.
        smoothness: Factor on the weight of accelerations; larger is smoother and follows less closely.
        joint_speed_limit: Joint speeds are kept below this, rad/s, and below the robot's own limits.
        collision_margin: Distance kept between the robot's own bodies, metres.
        self_collision: Keep the robot's bodies apart.
        floor: Keep the soles at or above the floor.
        contacts: Hold heels and toes in place while the human's are in stance.

    Example:
        >>> RetargetOptions(smoothness=2.0).smoothness
        2.0
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fps: Positive | None = None
    start_s: NotNegative = 0.0
    end_s: NotNegative | None = None
    mirror: bool = False
    smoothness: Positive = 1.0
    joint_speed_limit: Positive = 12.0
    collision_margin: NotNegative = 0.008
    self_collision: bool = True
    floor: bool = True
    contacts: bool = True
