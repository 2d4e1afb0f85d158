"""What couples frames: joint steps and second differences, cost and rows of the linear system.

Both are diagonal per degree of freedom. Frames before the window are fixed, and so are those after it that are known.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Float64, Int8

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.solver.kinematics.tree import base_rotation_step
from retarget.solver.linear.banded import SMALLEST_PIVOT, block_rows

__all__ = [
    "damp_diagonal",
    "second_difference_rows",
    "second_differences",
    "step_rows",
    "write_smooth_rows",
]


@jit(fastmath=True, inner=True)
def step_rows(
    qpos: Float64[np.ndarray, "T Q"],
    first: int,
    t: int,
    step: Float64[np.ndarray, "B"],
    weight: float,
    speed_active: Int8[np.ndarray, "n V"],
    a: Float32[np.ndarray, "S"],
    width: int,
) -> float:
    """Joint steps within the speed limits; frames before the window are fixed."""
    if first + t < 1:
        return 0.0
    size = step.shape[0] + 5
    row = 3 * width
    block = block_rows(size) * row
    right = width - 2
    cost = 0.0
    busy = 0
    now, before, marks = qpos[first + t, 6:], qpos[first + t - 1, 6:], speed_active[t, 5:]
    for b in range(1, step.shape[0]):
        busy += (abs(now[b] - before[b]) > step[b]) | (marks[b] != 0)
    if busy == 0:
        return cost
    for k in range(6, size):
        e = qpos[first + t, k + 1] - qpos[first + t - 1, k + 1]
        side = speed_active[t, k]
        if side == 0:
            if abs(e) <= step[k - 5]:
                continue
            side = 1 if e > 0 else -1
        over = side * e - step[k - 5]
        if over > 0:
            cost += weight * over * over
        pull = side * weight * over
        here = t * block + k * row
        a[here + right] -= pull
        a[here + k] += weight
        if t >= 1:
            a[here - block + right] += pull
            a[here - block + k] += weight
            a[here - block + width + k] -= weight
    return cost


@jit(fastmath=True, inner=True)
def _add_second_difference(
    a: Float32[np.ndarray, "S"],
    here: int,
    k: int,
    t: int,
    block: int,
    width: int,
    weight: float,
    pull: float,
) -> None:
    """Add a weighted second difference that ends at frame t, to the rows of degree of freedom k."""
    right = width - 2
    a[here + right] -= pull
    a[here + k] += weight
    if t >= 1:
        a[here - block + right] += 2 * pull
        a[here - block + k] += 4 * weight
        a[here - block + width + k] -= 2 * weight
    if t >= 2:
        a[here - 2 * block + right] -= pull
        a[here - 2 * block + k] += weight
        a[here - 2 * block + width + k] -= 2 * weight
        a[here - 2 * block + 2 * width + k] += weight


@jit(fastmath=True, inner=True)
def second_difference_rows(
    qpos: Float64[np.ndarray, "T Q"],
    first: int,
    t: int,
    limit: Float64[np.ndarray, "B"],
    weight: float,
    acceleration_active: Int8[np.ndarray, "n V"],
    a: Float32[np.ndarray, "S"],
    width: int,
) -> float:
    """Joints' second differences within the acceleration limits; frames before the window are fixed."""
    if first + t < 2:
        return 0.0
    size = limit.shape[0] + 5
    row = 3 * width
    block = block_rows(size) * row
    cost = 0.0
    for k in range(6, size):
        e = qpos[first + t, k + 1] - 2 * qpos[first + t - 1, k + 1] + qpos[first + t - 2, k + 1]
        side = acceleration_active[t, k]
        if side == 0:
            if abs(e) <= limit[k - 5]:
                continue
            side = 1 if e > 0 else -1
        over = side * e - limit[k - 5]
        if over > 0:
            cost += weight * over * over
        pull = side * weight * over
        _add_second_difference(a, t * block + k * row, k, t, block, width, weight, pull)
    return cost


