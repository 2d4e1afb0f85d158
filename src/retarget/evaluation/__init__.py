"""Evaluation: what a retargeted motion is worth, in SI units and stated definitions."""

from __future__ import annotations

from retarget.evaluation.evaluate import evaluate
from retarget.evaluation.frames.physics import Forces, contact_forces
from retarget.evaluation.gates import GateResult, Gates
from retarget.evaluation.measures import DEFINITIONS, Definition, Measure
from retarget.evaluation.report import ClipReport, Summary, Unjudged, summarise

__all__ = [
    "DEFINITIONS",
    "ClipReport",
    "Definition",
    "Forces",
    "GateResult",
    "Gates",
    "Measure",
    "Summary",
    "Unjudged",
    "contact_forces",
    "evaluate",
    "summarise",
]
