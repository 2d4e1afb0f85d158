"""Things that the robot stays out of: which are near, rows of the linear system, active sets and multipliers.

A sphere of the robot that touches a shape is one row that only its own limb and the base take part in. Shapes may move:
their pose of each frame is given. Where a clip has no scene nothing of this is compiled: Numba leaves out what follows
a test for None.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64, Int64

from retarget.compiled.jit import jit
from retarget.compiled.packs import LANES, REAL, anywhere, both, either, packs, where
from retarget.compiled.scratch import scratch
from retarget.scenes.distance import BOX, box_distance, shape_distance
from retarget.solver.arrays import Scene, Tree
from retarget.solver.kinematics.poses import Poses, pack_count
from retarget.solver.linear.banded import block_rows
from retarget.solver.window.room import Things
from retarget.solver.window.rows import add_row

__all__ = [
    "deepest_thing",
    "load_things",
    "near_things",
    "predict_things",
    "shift_things",
    "thing_rows",
]

_LARGEST_SHIFT = 0.1  # metres; as for capsules
_REACH = 0.03  # metres within which an approach is predicted
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
            near = near or squared < reach * reach
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
def _sphere_centre(
    q: Float[np.ndarray, "Q"],
    R: Float[np.ndarray, "B 3 3"],
    r: Float[np.ndarray, "B 3"],
    scene: Scene,
    s: int,
    out: Float[np.ndarray, "3"],
) -> None:
    b = scene.bodies[s]
    for i in range(3):
        x = q[i] + r[b, i]
        for k in range(3):
            x += R[b, i, k] * scene.points[s, k]
        out[i] = x


@jit(fastmath=True, inner=True)
def _distance(
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
    x, out, own = packs(point), packs(normal), packs(local)
    places, turns, sides = packs(things.places[p]), packs(things.turns[p]), packs(things.sides[p])
    for k in range(3):
        own[k] = (
            turns[n, 0, k] * (x[0] - places[n, 0])
            + turns[n, 1, k] * (x[1] - places[n, 1])
            + turns[n, 2, k] * (x[2] - places[n, 2])
        )
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
            _sphere_centre(q, R, r, scene, s, x)
            for n in range(shapes):
                if flag[s * total + n]:
                    continue
                bound = scene.bounds[things.listed[n]] + scene.radii[s] + reach
                d0 = x[0] - places[n, 0]
                d1 = x[1] - places[n, 1]
                d2 = x[2] - places[n, 2]
                if not anywhere(d0 * d0 + d1 * d1 + d2 * d2 < bound * bound):
                    continue
                distance = _distance(p, s, n, scene, things, point, normal, local)
                flag[s * total + n] = anywhere(distance < scene.radii[s] + reach)
    found = int(known)
    for n in range(spheres * total):
        if flag[n] and not listed[n] and found < things.near.shape[0]:
            things.near[found] = n
            found += 1
    return found


@jit(fastmath=True, inner=True)
def thing_rows(
    p: int,
    frames: int,
    poses: Poses,
    tree: Tree,
    scene: Scene | None,
    things: Things | None,
    count: int,
    a: Float[np.ndarray, "S"],
    width: int,
    cost: Float[np.ndarray, "1 L"],
) -> None:
    """Add the spheres of a pack of frames that are in things, or that the active set has touching them."""
    if scene is None or things is None:
        return
    q, R, r = packs(poses.qpos[p]), packs(poses.R[p]), packs(poses.r[p])
    costs, marks, shifts = packs(cost), packs(things.active[p]), packs(things.shift[p])
    size = tree.depth.shape[0]
    total = scene.shapes.kinds.shape[0]
    weight = scene.weight
    point, normal, local = (
        scratch((3, LANES), REAL),
        scratch((3, LANES), REAL),
        scratch((3, LANES), REAL),
    )
    wanted_numbers, overlap_numbers = scratch((1, LANES), REAL), scratch((1, LANES), REAL)
    wanted, overlaps = packs(wanted_numbers), packs(overlap_numbers)
    jacobian = scratch(size, REAL)
    columns = scratch(size, np.int64)
    block = block_rows(size) * 3 * width
    for m in range(count):
        s = things.near[m] // total
        n = things.near[m] - s * total
        _sphere_centre(q, R, r, scene, s, packs(point))
        distance = _distance(p, s, n, scene, things, point, normal, local)
        overlap = scene.radii[s] + shifts[m] - distance
        touched = either(overlap > 0.0, marks[m] > 0.5)
        if not anywhere(touched):
            continue
        deep = max(overlap, 0.0)
        costs[0] += weight * deep * deep
        overlaps[0] = overlap
        wanted[0] = where(touched, 1.0, 0.0)
        for lane in range(min(LANES, frames - p * LANES)):
            if wanted_numbers[0, lane] > 0.5:
                columns_used = _point_jacobian(
                    p, lane, scene.bodies[s], poses, tree, point, normal, jacobian, columns
                )
                add_row(
                    a,
                    (p * LANES + lane) * block,
                    width,
                    columns_used,
                    columns,
                    jacobian,
                    weight,
                    overlap_numbers[0, lane],
                )


@jit(fastmath=True, inner=True)
def _point_jacobian(
    p: int,
    lane: int,
    body: int,
    poses: Poses,
    tree: Tree,
    point: Float[np.ndarray, "3 L"],
    normal: Float[np.ndarray, "3 L"],
    jacobian: Float[np.ndarray, "V"],
    columns: Int64[np.ndarray, "V"],
) -> int:
    """How far a body's point moves along a direction with each degree of freedom that moves it."""
    r, axes, q = poses.r[p], poses.axes[p], poses.qpos[p]
    depth, ancestors = tree.depth, tree.ancestors
    n0 = normal[0, lane]
    n1 = normal[1, lane]
    n2 = normal[2, lane]
    x0 = point[0, lane] - q[0, lane]
    x1 = point[1, lane] - q[1, lane]
    x2 = point[2, lane] - q[2, lane]
    jacobian[0] = n0
    jacobian[1] = n1
    jacobian[2] = n2
    jacobian[3] = x1 * n2 - x2 * n1
    jacobian[4] = x2 * n0 - x0 * n2
    jacobian[5] = x0 * n1 - x1 * n0
    for k in range(6):
        columns[k] = k
    count = 6
    if body == 0:
        return count
    k = 5 + body
    for d in range(6, depth[k] + 1):
        c = ancestors[k, d] - 5
        y0 = x0 - r[c, 0, lane]
        y1 = x1 - r[c, 1, lane]
        y2 = x2 - r[c, 2, lane]
        jacobian[count] = (
            axes[c, 0, lane] * (y1 * n2 - y2 * n1)
            + axes[c, 1, lane] * (y2 * n0 - y0 * n2)
            + axes[c, 2, lane] * (y0 * n1 - y1 * n0)
        )
        columns[count] = c + 5
        count += 1
    return count


