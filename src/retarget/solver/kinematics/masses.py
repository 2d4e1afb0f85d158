"""Where the robot's mass is, posed."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from retarget.compiled.jit import jit
from retarget.solver.arrays import Masses, Tree

__all__ = ["first_moments"]


@jit(fastmath=True, inner=True)
def first_moments(
    R: Float[np.ndarray, "B 3 3"],
    r: Float[np.ndarray, "B 3"],
    tree: Tree,
    masses: Masses,
    moments: Float[np.ndarray, "B 3"],
) -> None:
    """Fill what a body and all that it carries have: share of the mass times its place from the base's origin, metres.

    The base's is the centre of mass.
    """
    for b in range(tree.parents.shape[0]):
        for i in range(3):
            x = r[b, i]
            for k in range(3):
                x += R[b, i, k] * masses.points[b, k]
            moments[b, i] = masses.shares[b] * x
    for b in range(tree.parents.shape[0] - 1, 0, -1):
        for i in range(3):
            moments[tree.parents[b], i] += moments[b, i]
