"""Feet that a march has dragged off their places stand elsewhere: what cannot be held there is marched over once more.

Where feet are held is chosen from a start that knows no legs in each other's way. Where joint limits or the other leg
do not let a foot be kept there, other places are tried in turn: those of a solve with loose anchors, which knows both,
and those that feet were dragged to. What drags feet less is kept, part by part.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Bool, Float64

from retarget.motion.numeric.spans import runs
from retarget.solver.anchors import contact_places
from retarget.solver.arrays import Clip, Problem
from retarget.solver.balance.path import centre_path
from retarget.solver.clip import ClipOptions, March, march_windows
from retarget.solver.stances import place_loosely
from retarget.solver.standing import (
    JOLT,
    base_jolts,
    deepest_overlap,
    foot_misses,
    stances_of,
    toe_steps,
    unrest,
    whole_stances,
)

__all__ = ["Held", "hold_again"]

_MISSED: Final = 0.02  # metres along the ground that a foot is off its place
_CLOSER: Final = 0.003  # metres by which parts of the robot may come nearer to each other, as windows leave so much
_GAINED: Final = 1e-4  # m^2 of unrest that must be gained: a centimetre in a frame
_AROUND: Final = 0.3  # seconds before and after such a stance that are marched over again
_SWAYS: Final = 6.0  # seconds around it beyond which the path of the centre of mass stays
_RESTLESS: Final = 0.2  # m/s along the ground from which a held foot does not stand
_COST, _PROMISE, _TRUST, _STEPS = 0.02, 0.002, 0.005, 40  # of these marches; see `ClipOptions`
_KNOWN: Final = 2  # frames before and behind them, on which second differences depend


class Held(NamedTuple):
    """How a clip is held, as it is to be marched over.

    Attributes:
        stances: The clip before anchors were moved: they tell stances apart.
        problem: The clip with its anchors and the path of its centre of mass.
        centre: Weight of the distance from that path, 1/m^2; 0 where there is none.
    """

    stances: Problem
    problem: Problem
    centre: float


class _Missed(NamedTuple):
    """What is held off its place, and what may be changed about it.

    Attributes:
        off: Points of feet that are farther from their places than `_MISSED`.
        restless: Those that move though they are held.
        may: Frames and points whose hold may move.
        shares: By frame, how far a place is moved of how far it was missed: less where more has made it worse.
    """

    off: Bool[np.ndarray, "T K"]
    restless: Bool[np.ndarray, "T K"]
    may: Bool[np.ndarray, "T K"]
    shares: Float64[np.ndarray, "T"]


_Way: TypeAlias = Callable[
    [March, Held, _Missed, ClipOptions], tuple[Clip, Bool[np.ndarray, "T K"]]
]


def _there(
    march: March, held: Held, missed: _Missed, options: ClipOptions
) -> tuple[Clip, Bool[np.ndarray, "T K"]]:
    """Nothing moved: what is held, but restless, has mostly not converged."""
    return held.problem.clip, missed.restless


def _loosely(
    march: March, held: Held, missed: _Missed, options: ClipOptions, *, yielding: bool
) -> tuple[Clip, Bool[np.ndarray, "T K"]]:
    """Missed stances, and those at the same time, where a loose solve has them.

    They are held there as firmly as before, or, ``yielding``, give way where that solve misses them.
    """
    clip, moved = held.problem.clip, _with_others(missed, held.stances)
    if not moved.any():
        return clip, moved
    anchors, weights = clip.anchors.copy(), clip.contact_weights.copy()
    place_loosely(march.qpos, held.stances, moved, options, anchors, weights if yielding else None)
    return clip._replace(anchors=anchors, contact_weights=weights), moved


def _where_dragged(
    march: March, held: Held, missed: _Missed, options: ClipOptions
) -> tuple[Clip, Bool[np.ndarray, "T K"]]:
    """Missed stances moved by how far off their places they were: the mean in which a frame counts as it is missed.

    Where limits or the other leg drag a foot along for some frames of its stance, it stands where it can be in these:
    in the others it is free to.
    """
    clip = held.problem.clip
    moved = whole_stances(missed.off, held.stances)
    if not moved.any():
        return clip, moved
    anchors = clip.anchors.copy()
    offsets = contact_places(march.qpos, held.problem) - clip.anchors[..., :2]
    for point in np.flatnonzero(moved.any(axis=0)).tolist():
        for first, last in stances_of(held.stances, point):
            if not moved[first, point]:
                continue
            own = offsets[first:last, point]
            far = np.linalg.norm(own, axis=1)
            share = missed.shares[first:last].min()
            anchors[first:last, point, :2] += share * (far @ own) / far.sum()
    return clip._replace(anchors=anchors), moved


_WAYS: Final[tuple[_Way, ...]] = (
    _there,
    *(partial(_loosely, yielding=True), _where_dragged, _where_dragged),
    *(partial(_loosely, yielding=False), _where_dragged, _where_dragged),
)


def hold_again(
    march: March,
    first: int,
    last: int,
    held: Held,
    carried: Bool[np.ndarray, "T K"],
    options: ClipOptions,
) -> tuple[Float64[np.ndarray, "T K 3"], int]:
    """March again, in place, over stances from ``first`` to before ``last`` that are missed.

    Args:
        march: What has been marched over.
        first: The first frame that may change.
        last: The frame after the last that may; stances that reach beyond these frames stay where they are.
        held: How.
        carried: Holds that were placed loosely before.
        options: Of the march.

    Returns:
        Where everything is held now, metres, and steps times frames.
    """
    inside = np.zeros(len(march.qpos), bool)
    inside[first:last] = True
    outside = np.broadcast_to(~inside[:, None], carried.shape)
    may = ~carried & ~whole_stances(outside, held.stances)
    missed = _find_missed(march, held, may, np.ones(len(inside)))
    steps = 0
    for way in _WAYS:
        clip, moved = way(march, held, missed, options)
        if not moved.any():
            continue
        before, shares = held, missed.shares
        held, worse, more = _keep_better(march, inside, held, clip, moved, options)
        steps += more
        if way is _where_dragged:
            shares = np.where(worse, 0.5 * shares, shares)
        missed = (
            missed._replace(shares=shares)
            if held is before
            else _find_missed(march, held, may, shares)
        )
    return held.problem.clip.anchors, steps


def _find_missed(
    march: March, held: Held, may: Bool[np.ndarray, "T K"], shares: Float64[np.ndarray, "T"]
) -> _Missed:
    """What is off its place or restless after a march; see `_Missed`."""
    off = (foot_misses(march.qpos, held.problem)[..., 0] > _MISSED) & may
    restless = toe_steps(march.qpos, held.problem) > _RESTLESS / held.problem.fps
    restless |= (base_jolts(march.qpos, held.problem.fps) > JOLT)[:, None]
    restless &= may & (held.problem.clip.contact_weights > 0)
    return _Missed(off, restless, may, shares)


def _keep_better(
    march: March,
    inside: Bool[np.ndarray, "T"],
    held: Held,
    placed: Clip,
    moved: Bool[np.ndarray, "T K"],
    options: ClipOptions,
) -> tuple[Held, Bool[np.ndarray, "T"], int]:
    """March over what has moved: how it is held now, where that was no better, and steps times frames."""
    problem, steps = held.problem, 0
    kept = problem.clip
    some = np.asarray(moved.any(axis=1))
    if held.centre > 0.0:
        placed = _with_centres(march, held, placed, _near(some, _SWAYS, problem.fps))
    after = problem._replace(clip=placed)
    worse = np.zeros(len(moved), bool)
    for begin, end in runs(_near(some, _AROUND, problem.fps) & inside):
        better, more = _march_part(march, begin, end, problem, after, options)
        steps += more
        if better:
            kept = _with_part(kept, placed, begin, end)
        worse[begin:end] = not better
    if kept is problem.clip:
        return held, worse, steps
    return held._replace(problem=problem._replace(clip=kept)), worse, steps


def _near(some: Bool[np.ndarray, "T"], seconds: float, fps: float) -> Bool[np.ndarray, "T"]:
    """Some frames, and those before and after them."""
    around, wide = round(seconds * fps), np.zeros_like(some)
    for begin, end in runs(some):
        wide[max(begin - around, 0) : end + around] = True
    return wide


def _with_centres(march: March, held: Held, placed: Clip, near: Bool[np.ndarray, "T"]) -> Clip:
    """A clip with the path of the centre of mass found anew near what moves."""
    centres, weights = placed.centres.copy(), placed.centre_weights.copy()
    after = held.problem._replace(clip=placed)
    for begin, end in runs(near):
        path, counted = centre_path(march.qpos[begin:end], after.part(begin, end))
        centres[begin:end], weights[begin:end] = path, held.centre * counted
    return placed._replace(centres=centres, centre_weights=weights)


def _with_part(clip: Clip, other: Clip, begin: int, end: int) -> Clip:
    """A clip whose frames from ``begin`` to before ``end`` are another's."""
    return Clip(
        *(
            own if own is new else np.concatenate([own[:begin], new[begin:end], own[end:]])
            for own, new in zip(clip, other, strict=True)
        )
    )


