"""Symmetric systems of five diagonals: least squares over one number a frame and its second differences."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from retarget.compiled.jit import jit

__all__ = ["Diagonals", "add_three", "factorise_diagonals", "substitute_diagonals"]


class Diagonals(NamedTuple):
    """A symmetric matrix of five diagonals; once it is factorised, D and the columns of L of its factors L D L^T.

    Attributes:
        main: The diagonal.
        first: What couples each frame with the next.
        second: What couples it with the one after that.
    """

    main: Float64[np.ndarray, "T"]
    first: Float64[np.ndarray, "T"]
    second: Float64[np.ndarray, "T"]


@jit(inner=True)
def add_three(
    matrix: Diagonals, t: int, before: float, at: float, after: float, weight: float
) -> None:
    """Add a squared residual with coefficients ``before``, ``at`` and ``after`` of frames t - 1, t and t + 1."""
    matrix.main[t - 1] += weight * before * before
    matrix.main[t] += weight * at * at
    matrix.main[t + 1] += weight * after * after
    matrix.first[t - 1] += weight * before * at
    matrix.first[t] += weight * at * after
    matrix.second[t - 1] += weight * before * after


@jit(inner=True)
def factorise_diagonals(matrix: Diagonals) -> None:
    """Factorise a positive definite matrix in place."""
    main, first, second = matrix
    frames = main.shape[0]
    for t in range(frames):
        one = first[t] / main[t]
        two = second[t] / main[t]
        if t + 1 < frames:
            main[t + 1] -= one * first[t]
            first[t + 1] -= one * second[t]
        if t + 2 < frames:
            main[t + 2] -= two * second[t]
        first[t] = one
        second[t] = two


@jit(inner=True)
def substitute_diagonals(factor: Diagonals, x: Float64[np.ndarray, "T n"]) -> None:
    """Solve for n right-hand sides, in place."""
    main, first, second = factor
    frames = main.shape[0]
    for t in range(frames):
        for k in range(x.shape[1]):
            if t >= 1:
                x[t, k] -= first[t - 1] * x[t - 1, k]
            if t >= 2:
                x[t, k] -= second[t - 2] * x[t - 2, k]
    for t in range(frames - 1, -1, -1):
        for k in range(x.shape[1]):
            x[t, k] /= main[t]
            if t + 1 < frames:
                x[t, k] -= first[t] * x[t + 1, k]
            if t + 2 < frames:
                x[t, k] -= second[t] * x[t + 2, k]
