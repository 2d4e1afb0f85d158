"""Active sets: which inequalities the next system treats as equalities.

After each solve the linear prediction of the step chooses the touching spheres and capsules and the joints at their
speed limit, and the signs of multipliers choose the joints at a position limit (a primal-dual active set), so that a
window settles in a handful of steps.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int8, Int64

from retarget.compiled.jit import jit
from retarget.compiled.packs import LANES, REAL, anywhere, both, either, packs, where
from retarget.compiled.scratch import scratch
from retarget.solver.arrays import Capsules, Floor, Limits, Tree
from retarget.solver.kinematics.collision import (
    centre_distance_squared,
    deepest_overlap,
    segment_distance,
)
from retarget.solver.kinematics.poses import Poses, pack_count
from retarget.solver.kinematics.tree import retract
from retarget.solver.limits.keep import floor_depth
from retarget.solver.linear.banded import block_rows

__all__ = [
    "FREE",
    "UNKNOWN",
    "cut_held_joints",
    "hold_joints",
    "predict_rates",
    "predict_touching",
    "retract_all",
    "shift_floor",
    "speeding",
    "violations",
]

# Behind a held joint's couplings within its frame: its right-hand side, and its couplings with itself in other frames.
_RIGHT, _NEXT, _BEFORE, _AFTER_NEXT, _BEFORE_LAST = range(5)
FREE, UNKNOWN = 0, 2  # state of a joint limit: -1 held at lower, 1 held at upper
_LARGEST_SHIFT = 0.05  # metres; a floor multiplier beyond this fights a target that cannot be met
_PAIR_REACH = 0.03  # metres beyond contact within which a pair's approach is predicted


@jit(fastmath=True, inner=True)
def _couplings(own: int, k: int, row: int, width: int, block: int) -> tuple[int, int, int, int]:
    """Where a joint's couplings with itself in the next frame, the one before, +2 and -2 frames are.

    A frame's rows hold those with later frames only (`retarget.solver.linear.banded`), row k of frame t being

        | own: columns 0 ... V, right-hand side, reciprocal | next: [k] t+1 | after next: [k] t+2 |
        ^ own + k * row                                     ^ + width       ^ + 2 * width

    and those with earlier ones are in these frames' rows, a block per frame further up.
    """
    following = own + k * row + width + k
    after = following + width
    return following, following - block, after, after - 2 * block


@jit(fastmath=True, inner=True)
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
                rows[held, size + _RIGHT] = pull
                following, before, after, last = _couplings(own, k, row, width, block)
                rows[held, size + _NEXT] = a[following]
                rows[held, size + _BEFORE] = a[before] if t >= 1 else 0.0
                rows[held, size + _AFTER_NEXT] = a[after]
                rows[held, size + _BEFORE_LAST] = a[last] if t >= 2 else 0.0
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
            here = own + k * row + right  # the same joint's is a block further in the next frame
            a[here + block] -= rows[m, size + _NEXT] * move
            a[here + 2 * block] -= rows[m, size + _AFTER_NEXT] * move
            if t >= 1:
                a[here - block] -= rows[m, size + _BEFORE] * move
            if t >= 2:
                a[here - 2 * block] -= rows[m, size + _BEFORE_LAST] * move
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
        following, before, after, last = _couplings(own, k, row, width, block)
        a[following] = 0.0
        a[after] = 0.0
        if t >= 1:
            a[before] = 0.0
        if t >= 2:
            a[last] = 0.0
    return held


@jit(fastmath=True, inner=True)
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
        multiplier = rows[m, size + _RIGHT]
        for c in range(size):
            multiplier -= rows[m, c] * x[t, c]
        if t + 1 < frames:
            multiplier -= rows[m, size + _NEXT] * x[t + 1, k]
        if t >= 1:
            multiplier -= rows[m, size + _BEFORE] * x[t - 1, k]
        if t + 2 < frames:
            multiplier -= rows[m, size + _AFTER_NEXT] * x[t + 2, k]
        if t >= 2:
            multiplier -= rows[m, size + _BEFORE_LAST] * x[t - 2, k]
        if multiplier * state[t, k] <= 0:
            state[t, k] = FREE
    for t in range(frames):
        for k in range(6, size):
            wanted = qpos[first + t, k + 1] + x[t, k]
            if wanted > upper[k - 5] + 1e-9:
                state[t, k] = 1
            elif wanted < lower[k - 5] - 1e-9:
                state[t, k] = -1


@jit(fastmath=True, inner=True)
def predict_rates(
    qpos: Float64[np.ndarray, "T Q"],
    first: int,
    steps: Float64[np.ndarray, "n V"],
    frames: int,
    limits: Limits,
    speed_active: Int8[np.ndarray, "n V"],
    acceleration_active: Int8[np.ndarray, "n V"],
) -> None:
    """Mark the joints that would be too speed_active, or turn too speed_active, after the step."""
    for t in range(frames):
        q = qpos[first + t]
        s = steps[t]
        if first + t > 0:
            for k in range(6, s.shape[0]):
                change = q[k + 1] + s[k] - qpos[first + t - 1, k + 1]
                if t > 0:
                    change -= steps[t - 1, k]
                limit = limits.step[k - 5]
                speed_active[t, k] = 1 if change > limit else -1 if change < -limit else 0
        if first + t > 1 and limits.second_difference.shape[0] > 0:
            q1 = qpos[first + t - 1]
            q2 = qpos[first + t - 2]
            for k in range(6, s.shape[0]):
                turn = q[k + 1] - 2 * q1[k + 1] + q2[k + 1] + s[k]
                if t > 0:
                    turn -= 2 * steps[t - 1, k]
                if t > 1:
                    turn += steps[t - 2, k]
                limit = limits.second_difference[k - 5]
                acceleration_active[t, k] = 1 if turn > limit else -1 if turn < -limit else 0


@jit(fastmath=True, inner=True)
def predict_touching(
    steps: Float64[np.ndarray, "n V"],
    frames: int,
    candidates: Int64[np.ndarray, "K"],
    poses: Poses,
    tree: Tree,
    floor: Floor,
    capsules: Capsules,
    floor_shift: Float64[np.ndarray, "P F L"],
    floor_active: Float64[np.ndarray, "P F L"],
    pair_shift: Float64[np.ndarray, "P K L"],
    pair_active: Float64[np.ndarray, "P K L"],
) -> None:
    """Mark the spheres and pairs that would touch after the step, to first order."""
    bodies = tree.parents.shape[0]
    step = scratch((bodies + 5, LANES), REAL)
    spin = packs(scratch((bodies, 3, LANES), REAL))
    velocity = packs(scratch((bodies, 3, LANES), REAL))  # of the body's origin
    for p in range(pack_count(frames)):
        for lane in range(LANES):
            t = min(p * LANES + lane, frames - 1)
            for k in range(bodies + 5):
                step[k, lane] = steps[t, k]
        q, R, r = packs(poses.qpos[p]), packs(poses.R[p]), packs(poses.r[p])
        _velocities(packs(step), tree, r, packs(poses.axes[p]), velocity, spin)
        shift, touching = packs(floor_shift[p]), packs(floor_active[p])
        clearances = packs(poses.clearances[p])
        for s in range(floor.bodies.shape[0]):
            b = floor.bodies[s]
            height = q[2] + r[b, 2] + velocity[b, 2] - floor.radii[s]
            for k in range(3):
                x = floor.points[s, k]
                up = R[b, 2, k] + spin[b, 0] * R[b, 1, k] - spin[b, 1] * R[b, 0, k]
                height += up * x
            if floor.feet[s] >= 0:
                height -= clearances[floor.feet[s]]
            touching[s] = where(height < shift[s], 1.0, 0.0)
        if candidates.shape[0] > 0:
            shifts, marks = packs(pair_shift[p]), packs(pair_active[p])
            _predict_pairs(p, candidates, poses, capsules, velocity, spin, shifts, marks)


@jit(fastmath=True, inner=True)
def _velocities(
    step: Float64[np.ndarray, "V"],
    tree: Tree,
    r: Float64[np.ndarray, "B 3"],
    axes: Float64[np.ndarray, "B 3"],
    velocity: Float64[np.ndarray, "B 3"],
    spin: Float64[np.ndarray, "B 3"],
) -> None:
    """Velocities of the bodies' origins and their spins, for a step."""
    for i in range(3):
        velocity[0, i] = step[i]
        spin[0, i] = step[3 + i]
    for b in range(1, tree.parents.shape[0]):
        p = tree.parents[b]
        d0 = r[b, 0] - r[p, 0]
        d1 = r[b, 1] - r[p, 1]
        d2 = r[b, 2] - r[p, 2]
        velocity[b, 0] = velocity[p, 0] + spin[p, 1] * d2 - spin[p, 2] * d1
        velocity[b, 1] = velocity[p, 1] + spin[p, 2] * d0 - spin[p, 0] * d2
        velocity[b, 2] = velocity[p, 2] + spin[p, 0] * d1 - spin[p, 1] * d0
        for i in range(3):
            spin[b, i] = spin[p, i] + step[5 + b] * axes[b, i]


