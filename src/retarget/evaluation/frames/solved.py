"""What the solver says of itself: held points off their places, and holds that gave way."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from retarget.evaluation.frames.statistics import percentile_of
from retarget.result import RetargetingResult

__all__ = ["anchor_misses", "measure_solved", "yields"]


def measure_solved(result: RetargetingResult) -> dict[str, float | None]:
    """Measures of the solver; see `retarget.evaluation.MEASURES`. Motions of other tools have none."""
    misses = anchor_misses(result)
    if misses is None:
        return dict.fromkeys(
            ("anchor_miss_p95", "anchor_miss_max", "yielded_share", "yielded_max", "cost_p95")
        )
    return {
        "anchor_miss_p95": percentile_of(misses),
        "anchor_miss_max": float(misses.max(initial=0.0)),
        "yielded_share": float(yields(result).mean()),
        "yielded_max": max((hold.distance for hold in result.yielded), default=0.0),
        "cost_p95": percentile_of(result.frame_cost),
    }


def anchor_misses(result: RetargetingResult) -> Float64[np.ndarray, "T"] | None:
    """How far the held point is off its place that is farthest, metres; None of what no solver of ours has made."""
    values = result.residuals.get("anchor_m")
    return None if values is None else values.astype(np.float64)


def yields(result: RetargetingResult) -> Float64[np.ndarray, "T"]:
    """1 in frames in which a hold has given way."""
    found = np.zeros(len(result))
    for hold in result.yielded:
        found[round(hold.start_s * result.fps) : max(round(hold.end_s * result.fps), 0)] = 1.0
    return found
