"""Whether left is left: where feet and knees point tells a body from its mirror image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from jaxtyping import Float64, Int64

from retarget.compiled.jit import jit
from retarget.motion.doubts import Doubt

__all__ = ["mirror_doubts"]

_SIDES: Final = ("left", "right")
# Of a foot's length must point ahead, and of a leg's must its knee be off the straight line: less shows no direction.
_POINTING: Final = 0.3
_BENT: Final = 0.05
_FEWEST: Final = 0.25  # of the frames must say something
_SURE: Final = 0.9  # of those that do must agree
_WEIGHT: Final = (
    0.7  # the robot then moves as the mirror image, or with its twists the wrong way round
)


def mirror_doubts(positions: Float64[np.ndarray, "T J 3"], roles: Mapping[str, int]) -> list[Doubt]:
    """A doubt if the left leg is on the right of where the body looks, as in data of a left-handed world.

    Feet point ahead and knees bend ahead. Who says nothing (a toe straight below its ankle, a leg that is never bent)
    is not asked, and both must agree where both speak.

    Args:
        positions: Global positions in some frames, in any unit and world.
        roles: Role -> joint.
    """
    joints = [roles["chest"]]
    for side in _SIDES:
        ankle = roles[f"{side}_ankle"]
        joints += [roles[f"{side}_hip"], roles[f"{side}_knee"], ankle]
        joints.append(roles.get(f"{side}_toe", ankle))
    said = np.zeros((2, 2), np.int64)
    marks = np.ascontiguousarray(positions[:, joints], np.float64)
    _ask(marks, _POINTING, _BENT, np.empty((3, 3)), said)
    speaking = said[said[:, 0] >= _FEWEST * len(positions)]
    if not len(speaking) or np.any(speaking[:, 1] < _SURE * speaking[:, 0]):
        return []
    reason = (
        "left and right are swapped: the file is of a left-handed world or its sides are named wrongly; give the "
        "joints of the other side in a role file"
    )
    return [Doubt("mirrored", _WEIGHT, reason)]


@jit("void(f8[:, :, ::1], f8, f8, f8[:, ::1], i8[:, ::1])")
def _ask(
    marks: Float64[np.ndarray, "T 9 3"],
    pointing: float,
    bent: float,
    room: Float64[np.ndarray, "3 3"],
    said: Int64[np.ndarray, "2 2"],
) -> None:
    """Ask feet and knees of each frame where the body looks.

    Args:
        marks: Chest, then hip, knee, ankle and toe of the left leg and of the right one.
        pointing: Share of both feet's lengths that must point ahead.
        bent: Share of both legs' lengths that knees must be ahead.
        room: To work in.
        said: Out: for feet and for knees, frames in which they say something, and say that left is on the right.
    """
    up, ahead, left = room[0], room[1], room[2]
    for t in range(marks.shape[0]):
        square = 0.0
        for c in range(3):
            up[c] = marks[t, 0, c] - (marks[t, 1, c] + marks[t, 5, c]) / 2
            left[c] = marks[t, 1, c] - marks[t, 5, c]
            square += up[c] * up[c]
        for c in range(3):
            up[c] /= max(np.sqrt(square), 1e-12)
        for who in range(2):
            length, along = 0.0, 0.0
            ahead[:] = 0.0
            for leg in range(1, 9, 4):
                square = 0.0
                for c in range(3):
                    hip, knee = marks[t, leg, c], marks[t, leg + 1, c]
                    ankle, toe = marks[t, leg + 2, c], marks[t, leg + 3, c]
                    ahead[c] += toe - ankle if who == 0 else knee - (hip + ankle) / 2
                    whole = toe - ankle if who == 0 else hip - ankle
                    square += whole * whole
                length += np.sqrt(square)
            for c in range(3):
                along += ahead[c] * up[c]
            square = 0.0
            for c in range(3):
                ahead[c] -= along * up[c]
                square += ahead[c] * ahead[c]
            if np.sqrt(square) <= max((pointing if who == 0 else bent) * length, 1e-12):
                continue
            said[who, 0] += 1
            side = (
                (up[1] * ahead[2] - up[2] * ahead[1]) * left[0]
                + (up[2] * ahead[0] - up[0] * ahead[2]) * left[1]
                + (up[0] * ahead[1] - up[1] * ahead[0]) * left[2]
            )
            if side < 0:
                said[who, 1] += 1
