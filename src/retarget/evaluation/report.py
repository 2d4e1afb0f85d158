"""Reports of clips and of whole sets, and the files they are written to."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from retarget.errors import FileFormatError, RetargetError
from retarget.evaluation.diagnostics import Diagnosis
from retarget.evaluation.gates import GateResult
from retarget.evaluation.measures.measure import Measure, MeasuredValue
from retarget.evaluation.measures.registry import MEASURES
from retarget.files import write_text
from retarget.motion.doubts import Doubt
from retarget.wording import counted

__all__ = ["ClipOutcome", "ClipReport", "Summary", "Unjudged", "summarise"]

SCHEMA_VERSION = 1
_MOST_EXCESS = 1e3  # times over a limit; limits of 0 are exceeded infinitely, which JSON cannot say


class _Report(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = SCHEMA_VERSION
    measures: dict[str, MeasuredValue]

    def __getitem__(self, name: str) -> float | None:
        """The value of a measure of `MEASURES`; none where the clip has nothing to measure it on."""
        return self.measures[name].value

    def number(self, name: str) -> float:
        """The value of a measure that has one.

        Raises:
            RetargetError: The clip has nothing to measure it on.
        """
        value = self.measures[name].value
        if value is None:
            raise RetargetError(f"{name} has no value: the clip has nothing to measure it on")
        return value

    def write(self, path: str | Path) -> None:
        """Write JSON atomically, each number with its unit and definition.

        Raises:
            OutputError: The file cannot be written.
        """
        write_text(path, self.model_dump_json(indent=2) + "\n")

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read what `write` wrote.

        Raises:
            FileFormatError: The file is missing or is no such report.
        """
        try:
            return cls.model_validate_json(Path(path).read_bytes())
        except OSError as error:
            raise FileFormatError(path, error.strerror or str(error), "evaluate again") from error
        except ValidationError as error:
            raise FileFormatError(path, f"not a {cls.__name__}", "evaluate again") from error


class ClipReport(_Report):
    """All measures of one clip.

    Example:
        >>> report = evaluate_result(result, robot)  # doctest: +SKIP
        >>> report["limb_error_mean"], report.passed  # doctest: +SKIP
        (1.5, True)
    """

    clip: str
    robot: str
    frames: int = Field(ge=0)
    fps: float = Field(gt=0, description="frames per second")
    duration_s: float = Field(ge=0, description="seconds")
    check_time_s: float = Field(ge=0, description="seconds that the evaluation took")
    gates: tuple[GateResult, ...] = ()
    basis: str = Field(
        default="",
        description="hash of all that the measures follow from, where a batch was judged",
    )
    notes: tuple[str, ...] = Field(
        default=(), description="what to know of how it was judged, where a batch was judged"
    )
    diagnostics: tuple[Diagnosis, ...] = Field(
        default=(), description="stretches that the robot could not follow"
    )

    doubts: tuple[Doubt, ...] = Field(
        default=(), description="what was guessed about the recording and may be wrong"
    )

    @property
    def passed(self) -> bool:
        """Whether all gates are passed."""
        return not self.failed_gates

    @property
    def failed_gates(self) -> tuple[GateResult, ...]:
        """The gates that are not passed."""
        return tuple(gate for gate in self.gates if not gate.passed)

    @property
    def verdict(self) -> str:
        """The same for people, in one line: which gates are missed, and by what."""
        failed = self.failed_gates
        if not failed and not self.gates:
            return "no gate was asked"
        if not failed:
            close = [gate.text for gate in self.gates if gate.warned]
            count = f"all {counted(len(self.gates), 'gate')}" if len(self.gates) > 1 else "its gate"
            return f"passes {count}" + "".join(f"; {text}" for text in close)
        count = counted(len(failed), "gate") if len(failed) > 1 else "a gate"
        return f"misses {count}: {'; '.join(gate.text for gate in failed)}"


