"""Spectral arc length: how smoothly hands and feet move, at any size and speed (Balasubramanian et al. 2015)."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Float64

from retarget.evaluation.frames.bodies import BodyTrack
from retarget.evaluation.frames.compared import SIDES
from retarget.evaluation.thresholds import (
    ARC_AMPLITUDE,
    ARC_FREQUENCY,
    ARC_PADDING,
    ARC_WINDOW,
    MOVING_POINT,
)

__all__ = ["measure_smoothness", "spectral_arc_lengths"]

_ENDS = tuple(f"{side}_{joint}" for joint in ("wrist", "ankle") for side in SIDES)


def measure_smoothness(track: BodyTrack, fps: float) -> dict[str, float | None]:
    """Spectral arc lengths of the robot and of the human; see `retarget.evaluation.MEASURES`."""
    columns = [track.compared.roles.index(role) for role in _ENDS if role in track.compared.roles]

    def mean(points: Float32[np.ndarray, "T P 3"]) -> float | None:
        found = spectral_arc_lengths(points[:, columns].astype(np.float64), fps)
        return float(found.mean()) if len(found) else None

    return {
        "spectral_arc_length": mean(track.points),
        "human_spectral_arc_length": mean(track.human),
    }


def spectral_arc_lengths(
    points: Float64[np.ndarray, "T P 3"], fps: float
) -> Float64[np.ndarray, "n"]:
    """Spectral arc length of the speed of each point, in each window of a clip in which it moves.

    Args:
        points: Metres.
        fps: Frames per second.

    Returns:
        Dimensionless and negative, nearer to zero the smoother; none of clips of fewer than four frames.

    Example:
        >>> spectral_arc_lengths(hand[:, None], 30.0)  # doctest: +SKIP
        array([-2.1, -2.4])
    """
    if len(points) < 4 or not points.shape[1]:
        return np.zeros(0)
    steps = np.diff(points, axis=0)
    speed = np.sqrt(np.einsum("tpi,tpi->pt", steps, steps)) * fps
    windows = max(round(speed.shape[1] / (ARC_WINDOW * fps)), 1)
    length = speed.shape[1] // windows
    profiles = speed[:, : windows * length].reshape(-1, length)
    profiles = profiles[profiles.max(axis=1) > MOVING_POINT]
    if not len(profiles):
        return np.zeros(0)
    size = ARC_PADDING * (1 << (length - 1).bit_length())
    counted = int(min(ARC_FREQUENCY, fps / 2) * size / fps) + 1
    spectrum = np.abs(np.fft.rfft(profiles, size, axis=1)[:, :counted])
    spectrum /= spectrum.max(axis=1, keepdims=True)
    # Up to where the amplitude is high for the last time.
    last = counted - 1 - (spectrum[:, ::-1] >= ARC_AMPLITUDE).argmax(axis=1)
    last = np.maximum(last, 1)
    arcs = np.square(np.diff(spectrum, axis=1))
    arcs += np.square(1.0 / last)[:, None]
    np.sqrt(arcs, out=arcs)
    arcs[np.arange(counted - 1) >= last[:, None]] = 0.0
    return np.asarray(-arcs.sum(axis=1))
