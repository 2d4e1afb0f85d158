"""Factorisation of a block-pentadiagonal system whose off-diagonal blocks are diagonal.

Smoothness couples a degree of freedom only with itself in the two frames before and after, so the system over a
window has dense symmetric blocks on the diagonal and diagonal blocks beside them; fill-in makes the first
off-diagonal blocks dense and the second triangular.

Storage: one flat, 64-byte-aligned array, for each frame `block_rows` rows (V, in whole tiles) of three blocks
``[own | next | after next]`` of `block_width` numbers. Input, row j of a frame: ``own[j, j:V]`` the upper triangle, its
last column but one the right-hand side, ``next[j, j]`` and ``after[j, j]`` the couplings, all else 0; rows beyond V
have a diagonal of 1. Two frames beyond the last are scratch. Output: the rows of the upper factor, the
forward-substituted right-hand side in its place, the reciprocal of the diagonal in the last column of ``own``.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float32, Float64

from retarget.compiled.jit import NANS_COUNT, jit
from retarget.compiled.packs import REAL
from retarget.compiled.scratch import scratch
from retarget.solver.linear.tiles import (
    ROWS,
    SCALES,
    SPAN,
    dots,
    finish,
    finish_triangle,
    subtract,
    subtract_triangle,
)

__all__ = [
    "SMALLEST_PIVOT",
    "aligned_room",
    "aligned_zeros",
    "block_rows",
    "block_width",
    "factorise",
    "substitute_back",
]

SMALLEST_PIVOT = 1e-6  # share of its diagonal; less is rounding in single precision


@jit()
def block_rows(size: int) -> int:
    """Rows of a block: the unknowns, in whole tiles."""
    return -(-size // ROWS) * ROWS


@jit()
def block_width(size: int) -> int:
    """Numbers a block row takes: the rows' columns, the right-hand side and a reciprocal, in whole vectors."""
    return -(-(block_rows(size) + 2) // SPAN) * SPAN


def aligned_zeros(count: int) -> Float32[np.ndarray, "n"]:
    """Zeros whose first byte lies on a vector boundary."""
    room = aligned_room(count)
    room[:] = 0.0
    return room


def aligned_room(count: int) -> Float32[np.ndarray, "n"]:
    """Room for numbers, that has yet to be filled, whose first byte lies on a vector boundary."""
    raw = np.empty(count + 16, REAL)
    start = (-raw.__array_interface__["data"][0] % 64) // 4
    return raw[start : start + count]


@jit(fastmath=True, inner=True)
def factorise(
    a: Float32[np.ndarray, "n"],
    size: int,
    width: int,
    frames: int,
    least: Float32[np.ndarray, "T R"],
) -> None:
    """Cholesky factorisation in place, frame by frame: rows of the own block, then what they leave to the next two.

    ``least`` is what rows' pivots are at least: where rounding leaves less, or a negative one, a row is damped.
    """
    rows = block_rows(size)
    block = rows * 3 * width
    scales = scratch(SCALES, REAL)
    for t in range(frames):
        own = t * block
        for j in range(0, rows, ROWS):
            _factor_rows(a, own, j, width, scales, least[t])
        if t + 1 < frames:
            _update_next(a, own, own + block, rows, width, scales)
        if t + 2 < frames:
            _update_after(a, own, own + 2 * block, rows, width, scales)


@jit(fastmath=True, inner=True)
def _factor_rows(
    a: Float32[np.ndarray, "n"],
    own: int,
    first: int,
    width: int,
    scales: Float32[np.ndarray, "10"],
    least: Float32[np.ndarray, "R"],
) -> None:
    """Finish a tile's rows of a frame: subtract all rows above, then solve with their own triangle."""
    row = 3 * width
    v = first // SPAN
    here = own + first * row
    skip = SPAN * v
    coef = own + first
    # What lies in the tile's own columns first: the rest needs its triangle. Literals are compiled for by themselves.
    subtract(a, scales, here + skip, coef, own + skip, row, 0, first, 1)
    _factor_triangle(a, here + first, row, scales, first, least)
    finish(a, scales, here + skip, coef, own + skip, row, 0, 0, 1)
    # To the end of the off-diagonal block, and as far into the last one as its triangle goes.
    skip += SPAN
    vectors = 2 * (width // SPAN) - v - 1
    finish(a, scales, here + skip, coef, own + skip, row, 0, first, vectors)
    skip = 2 * width
    finish_triangle(a, scales, here + skip, coef, own + skip, row, 0, first, v + 1)
    for i in range(ROWS):
        at = here + i * row
        a[at + width - 1] = scales[SCALES - ROWS + i]
        # The right-hand side rides along in the off-diagonal block.
        a[at + 2 * width - 2] = a[at + width - 2]


@jit(fastmath=True, inner=True)
def _factor_triangle(
    a: Float32[np.ndarray, "n"],
    at: int,
    row: int,
    scales: Float32[np.ndarray, "10"],
    first: int,
    least: Float32[np.ndarray, "R"],
) -> None:
    """Upper Cholesky factor of the tile at ``at``, into ``scales``: by columns, then the diagonal's reciprocals."""
    place = 0
    for j in range(ROWS):
        column = place
        other = 0
        for i in range(j):
            value = a[at + i * row + j]
            for k in range(i):
                value -= scales[other + k] * scales[column + k]
            other += i
            scales[place] = value * scales[SCALES - ROWS + i]
            place += 1
        diagonal = a[at + j * row + j]
        for k in range(j):
            diagonal -= scales[column + k] * scales[column + k]
        scales[SCALES - ROWS + j] = 1.0 / math.sqrt(max(diagonal, least[first + j]))


@jit(fastmath=True, inner=True)
def _update_next(
    a: Float32[np.ndarray, "n"],
    own: int,
    following: int,
    rows: int,
    width: int,
    scales: Float32[np.ndarray, "10"],
) -> None:
    """Subtract from the next frame's own and next blocks."""
    row = 3 * width
    half = width // SPAN
    for j in range(0, rows, ROWS):
        skip = j // SPAN * SPAN
        coef = own + width + j
        here = following + j * row
        vectors = half - j // SPAN
        subtract(a, scales, here + skip, coef, own + width + skip, row, 0, rows, vectors)
        subtract_triangle(a, scales, here + width, coef, own + 2 * width, row, 0, rows, half)


@jit(fastmath=True, inner=True)
def _update_after(
    a: Float32[np.ndarray, "n"],
    own: int,
    after: int,
    rows: int,
    width: int,
    scales: Float32[np.ndarray, "10"],
) -> None:
    """Subtract from the own block of the frame after the next."""
    row = 3 * width
    half = width // SPAN
    for k in range(rows):
        a[own + k * row + 3 * width - 2] = a[own + k * row + width - 2]
    for j in range(0, rows, ROWS):
        here = own + j * row + 2 * width
        skip = j // SPAN * SPAN
        dst = after + j * row
        last = SPAN * (half - 1)
        # The last vector holds the right-hand side as well.
        subtract(a, scales, dst + last, here + j, here + last, row, 0, rows - j, 1)
        above = own + skip * row + 2 * width
        first, count = j - skip, rows - skip
        vectors = half - 1 - j // SPAN
        subtract_triangle(
            a, scales, dst + skip, above + j, above + skip, row, first, count, vectors
        )


@jit(fastmath=NANS_COUNT, inner=True)
def substitute_back(
    a: Float32[np.ndarray, "n"],
    size: int,
    width: int,
    frames: int,
    x: Float64[np.ndarray, "T V"],
) -> float:
    """Solve with the upper factor, last frame first; returns the product of the solution and the right-hand side.

    That is what the step promises to take off the cost.
    """
    promise = 0.0
    rows = block_rows(size)
    row = 3 * width
    known = scratch(3 * width, REAL)  # this frame's solution, then those of the two frames after it
    sums = scratch(ROWS, REAL)
    for t in range(frames - 1, -1, -1):
        for c in range(width):
            known[2 * width + c] = known[width + c]
            known[width + c] = known[c] if c < size else 0.0
            known[c] = 0.0
        known[width - 2] = -1.0  # makes the right-hand side part of the product
        for first in range(rows - ROWS, -1, -ROWS):
            # What is known already, for a tile of rows; what is not yet counts as 0.
            start = (first + ROWS) // SPAN * SPAN
            end = 2 * width + -(-(first + ROWS) // SPAN) * SPAN
            here = (t * rows + first) * row
            dots(a, known, sums, here + start, row, start, (end - start) // SPAN)
            for j in range(ROWS - 1, -1, -1):
                total = sums[j]
                for c in range(j + 1, ROWS):
                    total += a[here + j * row + first + c] * known[first + c]
                known[first + j] = -total * a[here + j * row + width - 1]
                promise += a[here + j * row + width - 2] ** 2
        for k in range(size):
            x[t, k] = known[k]
    return promise
