"""A solved motion at another frame rate: smooth between its frames, and within all limits there too."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from retarget.geometry import without_flips
from retarget.solver.arrays import Limits, Problem
from retarget.solver.limits.keep import keep_joint_limits, lift_above_floor

__all__ = ["at_rate"]


def at_rate(
    qpos: Float64[np.ndarray, "T Q"], problem: Problem, fps: float, frames: int, limits: Limits
) -> Float64[np.ndarray, "S Q"]:
    """Interpolate, then keep joint limits and the floor at the frames in between as well.

    Args:
        qpos: Configurations at the problem's rate.
        problem: What they solve.
        fps: Rate wanted, 1/s.
        frames: Number of frames to make; the first is at time 0.
        limits: Joint limits at that rate.
    """
    time = np.minimum(np.arange(frames) * (problem.fps / fps), len(qpos) - 1)
    unflipped = qpos.copy()
    unflipped[:, 3:7] = without_flips(qpos[:, 3:7])
    out = _interpolate(unflipped, time)
    out[:, 3:7] /= np.linalg.norm(out[:, 3:7], axis=1, keepdims=True)
    out[:, 7:] = np.clip(out[:, 7:], limits.lower[1:], limits.upper[1:])
    keep_joint_limits(out, limits)
    lift_above_floor(out, problem, fps)
    return out


def _interpolate(
    values: Float64[np.ndarray, "T Q"], time: Float64[np.ndarray, "S"]
) -> Float64[np.ndarray, "S Q"]:
    """Cubic Hermite curves with central differences as slopes (Catmull & Rom 1974); ``time`` in frames.

    Straight lines would put all acceleration into the frames that they meet at.
    """
    if len(values) < 2:
        return values[np.zeros(len(time), np.int64)]
    slopes = np.gradient(values, axis=0)
    before = np.minimum(time.astype(np.int64), len(values) - 2)
    s = (time - before)[:, None]
    start = (1 + 2 * s) * values[before] + s * slopes[before]
    end = (3 - 2 * s) * values[before + 1] - (1 - s) * slopes[before + 1]
    return np.asarray((1 - s) ** 2 * start + s**2 * end)
