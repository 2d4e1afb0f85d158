"""One path of the centre of mass for a clip, such as what stands can push it along.

What the start of the solve has is followed as far as physics allows: in flight the path is a parabola; while something
stands, the point from which the ground would have to push lies within what stands (the zero-moment point: Vukobratovic
and Borovac 2004), given how the body's parts turn; and nowhere is the path accelerated more than it takes. First come
heights, then both directions along the floor, each a least-squares problem of five diagonals; where the ground can push
is a constraint by frame, met by the alternating direction method of multipliers (Boyd et al. 2011).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64

from retarget.compiled.jit import jit
from retarget.ground import GRAVITY
from retarget.solver.arrays import Problem
from retarget.solver.balance.along_ground import Ends, solve_along_ground
from retarget.solver.balance.support import Support, find_support, nearest_on_hull
from retarget.solver.linear.pentadiagonal import (
    Diagonals,
    add_three,
    factorise_diagonals,
    substitute_diagonals,
)

__all__ = ["CentrePath", "PathOptions", "centre_path"]

_LEAST_PUSH = 0.2  # of the weight; lighter, the ground would push from anywhere
_RATE = 30.0  # frames per second at which the weights were chosen


class PathOptions(NamedTuple):
    """Weights relative to that of following the start, at 30 fps, and what a flight is.

    Attributes:
        vertical: Of vertical acceleration while something stands.
        horizontal: Of horizontal acceleration.
        flight: Of what is not free fall in flight.
        spin: Of the second difference of the angular momentum.
        support: Of the distance of the zero-moment point from what stands.
        beside: Distance, metres, from what stands to where the ground has to push, from which on it does not.
        seconds: Half the time over which that is looked at.
        rounds: Of the alternating direction method.
        rise: Height that both feet have in flight, metres.
        fall: Share of gravity with which the start has to fall in a flight that is one.
        longest: Longest flight, seconds; whoever is off the ground for longer sits or hangs.
        standing: Share of its weight that the height has while something stands.
        landing: Seconds before and after a flight in which it has all.
        near: Height of the lowest point of all but the feet, metres, from which on feet alone carry the body.
        fade: Seconds in which the path comes to count where they do.
        ends: Weight of the velocity along the ground with which the path begins and ends, where the start is at rest:
            whatever holds such a body, it does not come falling into a clip nor leave it so.
        ending: Seconds over which the start is looked at.
        resting: m/s along the ground from which on it is not at rest; it is up to half of that.
    """

    vertical: float = 5.0
    horizontal: float = 60.0
    flight: float = 1e4
    spin: float = 10.0
    support: float = 1.0
    beside: float = 0.15
    seconds: float = 0.5
    rounds: int = 8
    rise: float = 0.01
    fall: float = 0.3
    longest: float = 1.0
    standing: float = 0.1
    landing: float = 0.2
    near: float = 0.015
    fade: float = 0.2
    ends: float = 2e4
    ending: float = 0.2
    resting: float = 0.3


class CentrePath(NamedTuple):
    """Where the centre of mass is to go.

    Attributes:
        places: Metres, world.
        shares: How much they count along the ground and up, 0 to 1: not where trunk or limbs lie on the ground, which
            carries them there. Heights count in full around flights only: elsewhere the ground can push as hard as it
            takes, and a robot's legs reach as far as they do.
    """

    places: Float64[np.ndarray, "T 3"]
    shares: Float64[np.ndarray, "T 2"]


def centre_path(
    start: Float64[np.ndarray, "T Q"], problem: Problem, options: PathOptions | None = None
) -> CentrePath:
    """Find the path of a clip.

    Args:
        start: Configurations, each frame by itself.
        problem: Where its anchors are, something stands.
        options: Weights.
    """
    options = options or PathOptions()
    support = find_support(start, problem)
    places = support.centres.copy()
    flying = np.zeros(len(start), bool)
    up = (problem.clip.clearances > options.rise).all(axis=1) & (support.counts == 0)
    up &= support.lowest > options.near
    _find_flights(places[:, 2], up, problem.fps, options, flying)
    if len(start) > 2:
        _solve_path(support, flying, problem.fps, options, places)
    along = _on_feet(support.lowest, problem.fps, options)
    up = options.standing + (1.0 - options.standing) * _around(flying, problem.fps, options)
    return CentrePath(places, np.stack([along, along * up], axis=1))


def _around(
    flying: Bool[np.ndarray, "T"], fps: float, options: PathOptions
) -> Float64[np.ndarray, "T"]:
    """1 in flights and while they are begun and landed, smoothly 0 elsewhere."""
    if not flying.any():
        return np.zeros(len(flying))
    from scipy.ndimage import maximum_filter1d, uniform_filter1d

    span = 2 * round(options.landing / 2 * fps) + 1
    wide = maximum_filter1d(flying.astype(np.float64), 3 * span)
    return np.asarray(uniform_filter1d(wide, span))


def _on_feet(
    lowest: Float64[np.ndarray, "T"], fps: float, options: PathOptions
) -> Float64[np.ndarray, "T"]:
    """Shares that are 0 where anything but the soles comes near the ground, and smooth over time."""
    shares = np.clip(lowest / options.near, 0.0, 1.0)
    if not len(shares) or shares.min() == 1.0:
        return shares
    from scipy.ndimage import minimum_filter1d, uniform_filter1d

    span = 2 * round(options.fade / 2 * fps) + 1
    return np.asarray(uniform_filter1d(minimum_filter1d(shares, 2 * span - 1), span))


@jit()
def _find_flights(
    heights: Float64[np.ndarray, "T"],
    up: Bool[np.ndarray, "T"],
    fps: float,
    options: PathOptions,
    flying: Bool[np.ndarray, "T"],
) -> None:
    """Mark the runs of frames off the ground in which the body falls freely, judged from how it rises and falls."""
    frames = heights.shape[0]
    t = 0
    while t < frames:
        if not up[t]:
            t += 1
            continue
        first = t
        while t < frames and up[t]:
            t += 1
        begin, end = max(first - 1, 0), min(t, frames - 1)
        middle = (begin + end) // 2
        before, after = middle - begin, end - middle
        if t - first > options.longest * fps or before < 1 or after < 1:
            continue
        rise = (heights[middle] - heights[begin]) / before
        fall = (heights[end] - heights[middle]) / after
        if 2.0 * (fall - rise) / (before + after) * fps * fps < -options.fall * GRAVITY:
            for u in range(first, t):
                flying[u] = True


@jit(allocates=True)
def _solve_path(
    support: Support,
    flying: Bool[np.ndarray, "T"],
    fps: float,
    options: PathOptions,
    places: Float64[np.ndarray, "T 3"],
) -> None:
    frames = places.shape[0]
    rate = (fps / _RATE) ** 4
    fall = -GRAVITY / (fps * fps)  # second difference in free fall
    matrix = Diagonals(np.ones(frames), np.zeros(frames), np.zeros(frames))
    heights = places[:, 2:].copy()
    for t in range(1, frames - 1):
        weight = rate * (options.flight if flying[t] else options.vertical)
        add_three(matrix, t, 1.0, -2.0, 1.0, weight)
        if flying[t]:
            heights[t - 1, 0] += weight * fall
            heights[t, 0] -= 2.0 * weight * fall
            heights[t + 1, 0] += weight * fall
    factorise_diagonals(matrix)
    substitute_diagonals(matrix, heights)
    matrix = Diagonals(np.ones(frames), np.zeros(frames), np.zeros(frames))
    spins = support.spins.copy()
    for t in range(1, frames - 1):
        add_three(matrix, t, 1.0, -2.0, 1.0, rate * options.spin)
    factorise_diagonals(matrix)
    substitute_diagonals(matrix, spins)
    lever, aside = np.zeros(frames), np.zeros((frames, 2))
    for t in range(frames):
        places[t, 2] = heights[t, 0]
    for t in range(1, frames - 1):
        rise = (places[t - 1, 2] - 2.0 * places[t, 2] + places[t + 1, 2]) * fps * fps
        push = max(rise + GRAVITY, _LEAST_PUSH * GRAVITY)
        lever[t] = places[t, 2] / push * fps * fps
        aside[t, 0] = -(spins[t + 1, 1] - spins[t, 1]) * fps * fps / push
        aside[t, 1] = (spins[t + 1, 0] - spins[t, 0]) * fps * fps / push
    bending = np.zeros(frames)
    for t in range(1, frames - 1):
        bending[t] = rate * (options.flight if flying[t] else options.horizontal)
    penalty = np.zeros(frames)
    ends = Ends(
        max(round(options.ending * fps), 1),
        options.ends * (fps / _RATE) ** 2,
        options.resting / fps,
    )
    _trust_support(
        support, bending, lever, aside, round(options.seconds * fps), ends, options, places, penalty
    )
    solve_along_ground(support, bending, lever, aside, penalty, ends, options.rounds, places)


@jit(allocates=True)
def _trust_support(
    support: Support,
    bending: Float64[np.ndarray, "T"],
    lever: Float64[np.ndarray, "T"],
    aside: Float64[np.ndarray, "T 2"],
    span: int,
    ends: Ends,
    options: PathOptions,
    places: Float64[np.ndarray, "T 3"],
    penalty: Float64[np.ndarray, "T"],
) -> None:
    """Fill the weight of the support by frame: none where a smooth path alone would be pushed from far beside it.

    Whoever sits, leans or hangs is carried by something that nobody told us of.
    """
    frames = places.shape[0]
    free = places.copy()
    solve_along_ground(support, bending, lever, aside, penalty, ends, 0, free)
    total = np.zeros(frames + 1)  # of the distances so far
    counted = np.zeros(frames + 1)
    for t in range(frames):
        total[t + 1], counted[t + 1] = total[t], counted[t]
        if 0 < t < frames - 1 and support.counts[t] > 0:
            point = np.zeros(2)
            for k in range(2):
                bend = free[t - 1, k] - 2.0 * free[t, k] + free[t + 1, k]
                point[k] = free[t, k] - lever[t] * bend + aside[t, k]
            corners, count = support.corners[t], support.counts[t]
            x, y = nearest_on_hull(corners, count, point[0], point[1])
            total[t + 1] += np.sqrt((point[0] - x) ** 2 + (point[1] - y) ** 2)
            counted[t + 1] += 1.0
    for t in range(1, frames - 1):
        if support.counts[t] > 0:
            first, last = max(t - span, 0), min(t + span + 1, frames)
            away = (total[last] - total[first]) / max(counted[last] - counted[first], 1.0)
            trust = min(max((options.beside - away) / (0.5 * options.beside), 0.0), 1.0)
            penalty[t] = options.support * trust
