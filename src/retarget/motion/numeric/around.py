"""Means over the frames around each one."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64

__all__ = ["mean_around"]


def mean_around(
    values: Float64[np.ndarray, "T K"], counted: Bool[np.ndarray, "T K"], reach: int
) -> Float64[np.ndarray, "T K"]:
    """Mean of the counted values at most ``reach`` frames away; 0 where there are none.

    Example:
        >>> mean_around(np.array([[0.0], [3.0], [6.0]]), np.ones((3, 1), bool), 1)[:, 0].tolist()
        [1.5, 3.0, 4.5]
    """
    totals, counts = (
        np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(array, axis=0)])
        for array in (values * counted, counted.astype(np.float64))
    )
    frames = np.arange(len(values))
    first, last = np.maximum(frames - reach, 0), np.minimum(frames + reach + 1, len(values))
    count = counts[last] - counts[first]
    return np.asarray((totals[last] - totals[first]) / np.maximum(count, 1.0))
