"""A solved motion at another frame rate: smooth between its frames, and within all limits there too."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from retarget.geometry import along_curves, without_flips
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
    out = along_curves(unflipped, time)
    out[:, 3:7] /= np.linalg.norm(out[:, 3:7], axis=1, keepdims=True)
    out[:, 7:] = np.clip(out[:, 7:], limits.lower[1:], limits.upper[1:])
    keep_joint_limits(out, limits)
    lift_above_floor(out, problem, fps)
    return out
