"""Where the robot goes beside the human, and where its key bodies are: after one yaw, one scale and one shift."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64, Int64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.evaluation.frames.following.bodies import BodyTrack
from retarget.evaluation.frames.statistics import mean_of, percentile_of
from retarget.evaluation.thresholds import LEAST_PATH
from retarget.motion.numeric.quantiles import median_of

__all__ = ["Errors", "Places", "find_places", "measure_places"]

_HIPS = ("left_hip", "right_hip")


class Errors(NamedTuple):
    """What the robot's joint centres are off the human's, metres.

    Attributes:
        path: Middle of the hips along the floor.
        height: Middle of the hips upwards.
        bodies: Mean over the joint centres, in the world.
        posture: Likewise, each counted from the middle of the hips.
    """

    path: Float64[np.ndarray, "T"]
    height: Float64[np.ndarray, "T"]
    bodies: Float64[np.ndarray, "T"]
    posture: Float64[np.ndarray, "T"]


class Places(NamedTuple):
    """How the robot goes and stands beside the human.

    Attributes:
        errors: In each frame.
        path_scale: Robot metres per human metre of the path along the floor; None where nobody goes anywhere.
    """

    errors: Errors
    path_scale: float | None


def find_places(track: BodyTrack, scale: float, yaw: Float64[np.ndarray, "2"]) -> Places | None:
    """Lay the human onto the robot by one yaw (sine, cosine), one scale and one shift, and measure what is left.

    ``scale`` is the ratio of leg lengths, for paths too short to have one of their own. None for robots without legs.
    """
    hips = track.compared.columns(*_HIPS)
    frames = len(track.points)
    if hips is None:
        return None
    sums = _Sums(np.zeros((2, 3)), np.zeros((2, 3)), np.zeros((2, 2)), np.zeros((2, 2)))
    centre = np.stack([track.points[0].mean(axis=0), track.human[0].mean(axis=0)]).astype(float)
    _add_up(track.points, track.human, hips, yaw, centre, sums)
    path, body = sums.hips / frames, sums.bodies / frames
    spread = math.sqrt(max(sums.path[0, 1] / frames - float(np.square(path[1, :2]).sum()), 0.0))
    fitted = _fit(sums.path[0], path[:, :2], frames)
    moved = spread > LEAST_PATH and fitted is not None
    path_scale = fitted if moved and fitted is not None else scale
    posture = sums.posture[0, 0] / sums.posture[0, 1] if sums.posture[0, 1] > 0 else scale
    world = _fit(sums.path[1], body, frames) or posture
    found = Errors(*(np.empty(frames) for _ in range(4)))
    scales = np.array([path_scale, world, posture])
    shifts = np.zeros((2, 3))
    shifts[0, :2] = path[0, :2] - path_scale * path[1, :2]
    shifts[1] = body[0] - world * body[1]
    _compare(track.points, track.human, hips, yaw, centre, scales, shifts, found)
    np.abs(found.height - median_of(found.height), out=found.height)
    return Places(found, path_scale if moved else None)


def measure_places(found: Places | None, scale: float) -> dict[str, float | None]:
    """Measures of path and key bodies; see `retarget.evaluation.MEASURES`. ``scale`` is the ratio of leg lengths."""
    if found is None:
        return dict.fromkeys(
            (
                *("root_path_error_mean", "root_path_error_p95", "root_height_error_mean"),
                *("root_height_error_p95", "path_scale_error", "key_body_error_mean"),
                "key_body_posture_error_mean",
            )
        )
    off = None if found.path_scale is None else max(found.path_scale / scale, 1e-3)
    return {
        "root_path_error_mean": mean_of(found.errors.path),
        "root_path_error_p95": percentile_of(found.errors.path),
        "root_height_error_mean": mean_of(found.errors.height),
        "root_height_error_p95": percentile_of(found.errors.height),
        "path_scale_error": None if off is None else abs(math.log(off)),
        "key_body_error_mean": mean_of(found.errors.bodies),
        "key_body_posture_error_mean": mean_of(found.errors.posture),
    }


class _Sums(NamedTuple):
    """Over frames; rows are robot and human unless said otherwise, the human turned.

    Attributes:
        hips: Middle of the hips.
        bodies: Mean over joint centres.
        path: Products robot with human and human with human: of the hips along the floor, and of joint centres.
        posture: Products likewise of joint centres counted from the hips, in its first row.
    """

    hips: Float64[np.ndarray, "2 3"]
    bodies: Float64[np.ndarray, "2 3"]
    path: Float64[np.ndarray, "2 2"]
    posture: Float64[np.ndarray, "2 2"]


def _fit(
    products: Float64[np.ndarray, "2"], means: Float64[np.ndarray, "2 n"], count: int
) -> float | None:
    """The scale that lays human onto robot best with a free shift; None where the human does not move."""
    spread = float(products[1] - count * (means[1] @ means[1]))
    if spread < 1e-9 * max(count, 1):
        return None
    return float(products[0] - count * (means[0] @ means[1])) / spread


@jit(fastmath=True, inner=True)
def _place(
    points: Float32[np.ndarray, "P 3"],
    hips: Int64[np.ndarray, "2"],
    s: float,
    c: float,
    centre: Float64[np.ndarray, "3"],
    middle: Float64[np.ndarray, "3"],
    out: Float64[np.ndarray, "P 3"],
) -> None:
    """Fill joint centres, counted from a centre and turned, and the middle of the hips."""
    for p in range(points.shape[0]):
        x = points[p, 0] - centre[0]
        y = points[p, 1] - centre[1]
        out[p, 0] = c * x - s * y
        out[p, 1] = s * x + c * y
        out[p, 2] = points[p, 2] - centre[2]
    for i in range(3):
        middle[i] = 0.5 * (out[hips[0], i] + out[hips[1], i])


@jit(fastmath=True)
def _add_up(
    robot: Float32[np.ndarray, "T P 3"],
    human: Float32[np.ndarray, "T P 3"],
    hips: Int64[np.ndarray, "2"],
    yaw: Float64[np.ndarray, "2"],
    centre: Float64[np.ndarray, "2 3"],
    sums: _Sums,
) -> None:
    """Fill `_Sums`; places are counted from ``centre``, lest large numbers swallow small ones."""
    count = robot.shape[1]
    r = scratch((count, 3), np.float64)
    h = scratch((count, 3), np.float64)
    a = scratch(3, np.float64)
    b = scratch(3, np.float64)
    share = 1.0 / count
    for t in range(robot.shape[0]):
        _place(robot[t], hips, 0.0, 1.0, centre[0], a, r)
        _place(human[t], hips, yaw[0], yaw[1], centre[1], b, h)
        for i in range(3):
            sums.hips[0, i] += a[i]
            sums.hips[1, i] += b[i]
            if i < 2:
                sums.path[0, 0] += a[i] * b[i]
                sums.path[0, 1] += b[i] * b[i]
            for p in range(count):
                sums.bodies[0, i] += share * r[p, i]
                sums.bodies[1, i] += share * h[p, i]
                sums.path[1, 0] += share * r[p, i] * h[p, i]
                sums.path[1, 1] += share * h[p, i] * h[p, i]
                local = h[p, i] - b[i]
                sums.posture[0, 0] += (r[p, i] - a[i]) * local
                sums.posture[0, 1] += local * local


@jit(fastmath=True)
def _compare(
    robot: Float32[np.ndarray, "T P 3"],
    human: Float32[np.ndarray, "T P 3"],
    hips: Int64[np.ndarray, "2"],
    yaw: Float64[np.ndarray, "2"],
    centre: Float64[np.ndarray, "2 3"],
    scales: Float64[np.ndarray, "3"],
    shifts: Float64[np.ndarray, "2 3"],
    found: Errors,
) -> None:
    """Fill `Errors`: ``scales`` of path, of joint centres in the world and of those counted from the hips."""
    count = robot.shape[1]
    r = scratch((count, 3), np.float64)
    h = scratch((count, 3), np.float64)
    a = scratch(3, np.float64)
    b = scratch(3, np.float64)
    for t in range(robot.shape[0]):
        _place(robot[t], hips, 0.0, 1.0, centre[0], a, r)
        _place(human[t], hips, yaw[0], yaw[1], centre[1], b, h)
        x = a[0] - scales[0] * b[0] - shifts[0, 0]
        y = a[1] - scales[0] * b[1] - shifts[0, 1]
        found.path[t] = math.sqrt(x * x + y * y)
        found.height[t] = a[2] - scales[0] * b[2]
        world = 0.0
        posture = 0.0
        for p in range(count):
            off = 0.0
            bent = 0.0
            for i in range(3):
                e = r[p, i] - scales[1] * h[p, i] - shifts[1, i]
                off += e * e
                e = r[p, i] - a[i] - scales[2] * (h[p, i] - b[i])
                bent += e * e
            world += math.sqrt(off)
            posture += math.sqrt(bent)
        found.bodies[t] = world / count
        found.posture[t] = posture / count
