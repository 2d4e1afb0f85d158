"""How a measure is spread over the clips of batches, with its gate: the numbers of small histograms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from retarget.evaluation import Gate, Measure
from retarget.evaluation.gates import measure_behind
from retarget.report.pages.gather import Batch
from retarget.report.pages.render import in_figures

__all__ = ["Histogram", "Row", "Tick", "spreads"]

WIDTH, HEIGHT = 320.0, 44.0  # of a row's plot, in pixels of the picture
_BINS = 40
_BEYOND = 3.0  # times the gate that an axis goes on at most
_LEAST_BAR = 2.0  # pixels: a bin with a single clip is seen


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of an axis: its place in pixels, and its text."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One batch's bars.

    Attributes:
        batch: Which batch.
        bars: Left edge, width, top and height in pixels, what the bar means in words, and whether most of what it
            counts is beyond the gate.
        count: Clips that have a value.
        median: Of them, as text with its unit.
        p95: Likewise, the 95th percentile.
        failing: How many are beyond the gate.
        warned: How many are beyond what warns, and not beyond the gate.
    """

    batch: int
    bars: tuple[tuple[float, float, float, float, str, bool], ...]
    count: int
    median: str
    p95: str
    failing: int
    warned: int


@dataclass(frozen=True, slots=True)
class Histogram:
    """A measure over clips.

    Attributes:
        gate: The gate's name.
        measure: What is measured.
        rows: A row for each batch.
        ticks: Of the axis, shown units.
        fail: Where the gate is, pixels; None without one.
        warn: Where it warns.
        fail_text: The limit with its unit.
        warn_text: The limit that warns.
        why: Where the limits are from.
        beyond: Text of the last bin, where values beyond the axis are counted; empty without any.
    """

    gate: str
    measure: Measure
    rows: tuple[Row, ...]
    ticks: tuple[Tick, ...]
    fail: float | None
    warn: float | None
    fail_text: str
    warn_text: str
    why: str
    beyond: str

    @property
    def failing(self) -> int:
        """How many clips are beyond the gate, of all batches."""
        return sum(row.failing for row in self.rows)

    @property
    def told(self) -> bool:
        """Whether a clip is beyond the gate, or beyond what warns."""
        return any(row.failing or row.warned for row in self.rows)

    @property
    def count(self) -> int:
        """How many clips have a value."""
        return sum(row.count for row in self.rows)

    @property
    def height(self) -> float:
        """Of the plot, pixels."""
        return HEIGHT * len(self.rows) + 22


def spreads(batches: Sequence[Batch]) -> list[Histogram]:
    """A histogram of each gated measure that clips have, those that most clips miss first."""
    gates = batches[0].gates.gates
    found = []
    for name, gate in gates.items():
        measure = measure_behind(name)
        values = [
            np.array(
                [v for clip in b.clips if (v := clip.measures.get(measure.name)) is not None],
                np.float64,
            )
            for b in batches
        ]
        if any(len(one) for one in values):
            found.append(_histogram(name, gate, values))
    return sorted(found, key=lambda one: -one.failing)


def _histogram(name: str, gate: Gate, values: list[Float64[np.ndarray, "n"]]) -> Histogram:
    measure = measure_behind(name)
    every = np.concatenate(values)
    low, high = _axis(every, gate)
    edges = np.linspace(low, high, _BINS + 1)
    over = bool((every > high).any())
    counts = [np.histogram(np.clip(one, low, high), edges)[0] for one in values]
    most = max(int(one.max(initial=0)) for one in counts)

    def place(value: float) -> float:
        return round(WIDTH * (value - low) / (high - low), 1)

    rows = tuple(
        _row(index, one, count, edges, most, gate, measure)
        for index, (one, count) in enumerate(zip(values, counts, strict=True))
    )
    return Histogram(
        gate=name,
        measure=measure,
        rows=rows,
        ticks=tuple(
            Tick(place(at), in_figures(at * measure.factor))
            for at in _ticks(low, high, measure.factor)
        ),
        fail=None if gate.fail is None else place(gate.fail),
        warn=None if gate.warn is None else place(gate.warn),
        fail_text="" if gate.fail is None else measure.text(gate.fail),
        warn_text="" if gate.warn is None else measure.text(gate.warn),
        why=gate.why,
        beyond=f"up to {measure.text(float(every.max()))}" if over else "",
    )


def _axis(values: Float64[np.ndarray, "n"], gate: Gate) -> tuple[float, float]:
    """From where to where: all of the gate, and values unless they are far beyond it."""
    limits = [limit for limit in (gate.fail, gate.warn) if limit]
    low = min(0.0, float(np.quantile(values, 0.01)))
    high = float(np.quantile(values, 0.99)) if len(values) > 200 else float(values.max())
    if limits:
        high = max(min(high, _BEYOND * max(limits)), 1.15 * max(limits))
    return low, high if high > low else low + 1e-9 + max(abs(low), 1e-3)


def _row(
    batch: int,
    values: Float64[np.ndarray, "n"],
    counts: np.ndarray,
    edges: Float64[np.ndarray, "e"],
    most: int,
    gate: Gate,
    measure: Measure,
) -> Row:
    width = WIDTH / _BINS
    beyond = np.histogram(
        np.clip(values[_is_beyond(values, gate.fail, measure)], edges[0], edges[-1]), edges
    )[0]
    bars = []
    for at, count in enumerate(counts.tolist()):
        if count:
            # Square roots: a few clips beyond a gate matter more than how many are far from it.
            tall = round(max((HEIGHT - 6) * (count / most) ** 0.5, _LEAST_BAR), 1)
            first, last = (in_figures(edge * measure.factor) for edge in edges[at : at + 2])
            said = f"{count:,} from {first} to {last}"
            bars.append(
                (
                    round(at * width, 1),
                    round(width - 1, 1),
                    HEIGHT - tall,
                    tall,
                    said,
                    bool(2 * beyond[at] >= count),
                )
            )
    failing, warned = (
        int(_is_beyond(values, limit, measure).sum()) for limit in (gate.fail, gate.warn)
    )
    known = len(values) > 0
    return Row(
        batch=batch,
        bars=tuple(bars),
        count=len(values),
        median=measure.text(float(np.median(values))) if known else "-",
        p95=measure.text(float(np.quantile(values, 0.95))) if known else "-",
        failing=failing,
        warned=max(warned - failing, 0),
    )


def _is_beyond(
    values: Float64[np.ndarray, "n"], limit: float | None, measure: Measure
) -> Bool[np.ndarray, "n"]:
    """Which values are worse than a limit."""
    if limit is None:
        return np.zeros(len(values), bool)
    return np.asarray(measure.worse(1.0) * values > measure.worse(limit))


def _ticks(low: float, high: float, factor: float) -> list[float]:
    """Three to six round numbers of shown units."""
    span = (high - low) * factor
    raw = 10.0 ** np.floor(np.log10(span / 4))
    step = next(raw * m for m in (1, 2, 5, 10) if span / (raw * m) <= 5)
    first = np.ceil(low * factor / step - 1e-9)
    return [
        float(k * step / factor) + 0.0
        for k in range(int(first), int(np.floor(high * factor / step + 1e-9)) + 1)
    ]
