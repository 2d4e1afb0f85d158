"""Multipliers of touching capsules: what makes a pair yield to nothing.

A penalty alone gives way to whatever else pulls as hard, such as two feet that stand where they overlap. The shift of
an augmented Lagrangian grows until the pair is apart.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int64

from retarget.compiled.jit import jit
from retarget.compiled.packs import packs, where
from retarget.solver.arrays import Capsules
from retarget.solver.kinematics.collision import segment_distance
from retarget.solver.kinematics.poses import Poses

__all__ = ["shift_pairs"]

_LARGEST_SHIFT = 0.1  # metres; a pair that needs more is pulled together by what cannot be met


@jit(fastmath=True, inner=True)
def shift_pairs(
    poses: Poses,
    count: int,
    candidates: Int64[np.ndarray, "K"],
    capsules: Capsules,
    active: Float[np.ndarray, "P K L"],
    shift: Float[np.ndarray, "P K L"],
) -> None:
    """Raise the shifts (metres) of the pairs that the last system held and that overlap all the same, in some packs.

    A pair that it did not hold needs only to be chosen. A shift falls again where its pair is farther apart than the
    margin.
    """
    for p in range(count):
        starts, ends = packs(poses.starts[p]), packs(poses.ends[p])
        held, shifts = packs(active[p]), packs(shift[p])
        for n in range(candidates.shape[0]):
            i = capsules.pairs[candidates[n], 0]
            j = capsules.pairs[candidates[n], 1]
            distance, _, _ = segment_distance(starts, ends, i, j)
            overlap = (
                capsules.radii[i] + capsules.radii[j] + capsules.margins[candidates[n]] - distance
            )
            raised = min(max(shifts[n] + overlap, 0.0), _LARGEST_SHIFT)
            shifts[n] = where(held[n] > 0.5, raised, shifts[n])
