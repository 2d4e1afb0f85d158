"""How high the soles of feet in swing are kept: as high as the human's, in the robot's size."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64

from retarget.compiled.jit import jit
from retarget.ground import FALL_SHARE, FALL_SPAN, GRAVITY, STANDING_HEIGHT
from retarget.motion.contacts import Contacts
from retarget.motion.fitting.anatomy import Anatomy
from retarget.motion.segments import SIDES

__all__ = ["LIFTING", "swing_clearances"]

LIFTING = 30.0
"""Largest acceleration with which a clearance rises after a stance and falls before one, m/s^2: three times gravity."""

_LANDING = 0.2
"""Seconds in which a foot that is near the ground comes to stand, or leaves it."""


def swing_clearances(
    anatomy: Anatomy, contacts: Contacts, scale: float
) -> Float64[np.ndarray, "T 2"]:
    """Least height of each foot's sole above the floor, metres: that of the human's foot, scaled; 0 while it stands.

    A foot is as high as the lower of its ankle and toe joints is above where that joint lies lowest. So a heel strikes
    with its toe up, and a toe is the last to leave the ground. A stance, in which a foot is held from when it is slow
    and near the ground, may begin and end in the air: a foot stands from when it is first down to when it is last.
    """
    heights = np.empty((len(anatomy), len(SIDES)))
    for foot, side in enumerate(SIDES):
        ankle, toe = (
            anatomy.point(f"{side}_{joint}")[:, 2] - contacts.lift_heights[foot, column]
            for column, joint in enumerate(("ankle", "toe"))
        )
        heights[:, foot] = scale * np.maximum(np.minimum(ankle, toe), 0.0)
    stance = np.asarray(contacts.stance.any(axis=2))
    _put_down(heights, stance, round(_LANDING * anatomy.fps), 0.5 * LIFTING / anatomy.fps**2)
    hips = np.ascontiguousarray(anatomy.point("hips")[:, 2])
    least = max(1, round(FALL_SPAN * anatomy.fps))
    _put_one_down(heights, hips, least, FALL_SHARE * GRAVITY / anatomy.fps**2)
    return heights


@jit()
def _put_down(
    heights: Float64[np.ndarray, "T 2"], stance: Bool[np.ndarray, "T 2"], soon: int, rise: float
) -> None:
    """Make heights 0, in place, in each stance but while the foot comes down and goes up, ``soon`` frames at most.

    From there they are at most ``rise`` times the squared number of frames. How high a foot lies is known to some
    millimetres only: in each stance it is down as low as it gets there.
    """
    frames = heights.shape[0]
    for foot in range(heights.shape[1]):
        t = 0
        while t < frames:
            if not stance[t, foot]:
                t += 1
                continue
            first = t
            while t < frames and stance[t, foot]:
                t += 1
            last = t - 1
            # A stance that a clip begins or ends with goes on there.
            if first > 0:
                stood = min(first + soon, last)
                lowest = np.inf
                for u in range(first, stood + 1):
                    lowest = min(lowest, heights[u, foot])
                while heights[first, foot] > lowest + STANDING_HEIGHT:
                    first += 1
            if last < frames - 1:
                stood = max(last - soon, first)
                lowest = np.inf
                for u in range(stood, last + 1):
                    lowest = min(lowest, heights[u, foot])
                while heights[last, foot] > lowest + STANDING_HEIGHT:
                    last -= 1
            for u in range(first, last + 1):
                heights[u, foot] = 0.0
        for direction in (1, -1):
            since = frames
            for n in range(frames):
                u = n if direction > 0 else frames - 1 - n
                since = 0 if heights[u, foot] == 0.0 else since + 1
                heights[u, foot] = min(heights[u, foot], rise * since * since)


@jit()
def _put_one_down(
    heights: Float64[np.ndarray, "T 2"], hips: Float64[np.ndarray, "T"], least: int, fall: float
) -> None:
    """Lower both feet, in place, until one stands, where they are off the ground together without flying.

    Args:
        heights: Clearances, metres.
        hips: Height of the human's hips, metres.
        least: Frames to either side over which they are judged, at least.
        fall: Second difference by which they fall in flight, at least, metres.
    """
    frames = heights.shape[0]
    t = 0
    while t < frames:
        first = t
        while t < frames and min(heights[t, 0], heights[t, 1]) > 0.0:
            t += 1
        if not _flies(hips, first, t, least, fall):
            for u in range(first, t):
                lower = min(heights[u, 0], heights[u, 1])
                heights[u, 0] -= lower
                heights[u, 1] -= lower
        t += 1


@jit()
def _flies(hips: Float64[np.ndarray, "T"], first: int, end: int, least: int, fall: float) -> bool:
    """Whether hips fall nearly freely between the frame before ``first`` and ``end``."""
    middle = (first + end - 1) // 2
    reach = max((end - first + 1) // 2, least)
    reach = min(reach, middle, hips.shape[0] - 1 - middle)
    if end <= first or 2 * reach < least:
        return False
    bend = hips[middle + reach] - 2.0 * hips[middle] + hips[middle - reach]
    return bool(bend < -fall * reach * reach)
