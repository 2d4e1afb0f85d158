"""One window of the whole-clip problem: its cost, its linear system, and its active sets.

Within a frame: segment tasks, contact points held at anchors, sole points above the floor, capsules apart. Between
frames: second differences kept small, joint steps within the velocity limits; both diagonal per degree of freedom.
Inequalities are one-sided squared residuals; which of them count is an active set, chosen after each solve by the
linear prediction of the step (a primal-dual active set), so that a solve settles in a handful of steps.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64, Int8, Int64

from retarget._jit import jit
from retarget.solver.arrays import Capsules, Floor, Limits, Problem, Soles, Tree
from retarget.solver.collision import capsule_ends, centre_distance_squared, segment_distance
from retarget.solver.kinematics import body_kinematics, world_point
from retarget.solver.tree import (
    COMPOSITE,
    add_point_mass,
    assemble,
    base_rotation_step,
    retract,
    task_composites,
)

__all__ = [
    "FREE",
    "UNKNOWN",
    "Window",
    "build_system",
    "hold_joints",
    "predict_active",
    "retract_all",
    "shift_floor",
    "violations",
]

FREE, UNKNOWN = 0, 2  # state of a joint limit: -1 held at lower, 1 held at upper
_LARGEST_SHIFT = 0.05  # metres; a floor multiplier beyond this fights a target that cannot be met
_PAIR_REACH = 0.03  # metres beyond contact within which a pair's approach is predicted


class Window(NamedTuple):
    """Working memory of one window of n frames.

    Attributes:
        system: Blocks of the linear system; see `retarget.solver.banded`.
        step: Its solution.
        damping: Relative damping of each frame.
        cost: Cost of each frame.
        floor_shift: Multiplier of each floor sphere, metres (augmented Lagrangian; 0 where the floor holds by itself).
        floor_active: Spheres that the system treats as touching.
        fast: Joints whose step from the frame before the system treats as at its limit: -1, 0 or 1.
        pair_active: Near pairs that the system treats as touching.
        near: Near pairs (the first ``near_count``).
        used: Capsules in near pairs.
        joint_state: Which joints are held at a limit.
        held_rows: Row of the system of each held joint before it was cut out: V couplings, the right-hand side,
            then the couplings to the frames +1, -1, +2, -2.
        held_index: Frame and degree of freedom of those rows.
    """

    system: Float64[np.ndarray, "S"]
    step: Float64[np.ndarray, "n V"]
    damping: Float64[np.ndarray, "n"]
    cost: Float64[np.ndarray, "n"]
    floor_shift: Float64[np.ndarray, "n F"]
    floor_active: Bool[np.ndarray, "n F"]
    fast: Int8[np.ndarray, "n V"]
    pair_active: Bool[np.ndarray, "n K"]
    near: Int64[np.ndarray, "K"]
    used: Bool[np.ndarray, "G"]
    joint_state: Int8[np.ndarray, "n V"]
    held_rows: Float64[np.ndarray, "h W"]
    held_index: Int64[np.ndarray, "h 2"]


@jit(fastmath=True)
def build_system(
    qpos: Float64[np.ndarray, "T Q"],
    first: int,
    frames: int,
    near_count: int,
    problem: Problem,
    window: Window,
    width: int,
) -> tuple[float, int]:
    """Fill the linear system of the frames from ``first``; returns their cost and the number of held joints."""
    tree, soles, weights, clip = problem.tree, problem.soles, problem.weights, problem.clip
    bodies = tree.parents.shape[0]
    size = bodies + 5
    row = 3 * width
    block = size * row
    a = window.system
    for i in range((frames + 2) * block):
        a[i] = 0.0
    R = np.empty((bodies, 3, 3))
    r = np.empty((bodies, 3))
    axes = np.empty((bodies, 3))
    C = np.empty((bodies, COMPOSITE))
    H = np.zeros((size, tree.ancestors.shape[1]))
    g = np.empty(size)
    x = np.empty(3)
    capsules = problem.capsules.bodies.shape[0]
    starts = np.empty((capsules, 3))
    ends = np.empty((capsules, 3))
    jacobian = np.empty(size)
    columns = np.empty(size, np.int64)
    turn = np.empty(3)
    turn1 = np.empty(3)
    total = 0.0
    for t in range(frames):
        q = qpos[first + t]
        own = t * block
        body_kinematics(q, tree, R, r, axes)
        cost = task_composites(
            q, R, r, problem.tasks, clip.positions[first + t], clip.frames[first + t], C
        )
        cost += _anchor_composites(
            q,
            R,
            r,
            soles,
            clip.contact_weights[first + t],
            clip.anchors[first + t],
            weights.heel_lift,
            C,
            x,
        )
        assemble(r, axes, C, tree, H, g)
        for k in range(size):
            for d in range(tree.depth[k] + 1):
                a[own + tree.ancestors[k, d] * row + k] += H[k, d]
            a[own + k * row + size] += g[k]
        cost += _floor_rows(
            q,
            R,
            r,
            axes,
            tree.depth,
            tree.ancestors,
            problem.floor,
            weights.floor,
            window.floor_shift[t],
            window.floor_active[t],
            a[own : own + block],
            row,
            x,
            jacobian,
            columns,
        )
        if near_count > 0:
            capsule_ends(R, r, problem.capsules, window.used, starts, ends)
            cost += _pair_rows(
                r,
                axes,
                starts,
                ends,
                tree.depth,
                tree.ancestors,
                problem.capsules,
                weights.collision,
                weights.collision_margin,
                window.near[:near_count],
                window.pair_active[t],
                a[own : own + block],
                row,
                jacobian,
                columns,
            )
        cost += _step_rows(
            qpos, first, t, problem.limits.step, weights.velocity, window.fast, a, width
        )
        cost += _acceleration_rows(qpos, first, t, weights.acceleration, a, width, turn, turn1)
        window.cost[t] = cost
        total += cost
    _damp(a, size, row, frames, window.damping, weights.regularisation)
    held = _hold_rows(
        qpos,
        first,
        frames,
        problem.limits.lower,
        problem.limits.upper,
        window.joint_state,
        window.held_rows,
        window.held_index,
        a,
        width,
    )
    return total, held


@jit(fastmath=True)
def _anchor_composites(
    q: Float64[np.ndarray, "Q"],
    R: Float64[np.ndarray, "B 3 3"],
    r: Float64[np.ndarray, "B 3"],
    soles: Soles,
    weights: Float64[np.ndarray, "4"],
    anchors: Float64[np.ndarray, "4 3"],
    heel_lift: float,
    C: Float64[np.ndarray, "B 16"],
    x: Float64[np.ndarray, "3"],
) -> float:
    """Contact points held at their anchors: isotropic point masses, so that frames stay uncoupled."""
    cost = 0.0
    for i in range(4):
        m = weights[i]
        if m <= 0:
            continue
        foot = soles.contact_feet[i]
        b = soles.feet[foot]
        world_point(R, r, b, soles.contact_points[i], x)
        # A tilted foot (ankle roll is limited) touches with its lowest point: the contact point then floats higher.
        rise = 0.0
        for p in range(soles.points.shape[1]):
            above = 0.0
            for k in range(3):
                above += R[b, 2, k] * (soles.contact_points[i, k] - soles.points[foot, p, k])
            rise = max(rise, above)
        height = min(rise + soles.radius, heel_lift)
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
def _floor_rows(
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
def _pair_rows(
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
def _step_rows(
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
def _acceleration_rows(
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
def _damp(
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


@jit(fastmath=True)
def _hold_rows(
    qpos: Float64[np.ndarray, "T Q"],
    first: int,
    frames: int,
    lower: Float64[np.ndarray, "B"],
    upper: Float64[np.ndarray, "B"],
    state: Int8[np.ndarray, "n V"],
    rows: Float64[np.ndarray, "h W"],
    index: Int64[np.ndarray, "h 2"],
    a: Float64[np.ndarray, "S"],
    width: int,
) -> int:
    """Cut joints that are held at a limit out of the system; returns how many are.

    A held joint's step is known: it moves to the other rows' right-hand sides. Its own row is kept for the test of
    its multiplier in `hold_joints`.
    """
    size = lower.shape[0] + 5
    row = 3 * width
    block = size * row
    held = 0
    for t in range(frames):
        own = t * block
        q = qpos[first + t]
        for k in range(6, size):
            pull = a[own + k * row + size]
            if state[t, k] == UNKNOWN:
                state[t, k] = FREE
                if q[k + 1] <= lower[k - 5] + 1e-9 and pull < 0:
                    state[t, k] = -1
                elif q[k + 1] >= upper[k - 5] - 1e-9 and pull > 0:
                    state[t, k] = 1
            if state[t, k] != FREE:
                for c in range(size):
                    rows[held, c] = a[own + c * row + k] if c < k else a[own + k * row + c]
                rows[held, size] = pull
                here = own + k * row + width + k
                rows[held, size + 1] = a[here]
                rows[held, size + 2] = a[here - block] if t >= 1 else 0.0
                rows[held, size + 3] = a[here + width]
                rows[held, size + 4] = a[here + width - 2 * block] if t >= 2 else 0.0
                index[held, 0] = t
                index[held, 1] = k
                held += 1
    for m in range(held):
        t = index[m, 0]
        k = index[m, 1]
        bound = upper[k - 5] if state[t, k] > 0 else lower[k - 5]
        move = bound - qpos[first + t, k + 1]
        if move != 0.0:
            own = t * block
            for c in range(size):
                a[own + c * row + size] -= rows[m, c] * move
            here = own + k * row + size
            a[here + block] -= rows[m, size + 1] * move
            a[here + 2 * block] -= rows[m, size + 3] * move
            if t >= 1:
                a[here - block] -= rows[m, size + 2] * move
            if t >= 2:
                a[here - 2 * block] -= rows[m, size + 4] * move
    for m in range(held):
        t = index[m, 0]
        k = index[m, 1]
        bound = upper[k - 5] if state[t, k] > 0 else lower[k - 5]
        move = bound - qpos[first + t, k + 1]
        own = t * block
        for c in range(k):
            a[own + c * row + k] = 0.0
        for c in range(k + 1, size):
            a[own + k * row + c] = 0.0
        a[own + k * row + size] = a[own + k * row + k] * move
        here = own + k * row + width + k
        a[here] = 0.0
        a[here + width] = 0.0
        if t >= 1:
            a[here - block] = 0.0
        if t >= 2:
            a[here + width - 2 * block] = 0.0
    return held


@jit(fastmath=True)
def hold_joints(
    qpos: Float64[np.ndarray, "T Q"],
    first: int,
    frames: int,
    held: int,
    lower: Float64[np.ndarray, "B"],
    upper: Float64[np.ndarray, "B"],
    state: Int8[np.ndarray, "n V"],
    rows: Float64[np.ndarray, "h W"],
    index: Int64[np.ndarray, "h 2"],
    x: Float64[np.ndarray, "n V"],
) -> None:
    """Choose the joints to hold next: those whose step crosses a limit, and those held whose multiplier pushes out."""
    size = x.shape[1]
    for m in range(held):
        t = index[m, 0]
        k = index[m, 1]
        multiplier = rows[m, size]
        for c in range(size):
            multiplier -= rows[m, c] * x[t, c]
        if t + 1 < frames:
            multiplier -= rows[m, size + 1] * x[t + 1, k]
        if t >= 1:
            multiplier -= rows[m, size + 2] * x[t - 1, k]
        if t + 2 < frames:
            multiplier -= rows[m, size + 3] * x[t + 2, k]
        if t >= 2:
            multiplier -= rows[m, size + 4] * x[t - 2, k]
        if multiplier * state[t, k] <= 0:
            state[t, k] = FREE
    for t in range(frames):
        for k in range(6, size):
            wanted = qpos[first + t, k + 1] + x[t, k]
            if wanted > upper[k - 5] + 1e-9:
                state[t, k] = 1
            elif wanted < lower[k - 5] - 1e-9:
                state[t, k] = -1


@jit(fastmath=True)
def predict_active(
    qpos: Float64[np.ndarray, "T Q"],
    first: int,
    frames: int,
    near_count: int,
    tree: Tree,
    floor: Floor,
    capsules: Capsules,
    margin: float,
    step_limits: Float64[np.ndarray, "B"],
    window: Window,
) -> None:
    """Mark the constraints that would be violated after the step, to first order."""
    bodies = tree.parents.shape[0]
    count = capsules.bodies.shape[0]
    R = np.empty((bodies, 3, 3))
    r = np.empty((bodies, 3))
    axes = np.empty((bodies, 3))
    spin = np.empty((bodies, 3))
    velocity = np.empty((bodies, 3))  # of the body's origin
    starts = np.empty((count, 3))
    ends = np.empty((count, 3))
    on_a = np.empty(3)
    on_b = np.empty(3)
    x = np.empty(3)
    for t in range(frames):
        q = qpos[first + t]
        s = window.step[t]
        body_kinematics(q, tree, R, r, axes)
        for i in range(3):
            velocity[0, i] = s[i]
            spin[0, i] = s[3 + i]
        for b in range(1, bodies):
            p = tree.parents[b]
            d0 = r[b, 0] - r[p, 0]
            d1 = r[b, 1] - r[p, 1]
            d2 = r[b, 2] - r[p, 2]
            velocity[b, 0] = velocity[p, 0] + spin[p, 1] * d2 - spin[p, 2] * d1
            velocity[b, 1] = velocity[p, 1] + spin[p, 2] * d0 - spin[p, 0] * d2
            velocity[b, 2] = velocity[p, 2] + spin[p, 0] * d1 - spin[p, 1] * d0
            for i in range(3):
                spin[b, i] = spin[p, i] + s[5 + b] * axes[b, i]
        for p in range(floor.bodies.shape[0]):
            b = floor.bodies[p]
            world_point(R, r, b, floor.points[p], x)
            height = q[2] + x[2] + velocity[b, 2] - floor.radii[p]
            height += spin[b, 0] * (x[1] - r[b, 1]) - spin[b, 1] * (x[0] - r[b, 0])
            window.floor_active[t, p] = height < window.floor_shift[t, p]
        if first + t > 0:
            for k in range(6, s.shape[0]):
                change = q[k + 1] + s[k] - qpos[first + t - 1, k + 1]
                if t > 0:
                    change -= window.step[t - 1, k]
                limit = step_limits[k - 5]
                window.fast[t, k] = 1 if change > limit else -1 if change < -limit else 0
        if near_count == 0:
            continue
        capsule_ends(R, r, capsules, window.used, starts, ends)
        for n in range(near_count):
            i = capsules.pairs[window.near[n], 0]
            j = capsules.pairs[window.near[n], 1]
            active = window.pair_active[t, n]
            bound = capsules.bounds[i] + capsules.bounds[j] + _PAIR_REACH
            if not active and centre_distance_squared(starts, ends, i, j) > bound * bound:
                continue
            distance = segment_distance(starts[i], ends[i], starts[j], ends[j], on_a, on_b)
            touching = capsules.radii[i] + capsules.radii[j]
            if distance > touching + _PAIR_REACH and not active:
                continue
            rate = 0.0
            for side in range(2):
                b = capsules.bodies[i] if side == 0 else capsules.bodies[j]
                point = on_a if side == 0 else on_b
                y0 = point[0] - r[b, 0]
                y1 = point[1] - r[b, 1]
                y2 = point[2] - r[b, 2]
                u0 = velocity[b, 0] + spin[b, 1] * y2 - spin[b, 2] * y1
                u1 = velocity[b, 1] + spin[b, 2] * y0 - spin[b, 0] * y2
                u2 = velocity[b, 2] + spin[b, 0] * y1 - spin[b, 1] * y0
                along = (
                    u0 * (on_a[0] - on_b[0]) + u1 * (on_a[1] - on_b[1]) + u2 * (on_a[2] - on_b[2])
                ) / distance
                rate += along if side == 0 else -along
            window.pair_active[t, n] = distance + rate < touching + margin


@jit(fastmath=True)
def retract_all(
    qpos: Float64[np.ndarray, "n Q"], step: Float64[np.ndarray, "n V"], limits: Limits
) -> None:
    """Apply a window's step in place."""
    for t in range(qpos.shape[0]):
        retract(qpos[t], step[t], limits, qpos[t])


