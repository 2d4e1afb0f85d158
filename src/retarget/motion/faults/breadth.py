"""Shoulders that are farther apart than people's: the arms of such a skeleton lean, or it is a figure's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.motion.doubts import Doubt

__all__ = ["breadth_doubts"]

_WIDEST: Final = 0.52
"""Leg lengths, hip to ankle, between the joints of the shoulders.

The acromions of the men of ANSUR II are 416 mm apart (deviation 19) at a stature of 1,756, hips lie 0.49 statures above
ankles (Winter 2009, fig. 4.1): 0.48 leg lengths, 0.53 with two deviations more, and joints lie inside of acromions.
Recorded skeletons that we know have 0.35 to 0.49.
"""
_TYPICAL: Final = 0.45
_WEIGHT: Final = 0.15
_FRAMES: Final = 20  # tell breadths, which shrug of shoulders changes little


def breadth_doubts(
    positions: Float64[np.ndarray, "T J 3"], roles: Mapping[str, int], leg: float
) -> list[Doubt]:
    """A doubt if the shoulders are wider apart than those of any person with such legs.

    Args:
        positions: Global positions in some frames, in any unit and world.
        roles: Role -> joint.
        leg: Length of the legs from hip to ankle, in that unit.

    Example:
        >>> roles = {"left_shoulder": 0, "right_shoulder": 1, "left_elbow": 2}
        >>> places = np.array([[[0, 0.25, 1.4], [0, -0.25, 1.4], [0, 0.25, 1.1]]])
        >>> breadth_doubts(places, roles, 0.82)[0].name
        'skeleton'
    """
    some = positions[:: max(1, len(positions) // _FRAMES)]
    left = some[:, roles["left_shoulder"]]
    breadth = float(np.median(np.linalg.norm(left - some[:, roles["right_shoulder"]], axis=1)))
    arm = float(np.median(np.linalg.norm(left - some[:, roles["left_elbow"]], axis=1)))
    if not breadth > _WIDEST * leg > 0:
        return []
    lean = math.degrees(math.atan2((breadth - _TYPICAL * leg) / 2, max(arm, 1e-12)))
    reason = (
        f"the shoulders are {breadth / leg:.2f} leg lengths apart, people's {_TYPICAL:g} and at most {_WIDEST:g}: "
        f"unless it is a figure, its joints are misplaced, and upper arms that hang lean by about {lean:.0f} degrees"
    )
    return [Doubt("skeleton", _WEIGHT, reason)]
