"""Evaluation: what a retargeted motion is worth, in SI units and stated definitions."""

from __future__ import annotations

from retarget.evaluation.evaluate import evaluate
from retarget.evaluation.frames.physics import Forces, contact_forces
from retarget.evaluation.gates import Gate, GateResult, Gates, profile_names
from retarget.evaluation.measures import DEFINITIONS, Definition, Measure
from retarget.evaluation.report import ClipReport, Summary, Unjudged, summarise

__all__ = [
    "DEFINITIONS",
    "ClipReport",
    "Definition",
    "Forces",
    "Gate",
    "GateResult",
    "Gates",
    "Measure",
    "Summary",
    "Unjudged",
    "contact_forces",
    "evaluate",
    "profile_names",
    "summarise",
]
