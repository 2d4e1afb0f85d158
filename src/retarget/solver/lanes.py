"""Targets of frames that are solved side by side, one a lane."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from retarget._jit import jit
from retarget._packs import LANES, REAL
from retarget.solver.arrays import Clip

__all__ = ["LaneTargets", "load_target", "make_targets"]


class LaneTargets(NamedTuple):
    """As `retarget.solver.arrays.Clip`, with lanes in place of frames, last."""

    positions: Float[np.ndarray, "M 3 L"]
    frames: Float[np.ndarray, "M 3 3 L"]
    contact_weights: Float[np.ndarray, "K L"]
    anchors: Float[np.ndarray, "K 3 L"]


@jit(inner=True, allocates=True)
def make_targets(clip: Clip) -> LaneTargets:
    """Room for the targets of `LANES` frames."""
    segments, points = clip.positions.shape[1], clip.anchors.shape[1]
    return LaneTargets(
        np.empty((segments, 3, LANES), REAL),
        np.empty((segments, 3, 3, LANES), REAL),
        np.empty((points, LANES), REAL),
        np.empty((points, 3, LANES), REAL),
    )


@jit(inner=True)
def load_target(clip: Clip, t: int, lane: int, x: float, y: float, targets: LaneTargets) -> None:
    """Put frame t of a clip into a lane, with places on the ground relative to (x, y)."""
    origin = (x, y, 0.0)
    for i in range(clip.positions.shape[1]):
        for k in range(3):
            targets.positions[i, k, lane] = clip.positions[t, i, k] - origin[k]
            for c in range(3):
                targets.frames[i, k, c, lane] = clip.frames[t, i, k, c]
    for i in range(clip.anchors.shape[1]):
        targets.contact_weights[i, lane] = clip.contact_weights[t, i]
        for k in range(3):
            targets.anchors[i, k, lane] = clip.anchors[t, i, k] - origin[k]
