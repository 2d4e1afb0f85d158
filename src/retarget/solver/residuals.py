"""What the solve could not meet, frame by frame."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float32, Float64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.solver.arrays import Capsules, Problem, Soles, Tree
from retarget.solver.kinematics.collision import capsule_ends, deepest_of_all, pair_reach
from retarget.solver.kinematics.forward import body_kinematics, world_point

__all__ = ["measure_residuals"]


def measure_residuals(
    qpos: Float64[np.ndarray, "T Q"],
    problem: Problem,
    held: Bool[np.ndarray, "T K"],
    anchors: Float32[np.ndarray, "T K 2"],
) -> dict[str, Float32[np.ndarray, "T"]]:
    """Residuals of the constraints that give way where a clip cannot be followed.

    ``anchor_m``: farthest that a point in contact is from the place where it is held, along the ground.
    ``overlap_m``: deepest overlap of two capsules. Position limits, speed limits and the floor leave none.

    Args:
        qpos: The solved clip.
        problem: Its robot; its clip does not count.
        held: Contact points that are held.
        anchors: Where along the ground, metres.
    """
    anchor = np.zeros(len(qpos))
    overlap = np.zeros(len(qpos))
    _measure(
        qpos,
        problem.tree,
        problem.soles,
        problem.capsules,
        pair_reach(problem.capsules),
        held,
        anchors,
        anchor,
        overlap,
    )
    return {"anchor_m": anchor.astype(np.float32), "overlap_m": overlap.astype(np.float32)}


@jit(fastmath=True)
def _measure(
    qpos: Float64[np.ndarray, "T Q"],
    tree: Tree,
    soles: Soles,
    capsules: Capsules,
    reach: Float64[np.ndarray, "G G"],
    held: Bool[np.ndarray, "T K"],
    anchors: Float32[np.ndarray, "T K 2"],
    anchor: Float64[np.ndarray, "T"],
    overlap: Float64[np.ndarray, "T"],
) -> None:
    bodies = tree.parents.shape[0]
    count = capsules.bodies.shape[0]
    R = scratch((bodies, 3, 3), np.float64)
    r = scratch((bodies, 3), np.float64)
    a = scratch((bodies, 3), np.float64)
    starts = scratch((count, 3), np.float64)
    ends = scratch((count, 3), np.float64)
    middles = scratch((3, count), np.float64)
    x = scratch(3, np.float64)
    for t in range(qpos.shape[0]):
        body_kinematics(qpos[t], tree, R, r, a)
        for i in range(held.shape[1]):
            if held[t, i]:
                world_point(R, r, soles.contact_bodies[i], soles.contact_points[i], x)
                e0 = anchors[t, i, 0] - qpos[t, 0] - x[0]
                e1 = anchors[t, i, 1] - qpos[t, 1] - x[1]
                anchor[t] = max(anchor[t], np.sqrt(e0 * e0 + e1 * e1))
        capsule_ends(R, r, capsules, starts, ends)
        overlap[t] = deepest_of_all(starts, ends, capsules.radii, reach, middles)
