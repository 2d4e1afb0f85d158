"""Measures of the robot's bodies in each other, and in the floor."""

from __future__ import annotations

from retarget.evaluation.measures.measure import Measure, Series
from retarget.evaluation.thresholds import COLLISION_DEPTH

__all__ = ["MEASURES", "SERIES"]

MEASURES: tuple[Measure, ...] = (
    Measure(
        name="self_collision_share",
        unit="1",
        title="Time in self-collision",
        definition=f"share of frames with two collision capsules over {COLLISION_DEPTH * 1000:.0f} mm deep in "
        "each other",
        group="collision",
        aliases=("NMR self-collision frame share", "GMR self-intersection"),
        series="self_overlap",
    ),
    Measure(
        name="self_collision_max",
        unit="m",
        title="Deepest self-collision",
        definition="deepest overlap of two collision capsules",
        group="collision",
        over_clips="max",
        series="self_overlap",
    ),
    Measure(
        name="body_penetration_max",
        unit="m",
        title="Deepest body in the floor",
        definition="deepest point of any other collision capsule below the floor",
        group="collision",
        over_clips="max",
        series="body_depth",
    ),
)

SERIES: tuple[Series, ...] = (
    Series(
        "self_overlap",
        "m",
        "self-collision",
        "deepest overlap of two collision capsules",
        COLLISION_DEPTH,
    ),
    Series(
        "body_depth",
        "m",
        "body in the floor",
        "depth of the lowest point of all capsules but the feet's below the floor",
    ),
)
