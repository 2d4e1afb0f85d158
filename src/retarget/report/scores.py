"""The few scores that people look at first, as short texts; the full report holds all of them."""

from __future__ import annotations

from typing import NamedTuple, Protocol

__all__ = ["SCORES", "Measured", "Score", "headline", "key_measures", "score_cells", "why_empty"]


class Measured(Protocol):
    """Values of measures by name: a report, a summary, or a mapping."""

    def __getitem__(self, name: str, /) -> float | None:
        """The value, in the unit of `retarget.evaluation.DEFINITIONS`; None without one."""
        ...


class Score(NamedTuple):
    """A column of score tables.

    Attributes:
        title: Head of the column, with the unit.
        measures: Measures shown in it, joined by a slash.
        factor: From the measure's unit to the column's.
        digits: Decimals shown.
    """

    title: str
    measures: tuple[str, ...]
    factor: float = 1.0
    digits: int = 1


SCORES = (
    Score("limb deg", ("limb_error_mean", "limb_error_p95")),
    Score("orient deg", ("orientation_error_mean",)),
    Score("slide mm/s", ("toe_slide_mean", "toe_slide_p95"), 1e3, 0),
    Score("lifted %", ("sole_lifted_share",), 1e2),
    Score("deepest mm", ("sole_penetration_max",), 1e3),
    Score("clear mm", ("swing_clearance", "human_swing_clearance"), 1e3, 0),
    Score("lean deg", ("trunk_lean_error_mean", "trunk_lean_error_p95")),
    Score("force left %", ("force_left_mean",), 1e2, 0),
    Score("jerk rad/s3", ("jerk_mean",), 1.0, 0),
    Score("collides %", ("self_collision_share",), 1e2),
    Score("speed rad/s", ("joint_speed_max",)),
)


def score_cells(report: Measured) -> list[str]:
    """A report's scores, in the order of `SCORES`; a dash where there was nothing to measure."""
    return [_cell(report, score) for score in SCORES]


def _cell(report: Measured, score: Score) -> str:
    values = [report[name] for name in score.measures]
    return " / ".join(
        "-" if value is None else f"{value * score.factor:.{score.digits}f}" for value in values
    )


def why_empty(report: Measured) -> str:
    """Why the columns of stance have no value, empty where they have."""
    if report["toe_slide_mean"] is not None:
        return ""
    return "no foot of the human stands in this clip, so there is no slide or lift of stance to measure"


def headline(report: Measured) -> str:
    """One line with the scores that matter most, for under a picture's title."""
    cells = dict(zip((score.title for score in SCORES), score_cells(report), strict=True))
    return (
        f"limb direction error {cells['limb deg']}° (mean / p95)  ·  "
        f"stance slide {cells['slide mm/s']} mm/s  ·  deepest sole {cells['deepest mm']} mm  ·  "
        f"jerk {cells['jerk rad/s3']} rad/s³  ·  self-collision {cells['collides %']} %"
    )


def key_measures(report: Measured) -> dict[str, float | None]:
    """The measures of `SCORES` by name, in the report's units."""
    return {name: report[name] for score in SCORES for name in score.measures}
