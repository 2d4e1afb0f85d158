"""The tiles that the banded factorisation works through, in plain Numba, and as vector code where there is any.

``rows -= coefficients x sources`` over a few vectors of numbers is the one operation in which the factorisation spends
its time; `retarget.solver.linear.banded` says what is computed. The plain kernels are for processors without vectors,
and what tests compare `retarget.solver.linear.vector` with.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float32

from retarget.compiled.jit import jit
from retarget.solver.linear.vector import (
    ROWS,
    SCALES,
    SPAN,
    VECTORISED,
    vector_dots,
    vector_tiles,
)

__all__ = [
    "ROWS",
    "SCALES",
    "SPAN",
    "dots",
    "dots_plainly",
    "finish",
    "finish_plainly",
    "finish_triangle",
    "finish_triangle_plainly",
    "subtract",
    "subtract_plainly",
    "subtract_triangle",
    "subtract_triangle_plainly",
]


@jit(fastmath=True, inner=True)
def subtract_plainly(
    a: Float32[np.ndarray, "n"],
    scales: Float32[np.ndarray, "10"],
    dst: int,
    coef: int,
    src: int,
    row: int,
    first: int,
    count: int,
    vectors: int,
) -> None:
    """``a[dst + i row:] -= sum_k a[coef + k row + i] a[src + k row:]``, first <= k < count.

    For `ROWS` rows and whole vectors.
    """
    for i in range(ROWS):
        values = a[dst + i * row : dst + i * row + vectors * SPAN]
        for k in range(first, count):
            factor = a[coef + k * row + i]
            source = a[src + k * row : src + k * row + vectors * SPAN]
            for c in range(values.shape[0]):
                values[c] -= factor * source[c]


@jit(fastmath=True, inner=True)
def subtract_triangle_plainly(
    a: Float32[np.ndarray, "n"],
    scales: Float32[np.ndarray, "10"],
    dst: int,
    coef: int,
    src: int,
    row: int,
    first: int,
    count: int,
    vectors: int,
) -> None:
    """`subtract_plainly` for sources of which row k ends with the vector that holds column k."""
    for v in range(vectors):
        along = v * SPAN
        subtract_plainly(
            a, scales, dst + along, coef, src + along, row, max(first, along), count, 1
        )


@jit(fastmath=True, inner=True)
def _solve_plainly(
    a: Float32[np.ndarray, "n"],
    scales: Float32[np.ndarray, "10"],
    dst: int,
    row: int,
    vectors: int,
) -> None:
    """``scales`` holds a triangle's factors (0,1) (0,2) (1,2) (0,3) (1,3) (2,3), then its diagonal's reciprocals."""
    for c in range(vectors * SPAN):
        place = 0
        for j in range(ROWS):
            value = a[dst + j * row + c]
            for i in range(j):
                value -= scales[place] * a[dst + i * row + c]
                place += 1
            a[dst + j * row + c] = value * scales[SCALES - ROWS + j]


def _finishing(take: Any) -> Any:
    """A kernel that subtracts as another one does, and then solves the rows with their own triangle."""

    @jit(fastmath=True, inner=True)
    def finish_rows(
        a: Float32[np.ndarray, "n"],
        scales: Float32[np.ndarray, "10"],
        dst: int,
        coef: int,
        src: int,
        row: int,
        first: int,
        count: int,
        vectors: int,
    ) -> None:
        take(a, scales, dst, coef, src, row, first, count, vectors)
        _solve_plainly(a, scales, dst, row, vectors)

    return finish_rows


finish_plainly: Any = _finishing(subtract_plainly)
finish_triangle_plainly: Any = _finishing(subtract_triangle_plainly)


@jit(fastmath=True, inner=True)
def dots_plainly(
    a: Float32[np.ndarray, "n"],
    known: Float32[np.ndarray, "m"],
    sums: Float32[np.ndarray, "4"],
    at: int,
    row: int,
    start: int,
    vectors: int,
) -> None:
    """``sums[i] = a[at + i row:] . known[start:]`` for `ROWS` rows and whole vectors."""
    values = known[start : start + vectors * SPAN]
    for i in range(ROWS):
        factors = a[at + i * row : at + i * row + vectors * SPAN]
        total = 0.0
        for c in range(values.shape[0]):
            total += factors[c] * values[c]
        sums[i] = total


dots: Any = vector_dots if VECTORISED else dots_plainly
subtract: Any = subtract_plainly
subtract_triangle: Any = subtract_triangle_plainly
finish: Any = finish_plainly
finish_triangle: Any = finish_triangle_plainly
if VECTORISED:
    subtract = vector_tiles(triangle=False, finished=False)
    subtract_triangle = vector_tiles(triangle=True, finished=False)
    finish = vector_tiles(triangle=False, finished=True)
    finish_triangle = vector_tiles(triangle=True, finished=True)
