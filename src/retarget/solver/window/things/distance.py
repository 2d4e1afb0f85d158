"""How far spheres of the robot are from the shapes near a window, in packs of frames."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from retarget.compiled.jit import jit
from retarget.compiled.packs import LANES, REAL, packs
from retarget.compiled.scratch import scratch
from retarget.scenes.distance import BOX, FIELD, box_distance, shape_distance
from retarget.solver.arrays import Scene
from retarget.solver.window.room import Things

__all__ = ["sphere_centre", "surely_apart", "thing_distance"]

_STEEP = 1.2  # metres by which a distance may change a metre: grids' are not quite even


@jit(fastmath=True, inner=True)
def sphere_centre(
    q: Float[np.ndarray, "Q"],
    R: Float[np.ndarray, "B 3 3"],
    r: Float[np.ndarray, "B 3"],
    scene: Scene,
    s: int,
    out: Float[np.ndarray, "3"],
) -> None:
    """Fill where the middle of sphere s is in a pack of frames, metres."""
    b = scene.bodies[s]
    for i in range(3):
        x = q[i] + r[b, i]
        for k in range(3):
            x += R[b, i, k] * scene.points[s, k]
        out[i] = x


@jit(fastmath=True, inner=True)
def _seen_from(
    p: int,
    n: int,
    things: Things,
    point: Float[np.ndarray, "3 L"],
    local: Float[np.ndarray, "3 L"],
) -> None:
    """Fill where a pack of places is in the frame of the n-th shape near, metres."""
    x, own = packs(point), packs(local)
    places, turns = packs(things.places[p]), packs(things.turns[p])
    for k in range(3):
        own[k] = (
            turns[n, 0, k] * (x[0] - places[n, 0])
            + turns[n, 1, k] * (x[1] - places[n, 1])
            + turns[n, 2, k] * (x[2] - places[n, 2])
        )


@jit(fastmath=True, inner=True)
def thing_distance(
    p: int,
    s: int,
    n: int,
    scene: Scene,
    things: Things,
    point: Float[np.ndarray, "3 L"],
    normal: Float[np.ndarray, "3 L"],
    local: Float[np.ndarray, "3 L"],
) -> float:
    """Signed distance of a pack of places of sphere s's centre from the n-th shape near; fills the normals."""
    o = things.listed[n]
    g = scene.groups[s]
    _seen_from(p, n, things, point, local)
    out, own = packs(normal), packs(local)
    turns, sides = packs(things.turns[p]), packs(things.sides[p])
    room = scratch((4, LANES), REAL)
    found = packs(room)
    if scene.shapes.kinds[o] == BOX:
        found[3] = (
            box_distance(
                own[0],
                own[1],
                own[2],
                scene.shapes.halves[o],
                sides[g, n, 0],
                sides[g, n, 1],
                sides[g, n, 2],
                found,
            )
            - scene.shapes.rounds[o]
        )
    else:
        gradient = scratch(3, REAL)
        for lane in range(LANES):
            room[3, lane] = shape_distance(
                scene.shapes,
                o,
                local[0, lane],
                local[1, lane],
                local[2, lane],
                things.sides[p, g, n, 0, lane],
                0.0,
                0.0,
                gradient,
            )
            for k in range(3):
                room[k, lane] = gradient[k]
    for i in range(3):
        out[i] = turns[n, i, 0] * found[0] + turns[n, i, 1] * found[1] + turns[n, i, 2] * found[2]
    distance: float = found[3]
    return distance


@jit(fastmath=True, inner=True)
def surely_apart(
    p: int,
    s: int,
    n: int,
    scene: Scene,
    things: Things,
    point: Float[np.ndarray, "3 L"],
    local: Float[np.ndarray, "3 L"],
    reach: float,
) -> bool:
    """Whether no place of a pack of sphere s's centre comes within ``reach`` of the n-th shape near, at a glance.

    It is for shapes whose distance takes long, place by place: that of one place tells of those around it.
    """
    o = things.listed[n]
    if scene.shapes.kinds[o] in (BOX, FIELD):
        return False
    _seen_from(p, n, things, point, local)
    middle = LANES // 2
    away = 0.0
    for lane in range(LANES):
        squared = 0.0
        for k in range(3):
            squared += (local[k, lane] - local[k, middle]) ** 2
        away = max(away, squared)
    least = reach + _STEEP * np.sqrt(away)
    beyond = -scene.shapes.rounds[o]
    for k in range(3):
        beyond = max(
            beyond, abs(local[k, middle]) - scene.shapes.halves[o, k] - scene.shapes.rounds[o]
        )
    if beyond > least:
        return True
    gradient = scratch(3, REAL)
    distance = shape_distance(
        scene.shapes,
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
