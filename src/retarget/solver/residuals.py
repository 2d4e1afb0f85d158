"""What the solve could not meet, frame by frame."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Float64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.solver.arrays import Capsules, Problem, Soles, Tree
from retarget.solver.kinematics.collision import capsule_ends, deepest_of_all, pair_reach
from retarget.solver.kinematics.forward import body_kinematics
from retarget.solver.misses import point_misses

__all__ = ["Residuals", "measure_residuals"]


class Residuals(NamedTuple):
    """Residuals of the constraints that give way where a clip cannot be followed.

    Position limits, speed limits and the floor leave none.

    Attributes:
        by_name: ``anchor_m``: farthest that a point in contact is from the place where it is held, along the ground.
            ``overlap_m``: deepest overlap of two capsules.
        missed: How far each held point is from its place along the ground, and how high above it, metres; 0 for free
            points.
    """

    by_name: dict[str, Float32[np.ndarray, "T"]]
    missed: Float32[np.ndarray, "T K 2"]


def measure_residuals(
    qpos: Float64[np.ndarray, "T Q"],
    problem: Problem,
    held: Bool[np.ndarray, "T K"],
    anchors: Float32[np.ndarray, "T K 2"],
) -> Residuals:
    """What a solved clip has not met.

    Args:
        qpos: The solved clip.
        problem: Its robot; its clip does not count.
        held: Contact points that are held.
        anchors: Where along the ground, metres.
    """
    missed = np.zeros((*held.shape, 2), np.float32)
    overlap = np.zeros(len(qpos))
    _measure(
        qpos,
        problem.tree,
        problem.soles,
        problem.weights.heel_lift,
        problem.capsules,
        pair_reach(problem.capsules),
        held,
        anchors,
        missed,
        overlap,
    )
    farthest = missed[..., 0].max(axis=1, initial=0.0)
    return Residuals({"anchor_m": farthest, "overlap_m": overlap.astype(np.float32)}, missed)


@jit(fastmath=True)
def _measure(
    qpos: Float64[np.ndarray, "T Q"],
    tree: Tree,
    soles: Soles,
    heel_lift: float,
    capsules: Capsules,
    reach: Float64[np.ndarray, "G G"],
    held: Bool[np.ndarray, "T K"],
    anchors: Float32[np.ndarray, "T K 2"],
    missed: Float32[np.ndarray, "T K 2"],
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
    for t in range(qpos.shape[0]):
        body_kinematics(qpos[t], tree, R, r, a)
        point_misses(qpos[t], R, r, soles, heel_lift, held[t], anchors[t], missed[t])
        capsule_ends(R, r, capsules, starts, ends)
        overlap[t] = deepest_of_all(starts, ends, capsules.radii, reach, middles)
