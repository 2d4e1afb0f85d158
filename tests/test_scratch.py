"""Room on a kernel's stack: like NumPy's zeros, for as long as the kernel runs."""

import numpy as np
import pytest
from numba.core.errors import TypingError

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch


@jit(inner=True)
def _filled(width: int, value: float) -> float:
    room = scratch((3, width), np.float32)
    for i in range(3):
        for j in range(width):
            room[i, j] += value + 10 * i + j
    total = 0.0
    for i in range(3):
        for j in range(width):
            total += room[i, j]
    return total


@jit()
def _describe(width: int, out: np.ndarray) -> float:
    known = scratch((2, 3), np.float64)
    named = scratch((width,), np.bool_)
    plain = scratch(width, np.int64)
    out[0], out[1] = known.shape
    out[2], out[3] = known.strides
    out[4], out[5] = named.shape[0], named.itemsize
    out[6], out[7] = plain.size, plain.strides[0]
    for k in range(width):
        out[8] += plain[k] + named[k]
        plain[k] = -k
    known[1, 2] = 7.0
    return known[1, 2] + known.sum() + plain[width - 1]


@jit()
def _repeated(times: int, width: int) -> float:
    total = 0.0
    for _ in range(times):
        total = _filled(width, 1.0)
    return total


@jit()
def _side_by_side(width: int) -> bool:
    one, other = scratch(width, np.float64), scratch(width, np.float64)
    for k in range(width):
        one[k] = 1.0
    total = 0.0
    for k in range(width):
        total += other[k]
    return total == 0.0


@pytest.mark.parametrize("width", [1, 4, 33])
def test_it_has_the_shape_and_kind_asked_for_and_is_zero(width: int) -> None:
    out = np.zeros(9, np.int64)
    assert _describe(width, out) == 7.0 + 7.0 - (width - 1)
    assert out.tolist() == [2, 3, 24, 8, width, 1, width, 8, 0]


def test_two_do_not_overlap() -> None:
    assert _side_by_side(100)


def test_it_is_given_back_and_zero_again_each_time_a_kernel_is_called() -> None:
    expected = sum(1.0 + 10 * i + j for i in range(3) for j in range(500))
    assert _repeated(100_000, 500) == expected  # 600 MB, were it kept


def test_only_whole_numbers_are_lengths() -> None:
    @jit()
    def broken(width: float) -> float:
        return scratch(width, np.float64).sum()

    with pytest.raises(TypingError):
        broken(2.5)
