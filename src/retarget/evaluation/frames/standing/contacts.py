"""Whether the robot's feet stand when the human's do, and only then."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64

from retarget.evaluation.frames.standing.feet import FootTrack
from retarget.evaluation.frames.standing.human import ScaledHuman
from retarget.evaluation.frames.standing.stance import Stance, horizontal_speed
from retarget.evaluation.frames.statistics import mean_of
from retarget.evaluation.thresholds import (
    DEEP,
    DOWN_HEIGHT,
    LIFTED_HUMAN,
    SKATING_SPEED,
    SLIDING_SPEED,
    STANCE_SPEED,
)

__all__ = ["Contacts", "find_contacts", "measure_contacts"]


class Contacts(NamedTuple):
    """Contacts of the left and the right foot.

    Attributes:
        robot: The robot's sole is down, and its front or back at rest.
        missed: The human's foot stands and the robot's does not.
        false: The robot's foot stands and the human's is up.
        toe_speed: Horizontal speed of the sole's front, m/s.
    """

    robot: Bool[np.ndarray, "T 2"]
    missed: Bool[np.ndarray, "T 2"]
    false: Bool[np.ndarray, "T 2"]
    toe_speed: Float64[np.ndarray, "T 2"]


def find_contacts(feet: FootTrack, stance: Stance, human: ScaledHuman, fps: float) -> Contacts:
    """Find out when the robot's feet stand, and lay that beside the human's stance."""
    speeds = horizontal_speed(feet.ends, fps)
    down = feet.lowest < DOWN_HEIGHT
    robot = down & (speeds.min(axis=2) < STANCE_SPEED)
    up = (human.lowest > LIFTED_HUMAN) & ~stance.toe
    return Contacts(robot, stance.toe & ~robot, robot & up, speeds[..., 0])


def measure_contacts(
    found: Contacts, feet: FootTrack, stance: Stance, body_height: Float64[np.ndarray, "T"]
) -> dict[str, float | None]:
    """Measures of contacts; see `retarget.evaluation.MEASURES`.

    ``body_height`` is the height of the lowest point of all bodies but the feet, metres.
    """
    stands = stance.toe.any(axis=1)
    skates = np.asarray((stance.toe & (found.toe_speed > SKATING_SPEED)).any(axis=1))
    lower = feet.lowest.min(axis=1)
    lowest = np.asarray(np.minimum(lower, body_height))
    missed = mean_of(found.missed[stance.toe])
    false = mean_of(found.false[found.robot])
    return {
        "contact_recall": None if missed is None else 1 - missed,
        "contact_precision": None if false is None else 1 - false,
        "contact_preservation": 1 - float(found.missed.any(axis=1).mean()),
        "sliding_share": mean_of(found.toe_speed[stance.toe] > SLIDING_SPEED),
        "skating_share": mean_of(skates[stands]),
        "sole_height_mean": mean_of(feet.lowest[stance.heel]),
        "lower_sole_height_mean": mean_of(lower),
        "penetration_share": float((lowest < -DEEP).mean()),
        "penetration_max": float(np.max(-lowest, initial=0.0)),
    }
