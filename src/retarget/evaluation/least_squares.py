"""Least squares with numbers that must not be negative: few rows, many columns; Lawson and Hanson's active set."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float64, Int64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch

__all__ = ["LARGEST", "nonnegative_fit", "nonnegative_least_squares"]

LARGEST = 6  # rows at most
_CLOSE = (
    1e-10  # gradient, as a share of the right side and of the largest column, that counts as none
)
_DEPENDENT = 1e-12  # squared share of a column that must be left outside the others' span
_ROUNDS = 50


def nonnegative_least_squares(
    columns: Float64[np.ndarray, "n r"], wanted: Float64[np.ndarray, "r"]
) -> Float64[np.ndarray, "n"]:
    """The ``x >= 0`` with the least ``|x @ columns - wanted|``, for at most `LARGEST` rows r.

    Example:
        >>> nonnegative_least_squares(np.eye(2), np.array([3.0, -1.0])).tolist()
        [3.0, 0.0]
    """
    used, amounts, left = (
        np.empty(LARGEST, np.int64),
        np.empty(LARGEST),
        np.empty(len(wanted)),
    )
    count = _solve(np.ascontiguousarray(columns), len(columns), wanted, used, amounts, left)
    x = np.zeros(len(columns))
    x[used[:count]] = amounts[:count]
    return x


@jit(fastmath=True, inner=True)
def _fit(
    columns: Float64[np.ndarray, "n r"],
    used: Int64[np.ndarray, "6"],
    count: int,
    wanted: Float64[np.ndarray, "r"],
    amounts: Float64[np.ndarray, "6"],
) -> bool:
    """Unconstrained least squares on some columns, by Gram and Schmidt; false where they are not independent."""
    rows = wanted.shape[0]
    Q = scratch((6, 6), np.float64)
    U = scratch((6, 6), np.float64)
    for k in range(count):
        before = 0.0
        for i in range(rows):
            Q[k, i] = columns[used[k], i]
            before += Q[k, i] * Q[k, i]
        for j in range(k):
            dot = 0.0
            for i in range(rows):
                dot += Q[j, i] * Q[k, i]
            U[j, k] = dot
            for i in range(rows):
                Q[k, i] -= dot * Q[j, i]
        norm = 0.0
        for i in range(rows):
            norm += Q[k, i] * Q[k, i]
        if norm <= _DEPENDENT * before:
            return False
        U[k, k] = math.sqrt(norm)
        for i in range(rows):
            Q[k, i] /= U[k, k]
    for back in range(count):
        k = count - 1 - back
        value = 0.0
        for i in range(rows):
            value += Q[k, i] * wanted[i]
        for j in range(k + 1, count):
            value -= U[k, j] * amounts[j]
        amounts[k] = value / U[k, k]
    return True


@jit(fastmath=True, inner=True)
def _steepest(
    columns: Float64[np.ndarray, "n r"],
    length: int,
    left: Float64[np.ndarray, "r"],
    least: float,
    used: Int64[np.ndarray, "6"],
    count: int,
    refused: int,
) -> int:
    """The column that the rest ``left`` asks for most, by more than ``least``; -1 if none."""
    best = -1
    most = least
    for j in range(length):
        slope = 0.0
        for i in range(left.shape[0]):
            slope += columns[j, i] * left[i]
        if slope > most and j != refused:
            taken = False
            for k in range(count):
                taken = taken or used[k] == j
            if not taken:
                most = slope
                best = j
    return best


@jit(fastmath=True, inner=True)
def nonnegative_fit(
    columns: Float64[np.ndarray, "n r"],
    length: int,
    wanted: Float64[np.ndarray, "r"],
    used: Int64[np.ndarray, "6"],
    amounts: Float64[np.ndarray, "6"],
    left: Float64[np.ndarray, "r"],
) -> int:
    """Fill the columns that are used, how much of each, and what is left of ``wanted``; returns how many.

    Only the first ``length`` columns count.
    """
    rows = wanted.shape[0]
    trial = scratch(6, np.float64)
    largest = 0.0
    for j in range(length):
        norm = 0.0
        for i in range(rows):
            norm += columns[j, i] * columns[j, i]
        largest = max(largest, norm)
    size = 0.0
    for i in range(rows):
        left[i] = wanted[i]
        size += wanted[i] * wanted[i]
    least = _CLOSE * math.sqrt(size * largest)
    count = 0
    refused = -1
    for _ in range(_ROUNDS):
        if count == rows:
            break
        new = _steepest(columns, length, left, least, used, count, refused)
        if new < 0:
            break
        used[count] = new
        amounts[count] = 0.0
        count += 1
        refused = -1
        while count > 0:
            if not _fit(columns, used, count, wanted, trial) or (
                used[count - 1] == new and trial[count - 1] <= 0.0
            ):
                count -= 1  # rounding alone had asked for it
                refused = new
                continue
            share = 1.0
            first = -1
            for k in range(count):
                if trial[k] <= 0.0 and amounts[k] < share * (amounts[k] - trial[k]):
                    share = amounts[k] / (amounts[k] - trial[k])
                    first = k
            for k in range(count):
                amounts[k] += share * (trial[k] - amounts[k])
            if first < 0:
                break
            for k in range(first, count - 1):
                used[k] = used[k + 1]
                amounts[k] = amounts[k + 1]
            count -= 1
        for i in range(rows):
            left[i] = wanted[i]
            for k in range(count):
                left[i] -= amounts[k] * columns[used[k], i]
    return count


@jit(fastmath=True)
def _solve(
    columns: Float64[np.ndarray, "n r"],
    length: int,
    wanted: Float64[np.ndarray, "r"],
    used: Int64[np.ndarray, "6"],
    amounts: Float64[np.ndarray, "6"],
    left: Float64[np.ndarray, "r"],
) -> int:
    return nonnegative_fit(columns, length, wanted, used, amounts, left)
