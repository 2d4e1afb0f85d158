"""The few scores that people look at first, as short texts; the full report holds all of them."""

from __future__ import annotations

from retarget.evaluation.measures.registry import COLUMNS, Values

__all__ = ["headline", "key_measures", "score_cells", "why_empty"]


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


def key_measures(report: Values) -> dict[str, float | None]:
    """The measures of `retarget.evaluation.COLUMNS` by name, in the report's units."""
    return {name: report[name] for column in COLUMNS for name in column.measures}
