"""What is worst in a second of a clip: a fault of a moment, which means over a long clip hide."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from retarget.evaluation.look import Look
from retarget.evaluation.measures.registry import MEASURES, SERIES
from retarget.evaluation.series import Frames, Makers
from retarget.evaluation.thresholds import WORST_SPAN

__all__ = ["measure_moments"]

_SHARES: Final = frozenset({"sole_lifted_second", "floating_second", "self_collision_second"})
_NAMES: Final = (
    *("limb_error_second", "trunk_lean_error_second", "toe_slide_second", "sole_lifted_second"),
    *("floating_second", "force_left_second", "self_collision_second", "jerk_second"),
)
_LEVELS: Final[Mapping[str, float]] = MappingProxyType(
    {name: SERIES[MEASURES[name].series].level or 0.0 for name in _SHARES}
)


def measure_moments(seen: Look, series: Makers) -> dict[str, float | None]:
    """Means over the worst second; see `retarget.evaluation.MEASURES`. Clips that are shorter have none."""
    span = round(WORST_SPAN * seen.result.fps)
    found: dict[str, float | None] = dict.fromkeys(_NAMES)
    if not 0 < span <= len(seen.result):
        return found
    for name in _NAMES:
        measure = MEASURES[name]
        if measure.series not in series:
            continue
        if measure.group == "physics" and seen.may_be_pushed:
            continue
        values = series[measure.series]()
        if name in _SHARES:
            values = np.asarray(values > _LEVELS[name], np.float64)  # NaN is over nothing
        found[name] = _largest_mean(values, span)
    return found


def _largest_mean(values: Frames, span: int) -> float | None:
    """The largest mean of so many frames on end; none where all say nothing."""
    known = np.isfinite(values)
    if not known.any():
        return None
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    return max(float((sums[span:] - sums[:-span]).max()) / span, 0.0)
