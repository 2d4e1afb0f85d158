"""How well the robot follows the human: directions of limbs and orientations of segments."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64

from retarget.evaluation.frames.following.angles import correlate, measure_errors
from retarget.evaluation.frames.following.bodies import BodyTrack
from retarget.evaluation.frames.statistics import percentile_of
from retarget.evaluation.thresholds import ORIENTED_SEGMENTS, POINTING_SEGMENTS

__all__ = ["Tracking", "find_tracking", "measure_tracking"]


class Tracking(NamedTuple):
    """How limbs and segments follow.

    Attributes:
        yaw: Sine and cosine of the yaw that turns the human best onto the robot.
        limbs: Name and side of each limb.
        errors: Angle of each limb, rad.
        segments: Name and side of each segment.
        turn_errors: Angle of each segment, rad.
    """

    yaw: Float64[np.ndarray, "2"]
    limbs: tuple[tuple[str, str], ...]
    errors: Float32[np.ndarray, "T L"]
    segments: tuple[tuple[str, str], ...]
    turn_errors: Float32[np.ndarray, "T C"]


def find_tracking(bodies: BodyTrack) -> Tracking:
    """Find the one yaw and the constant offsets between human and robot, and measure what is left."""
    what, frames = bodies.compared, len(bodies.points)
    rotations = np.ascontiguousarray(bodies.source.rotations)
    seen = (bodies.points, bodies.rotations, bodies.human, rotations, what.ends, what.carriers)
    sums, moments = np.zeros(2), np.zeros((len(what.segments), 3, 3, 3))
    correlate(*seen, sums, moments)
    # No direction at all prefers no yaw.
    norm = float(np.hypot(*sums))
    yaw = sums / norm if norm else np.array([0.0, 1.0])
    errors = np.empty((frames, len(what.limbs)), np.float32)
    turn_errors = np.empty((frames, len(what.segments)), np.float32)
    measure_errors(*seen, yaw, _offsets(moments, yaw), errors, turn_errors)
    return Tracking(yaw, what.limbs, errors, what.segments, turn_errors)


def measure_tracking(found: Tracking) -> dict[str, float | None]:
    """Measures of limb directions and segment orientations; see `retarget.evaluation.MEASURES`."""
    limbs = _means(found.errors, found.limbs, POINTING_SEGMENTS)
    segments = _means(found.turn_errors, found.segments, ORIENTED_SEGMENTS)
    worst = percentile_of(found.errors)
    return {
        "limb_error_mean": _mean(limbs),
        "limb_error_p95": None if worst is None else float(np.degrees(worst)),
        "orientation_error_mean": _mean(segments),
        **{f"limb_error_{name}": error for name, error in limbs.items()},
        **{f"orientation_error_{name}": error for name, error in segments.items()},
    }


def _means(
    errors: Float32[np.ndarray, "T n"],
    columns: tuple[tuple[str, str], ...],
    names: tuple[str, ...],
) -> dict[str, float | None]:
    """Mean of left and right in degrees; none of what there is on neither side."""
    means = np.degrees(errors.mean(axis=0, dtype=np.float64)).tolist() if errors.size else []
    found: dict[str, float | None] = dict.fromkeys(names)
    for name in names:
        sides = [mean for mean, (column, _) in zip(means, columns, strict=False) if column == name]
        found[name] = sum(sides) / len(sides) if sides else None
    return found


def _mean(values: dict[str, float | None]) -> float | None:
    known = [value for value in values.values() if value is not None]
    return sum(known) / len(known) if known else None


def _offsets(
    moments: Float64[np.ndarray, "C 3 3 3"], yaw: Float64[np.ndarray, "2"]
) -> Float64[np.ndarray, "C 3 3"]:
    """The constant rotations that bring the turned human joints closest to the bodies (Procrustes)."""
    sine, cosine = yaw
    u, _, vt = np.linalg.svd(cosine * moments[:, 0] + sine * moments[:, 1] + moments[:, 2])
    u[..., 2] *= np.linalg.det(u @ vt)[:, None]
    return np.ascontiguousarray(u @ vt)