class ClipOutcome(BaseModel):
    """One line of a summary.

    Attributes:
        clip: Its name.
        duration_s: Seconds.
        passed: Whether it passes all gates.
        failed_gates: Names of those that it does not pass.
        excess: How many times over its limit the worst of them is; 0 where all are passed, a thousand at most.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    clip: str
    duration_s: float
    passed: bool
    failed_gates: tuple[str, ...] = ()
    excess: float = 0.0

    @classmethod
    def of(cls, report: ClipReport) -> ClipOutcome:
        """The outcome of a report."""
        failed = report.failed_gates
        return cls(
            clip=report.clip,
            duration_s=report.duration_s,
            passed=not failed,
            failed_gates=tuple(gate.measure for gate in failed),
            excess=min(max((gate.excess for gate in failed), default=0.0), _MOST_EXCESS),
        )


class Unjudged(BaseModel):
    """A clip without measures: its result is damaged, or there is none.

    Attributes:
        clip: Its name.
        reason: Why, in one line.
        has_result: Whether there is a file that should be a result.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    clip: str
    reason: str
    has_result: bool = True


class Summary(_Report):
    """Measures of a set of clips: maxima over clips, means weighted by duration, jumps added up.

    Percentiles are weighted means of the clips' percentiles. ``worst`` names for each measure the clip with the
    worst value, which is the largest but of measures whose higher values are better; ``unjudged`` are clips that
    nothing could be measured of.

    Example:
        >>> summary = summarise(reports)  # doctest: +SKIP
        >>> summary.passed_share, summary.worst["jerk_mean"]  # doctest: +SKIP
        (0.95, 'dance.bvh')
    """

    clips: tuple[ClipOutcome, ...]
    duration_s: float
    worst: dict[str, str]
    unjudged: tuple[Unjudged, ...] = ()

    @property
    def passed_share(self) -> float:
        """Share of the clips that could be judged that pass all their gates."""
        return sum(clip.passed for clip in self.clips) / max(len(self.clips), 1)

    @property
    def missed_gates(self) -> dict[str, int]:
        """How many clips miss each gate, most missed first."""
        counts = Counter(gate for clip in self.clips for gate in clip.failed_gates)
        return dict(counts.most_common())


def summarise(reports: Iterable[ClipReport], unjudged: Iterable[Unjudged] = ()) -> Summary:
    """Summarise the reports of a set of clips, which are looked at one by one and not kept."""
    table = {name: _Column(measure) for name, measure in MEASURES.items()}
    outcomes = []
    for report in reports:
        outcomes.append(ClipOutcome.of(report))
        for name, column in table.items():
            column.add(report[name], report)
    return Summary(
        measures={
            name: MeasuredValue.of(MEASURES[name], column.value) for name, column in table.items()
        },
        clips=tuple(outcomes),
        duration_s=sum(outcome.duration_s for outcome in outcomes),
        worst={name: column.worst for name, column in table.items() if column.count},
        unjudged=tuple(unjudged),
    )


class _Column:
    """A measure over clips: its worst value, its sum and its mean weighted by duration."""

    def __init__(self, measure: Measure) -> None:
        self._measure = measure
        self.count = 0
        self.worst = ""
        self._worst = -math.inf
        self._sum = self._weighted = self._seconds = 0.0

    def add(self, value: float | None, report: ClipReport) -> None:
        if value is None:
            return
        self.count += 1
        self._sum += value
        self._weighted += value * report.duration_s
        self._seconds += report.duration_s
        if (worse := self._measure.worse(value)) > self._worst:
            self._worst, self.worst = worse, report.clip

    @property
    def value(self) -> float | None:
        if not self.count:
            return None
        if self._measure.over_clips == "max":
            return self._measure.worse(self._worst)
        if self._measure.over_clips == "sum":
            return self._sum
        return self._weighted / self._seconds if self._seconds else self._sum / self.count
