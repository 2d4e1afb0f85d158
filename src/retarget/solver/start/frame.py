"""One frame solved by Levenberg-Marquardt, alone or beside others.

The kernels take one frame (plain arrays) or `LANES` of them side by side (arrays of packs).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from retarget.compiled.jit import jit
from retarget.compiled.packs import anywhere, both, either, where
from retarget.solver.arrays import Limits, Soles, Tasks, Tree
from retarget.solver.kinematics.forward import body_kinematics, world_point
from retarget.solver.kinematics.tree import (
    COMPOSITE,
    add_point_mass,
    solve_tree,
    task_composites,
)

__all__ = [
    "FIRST_DAMPING",
    "FrameScratch",
    "StartOptions",
    "change_squared",
    "damped_step",
    "evaluate_frame",
    "frame_scratch",
    "less_damping",
    "more_damping",
    "settled",
]

FIRST_DAMPING = 1e-6  # relative
_SMALL_STEP_DAMPING = 1e-4  # the first time a step fails


class StartOptions(NamedTuple):
    """How hard each frame is worked on.

    Attributes:
        anchor_share: Part of the anchors' weights that counts here; the rest is left to the whole-clip solve.
        pull: Weight that keeps joints near the neighbouring frame, 1/rad^2.
        path: Weight of joint changes along the path, 1/rad^2.
        neutral: Weight of joints' distance from the neutral pose along the path, 1/rad^2.
        run: Frames of a run that are solved one after another.
        lead: Frames before a run with which it begins.
        warm_steps: Most Levenberg-Marquardt steps from a neighbouring frame.
        cold_steps: Most steps from the neutral pose.
        polish_steps: Most steps on the chosen answer, put together from several.
        reseed: Every so many frames a stream tries the neutral pose.
        cost_tolerance: Stop when a step gains less than this share of the cost.
        step_tolerance: Stop when no joint turns by more, rad.
        regularisation: Added to the diagonal.
    """

    anchor_share: float = 0.001
    pull: float = 0.05
    path: float = 0.1
    neutral: float = 0.05
    run: int = 60
    lead: int = 15
    warm_steps: int = 4
    cold_steps: int = 8
    polish_steps: int = 2
    reseed: int = 4
    cost_tolerance: float = 0.1
    step_tolerance: float = 0.3
    regularisation: float = 1e-4


@jit(fastmath=True, inner=True)
def settled(before: float, cost: float, largest: float, options: StartOptions) -> bool:
    """Whether a step that was taken gained so little, or turned so little, that it was the last."""
    little = before - cost < options.cost_tolerance * before
    return little or largest < options.step_tolerance


@jit(fastmath=True, inner=True)
def less_damping(damping: float) -> float:
    """Damping after a step that was taken."""
    return max(damping * 0.1, 1e-9)


@jit(fastmath=True, inner=True)
def more_damping(damping: float) -> float:
    """Damping after a step that was not."""
    return max(damping, _SMALL_STEP_DAMPING) * 20.0


class FrameScratch(NamedTuple):
    """Room to work on one frame; nothing in it outlives a call."""

    R: Float[np.ndarray, "B 3 3"]
    r: Float[np.ndarray, "B 3"]
    a: Float[np.ndarray, "B 3"]
    C: Float[np.ndarray, "B 22"]
    H: Float[np.ndarray, "V D"]
    factor: Float[np.ndarray, "V D"]
    g: Float[np.ndarray, "V"]
    x: Float[np.ndarray, "V"]
    free: Float[np.ndarray, "V"]
    trial: Float[np.ndarray, "Q"]


def frame_scratch(tree: Tree) -> FrameScratch:
    """Room to work on a frame of a robot."""
    bodies = len(tree.parents)
    size = bodies + 5
    return FrameScratch(
        np.empty((bodies, 3, 3)),
        np.empty((bodies, 3)),
        np.empty((bodies, 3)),
        np.empty((bodies, COMPOSITE)),
        np.zeros((size, tree.ancestors.shape[1])),
        np.zeros((size, tree.ancestors.shape[1])),
        np.empty(size),
        np.empty(size),
        np.ones(size),
        np.empty(bodies + 6),
    )


@jit(fastmath=True, inner=True)
def evaluate_frame(
    qpos: Float[np.ndarray, "Q"],
    near: Float[np.ndarray, "Q"],
    pull: float,
    positions: Float[np.ndarray, "M 3"],
    frames: Float[np.ndarray, "M 3 3"],
    contact_weights: Float[np.ndarray, "K"],
    anchors: Float[np.ndarray, "K 3"],
    share: float,
    tree: Tree,
    tasks: Tasks,
    soles: Soles,
    R: Float[np.ndarray, "B 3 3"],
    r: Float[np.ndarray, "B 3"],
    a: Float[np.ndarray, "B 3"],
    C: Float[np.ndarray, "B 22"],
    x: Float[np.ndarray, "V"],
) -> float:
    """Cost of one frame: segment tasks, weak anchors and the pull towards ``near``; fills the composites."""
    body_kinematics(qpos, tree, R, r, a)
    cost = task_composites(qpos, R, r, tasks, positions, frames, C)
    for i in range(2 * soles.feet.shape[0]):  # all but feet is held where this start has them
        m = contact_weights[i] * share
        if anywhere(m > 0.0):
            b = soles.contact_bodies[i]
            world_point(R, r, b, soles.contact_points[i], x)
            e0 = anchors[i, 0] - qpos[0] - x[0]
            e1 = anchors[i, 1] - qpos[1] - x[1]
            e2 = anchors[i, 2] - qpos[2] - x[2]
            cost += m * (e0 * e0 + e1 * e1 + e2 * e2)
            add_point_mass(C, b, m, x[0], x[1], x[2], e0, e1, e2)
    return cost + pull * change_squared(qpos, near, R.shape[0] + 6)


@jit(fastmath=True, inner=True)
def change_squared(qpos: Float[np.ndarray, "Q"], near: Float[np.ndarray, "Q"], size: int) -> float:
    """Squared distance of two configurations' joints, rad^2."""
    total = 0.0
    for k in range(7, size):
        change = qpos[k] - near[k]
        total += change * change
    return total


