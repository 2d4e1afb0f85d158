"""The residuals of one frame: cost, and rows of its block of the linear system.

A residual with weight w adds w J^T J to the block's upper triangle and -w J^T e to its right-hand side. Inequalities
count where they are violated or where the active set says so.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64, Int8, Int64

from retarget._jit import jit
from retarget.solver.arrays import Capsules, Floor, Soles
from retarget.solver.collision import centre_distance_squared, segment_distance
from retarget.solver.kinematics import world_point
from retarget.solver.tree import add_point_mass, base_rotation_step

__all__ = [
    "acceleration_rows",
    "anchor_composites",
    "contact_rise",
    "damp_diagonal",
    "floor_rows",
    "pair_rows",
    "step_rows",
]


@jit(fastmath=True)
def contact_rise(R: Float64[np.ndarray, "B 3 3"], soles: Soles, i: int) -> float:
    """How far contact point i is above the lowest point of its sole, metres; 0 where it is on none.

    A tilted foot (ankle roll is limited) touches with its lowest point: the contact point then floats higher.
    """
    foot = soles.contact_feet[i]
    rise = 0.0
    if foot < 0:
        return rise
    b = soles.feet[foot]
    for p in range(soles.points.shape[1]):
        above = 0.0
        for k in range(3):
            above += R[b, 2, k] * (soles.contact_points[i, k] - soles.points[foot, p, k])
        rise = max(rise, above)
    return rise


@jit(fastmath=True)
def anchor_composites(
    q: Float64[np.ndarray, "Q"],
    R: Float64[np.ndarray, "B 3 3"],
    r: Float64[np.ndarray, "B 3"],
    soles: Soles,
    weights: Float64[np.ndarray, "K"],
    anchors: Float64[np.ndarray, "K 3"],
    heel_lift: float,
    C: Float64[np.ndarray, "B 16"],
    x: Float64[np.ndarray, "3"],
) -> float:
    """Contact points held at their anchors: isotropic point masses, so that frames stay uncoupled."""
    cost = 0.0
    for i in range(weights.shape[0]):
        m = weights[i]
        if m <= 0:
            continue
        b = soles.contact_bodies[i]
        world_point(R, r, b, soles.contact_points[i], x)
        height = soles.contact_radii[i]
        height = max(height, min(contact_rise(R, soles, i) + height, heel_lift))
        e0 = anchors[i, 0] - q[0] - x[0]
        e1 = anchors[i, 1] - q[1] - x[1]
        e2 = height - q[2] - x[2]
        cost += m * (e0 * e0 + e1 * e1 + e2 * e2)
        add_point_mass(C[b], m, x[0], x[1], x[2], e0, e1, e2)
    return cost


@jit(fastmath=True)
def _add_row(
    a: Float64[np.ndarray, "V*row"],
    row: int,
    count: int,
    columns: Int64[np.ndarray, "V"],
    jacobian: Float64[np.ndarray, "V"],
    weight: float,
    residual: float,
) -> None:
    """Add one scalar residual with a sparse Jacobian to a frame's block (upper triangle and right-hand side)."""
    size = columns.shape[0]
    for u in range(count):
        scaled = weight * jacobian[u]
        place = columns[u] * row
        a[place + size] += scaled * residual
        for v in range(count):
            if columns[v] >= columns[u]:
                a[place + columns[v]] += scaled * jacobian[v]


@jit(fastmath=True)
def floor_rows(
    q: Float64[np.ndarray, "Q"],
    R: Float64[np.ndarray, "B 3 3"],
    r: Float64[np.ndarray, "B 3"],
    axes: Float64[np.ndarray, "B 3"],
    depth_of: Int64[np.ndarray, "V"],
    ancestors: Int64[np.ndarray, "V D"],
    floor: Floor,
    weight: float,
    shift: Float64[np.ndarray, "F"],
    active: Bool[np.ndarray, "F"],
    a: Float64[np.ndarray, "V*row"],
    row: int,
    x: Float64[np.ndarray, "3"],
    jacobian: Float64[np.ndarray, "V"],
    columns: Int64[np.ndarray, "V"],
) -> float:
    """Spheres at or above the floor."""
    cost = 0.0
    for p in range(floor.bodies.shape[0]):
        b = floor.bodies[p]
        height = q[2] + r[b, 2] - floor.radii[p]
        for k in range(3):
            height += R[b, 2, k] * floor.points[p, k]
        depth = shift[p] - height
        if depth > 0:
            cost += weight * depth * depth
        elif not active[p]:
            continue
        world_point(R, r, b, floor.points[p], x)
        columns[0] = 2
        columns[1] = 3
        columns[2] = 4
        jacobian[0] = 1.0
        jacobian[1] = x[1]
        jacobian[2] = -x[0]
        count = 3
        k = 5 + b
        for d in range(6, depth_of[k] + 1):
            c = ancestors[k, d] - 5
            jacobian[count] = axes[c, 0] * (x[1] - r[c, 1]) - axes[c, 1] * (x[0] - r[c, 0])
            columns[count] = c + 5
            count += 1
        _add_row(a, row, count, columns, jacobian, weight, depth)
    return cost


