"""A clip over time: contacts, diagnoses and series of measures, as the numbers of a picture."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from jaxtyping import Bool, Float64

from retarget.evaluation import MEASURES, SERIES, ClipReport, Series
from retarget.evaluation.gates import measure_behind
from retarget.report.pages.render import in_figures
from retarget.result import RetargetingResult

__all__ = ["LEFT", "WIDTH", "Curve", "Lane", "TimeLine", "time_line"]

_LABEL: Final = 150.0  # pixels that the words of two marks take
_FIGURES: Final = 4  # of the largest value of a curve, to which all are told
WIDTH: Final = 900.0  # pixels of the picture that time takes
LEFT: Final = 190.0  # pixels for names
_COLUMNS: Final = (
    600  # of a curve: at most, so that a long clip's page is no larger than a short one's
)
CURVE_HEIGHT: Final = 46.0
_MOST_DIAGNOSES: Final = 60  # drawn; the list below has all

# Curves that are shown where nothing is amiss, too.
_ALWAYS: Final = (
    "limb_error",
    "toe_slide",
    "force_left",
    "jerk",
    "joint_speed",
    "trunk_lean_error",
)


@dataclass(frozen=True, slots=True)
class Lane:
    """Times in which something is so: left edge, width and text of each."""

    name: str
    kind: str
    bars: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """A series over time.

    Attributes:
        series: What it is.
        path: Of the area between the least and the largest value in each column, SVG.
        top: Value at the top of its plot.
        bottom: Likewise at the bottom.
        limit_y: Where a share's level lies; None without one in sight.
        marks: Where gates that it serves are worst: place and text.
        labels: Place and words of them, fewer where they are close.
        columns: Largest value in each column, for reading off.
    """

    series: Series
    unit: str
    path: str
    top: str
    bottom: str
    limit_y: float | None
    marks: tuple[tuple[float, str], ...]
    labels: tuple[tuple[float, str], ...]
    columns: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class TimeLine:
    """All lanes and curves of a clip, and marks of its time."""

    duration_s: float
    lanes: tuple[Lane, ...]
    curves: tuple[Curve, ...]
    ticks: tuple[tuple[float, str], ...]


def time_line(
    result: RetargetingResult, report: ClipReport, series: dict[str, Float64[np.ndarray, "T"]]
) -> TimeLine:
    """The time line of a clip.

    Args:
        result: Whose contacts.
        report: Of its gates and diagnoses.
        series: By name of `retarget.evaluation.SERIES`.
    """
    marks: dict[str, list[tuple[float, str]]] = {}
    seconds: dict[str, list[float]] = {}
    for gate in report.gates:
        measure = measure_behind(gate.measure)
        if gate.at_s is not None and measure.series:
            x = round(WIDTH * gate.at_s / result.duration, 1)
            marks.setdefault(measure.series, []).append(
                (x, f"{measure.title} is worst at {gate.at_s:.1f} s")
            )
            seconds.setdefault(measure.series, []).append(gate.at_s)
    missed = [name for name in marks if name in series]
    names = [*missed, *(name for name in _ALWAYS if name in series and name not in missed)]
    return TimeLine(
        result.duration,
        tuple(_lanes(result, report)),
        tuple(
            _curve(
                SERIES[name],
                series[name],
                tuple(marks.get(name, ())),
                _labels(seconds.get(name, ()), result.duration),
            )
            for name in names
        ),
        tuple(_ticks(result.duration)),
    )


def _labels(seconds: Sequence[float], duration: float) -> tuple[tuple[float, str], ...]:
    """Where a curve is worst, in words under it; those whose words would overlap share them."""
    groups: list[list[float]] = []
    for second in sorted({round(second, 1) for second in seconds}):
        if groups and WIDTH * (second - groups[-1][0]) / duration < _LABEL:
            groups[-1].append(second)
        else:
            groups.append([second])
    return tuple(
        (
            round(WIDTH * group[0] / duration, 1),
            f"worst at {' and '.join(f'{second:.1f}' for second in group)} s",
        )
        for group in groups
    )


def _lanes(result: RetargetingResult, report: ClipReport) -> list[Lane]:
    lanes = [
        Lane(
            f"{side} {part}",
            side,
            _bars(result.contacts[:, foot, point], result.fps, f"{side} {part} on the ground"),
        )
        for foot, side in enumerate(("left", "right"))
        for point, part in ((1, "toe"), (0, "heel"))
    ]
    for at, name in enumerate(result.body_contact_names):
        if result.body_contacts[:, at].any():
            words = name.replace("_", " ")
            lanes.append(
                Lane(
                    words,
                    "body",
                    _bars(result.body_contacts[:, at], result.fps, f"{words} on the ground"),
                )
            )
    kinds: dict[str, list[Any]] = {}
    for diagnosis in report.diagnostics[:_MOST_DIAGNOSES]:
        kinds.setdefault(diagnosis.kind.replace("_", " "), []).append(diagnosis)
    lanes += [
        Lane(
            kind,
            "diagnosis",
            tuple(_bar(one.start_s, one.end_s, result.duration, one.text) for one in found),
        )
        for kind, found in kinds.items()
    ]
    return lanes


def _bars(on: Bool[np.ndarray, "T"], fps: float, what: str) -> tuple[tuple[float, float, str], ...]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], on.astype(np.int8), [0]])))
    duration = len(on) / fps
    return tuple(
        _bar(
            first / fps,
            last / fps,
            duration,
            f"{what} from {first / fps:.2f} to {last / fps:.2f} s",
        )
        for first, last in zip(edges[::2], edges[1::2], strict=True)
    )


def _bar(start: float, end: float, duration: float, text: str) -> tuple[float, float, str]:
    x = WIDTH * max(start, 0.0) / duration
    return round(x, 1), round(max(WIDTH * min(end, duration) / duration - x, 1.0), 1), text


def _curve(
    series: Series,
    values: Float64[np.ndarray, "T"],
    marks: tuple[tuple[float, str], ...],
    labels: tuple[tuple[float, str], ...],
) -> Curve:
    columns = min(len(values), _COLUMNS)
    edges = np.linspace(0, len(values), columns + 1).astype(np.int64)
    parts = [values[a:b][np.isfinite(values[a:b])] for a, b in itertools.pairwise(edges)]
    known = [
        (at, float(part.min()), float(part.max())) for at, part in enumerate(parts) if len(part)
    ]
    factor, unit = _shown(series)
    high = max((most for *_, most in known), default=0.0)
    low = min(min((least for _, least, _ in known), default=0.0), 0.0)
    if series.level is not None and series.level <= 2 * high:
        high = max(high, series.level * 1.05)
    span = (high - low) or 1.0

    def y(value: float) -> float:
        return round((CURVE_HEIGHT - 4) * (1 - (value - low) / span) + 2, 1)

    wide = WIDTH / columns
    limit = series.level if series.level is not None and low < series.level <= high else None
    largest: list[float | None] = [None] * columns
    digits = max(_FIGURES - 1 - math.floor(math.log10(max(high * factor, 1e-6))), 0)
    for at, _, most in known:
        largest[at] = round(most * factor, digits)
    return Curve(
        series,
        unit,
        "".join(_area(run, wide, y) for run in _runs(known)),
        f"{in_figures(high * factor)} {unit}".strip(),
        in_figures(low * factor),
        None if limit is None else y(limit),
        marks,
        labels,
        tuple(largest),
    )


def _shown(series: Series) -> tuple[float, str]:
    """Factor and unit in which people see a series: those of a measure that is made of it."""
    for measure in MEASURES.values():
        if measure.series == series.name and measure.unit == series.unit:
            return measure.factor, measure.shown_unit
    return 1.0, "" if series.unit == "1" else series.unit


def _runs(known: Sequence[tuple[int, float, float]]) -> list[list[tuple[int, float, float]]]:
    """Columns with values, parted where there are none between."""
    runs: list[list[tuple[int, float, float]]] = []
    for one in known:
        if runs and runs[-1][-1][0] == one[0] - 1:
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs


def _area(run: Sequence[tuple[int, float, float]], wide: float, y: Any) -> str:
    """From left to right along the largest values, and back along the least."""
    there = [f"{(at + side) * wide:.1f} {y(most)}" for at, _, most in run for side in (0, 1)]
    back = [
        f"{(at + side) * wide:.1f} {y(least)}" for at, least, _ in reversed(run) for side in (1, 0)
    ]
    return f"M{'L'.join([*there, *back])}Z"


def _ticks(duration: float) -> list[tuple[float, str]]:
    """Six to twelve round seconds."""
    raw = 10.0 ** np.floor(np.log10(duration / 6))
    step = next(raw * m for m in (1, 2, 5, 10) if duration / (raw * m) <= 12)
    return [
        (round(WIDTH * k * step / duration, 1), f"{k * step:.4g}")
        for k in range(int(duration / step + 1e-9) + 1)
    ]
