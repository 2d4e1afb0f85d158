"""Marches over what the first has left in something: harder, with anchors looser and the base freer, then just harder.

Windows are solved on until they are less than a millimetre in things, with heavier weights than they began with. What
is deep all the same has mostly not converged, rather than being out of reach: it depends little on sizes.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float64

from retarget.geometry import slerp, without_flips
from retarget.motion.spans import runs
from retarget.solver.arrays import Problem
from retarget.solver.clip import ClipOptions, March, march_windows
from retarget.solver.depths import scene_depths

__all__ = ["march_again"]


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
    fixed, behind = min(begin, _FIXED), min(len(march.qpos) - end, options.known)
    options = options._replace(known=behind)
    if behind == 1:
        return 0
    here = slice(begin - fixed, end + behind)
    part = problem.part(here.start, here.stop)
    before = march.qpos[here]
    again = March.of(before, part)
    steps, _ = march_windows(again, fixed, fixed, len(before), part, options)
    meeting = min(round(_MEETING * problem.fps), (end - begin) // 2)
    if end < len(march.qpos) and meeting and not behind:
        time = np.linspace(0.0, 1.0, meeting + 1)[1:]
        _pass_over(
            again.qpos[-meeting:], before[-meeting:], time**3 * (10 - 15 * time + 6 * time**2)
        )
    assert part.scene is not None
    after = scene_depths(again.qpos, part.tree, part.scene)
    if np.isfinite(again.qpos).all() and after.max() < depth[here].max():
        march.qpos[here] = again.qpos
        march.cost[here] = again.cost
        depth[here] = after
    return steps


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