@jit(fastmath=True)
def pair_rows(
    r: Float64[np.ndarray, "B 3"],
    axes: Float64[np.ndarray, "B 3"],
    starts: Float64[np.ndarray, "G 3"],
    ends: Float64[np.ndarray, "G 3"],
    depth_of: Int64[np.ndarray, "V"],
    ancestors: Int64[np.ndarray, "V D"],
    capsules: Capsules,
    weight: float,
    margin: float,
    near: Int64[np.ndarray, "K"],
    pair_active: Bool[np.ndarray, "K"],
    a: Float64[np.ndarray, "V*row"],
    row: int,
    jacobian: Float64[np.ndarray, "V"],
    columns: Int64[np.ndarray, "V"],
) -> float:
    """Capsules apart by the margin."""
    on_a = np.empty(3)
    on_b = np.empty(3)
    cost = 0.0
    for n in range(near.shape[0]):
        i = capsules.pairs[near[n], 0]
        j = capsules.pairs[near[n], 1]
        active = pair_active[n]
        bound = capsules.bounds[i] + capsules.bounds[j] + margin
        if not active and centre_distance_squared(starts, ends, i, j) > bound * bound:
            continue
        distance = segment_distance(starts[i], ends[i], starts[j], ends[j], on_a, on_b)
        overlap = capsules.radii[i] + capsules.radii[j] + margin - distance
        if overlap > 0:
            cost += weight * overlap * overlap
        elif not active:
            continue
        n0 = (on_a[0] - on_b[0]) / distance
        n1 = (on_a[1] - on_b[1]) / distance
        n2 = (on_a[2] - on_b[2]) / distance
        ki = 5 + capsules.bodies[i]
        kj = 5 + capsules.bodies[j]
        shared = 0  # joints above both bodies move both alike
        while (
            shared <= min(depth_of[ki], depth_of[kj])
            and ancestors[ki, shared] == ancestors[kj, shared]
        ):
            shared += 1
        count = 0
        for side in range(2):
            k = ki if side == 0 else kj
            point = on_a if side == 0 else on_b
            sign = 1.0 if side == 0 else -1.0
            for d in range(shared, depth_of[k] + 1):
                c = ancestors[k, d] - 5
                y0 = point[0] - r[c, 0]
                y1 = point[1] - r[c, 1]
                y2 = point[2] - r[c, 2]
                jacobian[count] = sign * (
                    axes[c, 0] * (y1 * n2 - y2 * n1)
                    + axes[c, 1] * (y2 * n0 - y0 * n2)
                    + axes[c, 2] * (y0 * n1 - y1 * n0)
                )
                columns[count] = c + 5
                count += 1
        _add_row(a, row, count, columns, jacobian, weight, overlap)
    return cost


@jit(fastmath=True)
def step_rows(
    qpos: Float64[np.ndarray, "T Q"],
    first: int,
    t: int,
    step: Float64[np.ndarray, "B"],
    weight: float,
    fast: Int8[np.ndarray, "n V"],
    a: Float64[np.ndarray, "S"],
    width: int,
) -> float:
    """Joint steps within the speed limits; frames before the window are fixed."""
    if first + t < 1:
        return 0.0
    size = step.shape[0] + 5
    row = 3 * width
    block = size * row
    cost = 0.0
    for k in range(6, size):
        e = qpos[first + t, k + 1] - qpos[first + t - 1, k + 1]
        side = fast[t, k]
        if side == 0:
            if abs(e) <= step[k - 5]:
                continue
            side = 1 if e > 0 else -1
        over = side * e - step[k - 5]
        if over > 0:
            cost += weight * over * over
        pull = side * weight * over
        here = t * block + k * row
        a[here + size] -= pull
        a[here + k] += weight
        if t >= 1:
            a[here - block + size] += pull
            a[here - block + k] += weight
            a[here - block + width + k] -= weight
    return cost


@jit(fastmath=True)
def acceleration_rows(
    qpos: Float64[np.ndarray, "T Q"],
    first: int,
    t: int,
    weights: Float64[np.ndarray, "V"],
    a: Float64[np.ndarray, "S"],
    width: int,
    turn: Float64[np.ndarray, "3"],
    turn_before: Float64[np.ndarray, "3"],
) -> float:
    """Second differences small; frames before the window are fixed."""
    if first + t < 2:
        return 0.0
    size = weights.shape[0]
    row = 3 * width
    block = size * row
    q = qpos[first + t]
    q1 = qpos[first + t - 1]
    q2 = qpos[first + t - 2]
    base_rotation_step(q, q1, turn)
    base_rotation_step(q1, q2, turn_before)
    cost = 0.0
    for k in range(size):
        if k < 3:
            e = q[k] - 2 * q1[k] + q2[k]
        elif k < 6:
            e = turn[k - 3] - turn_before[k - 3]
        else:
            e = q[k + 1] - 2 * q1[k + 1] + q2[k + 1]
        w = weights[k]
        cost += w * e * e
        here = t * block + k * row
        a[here + size] -= w * e
        a[here + k] += w
        if t >= 1:
            a[here - block + size] += 2 * w * e
            a[here - block + k] += 4 * w
            a[here - block + width + k] -= 2 * w
        if t >= 2:
            a[here - 2 * block + size] -= w * e
            a[here - 2 * block + k] += w
            a[here - 2 * block + width + k] -= 2 * w
            a[here - 2 * block + 2 * width + k] += w
    return cost


@jit(fastmath=True)
def damp_diagonal(
    a: Float64[np.ndarray, "S"],
    size: int,
    row: int,
    frames: int,
    damping: Float64[np.ndarray, "n"],
    regularisation: float,
) -> None:
    """Levenberg-Marquardt damping of each frame, and a little everywhere."""
    for t in range(frames):
        for k in range(size):
            here = (t * size + k) * row + k
            a[here] *= 1.0 + damping[t]
            a[here] += regularisation