def _march_part(
    march: March, begin: int, end: int, before: Problem, after: Problem, options: ClipOptions
) -> tuple[bool, int]:
    """March over some frames between known ones; they stay where feet are dragged no less, or parts meet more."""
    fixed, behind = min(begin, _KNOWN), min(len(march.qpos) - end, _KNOWN)
    if behind == 1:
        return False, 0
    here = slice(begin - fixed, end + behind)
    part = after.part(here.start, here.stop)
    again = March.of(march.qpos[here], part)
    own = options._replace(
        known=behind,
        cost_tolerance=_COST,
        promise_tolerance=_PROMISE,
        trust=_TRUST,
        most_steps=_STEPS,
    )
    steps, _ = march_windows(again, fixed, fixed, len(again.qpos), part, own)
    was = march.qpos[here]
    if not np.isfinite(again.qpos).all():
        return False, steps
    gain = unrest(was, before.part(here.start, here.stop)) - unrest(again.qpos, part)
    if gain < _GAINED or deepest_overlap(again.qpos, part) > deepest_overlap(was, part) + _CLOSER:
        return False, steps
    march.qpos[here] = again.qpos
    march.cost[here] = again.cost
    return True, steps


def _with_others(missed: _Missed, stances: Problem) -> Bool[np.ndarray, "T K"]:
    """Missed stances, and all of feet that stand at the same time, without those that may not move."""
    whole = whole_stances(missed.off, stances)
    feet = stances.soles.contact_feet >= 0
    standing = (stances.clip.contact_weights > 0) & feet
    some = np.asarray(whole.any(axis=1))
    return np.asarray(whole_stances(standing & some[:, None], stances) & missed.may)
