"""When the human stands, from the human alone: a result must not grade itself by its own contacts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from retarget.compiled.jit import jit
from retarget.errors import RoleError
from retarget.evaluation.frames.statistics import percentile_of
from retarget.evaluation.thresholds import (
    LEAST_SHANK_RISE,
    STANCE_DURATION,
    STANCE_HEIGHT,
    STANCE_SPEED,
)
from retarget.result import SourceClip

__all__ = ["Stance", "central_speed", "find_stance", "horizontal_speed"]

_SIDES = ("left", "right")


@dataclass(frozen=True, slots=True, eq=False)
class Stance:
    """Stance of the human's left and right foot.

    Attributes:
        toe: The toe stands.
        heel: The toe stands and so does the ankle: the foot is flat.
        toe_speed: Horizontal speed of the human's toes, m/s.
        toes: Where they are, metres.
        ankles: Likewise.
    """

    toe: Bool[np.ndarray, "T 2"]
    heel: Bool[np.ndarray, "T 2"]
    toe_speed: Float64[np.ndarray, "T 2"]
    toes: Float64[np.ndarray, "T 2 3"]
    ankles: Float64[np.ndarray, "T 2 3"]


def find_stance(source: SourceClip, fps: float) -> Stance:
    """Stance by the definition in `retarget.evaluation.measures`.

    Raises:
        RoleError: The source has no toes, ankles or knees.
    """
    needed = [f"{side}_{role}" for side in _SIDES for role in ("toe", "ankle", "knee")]
    missing = [role for role in needed if role not in source.position_roles]
    if missing:
        raise RoleError(f"the source motion has no {', '.join(missing)}; stance cannot be found")
    columns = [
        source.position_roles.index(f"{side}_{role}")
        for role in ("toe", "ankle", "knee")
        for side in _SIDES
    ]
    places = source.positions[:, columns].astype(np.float64)
    toes, ankles, knees = places[:, :2], places[:, 2:4], places[:, 4:]
    under_knee = knees[..., 2] - ankles[..., 2] > LEAST_SHANK_RISE
    toe, ankle = _stands(toes, fps) & under_knee, _stands(ankles, fps)
    return Stance(toe, toe & ankle, horizontal_speed(toes, fps), toes, ankles)


def horizontal_speed(
    positions: Float64[np.ndarray, "T *n 3"], fps: float
) -> Float64[np.ndarray, "T *n"]:
    """Speed in the floor's plane, m/s: mean over the steps before and after each frame.

    Unlike a central difference this also sees a point that trembles about its place.
    """
    if len(positions) < 2:
        return np.zeros(positions.shape[:-1])
    steps = np.linalg.norm(np.diff(positions[..., :2], axis=0), axis=-1) * fps
    return np.asarray(
        (np.concatenate([steps[:1], steps]) + np.concatenate([steps, steps[-1:]])) / 2
    )


def central_speed(
    positions: Float64[np.ndarray, "T *n d"], fps: float
) -> Float64[np.ndarray, "T *n"]:
    """Speed by central differences, one-sided at the ends; zero of a single frame."""
    if len(positions) < 2:
        return np.zeros(positions.shape[:-1])
    velocity = np.empty(positions.shape)
    velocity[1:-1] = (positions[2:] - positions[:-2]) * (fps / 2)
    velocity[0] = (positions[1] - positions[0]) * fps
    velocity[-1] = (positions[-1] - positions[-2]) * fps
    return np.asarray(np.sqrt(np.square(velocity).sum(axis=-1)))


def _stands(points: Float64[np.ndarray, "T 2 3"], fps: float) -> Bool[np.ndarray, "T 2"]:
    if not len(points):
        return np.zeros((0, 2), bool)
    low = points[..., 2] < (percentile_of(points[..., 2], 2) or 0.0) + STANCE_HEIGHT
    stands = low & (central_speed(points, fps) < STANCE_SPEED)
    _drop_short_runs(stands, max(1, round(STANCE_DURATION * fps)))
    return stands


@jit()
def _drop_short_runs(mask: Bool[np.ndarray, "T 2"], shortest: int) -> None:
    """Clear, in place, the runs of fewer than ``shortest`` frames in each column."""
    frames = mask.shape[0]
    for column in range(mask.shape[1]):
        first = 0
        for t in range(frames + 1):
            if t < frames and mask[t, column]:
                continue
            if t - first < shortest:
                for u in range(first, t):
                    mask[u, column] = False
            first = t + 1
