"""A floor that drifts is followed: what stands on it says how high it is at each moment.

Suits of inertial sensors lose the floor by decimetres within seconds, and optical systems by less: a foot that rests
is then higher each time it comes down. The recording is lowered by that, slowly. Floors of stairs and boxes are left
alone, as feet find another height from one step to the next there, and ramps are for `retarget.motion.ground.floor`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float64, Int64

from retarget.motion.doubts import Doubt
from retarget.motion.ground.feet import STANDING_SHANK
from retarget.motion.ground.floor import Standing
from retarget.motion.motion import Motion
from retarget.motion.segments import SIDES, needed_roles

__all__ = ["followed"]

_KNOT: Final = 0.25  # seconds between the heights that are found
_STIFF: Final = 0.4  # seconds within which the height of the floor hardly bends
_SHORTEST: Final = 4.0  # seconds; less shows no drift
_WINDOW: Final = 0.5  # seconds in which one toe at least is down, but for jumps
_GLANCE: Final = 0.1  # seconds of rest that the lowest moment of a window weighs as much as
_LONGEST: Final = (
    0.5  # seconds of a rest that count: who stays on tiptoe for long shows one height, once
)
_LOWEST_SHARE: Final = (
    0.25  # quantile of heights: feet that are held up are above the floor, hardly any below
)
_ROUNDS: Final = 12
# Leg lengths from a floor at which rests are on it. Where a floor that is followed is further than that from a level
# one, most rests must be on it, and in all for so many seconds.
_NEAR: Final = 0.035
_ENOUGH: Final = 0.65
_LONG_ENOUGH: Final = 1.0
_CLOSER: Final = 0.6  # of the rests' distances from a level floor may be left there
# m/s, at most times and ever: stairs go up and down steadily by 0.2 m/s and more.
_SLOW_SHARE: Final = 0.8
_SLOW, _FASTEST = 0.06, 0.35
# Weights of doubts: of a floor that was followed by so many metres, of one that is as fast as a step onto a box, and
# where feet rest at several heights.
_FOLLOWED, _FULL_DRIFT = 0.3, 0.5
_FAST, _FULL_SPEED = 0.4, 0.25
_LEVELS: Final = 0.55
_LEVEL_APART: Final = 0.1  # leg lengths between rests on floors of different height
_MOST_APART: Final = (
    0.3  # share of the time at rest that may be on other floors before they are worth a word
)

_MOST_OWN: Final = 0.03  # metres; more is no joint of a foot

Heights = Float64[np.ndarray, "N"]


class _Touches(NamedTuple):
    """Moments at which a toe is down: seconds, height in metres, and weight in seconds."""

    times: Heights
    heights: Heights
    weights: Heights

    def share(
        self, values: Bool[np.ndarray, "N"] | Heights, where: Bool[np.ndarray, "N"] | None = None
    ) -> float:
        """Mean of values of some moments by weight."""
        weights = self.weights if where is None else self.weights * where
        return float(np.average(values, weights=weights))

    def lower_quantile(self) -> float:
        """The height of the floor, were it level."""
        order = np.argsort(self.heights)
        share = np.cumsum(self.weights[order]) / self.weights.sum()
        return float(self.heights[order][int(np.searchsorted(share, _LOWEST_SHARE))])


def followed(motion: Motion, standing: Standing | None = None) -> tuple[Motion, float]:
    """The motion with its floor at one height, and by how many metres that had drifted.

    It is the same motion where it had not. Heights are those around the middle of the drift. ``source.doubts`` says
    what was done, or that feet rest at heights that no drift explains. Nothing is done where a user has said how high
    the floor is. ``standing`` is how the motion stands, where somebody has asked before.
    """
    standing = standing or Standing(motion)
    if motion.source.floor_m is not None or not set(needed_roles()) <= set(motion.roles):
        return motion, 0.0
    leg = standing.leg if motion.duration > _SHORTEST else 0.0
    if not leg > 0.0:
        return motion, 0.0
    touches, close = _touches(standing), _NEAR * leg
    if touches.weights.sum() < _LONG_ENOUGH:
        return motion, 0.0
    level = touches.lower_quantile()
    before = np.abs(touches.heights - level)
    if touches.weights[before > close].sum() < _LONG_ENOUGH:  # as in nearly all recordings
        return motion, 0.0
    knots = np.arange(0.0, motion.duration + _KNOT, _KNOT)
    floor = _lower_line(touches, knots)
    at = np.interp(touches.times, knots, floor)
    after = np.abs(touches.heights - at)
    moved = np.abs(at - level) > close
    speeds = np.abs(np.diff(floor)) / _KNOT
    if (
        touches.weights[moved].sum() > _LONG_ENOUGH
        and touches.share(after < close, moved) > _ENOUGH
        and touches.share(after, moved) < _CLOSER * touches.share(before, moved)
        and np.quantile(speeds, _SLOW_SHARE) < _SLOW
        and speeds.max() < _FASTEST
    ):
        lowered = _lowered(motion, knots, floor - np.median(floor), float(speeds.max()))
        return lowered, float(np.ptp(floor))
    apart = touches.share(before > _LEVEL_APART * leg)
    return (_with_levels(motion, apart) if apart > _MOST_APART else motion), 0.0


def _touches(standing: Standing) -> _Touches:
    """Rests of both toes, and the lowest moment of each window of time, for feet that hardly rest."""
    motion, rests = standing.motion, standing.rests
    own = _own_heights(rests.places[:, 2], rests.feet)
    toes = np.stack([motion.role_positions(f"{side}_toe")[:, 2] for side in SIDES]) - own[:, None]
    lowest = toes.min(axis=0)
    count = max(1, round(_WINDOW * motion.fps))
    windows = len(lowest) // count
    cut = lowest[: windows * count].reshape(windows, count)
    at = np.argmin(cut, axis=1) + count * np.arange(windows)
    frames = np.concatenate([rests.times, at])
    feet = np.concatenate([rests.feet, np.argmin(toes, axis=0)[at]])
    heights = np.concatenate([rests.places[:, 2] - own[rests.feet], lowest[at]])
    weights = [np.minimum(rests.lengths / motion.fps, _LONGEST), np.full(windows, _GLANCE)]
    stands = _stands(motion, standing.leg)[feet, frames.astype(np.int64)]
    return _Touches(frames[stands] / motion.fps, heights[stands], np.concatenate(weights)[stands])


def _stands(motion: Motion, leg: float) -> Bool[np.ndarray, "2 T"]:
    """When each foot is under its knee: the toes of somebody who sits or lies rest in the air."""
    knees, ankles = (
        np.stack([motion.role_positions(f"{side}_{joint}")[:, 2] for side in SIDES])
        for joint in ("knee", "ankle")
    )
    return np.asarray(knees - ankles > STANDING_SHANK * leg)


def _lowered(motion: Motion, knots: Heights, rise: Heights, fastest: float) -> Motion:
    """The motion, lower by what its floor has risen."""
    positions = np.array(motion.positions)
    by = np.interp(np.arange(len(motion)) / motion.fps, knots, rise)
    positions[..., 2] -= by[:, None].astype(positions.dtype)
    size = float(np.ptp(rise))
    weight = _FOLLOWED * min(1.0, size / _FULL_DRIFT) + _FAST * min(1.0, fastest / _FULL_SPEED) ** 2
    reason = f"it drifts by {size:.2f} m, which was taken out; say its height with --floor if it does not"
    return _doubted(replace(motion, positions=positions), weight, reason)


def _with_levels(motion: Motion, share: float) -> Motion:
    reason = (
        f"feet rest at other heights than one level floor's for {share:.0%} of the time, as on stairs or things, or "
        "where a floor drifts unevenly; say its height with --floor"
    )
    return _doubted(motion, _LEVELS, reason)


def _doubted(motion: Motion, weight: float, reason: str) -> Motion:
    doubts = (*motion.source.doubts, Doubt("floor", weight, reason))
    return replace(motion, source=replace(motion.source, doubts=doubts))


def _own_heights(heights: Heights, feet: Int64[np.ndarray, "N"]) -> Float64[np.ndarray, "2"]:
    """How much higher each foot rests than both do: one toe joint may sit a little higher than the other."""
    if len(set(feet.tolist())) < len(SIDES):
        return np.zeros(len(SIDES))
    middles = np.array([np.median(heights[feet == foot]) for foot in range(len(SIDES))])
    own = middles - middles.mean()
    return own if np.abs(own).max() < _MOST_OWN else np.zeros(len(SIDES))


def _lower_line(touches: _Touches, knots: Heights) -> Heights:
    """Heights of a floor at the knots: a stiff line with most rests on it or above.

    Minimises the weighted quantile distance of the rests (by reweighting) plus the squared second differences, which
    weigh as much as the rests within `_STIFF` seconds.
    """
    from scipy.linalg import solveh_banded

    times, heights, weights = touches
    count = len(knots)
    at = np.minimum(((times - knots[0]) / _KNOT).astype(np.int64), count - 2)
    share = (times - knots[0]) / _KNOT - at
    stiffness = weights.sum() / count * (_STIFF / _KNOT) ** 4
    bend = np.zeros((3, count))  # upper bands of the matrix of squared second differences
    for offset, value in ((0, 1.0), (1, -2.0), (2, 1.0)):
        bend[2, offset : count - 2 + offset] += stiffness * value * value
    bend[1, 1 : count - 1] += -2.0 * stiffness
    bend[1, 2:count] += -2.0 * stiffness
    bend[0, 2:count] += stiffness
    line = np.full(count, np.median(heights))
    lean = np.ones(len(times))
    for _ in range(_ROUNDS):
        system, right = bend.copy(), np.zeros(count)
        pull = weights * lean
        np.add.at(system[2], at, pull * (1 - share) ** 2)
        np.add.at(system[2], at + 1, pull * share**2)
        np.add.at(system[1], at + 1, pull * share * (1 - share))
        np.add.at(right, at, pull * (1 - share) * heights)
        np.add.at(right, at + 1, pull * share * heights)
        system[2] += 1e-9 * weights.sum()
        line = solveh_banded(system, right)
        above = heights - np.interp(times, knots, line)
        side = np.where(above > 0, _LOWEST_SHARE, 1 - _LOWEST_SHARE)
        lean = 2 * side / np.maximum(np.abs(above) / 0.01, 0.2)
    return np.asarray(line)
