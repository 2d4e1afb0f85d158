"""The few scores that people look at first, as short texts; the full report holds all of them."""

from __future__ import annotations

from typing import Final

from retarget.evaluation.measures.registry import COLUMNS, MEASURES, Values

__all__ = ["AMONG_THINGS", "headline", "key_measures", "score_cells", "things_line", "why_empty"]

AMONG_THINGS: Final = ("hand_gap_mean", "hands_kept_share", "hand_slide_mean", "scene_depth_max")
"""Measures that people look at first where there are things around the robot."""


def score_cells(report: Values) -> list[str]:
    """A report's scores, in the order of `retarget.evaluation.COLUMNS`; a dash where there was nothing to measure."""
    return [column.cell(report) for column in COLUMNS]


def why_empty(report: Values) -> str:
    """Why the columns of stance have no value, empty where they have."""
    if report["toe_slide_mean"] is not None:
        return ""
    return "no foot of the human stands in this clip, so there is no slide or lift of stance to measure"


def headline(report: Values) -> str:
    """One line with the scores that matter most, for under a picture's title."""
    cells = {column.head: column.cell(report) for column in COLUMNS}
    return (
        f"limb direction error {cells['limb']}° (mean / p95)  ·  "
        f"stance slide {cells['slide']} mm/s  ·  deepest sole {cells['deepest']} mm  ·  "
        f"jerk {cells['jerk']} rad/s³  ·  self-collision {cells['collides']} %"
    )


def things_line(report: Values) -> str:
    """One line on how a robot meets things; empty where there are none around it."""
    gap, kept, slide, depth = ((MEASURES[name], report[name]) for name in AMONG_THINGS)
    if depth[1] is None:
        return ""
    deep = f"deepest in a thing {depth[0].text(depth[1])}"
    if gap[1] is None:
        return f"the human's hands touch no thing  ·  {deep}"
    return (
        f"hands {gap[0].text(gap[1])} off things on average, kept on them {kept[0].text(kept[1])} of the time, sliding "
        f"{slide[0].text(slide[1])}  ·  {deep}"
    )


def key_measures(report: Values) -> dict[str, float | None]:
    """The measures of `retarget.evaluation.COLUMNS` by name, in the report's units."""
    return {name: report[name] for column in COLUMNS for name in column.measures}
