"""The per-frame start: every frame solved several ways, and the best path through the answers.

Warm starting alone is a trap: one bad frame poisons all that follow. So three candidate sequences are made - warm
from the frame before, warm from the frame after, and re-seeded from the neutral pose every few frames - and a
shortest path (Viterbi 1967) picks one candidate a frame by cost and joint change.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from retarget._jit import jit
from retarget.solver.arrays import Clip, Limits, Problem, Soles, Tasks, Tree
from retarget.solver.kinematics import body_kinematics, world_point
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


class StartOptions(NamedTuple):
    """How hard each frame is worked on.

    Attributes:
        anchor_share: Part of the anchors' weights that counts here; the rest is left to the whole-clip solve.
        pull: Weight that keeps joints near the neighbouring frame, 1/rad^2.
        path: Weight of joint changes along the path, 1/rad^2.
        warm_steps: Most Levenberg-Marquardt steps from a neighbouring frame.
        cold_steps: Most steps from the neutral pose.
        reseed: Every so many frames the third sequence starts from the neutral pose.
        cost_tolerance: Stop when a step gains less than this share of the cost.
        step_tolerance: Stop when no joint turns by more, rad.
        regularisation: Added to the diagonal.
    """

    anchor_share: float = 0.002
    pull: float = 0.05
    path: float = 0.1
    warm_steps: int = 4
    cold_steps: int = 8
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
    for i in range(2 * soles.feet.shape[0]):  # knees and hands are held where this start has them
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
    scratch: FrameScratch,
    out: Float64[np.ndarray, "3 T Q"],
    costs: Float64[np.ndarray, "3 T"],
) -> None:
    """Three sequences: warm forwards, warm backwards, re-seeded."""
    frames = seeds.shape[0]
    near = np.empty(seeds.shape[1])
    qpos = np.empty(seeds.shape[1])
    for sequence in range(3):
        for i in range(frames):
            t = frames - 1 - i if sequence == 1 else i
            cold = i == 0 or (sequence == 2 and i % options.reseed == 0)
            for k in range(qpos.shape[0]):
                qpos[k] = seeds[t, k] if cold else qpos[k]
                near[k] = qpos[k]
            costs[sequence, t] = solve_frame(
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


@jit(fastmath=True)
def _best_path(
    candidates: Float64[np.ndarray, "3 T Q"],
    costs: Float64[np.ndarray, "3 T"],
    weight: float,
    out: Float64[np.ndarray, "T Q"],
) -> None:
    """Pick one candidate a frame: least sum of cost and weighted squared joint change."""
    count, frames = costs.shape
    total = np.empty(count)
    following = np.empty(count)
    for i in range(count):
        total[i] = costs[i, 0]
    came_from = np.zeros((frames, count), np.int64)
    for t in range(1, frames):
        for j in range(count):
            best = np.inf
            for i in range(count):
                change = 0.0
                for k in range(7, candidates.shape[2]):
                    change += (candidates[j, t, k] - candidates[i, t - 1, k]) ** 2
                if total[i] + weight * change < best:
                    best = total[i] + weight * change
                    came_from[t, j] = i
            following[j] = best + costs[j, t]
        for i in range(count):
            total[i] = following[i]
    j = 0
    for i in range(count):
        if total[i] < total[j]:
            j = i
    for t in range(frames - 1, -1, -1):
        for k in range(candidates.shape[2]):
            out[t, k] = candidates[j, t, k]
        j = int(came_from[t, j])


def solve_start(
    seeds: Float64[np.ndarray, "T Q"], problem: Problem, options: StartOptions
) -> Float64[np.ndarray, "T Q"]:
    """Configurations of every frame, each solved on its own, that make one plausible motion."""
    frames, size = seeds.shape
    candidates = np.empty((3, frames, size))
    costs = np.empty((3, frames))
    tree, limits, tasks, soles = problem.tree, problem.limits, problem.tasks, problem.soles
    scratch = frame_scratch(tree)
    _candidates(
        seeds, problem.clip, options, tree, limits, tasks, soles, scratch, candidates, costs
    )
    start = np.empty((frames, size))
    _best_path(candidates, costs, options.path, start)
    return start
