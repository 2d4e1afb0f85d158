"""How far held points are from where they are held."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.motion.numeric.spans import runs
from retarget.solver.arrays import Soles, Tree
from retarget.solver.kinematics.contact import contact_rise
from retarget.solver.kinematics.forward import body_kinematics, world_point

__all__ = [
    "MISSED_DISTANCE",
    "MISSED_TIME",
    "MissedRun",
    "held_misses",
    "missed_runs",
    "point_misses",
]

MISSED_DISTANCE = 0.02  # metres that a held point may be off its place
MISSED_TIME = 0.2  # seconds off its place that show more than a moment's compromise


class MissedRun(NamedTuple):
    """Frames in which a held point is off its place.

    Attributes:
        point: Which of the K points.
        first: The first frame.
        last: The frame after the last.
        distance: Farthest, metres.
    """

    point: int
    first: int
    last: int
    distance: float


def missed_runs(missed: Float32[np.ndarray, "T K 2"], fps: float) -> list[MissedRun]:
    """Every time of `MISSED_TIME` or more that a held point is farther than `MISSED_DISTANCE` from its place."""
    distances = np.hypot(missed[..., 0], missed[..., 1])
    off = distances > MISSED_DISTANCE
    found = [
        MissedRun(point, first, last, float(distances[first:last, point].max()))
        for point in np.flatnonzero(off.any(axis=0)).tolist()
        for first, last in runs(off[:, point])
        if last - first >= MISSED_TIME * fps
    ]
    return sorted(found, key=lambda run: (run.first, run.point))


@jit(fastmath=True)
def held_misses(
    qpos: Float64[np.ndarray, "T Q"],
    tree: Tree,
    soles: Soles,
    heel_lift: float,
    held: Bool[np.ndarray, "T K"],
    anchors: Float[np.ndarray, "T K 2+"],
    missed: Float32[np.ndarray, "T K 2"],
) -> None:
    """Fill how far each held point is from its place along the ground, and how high above it: metres, 0 if free.

    Args:
        qpos: Configurations.
        tree: The robot.
        soles: What it is held by.
        heel_lift: See `Weights`: so much higher a point of a tilted foot may be.
        held: Points that are held.
        anchors: Where along the ground, metres; a third coordinate does not count.
        missed: Filled.
    """
    bodies = tree.parents.shape[0]
    R = scratch((bodies, 3, 3), np.float64)
    r = scratch((bodies, 3), np.float64)
    a = scratch((bodies, 3), np.float64)
    for t in range(qpos.shape[0]):
        holds = False
        for i in range(held.shape[1]):
            holds = holds or held[t, i]
        if holds:
            body_kinematics(qpos[t], tree, R, r, a)
        point_misses(qpos[t], R, r, soles, heel_lift, held[t], anchors[t], missed[t])


@jit(fastmath=True, inner=True)
def point_misses(
    q: Float64[np.ndarray, "Q"],
    R: Float64[np.ndarray, "B 3 3"],
    r: Float64[np.ndarray, "B 3"],
    soles: Soles,
    heel_lift: float,
    held: Bool[np.ndarray, "K"],
    anchors: Float[np.ndarray, "K 2+"],
    missed: Float32[np.ndarray, "K 2"],
) -> None:
    """`held_misses` of one frame that has been posed."""
    x = scratch(3, np.float64)
    for i in range(held.shape[0]):
        missed[i, 0] = 0.0
        missed[i, 1] = 0.0
        if held[i]:
            world_point(R, r, soles.contact_bodies[i], soles.contact_points[i], x)
            e0 = anchors[i, 0] - q[0] - x[0]
            e1 = anchors[i, 1] - q[1] - x[1]
            height = soles.contact_radii[i]
            height = max(height, min(contact_rise(R, soles, i, 0.0, 0.0, 1.0) + height, heel_lift))
            missed[i, 0] = np.sqrt(e0 * e0 + e1 * e1)
            missed[i, 1] = q[2] + x[2] - height
