"""Where everything that rests on the ground is held."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64

from retarget.motion.spans import runs
from retarget.solver.anchors import anchors_from_start
from retarget.solver.arrays import Clip, Problem
from retarget.solver.clip import ClipOptions, solve_clip

__all__ = ["hold_stances"]

# Share of the anchors' weights in the solve that shows where stances want to be: loose enough for them to move,
# tight enough that their places hardly differ within a stance, so that nothing slides.
LOOSE = 0.01
# Seconds, as `STANCE_MEMORY`: kneeling down turns a robot's foot most, and shorter ones let it slide while it does.
MEMORY = 2.5


def hold_stances(
    start: Float64[np.ndarray, "T Q"],
    problem: Problem,
    carried: Bool[np.ndarray, "T K"],
    options: ClipOptions,
) -> Float64[np.ndarray, "T K 3"]:
    """Anchors where the robot wants them on average over each stance, metres.

    Most are placed as the start has them. The start knows no floor, though: while a knee or hand carries the body it
    has that limb in the ground and the pelvis too low. So the stances at such times are placed by a solve with a
    floor and loose anchors.

    Args:
        start: Configurations, each frame by itself.
        problem: Its anchors tell stances apart: they are constant over each.
        carried: Points whose stance has a time at which a knee or hand carries the body.
        options: As for the solve that follows.
    """
    clip = problem.clip
    anchors = anchors_from_start(start, problem)
    moved = carried & (clip.contact_weights > 0)
    for first, last in runs(np.asarray(moved.any(axis=1))):
        part = Clip(*(array[first:last] for array in clip))
        loose = part._replace(
            contact_weights=LOOSE * part.contact_weights, anchors=anchors[first:last]
        )
        wanted, _, _ = solve_clip(start[first:last], problem._replace(clip=loose), options)
        places = anchors_from_start(wanted, problem._replace(clip=part), MEMORY)
        anchors[first:last] = np.where(moved[first:last, :, None], places, anchors[first:last])
    return anchors
