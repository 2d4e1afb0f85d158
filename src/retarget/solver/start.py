"""The per-frame start: every frame solved several ways, and the best path through the answers.

Warm starting alone is a trap: one bad frame poisons all that follow. So each frame is solved from the frame before,
from the frame after, and from the neutral pose, and each of the three answers is taken again with the limbs turned the
other way (`retarget.solver.limbs`). Trunk and limbs then choose among the six for themselves (`retarget.solver.path`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64, Int64

from retarget._jit import jit
from retarget.solver.arrays import Clip, Limits, Problem, Soles, Tasks, Tree
from retarget.solver.kinematics import body_kinematics, world_point
from retarget.solver.limbs import Limbs, find_limbs, turn_limbs
from retarget.solver.path import best_paths, group_costs
from retarget.solver.tree import (
    COMPOSITE,
    add_point_mass,
    assemble,
    retract,
    solve_tree,
    task_composites,
)

__all__ = ["FrameScratch", "StartOptions", "frame_scratch", "solve_frame", "solve_start"]

_SMALL_STEP_DAMPING = 1e-4  # relative damping the first time a step fails
_SEQUENCES = 3  # forwards, backwards, cold


class StartOptions(NamedTuple):
    """How hard each frame is worked on.

    Attributes:
        anchor_share: Part of the anchors' weights that counts here; the rest is left to the whole-clip solve.
        pull: Weight that keeps joints near the neighbouring frame, 1/rad^2.
        path: Weight of joint changes along the path, 1/rad^2.
        neutral: Weight of joints' distance from the neutral pose along the path, 1/rad^2.
        warm_steps: Most Levenberg-Marquardt steps from a neighbouring frame.
        cold_steps: Most steps from the neutral pose.
        polish_steps: Most steps on the chosen answer, put together from several.
        reseed: Every so many frames a stream tries the neutral pose.
        cost_tolerance: Stop when a step gains less than this share of the cost.
        step_tolerance: Stop when no joint turns by more, rad.
        regularisation: Added to the diagonal.
    """

    anchor_share: float = 0.01
    pull: float = 0.05
    path: float = 0.1
    neutral: float = 0.02
    warm_steps: int = 4
    cold_steps: int = 8
    polish_steps: int = 2
    reseed: int = 4
    cost_tolerance: float = 0.1
    step_tolerance: float = 0.3
    regularisation: float = 1e-4


class FrameScratch(NamedTuple):
    """Room to work on one frame; nothing in it outlives a call."""

    R: Float64[np.ndarray, "B 3 3"]
    r: Float64[np.ndarray, "B 3"]
    a: Float64[np.ndarray, "B 3"]
    C: Float64[np.ndarray, "B 16"]
    H: Float64[np.ndarray, "V D"]
    g: Float64[np.ndarray, "V"]
    x: Float64[np.ndarray, "V"]
    trial: Float64[np.ndarray, "Q"]
    held: Int64[np.ndarray, "V"]


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
        np.empty(size),
        np.empty(size),
        np.empty(bodies + 6),
        np.zeros(size, np.int64),
    )


@jit(fastmath=True)
def _evaluate(
    qpos: Float64[np.ndarray, "Q"],
    near: Float64[np.ndarray, "Q"],
    pull: float,
    t: int,
    clip: Clip,
    share: float,
    tree: Tree,
    tasks: Tasks,
    soles: Soles,
    scratch: FrameScratch,
) -> float:
    """Cost of one frame: segment tasks, weak anchors and the pull towards ``near``; fills the composites."""
    R, r, C = scratch.R, scratch.r, scratch.C
    body_kinematics(qpos, tree, R, r, scratch.a)
    cost = task_composites(qpos, R, r, tasks, clip.positions[t], clip.frames[t], C)
    x = scratch.x
    for i in range(clip.contact_weights.shape[1]):
        m = clip.contact_weights[t, i] * share
        if m > 0:
            b = soles.contact_bodies[i]
            world_point(R, r, b, soles.contact_points[i], x)
            e0 = clip.anchors[t, i, 0] - qpos[0] - x[0]
            e1 = clip.anchors[t, i, 1] - qpos[1] - x[1]
            e2 = clip.anchors[t, i, 2] - qpos[2] - x[2]
            cost += m * (e0 * e0 + e1 * e1 + e2 * e2)
            add_point_mass(C[b], m, x[0], x[1], x[2], e0, e1, e2)
    if pull > 0:
        for k in range(7, qpos.shape[0]):
            cost += pull * (qpos[k] - near[k]) ** 2
    return cost


@jit(fastmath=True)
def solve_frame(
    qpos: Float64[np.ndarray, "Q"],
    near: Float64[np.ndarray, "Q"],
    pull: float,
    steps: int,
    t: int,
    clip: Clip,
    options: StartOptions,
    tree: Tree,
    limits: Limits,
    tasks: Tasks,
    soles: Soles,
    scratch: FrameScratch,
) -> float:
    """Levenberg-Marquardt on one frame, in place; returns its cost without the pull."""
    H, g, x, trial, held = scratch.H, scratch.g, scratch.x, scratch.trial, scratch.held
    depth, ancestors = tree.depth, tree.ancestors
    lower, upper = limits.lower, limits.upper
    size = g.shape[0]
    share = options.anchor_share
    cost = _evaluate(qpos, near, pull, t, clip, share, tree, tasks, soles, scratch)
    damping = 1e-6
    taken = 0
    while taken < steps:
        assemble(scratch.r, scratch.a, scratch.C, tree, H, g)
        for k in range(6, size):
            H[k, depth[k]] += pull
            g[k] += pull * (near[k + 1] - qpos[k + 1])
            b = k - 5
            at_lower = qpos[6 + b] <= lower[b] + 1e-9 and g[k] < 0
            at_upper = qpos[6 + b] >= upper[b] - 1e-9 and g[k] > 0
            held[k] = 1 if at_lower or at_upper else 0
        for k in range(size):
            dk = depth[k]
            H[k, dk] += damping * H[k, dk] + options.regularisation
            if held[k]:
                for d in range(dk):
                    H[k, d] = 0.0
                g[k] = 0.0
            else:
                for d in range(6, dk):
                    if held[ancestors[k, d]]:
                        H[k, d] = 0.0
        solve_tree(H, g, depth, ancestors, x)
        taken += 1
        largest = 0.0
        for k in range(3, size):
            largest = max(largest, abs(x[k]))
        retract(qpos, x, limits, trial)
        new = _evaluate(trial, near, pull, t, clip, share, tree, tasks, soles, scratch)
        if new <= cost:
            gain = cost - new
            for k in range(qpos.shape[0]):
                qpos[k] = trial[k]
            damping = max(damping * 0.1, 1e-9)
            done = gain < options.cost_tolerance * cost or largest < options.step_tolerance
            cost = new
            if done:
                break
        else:
            damping = max(damping, _SMALL_STEP_DAMPING) * 20
            if taken < steps:
                _evaluate(qpos, near, pull, t, clip, share, tree, tasks, soles, scratch)
    if pull > 0:
        for k in range(7, qpos.shape[0]):
            cost -= pull * (qpos[k] - near[k]) ** 2
    return cost


@jit(fastmath=True)
def _candidates(
    seeds: Float64[np.ndarray, "T Q"],
    clip: Clip,
    options: StartOptions,
    tree: Tree,
    limits: Limits,
    tasks: Tasks,
    soles: Soles,
    limbs: Limbs,
    scratch: FrameScratch,
    out: Float32[np.ndarray, "6 T Q"],
    costs: Float32[np.ndarray, "6 T G"],
) -> None:
    """Sequences warm forwards, warm backwards and cold; then each frame of each with its limbs turned."""
    frames = seeds.shape[0]
    near = np.empty(seeds.shape[1])
    qpos = np.empty(seeds.shape[1])
    for sequence in range(2 * _SEQUENCES):
        for i in range(frames):
            t = frames - 1 - i if sequence == 1 else i
            if sequence >= _SEQUENCES:
                # Three crossing hinges reach the same orientation exactly: there is nothing left to solve.
                turn_limbs(out[sequence - _SEQUENCES, t], limbs, limits, qpos)
            else:
                cold = i == 0 or sequence == 2
                for k in range(qpos.shape[0]):
                    qpos[k] = seeds[t, k] if cold else qpos[k]
                    near[k] = qpos[k]
                solve_frame(
                    qpos,
                    near,
                    0.0 if cold else options.pull,
                    options.cold_steps if cold else options.warm_steps,
                    t,
                    clip,
                    options,
                    tree,
                    limits,
                    tasks,
                    soles,
                    scratch,
                )
            for k in range(qpos.shape[0]):
                out[sequence, t, k] = qpos[k]
            group_costs(
                qpos,
                t,
                clip,
                options.anchor_share,
                tree,
                tasks,
                soles,
                limbs,
                scratch.R,
                scratch.r,
                scratch.a,
                scratch.x,
                costs[sequence, t],
            )


@jit(fastmath=True)
def _polish(
    qpos: Float64[np.ndarray, "T Q"],
    clip: Clip,
    options: StartOptions,
    tree: Tree,
    limits: Limits,
    tasks: Tasks,
    soles: Soles,
    scratch: FrameScratch,
) -> None:
    """A few steps on each frame: limbs were chosen with trunks of their own."""
    near = np.empty(qpos.shape[1])
    steps = options.polish_steps
    for t in range(qpos.shape[0]):
        for k in range(qpos.shape[1]):
            near[k] = qpos[t, k]
        solve_frame(
            qpos[t],
            near,
            options.pull,
            steps,
            t,
            clip,
            options,
            tree,
            limits,
            tasks,
            soles,
            scratch,
        )


def solve_start(
    seeds: Float64[np.ndarray, "T Q"], problem: Problem, options: StartOptions
) -> Float64[np.ndarray, "T Q"]:
    """Configurations of every frame, each solved on its own, that make one plausible motion.

    Args:
        seeds: The neutral pose with the base on each frame's target.
        problem: The clip on the robot.
        options: How hard each frame is worked on.
    """
    frames, size = seeds.shape
    tree, limits, tasks, soles = problem.tree, problem.limits, problem.tasks, problem.soles
    limbs = find_limbs(tree, tasks)
    # Single precision: they are polished, and six of them are the largest arrays of a long clip's solve.
    candidates = np.empty((2 * _SEQUENCES, frames, size), np.float32)
    costs = np.empty((2 * _SEQUENCES, frames, len(limbs.first) - 1), np.float32)
    scratch = frame_scratch(tree)
    _candidates(
        seeds, problem.clip, options, tree, limits, tasks, soles, limbs, scratch, candidates, costs
    )
    start = np.empty((frames, size))
    best_paths(candidates, costs, seeds, limbs, options.path, options.neutral, start)
    _polish(start, problem.clip, options, tree, limits, tasks, soles, scratch)
    return start
