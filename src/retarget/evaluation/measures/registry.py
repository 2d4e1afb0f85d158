"""All measures and all series by name, and those that tables show first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol

from retarget.evaluation.measures import (
    collision,
    completeness,
    contacts,
    doubts,
    limits,
    moments,
    physics,
    smoothness,
    solver,
    things,
    tracking,
)
from retarget.evaluation.measures.measure import Group, Measure, Series

__all__ = ["COLUMNS", "MEASURES", "SERIES", "Column", "Values", "measures_of_group"]

_MODULES = (
    tracking,
    contacts,
    moments,
    physics,
    limits,
    collision,
    things,
    smoothness,
    completeness,
    solver,
    doubts,
)

MEASURES: Final[Mapping[str, Measure]] = MappingProxyType(
    {measure.name: measure for module in _MODULES for measure in module.MEASURES}
)
SERIES: Final[Mapping[str, Series]] = MappingProxyType(
    {series.name: series for module in _MODULES for series in module.SERIES}
)


class Values(Protocol):
    """Values of measures by name: a report, a summary, or a mapping."""

    def __getitem__(self, name: str, /) -> float | None:
        """The value in the measure's unit; None without one."""
        ...


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the tables that people look at first.

    Attributes:
        head: A word or two.
        measures: Names of the measures shown in it, joined by a slash.

    Example:
        >>> COLUMNS[0].title
        'limb deg'
    """

    head: str
    measures: tuple[str, ...]

    @property
    def title(self) -> str:
        """Head of the column, with the unit."""
        unit = MEASURES[self.measures[0]].shown_unit.replace("^", "")
        return f"{self.head} {unit}".strip()

    def cell(self, values: Values) -> str:
        """What stands in it; a dash for what has no value."""
        return " / ".join(MEASURES[name].number(values[name]) for name in self.measures)


COLUMNS: Final = (
    Column("limb", ("limb_error_mean", "limb_error_p95")),
    Column("orient", ("orientation_error_mean",)),
    Column("slide", ("toe_slide_mean", "toe_slide_p95")),
    Column("lifted", ("sole_lifted_share",)),
    Column("deepest", ("sole_penetration_max",)),
    Column("clear", ("swing_clearance", "human_swing_clearance")),
    Column("lean", ("trunk_lean_error_mean", "trunk_lean_error_p95")),
    Column("force left", ("force_left_mean",)),
    Column("jerk", ("jerk_mean",)),
    Column("collides", ("self_collision_share",)),
    Column("speed", ("joint_speed_max",)),
)


def measures_of_group(group: Group) -> tuple[Measure, ...]:
    """The measures of one of `GROUPS`, in their order.

    Example:
        >>> [measure.name for measure in measures_of_group("doubts")]
        ['doubt']
    """
    return tuple(measure for measure in MEASURES.values() if measure.group == group)