@jit(fastmath=True, inner=True)
def damped_step(
    qpos: Float[np.ndarray, "Q"],
    near: Float[np.ndarray, "Q"],
    pull: float,
    damping: float,
    regularisation: float,
    tree: Tree,
    limits: Limits,
    H: Float[np.ndarray, "V D"],
    g: Float[np.ndarray, "V"],
    factor: Float[np.ndarray, "V D"],
    free: Float[np.ndarray, "V"],
    x: Float[np.ndarray, "V"],
) -> float:
    """Levenberg-Marquardt step of one frame from its system, which is kept; returns the largest turn, rad.

    Joints at a limit that the gradient pushes further stay there.
    """
    depth, ancestors = tree.depth, tree.ancestors
    lower, upper = limits.lower, limits.upper
    size = depth.shape[0]
    for k in range(6, size):
        q = qpos[k + 1]
        force = g[k] + pull * (near[k + 1] - q)
        at_lower = both(q <= lower[k - 5] + 1e-9, force < 0.0)
        at_upper = both(q >= upper[k - 5] - 1e-9, force > 0.0)
        free[k] = where(either(at_lower, at_upper), 0.0, 1.0)
        x[k] = force * free[k]
    for k in range(6):
        free[k] = 1.0
        x[k] = g[k]
    for k in range(size):
        dk = depth[k]
        for d in range(dk):
            factor[k, d] = H[k, d] * free[k] * free[ancestors[k, d]]
        own = H[k, dk] if k < 6 else H[k, dk] + pull
        factor[k, dk] = own + damping * own + regularisation
    solve_tree(factor, depth, ancestors, x)
    largest: float = abs(x[3])
    for k in range(4, size):
        largest = max(largest, abs(x[k]))
    return largest
