"""A second march over what the first has left deep in something: harder, with anchors looser and the base freer.

What is deep after a march has mostly not converged, rather than being out of reach: it depends little on sizes.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from retarget.geometry import slerp, without_flips
from retarget.motion.spans import runs
from retarget.solver.arrays import Problem
from retarget.solver.clip import ClipOptions, March, march_windows
from retarget.solver.obstacles import scene_depths

__all__ = ["march_again"]

_DEEP = 0.003  # metres
_AROUND = 1.0  # seconds before and after
_MEETING = 0.3  # seconds in which it passes into the first march
_HARDER, _LOOSER, _FREER = (
    10.0,
    0.3,
    0.2,
)  # times the weights of depth, anchors and the base's acceleration
_WINDOW, _REPAIRS = 0.7, 16  # windows meet elsewhere
_FIXED = 2  # frames before, on which second differences depend


def march_again(march: March, first: int, last: int, problem: Problem, options: ClipOptions) -> int:
    """March, in place, over the frames from ``first`` to before ``last`` that are deep; returns steps times frames."""
    scene = problem.scene
    assert scene is not None
    depth = scene_depths(march.qpos, problem.tree, scene)
    deep = depth > _DEEP
    deep[:first] = deep[last:] = False
    if not deep.any():
        return 0
    around = round(_AROUND * problem.fps)
    wide = deep.copy()
    for begin, end in runs(deep):
        wide[max(begin - around, first) : min(end + around, last)] = True
    again = options._replace(window=round(_WINDOW * options.window), repairs=_REPAIRS)
    return sum(_march_part(march, begin, end, depth, problem, again) for begin, end in runs(wide))


def _march_part(
    march: March,
    begin: int,
    end: int,
    depth: Float64[np.ndarray, "T"],
    problem: Problem,
    options: ClipOptions,
) -> int:
    fixed = min(begin, _FIXED)
    part = _harder(problem.part(begin - fixed, end))
    before = march.qpos[begin - fixed : end]
    here = March.of(before, part)
    steps, _ = march_windows(here, fixed, fixed, len(before), part, options)
    meeting = min(round(_MEETING * problem.fps), (end - begin) // 2)
    if end < len(march.qpos) and meeting:
        time = np.linspace(0.0, 1.0, meeting + 1)[1:]
        _pass_over(
            here.qpos[-meeting:], before[-meeting:], time**3 * (10 - 15 * time + 6 * time**2)
        )
    assert part.scene is not None
    after = scene_depths(here.qpos, part.tree, part.scene)
    if np.isfinite(here.qpos).all() and after.max() < depth[begin - fixed : end].max():
        march.qpos[begin:end] = here.qpos[fixed:]
        march.cost[begin:end] = here.cost[fixed:]
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


def _harder(problem: Problem) -> Problem:
    weights, scene = problem.weights, problem.scene
    base = weights.acceleration.copy()
    base[:6] *= _FREER
    assert scene is not None
    return problem._replace(
        weights=weights._replace(floor=_HARDER * weights.floor, acceleration=base),
        scene=scene._replace(weight=_HARDER * scene.weight),
        clip=problem.clip._replace(contact_weights=_LOOSER * problem.clip.contact_weights),
    )
