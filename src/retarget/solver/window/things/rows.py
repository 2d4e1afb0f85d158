"""Rows of a window's system for spheres that are in things, or touch them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int64

from retarget.compiled.jit import jit
from retarget.compiled.packs import LANES, REAL, anywhere, either, packs, where
from retarget.compiled.scratch import scratch
from retarget.solver.arrays import Scene, Tree
from retarget.solver.kinematics.poses import Poses
from retarget.solver.linear.banded import block_rows
from retarget.solver.window.room import Things
from retarget.solver.window.rows import add_row
from retarget.solver.window.things.distance import sphere_centre, surely_apart, thing_distance
from retarget.solver.window.things.touching import LARGEST_SHIFT

__all__ = ["thing_rows"]


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
    weight = things.weight[0]
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
        sphere_centre(q, R, r, scene, s, packs(point))
        apart = scene.radii[s] + LARGEST_SHIFT
        marked = anywhere(marks[m] > 0.5)
        if not marked and surely_apart(p, s, n, scene, things, point, local, apart):
            continue
        distance = thing_distance(p, s, n, scene, things, point, normal, local)
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
