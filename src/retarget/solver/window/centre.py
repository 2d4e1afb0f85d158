"""The centre of mass on its path: rows of a frame's block of the linear system.

All joints that move mass move it, so that these rows are dense; their Jacobian is what each joint carries, turned about
the joint.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from retarget.compiled.jit import jit
from retarget.compiled.packs import LANES, REAL, anywhere, packs
from retarget.compiled.scratch import scratch
from retarget.solver.arrays import Masses, Tree
from retarget.solver.kinematics.masses import first_moments
from retarget.solver.kinematics.poses import Poses
from retarget.solver.linear.banded import block_rows

__all__ = ["centre_rows"]


@jit(fastmath=True, inner=True)
def _jacobian(
    r: Float[np.ndarray, "B 3"],
    axes: Float[np.ndarray, "B 3"],
    masses: Masses,
    moments: Float[np.ndarray, "B 3"],
    J: Float[np.ndarray, "3 V"],
) -> None:
    """Fill how the centre of mass moves with each degree of freedom."""
    for i in range(3):
        for k in range(3):
            J[i, k] = 1.0 if i == k else 0.0
    x = moments[0, 0]
    y = moments[0, 1]
    z = moments[0, 2]
    J[0, 3] = 0.0
    J[1, 3] = -z
    J[2, 3] = y
    J[0, 4] = z
    J[1, 4] = 0.0
    J[2, 4] = -x
    J[0, 5] = -y
    J[1, 5] = x
    J[2, 5] = 0.0
    for b in range(1, r.shape[0]):
        x = moments[b, 0] - masses.below[b] * r[b, 0]
        y = moments[b, 1] - masses.below[b] * r[b, 1]
        z = moments[b, 2] - masses.below[b] * r[b, 2]
        J[0, 5 + b] = axes[b, 1] * z - axes[b, 2] * y
        J[1, 5 + b] = axes[b, 2] * x - axes[b, 0] * z
        J[2, 5 + b] = axes[b, 0] * y - axes[b, 1] * x


@jit(fastmath=True, inner=True)
def centre_rows(
    p: int,
    frames: int,
    poses: Poses,
    tree: Tree,
    masses: Masses,
    a: Float[np.ndarray, "S"],
    width: int,
    cost: Float[np.ndarray, "1 L"],
) -> None:
    """Add the squared distance of a pack's centres of mass from their path to its blocks and costs."""
    bodies = tree.parents.shape[0]
    size = bodies + 5
    moments = packs(scratch((bodies, 3, LANES), REAL))
    jacobian = scratch((3, size, LANES), REAL)
    errors = scratch((3, LANES), REAL)
    weights = packs(poses.centre_weights[p])
    if not anywhere(weights[0] > 0.0):
        return
    J, e, costs = packs(jacobian), packs(errors), packs(cost)
    q, r, target = packs(poses.qpos[p]), packs(poses.r[p]), packs(poses.centres[p])
    first_moments(packs(poses.R[p]), r, tree, masses, moments)
    _jacobian(r, packs(poses.axes[p]), masses, moments, J)
    for i in range(3):
        e[i] = target[i] - q[i] - moments[0, i]
        costs[0] += weights[i // 2] * e[i] * e[i]
    row = 3 * width
    block = block_rows(size) * row
    own = scratch((3, size), REAL)
    for lane in range(min(LANES, frames - p * LANES)):
        for i in range(3):
            for k in range(size):
                own[i, k] = jacobian[i, k, lane]
        at = (p * LANES + lane) * block
        along, up = poses.centre_weights[p, 0, lane], poses.centre_weights[p, 1, lane]
        for k in range(size):
            w0 = along * own[0, k]
            w1 = along * own[1, k]
            w2 = up * own[2, k]
            here = a[at + k * row : at + k * row + width]
            for c in range(k, size):
                here[c] += w0 * own[0, c] + w1 * own[1, c] + w2 * own[2, c]
            here[width - 2] += w0 * errors[0, lane] + w1 * errors[1, lane] + w2 * errors[2, lane]
