"""The robust mean of rotations: what is constant between two frames that are seen together many times."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch

__all__ = ["Samples", "mean_rotation", "room_for_samples"]

_ROBUST_SCALE = math.radians(10.0)  # residual at which a sample counts half
_PASSES = 4
_SWEEPS = 30  # Jacobi's method needs five or six


class Samples(NamedTuple):
    """Rotations to take the mean of, and room to do so.

    Attributes:
        rotations: Matrices, row by row.
        weights: What each counts.
        robust: What it counts besides being far from the others.
        apart: Its angle to the mean, rad, where it counts.
    """

    rotations: Float64[np.ndarray, "N 9"]
    weights: Float64[np.ndarray, "N"]
    robust: Float64[np.ndarray, "N"]
    apart: Float64[np.ndarray, "N"]


def room_for_samples(count: int) -> Samples:
    """Room for so many rotations; all count nothing."""
    return Samples(np.zeros((count, 9)), np.zeros(count), np.zeros(count), np.zeros(count))


@jit(inner=True)
def mean_rotation(samples: Samples, count: int, mean: Float64[np.ndarray, "3 3"]) -> float:
    """Fill the robust weighted mean of the first ``count`` samples, and return the mean angle to it in rad.

    Weighted Procrustes mean (Moakher 2002), reweighted three times with Cauchy weights at ten degrees. Without any
    weight it is the identity.
    """
    rotations, weights, robust, apart = samples
    total = scratch(9, np.float64)
    for i in range(count):
        robust[i] = weights[i]
    for _ in range(_PASSES):
        for k in range(9):
            total[k] = 0.0
        for i in range(count):
            if robust[i] != 0.0:
                for k in range(9):
                    total[k] += robust[i] * rotations[i, k]
        _closest_rotation(total, mean)
        for i in range(count):
            if weights[i] == 0.0:
                continue
            trace = 0.0
            for k in range(9):
                trace += rotations[i, k] * mean[k // 3, k % 3]
            apart[i] = math.acos(min(max((trace - 1) / 2, -1.0), 1.0))
            robust[i] = weights[i] / (1 + (apart[i] / _ROBUST_SCALE) ** 2)
    weight = 0.0
    angle = 0.0
    for i in range(count):
        if weights[i] != 0.0:
            weight += weights[i]
            angle += weights[i] * apart[i]
    return angle / max(weight, 1e-12)


@jit(inner=True)
def _closest_rotation(m: Float64[np.ndarray, "9"], rotation: Float64[np.ndarray, "3 3"]) -> None:
    """Fill the rotation R with the largest trace of ``R^T M``, M row by row.

    Its quaternion is the eigenvector of the largest eigenvalue of a symmetric matrix (Horn 1987).
    """
    N = scratch((4, 4), np.float64)
    V = scratch((4, 4), np.float64)
    N[0, 0] = m[0] + m[4] + m[8]
    N[1, 1] = m[0] - m[4] - m[8]
    N[2, 2] = m[4] - m[0] - m[8]
    N[3, 3] = m[8] - m[0] - m[4]
    N[0, 1] = N[1, 0] = m[7] - m[5]
    N[0, 2] = N[2, 0] = m[2] - m[6]
    N[0, 3] = N[3, 0] = m[3] - m[1]
    N[1, 2] = N[2, 1] = m[1] + m[3]
    N[1, 3] = N[3, 1] = m[2] + m[6]
    N[2, 3] = N[3, 2] = m[5] + m[7]
    _diagonalise(N, V)
    best = 0
    for k in range(1, 4):
        if N[k, k] > N[best, best]:
            best = k
    w, x, y, z = V[0, best], V[1, best], V[2, best], V[3, best]
    rotation[0, 0] = w * w + x * x - y * y - z * z
    rotation[1, 1] = w * w - x * x + y * y - z * z
    rotation[2, 2] = w * w - x * x - y * y + z * z
    rotation[0, 1] = 2 * (x * y - w * z)
    rotation[1, 0] = 2 * (x * y + w * z)
    rotation[0, 2] = 2 * (x * z + w * y)
    rotation[2, 0] = 2 * (x * z - w * y)
    rotation[1, 2] = 2 * (y * z - w * x)
    rotation[2, 1] = 2 * (y * z + w * x)


@jit(inner=True)
def _diagonalise(N: Float64[np.ndarray, "4 4"], V: Float64[np.ndarray, "4 4"]) -> None:
    """Jacobi's method: the eigenvalues of N on its diagonal, eigenvectors in the columns of V."""
    for i in range(4):
        V[i, i] = 1.0
    for _ in range(_SWEEPS):
        off = 0.0
        size = 0.0
        for i in range(4):
            size += N[i, i] ** 2
            for j in range(i):
                off += N[i, j] ** 2
        if off <= 1e-33 * size:
            return
        for p in range(3):
            for q in range(p + 1, 4):
                if N[p, q] == 0.0:
                    continue
                half = (N[q, q] - N[p, p]) / (2 * N[p, q])
                tangent = 1 / (abs(half) + math.sqrt(half * half + 1))
                if half < 0:
                    tangent = -tangent
                c = 1 / math.sqrt(tangent * tangent + 1)
                s = tangent * c
                for k in range(4):
                    a, b = N[k, p], N[k, q]
                    N[k, p], N[k, q] = c * a - s * b, s * a + c * b
                for k in range(4):
                    a, b = N[p, k], N[q, k]
                    N[p, k], N[q, k] = c * a - s * b, s * a + c * b
                    a, b = V[k, p], V[k, q]
                    V[k, p], V[k, q] = c * a - s * b, s * a + c * b
