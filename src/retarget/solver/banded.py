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
from retarget.solver.vector import LANES, update_row, update_two_rows

__all__ = ["aligned_zeros", "block_width", "factorise", "substitute_back"]


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
    half = width // LANES
    for t in range(frames):
        own = t * block
        for j in range(size):
            v = j // LANES
            here = own + j * row
            update_row(a, here + LANES * v, own + j, row, own + LANES * v, row, j, 2 * half - v)
            update_row(a, here + 2 * width, own + j, row, own + 2 * width, row, j, v + 1)
            reciprocal = 1.0 / math.sqrt(a[here + j])
            for c in range(here + LANES * v, here + 2 * width + LANES * (v + 1)):
                a[c] *= reciprocal
            a[here + width - 1] = reciprocal
            # The right-hand side rides along in both off-diagonal blocks.
            a[here + width + size] = a[here + size]
        if t + 1 < frames:
            following = own + block
            for j in range(0, size, 2):
                v = j // LANES
                for part in range(half):
                    k = LANES * part
                    count = min(LANES, size - k)
                    if count <= 0:
                        continue
                    dst = following + j * row + LANES * v
                    coef = own + k * row + width + j
                    src = own + k * row + width + LANES * v
                    vectors = half - v + part + 1
                    if j + 1 < size:
                        update_two_rows(a, dst, row, coef, row, src, row, count, vectors)
                    else:
                        update_row(a, dst, coef, row, src, row, count, vectors)
        if t + 2 < frames:
            after = own + 2 * block
            for k in range(size):
                a[own + k * row + 2 * width + size] = a[own + k * row + size]
            for j in range(0, size, 2):
                v = j // LANES
                dst = after + j * row + LANES * v
                coef = own + j * row + 2 * width + j
                src = own + j * row + 2 * width + LANES * v
                if j + 1 < size:
                    update_two_rows(a, dst, row, coef, row, src, row, size - j, half - v)
                else:
                    update_row(a, dst, coef, row, src, row, size - j, half - v)


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
    for t in range(frames - 1, -1, -1):
        for c in range(width):
            known[2 * width + c] = known[width + c] if c < size else 0.0
        for c in range(width):
            known[width + c] = known[c] if c < size else 0.0
            known[c] = 0.0
        known[size] = -1.0  # makes the right-hand side part of the product
        for j in range(size - 1, -1, -1):
            here = (t * size + j) * row
            total = 0.0
            for c in range(
                j + 1, 2 * width + j + 1
            ):  # one pass: columns without meaning meet a zero
                total += a[here + c] * known[c]
            known[j] = -total * a[here + width - 1]
            x[t, j] = known[j]
        known[size] = 0.0
