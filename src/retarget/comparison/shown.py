"""Which measures of a comparison people are shown: those by which clips pass, and those that tables begin with."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from retarget.comparison.models import Comparison, MeasureRow
from retarget.evaluation.measures.measure import GROUPS
from retarget.evaluation.measures.registry import COLUMNS, MEASURES, measures_of_group

__all__ = ["of_recording", "shown_rows", "telling"]


def shown_rows(comparison: Comparison, measures: Sequence[str] | None = None) -> list[MeasureRow]:
    """The rows of some measures.

    By default, group by group, those on which the comparison's profile has a gate and those of
    `retarget.evaluation.COLUMNS`, of which lower or higher is better, and that tell any two sides apart or from
    perfection: a row of zeros without a miss is left out. What is the recording's, and no tool's, is shown where
    somebody misses its gate.
    """
    if measures:
        return [comparison.row(name) for name in measures]
    gated = {row.measure for row in comparison.rows if row.misses is not None}
    return [
        row
        for row in map(comparison.row, telling(gated))
        if any(row.misses or ()) or (any(row.means) and not of_recording(row.measure))
    ]


def telling(gated: Collection[str]) -> list[str]:
    """Measures that tell how good a motion is, group by group: those with a gate, and those that tables begin with."""
    first = {name for column in COLUMNS for name in column.measures}
    return [
        measure.name
        for group in GROUPS
        for measure in measures_of_group(group)
        if (measure.name in first or measure.name in gated) and measure.better != "none"
    ]


def of_recording(name: str) -> bool:
    """Whether a measure is of the recording alone: whatever a tool makes of it has the same."""
    return name == "duration" or name.startswith("human_") or MEASURES[name].group in ("doubts",)
