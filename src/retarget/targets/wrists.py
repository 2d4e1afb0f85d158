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
    for side in range(2):
        x, y = robot[side].tolist()
        (xx, xy), (_, yy) = human[side].tolist()
        if x or y:
            along = x * x * xx + 2 * x * y * xy + y * y * yy
            across = y * y * xx - 2 * x * y * xy + x * x * yy
            both = x * y * (yy - xx) + (x * x - y * y) * xy
            main = math.atan2(2 * both, along - across + _EVIDENCE) / 2
            twists[side] = min(max(main, -_LARGEST_TWIST), _LARGEST_TWIST)
    return twists


@jit(inner=True)
def twist_hand(frame: Float64[np.ndarray, "3 3"], twist: float) -> None:
    """Turn a frame about its z axis by an angle in rad."""
    c, s = math.cos(twist), math.sin(twist)
    for i in range(3):
        x, y = frame[i, 0], frame[i, 1]
        frame[i, 0] = c * x + s * y
        frame[i, 1] = c * y - s * x
