"""Whether limbs move as far as the human's: how the robot's follow from them by a straight line, limb by limb."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64, Int64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.evaluation.frames.following.angles import direction
from retarget.evaluation.frames.following.bodies import BodyTrack
from retarget.evaluation.frames.following.compared import Compared
from retarget.evaluation.thresholds import GAIN_MOTION, GAIN_RATE, GAIN_WINDOW

__all__ = ["Gains", "find_gains", "measure_gains"]

_HIPS, _SHOULDERS = ("right_hip", "left_hip"), ("right_shoulder", "left_shoulder")
_ARM = ("upper_arm", "forearm")


class Gains(NamedTuple):
    """Sums of which gains are made, by window of `GAIN_WINDOW` seconds and by limb, over samples about their means.

    Attributes:
        seconds: Middle of each window.
        squares: Mean square of the human's direction.
        products: Mean product of the human's and the robot's.
        errors: How far the gain is off one; NaN of limbs of the human that hardly move in the window.
    """

    seconds: Float64[np.ndarray, "W"]
    squares: Float64[np.ndarray, "W L"]
    products: Float64[np.ndarray, "W L"]
    errors: Float64[np.ndarray, "W L"]


def find_gains(track: BodyTrack, fps: float) -> Gains:
    """Lay the directions of limbs, as the trunk sees them, beside each other in windows."""
    what = track.compared
    stride = max(round(fps / GAIN_RATE), 1)
    samples = (len(track.points) + stride - 1) // stride
    windows = max(round(samples * stride / (GAIN_WINDOW * fps)), 1)
    trunk, arms = _trunk(what), np.array([limb in _ARM for limb, _ in what.limbs])
    seen = np.empty((2, samples, len(what.limbs), 3), np.float32)
    for points, out in zip((track.points, track.human), seen, strict=True):
        _as_the_trunk_sees(points, what.ends, arms, trunk, stride, out)
    sums = np.zeros((2, windows, len(what.limbs)))
    _regress(seen, sums[0], sums[1])
    middles = (np.arange(windows) + 0.5) * (samples * stride / fps / windows)
    return Gains(middles, sums[0], sums[1], _off_one(sums[0], sums[1]))


def measure_gains(found: Gains) -> dict[str, float | None]:
    """Measures of gains; see `retarget.evaluation.MEASURES`."""
    telling = found.squares > GAIN_MOTION**2
    limbs = telling.any(axis=0)
    if not limbs.any():
        return {"limb_gain_error_mean": None, "limb_gain_error_max": None}
    squares = np.where(telling, found.squares, 0.0).sum(axis=0)[limbs]
    products = np.where(telling, found.products, 0.0).sum(axis=0)[limbs]
    return {
        "limb_gain_error_mean": float(np.abs(1.0 - products / squares).mean()),
        "limb_gain_error_max": float(np.nanmax(found.errors)),
    }


def _off_one(
    squares: Float64[np.ndarray, "W L"], products: Float64[np.ndarray, "W L"]
) -> Float64[np.ndarray, "W L"]:
    telling = squares > GAIN_MOTION**2
    return np.asarray(
        np.where(telling, np.abs(1.0 - products / np.where(telling, squares, 1.0)), np.nan)
    )


def _trunk(what: Compared) -> Int64[np.ndarray, "2 2"]:
    """Right and left joint centres of hips and of shoulders; -1 of those that are not compared."""
    rows = [what.columns(*pair) for pair in (_HIPS, _SHOULDERS)]
    return np.array([[-1, -1] if row is None else row for row in rows], np.int64)


@jit(fastmath=True)
def _as_the_trunk_sees(
    points: Float32[np.ndarray, "T P 3"],
    ends: Int64[np.ndarray, "L 2"],
    arms: Int64[np.ndarray, "L"],
    trunk: Int64[np.ndarray, "2 2"],
    stride: int,
    out: Float32[np.ndarray, "S L 3"],
) -> None:
    """Fill the direction of each limb in the trunk's axes, in every so manyth frame.

    Up is the line from the middle of the hips to that of the shoulders, or the vertical where one is missing; left is
    the line of the hips for legs, that of the shoulders for arms, without its part along up.
    """
    up = scratch(3, np.float64)
    left = scratch((2, 3), np.float64)
    limb = scratch(3, np.float64)
    for s in range(out.shape[0]):
        t = s * stride
        whole = trunk[0, 0] >= 0 and trunk[1, 0] >= 0
        squared = 0.0
        for i in range(3):
            up[i] = 1.0 if i == 2 else 0.0
            if whole:
                low = np.float64(points[t, trunk[0, 0], i]) + points[t, trunk[0, 1], i]
                up[i] = np.float64(points[t, trunk[1, 0], i]) + points[t, trunk[1, 1], i] - low
            squared += up[i] * up[i]
        _scaled(up, squared)
        for k in range(2):
            if trunk[k, 0] < 0:
                continue
            direction(points[t], trunk[k], left[k])
            along = left[k, 0] * up[0] + left[k, 1] * up[1] + left[k, 2] * up[2]
            squared = 0.0
            for i in range(3):
                left[k, i] -= along * up[i]
                squared += left[k, i] * left[k, i]
            _scaled(left[k], squared)
        for n in range(ends.shape[0]):
            own = left[1 if arms[n] else 0]
            direction(points[t], ends[n], limb)
            out[s, n, 0] = (
                limb[0] * (own[1] * up[2] - own[2] * up[1])
                + limb[1] * (own[2] * up[0] - own[0] * up[2])
                + limb[2] * (own[0] * up[1] - own[1] * up[0])
            )
            out[s, n, 1] = limb[0] * own[0] + limb[1] * own[1] + limb[2] * own[2]
            out[s, n, 2] = limb[0] * up[0] + limb[1] * up[1] + limb[2] * up[2]


@jit(fastmath=True, inner=True)
def _scaled(vector: Float64[np.ndarray, "3"], squared: float) -> None:
    """Bring a vector to unit length, given its squared length; zero stays zero."""
    length = max(squared, 1e-24) ** 0.5
    for i in range(3):
        vector[i] /= length


@jit(fastmath=True)
def _regress(
    seen: Float32[np.ndarray, "2 S L 3"],
    squares: Float64[np.ndarray, "W L"],
    products: Float64[np.ndarray, "W L"],
) -> None:
    """Fill mean squares of the human's and mean products with the robot's, each window about its own means."""
    samples, windows = seen.shape[1], squares.shape[0]
    for w in range(windows):
        first = w * samples // windows
        last = (w + 1) * samples // windows
        count = max(last - first, 1)
        for n in range(seen.shape[2]):
            for i in range(3):
                robot = 0.0
                human = 0.0
                square = 0.0
                product = 0.0
                for s in range(first, last):
                    robot += seen[0, s, n, i]
                    human += seen[1, s, n, i]
                    square += np.float64(seen[1, s, n, i]) * seen[1, s, n, i]
                    product += np.float64(seen[0, s, n, i]) * seen[1, s, n, i]
                squares[w, n] += (square - human * human / count) / count
                products[w, n] += (product - robot * human / count) / count
