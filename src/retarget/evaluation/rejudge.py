"""A report judged by other gates, from what was measured: nothing of the motion is looked at again."""

from __future__ import annotations

from retarget.evaluation.gates import Gates
from retarget.evaluation.measures.measure import MeasuredValue
from retarget.evaluation.measures.registry import MEASURES
from retarget.evaluation.report import ClipReport

__all__ = ["rejudged"]


class _SecondUnknownError(Exception):
    """The second at which a measure is worst was not looked for."""


def rejudged(report: ClipReport, gates: Gates) -> ClipReport | None:
    """The same report with the verdict of other gates; None where the motion must be looked at again.

    It must be where the report has measures of other definitions than today's, or where one is over a limit now that
    was within all limits before: at which second it is worst was not looked for then.

    Args:
        report: As it was made with any gates.
        gates: To pass.
    """
    if not _of_today(report):
        return None
    seconds = {gate.measure: gate.at_s for gate in report.gates}
    seconds = {gate: at_s for gate, at_s in seconds.items() if at_s is not None}

    def worst(name: str) -> float | None:
        if not MEASURES[name].series:
            return None
        if name not in seconds:
            raise _SecondUnknownError
        return seconds[name]

    try:
        found = gates.check(report.measures, worst)
    except _SecondUnknownError:
        return None
    return report.model_copy(update={"gates": found})


def _of_today(report: ClipReport) -> bool:
    """Whether a report's measures are those that would be made now, by name, unit and definition."""
    return report.measures.keys() == MEASURES.keys() and all(
        value == MeasuredValue.of(MEASURES[name], value.value)
        for name, value in report.measures.items()
    )
