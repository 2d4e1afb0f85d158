"""Quantiles in kernels: of values that are put in another order to find them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from retarget.compiled.jit import jit

__all__ = ["median", "median_of", "quantile", "quantile_of", "row_medians"]


def median_of(values: Float64[np.ndarray, "*n"]) -> float:
    """Median of some values, one at least; many times sooner than NumPy's where they are few."""
    return float(_median(values.flatten()))


def quantile_of(values: Float64[np.ndarray, "*n"], share: float) -> float:
    """Value below which a share of some values lies, one at least; as NumPy has it, and much sooner for few."""
    return float(_quantile(values.flatten(), share))


def row_medians(values: Float64[np.ndarray, "R N"]) -> Float64[np.ndarray, "R"]:
    """Median of each row; rows must not be empty."""
    out = np.empty(len(values))
    _row_medians(np.array(values, np.float64, order="C"), out)
    return out


@jit()
def _quantile(values: Float64[np.ndarray, "N"], share: float) -> float:
    return quantile(values, values.shape[0], share)


@jit()
def _row_medians(values: Float64[np.ndarray, "R N"], out: Float64[np.ndarray, "R"]) -> None:
    for row in range(values.shape[0]):
        out[row] = median(values[row], values.shape[1])


@jit()
def _median(values: Float64[np.ndarray, "N"]) -> float:
    return median(values, values.shape[0])


@jit(inner=True)
def median(values: Float64[np.ndarray, "N"], count: int) -> float:
    """Median of the first ``count`` values, of which there is one at least; they are reordered."""
    upper: float = _smallest(values, count, count // 2)
    if count % 2:
        return upper
    lower: float = values[0]
    for i in range(1, count // 2):
        lower = max(lower, values[i])
    return (lower + upper) / 2


@jit(inner=True)
def quantile(values: Float64[np.ndarray, "N"], count: int, share: float) -> float:
    """Value below which a share of the first ``count`` values lies, between two as NumPy has it; they are reordered."""
    place = share * (count - 1)
    index = int(place)
    lower: float = _smallest(values, count, index)
    part = place - index
    if index + 1 >= count:
        return lower
    upper: float = values[index + 1]
    for i in range(index + 2, count):
        upper = min(upper, values[i])
    return lower + (upper - lower) * part


@jit(inner=True)
def _smallest(values: Float64[np.ndarray, "N"], count: int, index: int) -> float:
    """The value that would be at an index if they were sorted, put there: none before is larger, none after smaller."""
    first, last = 0, count - 1
    while first < last:
        pivot = values[(first + last) // 2]
        i, j = first, last
        while i <= j:
            while values[i] < pivot:
                i += 1
            while pivot < values[j]:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if index <= j:
            last = j
        elif index >= i:
            first = i
        else:
            break
    found: float = values[index]
    return found
