"""Where everything that rests on the ground is held, and how firmly."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64

from retarget.motion.numeric.around import mean_around
from retarget.motion.numeric.spans import runs
from retarget.solver.anchors import anchors_from_start
from retarget.solver.arrays import Clip, Problem, Soles
from retarget.solver.clip import ClipOptions, solve_clip
from retarget.solver.misses import held_misses

__all__ = ["hold_stances", "place_loosely"]

# Share of the anchors' weights in the solve that shows where stances want to be: loose enough for them to move, tight
# enough that their places hardly differ within a stance, so that nothing slides. What carries the body in place of the
# feet is to stay on the ground; it has the feet give way first.
LOOSE_FOOT, LOOSE_BODY = 0.006, 0.08
# Seconds, as `STANCE_MEMORY`: kneeling down turns a robot's foot most, and shorter ones let it slide while it does.
MEMORY = 2.5
# Metres by which that solve misses a hold that is left with a quarter of its weight: holds give way in the order in
# which they matter least, toes before heels before what carries the body.
TOE_MISS, HEEL_MISS, BODY_MISS = 0.02, 0.03, 0.04
YIELDING = 0.2  # seconds over which a hold gives way


def hold_stances(
    start: Float64[np.ndarray, "T Q"],
    problem: Problem,
    carried: Bool[np.ndarray, "T K"],
    options: ClipOptions,
) -> tuple[Float64[np.ndarray, "T K 3"], Float64[np.ndarray, "T K"]]:
    """Anchors where the robot wants them on average over each stance, metres, and the weights that they keep.

    Most are placed as the start has them. The start knows no floor, though: while something other than a foot carries
    the body it has that in the ground and the pelvis too low. So the stances at such times are placed by a solve with
    a floor and loose anchors. What that solve misses, the limits of joints or other holds do not let the robot reach
    with its limbs as the human's are: such a hold gives way, the more the farther it is missed.

    Args:
        start: Configurations, each frame by itself.
        problem: Its anchors tell stances apart: they are constant over each.
        carried: Points whose stance has a time at which something other than a foot carries the body.
        options: As for the solve that follows.
    """
    anchors = anchors_from_start(start, problem)
    weights = problem.clip.contact_weights
    moved = carried & (weights > 0)
    if moved.any():
        weights = weights.copy()
        place_loosely(start, problem, moved, options, anchors, weights)
    return anchors, weights


def place_loosely(
    start: Float64[np.ndarray, "T Q"],
    problem: Problem,
    moved: Bool[np.ndarray, "T K"],
    options: ClipOptions,
    anchors: Float64[np.ndarray, "T K 3"],
    weights: Float64[np.ndarray, "T K"] | None,
) -> None:
    """Place some holds where a solve with all anchors loose has them, and let give way what that misses; in place.

    Args:
        start: Configurations from which that solve sets out.
        problem: Its anchors tell stances apart.
        moved: The holds, frame by frame.
        options: Of the solve.
        anchors: Where all are held so far, metres.
        weights: And how firmly; none where nothing is to give way.
    """
    clip = problem.clip
    for first, last in runs(np.asarray(moved.any(axis=1))):
        part = Clip(*(array[first:last] for array in clip))
        loose = part._replace(
            contact_weights=part.contact_weights * _looseness(problem.soles),
            anchors=anchors[first:last],
        )
        wanted, _, _ = solve_clip(start[first:last], problem._replace(clip=loose), options)
        own = problem._replace(clip=part)
        places = anchors_from_start(wanted, own, MEMORY)
        here = moved[first:last]
        anchors[first:last] = np.where(here[..., None], places, anchors[first:last])
        if weights is None:
            continue
        kept, lift = _give_way(wanted, own, anchors[first:last], here)
        anchors[first:last, :, 2] += lift
        weights[first:last] *= kept


def _looseness(soles: Soles) -> Float64[np.ndarray, "K"]:
    """Share of each point's weight in the solve that shows where holds want to be."""
    return np.where(soles.contact_feet >= 0, LOOSE_FOOT, LOOSE_BODY)


def _give_way(
    wanted: Float64[np.ndarray, "T Q"],
    problem: Problem,
    anchors: Float64[np.ndarray, "T K 3"],
    held: Bool[np.ndarray, "T K"],
) -> tuple[Float64[np.ndarray, "T K"], Float64[np.ndarray, "T K"]]:
    """Share of its weight that each hold keeps, and how far it is lifted (metres), given what the robot can reach.

    A point that comes to rest above the ground is held there, so that it does not slide about.
    """
    missed = np.zeros((*held.shape, 2), np.float32)
    soles = problem.soles
    held_misses(wanted, problem.tree, soles, problem.weights.heel_lift, held, anchors, missed)
    reach = max(1, round(YIELDING / 2 * problem.fps))
    along, above = (mean_around(missed[..., k].astype(float), held, reach) for k in range(2))
    scales = np.full(held.shape[1], BODY_MISS)
    scales[: 2 * len(soles.feet)] = [HEEL_MISS, TOE_MISS] * len(soles.feet)
    above = np.maximum(above, 0.0)
    low = _kept(above, scales)
    firm = _kept(along, scales) * np.where(soles.contact_feet >= 0, 1.0, low)
    return firm, above * (1.0 - low)


def _kept(
    missed: Float64[np.ndarray, "T K"], scales: Float64[np.ndarray, "K"]
) -> Float64[np.ndarray, "T K"]:
    """What of a hold's weight is left: that of a Geman-McClure residual, whose cost is bounded."""
    return np.asarray(1.0 / (1.0 + (missed / scales) ** 2) ** 2)