@jit(fastmath=True, inner=True)
def second_differences(
    qpos: Float64[np.ndarray, "T Q"],
    first: int,
    frames: int,
    after: int,
    weights: Float64[np.ndarray, "V"],
    centres: Float64[np.ndarray, "T 3"],
    steadiness: Float64[np.ndarray, "T"],
    pulls: Float64[np.ndarray, "n+2 V"],
    cost: Float64[np.ndarray, "n+2"],
) -> None:
    """Cost of the second differences that end at each frame, and their weighted values; frames before are fixed.

    So it is for the ``after`` known frames behind them. The base's are compared with those of the centre of mass's
    path, as in a jump it is accelerated as the body is.
    """
    size = weights.shape[0]
    turn = scratch(3, np.float64)
    before = scratch(3, np.float64)
    for t in range(frames + after):
        cost[t] = 0.0
        if first + t < 2:
            for k in range(size):
                pulls[t, k] = 0.0
            continue
        q = qpos[first + t]
        q1 = qpos[first + t - 1]
        q2 = qpos[first + t - 2]
        if t == 0 or first + t == 2:
            base_rotation_step(q1, q2, before)
        base_rotation_step(q, q1, turn)
        total = 0.0
        steady = steadiness[first + t]
        path, path1, path2 = centres[first + t], centres[first + t - 1], centres[first + t - 2]
        for k in range(3):
            e = q[k] - 2 * q1[k] + q2[k] - (path[k] - 2 * path1[k] + path2[k])
            weight = steady * weights[k]
            pulls[t, k] = weight * e
            total += weight * e * e
            e = turn[k] - before[k]
            before[k] = turn[k]
            weight = steady * weights[3 + k]
            pulls[t, 3 + k] = weight * e
            total += weight * e * e
        joints, joints1, joints2 = q[7:], q1[7:], q2[7:]
        scale, out = weights[6:], pulls[t, 6:]
        for k in range(out.shape[0]):
            e = joints[k] - 2 * joints1[k] + joints2[k]
            out[k] = scale[k] * e
            total += scale[k] * e * e
        cost[t] = total
    for t in range(frames + after, frames + 2):
        for k in range(size):
            pulls[t, k] = 0.0


@jit(fastmath=True, inner=True)
def write_smooth_rows(
    first: int,
    t: int,
    end: int,
    weights: Float64[np.ndarray, "V"],
    steadiness: Float64[np.ndarray, "T"],
    pulls: Float64[np.ndarray, "n+2 V"],
    a: Float32[np.ndarray, "S"],
    width: int,
) -> None:
    """Add all second differences that frame t takes part in to its own rows, and write its couplings.

    ``end`` is the frame after the last at which one ends.
    """
    size = weights.shape[0]
    row = 3 * width
    own = t * block_rows(size) * row
    ends = 1.0 if first + t >= 2 else 0.0
    middle = 1.0 if t + 1 < end and first + t >= 1 else 0.0
    begins = 1.0 if t + 2 < end else 0.0
    last = steadiness.shape[0] - 1
    now = ends * steadiness[first + t]
    after = middle * steadiness[min(first + t + 1, last)]
    later = begins * steadiness[min(first + t + 2, last)]
    for k in range(6):
        here = own + k * row
        w = weights[k]
        a[here + k] += w * (now + 4 * after + later)
        a[here + width + k] = -2 * w * (after + later)
        a[here + 2 * width + k] = w * later
        a[here + width - 2] += 2 * pulls[t + 1, k] - pulls[t, k] - pulls[t + 2, k]
    for k in range(6, size):
        here = own + k * row
        w = weights[k]
        a[here + k] += w * (ends + 4 * middle + begins)
        a[here + width + k] = -2 * w * (middle + begins)
        a[here + 2 * width + k] = w * begins
        a[here + width - 2] += 2 * pulls[t + 1, k] - pulls[t, k] - pulls[t + 2, k]


@jit(fastmath=True, inner=True)
def damp_diagonal(
    a: Float32[np.ndarray, "S"],
    size: int,
    row: int,
    frames: int,
    damping: Float64[np.ndarray, "n"],
    regularisation: float,
    least: Float32[np.ndarray, "n R"],
) -> None:
    """Levenberg-Marquardt damping of each frame, and a little everywhere; rows that only fill a tile stand alone.

    ``least`` is filled with each row's least pivot.
    """
    rows = block_rows(size)
    for t in range(frames):
        for k in range(size):
            here = (t * rows + k) * row + k
            a[here] *= 1.0 + damping[t]
            a[here] += regularisation
            least[t, k] = SMALLEST_PIVOT * a[here]
        for k in range(size, rows):
            a[(t * rows + k) * row + k] = 1.0
            least[t, k] = SMALLEST_PIVOT
