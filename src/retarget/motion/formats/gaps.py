"""What a recorder lost for some frames: short gaps are filled from both sides, rotations of zeros left unturned."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.errors import FileFormatError

__all__ = ["LONGEST_GAP", "fill_gaps", "refuse_hardly_seen", "unturned_where_zero"]

LONGEST_GAP: Final = 0.25
"""Seconds up to which a gap is filled."""
_MOST_LOST: Final = 0.5  # share of frames
_HARDLY: Final = (
    100  # frames for each in which somebody was seen, beyond which what lies between is no gap
)


def fill_gaps(places: Float64[np.ndarray, "T 3"], fps: float, longest: float = LONGEST_GAP) -> int:
    """Fill runs of NaN of up to some seconds in place, by cubic curves between the frames around them.

    Returns:
        How many frames were filled; those of longer gaps, and those before the first and after the last frame that is
        there, stay as they are.
    """
    bad = ~np.isfinite(places).all(axis=1)
    if not bad.any() or bad.all():
        return 0
    edges = np.diff(np.concatenate([[False], bad, [False]]).astype(np.int8))
    filled = 0
    most = max(1.0, longest * fps)
    for first, stop in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
        if first == 0 or stop == len(places) or stop - first > most:
            continue
        before, after = first - 1, stop
        span = float(after - before)
        time = (np.arange(first, stop) - before) / span
        slope = (places[after] - places[before]) / span
        starts = _slope_at_end(places[max(0, first - 3) : first], slope)
        ends = -_slope_at_end(places[stop : stop + 3][::-1], -slope)
        s = time[:, None]
        places[first:stop] = (
            (1 + 2 * s) * (1 - s) ** 2 * places[before]
            + s * (1 - s) ** 2 * span * starts
            + s**2 * (3 - 2 * s) * places[after]
            - s**2 * (1 - s) * span * ends
        )
        filled += int(stop - first)
    return filled


def _slope_at_end(
    row: Float64[np.ndarray, "n 3"], else_: Float64[np.ndarray, "3"]
) -> Float64[np.ndarray, "3"]:
    """Change a frame at the last of some frames, from the parabola through three or the line through two."""
    here = row[np.cumprod(np.isfinite(row).all(axis=1)[::-1])[::-1].astype(bool)]
    if len(here) >= 3:
        return np.asarray((3 * here[-1] - 4 * here[-2] + here[-3]) / 2)
    return np.asarray(here[-1] - here[-2]) if len(here) == 2 else else_


def refuse_hardly_seen(
    seen: int, frames: int, path: Path, remedy: str, body: str = "person"
) -> None:
    """Refuse a body that a recording shows in so few of its frames that room for the others would be taken for nothing.

    Raises:
        FileFormatError: It was seen in hardly any frame; the message has the remedy.
    """
    if frames > _HARDLY * seen:
        raise FileFormatError(path, f"its {body} was seen in hardly any frame", remedy)


def unturned_where_zero(rotations: Float64[np.ndarray, "T J 4"]) -> Float64[np.ndarray, "T J 4"]:
    """Rotations, with the identity in frames whose quaternions are all zeros: those were lost (`motion.faults.lost`).

    They stay where they are most of the frames: such a file has no rotations at all.

    Example:
        >>> unturned_where_zero(np.array([[[0.0, 1, 0, 0]], [[0, 0, 0, 0]]])).tolist()
        [[[0.0, 1.0, 0.0, 0.0]], [[1.0, 0.0, 0.0, 0.0]]]
    """
    lost = ~rotations.any(axis=(1, 2))
    if not 0 < lost.mean() <= _MOST_LOST:
        return rotations
    filled = rotations.copy()
    filled[lost, :, 0] = 1.0
    return filled
