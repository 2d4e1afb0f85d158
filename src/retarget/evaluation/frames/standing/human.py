"""The human in the robot's size: what a robot's feet are compared with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from retarget.evaluation.frames.following.build import robot_build
from retarget.evaluation.frames.standing.stance import Stance, central_speed
from retarget.evaluation.frames.statistics import percentile_of, percentiles_of
from retarget.evaluation.thresholds import (
    FLIGHT_HEIGHT,
    REST_DIFFERENCE,
    REST_PERCENTILE,
)
from retarget.ground import FALL_SHARE, FALL_SPAN, GRAVITY
from retarget.motion.numeric.spans import runs
from retarget.result import SourceClip
from retarget.robots.model import RobotModel

__all__ = ["ScaledHuman", "flight", "scaled_human"]

_SIDES = ("left", "right")


@dataclass(frozen=True, slots=True, eq=False)
class ScaledHuman:
    """A human's feet and hips, scaled by the ratio of leg lengths.

    Attributes:
        scale: Robot metres per human metre.
        lowest: Lower one of toe and ankle joint of each foot, each above where it rests, metres.
        speed: Horizontal speed of each ankle, m/s.
        hips: Middle of the hips, metres.
        flies: Frames of flight and close to it: see `flight`.
    """

    scale: float
    lowest: Float64[np.ndarray, "T 2"]
    speed: Float64[np.ndarray, "T 2"]
    hips: Float64[np.ndarray, "T 3"]
    flies: Bool[np.ndarray, "T"]


def scaled_human(source: SourceClip, stance: Stance, robot: RobotModel, fps: float) -> ScaledHuman:
    """The human of a clip; ``stance`` has its feet."""
    scale = robot_build(robot).leg_length / _leg_length(source)
    toes, ankles = scale * stance.toes, scale * stance.ankles
    lowest = np.minimum(_above_rest(toes[..., 2]), _above_rest(ankles[..., 2]))
    hips = scale * (source.position("left_hip") + source.position("right_hip")) / 2
    return ScaledHuman(
        scale,
        lowest,
        central_speed(ankles[..., :2], fps),
        hips,
        flight(lowest.min(axis=1) > FLIGHT_HEIGHT, hips[:, 2] / scale, fps),
    )


def flight(
    airborne: Bool[np.ndarray, "T"], hips: Float64[np.ndarray, "T"], fps: float
) -> Bool[np.ndarray, "T"]:
    """Frames in which someone off the ground falls freely, rather than stands on a floor that is not where it was.

    The height of the hips (metres, in the human's own size) tells: its acceleration over `FALL_SPAN` to either side
    is that of `FALL_SHARE` of free fall or more. Frames close to such ones count, too.
    """
    span = max(round(FALL_SPAN * fps), 1)
    flies = np.zeros(len(airborne), bool)
    if len(airborne) <= 2 * span:
        return flies
    acceleration = np.pad(hips[2 * span :] - 2 * hips[span:-span] + hips[: -2 * span], span, "edge")
    falling = airborne & (acceleration * (fps / span) ** 2 < -FALL_SHARE * GRAVITY)
    for start, stop in runs(falling):
        flies[max(start - span, 0) : stop + span] = True
    return flies


def _above_rest(heights: Float64[np.ndarray, "T 2"]) -> Float64[np.ndarray, "T 2"]:
    """Height above where a joint rests, each side for itself, unless one side hardly ever rests."""
    own = percentiles_of(np.ascontiguousarray(heights.T), REST_PERCENTILE)
    either = float(percentiles_of(heights.reshape(-1), REST_PERCENTILE))
    return np.asarray(heights - np.minimum(own, either + REST_DIFFERENCE))


def _leg_length(source: SourceClip) -> float:
    """Thigh plus shank, metres."""
    legs = np.empty((len(_SIDES), len(source.positions)))
    for side, leg in zip(_SIDES, legs, strict=True):
        hip, knee, ankle = (
            source.position(f"{side}_{joint}") for joint in ("hip", "knee", "ankle")
        )
        leg[:] = np.linalg.norm(knee - hip, axis=1) + np.linalg.norm(ankle - knee, axis=1)
    return max(percentile_of(legs.reshape(-1), 50) or 0.0, 1e-3)
