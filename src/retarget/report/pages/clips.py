"""A clip as a report tells of it: what became of it and why, its measures, and where it came from."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from retarget.batch import BatchRunRecord
from retarget.evaluation import MEASURES, ClipReport, GateResult, Gates, MeasuredValue
from retarget.evaluation.gates import DEFAULT_PROFILE, measure_behind
from retarget.wording import shortened

__all__ = ["FATES", "Clip", "Fate", "clip_of"]

_NUMBER: Final = re.compile(r"(?<![\w.])-?\d+(\.\d+)?([eE][-+]?\d+)?\b")
_QUOTED: Final = re.compile(r"(?<!\w)'[^']*'(?!\w)|\"[^\"]*\"")  # and no apostrophes
_LONGEST_CAUSE: Final = 100  # characters
_MOST_EXCESS: Final = 1e6  # limits of 0 are exceeded infinitely, which nothing can be sorted by


class Fate(StrEnum):
    """What became of a clip, best first."""

    FIT = "fit"
    CLOSE = "close"
    UNFIT = "unfit"
    UNJUDGED = "unjudged"
    FAILED = "failed"


FATES: Final[Mapping[Fate, tuple[str, str]]] = MappingProxyType(
    {
        Fate.FIT: ("fit", "all gates passed"),
        Fate.CLOSE: ("fit, close", "all gates passed, one of them only just"),
        Fate.UNFIT: ("not fit", "a gate missed"),
        Fate.UNJUDGED: ("not judged", "has a result, of which nobody knows what it is worth"),
        Fate.FAILED: ("no result", "could not be read or retargeted"),
    }
)
"""Short name and meaning of each fate."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip of a batch.

    Attributes:
        name: The job's id.
        fate: What became of it.
        causes: Gates that it misses, or is close to missing, or the kind of error; what is counted and filtered by.
        reasons: The same in words, a sentence for each.
        measures: Values by name, in the registry's units; None where there is nothing to measure.
        worst_s: Seconds at which it is worst, by gate.
        limits: Limits of the gates that it misses.
        excess: How many times its limit the worst gate is; at most a million.
        motion: The file that it was made from.
        output: Its result.
        log: The log of a failure, relative to the manifest's folder; empty without one.
        robot: Name of the robot.
        frames: How many frames the result has.
        fps: Frames per second.
        seconds: What it took, by stage.
        diagnoses: Where the robot could not follow, in words.
        diagnoses_count: How many there are; records hold the first few.
        doubts: What was guessed about the recording: name, weight from 0 to 1, reason.
        notes: What else was said for people.
        told: Hashes, format, rig and version, by name.

    Example:
        >>> clip_of(record, None, None).fate  # doctest: +SKIP
        <Fate.FIT: 'fit'>
    """

    name: str
    fate: Fate
    motion: Path
    output: Path
    causes: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    measures: Mapping[str, float | None] = field(default_factory=dict)
    worst_s: Mapping[str, float] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    excess: float = 0.0
    log: str = ""
    robot: str = ""
    frames: int = 0
    fps: float = 0.0
    seconds: Mapping[str, float] = field(default_factory=dict)
    diagnoses: tuple[str, ...] = ()
    diagnoses_count: int = 0
    doubts: tuple[tuple[str, float, str], ...] = ()
    notes: tuple[str, ...] = ()
    told: Mapping[str, str] = field(default_factory=dict)

    @property
    def duration_s(self) -> float:
        """Length in seconds; 0 without a result."""
        return self.frames / self.fps if self.fps > 0 else 0.0

    @property
    def fits(self) -> bool:
        """Whether it passes all gates."""
        return self.fate in {Fate.FIT, Fate.CLOSE}


def clip_of(record: BatchRunRecord, report: ClipReport | None, gates: Gates | None) -> Clip:
    """What a record, and the report of its evaluation if there is one, say of a clip.

    Args:
        record: The batch's.
        report: The evaluation's; what the record itself holds counts where there is none.
        gates: Judge by these; without them by what the report, or else the record, says of its own gates.
    """
    told = record.provenance
    common: dict[str, Any] = {
        "name": record.job_id,
        "motion": record.motion,
        "output": record.output_file,
        "log": _text(record.batch_notes.get("log")),
    }
    if record.status == "failed":
        kind = record.error_type or "error"
        reason = " ".join(record.message.split()).removeprefix(f"{record.motion}: ") or kind
        return Clip(**common, fate=Fate.FAILED, causes=(_failure(kind, record),), reasons=(reason,))
    measures = _measures(told, report)
    verdict = _judged(told, report, gates, measures)
    diagnoses = (
        tuple(one.text for one in report.diagnostics) if report else _texts(told.get("diagnostics"))
    )
    return Clip(
        **common,
        **verdict,
        measures=measures,
        robot=_text(told.get("robot")) or (report.robot if report else ""),
        frames=report.frames if report else int(_number(told.get("frames"))),
        fps=report.fps if report else _number(told.get("fps")),
        seconds=_numbers(told.get("seconds")),
        diagnoses=diagnoses,
        diagnoses_count=max(len(diagnoses), int(_number(told.get("diagnostics_count")))),
        doubts=_doubts(told, report),
        notes=_texts(told.get("notes")),
        told={
            key: _text(told[key])
            for key in (
                *("motion_sha256", "output_sha256", "robot_sha256"),
                *("motion_format", "rig", "version"),
            )
            if told.get(key)
        },
    )


def _failure(kind: str, record: BatchRunRecord) -> str:
    """A failure without what is of this clip alone, so that others like it count with it."""
    said = " ".join(record.message.split())
    for path in (record.motion, record.output, record.output_file):
        said = said.replace(str(path), "")
    said = re.sub(_QUOTED, "...", said.strip(" :"))
    said = re.sub(_NUMBER, "\N{HORIZONTAL ELLIPSIS}", said.partition(";")[0])
    return f"{kind}: {shortened(said, _LONGEST_CAUSE)}" if said else kind


def _measures(told: Mapping[str, Any], report: ClipReport | None) -> dict[str, float | None]:
    if report is not None:
        return {name: measure.value for name, measure in report.measures.items()}
    said = told.get("quality")
    if not isinstance(said, Mapping):
        return {}
    return {
        str(name): float(value) if isinstance(value, int | float) else None
        for name, value in said.items()
        if name in MEASURES
    }


def _judged(
    told: Mapping[str, Any],
    report: ClipReport | None,
    gates: Gates | None,
    measures: Mapping[str, float | None],
) -> dict[str, Any]:
    """Fate, causes, reasons, worst seconds and excess."""
    known = _recorded(told) if report is None else list(report.gates)
    if gates is None and report is not None and not known:
        gates = Gates.named(
            DEFAULT_PROFILE
        )  # nobody asked for gates then, and no gate is no verdict
    if gates is None:
        return _by_results(known) if known is not None else _by_names(told)
    lacking = [gate for gate in gates.gates if measure_behind(gate).name not in measures]
    if lacking:
        return _unjudged(f"its record lacks {lacking[0]}, which the gates ask for; evaluate it")
    seconds = {one.measure: one.at_s for one in known or () if one.at_s is not None}
    values = {
        name: MeasuredValue.of(MEASURES[name], value)
        for name, value in measures.items()
        if name in MEASURES
    }
    return _by_results(
        [
            one.model_copy(update={"at_s": None if _is_well(one) else seconds.get(one.measure)})
            for one in gates.check(values)
        ]
    )


def _is_well(result: GateResult) -> bool:
    return result.passed and not result.warned


def _recorded(told: Mapping[str, Any]) -> list[GateResult] | None:
    """Gates that a record says were missed, or nearly; None where it says nothing."""
    said, failed = told.get("gates"), told.get("failed_gates")
    if not isinstance(failed, list) or not isinstance(said, list):
        return None
    return [GateResult.model_validate(one) for one in said]


def _by_results(results: list[GateResult]) -> dict[str, Any]:
    failed = [one for one in results if not one.passed]
    told = failed or [one for one in results if one.warned]
    told = sorted(told, key=lambda one: -_excess(one))
    fate = Fate.UNFIT if failed else Fate.CLOSE if told else Fate.FIT
    return {
        "fate": fate,
        "causes": tuple(one.measure for one in told),
        "reasons": tuple(one.text for one in told),
        "worst_s": {one.measure: one.at_s for one in told if one.at_s is not None},
        "limits": {one.measure: one.limit for one in failed},
        "excess": max(map(_excess, told), default=0.0),
    }


def _by_names(told: Mapping[str, Any]) -> dict[str, Any]:
    """The verdict of a record that names the gates missed, without their values."""
    failed, verdict = told.get("failed_gates"), _text(told.get("verdict"))
    if not isinstance(failed, list):
        return _unjudged("its record holds no verdict")
    said = verdict.partition(": ")[2].split("; ")
    return {
        "fate": Fate.UNFIT if failed else Fate.FIT,
        "causes": _texts(failed),
        "reasons": tuple(said) if len(said) == len(failed) else (verdict,) * len(failed),
        "excess": float(bool(failed)),
    }


def _excess(result: GateResult) -> float:
    """How many times over a limit a value is, of what warns too."""
    return min(result.model_copy(update={"passed": False}).excess, _MOST_EXCESS)


def _unjudged(why: str) -> dict[str, Any]:
    return {"fate": Fate.UNJUDGED, "causes": ("not judged",), "reasons": (why,)}


def _doubts(
    told: Mapping[str, Any], report: ClipReport | None
) -> tuple[tuple[str, float, str], ...]:
    if report is not None:
        return tuple((doubt.name, doubt.weight, doubt.reason) for doubt in report.doubts)
    said = told.get("doubts")
    return tuple(
        (_text(one.get("name")), _number(one.get("weight")), _text(one.get("reason")))
        for one in (said if isinstance(said, list) else ())
        if isinstance(one, Mapping)
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(_text, value)) if isinstance(value, list) else ()


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0


def _numbers(value: Any) -> dict[str, float]:
    if not isinstance(value, Mapping):
        return {}
    return {str(key): _number(one) for key, one in value.items()}
