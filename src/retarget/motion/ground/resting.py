"""When and where a marker rests on the ground: kernels over one marker's places."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.motion.numeric.quantiles import median, quantile

__all__ = ["Stillness", "fill_speeds", "find_flat", "find_stance", "noise_level", "resting_height"]

_BINS = 37  # of heights in which a resting marker is looked for
_FEWEST = 10  # samples that rest, below which there is no densest height


class Stillness(NamedTuple):
    """Thresholds of a stance, in metres, m/s and frames.

    Attributes:
        strict_height, strict_speed: Within these a stance is sure.
        loose_height, loose_speed: Within these it goes on.
        shortest: Shorter stances and gaps are noise.
        slide: Over so many frames a resting marker ...
        drift: ... travels less than this a frame.
    """

    strict_height: float
    loose_height: float
    strict_speed: float
    loose_speed: float
    shortest: int
    slide: int
    drift: float


@jit()
def noise_level(marker: Float64[np.ndarray, "T 3"], room: Float64[np.ndarray, "N"]) -> float:
    """White noise of a marker of more than three frames, metres: robust, from third differences."""
    count = 0
    for t in range(marker.shape[0] - 3):
        for i in range(3):
            a, b, c, d = marker[t, i], marker[t + 1, i], marker[t + 2, i], marker[t + 3, i]
            room[count] = abs(((d - c) - (c - b)) - ((c - b) - (b - a)))
            count += 1
    return 1.4826 * median(room, count) / math.sqrt(20)


@jit()
def fill_speeds(
    marker: Float64[np.ndarray, "T 3"], fps: float, speeds: Float64[np.ndarray, "T"]
) -> None:
    """Fill speeds in m/s by central differences; zero for a single frame."""
    last = marker.shape[0] - 1
    for t in range(last + 1):
        before, after = max(t - 1, 0), min(t + 1, last)
        span = max(after - before, 1)
        total = 0.0
        for i in range(3):
            step = (marker[after, i] - marker[before, i]) / span
            total += step * step
        speeds[t] = math.sqrt(total) * fps


@jit()
def resting_height(
    heights: Float64[np.ndarray, "T"],
    speeds: Float64[np.ndarray, "T"],
    leg: float,
    slow: float,
    room: Float64[np.ndarray, "T"],
) -> float:
    """Height of a marker while it rests, metres.

    The densest height among its samples slower than ``slow`` (m/s) near its lowest ones, which are told by the leg
    length (metres); a low percentile where it hardly ever rests.
    """
    count = heights.shape[0]
    for t in range(count):
        room[t] = heights[t]
    lowest = quantile(room, count, 0.02)
    width = 0.004 * leg
    bottom = lowest - 0.02 * leg
    counts = scratch(_BINS, np.int64)
    resting = 0
    for t in range(count):
        if speeds[t] < slow and heights[t] < lowest + 0.12 * leg:
            resting += 1
            k = math.floor((heights[t] - bottom) / width)
            # Edges are where rounding puts them.
            if k > 0 and heights[t] < bottom + width * k:
                k -= 1
            elif heights[t] >= bottom + width * (k + 1):
                k += 1
            if 0 <= k < _BINS:
                counts[k] += 1
    if resting < _FEWEST:
        return lowest
    best, most = 0, -1
    for k in range(_BINS):
        smooth = 0
        for d in range(-2, 3):
            if 0 <= k + d < _BINS:
                smooth += (3 - abs(d)) * counts[k + d]
        if smooth > most:
            best, most = k, smooth
    return bottom + width * best + width / 2


@jit()
def find_flat(
    markers: tuple[Float64[np.ndarray, "T 3"], Float64[np.ndarray, "T 3"]],
    smooth: tuple[Float64[np.ndarray, "T 3"], Float64[np.ndarray, "T 3"]],
    fps: float,
    leg: float,
    still: tuple[float, float],
    room: Float64[np.ndarray, "3 T"],
    flat: Bool[np.ndarray, "T"],
) -> None:
    """Fill the frames in which a foot stands flat.

    Args:
        markers: Ankle and toe, metres.
        smooth: The same without noise.
        fps: Frames per second.
        leg: Leg length, metres.
        still: Height above rest and speed within which a marker rests, metres and m/s.
        room: To work in.
        flat: Filled.
    """
    heights, speeds, work = room[0], room[1], room[2]
    ankle, toe = markers
    for t in range(flat.shape[0]):
        x, y, z = toe[t, 0] - ankle[t, 0], toe[t, 1] - ankle[t, 1], toe[t, 2] - ankle[t, 2]
        # A foot on tiptoe has no level sole.
        flat[t] = math.hypot(x, y) > 0.5 * math.sqrt(x * x + y * y + z * z)
    for marker in smooth:
        fill_speeds(marker, fps, speeds)
        for t in range(flat.shape[0]):
            heights[t] = marker[t, 2]
        floor = resting_height(heights, speeds, leg, still[1], work)
        for t in range(flat.shape[0]):
            if not (heights[t] < floor + still[0] and speeds[t] < still[1]):
                flat[t] = False


@jit()
def find_stance(
    marker: Float64[np.ndarray, "T 3"],
    speeds: Float64[np.ndarray, "T"],
    floor: float,
    still: Stillness,
    work: Bool[np.ndarray, "T"],
    stance: Bool[np.ndarray, "T"],
) -> None:
    """Fill runs that stay within the loose thresholds, reach the strict ones, last and do not slide.

    Short gaps are closed.

    Args:
        marker: Places of a point, metres, world.
        speeds: Its speeds, m/s.
        floor: Its height at rest, metres.
        still: When it rests.
        work: To work in.
        stance: Filled.
    """
    count = marker.shape[0]
    for t in range(count):
        height = marker[t, 2] - floor
        stance[t] = height < still.loose_height and speeds[t] < still.loose_speed
        work[t] = height < still.strict_height and speeds[t] < still.strict_speed
    first = 0
    while first < count:
        last = _end(stance, first)
        if stance[first]:
            reached = False
            for t in range(first, last):
                reached = reached or work[t]
            _set(stance, first, last, reached)
        first = last
    _turn_short_runs(stance, False, still.shortest)
    _turn_short_runs(stance, True, still.shortest)
    for t in range(count):
        work[t] = stance[t]
    _set(stance, 0, count, False)
    first = 0
    while first < count:
        last = _end(work, first)
        if work[first]:
            _add_still_stretches(marker, first, last, still, stance)
        first = last
    _turn_short_runs(stance, True, still.shortest)


@jit(inner=True)
def _add_still_stretches(
    marker: Float64[np.ndarray, "T 3"],
    first: int,
    last: int,
    still: Stillness,
    stance: Bool[np.ndarray, "T"],
) -> None:
    """Of a stance, the frames that lie in a stretch in which the place hardly moves on; a short one is one stretch."""
    steps = min(still.slide, last - first - 1)
    reached = first
    for t in range(first, last - steps):
        x = marker[t + steps, 0] - marker[t, 0]
        y = marker[t + steps, 1] - marker[t, 1]
        if math.sqrt(x * x + y * y) < still.drift * steps:
            _set(stance, max(t, reached), t + steps + 1, True)
            reached = t + steps + 1


@jit(inner=True)
def _end(mask: Bool[np.ndarray, "T"], first: int) -> int:
    """The frame after the last of a run that begins at ``first``."""
    last = first + 1
    while last < mask.shape[0] and mask[last] == mask[first]:
        last += 1
    return last


@jit(inner=True)
def _set(mask: Bool[np.ndarray, "T"], first: int, last: int, value: bool) -> None:
    for t in range(first, last):
        mask[t] = value


@jit(inner=True)
def _turn_short_runs(mask: Bool[np.ndarray, "T"], value: bool, shortest: int) -> None:
    """Turn runs of a value that are shorter than so many frames."""
    first = 0
    while first < mask.shape[0]:
        last = _end(mask, first)
        if mask[first] == value and last - first < shortest:
            _set(mask, first, last, not value)
        first = last
