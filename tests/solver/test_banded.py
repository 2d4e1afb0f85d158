"""The banded factorisation solves the same system as dense linear algebra."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from retarget.solver.linear.banded import (
    SMALLEST_PIVOT,
    aligned_zeros,
    block_rows,
    block_width,
    factorise,
    substitute_back,
)
from retarget.solver.linear.tiles import (
    ROWS,
    SCALES,
    SPAN,
    dots,
    dots_plainly,
    finish,
    finish_plainly,
    finish_triangle,
    finish_triangle_plainly,
    subtract,
    subtract_plainly,
    subtract_triangle,
    subtract_triangle_plainly,
)


def random_system(size: int, frames: int, seed: int):
    """A positive definite block-pentadiagonal system with diagonal couplings: flat input, dense matrix, rhs."""
    rng = np.random.default_rng(seed)
    width = block_width(size)
    blocks = np.zeros((frames + 2, block_rows(size), 3 * width))
    blocks[:, range(size, block_rows(size)), range(size, block_rows(size))] = 1.0
    dense = np.zeros((frames * size, frames * size))
    rhs = rng.normal(size=(frames, size))
    for t in range(frames):
        root = rng.normal(size=(size, size)) / np.sqrt(size)
        own = root @ root.T + 8 * np.eye(size)
        blocks[t, :size, :size] = np.triu(own)
        blocks[t, :size, width - 2] = rhs[t]
        here = slice(t * size, (t + 1) * size)
        dense[here, here] = own
        for step in (1, 2):
            coupling = rng.uniform(-1.5, 1.5, size)
            if t + step < frames:
                blocks[t, range(size), step * width + np.arange(size)] = coupling
                there = slice((t + step) * size, (t + step + 1) * size)
                dense[here, there] = dense[there, here] = np.diag(coupling)
    flat = aligned_zeros(blocks.size)
    flat[:] = blocks.ravel()
    return flat, dense, rhs.ravel(), width


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 47), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_solves_any_size_and_length(size: int, frames: int, seed: int) -> None:
    flat, dense, rhs, width = random_system(size, frames, seed)
    x = np.empty((frames, size))
    least = np.zeros((frames, block_rows(size)), np.float32)
    promise = solve(flat, size, width, frames, least, x)
    exact = np.linalg.solve(dense, rhs)
    np.testing.assert_allclose(x.ravel(), exact, atol=2e-6, rtol=1e-4)
    assert promise == pytest.approx(exact @ rhs, rel=1e-4)


def test_a_system_that_rounding_makes_indefinite_has_a_finite_solution() -> None:
    size, frames = 4, 30
    flat, _, _, width = random_system(size, frames, 3)
    blocks = flat.reshape(frames + 2, block_rows(size), 3 * width)
    blocks[:frames, :, : width - 2] = 0
    for k in range(size):  # second differences alone, which say nothing of where the whole is
        blocks[:frames, k, k] = 6e8
        blocks[:frames, k, width + k] = -4e8
        blocks[:frames, k, 2 * width + k] = 1e8
    least = np.full((frames, block_rows(size)), 6e8 * SMALLEST_PIVOT, np.float32)
    x = np.empty((frames, size))
    assert np.isfinite(solve(flat, size, width, frames, least, x))
    assert np.isfinite(x).all()


@njit
def solve(flat, size, width, frames, least, x):
    factorise(flat, size, width, frames, least)
    return substitute_back(flat, size, width, frames, x)


TILES = {
    "all columns": (subtract, subtract_plainly, finish, finish_plainly),
    "a triangle": (
        subtract_triangle,
        subtract_triangle_plainly,
        finish_triangle,
        finish_triangle_plainly,
    ),
}


@pytest.mark.parametrize("sources", TILES)
@pytest.mark.parametrize("vectors", [1, 2, 3, 4, 7])
@pytest.mark.parametrize(("first", "count"), [(0, 0), (0, ROWS), (0, 9 * ROWS), (ROWS, 15 * ROWS)])
def test_vector_tiles_do_what_plain_loops_do(
    sources: str, vectors: int, first: int, count: int
) -> None:
    rng = np.random.default_rng(vectors + 10 * count)
    row = vectors * SPAN + 2 * SPAN
    scales = rng.uniform(0.5, 1.5, SCALES).astype(np.float32)
    plain = aligned_zeros(2 * max(count, ROWS) * row + ROWS * row)
    plain[:] = rng.normal(size=plain.size)
    tiled = aligned_zeros(plain.size)
    tiled[:] = plain
    source, other = ROWS * row, (ROWS + count) * row
    take, take_plainly, solve, solve_plainly = TILES[sources]
    places = source, other, row, first, count, vectors
    _apply(take_plainly, solve_plainly, plain, scales, *places)
    _apply(take, solve, tiled, scales, *places)
    np.testing.assert_allclose(tiled, plain, atol=1e-4, rtol=1e-4)


def test_a_triangle_of_sources_is_a_whole_with_zeros() -> None:
    rng = np.random.default_rng(4)
    vectors, rows, row = 3, 3 * SPAN, 5 * SPAN
    sources = rng.normal(size=(rows, row))
    for k in range(rows):
        sources[k, (k // SPAN + 1) * SPAN :] = 0
    whole = aligned_zeros((ROWS + 2 * rows) * row)
    whole[: ROWS * row] = rng.normal(size=ROWS * row)
    whole[ROWS * row : (ROWS + rows) * row] = rng.normal(size=rows * row)
    whole[(ROWS + rows) * row :] = sources.ravel()
    part = aligned_zeros(whole.size)
    part[:] = whole
    scales = np.ones(SCALES, np.float32)
    places = ROWS * row, (ROWS + rows) * row, row, 0, rows, vectors
    _take(subtract, whole, scales, *places)
    _take(subtract_triangle, part, scales, *places)
    assert np.abs(part[: ROWS * row]).max() > 1.0
    np.testing.assert_allclose(part, whole, atol=1e-4)


@pytest.mark.parametrize("vectors", [1, 2, 7])
def test_vector_products_are_those_of_plain_loops(vectors: int) -> None:
    rng = np.random.default_rng(vectors)
    row = (vectors + 1) * SPAN
    rows, known = aligned_zeros(ROWS * row), aligned_zeros(row)
    rows[:], known[:] = rng.normal(size=rows.size), rng.normal(size=row)
    sums, plain = np.empty(ROWS, np.float32), np.empty(ROWS, np.float32)
    _products(rows, known, sums, plain, row, vectors)
    np.testing.assert_allclose(sums, plain, atol=1e-5)
    exact = rows.reshape(ROWS, row)[:, SPAN:] @ known[: vectors * SPAN].astype(np.float64)
    np.testing.assert_allclose(sums, exact, atol=1e-5)


@njit
def _products(rows, known, sums, plain, row, vectors):
    dots(rows, known, sums, SPAN, row, 0, vectors)
    dots_plainly(rows, known, plain, SPAN, row, 0, vectors)


@njit
def _take(take, a, scales, coef, src, row, first, count, vectors):
    take(a, scales, 0, coef, src, row, first, count, vectors)


@njit
def _apply(take, solve, a, scales, coef, src, row, first, count, vectors):
    take(a, scales, 0, coef, src, row, first, count, vectors)
    solve(a, scales, 0, src, coef, row, first, count, vectors)


@pytest.mark.parametrize("size", [6, 25, 35, 55])
def test_rows_are_whole_aligned_vectors(size: int) -> None:
    width = block_width(size)
    assert width % SPAN == 0
    assert width >= size + 2
    assert aligned_zeros(3 * width).ctypes.data % 64 == 0
