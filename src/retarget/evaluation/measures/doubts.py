"""Measures of what was guessed about the recording."""

from __future__ import annotations

from retarget.evaluation.measures.measure import Measure, Series

__all__ = ["MEASURES", "SERIES"]

MEASURES: tuple[Measure, ...] = (
    Measure(
        name="doubt",
        unit="1",
        title="Doubt about the recording",
        definition="how probable it is that something about the recording was misunderstood: 1 less the product over "
        "its doubts of 1 less each one's weight",
        group="doubts",
        shown="1",
    ),
)
SERIES: tuple[Series, ...] = ()