@jit(fastmath=True, inner=True)
def predict_things(
    p: int,
    poses: Poses,
    scene: Scene | None,
    things: Things | None,
    count: int,
    velocity: Float[np.ndarray, "B 3"],
    spin: Float[np.ndarray, "B 3"],
) -> None:
    """Mark the pairs of a pack that would touch after the step, to first order."""
    if scene is None or things is None:
        return
    q, R, r = packs(poses.qpos[p]), packs(poses.R[p]), packs(poses.r[p])
    shift, touching = packs(things.shift[p]), packs(things.active[p])
    total = scene.shapes.kinds.shape[0]
    point, normals, local = (
        scratch((3, LANES), REAL),
        scratch((3, LANES), REAL),
        scratch((3, LANES), REAL),
    )
    x, normal = packs(point), packs(normals)
    for m in range(count):
        s = things.near[m] // total
        n = things.near[m] - s * total
        b = scene.bodies[s]
        was = touching[m] > 0.5
        _sphere_centre(q, R, r, scene, s, x)
        distance = _distance(p, s, n, scene, things, point, normals, local)
        d0 = x[0] - q[0] - r[b, 0]
        d1 = x[1] - q[1] - r[b, 1]
        d2 = x[2] - q[2] - r[b, 2]
        rate = (
            normal[0] * (velocity[b, 0] + spin[b, 1] * d2 - spin[b, 2] * d1)
            + normal[1] * (velocity[b, 1] + spin[b, 2] * d0 - spin[b, 0] * d2)
            + normal[2] * (velocity[b, 2] + spin[b, 0] * d1 - spin[b, 1] * d0)
        )
        touches = distance + rate < scene.radii[s] + shift[m]
        within = either(distance < scene.radii[s] + _REACH, was)
        touching[m] = where(both(touches, within), 1.0, 0.0)


@jit(fastmath=True, inner=True)
def deepest_thing(
    poses: Poses, packs_used: int, scene: Scene | None, things: Things | None, count: int
) -> float:
    """How deep the deepest sphere of some packs is in a thing, metres; 0 where none is."""
    if scene is None or things is None:
        return 0.0
    total = scene.shapes.kinds.shape[0]
    worst_numbers = scratch((1, LANES), REAL)
    worst = packs(worst_numbers)
    point, normal, local = (
        scratch((3, LANES), REAL),
        scratch((3, LANES), REAL),
        scratch((3, LANES), REAL),
    )
    for p in range(packs_used):
        q, R, r = packs(poses.qpos[p]), packs(poses.R[p]), packs(poses.r[p])
        for m in range(count):
            s = things.near[m] // total
            _sphere_centre(q, R, r, scene, s, packs(point))
            n = things.near[m] - s * total
            distance = _distance(p, s, n, scene, things, point, normal, local)
            worst[0] = max(worst[0], scene.radii[s] - distance)
    deepest = 0.0
    for lane in range(LANES):
        deepest = max(deepest, worst_numbers[0, lane])
    return deepest


@jit(fastmath=True, inner=True)
def shift_things(
    poses: Poses, packs_used: int, scene: Scene | None, things: Things | None, count: int
) -> None:
    """Raise the multipliers of the pairs that the system held and that overlap all the same."""
    if scene is None or things is None:
        return
    total = scene.shapes.kinds.shape[0]
    point, normal, local = (
        scratch((3, LANES), REAL),
        scratch((3, LANES), REAL),
        scratch((3, LANES), REAL),
    )
    for p in range(packs_used):
        q, R, r = packs(poses.qpos[p]), packs(poses.R[p]), packs(poses.r[p])
        held, shifts = packs(things.active[p]), packs(things.shift[p])
        for m in range(count):
            s = things.near[m] // total
            _sphere_centre(q, R, r, scene, s, packs(point))
            n = things.near[m] - s * total
            distance = _distance(p, s, n, scene, things, point, normal, local)
            raised = min(max(shifts[m] + scene.radii[s] - distance, 0.0), _LARGEST_SHIFT)
            shifts[m] = where(held[m] > 0.5, raised, shifts[m])