@jit(fastmath=True)
def violations(
    qpos: Float64[np.ndarray, "n Q"],
    near_count: int,
    tree: Tree,
    floor: Floor,
    capsules: Capsules,
    near: Int64[np.ndarray, "K"],
    used: Bool[np.ndarray, "G"],
) -> tuple[float, float]:
    """Deepest sphere below the floor and deepest overlap of two capsules, metres."""
    bodies = tree.parents.shape[0]
    R = np.empty((bodies, 3, 3))
    r = np.empty((bodies, 3))
    a = np.empty((bodies, 3))
    starts = np.empty((capsules.bodies.shape[0], 3))
    ends = np.empty((capsules.bodies.shape[0], 3))
    x = np.empty(3)
    y = np.empty(3)
    deepest = 0.0
    overlap = 0.0
    for t in range(qpos.shape[0]):
        body_kinematics(qpos[t], tree, R, r, a)
        for p in range(floor.bodies.shape[0]):
            world_point(R, r, floor.bodies[p], floor.points[p], x)
            deepest = max(deepest, floor.radii[p] - qpos[t, 2] - x[2])
        if near_count == 0:
            continue
        capsule_ends(R, r, capsules, used, starts, ends)
        for n in range(near_count):
            i = capsules.pairs[near[n], 0]
            j = capsules.pairs[near[n], 1]
            bound = capsules.bounds[i] + capsules.bounds[j]
            if centre_distance_squared(starts, ends, i, j) < bound * bound:
                distance = segment_distance(starts[i], ends[i], starts[j], ends[j], x, y)
                overlap = max(overlap, capsules.radii[i] + capsules.radii[j] - distance)
    return deepest, overlap


@jit(fastmath=True)
def shift_floor(
    qpos: Float64[np.ndarray, "n Q"],
    tree: Tree,
    floor: Floor,
    shift: Float64[np.ndarray, "n F"],
) -> None:
    """Augmented-Lagrangian update of the floor spheres' multipliers."""
    bodies = tree.parents.shape[0]
    R = np.empty((bodies, 3, 3))
    r = np.empty((bodies, 3))
    a = np.empty((bodies, 3))
    x = np.empty(3)
    for t in range(qpos.shape[0]):
        body_kinematics(qpos[t], tree, R, r, a)
        for p in range(floor.bodies.shape[0]):
            world_point(R, r, floor.bodies[p], floor.points[p], x)
            moved = shift[t, p] + floor.radii[p] - qpos[t, 2] - x[2]
            shift[t, p] = min(max(moved, 0.0), _LARGEST_SHIFT)
