"""Systems of five diagonals are solved as dense linear algebra solves them."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import callable_kernel
from retarget.solver.linear import pentadiagonal
from retarget.solver.linear.pentadiagonal import Diagonals

add_three = callable_kernel(pentadiagonal.add_three)
factorise = callable_kernel(pentadiagonal.factorise_diagonals)
substitute = callable_kernel(pentadiagonal.substitute_diagonals)


def dense(matrix: Diagonals) -> np.ndarray:
    frames = len(matrix.main)
    full = np.diag(matrix.main)
    for apart, couplings in ((1, matrix.first), (2, matrix.second)):
        for t in range(frames - apart):
            full[t, t + apart] = full[t + apart, t] = couplings[t]
    return full


def least_squares(frames: int, seed: int) -> tuple[Diagonals, np.ndarray]:
    """Numbers and weighted combinations of three neighbours, all squared: the diagonals, and J^T J."""
    rng = np.random.default_rng(seed)
    weights = np.exp(rng.uniform(-3, 8, frames))  # as a flight's are beside a stance's
    rows = rng.normal(size=(frames, 3))
    matrix = Diagonals(rng.uniform(0.5, 1.5, frames), np.zeros(frames), np.zeros(frames))
    full = np.diag(matrix.main.copy())
    for t in range(1, frames - 1):
        add_three(matrix, t, *rows[t], weights[t])
        full[t - 1 : t + 2, t - 1 : t + 2] += weights[t] * np.outer(rows[t], rows[t])
    return matrix, full


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.integers(1, 4), st.integers(0, 10_000))
def test_the_solution_is_that_of_the_dense_system(frames: int, sides: int, seed: int) -> None:
    matrix, full = least_squares(frames, seed)
    np.testing.assert_allclose(dense(matrix), full, rtol=1e-12, atol=1e-12)
    x = np.random.default_rng(seed + 1).normal(size=(frames, sides))
    expected = np.linalg.solve(full, x)
    factorise(matrix)
    substitute(matrix, x)
    np.testing.assert_allclose(x, expected, rtol=1e-6, atol=1e-9 * np.abs(expected).max())


def test_factors_are_those_of_the_matrix() -> None:
    matrix, full = least_squares(12, 3)
    factorise(matrix)
    lower = np.eye(12)
    for apart, column in ((1, matrix.first), (2, matrix.second)):
        for t in range(12 - apart):
            lower[t + apart, t] = column[t]
    np.testing.assert_allclose(lower @ np.diag(matrix.main) @ lower.T, full, rtol=1e-9, atol=1e-9)
