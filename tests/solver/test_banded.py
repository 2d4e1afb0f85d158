"""The banded factorisation solves the same system as dense linear algebra."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retarget.solver.banded import aligned_zeros, block_width, factorise, substitute_back


def random_system(size: int, frames: int, seed: int):
    """A positive definite block-pentadiagonal system with diagonal couplings: flat input, dense matrix, rhs."""
    rng = np.random.default_rng(seed)
    width = block_width(size)
    blocks = np.zeros((frames + 2, size, 3 * width))
    dense = np.zeros((frames * size, frames * size))
    rhs = rng.normal(size=(frames, size))
    for t in range(frames):
        root = rng.normal(size=(size, size)) / np.sqrt(size)
        own = root @ root.T + 8 * np.eye(size)
        blocks[t, :, :size] = np.triu(own)
        blocks[t, :, size] = rhs[t]
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
    factorise(flat, size, width, frames)
    substitute_back(flat, size, width, frames, x)
    np.testing.assert_allclose(x.ravel(), np.linalg.solve(dense, rhs), atol=1e-12, rtol=1e-10)


@pytest.mark.parametrize("size", [6, 25, 35, 55])
def test_rows_are_whole_aligned_vectors(size: int) -> None:
    width = block_width(size)
    assert width % 8 == 0
    assert width >= size + 2
    assert aligned_zeros(3 * width).ctypes.data % 64 == 0
