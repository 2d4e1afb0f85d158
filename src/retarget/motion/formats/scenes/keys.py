"""Keys of animations: the rate at which they were set, and the moments at which curves are read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.errors import FileFormatError
from retarget.frame_rates import rate_problem

__all__ = ["moments", "rate_of_keys"]

_RATES: Final = (24.0, 25.0, 30.0, 50.0, 60.0, 90.0, 100.0, 120.0, 240.0)
_LONGEST: Final = 6 * 3600.0  # seconds
# Poses of joints, all frames together: a human's for six hours at 60 frames a second.
_MOST_POSES: Final = 1 << 26


def rate_of_keys(keys: Sequence[Float64[np.ndarray, "k"]], usual: float = 30.0) -> float:
    """Frames per second at which most curves have their keys; the usual ones where somebody set them by hand.

    Args:
        keys: Times of each curve's keys, seconds, rising.
        usual: Frames per second where the keys tell none.

    Example:
        >>> rate_of_keys([np.arange(90) / 23.98])
        24.0
    """
    longest = max(keys, key=len)
    steps = np.diff(longest)
    steps = steps[steps > 1e-5]
    if len(steps) < 2:
        return usual
    rate = 1.0 / float(np.median(steps))
    if np.percentile(steps, 90) > 1.5 * np.median(steps) or rate < 0.6 * _RATES[0]:
        return usual
    nearest = min(_RATES, key=lambda one: abs(one - rate))
    return nearest if abs(nearest - rate) < 0.02 * nearest else rate


def moments(
    begin: float, end: float, fps: float, joints: int, path: Path, remedy: str
) -> Float64[np.ndarray, "T"]:
    """The times of an animation's frames, seconds.

    Args:
        begin: Time of the first key.
        end: Time of the last one.
        fps: Frames per second.
        joints: How many joints there are in each frame.
        path: The file, for messages.
        remedy: What to do where there are none.

    Raises:
        FileFormatError: It lasts longer than anybody records, at no rate that can be, or is too much to be posed.
    """
    if not (np.isfinite(begin) and np.isfinite(end) and 0.0 <= end - begin < _LONGEST):
        raise FileFormatError(path, f"lasts from {begin:g} to {end:g} s", remedy)
    if problem := rate_problem(fps):
        raise FileFormatError(path, f"its keys are at {problem}", remedy)
    frames = int(np.floor((end - begin) * fps + 0.01)) + 1
    if frames * joints > _MOST_POSES:
        cause = f"has {frames} frames of {joints} joints at {fps:g} frames a second"
        raise FileFormatError(path, cause, "cut it into parts")
    return begin + np.arange(frames) / fps
