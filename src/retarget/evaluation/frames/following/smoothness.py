"""Spectral arc length: how smoothly hands and feet move, at any size and speed (Balasubramanian et al. 2015)."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

from retarget.evaluation.frames.following.bodies import BodyTrack
from retarget.evaluation.frames.following.compared import SIDES
from retarget.evaluation.thresholds import (
    ARC_AMPLITUDE,
    ARC_FREQUENCY,
    ARC_PADDING,
    ARC_WINDOW,
    MOVING_POINT,
)

__all__ = ["measure_smoothness", "spectral_arc_lengths"]

_AT_ONCE = 64  # windows whose spectra are in memory together
_ENDS = tuple(f"{side}_{joint}" for joint in ("wrist", "ankle") for side in SIDES)


def measure_smoothness(track: BodyTrack, fps: float) -> dict[str, float | None]:
    """Spectral arc lengths of the robot and of the human; see `retarget.evaluation.MEASURES`."""
    columns = [track.compared.roles.index(role) for role in _ENDS if role in track.compared.roles]
    both = np.concatenate([track.points[:, columns], track.human[:, columns]], axis=1)
    found = spectral_arc_lengths(both, fps).reshape(2, -1)
    return {
        "spectral_arc_length": _mean(found[0]),
        "human_spectral_arc_length": _mean(found[1]),
    }


def _mean(lengths: Float64[np.ndarray, "n"]) -> float | None:
    known = lengths[~np.isnan(lengths)]
    return float(known.mean()) if len(known) else None


def spectral_arc_lengths(
    points: Float[np.ndarray, "T P 3"], fps: float
) -> Float64[np.ndarray, "n"]:
    """Spectral arc length of the speed of each point, in each window of a clip in which it moves.

    Args:
        points: Metres.
        fps: Frames per second.

    Returns:
        Of the first point's windows, then the second's and so on, dimensionless and negative, nearer to zero the
        smoother; NaN where the point rests. None of clips of fewer than four frames.

    Example:
        >>> spectral_arc_lengths(hand[:, None], 30.0)  # doctest: +SKIP
        array([-2.1, -2.4])
    """
    from scipy.fft import rfft

    if len(points) < 4 or not points.shape[1]:
        return np.zeros(0)
    steps = np.diff(points, axis=0)
    speed = np.sqrt(np.einsum("tpi,tpi->pt", steps, steps)) * fps
    windows = max(round(speed.shape[1] / (ARC_WINDOW * fps)), 1)
    length = speed.shape[1] // windows
    profiles = speed[:, : windows * length].reshape(-1, length)
    moves = profiles.max(axis=1) > MOVING_POINT
    lengths = np.full(len(profiles), np.nan)
    if not moves.any():
        return lengths
    size = ARC_PADDING * (1 << (length - 1).bit_length())
    counted = int(min(ARC_FREQUENCY, fps / 2) * size / fps) + 1
    moving = np.flatnonzero(moves)
    for first in range(0, len(moving), _AT_ONCE):  # spectra are many times as long as profiles
        some = moving[first : first + _AT_ONCE]
        spectrum = np.abs(rfft(profiles[some].astype(np.float32), size, axis=1)[:, :counted])
        lengths[some] = _arc_lengths(spectrum)
    return lengths


def _arc_lengths(spectrum: Float[np.ndarray, "n F"]) -> Float64[np.ndarray, "n"]:
    """Length of each amplitude's graph over frequency, both scaled to one, up to where it is high for the last time."""
    spectrum /= spectrum.max(axis=1, keepdims=True)
    steps = spectrum.shape[1] - 1
    last = np.maximum(steps - (spectrum[:, ::-1] >= ARC_AMPLITUDE).argmax(axis=1), 1)
    arcs = np.square(np.diff(spectrum, axis=1))
    arcs += np.square(1.0 / last)[:, None]
    np.sqrt(arcs, out=arcs)
    arcs[np.arange(steps) >= last[:, None]] = 0.0
    return np.asarray(-arcs.sum(axis=1))
