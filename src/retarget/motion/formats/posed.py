"""Global poses of joint chains whose rotations are given in their parents' frames, block by block."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int64

from retarget.motion.motion import BLOCK

__all__ = ["posed"]


def posed(
    frames: int,
    parents: Int64[np.ndarray, "J"],
    turns: Callable[[slice], Float64[np.ndarray, "n J 4"]],
    offsets: Callable[[slice], Float64[np.ndarray, "N J 3"]],
    roots: Float64[np.ndarray, "T 3"] | None = None,
) -> tuple[
    Float64[np.ndarray, "T J 3"], Float64[np.ndarray, "T J 4"] | Float32[np.ndarray, "T J 4"]
]:
    """Global positions and rotations (wxyz) of joints; of a long clip rotations in single precision.

    Args:
        frames: How many there are.
        parents: Parent joint, -1 for roots; parents come before their children.
        turns: Rotations in the parents' frames, unit quaternions, wxyz, of some frames.
        offsets: Joint origins in the parents' frames of some frames, or one row for all of them.
        roots: By how much all joints are moved in each frame.
    """
    from retarget.motion.numeric.kinematics import chain_poses

    joints = len(parents)
    positions = np.empty((frames, joints, 3))
    kind = np.float32 if frames > BLOCK else np.float64
    rotations: np.ndarray[Any, Any] = np.empty((frames, joints, 4), kind)
    for first in range(0, frames, BLOCK):
        here = slice(first, min(first + BLOCK, frames))
        local = np.ascontiguousarray(turns(here), np.float64)
        turned = np.empty_like(local)
        places = np.ascontiguousarray(offsets(here), np.float64)
        chain_poses(local, places, parents, positions[here], turned)
        if roots is not None:
            positions[here] += roots[here, None]
        if first > 0:  # signs go on too
            flipped = np.sum(turned[0] * rotations[first - 1], axis=-1) < 0
            turned[:, flipped] *= -1.0
        rotations[here] = turned
    return positions, rotations
