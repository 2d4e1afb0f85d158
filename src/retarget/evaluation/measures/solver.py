"""Measures of what the solver itself could not keep."""

from __future__ import annotations

from retarget.evaluation.measures.measure import Measure, Series

__all__ = ["MEASURES", "SERIES"]

_OURS = "none of motions that no solver of ours has made"


def _measure(
    name: str, unit: str, title: str, definition: str, series: str, shown: str = ""
) -> Measure:
    return Measure(
        name=name,
        unit=unit,
        title=title,
        definition=f"{definition}; {_OURS}",
        group="solver",
        over_clips="max" if name.endswith("_max") else "mean",
        series=series,
        shown=shown,
    )


MEASURES: tuple[Measure, ...] = (
    _measure(
        "anchor_miss_p95",
        "m",
        "Held points off their places, p95",
        "95th percentile over frames of how far the held point is off its place, along the ground, that is farthest",
        "anchor_miss",
    ),
    _measure(
        "anchor_miss_max",
        "m",
        "Held points off their places, farthest",
        "largest of the same",
        "anchor_miss",
    ),
    _measure(
        "yielded_share",
        "1",
        "Time in which a hold gives way",
        "share of frames in which a point that rests on the ground could not be held where it rests",
        "yielded",
    ),
    _measure(
        "yielded_max",
        "m",
        "Farthest that a hold gives way",
        "farthest that such a point is off its place meanwhile, along the ground or above it",
        "yielded",
    ),
    _measure(
        "cost_p95",
        "1",
        "Cost of frames, p95",
        "95th percentile of the cost of each frame before its last step",
        "cost",
        shown="1",
    ),
)

SERIES: tuple[Series, ...] = (
    Series("anchor_miss", "m", "held points off their places", "the farthest of them"),
    Series("yielded", "1", "holds that give way", "1 where one does"),
    Series("cost", "1", "cost of the frame", "before its last step"),
)
