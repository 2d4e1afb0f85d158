"""Pass, warn or fail: limits on measures, in profiles that are TOML files."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from retarget.errors import OptionsError, UnknownNameError
from retarget.evaluation.measures.measure import Measure, MeasuredValue
from retarget.evaluation.measures.registry import MEASURES
from retarget.evaluation.measures.sentences import sentence
from retarget.inputs import read_toml
from retarget.wording import quoted, shortened, shown

__all__ = [
    "DEFAULT_PROFILE",
    "Gate",
    "GateResult",
    "Gates",
    "measure_behind",
    "profile_names",
    "title_of",
]

DEFAULT_PROFILE: Final = "train-ready"

_FOLDER: Final = Path(__file__).parent / "profiles"
_MOST_WORDS: Final = 200  # characters of what is wrong with a profile
_MEASURED_BY: Final = {"understood": "doubt"}  # gates that are not named as their measure


def measure_behind(gate: str) -> Measure:
    """The measure that a gate is on.

    Raises:
        KeyError: There is no such gate.

    Example:
        >>> measure_behind("understood").name, measure_behind("jerk_mean").name
        ('doubt', 'jerk_mean')
    """
    return MEASURES[_MEASURED_BY.get(gate, gate)]


def title_of(name: str) -> str:
    """A gate or measure as people see it, by its measure's title; other names as they are.

    Example:
        >>> title_of("jerk_mean"), title_of("understood"), title_of("OSError")
        ('Jerk, mean', 'Doubt about the recording', 'OSError')
    """
    measure = MEASURES.get(_MEASURED_BY.get(name, name))
    return name if measure is None else measure.title


class GateResult(BaseModel):
    """The outcome of one gate.

    Attributes:
        measure: The gate's name: that of its measure, or ``understood`` for doubts.
        value: The measure's; none where the clip has nothing to measure it on, which passes.
        limit: What the value must not exceed, or not be under where higher is better: of a gate that only warns, what
            it should not.
        passed: Whether it does not.
        warned: Whether it passes, but is beyond what it should be.
        at_s: Where the clip is worst, seconds; none where nothing is over a limit, or no time is worse than another.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    measure: str
    value: float | None
    limit: float
    passed: bool
    warned: bool = False
    at_s: float | None = None

    @property
    def excess(self) -> float:
        """How many times over the limit the value is; 0 where the gate is passed, infinite where one of them is 0."""
        if self.passed or self.value is None:
            return 0.0
        over, under = (
            (self.limit, self.value) if self._higher_is_better else (self.value, self.limit)
        )
        return over / under if under > 0 else math.inf

    @property
    def _higher_is_better(self) -> bool:
        return measure_behind(self.measure).better == "higher"

    @property
    def text(self) -> str:
        """The same for people, in one line: what the measure says, what it may be, and the second of the worst."""
        measure = measure_behind(self.measure)
        if self.value is None:
            return f"{measure.title.lower()}: nothing to measure it on"
        return sentence(measure, self.value, self.limit, warned=self.warned, at_s=self.at_s)


class Gate(BaseModel):
    """Limits on one measure, in its unit.

    Attributes:
        fail: What it must not exceed; of a measure whose higher values are better, what it must not be under.
        warn: What it should not.
        why: Where the limits are from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    fail: float | None = None
    warn: float | None = None
    why: str = ""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.fail is None and self.warn is None:
            raise ValueError("has neither fail nor warn")
        return self


class Gates(BaseModel):
    """A profile: gates by name, which is that of the measure, or ``understood`` for the measure ``doubt``.

    Profiles that come with the package: ``train-ready`` (the default: what a controller can learn from), ``strict``
    and ``look-only``. A measure without value passes: a clip without stance cannot slide.

    Example:
        >>> strict = Gates.named("strict")
        >>> strict.gates["trunk_lean_error_p95"].fail
        6.0
        >>> looser = strict.changed(trunk_lean_error_p95=9.0, jerk_mean=None)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = "own"
    description: str = ""
    gates: dict[str, Gate] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known(self) -> Self:
        for name, gate in self.gates.items():
            measure = MEASURES.get(_MEASURED_BY.get(name, name))
            if measure is None:
                raise ValueError(f"there is no measure {quoted(name)}")
            if gate.fail is not None and _beyond(measure, gate.warn, gate.fail):
                raise ValueError(f"the gate {name!r} warns later than it fails")
        return self

    @classmethod
    def named(cls, profile: str | Path) -> Gates:
        """A profile of the package by name, or one of your own by its path.

        Raises:
            UnknownNameError: There is no profile of that name, nor a file.
            FileFormatError: The file cannot be read.
            OptionsError: The file has an unknown measure, key or value.
        """
        if str(profile) in profile_names():
            return _packaged(str(profile))
        if Path(profile).suffix.lower() != ".toml":
            hint = "or give a TOML file of your own"
            raise UnknownNameError("profile of gates", str(profile), list(profile_names()), hint)
        return cls.load(profile)

    @classmethod
    def load(cls, path: str | Path) -> Gates:
        """Read a TOML file: ``description``, and tables ``gates.MEASURE`` with ``fail``, ``warn`` and ``why``.

        Raises:
            FileFormatError: The file cannot be read.
            OptionsError: It has an unknown measure, key or value.
        """
        content = read_toml(path, "give the path of a profile of gates (.toml)")
        try:
            return cls.model_validate({"name": Path(path).stem, **content})
        except ValidationError as error:
            first = error.errors()[0]
            place = shortened(".".join(map(str, first["loc"])))
            said = shortened(shown(first["msg"].removeprefix("Value error, ")), _MOST_WORDS)
            raise OptionsError(f"{path}: {place}{': ' if place else ''}{said}") from None

    def changed(self, **limits: float | None) -> Gates:
        """The same with other limits to fail at, without what warns before; none switches a gate off."""
        gates = {name: gate for name, gate in self.gates.items() if name not in limits}
        gates |= {
            name: Gate(fail=limit, why="changed")
            for name, limit in limits.items()
            if limit is not None
        }
        return Gates(name=f"{self.name}, changed", description=self.description, gates=gates)

    def check(
        self,
        measures: Mapping[str, MeasuredValue],
        worst_second: Callable[[str], float | None] | None = None,
    ) -> tuple[GateResult, ...]:
        """Compare measures with the limits.

        Args:
            measures: By name.
            worst_second: Tells of a measure that is over a limit at which second of the clip it is worst.
        """
        results = []
        for name, gate in self.gates.items():
            measure = measure_behind(name)
            value = measures[measure.name].value
            passed = not _beyond(measure, value, gate.fail)
            warned = passed and _beyond(measure, value, gate.warn)
            limit = gate.warn if warned or gate.fail is None else gate.fail
            assert limit is not None
            over = (not passed or warned) and worst_second is not None
            results.append(
                GateResult(
                    measure=name,
                    value=value,
                    limit=limit,
                    passed=passed,
                    warned=warned,
                    at_s=worst_second(measure.name) if over and worst_second is not None else None,
                )
            )
        return tuple(results)


def _beyond(measure: Measure, value: float | None, limit: float | None) -> bool:
    """Whether a value is worse than a limit; one that is missing is not."""
    if value is None or limit is None:
        return False
    return measure.worse(value) > measure.worse(limit)


@lru_cache(maxsize=8)
def _packaged(name: str) -> Gates:
    return Gates.load(_FOLDER / f"{name}.toml")


@lru_cache(maxsize=1)
def profile_names() -> tuple[str, ...]:
    """Names of the profiles that come with the package."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))
