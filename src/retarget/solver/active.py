"""Active sets: which inequalities the next system treats as equalities.

After each solve the linear prediction of the step chooses the touching spheres and capsules and the joints at their
speed limit, and the signs of multipliers choose the joints at a position limit (a primal-dual active set), so that a
window settles in a handful of steps.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64, Int8, Int64

from retarget._jit import jit
from retarget.solver.arrays import Capsules, Floor, Limits, Tree
from retarget.solver.banded import block_rows
from retarget.solver.collision import (
    capsule_ends,
    centre_distance_squared,
    deepest_overlap,
    segment_distance,
)
from retarget.solver.kinematics import body_kinematics, world_point
from retarget.solver.tree import retract

__all__ = [
    "FREE",
    "UNKNOWN",
    "cut_held_joints",
    "hold_joints",
    "predict_active",
    "retract_all",
    "shift_floor",
    "speeding",
    "violations",
]

FREE, UNKNOWN = 0, 2  # state of a joint limit: -1 held at lower, 1 held at upper
_LARGEST_SHIFT = 0.05  # metres; a floor multiplier beyond this fights a target that cannot be met
_PAIR_REACH = 0.03  # metres beyond contact within which a pair's approach is predicted


@jit(fastmath=True)
def cut_held_joints(
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
    block = block_rows(size) * row
    right = width - 2  # column of the right-hand side
    held = 0
    for t in range(frames):
        own = t * block
        q = qpos[first + t]
        for k in range(6, size):
            pull = a[own + k * row + right]
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
                a[own + c * row + right] -= rows[m, c] * move
            here = own + k * row + right
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
        a[own + k * row + right] = a[own + k * row + k] * move
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
    limits: Limits,
    near: Int64[np.ndarray, "K"],
    used: Bool[np.ndarray, "G"],
    steps: Float64[np.ndarray, "n V"],
    floor_shift: Float64[np.ndarray, "n F"],
    floor_active: Bool[np.ndarray, "n F"],
    fast: Int8[np.ndarray, "n V"],
    bent: Int8[np.ndarray, "n V"],
    pair_active: Bool[np.ndarray, "n K"],
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
        s = steps[t]
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
            floor_active[t, p] = height < floor_shift[t, p]
        if first + t > 0:
            for k in range(6, s.shape[0]):
                change = q[k + 1] + s[k] - qpos[first + t - 1, k + 1]
                if t > 0:
                    change -= steps[t - 1, k]
                limit = limits.step[k - 5]
                fast[t, k] = 1 if change > limit else -1 if change < -limit else 0
        if first + t > 1 and limits.bend.shape[0] > 0:
            q1 = qpos[first + t - 1]
            q2 = qpos[first + t - 2]
            for k in range(6, s.shape[0]):
                turn = q[k + 1] - 2 * q1[k + 1] + q2[k + 1] + s[k]
                if t > 0:
                    turn -= 2 * steps[t - 1, k]
                if t > 1:
                    turn += steps[t - 2, k]
                limit = limits.bend[k - 5]
                bent[t, k] = 1 if turn > limit else -1 if turn < -limit else 0
        if near_count == 0:
            continue
        capsule_ends(R, r, capsules, used, starts, ends)
        for n in range(near_count):
            i = capsules.pairs[near[n], 0]
            j = capsules.pairs[near[n], 1]
            active = pair_active[t, n]
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
            pair_active[t, n] = distance + rate < touching + margin


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
        overlap = max(overlap, deepest_overlap(starts, ends, capsules, near[:near_count], x, y))
    return deepest, overlap


@jit(fastmath=True)
def speeding(
    qpos: Float64[np.ndarray, "T Q"],
    first: int,
    frames: int,
    limits: Limits,
) -> float:
    """Largest share by which a joint's step or second difference exceeds its limit; negative where none does."""
    worst = -1.0
    for t in range(max(first, 1), first + frames):
        for b in range(1, limits.step.shape[0]):
            step = abs(qpos[t, 6 + b] - qpos[t - 1, 6 + b])
            worst = max(worst, step / limits.step[b] - 1.0)
    for t in range(max(first, 2), first + frames):
        for b in range(1, limits.bend.shape[0]):
            turn = abs(qpos[t, 6 + b] - 2 * qpos[t - 1, 6 + b] + qpos[t - 2, 6 + b])
            worst = max(worst, turn / limits.bend[b] - 1.0)
    return worst


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
