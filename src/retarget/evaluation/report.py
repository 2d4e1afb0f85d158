"""Reports of clips and of whole sets, and the files they are written to."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from retarget.errors import FileFormatError
from retarget.evaluation.diagnostics import Diagnosis
from retarget.evaluation.gates import GateResult
from retarget.evaluation.measures import DEFINITIONS, Measure
from retarget.files import write_text
from retarget.motion.doubts import Doubt

__all__ = ["ClipReport", "Summary", "summarise"]

SCHEMA_VERSION = 1


class _Report(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = SCHEMA_VERSION
    measures: dict[str, Measure]

    def __getitem__(self, name: str) -> float | None:
        """The value of a measure of `DEFINITIONS`; none where the clip has nothing to measure it on."""
        return self.measures[name].value

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
        >>> report = evaluate(result, robot)  # doctest: +SKIP
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
    diagnostics: tuple[Diagnosis, ...] = Field(
        default=(), description="stretches that the robot could not follow"
    )

    doubts: tuple[Doubt, ...] = Field(
        default=(), description="what was guessed about the recording and may be wrong"
    )

    @property
    def passed(self) -> bool:
        """Whether all gates are passed."""
        return all(gate.passed for gate in self.gates)


class ClipOutcome(BaseModel):
    """One line of a summary."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clip: str
    duration_s: float
    passed: bool
    failed_gates: tuple[str, ...] = ()


class Summary(_Report):
    """Measures of a set of clips: maxima over clips, means weighted by duration, jumps added up.

    Percentiles are weighted means of the clips' percentiles. ``worst`` names for each measure the clip
    with the largest value.

    Example:
        >>> summary = summarise(reports)  # doctest: +SKIP
        >>> summary.passed_share, summary.worst["jerk_mean"]  # doctest: +SKIP
        (0.95, 'dance.bvh')
    """

    clips: tuple[ClipOutcome, ...]
    duration_s: float
    worst: dict[str, str]

    @property
    def passed_share(self) -> float:
        """Share of clips that pass all their gates."""
        return sum(clip.passed for clip in self.clips) / max(len(self.clips), 1)


def summarise(reports: Iterable[ClipReport]) -> Summary:
    """Summarise the reports of a set of clips."""
    reports = list(reports)
    values = {
        name: [(value, r) for r in reports if (value := r[name]) is not None]
        for name in DEFINITIONS
    }
    return Summary(
        measures={
            name: Measure(value=_combined(name, values[name]), **definition.model_dump())
            for name, definition in DEFINITIONS.items()
        },
        clips=tuple(
            ClipOutcome(
                clip=r.clip,
                duration_s=r.duration_s,
                passed=r.passed,
                failed_gates=tuple(gate.measure for gate in r.gates if not gate.passed),
            )
            for r in reports
        ),
        duration_s=sum(r.duration_s for r in reports),
        worst={
            name: max(pairs, key=lambda pair: pair[0])[1].clip
            for name, pairs in values.items()
            if pairs
        },
    )


def _combined(name: str, pairs: list[tuple[float, ClipReport]]) -> float | None:
    if not pairs:
        return None
    if name.endswith("_max"):
        return max(value for value, _ in pairs)
    if name == "joint_jumps":
        return sum(value for value, _ in pairs)
    weight = sum(report.duration_s for _, report in pairs)
    if not weight:
        return sum(value for value, _ in pairs) / len(pairs)
    return sum(value * report.duration_s for value, report in pairs) / weight
