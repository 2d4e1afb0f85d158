"""How the robot's feet swing: whether they lift as the human's do, and whether anything carries the robot."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64

from retarget.evaluation.frames.standing.feet import FootTrack
from retarget.evaluation.frames.standing.human import ScaledHuman
from retarget.evaluation.frames.standing.stance import Stance, central_speed
from retarget.evaluation.frames.statistics import mean_of, percentile_of
from retarget.evaluation.thresholds import (
    CLEARANCE_FLOOR,
    DOWN_HEIGHT,
    FAST_FOOT,
    FLIGHT_ENOUGH,
    FLIGHT_KEPT,
    MOVING_FOOT,
    SURE_FLIGHT,
    SWING_ENOUGH,
    UNSUPPORTED_HEIGHT,
)

__all__ = ["measure_support", "measure_swing", "scuffs"]

Feet = Float64[np.ndarray, "T 2"]


def measure_swing(
    feet: FootTrack, human: ScaledHuman, stance: Stance, fps: float
) -> dict[str, float | None]:
    """Measures of swing beside the human's own; see `retarget.evaluation.MEASURES`."""
    speed = central_speed(feet.ankles, fps)
    scuff, human_scuff = _scuff(feet.lowest, speed), _scuff(human.lowest, human.speed)
    down, human_down = _down(feet.lowest), _down(human.lowest)
    clearance = _clearance(feet.lowest, speed, fps)
    human_clearance = _clearance(human.lowest, human.speed, fps)
    lack = None
    if clearance is not None and human_clearance is not None:
        lack = (human_clearance - clearance) / max(human_clearance, CLEARANCE_FLOOR)
    return {
        "swing_scuff_share": scuff,
        "human_swing_scuff_share": human_scuff,
        "swing_scuff_excess": scuff - human_scuff,
        "swing_clearance": clearance,
        "human_swing_clearance": human_clearance,
        "swing_clearance_lack": lack,
        "both_soles_down_share": down,
        "human_both_soles_down_share": human_down,
        "both_soles_down_excess": down - max(human_down, float(stance.toe.all(axis=1).mean())),
    }


def measure_support(
    feet: FootTrack, body: Float64[np.ndarray, "T"], human: ScaledHuman, fps: float
) -> dict[str, float | None]:
    """Measures of floating and flight; ``body`` is the height of the lowest point of all but the feet, metres."""
    lowest = np.minimum(feet.lowest.min(axis=1), body)
    flight = lowest[human.flies & (human.lowest.min(axis=1) > SURE_FLIGHT)]
    enough = len(flight) >= FLIGHT_ENOUGH * fps
    return {
        "floating_share": mean_of((lowest > UNSUPPORTED_HEIGHT) & ~human.flies),
        "flight_kept": mean_of(flight > FLIGHT_KEPT) if enough else None,
    }


def scuffs(feet: FootTrack, fps: float) -> Bool[np.ndarray, "T 2"]:
    """Whether each foot drags along the floor."""
    return _drags(feet.lowest, central_speed(feet.ankles, fps))


def _drags(lowest: Feet, speed: Feet) -> Bool[np.ndarray, "T 2"]:
    return np.asarray((lowest < DOWN_HEIGHT) & (speed > MOVING_FOOT))


def _scuff(lowest: Feet, speed: Feet) -> float:
    return float(_drags(lowest, speed).mean())


def _down(lowest: Feet) -> float:
    return float((lowest < DOWN_HEIGHT).all(axis=1).mean())


def _clearance(lowest: Feet, speed: Feet, fps: float) -> float | None:
    swinging = lowest[speed > FAST_FOOT]
    return percentile_of(swinging, 50) if len(swinging) >= SWING_ENOUGH * fps else None
