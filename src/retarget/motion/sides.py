"""Whether left is left: where feet and knees point tells a body from its mirror image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from jaxtyping import Bool, Float64

from retarget.motion.doubts import Doubt

__all__ = ["mirror_doubts"]

_SIDES: Final = ("left", "right")
_SPEAKING: Final = 0.3  # of a foot's length must point ahead, and of a leg's a knee be bent: less shows no direction
_BENT: Final = 0.05
_FEWEST: Final = 0.25  # of the frames must say something
_SURE: Final = 0.9  # of those that do must agree
_WEIGHT: Final = (
    0.7  # the robot then moves as the mirror image, or with its twists the wrong way round
)

Vectors = Float64[np.ndarray, "T 3"]


def mirror_doubts(positions: Float64[np.ndarray, "T J 3"], roles: Mapping[str, int]) -> list[Doubt]:
    """A doubt if the left leg is on the right of where the body looks, as in data of a left-handed world.

    Feet point ahead and knees bend ahead. Who says nothing (a toe straight below its ankle, a leg that is never bent)
    is not asked, and both must agree where both speak.

    Args:
        positions: Global positions in some frames, in any unit and world.
        roles: Role -> joint.
    """
    hips = [positions[:, roles[f"{side}_hip"]] for side in _SIDES]
    up = positions[:, roles["chest"]] - (hips[0] + hips[1]) / 2
    up = up / np.maximum(np.linalg.norm(up, axis=-1, keepdims=True), 1e-12)
    left = hips[0] - hips[1]
    verdicts = [
        _swapped_share(ahead, speaks, up, left)
        for ahead, speaks in (_feet(positions, roles, up), _knees(positions, roles, up))
    ]
    said = [share for share in verdicts if share is not None]
    if not said or min(said) < _SURE:
        return []
    reason = "left and right are swapped: the file is of a left-handed world or its sides are named wrongly"
    return [Doubt("mirrored", _WEIGHT, reason)]


def _swapped_share(
    ahead: Vectors, speaks: Bool[np.ndarray, "T"], up: Vectors, left: Vectors
) -> float | None:
    """Share of the frames that say something in which left is on the right; None where too few do."""
    if speaks.mean() < _FEWEST:
        return None
    return float(np.mean(np.einsum("ti,ti->t", np.cross(up, ahead), left)[speaks] < 0))


def _feet(
    positions: Float64[np.ndarray, "T J 3"], roles: Mapping[str, int], up: Vectors
) -> tuple[Vectors, Bool[np.ndarray, "T"]]:
    """Where the feet point, and the frames in which they do."""
    ahead, length = np.zeros_like(up), np.zeros(len(up))
    for side in _SIDES:
        if f"{side}_toe" in roles:
            foot = positions[:, roles[f"{side}_toe"]] - positions[:, roles[f"{side}_ankle"]]
            ahead += foot
            length += np.linalg.norm(foot, axis=-1)
    ahead -= np.einsum("ti,ti->t", ahead, up)[:, None] * up
    return ahead, np.linalg.norm(ahead, axis=-1) > np.maximum(_SPEAKING * length, 1e-12)


def _knees(
    positions: Float64[np.ndarray, "T J 3"], roles: Mapping[str, int], up: Vectors
) -> tuple[Vectors, Bool[np.ndarray, "T"]]:
    """Where the knees are bent to, and the frames in which they are."""
    ahead, length = np.zeros_like(up), np.zeros(len(up))
    for side in _SIDES:
        hip, knee, ankle = (
            positions[:, roles[f"{side}_{part}"]] for part in ("hip", "knee", "ankle")
        )
        ahead += knee - (hip + ankle) / 2
        length += np.linalg.norm(hip - ankle, axis=-1)
    ahead -= np.einsum("ti,ti->t", ahead, up)[:, None] * up
    return ahead, np.linalg.norm(ahead, axis=-1) > np.maximum(_BENT * length, 1e-12)
