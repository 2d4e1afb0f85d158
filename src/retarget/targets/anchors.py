"""Where the sole's heel and toe points are held while they are in stance."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64
from numpy.lib.stride_tricks import sliding_window_view

from retarget.compiled.jit import jit
from retarget.motion.contacts import HEEL, TOE
from retarget.motion.numeric.spans import spans

__all__ = ["EASING", "LARGEST_DRIFT", "eased", "grown", "resting_anchors", "stance_anchors"]

# A stance is split where the wanted place drifts this far (metres) from its mean: a foot that slides on purpose.
LARGEST_DRIFT = 0.3
# Seconds over which a knee, hand or seat takes its load at each end of a rest, and gives it back.
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
    stances = spans(held)
    frames = np.flatnonzero(held)
    first = np.where(stances.first > 0, stances.first, -np.inf)
    last = np.where(stances.last < len(held), stances.last, np.inf)
    nearest = np.minimum(frames + 1 - stances.by_frame(first), stances.by_frame(last) - frames)
    share = np.zeros(len(held))
    share[frames] = np.minimum(nearest / (HEEL_RAMP * fps), 1.0)
    return share


def stance_anchors(
    wanted: Float64[np.ndarray, "T 2 2"], stance: Bool[np.ndarray, "T 2"], length: float
) -> Float64[np.ndarray, "T 2 2"]:
    """Where along the ground a foot's contact points are held, metres; constant over each part of a stance.

    Args:
        wanted: Where heel and toe would be, seen from above, metres.
        stance: Point (heel, toe) in stance.
        length: From heel to toe on the robot's foot, metres.
    """
    anchors = np.zeros((*stance.shape, 2))
    toe = stance[:, TOE]
    begins = _drifts(np.ascontiguousarray(wanted[:, TOE]), toe)
    parts = spans(toe, begins)
    anchors[toe, TOE] = parts.by_frame(parts.means(wanted[:, TOE]))
    # The heel of the same rigid foot lies behind the toe's anchor along the mean heading.
    flat = toe & stance[:, HEEL]
    parts = spans(flat, begins)
    heading = parts.means(wanted[:, TOE] - wanted[:, HEEL])
    heading /= np.linalg.norm(heading, axis=1, keepdims=True) + 1e-9
    behind = anchors[parts.first, TOE] - length * heading
    anchors[flat, HEEL] = parts.by_frame(behind)
    # A heel strike goes on as the flat stance that follows, a heel that stays as the one before.
    alone = stance[:, HEEL] & ~toe
    parts = spans(alone)
    places = parts.means(wanted[:, HEEL])
    bordered = np.concatenate(
        [[False], flat, [False]]
    )  # by the frames from the one before the first
    after, before = bordered[parts.last + 1], bordered[parts.first]
    places[before] = anchors[parts.first[before] - 1, HEEL]
    places[after] = anchors[parts.last[after], HEEL]
    anchors[alone, HEEL] = parts.by_frame(places)
    return anchors


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
    for column in np.flatnonzero(resting.any(axis=0)):
        place, rests = np.ascontiguousarray(places[:, column]), resting[:, column]
        parts = spans(rests, _drifts(place, rests))
        anchors[rests, column] = parts.by_frame(parts.means(place))
    return anchors


def _drifts(
    place: Float64[np.ndarray, "T 2"], stance: Bool[np.ndarray, "T"]
) -> Bool[np.ndarray, "T"]:
    """Frames before which a stance is split so that each part stays within `LARGEST_DRIFT` of its running mean."""
    begins = np.zeros(len(stance), bool)
    _find_drifts(place, np.ascontiguousarray(stance), LARGEST_DRIFT, begins)
    return begins


@jit()
def _find_drifts(
    place: Float64[np.ndarray, "T 2"],
    stance: Bool[np.ndarray, "T"],
    drift: float,
    begins: Bool[np.ndarray, "T"],
) -> None:
    # The box of the places seen so far bounds how far any of them is from the mean, in linear time.
    seen = 0
    low0 = high0 = total0 = low1 = high1 = total1 = 0.0
    for t in range(place.shape[0]):
        if not stance[t]:
            seen = 0
            continue
        x = place[t, 0]
        y = place[t, 1]
        if seen > 0:
            low0, high0, total0 = min(low0, x), max(high0, x), total0 + x
            low1, high1, total1 = min(low1, y), max(high1, y), total1 + y
            mean0 = total0 / (seen + 1)
            mean1 = total1 / (seen + 1)
            begins[t] = max(high0 - mean0, mean0 - low0, high1 - mean1, mean1 - low1) > drift
        if seen == 0 or begins[t]:
            seen = 0
            low0 = high0 = total0 = x
            low1 = high1 = total1 = y
        seen += 1
