"""Hands turned about their long axes so that the human's wrist bends about the axis that the robot's bends best about.

How a hand lies about its long axis is nothing that joint centres tell. Human wrists bend about one axis more than
about the other, robots' often bend about one only, or about one more easily: where a wrist's two axes lie apart, the
first moves the wrist itself, and the forearm has to give way.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float64

from retarget.compiled.jit import jit

__all__ = ["hand_twists", "twist_hand"]

# rad^2, about eight degrees squared: a wrist that bends about one axis by less than that more says little.
_EVIDENCE = 0.02
_LARGEST_TWIST = math.radians(45.0)  # wrists turn by little more than a right angle either way


def hand_twists(
    human: Float64[np.ndarray, "2 2 2"], robot: Float64[np.ndarray, "2 2"]
) -> Float64[np.ndarray, "2"]:
    """By how much to turn the left and the right hand about their long axes, rad.

    Args:
        human: Second moments of how the wrists bend; see `Calibration`.
        robot: Axis about which each of the robot's wrists bends best; see `RobotAnatomy`.
    """
    twists = np.zeros(2)
    for side, (moments, (x, y)) in enumerate(zip(human, robot, strict=True)):
        axes = np.array([[x, y], [-y, x]])
        own = axes @ moments @ axes.T
        if x or y:
            main = np.arctan2(2 * own[0, 1], own[0, 0] - own[1, 1] + _EVIDENCE) / 2
            twists[side] = np.clip(main, -_LARGEST_TWIST, _LARGEST_TWIST)
    return twists


@jit(inner=True)
def twist_hand(frame: Float64[np.ndarray, "3 3"], twist: float) -> None:
    """Turn a frame about its z axis by an angle in rad."""
    c, s = math.cos(twist), math.sin(twist)
    for i in range(3):
        x, y = frame[i, 0], frame[i, 1]
        frame[i, 0] = c * x + s * y
        frame[i, 1] = c * y - s * x
