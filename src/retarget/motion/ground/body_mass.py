"""Where a human body's centre of mass is, from the joints that everybody has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from jaxtyping import Float, Float64

from retarget.motion.segments import SIDES

__all__ = ["centre_of_mass"]

# Shares of the body's mass, and where along the segment from its first joint to its second their centres lie (de Leva
# 1996, both sexes; the trunk with neck and head is halved between hips and shoulders, where its centre lies).
_LIMBS: Final = (
    ("hip", "knee", 0.145, 0.39),
    ("knee", "ankle", 0.045, 0.44),
    ("ankle", "toe", 0.013, 0.5),
    ("shoulder", "elbow", 0.026, 0.57),
    ("elbow", "wrist", 0.021, 0.6),
)
_TRUNK: Final = 0.5  # of the mass, half of it at the hips and half between the shoulders


def centre_of_mass(
    positions: Float[np.ndarray, "n J 3"], roles: Mapping[str, int], axes: slice = slice(3)
) -> Float64[np.ndarray, "n d"]:
    """The body's centre of mass, metres; all three coordinates, or those asked for.

    Args:
        positions: Joint centres, metres.
        roles: Which joint has which role.
        axes: Which coordinates.
    """

    def place(side: str, joint: str) -> Float64[np.ndarray, "n d"]:
        return np.asarray(positions[:, roles[f"{side}_{joint}"], axes], np.float64)

    centre = np.zeros((len(positions), len(range(3)[axes])))
    for side in SIDES:
        centre += _TRUNK / 4 * (place(side, "hip") + place(side, "shoulder"))
        for first, second, mass, along in _LIMBS:
            here = place(side, first)
            centre += mass * (here + along * (place(side, second) - here))
    return centre
