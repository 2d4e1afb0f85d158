"""How far a robot's own capsules are nearer to each other than they may be."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.solver.arrays import Capsules, Tree
from retarget.solver.kinematics.collision import (
    capsule_ends,
    centre_distance_squared,
    segment_distance,
)
from retarget.solver.kinematics.forward import body_kinematics

__all__ = ["fill_overlaps"]


@jit(fastmath=True)
def fill_overlaps(
    qpos: Float64[np.ndarray, "T Q"],
    tree: Tree,
    capsules: Capsules,
    deepest: Float64[np.ndarray, "T"],
) -> None:
    """Fill, for each frame, the most that a pair is short of its margin, metres; 0 where all are kept."""
    bodies, count = tree.parents.shape[0], capsules.bodies.shape[0]
    R = scratch((bodies, 3, 3), np.float64)
    r = scratch((bodies, 3), np.float64)
    a = scratch((bodies, 3), np.float64)
    starts = scratch((count, 3), np.float64)
    ends = scratch((count, 3), np.float64)
    for t in range(qpos.shape[0]):
        body_kinematics(qpos[t], tree, R, r, a)
        capsule_ends(R, r, capsules, starts, ends)
        worst = 0.0
        for n in range(capsules.pairs.shape[0]):
            i = capsules.pairs[n, 0]
            j = capsules.pairs[n, 1]
            bound = capsules.bounds[i] + capsules.bounds[j] + capsules.margins[n]
            if centre_distance_squared(starts, ends, i, j) < bound * bound:
                distance, _, _ = segment_distance(starts, ends, i, j)
                apart = capsules.radii[i] + capsules.radii[j] + capsules.margins[n]
                worst = max(worst, apart - distance)
        deepest[t] = worst
