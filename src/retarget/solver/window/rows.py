"""The residuals of one frame: cost, and rows of its block of the linear system.

A residual with weight w adds w J^T J to the block's upper triangle and -w J^T e to its right-hand side. Inequalities
count where they are violated or where the active set says so.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int64

from retarget.compiled.jit import jit
from retarget.compiled.packs import LANES, REAL, anywhere, either, packs, where
from retarget.compiled.scratch import scratch
from retarget.solver.arrays import Capsules, Floor, Soles, Tree
from retarget.solver.kinematics.collision import centre_distance_squared, segment_distance
from retarget.solver.kinematics.contact import contact_rise
from retarget.solver.kinematics.forward import world_point
from retarget.solver.kinematics.poses import Poses
from retarget.solver.kinematics.tree import add_point_mass, add_vertical_mass
from retarget.solver.linear.banded import block_rows
from retarget.solver.window.room import Things

__all__ = [
    "add_row",
    "anchor_composites",
    "floor_composites",
    "pair_rows",
]


class _RowScratch(NamedTuple):
    """Room to work on the rows of a pack of frames."""

    residual: Float[np.ndarray, "1 L"]
    wanted: Float[np.ndarray, "1 L"]
    normal: Float[np.ndarray, "3 L"]
    on_a: Float[np.ndarray, "3 L"]
    on_b: Float[np.ndarray, "3 L"]
    jacobian: Float[np.ndarray, "V"]
    columns: Int64[np.ndarray, "V"]


@jit(fastmath=True, inner=True)
def anchor_composites(
    q: Float[np.ndarray, "Q"],
    R: Float[np.ndarray, "B 3 3"],
    r: Float[np.ndarray, "B 3"],
    soles: Soles,
    weights: Float[np.ndarray, "K"],
    anchors: Float[np.ndarray, "K 3"],
    heel_lift: float,
    clearances: Float[np.ndarray, "2"],
    C: Float[np.ndarray, "B 22"],
    x: Float[np.ndarray, "3"],
    p: int,
    things: Things | None,
) -> float:
    """Contact points held at their anchors: isotropic point masses, so that frames stay uncoupled.

    Among things a foot stands on what it stands on: a point of a tilted foot is as far along the normal of that.
    """
    cost = 0.0
    for i in range(weights.shape[0]):
        m = weights[i]
        if not anywhere(m > 0.0):
            continue
        b = soles.contact_bodies[i]
        world_point(R, r, b, soles.contact_points[i], x)
        height = soles.contact_radii[i]
        e0 = anchors[i, 0] - q[0] - x[0]
        e1 = anchors[i, 1] - q[1] - x[1]
        if things is None:
            height = max(height, min(contact_rise(R, soles, i, 0.0, 0.0, 1.0) + height, heel_lift))
            if soles.contact_feet[i] >= 0:
                height += clearances[soles.contact_feet[i]]
        elif soles.contact_feet[i] >= 0:
            n = packs(things.grounds[p, soles.contact_feet[i]])
            rise = contact_rise(R, soles, i, n[0], n[1], n[2])
            rise = max(0.0, min(rise, heel_lift - height)) + clearances[soles.contact_feet[i]]
            e0 += n[0] * rise
            e1 += n[1] * rise
            height += n[2] * rise
        e2 = anchors[i, 2] + height - q[2] - x[2]
        cost += m * (e0 * e0 + e1 * e1 + e2 * e2)
        add_point_mass(C, b, m, x[0], x[1], x[2], e0, e1, e2)
    return cost


@jit(fastmath=True, inner=True)
def add_row(
    a: Float[np.ndarray, "S"],
    own: int,
    width: int,
    count: int,
    columns: Int64[np.ndarray, "V"],
    jacobian: Float[np.ndarray, "V"],
    weight: float,
    residual: float,
) -> None:
    """Add one scalar residual with a sparse Jacobian to a frame's block (upper triangle and right-hand side)."""
    right = width - 2
    for u in range(count):
        scaled = weight * jacobian[u]
        place = own + columns[u] * 3 * width
        a[place + right] += scaled * residual
        for v in range(count):
            if columns[v] >= columns[u]:
                a[place + columns[v]] += scaled * jacobian[v]


@jit(fastmath=True, inner=True)
def floor_composites(
    q: Float[np.ndarray, "Q"],
    R: Float[np.ndarray, "B 3 3"],
    r: Float[np.ndarray, "B 3"],
    floor: Floor,
    weight: float,
    shifts: Float[np.ndarray, "F"],
    active: Float[np.ndarray, "F"],
    clearances: Float[np.ndarray, "2"],
    C: Float[np.ndarray, "B 22"],
) -> float:
    """Spheres at or above the floor, or a foot's clearance: masses that resist moving up or down."""
    cost = 0.0
    for s in range(floor.bodies.shape[0]):
        b = floor.bodies[s]
        height = q[2] + r[b, 2] - floor.radii[s]
        for k in range(3):
            height += R[b, 2, k] * floor.points[s, k]
        depth = shifts[s] - height
        if floor.feet[s] >= 0:
            depth += clearances[floor.feet[s]]
        touched = either(depth > 0.0, active[s] > 0.5)
        if not anywhere(touched):
            continue
        deep = max(depth, 0.0)
        cost += weight * deep * deep
        x = r[b, 0]
        y = r[b, 1]
        for k in range(3):
            x += R[b, 0, k] * floor.points[s, k]
            y += R[b, 1, k] * floor.points[s, k]
        add_vertical_mass(C, b, where(touched, weight, 0.0), x, y, depth)
    return cost


