"""At what pace the human walks: whether strides of such length take the time that they take."""

from __future__ import annotations

from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float64

from retarget.evaluation.frames.standing.stance import Stance
from retarget.evaluation.thresholds import (
    HIP_HEIGHT,
    LEAST_STRIDE,
    LEVEL_STRIDE,
    STRIDE_EXPONENT,
    STRIDE_SHARE,
    STRIDE_STANCE,
    STRIDES_ENOUGH,
)
from retarget.ground import GRAVITY
from retarget.motion.numeric.spans import runs

__all__ = ["Gait", "find_gait", "measure_gait"]

_FEET: Final = 2


class Gait(NamedTuple):
    """The human's strides that are long enough to tell.

    Attributes:
        seconds: Middle of each.
        paces: Its speed over that which strides of its length have.
    """

    seconds: Float64[np.ndarray, "n"]
    paces: Float64[np.ndarray, "n"]


def find_gait(stance: Stance, leg_length: float, fps: float) -> Gait:
    """Measure strides, from where a foot stands to where it stands next.

    Args:
        stance: When the human's feet stand, and where.
        leg_length: Thigh and shank, metres.
        fps: Frames per second.
    """
    hip = HIP_HEIGHT * leg_length
    found: list[tuple[float, float]] = []
    for foot in range(_FEET):
        places = stance.ankles[:, foot]
        stands = [
            (first, stop, np.add.reduce(places[first:stop]) / (stop - first))
            for first, stop in runs(stance.toe[:, foot])
        ]
        for (first, stop, here), (then, end, there) in pairwise(stands):
            # A stand that was begun before the clip tells no touch-down, but when the foot lifts.
            if not first and end == len(places):
                continue
            frames, stood = (then - first, stop - first) if first else (end - stop, end - then)
            length = float(np.linalg.norm((there - here)[:2]))
            climbs = abs(float(there[2] - here[2])) > LEVEL_STRIDE * hip
            walks = stood > STRIDE_STANCE * frames
            if climbs or not walks or length < LEAST_STRIDE * hip:
                continue
            usual = np.sqrt(GRAVITY * hip) * (length / (STRIDE_SHARE * hip)) ** STRIDE_EXPONENT
            found.append(((first + end) / (2 * fps), float(length * fps / frames / usual)))
    found.sort()
    return Gait(*np.array(found).reshape(-1, 2).T.copy())


def measure_gait(found: Gait) -> dict[str, float | None]:
    """Measures of the gait; see `retarget.evaluation.MEASURES`."""
    told = len(found.paces) >= STRIDES_ENOUGH
    return {"human_gait_pace": float(np.median(found.paces)) if told else None}
