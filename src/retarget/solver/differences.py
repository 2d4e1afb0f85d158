"""What couples frames: joint steps and second differences, cost and rows of the linear system.

Both are diagonal per degree of freedom. Frames before the window are fixed.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int8

from retarget._jit import jit
from retarget.solver.banded import block_rows
from retarget.solver.tree import base_rotation_step

__all__ = ["acceleration_rows", "bend_rows", "damp_diagonal", "step_rows"]


@jit(fastmath=True, inner=True)
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
    block = block_rows(size) * row
    right = width - 2
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
        a[here + right] -= pull
        a[here + k] += weight
        if t >= 1:
            a[here - block + right] += pull
            a[here - block + k] += weight
            a[here - block + width + k] -= weight
    return cost


@jit(fastmath=True, inner=True)
def _add_second_difference(
    a: Float64[np.ndarray, "S"],
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
def bend_rows(
    qpos: Float64[np.ndarray, "T Q"],
    first: int,
    t: int,
    bend: Float64[np.ndarray, "B"],
    weight: float,
    bent: Int8[np.ndarray, "n V"],
    a: Float64[np.ndarray, "S"],
    width: int,
) -> float:
    """Joints' second differences within the acceleration limits; frames before the window are fixed."""
    if first + t < 2:
        return 0.0
    size = bend.shape[0] + 5
    row = 3 * width
    block = block_rows(size) * row
    cost = 0.0
    for k in range(6, size):
        e = qpos[first + t, k + 1] - 2 * qpos[first + t - 1, k + 1] + qpos[first + t - 2, k + 1]
        side = bent[t, k]
        if side == 0:
            if abs(e) <= bend[k - 5]:
                continue
            side = 1 if e > 0 else -1
        over = side * e - bend[k - 5]
        if over > 0:
            cost += weight * over * over
        pull = side * weight * over
        _add_second_difference(a, t * block + k * row, k, t, block, width, weight, pull)
    return cost


@jit(fastmath=True, inner=True)
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
    block = block_rows(size) * row
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
        _add_second_difference(a, t * block + k * row, k, t, block, width, w, w * e)
    return cost


@jit(fastmath=True, inner=True)
def damp_diagonal(
    a: Float64[np.ndarray, "S"],
    size: int,
    row: int,
    frames: int,
    damping: Float64[np.ndarray, "n"],
    regularisation: float,
) -> None:
    """Levenberg-Marquardt damping of each frame, and a little everywhere; rows that only fill a tile stand alone."""
    rows = block_rows(size)
    for t in range(frames):
        for k in range(size):
            here = (t * rows + k) * row + k
            a[here] *= 1.0 + damping[t]
            a[here] += regularisation
        for k in range(size, rows):
            a[(t * rows + k) * row + k] = 1.0
