"""Markers over time, as every file of them is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float64

__all__ = ["Trajectories"]


@dataclass(frozen=True, slots=True, eq=False)
class Trajectories:
    """Markers over time.

    Attributes:
        names: Names as the file has them; they may repeat.
        places: Positions in the file's unit, NaN where a marker was not seen.
        fps: Frames per second.
        metres_per_unit: Size of the unit; None where the file does not say.
        first_frame: Number of the first frame in the file.
        sizes: What the file says about the person, such as ``LLegLength``, in its unit.
        notes: What to know.
        likely_up: The up axis where the motion does not show it.
    """

    names: tuple[str, ...]
    places: Float64[np.ndarray, "T N 3"]
    fps: float
    metres_per_unit: float | None = None
    first_frame: int = 1
    sizes: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    likely_up: str = "z"
