"""A recording brought onto a level floor: one that is tilted is turned, one that drifts is followed."""

from __future__ import annotations

from typing import NamedTuple

from retarget.motion.ground.drift import followed
from retarget.motion.ground.floor import Standing, levelled
from retarget.motion.motion import Motion

__all__ = ["OnLevelFloor", "on_level_floor"]


class OnLevelFloor(NamedTuple):
    """A motion whose floor is level, and what that took.

    Attributes:
        motion: The motion; the same one where its floor was level already.
        slope_deg: By how many degrees the floor was tilted.
        drift_m: By how many metres it drifted.
    """

    motion: Motion
    slope_deg: float
    drift_m: float


def on_level_floor(motion: Motion) -> OnLevelFloor:
    """Turn a motion so that its floor is level, and follow one that drifts; ``source.doubts`` says what was done."""
    standing = Standing(motion)
    level, slope = levelled(motion, standing)
    level, drift = followed(level, standing if level is motion else None)
    return OnLevelFloor(level, slope, drift)
