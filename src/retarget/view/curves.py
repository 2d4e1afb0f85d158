"""What is plotted along time: series of measures, thinned so that no peak is lost, and the worst moments of each."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from jaxtyping import Float64, Int64

from retarget.errors import RetargetError

if TYPE_CHECKING:
    from retarget.drawing.stage import Cast

__all__ = ["Curve", "bounds", "curves_of", "thinned", "with_mark", "worst_frames"]

_APART_S: Final = 1.0  # seconds between two moments that count as two


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A measure's series over a clip.

    Attributes:
        name: Name in `retarget.evaluation.SERIES`.
        title: A few words with the unit.
        definition: What a value says of its frame.
        values: A number per frame; NaN where it says nothing.
        worse: 1 where large is bad, -1 where small is.
    """

    name: str
    title: str
    definition: str
    values: Float64[np.ndarray, "T"]
    worse: float


def curves_of(cast: Cast) -> tuple[dict[str, Curve], str]:
    """All series that measures are made of, by title, and why there are none where there are none."""
    from retarget.evaluation import MEASURES, SERIES, frame_series

    try:
        series = frame_series(cast.result, cast.robot)
    except RetargetError as error:
        return {}, str(error)
    lower = {measure.series for measure in MEASURES.values() if measure.better == "higher"}
    curves = {}
    for name, values in series.items():
        said = SERIES[name]
        title = f"{said.title} ({said.unit})" if said.unit != "1" else said.title
        curves[title] = Curve(name, title, said.definition, values, -1.0 if name in lower else 1.0)
    return curves, ""


def thinned(
    values: Float64[np.ndarray, "T"], most: int
) -> tuple[Int64[np.ndarray, "n"], Float64[np.ndarray, "n"]]:
    """Frames and values of a curve of at most so many points: the lowest and the highest of each stretch.

    Example:
        >>> frames, values = thinned(np.array([0.0, 1.0, 9.0, 1.0, 0.0, 0.0]), most=4)
        >>> frames.tolist(), values.tolist()
        ([0, 2, 3, 4], [0.0, 9.0, 1.0, 0.0])
    """
    count = len(values)
    if count <= most:
        return np.arange(count), values
    edges = np.linspace(0, count, most // 2 + 1).astype(np.int64)
    kept = []
    for first, end in pairwise(edges):
        part = values[first:end]
        if np.isnan(part).all():
            kept.append([first])
        else:
            kept.append(sorted({first + int(np.nanargmin(part)), first + int(np.nanargmax(part))}))
    frames = np.array([frame for stretch in kept for frame in stretch], np.int64)
    return frames, values[frames]


def bounds(values: Float64[np.ndarray, "n"]) -> tuple[float, float]:
    """What an axis must hold for a curve to be seen: its range, wider where that is none.

    Example:
        >>> bounds(np.array([1.0, np.nan, 3.0])), bounds(np.full(2, np.nan))
        ((1.0, 3.0), (0.0, 1.0))
    """
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def with_mark(
    seconds: Float64[np.ndarray, "n"], values: Float64[np.ndarray, "n"], now_s: float
) -> tuple[Float64[np.ndarray, "m"], Float64[np.ndarray, "m"], Float64[np.ndarray, "m"]]:
    """A curve, and another one that is nothing but an upright line at a time, over the same seconds.

    Example:
        >>> with_mark(np.array([0.0, 2.0]), np.array([3.0, 5.0]), 1.0)[2].tolist()
        [nan, 3.0, 5.0, nan]
    """
    at = int(np.searchsorted(seconds, now_s))
    near = values[min(at, len(values) - 1)]
    low, high = bounds(values)
    mark = np.full(len(values) + 2, np.nan)
    mark[at : at + 2] = low, high
    return (
        np.insert(seconds.astype(np.float64), at, [now_s, now_s]),
        np.insert(values.astype(np.float64), at, [near, near]),
        mark,
    )


def worst_frames(curve: Curve, fps: float, most: int = 5) -> list[int]:
    """The frames in which a curve is worst, a second apart, the worst first."""
    badness = np.where(np.isnan(curve.values), -np.inf, curve.worse * curve.values)
    apart = max(round(_APART_S * fps), 1)
    found: list[int] = []
    while len(found) < most and np.isfinite(badness).any():
        frame = int(badness.argmax())
        found.append(frame)
        badness[max(frame - apart, 0) : frame + apart + 1] = -np.inf
    return found