@jit(fastmath=True, inner=True)
def _predict_pairs(
    p: int,
    candidates: Int64[np.ndarray, "K"],
    poses: Poses,
    capsules: Capsules,
    velocity: Float64[np.ndarray, "B 3"],
    spin: Float64[np.ndarray, "B 3"],
    shift: Float64[np.ndarray, "K"],
    touching: Float64[np.ndarray, "K"],
) -> None:
    r, starts, ends = packs(poses.r[p]), packs(poses.starts[p]), packs(poses.ends[p])
    for n in range(candidates.shape[0]):
        i = capsules.pairs[candidates[n], 0]
        j = capsules.pairs[candidates[n], 1]
        was = touching[n] > 0.5
        bound = capsules.bounds[i] + capsules.bounds[j] + _PAIR_REACH
        close = centre_distance_squared(starts, ends, i, j) < bound * bound
        if not anywhere(either(close, was)):
            touching[n] = 0.0
            continue
        distance, s, t = segment_distance(starts, ends, i, j)
        contact = capsules.radii[i] + capsules.radii[j]
        x0 = starts[i, 0] + s * (ends[i, 0] - starts[i, 0])
        x1 = starts[i, 1] + s * (ends[i, 1] - starts[i, 1])
        x2 = starts[i, 2] + s * (ends[i, 2] - starts[i, 2])
        y0 = starts[j, 0] + t * (ends[j, 0] - starts[j, 0])
        y1 = starts[j, 1] + t * (ends[j, 1] - starts[j, 1])
        y2 = starts[j, 2] + t * (ends[j, 2] - starts[j, 2])
        n0 = x0 - y0
        n1 = x1 - y1
        n2 = x2 - y2
        approach = _along(capsules.bodies[i], x0, x1, x2, n0, n1, n2, r, velocity, spin)
        approach -= _along(capsules.bodies[j], y0, y1, y2, n0, n1, n2, r, velocity, spin)
        apart = contact + capsules.margins[candidates[n]] + shift[n]
        touches = distance + approach / distance < apart
        within = either(distance < contact + _PAIR_REACH, was)
        touching[n] = where(both(touches, within), 1.0, 0.0)


