"""Feet that a march has dragged off their places stand elsewhere: what cannot be held there is marched over once more.

Where feet are held is chosen from a start that knows no legs in each other's way. Where joint limits or the other leg
do not let a foot be kept there, it and those that stand at the same time are placed by a solve with loose anchors,
which knows both.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float64

from retarget.motion.spans import runs, spans
from retarget.solver.arrays import Clip, Problem
from retarget.solver.balance.path import centre_path
from retarget.solver.clip import ClipOptions, March, march_windows
from retarget.solver.misses import held_misses, squared_slides
from retarget.solver.overlaps import fill_overlaps
from retarget.solver.stances import place_loosely

__all__ = ["Held", "hold_again"]

_MISSED: Final = 0.02  # metres along the ground that a foot is off its place
_CLOSER: Final = 0.003  # metres by which parts of the robot may come nearer to each other, as windows leave so much
_AROUND: Final = 0.3  # seconds before and after such a stance that are marched over again
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


def hold_again(
    march: March,
    first: int,
    last: int,
    held: Held,
    carried: Bool[np.ndarray, "T K"],
    options: ClipOptions,
) -> tuple[Float64[np.ndarray, "T K 3"], int]:
    """March once more, in place, over stances from ``first`` to before ``last`` that are missed.

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
    problem, clip = held.problem, held.problem.clip
    off = (_misses(march.qpos, problem) > _MISSED) & ~carried
    moved = _with_others(_whole_stances(off, held.stances), held.stances) & ~carried
    outside = np.ones(len(moved), bool)
    outside[first:last] = False
    moved &= ~_whole_stances(moved & outside[:, None], held.stances)
    if not moved.any():
        return clip.anchors, 0
    anchors, weights = clip.anchors.copy(), clip.contact_weights.copy()
    place_loosely(march.qpos, held.stances, moved, options, anchors, weights)
    placed = clip._replace(anchors=anchors, contact_weights=weights)
    if held.centre > 0.0:
        path, shares = centre_path(march.qpos, problem._replace(clip=placed))
        placed = placed._replace(centres=path, centre_weights=held.centre * shares)
    again, kept, steps = problem._replace(clip=placed), clip, 0
    around = round(_AROUND * problem.fps)
    wide = np.zeros(len(moved), bool)
    for begin, end in runs(moved.any(axis=1)):
        wide[max(begin - around, first) : min(end + around, last)] = True
    for begin, end in runs(wide):
        better, more = _march_part(march, begin, end, problem, again, options)
        steps += more
        if better:
            kept = _with_part(kept, placed, begin, end)
    return kept.anchors, steps


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
    """March over some frames between known ones; they stay where feet slide no less, or parts meet more."""
    fixed, behind = min(begin, _KNOWN), min(len(march.qpos) - end, _KNOWN)
    if behind == 1:
        return False, 0
    here = slice(begin - fixed, end + behind)
    part = after.part(here.start, here.stop)
    again = March.of(march.qpos[here], part)
    own = options._replace(known=behind)
    steps, _ = march_windows(again, fixed, fixed, len(again.qpos), part, own)
    was = march.qpos[here]
    if not np.isfinite(again.qpos).all():
        return False, steps
    stood = before.part(here.start, here.stop)
    if (
        _slides(again.qpos, stood) >= _slides(was, stood)
        or _overlap(again.qpos, part) > _overlap(was, part) + _CLOSER
    ):
        return False, steps
    march.qpos[here] = again.qpos
    march.cost[here] = again.cost
    return True, steps


def _slides(qpos: Float64[np.ndarray, "T Q"], problem: Problem) -> float:
    """How far feet move along the ground while they are held in one place: sum of squares, m^2.

    Not how far they are off it: another place that a foot comes less near to may be one at which it stays.
    """
    clip, feet = problem.clip, problem.soles.contact_feet >= 0
    held, places = (clip.contact_weights > 0) & feet, clip.anchors[..., :2]
    kept = np.zeros_like(held)
    kept[1:] = held[1:] & held[:-1] & (places[1:] == places[:-1]).all(axis=2)
    return float(squared_slides(qpos, problem.tree, problem.soles, kept))


def _overlap(qpos: Float64[np.ndarray, "T Q"], problem: Problem) -> float:
    """The most that capsules of the robot are nearer to each other than they may be, metres."""
    capsules, deepest = problem.capsules, np.zeros(len(qpos))
    fill_overlaps(qpos, problem.tree, capsules, np.arange(len(capsules.pairs)), deepest)
    return float(deepest.max(initial=0.0))


def _misses(qpos: Float64[np.ndarray, "T Q"], problem: Problem) -> Float64[np.ndarray, "T K"]:
    """How far each point of a foot is off its place along the ground, metres; 0 where it is not held."""
    soles, clip = problem.soles, problem.clip
    held = (clip.contact_weights > 0) & (soles.contact_feet >= 0)
    missed = np.zeros((*held.shape, 2), np.float32)
    lift = problem.weights.heel_lift
    held_misses(qpos, problem.tree, soles, lift, held, clip.anchors, missed)
    return np.asarray(missed[..., 0], np.float64)


def _whole_stances(some: Bool[np.ndarray, "T K"], stances: Problem) -> Bool[np.ndarray, "T K"]:
    """All frames of the stances of which some are given."""
    whole = np.zeros_like(some)
    if not some.any():
        return whole
    clip = stances.clip
    for point in np.flatnonzero(some.any(axis=0)):
        place = clip.anchors[:, point, :2]
        begins = np.ones(len(place), bool)
        begins[1:] = (place[1:] != place[:-1]).any(axis=1)
        first, last = spans(clip.contact_weights[:, point] > 0, begins)
        for begin, end in zip(first, last, strict=True):
            whole[begin:end, point] = bool(some[begin:end, point].any())
    return whole


def _with_others(whole: Bool[np.ndarray, "T K"], stances: Problem) -> Bool[np.ndarray, "T K"]:
    """Those stances, and all of feet that stand at the same time."""
    feet = stances.soles.contact_feet >= 0
    standing = (stances.clip.contact_weights > 0) & feet
    some = np.asarray(whole.any(axis=1))
    return _whole_stances(standing & some[:, None], stances)
