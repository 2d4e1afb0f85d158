"""Where everything that rests on the ground is held."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64

from retarget.motion.feet import runs
from retarget.solver.anchors import anchors_from_start
from retarget.solver.arrays import Clip, Problem
from retarget.solver.clip import ClipOptions, solve_clip

__all__ = ["hold_stances", "solve_held"]

# Share of the anchors' weights in the solve that shows where stances want to be: loose enough for them to move,
# tight enough that their places hardly differ within a stance, so that nothing slides.
LOOSE = 0.01
# Seconds, as `STANCE_MEMORY`: kneeling down turns a robot's foot most, and shorter ones let it slide while it does.
MEMORY = 2.5


def hold_stances(
    start: Float64[np.ndarray, "T Q"], problem: Problem, options: ClipOptions
) -> Problem:
    """The problem with anchors where the robot wants them on average over each stance.

    Most are placed as the start has them. The start knows no floor, though: while a knee or hand carries the body it
    has that limb in the ground and the pelvis too low. So the stances at such times, and all that overlap with them,
    are placed by a solve with a floor and loose anchors.

    Args:
        start: Configurations, each frame by itself.
        problem: Its anchors tell stances apart: they are constant over each.
        options: As for the solve that follows.
    """
    clip = problem.clip
    anchors = anchors_from_start(start, clip, problem.fps, problem.tree, problem.soles)
    stances = _stances(clip)
    carried = (clip.contact_weights[:, problem.soles.contact_feet < 0] > 0).any(axis=1)
    moved = np.isin(stances, np.unique(stances[carried])) & (stances > 0)
    for first, last in runs(np.asarray(moved.any(axis=1))):
        part = Clip(*(array[first:last] for array in clip))
        loose = part._replace(
            contact_weights=LOOSE * part.contact_weights, anchors=anchors[first:last]
        )
        wanted, _, _ = solve_clip(start[first:last], problem._replace(clip=loose), options)
        places = anchors_from_start(wanted, part, problem.fps, problem.tree, problem.soles, MEMORY)
        anchors[first:last] = np.where(moved[first:last, :, None], places, anchors[first:last])
    return problem._replace(clip=clip._replace(anchors=anchors))


def solve_held(
    start: Float64[np.ndarray, "T Q"], problem: Problem, options: ClipOptions
) -> tuple[Problem, Float64[np.ndarray, "T Q"], Float64[np.ndarray, "T"], int]:
    """The problem with its stances held, and what `solve_clip` returns for it."""
    held = hold_stances(start, problem, options)
    return held, *solve_clip(start, held, options)


def _stances(clip: Clip) -> Int64[np.ndarray, "T K"]:
    """A number for each stance of each contact point, different from all others; 0 out of stance."""
    held = clip.contact_weights > 0
    begins = held.copy()
    same = (clip.anchors[1:, :, :2] == clip.anchors[:-1, :, :2]).all(axis=2)
    begins[1:] &= ~(held[:-1] & same)
    numbers = begins.ravel(order="F").cumsum().reshape(held.shape, order="F")
    return np.where(held, numbers, 0)
