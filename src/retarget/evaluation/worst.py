"""At which second of a clip a measure is worst."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from jaxtyping import Shaped

__all__ = ["Trace", "Traces"]

Trace: TypeAlias = Shaped[np.ndarray, "n"]

_MOMENT = 0.5  # s over which a mean or a share is looked at: one frame alone says little of them


@dataclass(frozen=True, slots=True)
class Traces:
    """What measures are made of, frame by frame, made only when it is asked for.

    Attributes:
        fps: Frames per second.
        peaks: By measure, whose value is one frame's.
        levels: By measure, whose value is of many frames.
    """

    fps: float
    peaks: Mapping[str, Callable[[], Trace]] = field(default_factory=dict)
    levels: Mapping[str, Callable[[], Trace]] = field(default_factory=dict)

    def worst_second(self, measure: str) -> float | None:
        """The middle of the moment in which a measure is worst, seconds; none where none is known to be."""
        if measure in self.peaks:
            trace = np.asarray(self.peaks[measure](), np.float64)
            return float(trace.argmax() / self.fps) if trace.size else None
        if measure not in self.levels:
            return None
        trace = np.asarray(self.levels[measure](), np.float64)
        if not trace.size:
            return None
        span = min(max(round(_MOMENT * self.fps), 1), len(trace))
        sums = np.concatenate([[0.0], np.cumsum(trace)])
        first = int((sums[span:] - sums[:-span]).argmax())
        return float((first + span / 2) / self.fps)
