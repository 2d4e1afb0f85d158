"""How far spheres of the robot are from the shapes near a window, in packs of frames.

Boxes take a pack at once. What is called for each pair is part of its callers, or is handed few arrays: handing all of
a scene's on takes longer than a distance of a box.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from retarget.compiled.jit import jit
from retarget.compiled.packs import LANES, REAL, anywhere, packs
from retarget.compiled.scratch import scratch
from retarget.scenes.distance import BOX, FIELD, Shapes, box_distance, shape_distance
from retarget.solver.arrays import Scene
from retarget.solver.kinematics.poses import Poses
from retarget.solver.window.room import Things

__all__ = ["LARGEST_SHIFT", "measure_pairs", "sphere_centre", "surely_apart", "thing_distance"]

LARGEST_SHIFT = 0.1
"""Largest multiplier of a sphere, metres; as for capsules."""

_STEEP = 1.2  # metres by which a distance may change a metre: grids' are not quite even
_FAR = 1e3  # metres that stand for a distance that nobody asks for


@jit(fastmath=True, inner=True)
def sphere_centre(
    q: Float[np.ndarray, "Q"],
    R: Float[np.ndarray, "B 3 3"],
    r: Float[np.ndarray, "B 3"],
    b: int,
    point: Float[np.ndarray, "3"],
    out: Float[np.ndarray, "3"],
) -> None:
    """Fill where a point of body b is in a pack of frames, metres."""
    for i in range(3):
        x = q[i] + r[b, i]
        for k in range(3):
            x += R[b, i, k] * point[k]
        out[i] = x


@jit(fastmath=True, inner=True)
def measure_pairs(p: int, count: int, poses: Poses, scene: Scene, things: Things) -> None:
    """Fill how far the first ``count`` pairs near are apart in a pack of frames, and the normals of surfaces there.

    Where the system treats nothing as touching, and it surely is farther than multipliers go, any such distance will
    do.
    """
    q, R, r = packs(poses.qpos[p]), packs(poses.R[p]), packs(poses.r[p])
    distances, marks = packs(things.distances[p]), packs(things.active[p])
    total = scene.shapes.kinds.shape[0]
    point, local = scratch((3, LANES), REAL), scratch((3, LANES), REAL)
    for m in range(count):
        s = things.near[m] // total
        n = things.near[m] - s * total
        sphere_centre(q, R, r, scene.bodies[s], scene.points[s], packs(point))
        marked = anywhere(marks[m] > 0.5)
        apart = scene.radii[s] + LARGEST_SHIFT
        if not marked and surely_apart(
            n,
            things.listed[n],
            scene.shapes,
            things.places[p],
            things.turns[p],
            point,
            local,
            apart,
        ):
            distances[m] = 0.0 * q[0] + _FAR
            continue
        distances[m] = thing_distance(
            n,
            things.listed[n],
            scene.shapes,
            things.places[p],
            things.turns[p],
            things.sides[p, scene.groups[s]],
            point,
            things.normals[p, m],
            local,
        )


@jit(fastmath=True, inner=True)
def _seen_from(
    place: Float[np.ndarray, "3 L"],
    turn: Float[np.ndarray, "3 3 L"],
    point: Float[np.ndarray, "3 L"],
    local: Float[np.ndarray, "3 L"],
) -> None:
    """Fill where a pack of places is in a shape's frame, metres."""
    x, own, from_, T = packs(point), packs(local), packs(place), packs(turn)
    for k in range(3):
        own[k] = (
            T[0, k] * (x[0] - from_[0]) + T[1, k] * (x[1] - from_[1]) + T[2, k] * (x[2] - from_[2])
        )


@jit(fastmath=True, inner=True, inlined=True)
def thing_distance(
    n: int,
    o: int,
    shapes: Shapes,
    places: Float[np.ndarray, "O 3 L"],
    turns: Float[np.ndarray, "O 3 3 L"],
    sides: Float[np.ndarray, "O 3 L"],
    point: Float[np.ndarray, "3 L"],
    normal: Float[np.ndarray, "3 L"],
    local: Float[np.ndarray, "3 L"],
) -> float:
    """Signed distance of a pack of places from shape o, the n-th near, and, filled, the normals there.

    ``local`` is room for the places in its frame. Likewise for `surely_apart`.
    """
    _seen_from(places[n], turns[n], point, local)
    out, own, T, side = packs(normal), packs(local), packs(turns[n]), packs(sides[n])
    if shapes.kinds[o] == BOX:
        distance = box_distance(
            own[0], own[1], own[2], shapes.halves[o], side[0], side[1], side[2], own
        )
        distance -= shapes.rounds[o]
    else:
        distance = _by_lane(shapes, o, sides[n], local)
    for i in range(3):
        out[i] = T[i, 0] * own[0] + T[i, 1] * own[1] + T[i, 2] * own[2]
    return distance


@jit(fastmath=True, inner=True)
def _by_lane(
    shapes: Shapes, o: int, side: Float[np.ndarray, "3 L"], local: Float[np.ndarray, "3 L"]
) -> float:
    """Signed distance of a pack of places from a shape in its frame; they are replaced by where that grows fastest."""
    gradient, found = scratch(3, REAL), scratch((1, LANES), REAL)
    for lane in range(LANES):
        found[0, lane] = shape_distance(
            shapes,
            o,
            local[0, lane],
            local[1, lane],
            local[2, lane],
            side[0, lane],
            0.0,
            0.0,
            gradient,
        )
        for k in range(3):
            local[k, lane] = gradient[k]
    distance: float = packs(found)[0]
    return distance


@jit(fastmath=True, inner=True, inlined=True)
def surely_apart(
    n: int,
    o: int,
    shapes: Shapes,
    places: Float[np.ndarray, "O 3 L"],
    turns: Float[np.ndarray, "O 3 3 L"],
    point: Float[np.ndarray, "3 L"],
    local: Float[np.ndarray, "3 L"],
    reach: float,
) -> bool:
    """Whether no place of a pack comes within ``reach`` of shape o, the n-th near, at a glance.

    It is for shapes whose distance takes long, place by place: that of one place tells of those around it.
    """
    apart = False
    if shapes.kinds[o] != BOX and shapes.kinds[o] != FIELD:
        _seen_from(places[n], turns[n], point, local)
        apart = _apart_by_one(shapes, o, local, reach)
    return apart


@jit(fastmath=True, inner=True)
def _apart_by_one(shapes: Shapes, o: int, local: Float[np.ndarray, "3 L"], reach: float) -> bool:
    middle = LANES // 2
    away = 0.0
    for lane in range(LANES):
        squared = 0.0
        for k in range(3):
            squared += (local[k, lane] - local[k, middle]) ** 2
        away = max(away, squared)
    least = reach + _STEEP * np.sqrt(away)
    beyond = -shapes.rounds[o]
    for k in range(3):
        beyond = max(beyond, abs(local[k, middle]) - shapes.halves[o, k] - shapes.rounds[o])
    if beyond > least:
        return True
    gradient = scratch(3, REAL)
    distance = shape_distance(
        shapes,
        o,
        local[0, middle],
        local[1, middle],
        local[2, middle],
        0.0,
        0.0,
        0.0,
        gradient,
    )
    return bool(distance > least)
