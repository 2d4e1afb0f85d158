"""One frame of a stream solved by Levenberg-Marquardt, with the soles kept above heights."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64

from retarget.compiled.jit import jit
from retarget.solver.arrays import Clip, Limits, Soles, Tasks, Tree
from retarget.solver.kinematics.tree import add_vertical_mass, assemble, retract
from retarget.solver.live.thing_arrays import LiveThings, ThingRoom
from retarget.solver.live.thing_rows import begin_among, couple_among, weigh_among
from retarget.solver.start.frame import (
    FIRST_DAMPING,
    FrameScratch,
    StartOptions,
    change_squared,
    damped_step,
    evaluate_frame,
    less_damping,
    more_damping,
    settled,
)

__all__ = ["any_low", "solve_frame"]


@jit(fastmath=True, inner=True)
def solve_frame(
    qpos: Float64[np.ndarray, "Q"],
    near: Float64[np.ndarray, "Q"],
    pull: float,
    steps: int,
    clip: Clip,
    floor: float,
    options: StartOptions,
    tree: Tree,
    limits: Limits,
    tasks: Tasks,
    soles: Soles,
    low: Bool[np.ndarray, "2 S"],
    scratch: FrameScratch,
    things: LiveThings | None,
    room: ThingRoom | None,
) -> float:
    """Levenberg-Marquardt on the one frame of ``clip``, in place; returns its cost without the pull.

    ``floor`` is the weight of a sole's depth below its clearance, 1/m^2; ``low`` is room to note the soles' points
    that have come below it. Those are held at it from then on: a step that knows nothing of them would put them below
    it again.
    """
    R, r, a, C, H, factor, g, x, free, trial = scratch
    positions, frames = clip.positions[0], clip.frames[0]
    weights, anchors = clip.contact_weights[0], clip.anchors[0]
    share = options.anchor_share
    cost = 0.0
    damping = FIRST_DAMPING
    for k in range(qpos.shape[0]):
        trial[k] = qpos[k]
    low[:] = False
    begin_among(room)
    met = False
    largest = 0.0
    taken = 0
    while True:
        new = evaluate_frame(
            trial, near, pull, positions, frames, weights, anchors, share, tree, tasks, soles,
            R, r, a, C, x,
        )  # fmt: skip
        if floor > 0.0:
            depth, met = _push_soles(trial[2], clip.clearances[0], floor, soles, low, R, r, C)
            new += depth
        asked, touched = weigh_among(trial, scratch, things, room)
        new += asked
        if taken == 0 or new <= cost:
            done = taken > 0 and settled(cost, new, largest, options)
            cost = new
            for k in range(qpos.shape[0]):
                qpos[k] = trial[k]
            if taken > 0:
                damping = less_damping(damping)
            if done or taken >= steps:
                break
            assemble(r, a, C, tree, H, g)
            couple_among(scratch, tree, things, room)
        else:
            if taken >= steps:
                break
            if met or touched:
                evaluate_frame(
                    qpos, near, pull, positions, frames, weights, anchors, share, tree, tasks, soles,
                    R, r, a, C, x,
                )  # fmt: skip
                if floor > 0.0:
                    _push_soles(qpos[2], clip.clearances[0], floor, soles, low, R, r, C)
                weigh_among(qpos, scratch, things, room)
                assemble(r, a, C, tree, H, g)
                couple_among(scratch, tree, things, room)
            else:
                damping = more_damping(damping)
        largest = damped_step(
            qpos, near, pull, damping, options.regularisation, tree, limits, H, g, factor, free, x
        )
        retract(qpos, x, limits, trial)
        taken += 1
    return cost - pull * change_squared(qpos, near, qpos.shape[0])


@jit(fastmath=True, inner=True)
def _push_soles(
    height: float,
    clearances: Float64[np.ndarray, "2"],
    floor: float,
    soles: Soles,
    low: Bool[np.ndarray, "2 S"],
    R: Float64[np.ndarray, "B 3 3"],
    r: Float64[np.ndarray, "B 3"],
    C: Float64[np.ndarray, "B 22"],
) -> tuple[float, bool]:
    """Hold the low points of the soles at their clearance, for a base at a height; fills the composites.

    Returns the cost of those that are below it, and whether any has come to be low.
    """
    cost, met = 0.0, False
    for foot in range(soles.feet.shape[0]):
        b = soles.feet[foot]
        least = clearances[foot] + soles.radius - height
        for p in range(soles.points.shape[1]):
            point = soles.points[foot, p]
            z = r[b, 2] + R[b, 2, 0] * point[0] + R[b, 2, 1] * point[1] + R[b, 2, 2] * point[2]
            if z < least:
                cost += floor * (least - z) ** 2
                met = met or not low[foot, p]
                low[foot, p] = True
            if low[foot, p]:
                x = r[b, 0] + R[b, 0, 0] * point[0] + R[b, 0, 1] * point[1] + R[b, 0, 2] * point[2]
                y = r[b, 1] + R[b, 1, 0] * point[0] + R[b, 1, 1] * point[1] + R[b, 1, 2] * point[2]
                add_vertical_mass(C, b, floor, x, y, least - z)
    return cost, met


@jit(fastmath=True, inner=True)
def any_low(
    height: float,
    clearances: Float64[np.ndarray, "2"],
    soles: Soles,
    R: Float64[np.ndarray, "B 3 3"],
    r: Float64[np.ndarray, "B 3"],
) -> bool:
    """Whether a point of a sole is below its clearance, for a base at a height."""
    low = False
    for foot in range(soles.feet.shape[0]):
        b = soles.feet[foot]
        least = clearances[foot] + soles.radius - height
        for p in range(soles.points.shape[1]):
            point = soles.points[foot, p]
            z = r[b, 2] + R[b, 2, 0] * point[0] + R[b, 2, 1] * point[1] + R[b, 2, 2] * point[2]
            low = low or z < least
    return low
