"""How contact points lie on their soles."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from retarget.compiled.jit import jit
from retarget.solver.arrays import Soles

__all__ = ["contact_rise"]


@jit(fastmath=True, inner=True)
def contact_rise(
    R: Float[np.ndarray, "B 3 3"], soles: Soles, i: int, n0: float, n1: float, n2: float
) -> float:
    """How far contact point i is above the lowest point of its sole, metres; 0 where it is on none.

    A tilted foot (ankle roll is limited) touches with its lowest point: the contact point then floats higher. Above is
    along (n0, n1, n2), the normal of what the foot stands on.
    """
    foot = soles.contact_feet[i]
    rise = 0.0
    if foot < 0:
        return rise
    b = soles.feet[foot]
    for p in range(soles.points.shape[1]):
        above = 0.0
        for k in range(3):
            along = n0 * R[b, 0, k] + n1 * R[b, 1, k] + n2 * R[b, 2, k]
            above += along * (soles.contact_points[i, k] - soles.points[foot, p, k])
        rise = max(rise, above)
    return rise
