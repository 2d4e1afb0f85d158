"""Whether bodies in the air fall as bodies do: in slow motion they do not, and at twice the rate four times as fast.

Nothing pushes a body in flight: its centre of mass goes along a parabola, with an acceleration that is that of gravity
times the square of the rate that the file says over the true one. In real flights of 5 cm and more it is found to be
0.8 to 1.6 of gravity.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.ground import GRAVITY
from retarget.motion.doubts import Doubt
from retarget.motion.ground.body_mass import centre_of_mass
from retarget.motion.ground.floor import leg_length
from retarget.motion.motion import Motion
from retarget.motion.numeric.spans import runs
from retarget.motion.segments import SIDES, needed_roles
from retarget.wording import counted

__all__ = ["flights", "rate_by_falls"]

# Leg lengths: above the lowest fiftieth of a foot joint's heights, from which on it is in the air; and above the lowest
# of those, up to which other joints may be on the ground.
_UP, _NEAR = 0.03, 0.25
_FEWEST: Final = 5  # frames
_HIGHEST: Final = 50  # of a fiftieth
# Metres by which the middle of the parabola is above the line between its ends, and the share of that by which the
# centre of mass may be off the parabola, as a standard deviation.
_LEAST_FALL, _OFF = 0.05, 0.05
_STAYS: Final = 0.01  # metres within which an ankle that rests on something stays
_LOW, _HIGH = 0.45, 2.2  # of gravity: half as far from 1 as at half the rate, and at twice
_ONE, _SOME = 0.35, 0.55  # weights of one such flight, and of more


def rate_by_falls(motion: Motion) -> Motion:
    """The motion, with a doubt about its rate if it falls by a law that is not that of gravity.

    Args:
        motion: On a level floor, in metres, without things on which it could stand above it.
    """
    found = flights(motion)
    if not len(found):
        return motion
    share = float(np.median(found))
    if _LOW <= share <= _HIGH:
        return motion
    rate = motion.fps / np.sqrt(share)
    reason = (
        f"in {counted(len(found), 'jump')} the body falls with {share:.2f} of gravity, as one recorded at about "
        f"{rate:.3g} frames a second, not {motion.fps:.4g}; give the true rate with --source-fps"
    )
    doubt = Doubt("rate", _SOME if len(found) > 1 else _ONE, reason)
    return replace(motion, source=replace(motion.source, doubts=(*motion.source.doubts, doubt)))


def flights(motion: Motion) -> Float64[np.ndarray, "n"]:
    """Acceleration downwards, as a share of gravity, in each clear flight of a body.

    It begins and ends on the ground, and the centre of mass goes along a parabola in it while no foot stays anywhere.
    """
    roles = motion.roles
    if not set(needed_roles()) <= set(roles):
        return np.zeros(0)
    leg = leg_length(motion)
    if not leg > 0.0:
        return np.zeros(0)
    feet = [roles[f"{side}_{joint}"] for side in SIDES for joint in ("ankle", "toe")]
    heights = np.stack([motion.positions[:, foot, 2] for foot in feet], axis=1).astype(np.float64)
    low = len(heights) // _HIGHEST
    rest = np.partition(heights, low, axis=0)[low]
    up = (heights - rest > _UP * leg).all(axis=1)
    found = []
    for start, stop in runs(up):
        cut = start == 0 or stop == len(up)
        if not cut and stop - start >= _FEWEST:
            share = _fall(motion, start, stop, float(rest.min()) + _NEAR * leg)
            if share is not None:
                found.append(share)
    return np.array(found)


def _fall(motion: Motion, start: int, stop: int, near: float) -> float | None:
    """The acceleration between two frames as a share of gravity; None where it is no flight."""
    positions, roles = motion.positions[start:stop], motion.roles
    others = [
        roles[f"{s}_{j}"] for s in SIDES for j in ("hip", "knee", "shoulder", "elbow", "wrist")
    ]
    if float(positions[:, others, 2].min()) < near:
        return None
    height = centre_of_mass(positions, roles, slice(2, 3))[:, 0]
    seconds = np.arange(len(height)) / motion.fps
    curve = np.polyfit(seconds, height, 2)
    fall = -float(curve[0]) * seconds[-1] ** 2 / 4
    off = float(np.std(height - np.polyval(curve, seconds)))
    if fall < _LEAST_FALL or off > _OFF * fall:
        return None
    if any(_rests(positions[:, roles[f"{side}_ankle"]]) for side in SIDES):
        return None
    return -2 * float(curve[0]) / GRAVITY


def _rests(path: Float64[np.ndarray, "n 3"]) -> bool:
    """Whether a point stays where it is for half of the time, as a foot on a step does."""
    half = len(path) // 2
    return any(
        float(np.ptp(path[first : first + half + 1], axis=0).max()) < _STAYS
        for first in range(len(path) - half)
    )
