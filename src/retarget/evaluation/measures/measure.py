"""What a measure is: a number with a name, a unit, a definition and a direction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

__all__ = [
    "GROUPS",
    "Better",
    "Group",
    "Measure",
    "MeasuredValue",
    "OverClips",
    "Series",
    "declared",
]

Better: TypeAlias = Literal["lower", "higher", "none"]
Group: TypeAlias = Literal[
    "tracking",
    "contacts",
    "physics",
    "limits",
    "collision",
    "things",
    "smoothness",
    "completeness",
    "solver",
    "doubts",
]
OverClips: TypeAlias = Literal["mean", "max", "sum"]

GROUPS: MappingProxyType[Group, str] = MappingProxyType(
    {
        "tracking": "How closely the robot follows the human.",
        "contacts": "How feet meet the floor and leave it, and what carries the robot.",
        "physics": "What motors and contacts could do of it.",
        "limits": "The robot's limits on joints.",
        "collision": "The robot's own bodies in each other, and in the floor.",
        "things": "How the robot meets what is carried, climbed and sat on.",
        "smoothness": "How smoothly joints move.",
        "completeness": "Whether the motion is whole: no frame lost, no jump, no drift in time.",
        "solver": "What the solver itself could not keep.",
        "doubts": "What was guessed about the recording, and may be wrong.",
    }
)

# What people are shown instead of an SI unit: factor on the value, decimals.
_SHOWN = MappingProxyType(
    {
        ("1", "%"): (1e2, 1),
        ("1", "1"): (1.0, 2),
        ("1", "count"): (1.0, 0),
        ("m", "mm"): (1e3, 1),
        ("m", "cm"): (1e2, 1),
        ("m/s", "mm/s"): (1e3, 0),
        ("m/s", "m/s"): (1.0, 2),
        ("rad/s^3", "rad/s^3"): (1.0, 0),
        ("rad", "rad"): (1.0, 4),
        ("s", "s"): (1.0, 2),
        ("s", "ms"): (1e3, 0),
    }
)
_USUAL = MappingProxyType({"1": "%", "m": "mm"})


def _scale(unit: str, shown: str) -> tuple[float, int]:
    return _SHOWN.get((unit, shown), (1.0, 1))


@dataclass(frozen=True, slots=True)
class Series:
    """What measures are made of, a number per frame.

    Attributes:
        name: Of the series.
        unit: Of its values.
        title: A few words for an axis.
        definition: What a value says of its frame; frames of which it says nothing have NaN.
        level: Value above which a share counts frames; none where nothing is counted.

    Example:
        >>> from retarget.evaluation import SERIES
        >>> SERIES["toe_slide"].unit
        'm/s'
    """

    name: str
    unit: str
    title: str
    definition: str
    level: float | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """What a number of a report means.

    Attributes:
        name: Its name in reports, gates and tables.
        unit: Of its value; ``1`` for shares, ratios and counts.
        title: A few words for people.
        definition: What exactly is measured.
        group: What it is about: one of `GROUPS`.
        better: Whether lower or higher values are better, or neither is.
        source: Whose definition it is, where it is not our own.
        aliases: What others call it.
        over_clips: How a set of clips is summed up: by the mean weighted by duration, the largest value or the sum.
        beside_human: Whether it has a value only beside the human motion that was retargeted.
        needs: Roles of the robot, and of the human where it stands beside one, without which it does not apply.
        series: Name of the series that it is made of; empty where there is none.
        shown: Unit that people see it in.

    Example:
        >>> from retarget.evaluation import MEASURES
        >>> slide = MEASURES["toe_slide_mean"]
        >>> slide.unit, slide.better, slide.group, slide.text(0.0123)
        ('m/s', 'lower', 'contacts', '12 mm/s')
    """

    name: str
    unit: str
    title: str
    definition: str
    group: Group
    better: Better = "lower"
    source: str = ""
    aliases: tuple[str, ...] = ()
    over_clips: OverClips = "mean"
    beside_human: bool = False
    needs: tuple[str, ...] = ()
    series: str = ""
    shown: str = ""

    def applies_to(self, roles: Collection[str]) -> bool:
        """Whether a robot with some body roles has all that is measured; `needs` are of both sides."""
        return all(
            role in roles or (f"left_{role}" in roles and f"right_{role}" in roles)
            for role in self.needs
        )

    @property
    def per_frame(self) -> bool:
        """Whether there is a series of it, a number per frame."""
        return bool(self.series)

    @property
    def shown_unit(self) -> str:
        """Unit that people see it in: that of the value, or a handier one; empty of plain numbers."""
        shown = self.shown or _USUAL.get(self.unit, self.unit)
        return "" if shown in ("1", "count") else shown

    @property
    def factor(self) -> float:
        """From the value to what people see."""
        return self._scale[0]

    @property
    def digits(self) -> int:
        """Decimals that people see."""
        return self._scale[1]

    @property
    def _scale(self) -> tuple[float, int]:
        return _scale(self.unit, self.shown or _USUAL.get(self.unit, self.unit))

    def number(self, value: float | None) -> str:
        """A value as people see it, without its unit; a dash where there is none."""
        return "-" if value is None else f"{value * self.factor:.{self.digits}f}"

    def text(self, value: float | None) -> str:
        """A value as people see it, with its unit."""
        if value is None or not self.shown_unit:
            return self.number(value)
        return f"{self.number(value)} {self.shown_unit}"

    def worse(self, value: float) -> float:
        """A number that is the larger the worse a value is; values that are neither count as lower is better."""
        return -value if self.better == "higher" else value


def declared(
    group: Group,
    name: str,
    unit: str,
    title: str,
    definition: str,
    series: str = "",
    better: Better = "lower",
    *,
    beside: bool = False,
    over: OverClips = "mean",
    shown: str = "",
    source: str = "",
    aliases: tuple[str, ...] = (),
    needs: tuple[str, ...] = (),
) -> Measure:
    """A measure of a group, as its module lists it.

    What is named as the human's stands beside it, and what is named as a maximum is one over clips, too.

    Example:
        >>> declared("limits", "excess_max", "rad", "Excess", "how far beyond a limit").over_clips
        'max'
    """
    return Measure(
        name=name,
        unit=unit,
        title=title,
        definition=definition,
        group=group,
        better=better,
        source=source,
        aliases=aliases,
        over_clips="max" if name.endswith("_max") else over,
        beside_human=beside or name.startswith("human_"),
        needs=needs,
        series=series,
        shown=shown,
    )


class MeasuredValue(BaseModel):
    """A value with its unit and definition, as reports hold it; none where the clip has nothing to measure it on.

    Example:
        >>> MeasuredValue(value=0.006, unit="m/s", definition="...").value
        0.006
    """

    model_config = ConfigDict(frozen=True)

    unit: str
    definition: str
    value: float | None

    @classmethod
    def of(cls, measure: Measure, value: float | None) -> MeasuredValue:
        """A value of a measure."""
        return cls(unit=measure.unit, definition=measure.definition, value=value)
