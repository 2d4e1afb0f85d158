"""Factorisation of a block-pentadiagonal system whose off-diagonal blocks are diagonal.

Smoothness couples a degree of freedom only with itself in the two frames before and after, so the system over a
window has dense symmetric blocks on the diagonal and diagonal blocks beside them; fill-in makes the first
off-diagonal blocks dense and the second triangular.

Storage: one flat, 64-byte-aligned array, for each frame V rows of three blocks ``[own | next | after next]`` of
``width`` doubles (V + 2 at least, a multiple of the vector length). Input, row j of a frame: ``own[j, j:V]`` the upper
triangle, ``own[j, V]`` the right-hand side, ``next[j, j]`` and ``after[j, j]`` the couplings, all else 0. Two frames
beyond the last are scratch. Output: the rows of the upper factor, the forward-substituted right-hand side in column V,
the reciprocal of the diagonal in the last column of ``own``.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float64

from retarget._jit import jit
from retarget.solver.vector import LANES, update_four_rows, update_row

__all__ = ["aligned_zeros", "block_width", "factorise", "substitute_back"]

_ROWS = 4  # rows factored together; they share each load of a source row


def block_width(size: int) -> int:
    """Doubles a block row takes: the unknowns, the right-hand side and a reciprocal, in whole vectors."""
    return -(-(size + 2) // LANES) * LANES


def aligned_zeros(count: int) -> Float64[np.ndarray, "n"]:
    """Zeros whose first byte lies on a vector boundary."""
    raw = np.zeros(count + LANES)
    start = (-raw.ctypes.data % (8 * LANES)) // 8
    return raw[start : start + count]


@jit(fastmath=True)
def factorise(a: Float64[np.ndarray, "n"], size: int, width: int, frames: int) -> None:
    """Cholesky factorisation in place, frame by frame: rows of the own block, then what they leave to the next two."""
    row = 3 * width
    block = size * row
    for t in range(frames):
        own = t * block
        for j in range(0, size, _ROWS):
            _factor_rows(a, own, j, min(_ROWS, size - j), size, width)
        if t + 1 < frames:
            _update_next(a, own, own + block, size, width)
        if t + 2 < frames:
            _update_after(a, own, own + 2 * block, size, width)


@jit(fastmath=True)
def _rank_update(
    a: Float64[np.ndarray, "n"],
    rows: int,
    dst: int,
    coef: int,
    src: int,
    step: int,
    count: int,
    vectors: int,
) -> None:
    """Some rows minus their coefficients times source rows; all rows ``step`` apart."""
    if rows == _ROWS:
        update_four_rows(a, dst, step, coef, step, src, step, count, vectors)
    else:
        for i in range(rows):
            update_row(a, dst + i * step, coef + i, step, src, step, count, vectors)


@jit(fastmath=True)
def _factor_rows(
    a: Float64[np.ndarray, "n"], own: int, first: int, rows: int, size: int, width: int
) -> None:
    """Finish some rows of a frame: subtract all rows above, then each other, then scale."""
    row = 3 * width
    v = first // LANES
    here = own + first * row
    skip = LANES * v
    vectors = 2 * (width // LANES) - v
    _rank_update(a, rows, here + skip, own + first, own + skip, row, first, vectors)
    _rank_update(a, rows, here + 2 * width, own + first, own + 2 * width, row, first, v + 1)
    for i in range(rows):
        j = first + i
        at = here + i * row
        if i > 0:
            update_row(a, at + skip, here + j, row, here + skip, row, i, vectors + v + 1)
        reciprocal = 1.0 / math.sqrt(a[at + j])
        # A view indexed from 0 is vectorised; any other index might be negative, which NumPy counts from the end.
        values = a[at + skip : at + 2 * width + skip + LANES]
        for c in range(values.shape[0]):
            values[c] *= reciprocal
        a[at + width - 1] = reciprocal
        # The right-hand side rides along in the off-diagonal block.
        a[at + width + size] = a[at + size]


@jit(fastmath=True)
def _update_next(
    a: Float64[np.ndarray, "n"], own: int, following: int, size: int, width: int
) -> None:
    """Subtract from the next frame's own and next blocks; the triangle of zeros in ``after`` is left out by vectors."""
    row = 3 * width
    half = width // LANES
    for j in range(0, size, _ROWS):
        v = j // LANES
        rows = min(_ROWS, size - j)
        dst = following + j * row + LANES * v
        src = own + width + LANES * v
        _rank_update(a, rows, dst, own + width + j, src, row, size, half - v)
        for part in range(half):
            k = LANES * part
            count = min(LANES, size - k)
            if count > 0:
                _rank_update(
                    a,
                    rows,
                    following + j * row + width,
                    own + k * row + width + j,
                    own + k * row + 2 * width,
                    row,
                    count,
                    part + 1,
                )


@jit(fastmath=True)
def _update_after(a: Float64[np.ndarray, "n"], own: int, after: int, size: int, width: int) -> None:
    """Subtract from the own block of the frame after the next."""
    row = 3 * width
    half = width // LANES
    for k in range(size):
        a[own + k * row + 2 * width + size] = a[own + k * row + size]
    for j in range(0, size, _ROWS):
        v = j // LANES
        here = own + j * row + 2 * width
        dst = after + j * row + LANES * v
        _rank_update(
            a, min(_ROWS, size - j), dst, here + j, here + LANES * v, row, size - j, half - v
        )


@jit(fastmath=True)
def substitute_back(
    a: Float64[np.ndarray, "n"],
    size: int,
    width: int,
    frames: int,
    x: Float64[np.ndarray, "T V"],
) -> None:
    """Solve with the upper factor, last frame first."""
    row = 3 * width
    known = np.zeros(3 * width)  # this frame's solution, then those of the two frames after it
    sums = np.zeros(LANES)
    for t in range(frames - 1, -1, -1):
        for c in range(width):
            known[2 * width + c] = known[width + c]
            known[width + c] = known[c] if c < size else 0.0
            known[c] = 0.0
        known[size] = -1.0  # makes the right-hand side part of the product
        last = size
        while last > 0:
            first = (last - 1) // LANES * LANES
            # What is known already, for a block of rows: no load waits for a store just made.
            start = min(first + LANES, width)
            for j in range(first, last):
                here = (t * size + j) * row
                total = 0.0
                if last == size:
                    for c in range(last, start):
                        total += a[here + c] * known[c]
                factors = a[here + start : here + 2 * width + j + 1]
                values = known[start : 2 * width + j + 1]
                for c in range(factors.shape[0]):
                    total += factors[c] * values[c]
                sums[j - first] = total
            for j in range(last - 1, first - 1, -1):
                here = (t * size + j) * row
                total = sums[j - first]
                for c in range(j + 1, last):
                    total += a[here + c] * known[c]
                known[j] = -total * a[here + width - 1]
                x[t, j] = known[j]
            last = first
