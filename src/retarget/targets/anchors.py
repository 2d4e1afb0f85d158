"""Where the sole's heel and toe points are held while they are in stance."""

from __future__ import annotations

import itertools

import numpy as np
from jaxtyping import Bool, Float64, Int64
from numpy.lib.stride_tricks import sliding_window_view

from retarget._jit import jit
from retarget.motion.contacts import HEEL, TOE
from retarget.motion.feet import runs

__all__ = ["EASING", "LARGEST_DRIFT", "eased", "grown", "resting_anchors", "stance_anchors"]

# A stance is split where the wanted place drifts this far (metres) from its mean: a foot that slides on purpose.
LARGEST_DRIFT = 0.3
# Seconds over which a knee or hand takes its load at each end of a rest, and gives it back.
EASING = 0.2
# Seconds over which the heel of a foot whose toe is held takes its weight, and gives it back.
HEEL_RAMP = 0.1


def grown(stance: Bool[np.ndarray, "T *n"], frames: int) -> Bool[np.ndarray, "T *n"]:
    """Stances lengthened by some frames at both ends: touch-down and lift-off fall between frames."""
    out = stance.copy()
    for _ in range(frames):
        wider = out.copy()
        wider[1:] |= out[:-1]
        wider[:-1] |= out[1:]
        out = wider
    return out


def ramped(held: Bool[np.ndarray, "T"], fps: float) -> Float64[np.ndarray, "T"]:
    """Share of its weight with which a point is held: it rises over `HEEL_RAMP` from each end of a stance.

    Where a clip begins or ends in a stance nothing is known of its end.
    """
    share = held.astype(np.float64)
    for start, stop in runs(held):
        since, until = np.arange(1, stop - start + 1.0), np.arange(stop - start, 0.0, -1.0)
        nearest = np.minimum(since if start > 0 else np.inf, until if stop < len(held) else np.inf)
        share[start:stop] = np.minimum(nearest / (HEEL_RAMP * fps), 1.0)
    return share


def stance_anchors(
    wanted: Float64[np.ndarray, "T 2 2"], stance: Bool[np.ndarray, "T 2"], length: float
) -> tuple[Bool[np.ndarray, "T 2"], Float64[np.ndarray, "T 2 2"]]:
    """Which of a foot's contact points are held, and where along the ground.

    Args:
        wanted: Where heel and toe would be, seen from above, metres.
        stance: Point (heel, toe) in stance.
        length: From heel to toe on the robot's foot, metres.

    Returns:
        Held points, and their anchors, constant over each part of a stance.
    """
    held = np.zeros(stance.shape, bool)
    anchors = np.zeros((*stance.shape, 2))
    for start, stop in runs(stance[:, TOE]):
        for first, last in _parts(wanted[:, TOE], start, stop):
            anchors[first:last, TOE] = wanted[first:last, TOE].mean(axis=0)
            held[first:last, TOE] = True
            # The heel of the same rigid foot lies behind the toe's anchor along the mean heading.
            for a, b in runs(stance[first:last, HEEL]):
                s, e = first + a, first + b
                heading = (wanted[s:e, TOE] - wanted[s:e, HEEL]).mean(axis=0)
                heading /= np.linalg.norm(heading) + 1e-9
                anchors[s:e, HEEL] = anchors[first, TOE] - length * heading
                held[s:e, HEEL] = True
    for start, stop in runs(stance[:, HEEL] & ~stance[:, TOE]):
        # A heel strike goes on as the flat stance that follows, a heel that stays as the one before.
        if stop < len(stance) and held[stop, HEEL]:
            anchors[start:stop, HEEL] = anchors[stop, HEEL]
        elif start > 0 and held[start - 1, HEEL]:
            anchors[start:stop, HEEL] = anchors[start - 1, HEEL]
        else:
            anchors[start:stop, HEEL] = wanted[start:stop, HEEL].mean(axis=0)
        held[start:stop, HEEL] = True
    return held, anchors


def eased(share: Float64[np.ndarray, "T C"], fps: float) -> Float64[np.ndarray, "T C"]:
    """Shares of the body's load that come and go over `EASING`, within the times at which they were there.

    Where a load ends from one frame to the next, the feet that take it over jump back to their places.
    """
    half = round(EASING / 2 * fps)
    if half == 0 or not share.any():
        return share
    padded = np.pad(share, ((2 * half, 2 * half), (0, 0)), mode="edge")
    lowest = sliding_window_view(padded, 2 * half + 1, axis=0).min(axis=-1)
    return np.asarray(sliding_window_view(lowest, 2 * half + 1, axis=0).mean(axis=-1))


def resting_anchors(
    places: Float64[np.ndarray, "T C 2"], resting: Bool[np.ndarray, "T C"]
) -> Float64[np.ndarray, "T C 2"]:
    """Where along the ground resting points are held: the mean place over each part of a rest, metres."""
    anchors = np.zeros(places.shape)
    for column in range(places.shape[1]):
        for start, stop in runs(resting[:, column]):
            for first, last in _parts(places[:, column], start, stop):
                anchors[first:last, column] = places[first:last, column].mean(axis=0)
    return anchors


def _parts(place: Float64[np.ndarray, "T 2"], start: int, stop: int) -> list[tuple[int, int]]:
    """A stance split so that its place stays within `LARGEST_DRIFT` of the running mean on each part."""
    breaks = np.empty(stop - start, np.int64)
    count = _breaks(np.ascontiguousarray(place[start:stop]), LARGEST_DRIFT, breaks)
    return list(itertools.pairwise([start, *(start + breaks[:count]).tolist(), stop]))


@jit()
def _breaks(place: Float64[np.ndarray, "n 2"], drift: float, breaks: Int64[np.ndarray, "n"]) -> int:
    """Fill the frames before which a stance is split; returns how many there are."""
    # The box of the places seen so far bounds how far any of them is from the mean, in linear time.
    count = 0
    first = 0
    low0 = high0 = total0 = place[0, 0]
    low1 = high1 = total1 = place[0, 1]
    for t in range(1, place.shape[0]):
        x = place[t, 0]
        y = place[t, 1]
        low0, high0, total0 = min(low0, x), max(high0, x), total0 + x
        low1, high1, total1 = min(low1, y), max(high1, y), total1 + y
        seen = t + 1 - first
        mean0 = total0 / seen
        mean1 = total1 / seen
        if max(high0 - mean0, mean0 - low0, high1 - mean1, mean1 - low1) > drift:
            breaks[count] = t
            count += 1
            first = t
            low0 = high0 = total0 = x
            low1 = high1 = total1 = y
    return count
