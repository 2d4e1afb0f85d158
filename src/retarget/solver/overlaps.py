"""How far a robot's own capsules are nearer to each other than they may be."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.solver.arrays import Capsules, Tree
from retarget.solver.kinematics.collision import capsule_ends, deepest_overlap
from retarget.solver.kinematics.forward import body_kinematics

__all__ = ["fill_overlaps"]


@jit(fastmath=True)
def fill_overlaps(
    qpos: Float64[np.ndarray, "T Q"],
    tree: Tree,
    capsules: Capsules,
    pairs: Int64[np.ndarray, "K"],
    deepest: Float64[np.ndarray, "T"],
) -> None:
    """Fill, for each frame, the most that one of some pairs is short of its margin, metres; 0 where all are kept."""
    bodies, count = tree.parents.shape[0], capsules.bodies.shape[0]
    R = scratch((bodies, 3, 3), np.float64)
    r = scratch((bodies, 3), np.float64)
    a = scratch((bodies, 3), np.float64)
    starts = scratch((count, 3), np.float64)
    ends = scratch((count, 3), np.float64)
    for t in range(qpos.shape[0]):
        body_kinematics(qpos[t], tree, R, r, a)
        capsule_ends(R, r, capsules, starts, ends)
        deepest[t] = deepest_overlap(starts, ends, capsules, pairs, 0.0)
