"""What things add to one frame's solve: points held on them, joints near them, spheres that are kept out of them.

A sphere that has come to be in a thing is held at its surface from then on, as soles are at their clearances: a step
that knows nothing of it would put it in again.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from retarget.compiled.jit import jit
from retarget.solver.arrays import Tree
from retarget.solver.kinematics.forward import world_point
from retarget.solver.kinematics.sphere_depth import (
    FramePose,
    may_touch,
    sided_depth,
    surely_outside,
)
from retarget.solver.kinematics.tree import add_point_mass
from retarget.solver.live.thing_arrays import LiveThings, ThingRoom
from retarget.solver.start.frame import FrameScratch
from retarget.solver.window.room import PARTS
from retarget.solver.window.things.composites import add_directed_mass, couple, sum_up

__all__ = ["begin_among", "couple_among", "weigh_among"]

_LEAVING = 0.01  # metres off a surface at which a sphere is held there no longer


@jit(fastmath=True, inner=True)
def begin_among(room: ThingRoom | None) -> None:
    """Begin a solve in which nothing is held at a surface yet."""
    if room is None:
        return
    room.touching[:] = False


@jit(fastmath=True, inner=True)
def weigh_among(
    q: Float64[np.ndarray, "Q"],
    scratch_: FrameScratch,
    things: LiveThings | None,
    room: ThingRoom | None,
) -> tuple[float, bool]:
    """Add what things ask of a posed frame to its composites; returns its cost, and whether anything new is touched."""
    if things is None or room is None:
        return 0.0, False
    cost = _hold_points(q, scratch_, things, room)
    deep, met = _keep_out(q, scratch_, things, room)
    return cost + deep, met


@jit(fastmath=True, inner=True)
def _hold_points(
    q: Float64[np.ndarray, "Q"], scratch_: FrameScratch, things: LiveThings, room: ThingRoom
) -> float:
    cost = 0.0
    soles, x = things.soles, room.normals[0]
    count = things.columns.shape[0]
    for e in range(room.weights.shape[0]):
        m = room.weights[e]
        if m <= 0.0:
            continue
        column = things.columns[e] if e < count else things.clear_columns[e - count]
        b = soles.contact_bodies[column]
        world_point(scratch_.R, scratch_.r, b, soles.contact_points[column], x)
        e0 = room.anchors[e, 0] - q[0] - x[0]
        e1 = room.anchors[e, 1] - q[1] - x[1]
        e2 = room.anchors[e, 2] - q[2] - x[2]
        cost += m * (e0 * e0 + e1 * e1 + e2 * e2)
        add_point_mass(scratch_.C, b, m, x[0], x[1], x[2], e0, e1, e2)
    return cost


@jit(fastmath=True, inner=True)
def _keep_out(
    q: Float64[np.ndarray, "Q"], scratch_: FrameScratch, things: LiveThings, room: ThingRoom
) -> tuple[float, bool]:
    cost, met = 0.0, False
    scene, around = things.scene, things.around
    bodies = scratch_.r.shape[0]
    stand = FramePose(scratch_.R, scratch_.r, scratch_.a)
    x, n = room.normals[0], room.normals[1]
    room.used[:] = False
    for o in range(scene.shapes.kinds.shape[0]):
        if not may_touch(scene, 0, o, q):
            continue
        for b in range(bodies):
            if surely_outside(scene, around, 0, o, b, q, stand, _LEAVING):
                continue
            for s in range(around.first[b], around.first[b + 1]):
                depth = sided_depth(scene, 0, o, s, q, stand, -_LEAVING, n)
                if depth > 0.0:
                    cost += things.weight * depth * depth
                    met = met or not room.touching[s, o]
                    room.touching[s, o] = True
                if not room.touching[s, o] or depth < -_LEAVING:
                    continue
                if not room.used[b]:
                    room.used[b] = True
                    for k in range(PARTS):
                        room.composites[b, k] = 0.0
                world_point(scratch_.R, scratch_.r, b, scene.points[s], x)
                add_directed_mass(room.composites, b, things.weight, depth, n, x[0], x[1], x[2])
    return cost, met


@jit(fastmath=True, inner=True)
def couple_among(
    scratch_: FrameScratch, tree: Tree, things: LiveThings | None, room: ThingRoom | None
) -> None:
    """Add what spheres at surfaces ask to the system that has been assembled of the rest."""
    if things is None or room is None:
        return
    sum_up(room.composites, room.used, tree)
    couple(room.composites, room.used, scratch_.r, scratch_.a, tree, scratch_.H, scratch_.g)
