"""Limbs that nobody recorded: they never turn at any joint, to the last digit, while others move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from jaxtyping import Float64, Int64

from retarget.geometry import quaternion_product
from retarget.motion.doubts import Doubt
from retarget.motion.segments import SIDES

__all__ = ["still_limb_doubts"]

_LIMBS: Final = {
    f"{side} {name}": (f"{side}_{upper}", f"{side}_{lower}")
    for side in SIDES
    for name, upper, lower in (("arm", "shoulder", "elbow"), ("leg", "hip", "knee"))
}
_STILL: Final = 1e-3  # rad: any recording trembles by more
_MOVES: Final = 0.2  # rad about which another limb's joint turns
_SHORTEST: Final = 1.0  # seconds
_BACK: Final = np.array([1.0, -1.0, -1.0, -1.0])
_GLANCE: Final = 8  # frames that tell nearly all that move
_ONE, _MORE = 0.3, 0.55  # weights for one limb, and for two and more


def still_limb_doubts(
    rotations: Float64[np.ndarray, "T J 4"],
    parents: Int64[np.ndarray, "J"],
    roles: Mapping[str, int],
    fps: float,
) -> list[Doubt]:
    """A doubt if limbs keep one pose beside their parents in all frames while another limb moves.

    Args:
        rotations: Global rotations, wxyz, as a file has them: not found from places.
        parents: Of each joint, -1 for roots.
        roles: Role -> joint.
        fps: Frames per second.

    Example:
        >>> still_limb_doubts(np.zeros((9, 1, 4)), np.array([-1]), {"pelvis": 0}, 30.0)
        []
    """
    if len(rotations) < _SHORTEST * fps:
        return []
    known = {
        limb: [roles[role] for role in pair]
        for limb, pair in _LIMBS.items()
        if all(role in roles for role in pair)
    }
    if not known:
        return []
    joints = [joint for pair in known.values() for joint in pair]
    angles = _turns(rotations[:: max(1, len(rotations) // _GLANCE)], parents, joints)
    turned = dict(zip(known, angles.reshape(-1, 2).max(axis=1), strict=True))
    still = [limb for limb, angle in turned.items() if angle < _STILL]
    if not still or max(turned.values()) < _MOVES:
        return []
    still = [limb for limb in still if _turns(rotations, parents, known[limb]).max() < _STILL]
    if not still:
        return []
    one = len(still) == 1
    which = still[0] if one else f"{', '.join(still[:-1])} and {still[-1]}"
    reason = (
        f"the {which} {'keeps' if one else 'keep'} one pose in all frames, as limbs that nobody recorded; "
        "if so, what the robot's do is made up"
    )
    return [Doubt("limbs", _ONE if one else _MORE, reason)]


def _turns(
    rotations: Float64[np.ndarray, "T J 4"], parents: Int64[np.ndarray, "J"], joints: list[int]
) -> Float64[np.ndarray, "K"]:
    """Angles in rad by which joints are turned at most from how they are in the first frame, beside their parents."""
    own = rotations[:, joints].astype(np.float64)
    above = parents[joints]
    back = rotations[:, above].astype(np.float64) * _BACK
    back[:, above < 0] = [1.0, 0.0, 0.0, 0.0]
    beside = quaternion_product(back, own)
    # A quarter of the angle has half the distance of two unit quaternions, the nearer of both signs, for its sine.
    first = beside[:1]
    away = np.minimum(
        np.einsum("tki,tki->tk", beside - first, beside - first),
        np.einsum("tki,tki->tk", beside + first, beside + first),
    )
    return np.asarray(4 * np.arcsin(np.minimum(np.sqrt(away.max(axis=0)) / 2, 1.0)))
