"""Which shapes are near a window, and which spheres of the robot come near them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from retarget.compiled.jit import jit
from retarget.compiled.packs import LANES, REAL, anywhere, packs
from retarget.compiled.scratch import scratch
from retarget.scenes.distance import BOX
from retarget.solver.arrays import Scene
from retarget.solver.kinematics.poses import Poses, pack_count
from retarget.solver.window.room import Things
from retarget.solver.window.things.distance import sphere_centre, surely_apart, thing_distance

__all__ = ["load_things", "near_things"]

_BESIDE = 0.3  # metres that the robot may go beyond where its base's path says


@jit(inner=True)
def load_things(
    scene: Scene | None,
    things: Things | None,
    first: int,
    qpos: Float64[np.ndarray, "n Q"],
    poses: Poses,
) -> int:
    """Lay the shapes that the robot may come near in the frames from ``first`` side by side; returns how many."""
    if scene is None or things is None:
        return 0
    frames = qpos.shape[0]
    found: int = int(np.int64(0))
    for o in range(scene.shapes.kinds.shape[0]):
        reach = scene.reach + scene.bounds[o] + _BESIDE
        near = False
        for t in range(frames):
            squared = 0.0
            for k in range(3):
                squared += (qpos[t, k] - scene.places[first + t, o, k]) ** 2
            if squared < reach * reach:
                near = True
                break
        if near:
            things.listed[found] = o
            found += 1
    for p in range(pack_count(frames)):
        for lane in range(LANES):
            t = first + min(p * LANES + lane, frames - 1)
            for foot in range(2):
                for i in range(3):
                    things.grounds[p, foot, i, lane] = scene.grounds[t, foot, i]
            for n in range(found):
                o = things.listed[n]
                for i in range(3):
                    place = scene.places[t, o, i]
                    if i < 2:
                        place -= poses.origin[i]
                    things.places[p, n, i, lane] = place
                    for k in range(3):
                        things.turns[p, n, i, k, lane] = scene.turns[t, o, i, k]
                for g in range(scene.sides.shape[1]):
                    side = scene.sides[t, g, o]
                    for i in range(3):
                        things.sides[p, g, n, i, lane] = 0.0
                    if scene.shapes.kinds[o] == BOX:
                        if side != 0:
                            things.sides[p, g, n, abs(side) - 1, lane] = 1.0 if side > 0 else -1.0
                    else:
                        things.sides[p, g, n, 0, lane] = side
    return found


@jit(fastmath=True, inner=True)
def near_things(
    poses: Poses,
    count: int,
    scene: Scene | None,
    things: Things | None,
    shapes: int,
    reach: float,
    known: int | np.int64,
) -> int:
    """List the pairs of sphere and shape (sphere x O + place among those near) that come within ``reach``.

    The first ``known`` of the list stay where they are; returns how many there are.
    """
    if scene is None or things is None:
        return 0
    total = scene.shapes.kinds.shape[0]
    spheres = scene.bodies.shape[0]
    flag = scratch(spheres * total, np.bool_)
    listed = scratch(spheres * total, np.bool_)
    for n in range(known):
        flag[things.near[n]] = True
        listed[things.near[n]] = True
    point, normal, local = (
        scratch((3, LANES), REAL),
        scratch((3, LANES), REAL),
        scratch((3, LANES), REAL),
    )
    for p in range(count):
        q, R, r = packs(poses.qpos[p]), packs(poses.R[p]), packs(poses.r[p])
        places = packs(things.places[p])
        for s in range(spheres):
            x = packs(point)
            sphere_centre(q, R, r, scene.bodies[s], scene.points[s], x)
            for n in range(shapes):
                if flag[s * total + n]:
                    continue
                bound = scene.bounds[things.listed[n]] + scene.radii[s] + reach
                d0 = x[0] - places[n, 0]
                d1 = x[1] - places[n, 1]
                d2 = x[2] - places[n, 2]
                if not anywhere(d0 * d0 + d1 * d1 + d2 * d2 < bound * bound):
                    continue
                o = things.listed[n]
                own, turns = things.places[p], things.turns[p]
                apart = scene.radii[s] + reach
                if surely_apart(n, o, scene.shapes, own, turns, point, local, apart):
                    continue
                sides = things.sides[p, scene.groups[s]]
                distance = thing_distance(
                    n, o, scene.shapes, own, turns, sides, point, normal, local
                )
                flag[s * total + n] = anywhere(distance < scene.radii[s] + reach)
    found = int(known)
    for n in range(spheres * total):
        if flag[n] and not listed[n] and found < things.near.shape[0]:
            things.near[found] = n
            found += 1
    return found