@jit(fastmath=True, inner=True)
def _along(
    b: int,
    x0: float,
    x1: float,
    x2: float,
    n0: float,
    n1: float,
    n2: float,
    r: Float64[np.ndarray, "B 3"],
    velocity: Float64[np.ndarray, "B 3"],
    spin: Float64[np.ndarray, "B 3"],
) -> float:
    """Velocity of a body's point along a direction, times the direction's length."""
    d0 = x0 - r[b, 0]
    d1 = x1 - r[b, 1]
    d2 = x2 - r[b, 2]
    rate: float = (
        n0 * (velocity[b, 0] + spin[b, 1] * d2 - spin[b, 2] * d1)
        + n1 * (velocity[b, 1] + spin[b, 2] * d0 - spin[b, 0] * d2)
        + n2 * (velocity[b, 2] + spin[b, 0] * d1 - spin[b, 1] * d0)
    )
    return rate


@jit(fastmath=True, inner=True)
def retract_all(
    qpos: Float64[np.ndarray, "n Q"], step: Float64[np.ndarray, "n V"], limits: Limits
) -> None:
    """Apply a window's step in place."""
    for t in range(qpos.shape[0]):
        retract(qpos[t], step[t], limits, qpos[t])


@jit(fastmath=True, inner=True)
def violations(
    poses: Poses, count: int, candidates: Int64[np.ndarray, "K"], floor: Floor, capsules: Capsules
) -> tuple[float, float]:
    """Deepest sphere below the floor and deepest overlap of two capsules in some packs, metres."""
    worst = scratch((2, LANES), REAL)
    found = packs(worst)
    for p in range(count):
        q, R, r = packs(poses.qpos[p]), packs(poses.R[p]), packs(poses.r[p])
        found[0] = max(found[0], floor_depth(q[2], R, r, floor))
        if candidates.shape[0] > 0:
            starts, ends = packs(poses.starts[p]), packs(poses.ends[p])
            found[1] = max(found[1], deepest_overlap(starts, ends, capsules, candidates))
    depth = overlap = 0.0
    for lane in range(LANES):
        depth = max(depth, worst[0, lane])
        overlap = max(overlap, worst[1, lane])
    return depth, overlap


@jit(fastmath=True, inner=True)
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
        for b in range(1, limits.second_difference.shape[0]):
            turn = abs(qpos[t, 6 + b] - 2 * qpos[t - 1, 6 + b] + qpos[t - 2, 6 + b])
            worst = max(worst, turn / limits.second_difference[b] - 1.0)
    return worst


@jit(fastmath=True, inner=True)
def shift_floor(
    poses: Poses, count: int, floor: Floor, shift: Float64[np.ndarray, "P F L"]
) -> None:
    """Augmented-Lagrangian update of the floor spheres' multipliers in some packs."""
    for p in range(count):
        q, R, r = packs(poses.qpos[p]), packs(poses.R[p]), packs(poses.r[p])
        multipliers = packs(shift[p])
        for s in range(floor.bodies.shape[0]):
            b = floor.bodies[s]
            depth = floor.radii[s] - q[2] - r[b, 2]
            for k in range(3):
                depth -= R[b, 2, k] * floor.points[s, k]
            multipliers[s] = min(max(multipliers[s] + depth, 0.0), _LARGEST_SHIFT)
