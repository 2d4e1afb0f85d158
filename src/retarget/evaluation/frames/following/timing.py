"""Whether the robot moves when the human does: the time by which it lags, and how that drifts through the clip."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64, Int64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.evaluation.frames.following.bodies import BodyTrack
from retarget.evaluation.thresholds import LAG_RANGE, LAG_RATE, LAG_WINDOW, TELLING_MOTION

__all__ = ["Timing", "find_timing", "measure_timing"]


class Timing(NamedTuple):
    """When the robot does what the human does, in windows of `LAG_WINDOW` seconds that move enough to tell.

    Attributes:
        seconds: Middle of each window.
        lags: By how much the robot is late in it, seconds.
    """

    seconds: Float64[np.ndarray, "W"]
    lags: Float64[np.ndarray, "W"]


def find_timing(track: BodyTrack, fps: float) -> Timing:
    """Lay the limbs' rise and fall beside each other at several lags, window by window."""
    stride = max(round(fps / LAG_RATE), 1)
    rate = fps / stride
    frames = (len(track.points) + stride - 1) // stride
    most = round(LAG_RANGE * rate)
    window = max(round(LAG_WINDOW * rate), 1)
    count = max(frames // window, 1) if frames >= 3 * most else 0
    differences = np.zeros((count, 2 * most + 1))
    if not count or not len(track.compared.ends):
        return Timing(np.zeros(0), np.zeros(0))
    rises = np.empty((2, frames, len(track.compared.ends)), np.float32)
    _rise(track.points, track.compared.ends, stride, rises[0])
    _rise(track.human, track.compared.ends, stride, rises[1])
    _differ(rises, most, differences)
    samples = frames / count
    lags, told = np.empty(count), np.zeros(count, np.bool_)
    for w in range(count):
        lags[w], told[w] = _lag(differences[w], most)
    middles = (np.arange(count) + 0.5) * samples / rate
    return Timing(middles[told], lags[told] / rate)


def measure_timing(found: Timing) -> dict[str, float | None]:
    """Measures of timing; see `retarget.evaluation.MEASURES`."""
    if not len(found.lags):
        return {"time_offset": None, "time_drift": None}
    drift = None
    if len(found.lags) > 1:
        slope = np.polyfit(found.seconds, found.lags, 1)[0]
        drift = abs(float(slope * (found.seconds[-1] - found.seconds[0])))
    return {"time_offset": abs(float(np.median(found.lags))), "time_drift": drift}


def _lag(differences: Float64[np.ndarray, "L"], most: int) -> tuple[float, bool]:
    """Lag at which the least difference lies, between samples, and whether the motion tells it from others."""
    best = int(differences.argmin())
    told = float(differences.mean()) > TELLING_MOTION**2 and 0 < best < 2 * most
    told = told and float(differences[best]) < 0.5 * float(differences.mean())
    if not told:
        return 0.0, False
    before, here, after = differences[best - 1 : best + 2].tolist()
    bend = before - 2 * here + after
    return best - most + (0.5 * (before - after) / bend if bend > 0 else 0.0), True


@jit(fastmath=True)
def _rise(
    points: Float32[np.ndarray, "T P 3"],
    ends: Int64[np.ndarray, "L 2"],
    stride: int,
    out: Float32[np.ndarray, "S L"],
) -> None:
    """Fill the upward part of each limb's unit direction, in every so manyth frame."""
    for s in range(out.shape[0]):
        t = s * stride
        for limb in range(ends.shape[0]):
            squared = 0.0
            step = 0.0
            for i in range(3):
                step = np.float64(points[t, ends[limb, 1], i]) - points[t, ends[limb, 0], i]
                squared += step * step
            out[s, limb] = step / np.sqrt(max(squared, 1e-24))


@jit(fastmath=True)
def _differ(
    rises: Float32[np.ndarray, "2 S L"], most: int, out: Float64[np.ndarray, "W K"]
) -> None:
    """Fill the mean squared difference of robot and human of each window at each lag, each limb about its mean."""
    frames, limbs = rises.shape[1], rises.shape[2]
    shift = scratch(limbs, np.float32)
    windows = out.shape[0]
    for w in range(windows):
        first = w * frames // windows
        last = (w + 1) * frames // windows
        for limb in range(limbs):
            total = 0.0
            for t in range(first, last):
                total += rises[0, t, limb] - rises[1, t, limb]
            shift[limb] = total / max(last - first, 1)
        for k in range(2 * most + 1):
            lag = k - most
            begin = max(first, lag)
            end = min(last, frames + lag)
            total = 0.0
            for t in range(begin, end):
                for limb in range(limbs):
                    e = rises[0, t, limb] - rises[1, t - lag, limb] - shift[limb]
                    total += e * e
            out[w, k] = total / max((end - begin) * limbs, 1)
