"""The forces in friction cones that carry the most of a load: non-negative least squares, by an active set.

Columns are the edges of the cones at some points, six numbers each: a force of 1 upwards, and its torque over an arm.
The cones are pyramids of eight edges, the first along x. Of the columns of a point only the best one is ever looked at.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch

__all__ = ["cone_fit", "fit_in_cones"]

_CLOSE = 1e-10  # what a push may still take off, as a share of the load, when all are found
_DEPENDENT = 1e-12  # squared share of a column that must be left outside the others' span
_ROUNDS = 50
_DIAGONAL = math.sqrt(0.5)


def fit_in_cones(
    places: Float64[np.ndarray, "n 3"],
    friction: float,
    load: Float64[np.ndarray, "6"],
    arm: float,
) -> Float64[np.ndarray, "6"]:
    """What the best forces in friction cones at some points leave of a load.

    Args:
        places: Of the points from the load's reference, metres.
        friction: Coefficient of friction.
        load: Force and torque; the torque is divided by ``arm``, here and in what is returned.
        arm: Metres.

    Example:
        >>> fit_in_cones(np.zeros((1, 3)), 0.5, np.array([1.0, 0.0, 5.0, 0.0, 0.0, 2.0]), 1.0).round(9).tolist()
        [0.0, 0.0, 0.0, 0.0, 0.0, 2.0]
    """
    left = np.empty(6)
    _fit(np.ascontiguousarray(places, np.float64), len(places), friction, load, arm, left)
    return left


@jit(fastmath=True, inner=True)
def _independent(
    columns: Float64[np.ndarray, "6 6"],
    count: int,
    load: Float64[np.ndarray, "6"],
    amounts: Float64[np.ndarray, "6"],
) -> bool:
    """Unconstrained least squares on some columns, by Gram and Schmidt; false where they depend on each other."""
    Q = scratch((6, 6), np.float64)
    U = scratch((6, 6), np.float64)
    for k in range(count):
        before = 0.0
        for i in range(6):
            Q[k, i] = columns[k, i]
            before += Q[k, i] * Q[k, i]
        for j in range(k):
            dot = 0.0
            for i in range(6):
                dot += Q[j, i] * Q[k, i]
            U[j, k] = dot
            for i in range(6):
                Q[k, i] -= dot * Q[j, i]
        norm = 0.0
        for i in range(6):
            norm += Q[k, i] * Q[k, i]
        if norm <= _DEPENDENT * before:
            return False
        U[k, k] = math.sqrt(norm)
        for i in range(6):
            Q[k, i] /= U[k, k]
    for back in range(count):
        k = count - 1 - back
        value = 0.0
        for i in range(6):
            value += Q[k, i] * load[i]
        for j in range(k + 1, count):
            value -= U[k, j] * amounts[j]
        amounts[k] = value / U[k, k]
    return True


@jit(fastmath=True, inner=True)
def _steepest(
    places: Float64[np.ndarray, "n 3"],
    count: int,
    friction: float,
    arm: float,
    left: Float64[np.ndarray, "6"],
    refused: int,
    column: Float64[np.ndarray, "6"],
) -> tuple[int, float]:
    """The push that takes off most of what is left: fills its column; returns its point and how much."""
    best = -1
    most = -1.0
    ax, ay = 0.0, 0.0
    u, v, w = left[3] / arm, left[4] / arm, left[5] / arm
    for p in range(count):
        x, y, z = places[p, 0], places[p, 1], places[p, 2]
        gx = left[0] + v * z - w * y
        gy = left[1] + w * x - u * z
        gz = left[2] + u * y - v * x
        level = max(abs(gx), abs(gy), (abs(gx) + abs(gy)) * _DIAGONAL)
        slope = gz + friction * level
        if slope > most and p != refused:
            best, most, ax, ay = p, slope, gx, gy
    if best < 0:
        return best, most
    if (abs(ax) + abs(ay)) * _DIAGONAL > max(abs(ax), abs(ay)):
        fx, fy = math.copysign(_DIAGONAL, ax), math.copysign(_DIAGONAL, ay)
    elif abs(ax) > abs(ay):
        fx, fy = math.copysign(1.0, ax), 0.0
    else:
        fx, fy = 0.0, math.copysign(1.0, ay)
    fx *= friction
    fy *= friction
    x, y, z = places[best, 0] / arm, places[best, 1] / arm, places[best, 2] / arm
    column[0], column[1], column[2] = fx, fy, 1.0
    column[3], column[4], column[5] = y - z * fy, z * fx - x, x * fy - y * fx
    return best, most


@jit(fastmath=True, inner=True)
def cone_fit(
    places: Float64[np.ndarray, "n 3"],
    count: int,
    friction: float,
    load: Float64[np.ndarray, "6"],
    arm: float,
    left: Float64[np.ndarray, "6"],
) -> None:
    """`fit_in_cones` at the first ``count`` points: fills ``left``."""
    columns = scratch((6, 6), np.float64)
    trial = scratch(6, np.float64)
    amounts = scratch(6, np.float64)
    size = 0.0
    for i in range(6):
        left[i] = load[i]
        size += load[i] * load[i]
    used = 0
    refused = -1
    for _ in range(_ROUNDS):
        if used == 6:
            break
        new, slope = _steepest(places, count, friction, arm, left, refused, columns[used])
        if new < 0 or slope <= _CLOSE * math.sqrt(size):
            break
        used = _enter(columns, used + 1, load, amounts, trial)
        if used < 0:  # rounding alone had asked for it
            used = -used - 1
            refused = new
            continue
        refused = -1
        for i in range(6):
            left[i] = load[i]
            for k in range(used):
                left[i] -= amounts[k] * columns[k, i]


@jit(fastmath=True, inner=True)
def _enter(
    columns: Float64[np.ndarray, "6 6"],
    used: int,
    load: Float64[np.ndarray, "6"],
    amounts: Float64[np.ndarray, "6"],
    trial: Float64[np.ndarray, "6"],
) -> int:
    """Take the last column in, others out where they would pull; returns how many stay, or -1 - n if it must not."""
    amounts[used - 1] = 0.0
    if not _independent(columns, used, load, trial) or trial[used - 1] <= 0.0:
        return -used
    while True:
        share = 1.0
        first = -1
        for k in range(used):
            if trial[k] <= 0.0 and amounts[k] <= share * (amounts[k] - trial[k]):
                share = amounts[k] / (amounts[k] - trial[k])
                first = k
        for k in range(used):
            amounts[k] += share * (trial[k] - amounts[k])
        if first < 0:
            return used
        for k in range(first, used - 1):
            amounts[k] = amounts[k + 1]
            for i in range(6):
                columns[k, i] = columns[k + 1, i]
        used -= 1
        _independent(columns, used, load, trial)


@jit(fastmath=True)
def _fit(
    places: Float64[np.ndarray, "n 3"],
    count: int,
    friction: float,
    load: Float64[np.ndarray, "6"],
    arm: float,
    left: Float64[np.ndarray, "6"],
) -> None:
    cone_fit(places, count, friction, load, arm, left)
