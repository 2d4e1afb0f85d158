"""Marches over what the first has left in something: harder, with anchors looser and the base freer, then just harder.

Windows are solved on until they are less than a millimetre in things, with heavier weights than they began with. What
is deep all the same has mostly not converged, rather than being out of reach: it depends little on sizes.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float64

from retarget.geometry import slerp, without_flips
from retarget.motion.numeric.spans import runs
from retarget.solver.arrays import Problem
from retarget.solver.clip import ClipOptions, March, march_windows
from retarget.solver.depths import scene_depths

__all__ = ["march_again", "march_anew"]


class _Pass(NamedTuple):
    """How what is left is marched over.

    Attributes:
        deep: Metres from which frames are.
        around: Seconds before and after that are too.
        harder: Factor on the weight of depth in things.
        floor: On that of depth below the floor.
        looser: On the weights of anchors.
        freer: On that of the base's acceleration.
        window: On the length of windows, so that they meet elsewhere.
        repairs: See `ClipOptions`.
        depth: The same.
        known: Whether what follows is known, as what goes before is.
    """

    deep: float
    around: float
    harder: float
    floor: float
    looser: float
    freer: float
    window: float
    repairs: int
    depth: float
    known: int


_PASSES: Final = (
    # Wrong ways out, which looser anchors leave.
    _Pass(0.003, 1.0, 10.0, 10.0, 0.3, 0.2, 0.7, 16, 0.003, 0),
    # What is left of all, from where it is; then of that, in other windows.
    _Pass(0.0008, 0.4, 10.0, 1.0, 1.0, 1.0, 1.0, 4, 0.0007, 2),
    _Pass(0.0009, 0.25, 10.0, 1.0, 1.0, 1.0, 0.5, 4, 0.0007, 2),
)
_MEETING: Final = 0.3  # seconds in which a pass that knows nothing of what follows passes into it
_FIXED: Final = 2  # frames before, on which second differences depend
_FELT: Final = 0.7  # seconds before and after a change of holds in which a motion is another
_MOST: Final = 0.25  # of the frames: where more are marched over anew all are, as parts show a little where they meet


def march_again(
    march: March,
    first: int,
    last: int,
    depth: Float64[np.ndarray, "T"],
    problem: Problem,
    options: ClipOptions,
) -> int:
    """March, in place, over the frames from ``first`` to before ``last`` that are deep; returns steps times frames.

    ``depth`` is how deep each frame is in things, metres; it is kept up, in place.
    """
    steps = 0
    for one in _PASSES:
        deep = depth > one.deep
        deep[:first] = deep[last:] = False
        if not deep.any():
            continue
        around = round(one.around * problem.fps)
        harder = _harder(problem, one)
        own = options._replace(
            window=round(one.window * options.window),
            repairs=one.repairs,
            depth=one.depth,
            known=one.known,
            firmer=1.0,
        )
        for begin, end in runs(_wider(deep, around, first, last)):
            steps += _march_part(march, begin, end, depth, harder, own)
    return steps


def march_anew(
    march: March,
    start: Float64[np.ndarray, "T Q"],
    first: int,
    last: int,
    changed: Bool[np.ndarray, "T"],
    depth: Float64[np.ndarray, "T"],
    problem: Problem,
    options: ClipOptions,
) -> int | None:
    """March, in place, from the start over what holds that have changed make another; returns steps times frames.

    Args:
        march: A march with the holds as they were.
        start: Where it began.
        first: First frame that may change.
        last: The frame behind the last that may.
        changed: Frames whose holds have changed.
        depth: How deep each frame is in things, metres; kept up, in place.
        problem: With the holds as they are.
        options: Of the march.

    Returns:
        None where that is most of it, or goes on behind it, and nothing is changed; or where a part has gone astray,
        and all is to be marched over.
    """
    around = round(_FELT * problem.fps)
    wide = _wider(changed, around, first, last)
    behind = last < len(changed) and bool(changed[max(last - around, 0) :].any())
    if behind or wide[first:last].mean() > _MOST:
        return None
    steps = 0
    for begin, end in runs(wide):
        again, here, more = _marched(march, start, begin, end, problem, options)
        steps += more
        if not np.isfinite(again.qpos).all():
            return None
        assert problem.scene is not None
        scene = problem.scene.part(here.start, here.stop)
        depth[here] = scene_depths(again.qpos, problem.tree, scene)
        for values, anew in zip(march, again, strict=True):
            values[here] = anew
    return steps


def _wider(
    deep: Bool[np.ndarray, "T"], around: int, first: int, last: int
) -> Bool[np.ndarray, "T"]:
    wide = deep.copy()
    for begin, end in runs(deep):
        wide[max(begin - around, first) : min(end + around, last)] = True
    return wide


def _march_part(
    march: March,
    begin: int,
    end: int,
    depth: Float64[np.ndarray, "T"],
    problem: Problem,
    options: ClipOptions,
) -> int:
    """March over some frames, in place, with their depths; returns steps times frames."""
    behind = min(len(march.qpos) - end, options.known)
    if behind == 1:
        return 0
    options = options._replace(known=behind)
    again, here, steps = _marched(march, march.qpos, begin, end, problem, options)
    assert problem.scene is not None
    scene = problem.scene.part(here.start, here.stop)
    after = scene_depths(again.qpos, problem.tree, scene)
    if np.isfinite(again.qpos).all() and after.max() < depth[here].max():
        march.qpos[here] = again.qpos
        march.cost[here] = again.cost
        depth[here] = after
    return steps


def _marched(
    march: March,
    start: Float64[np.ndarray, "T Q"],
    begin: int,
    end: int,
    problem: Problem,
    options: ClipOptions,
) -> tuple[March, slice, int]:
    """Some frames marched over from a start, with those that they lie between; where they are, and steps times frames.

    What follows is known, or the last of them pass over into what they were.
    """
    fixed, behind = min(begin, _FIXED), options.known
    here = slice(begin - fixed, end + behind)
    part = problem.part(here.start, here.stop)
    before = march.qpos[here]
    again = March.of(before, part)
    again.qpos[fixed : fixed + end - begin] = start[begin:end]
    steps, _ = march_windows(again, fixed, fixed, len(before), part, options)
    meeting = min(round(_MEETING * problem.fps), (end - begin) // 2)
    if end < len(march.qpos) and meeting and not behind:
        time = np.linspace(0.0, 1.0, meeting + 1)[1:]
        _pass_over(
            again.qpos[-meeting:], before[-meeting:], time**3 * (10 - 15 * time + 6 * time**2)
        )
    return again, here, steps


def _pass_over(
    qpos: Float64[np.ndarray, "n Q"],
    other: Float64[np.ndarray, "n Q"],
    share: Float64[np.ndarray, "n"],
) -> None:
    """Let frames pass over into others, in place."""
    turned = np.concatenate([qpos[:1, 3:7], other[:, 3:7]])
    other_turns = without_flips(turned)[1:]
    turns = slerp(qpos[:, 3:7], other_turns, share)
    qpos += share[:, None] * (other - qpos)
    qpos[:, 3:7] = turns


def _harder(problem: Problem, one: _Pass) -> Problem:
    weights, scene = problem.weights, problem.scene
    base = weights.acceleration.copy()
    base[:6] *= one.freer
    assert scene is not None
    return problem._replace(
        weights=weights._replace(floor=one.floor * weights.floor, acceleration=base),
        scene=scene._replace(weight=one.harder * scene.weight),
        clip=problem.clip._replace(contact_weights=one.looser * problem.clip.contact_weights),
    )