@jit(fastmath=True, inner=True)
def pair_rows(
    p: int,
    frames: int,
    poses: Poses,
    tree: Tree,
    capsules: Capsules,
    weight: float,
    candidates: Int64[np.ndarray, "K"],
    shift: Float[np.ndarray, "K L"],
    active: Float[np.ndarray, "K L"],
    a: Float[np.ndarray, "S"],
    width: int,
    cost: Float[np.ndarray, "1 L"],
) -> None:
    """Capsules of a pack of frames apart by their margin and their multipliers' shift."""
    starts, ends = packs(poses.starts[p]), packs(poses.ends[p])
    costs, marks, shifts = packs(cost), packs(active), packs(shift)
    size = tree.depth.shape[0]
    work = _RowScratch(
        scratch((1, LANES), REAL),
        scratch((1, LANES), REAL),
        scratch((3, LANES), REAL),
        scratch((3, LANES), REAL),
        scratch((3, LANES), REAL),
        scratch(size, REAL),
        scratch(size, np.int64),
    )
    overlaps, wanted = packs(work.residual), packs(work.wanted)
    normal, on_a, on_b = packs(work.normal), packs(work.on_a), packs(work.on_b)
    block = block_rows(size) * 3 * width
    for n in range(candidates.shape[0]):
        i = capsules.pairs[candidates[n], 0]
        j = capsules.pairs[candidates[n], 1]
        apart = capsules.margins[candidates[n]] + shifts[n]
        bound = capsules.bounds[i] + capsules.bounds[j] + apart
        close = centre_distance_squared(starts, ends, i, j) < bound * bound
        if not anywhere(either(close, marks[n] > 0.5)):
            continue
        distance, s, t = segment_distance(starts, ends, i, j)
        overlap = capsules.radii[i] + capsules.radii[j] + apart - distance
        touched = either(overlap > 0.0, marks[n] > 0.5)
        if not anywhere(touched):
            continue
        deep = max(overlap, 0.0)
        costs[0] += weight * deep * deep
        overlaps[0] = overlap
        wanted[0] = where(touched, 1.0, 0.0)
        for k in range(3):
            on_a[k] = starts[i, k] + s * (ends[i, k] - starts[i, k])
            on_b[k] = starts[j, k] + t * (ends[j, k] - starts[j, k])
            normal[k] = (on_a[k] - on_b[k]) / distance
        for lane in range(min(LANES, frames - p * LANES)):
            if work.wanted[0, lane] > 0.5:
                count = _pair_jacobian(
                    p, lane, capsules.bodies[i], capsules.bodies[j], poses, tree, work
                )
                add_row(
                    a,
                    (p * LANES + lane) * block,
                    width,
                    count,
                    work.columns,
                    work.jacobian,
                    weight,
                    work.residual[0, lane],
                )


@jit(fastmath=True, inner=True)
def _pair_jacobian(
    p: int, lane: int, first: int, second: int, poses: Poses, tree: Tree, work: _RowScratch
) -> int:
    """How the distance of two points of two bodies changes with each joint that moves them unlike."""
    r, axes = poses.r[p], poses.axes[p]
    depth, ancestors = tree.depth, tree.ancestors
    n0 = work.normal[0, lane]
    n1 = work.normal[1, lane]
    n2 = work.normal[2, lane]
    ki = 5 + first
    kj = 5 + second
    shared = 0  # joints above both bodies move both alike
    while shared <= min(depth[ki], depth[kj]) and ancestors[ki, shared] == ancestors[kj, shared]:
        shared += 1
    count = 0
    for side in range(2):
        k = ki if side == 0 else kj
        point = work.on_a if side == 0 else work.on_b
        sign = 1.0 if side == 0 else -1.0
        for d in range(shared, depth[k] + 1):
            c = ancestors[k, d] - 5
            y0 = point[0, lane] - r[c, 0, lane]
            y1 = point[1, lane] - r[c, 1, lane]
            y2 = point[2, lane] - r[c, 2, lane]
            work.jacobian[count] = sign * (
                axes[c, 0, lane] * (y1 * n2 - y2 * n1)
                + axes[c, 1, lane] * (y2 * n0 - y0 * n2)
                + axes[c, 2, lane] * (y0 * n1 - y1 * n0)
            )
            work.columns[count] = c + 5
            count += 1
    return count
