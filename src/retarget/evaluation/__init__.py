"""Evaluation: what a retargeted motion is worth, in SI units and stated definitions."""

from __future__ import annotations

from retarget.evaluation.evaluate import evaluate_result, frame_series
from retarget.evaluation.frames.physics import Forces, contact_forces
from retarget.evaluation.gates import Gate, GateResult, Gates, profile_names
from retarget.evaluation.measures.measure import GROUPS, Measure, MeasuredValue, Series
from retarget.evaluation.measures.registry import (
    COLUMNS,
    MEASURES,
    SERIES,
    Column,
    measures_of_group,
)
from retarget.evaluation.report import ClipReport, Summary, Unjudged, summarise

__all__ = [
    "COLUMNS",
    "GROUPS",
    "MEASURES",
    "SERIES",
    "ClipReport",
    "Column",
    "Forces",
    "Gate",
    "GateResult",
    "Gates",
    "Measure",
    "MeasuredValue",
    "Series",
    "Summary",
    "Unjudged",
    "contact_forces",
    "evaluate_result",
    "frame_series",
    "measures_of_group",
    "profile_names",
    "summarise",
]
