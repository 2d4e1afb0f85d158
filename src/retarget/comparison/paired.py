"""Paired differences over clips, with intervals by bootstrap."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.comparison.models import PairedRow

__all__ = ["paired_rows"]

_DRAWS: Final = 2000
_ENDS: Final = (2.5, 97.5)  # per cent
_TIE: Final = 1e-9  # of the larger value: rounding is no victory


def paired_rows(
    label: str,
    first: Float64[np.ndarray, "C M"],
    other: Float64[np.ndarray, "C M"],
    signs: Float64[np.ndarray, "M"],
    seed: int,
) -> list[PairedRow]:
    """Each measure of another side beside the first side's.

    Args:
        label: The other side.
        first: Values by clip and measure, NaN where there is none.
        other: Likewise.
        signs: 1 where lower is better, -1 where higher is, 0 where neither.
        seed: Of the bootstrap, which draws clips with replacement, for all measures alike.
    """
    differences = other - first
    known = ~np.isnan(differences)
    counts = known.sum(axis=0)
    low, high = _intervals(differences, known, seed)
    tie = np.abs(differences) <= _TIE * np.fmax(np.abs(first), np.abs(other))
    worse = np.where(known & ~tie, np.sign(differences) * signs, 0.0)
    sums = np.where(known, differences, 0.0).sum(axis=0)
    return [
        PairedRow(
            label=label,
            clips=int(counts[m]),
            difference=float(sums[m] / counts[m]) if counts[m] else None,
            low=float(low[m]) if counts[m] > 1 else None,
            high=float(high[m]) if counts[m] > 1 else None,
            wins=int((worse[:, m] < 0).sum()),
            losses=int((worse[:, m] > 0).sum()),
        )
        for m in range(differences.shape[1])
    ]


def _intervals(
    differences: Float64[np.ndarray, "C M"], known: Float64[np.ndarray, "C M"], seed: int
) -> tuple[Float64[np.ndarray, "M"], Float64[np.ndarray, "M"]]:
    """Percentiles of the mean over clips drawn with replacement."""
    clips = len(differences)
    if not clips:
        nothing = np.zeros(differences.shape[1])
        return nothing, nothing
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(clips, np.full(clips, 1.0 / clips), _DRAWS).astype(np.float64)
    drawn = weights @ known.astype(np.float64)
    means = (weights @ np.where(known, differences, 0.0)) / np.maximum(drawn, 1.0)
    means = np.where(drawn > 0, means, np.nan)
    empty = np.isnan(means).all(axis=0)
    means[:, empty] = 0.0
    ends = np.nanpercentile(means, _ENDS, axis=0)
    return ends[0], ends[1]
