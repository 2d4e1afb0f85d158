"""What measures are called and how their values are shown, from the registry of measures."""

from __future__ import annotations

from dataclasses import dataclass

from retarget.evaluation.measures import DEFINITIONS
from retarget.report.pages.clips import measure_behind

__all__ = ["Meaning", "meaning_of"]

_SHOWN = {"1": "", "m": "mm"}


@dataclass(frozen=True, slots=True)
class Meaning:
    """A measure as people see it."""

    name: str
    title: str
    unit: str
    definition: str
    factor: float = 1.0
    digits: int = 3

    def text(self, value: float | None) -> str:
        """A value with its unit; a dash where there is none."""
        if value is None:
            return "-"
        return f"{value * self.factor:.4g} {self.unit}".strip()


def meaning_of(name: str) -> Meaning:
    """What a measure, or the measure behind a gate, is."""
    known = DEFINITIONS[measure_behind(name)]
    unit = _SHOWN.get(known.unit, known.unit)
    factor = 1e3 if unit == "mm" else 1.0
    return Meaning(measure_behind(name), name.replace("_", " "), unit, known.definition, factor)
