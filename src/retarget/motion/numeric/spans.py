"""Spans of frames: runs in which something holds, found in one pass and averaged without a loop over them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64, Int64, Shaped

from retarget.compiled.jit import jit

__all__ = ["Spans", "runs", "spans"]

_NEVER = np.zeros(0, bool)


class Spans(NamedTuple):
    """Spans of frames, in order.

    Attributes:
        first: First frames.
        last: The frames after their last ones.

    Example:
        >>> held = spans(np.array([True, True, False, True]))
        >>> held.means(np.array([1.0, 3.0, 7.0, 5.0])).tolist()
        [2.0, 5.0]
    """

    first: Int64[np.ndarray, "N"]
    last: Int64[np.ndarray, "N"]

    def means(self, values: Shaped[np.ndarray, "T *n"]) -> Float64[np.ndarray, "N *n"]:
        """Mean of a value over each span."""
        sums = np.zeros((len(values) + 1, *values.shape[1:]))
        np.cumsum(values, axis=0, out=sums[1:])
        lengths = (self.last - self.first).reshape(-1, *[1] * (values.ndim - 1))
        return np.asarray((sums[self.last] - sums[self.first]) / lengths)

    def medians(self, values: Float64[np.ndarray, "T n"]) -> Float64[np.ndarray, "N n"]:
        """Median of each value over each span."""
        lengths = self.last - self.first
        begins = np.cumsum(lengths) - lengths  # among the frames of all spans
        frames = np.arange(lengths.sum()) + self.by_frame(self.first - begins)
        owners = self.by_frame(np.arange(len(lengths)))
        out = np.empty((len(lengths), values.shape[1]))
        for column, value in enumerate(values[frames].T):
            ordered = value[np.lexsort((value, owners))]
            middle = ordered[begins + (lengths - 1) // 2] + ordered[begins + lengths // 2]
            out[:, column] = middle / 2
        return out

    def lasting(self, frames: float) -> Spans:
        """Those of at least some frames."""
        long = self.last - self.first >= frames
        return Spans(self.first[long], self.last[long])

    def by_frame(self, values: Shaped[np.ndarray, "N *n"]) -> Shaped[np.ndarray, "F *n"]:
        """A value of each span for each of its frames, span after span."""
        return np.repeat(values, self.last - self.first, axis=0)


def spans(mask: Bool[np.ndarray, "T"], begins: Bool[np.ndarray, "T"] | None = None) -> Spans:
    """Runs of True; a new one begins where ``begins`` says so too."""
    inside = np.ascontiguousarray(mask, bool)
    cuts = _NEVER if begins is None else np.ascontiguousarray(begins, bool)
    edges = np.empty((2, len(inside)), np.int64)
    count = _find(inside, cuts, edges)
    first, last = edges[:, :count].copy()
    return Spans(first, last)


@jit()
def _find(
    mask: Bool[np.ndarray, "T"], begins: Bool[np.ndarray, "_"], edges: Int64[np.ndarray, "2 T"]
) -> int:
    """Fill first frames and the frames after the last ones of all spans; returns how many there are."""
    count = 0
    inside = False
    for t in range(mask.shape[0]):
        if inside and (not mask[t] or (begins.shape[0] > 0 and begins[t])):
            edges[1, count] = t
            count += 1
            inside = False
        if mask[t] and not inside:
            edges[0, count] = t
            inside = True
    if inside:
        edges[1, count] = mask.shape[0]
        count += 1
    return count


def runs(mask: Bool[np.ndarray, "T"]) -> list[tuple[int, int]]:
    """First frame of each run of True, and the frame after its last."""
    first, last = spans(mask)
    return list(zip(first.tolist(), last.tolist(), strict=True))
