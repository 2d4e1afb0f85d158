"""How contacts share a load: the one answer that pushes least, among all that carry it."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch

__all__ = ["shared_load"]

_SOFTNESS = 1e-3  # squared share of a load that is left rather than pushed for
_ROUNDS = 30
_ENOUGH = 1e-9  # of the load


@jit(fastmath=True, inner=True)
def _slope(
    columns: Float64[np.ndarray, "n 6"],
    length: int,
    load: Float64[np.ndarray, "6"],
    rest: Float64[np.ndarray, "6"],
    slope: Float64[np.ndarray, "6"],
    curve: Float64[np.ndarray, "6 6"],
) -> float:
    """Fill first and second derivatives of the convex function whose least is at the answer; returns its value."""
    value = 0.0
    for i in range(6):
        slope[i] = _SOFTNESS * (rest[i] - load[i])
        value += _SOFTNESS * rest[i] * (0.5 * rest[i] - load[i])
        for k in range(6):
            curve[i, k] = 0.0
        curve[i, i] = _SOFTNESS
    for j in range(length):
        c = columns[j]
        push = 0.0
        for i in range(6):
            push += c[i] * rest[i]
        if push > 0.0:
            value += 0.5 * push * push
            for i in range(6):
                slope[i] += push * c[i]
                for k in range(i + 1):
                    curve[i, k] += c[i] * c[k]
    return value


@jit(fastmath=True, inner=True)
def _solve(curve: Float64[np.ndarray, "6 6"], x: Float64[np.ndarray, "6"]) -> None:
    """Cholesky of the lower triangle in place; ``x`` is the right side and becomes the solution."""
    for k in range(6):
        for j in range(k):
            curve[k, k] -= curve[k, j] * curve[k, j]
        curve[k, k] = math.sqrt(curve[k, k])
        for i in range(k + 1, 6):
            for j in range(k):
                curve[i, k] -= curve[i, j] * curve[k, j]
            curve[i, k] /= curve[k, k]
        for j in range(k):
            x[k] -= curve[k, j] * x[j]
        x[k] /= curve[k, k]
    for back in range(6):
        k = 5 - back
        for i in range(k + 1, 6):
            x[k] -= curve[i, k] * x[i]
        x[k] /= curve[k, k]


@jit(fastmath=True, inner=True)
def shared_load(
    columns: Float64[np.ndarray, "n 6"],
    length: int,
    load: Float64[np.ndarray, "6"],
    amounts: Float64[np.ndarray, "n"],
) -> None:
    """Fill how much of each of the first ``length`` columns carries a load, none negative, the sum of squares least.

    The load must be one that they can carry. With what is not carried as unknown, r, amounts are ``max(0, c . r) /
    softness`` and r minimises a convex function of six numbers, by Newton's method.
    """
    slope = scratch(6, np.float64)
    step = scratch(6, np.float64)
    trial = scratch(6, np.float64)
    rest = scratch(6, np.float64)
    curve = scratch((6, 6), np.float64)
    size = 0.0
    for i in range(6):
        rest[i] = _SOFTNESS * load[i]
        size += load[i] * load[i]
    value = _slope(columns, length, load, rest, slope, curve)
    for _ in range(_ROUNDS):
        steep = 0.0
        for i in range(6):
            steep += slope[i] * slope[i]
            step[i] = -slope[i]
        if steep <= _ENOUGH * _ENOUGH * _SOFTNESS * _SOFTNESS * size:
            break
        _solve(curve, step)
        fall = 0.0
        for i in range(6):
            fall += slope[i] * step[i]
        share = 1.0
        for _ in range(20):
            for i in range(6):
                trial[i] = rest[i] + share * step[i]
            here = _slope(columns, length, load, trial, slope, curve)
            if here <= value + 1e-4 * share * fall + 1e-12 * abs(value):
                break
            share *= 0.5
        value = here
        for i in range(6):
            rest[i] = trial[i]
    for j in range(length):
        push = 0.0
        for i in range(6):
            push += columns[j, i] * rest[i]
        amounts[j] = max(push, 0.0) / _SOFTNESS
