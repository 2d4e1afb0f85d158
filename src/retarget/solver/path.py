"""The best path through several answers a frame, for the trunk and for each limb on its own.

Answers of a frame differ limb by limb: one has the better left arm, another the better right. The trunk's path goes by
the cost of the whole body, each limb's by its own, and a shortest path (Viterbi 1967) is found for each. Where two
answers are as good as each other, as at an arm held out sideways, the one nearer the neutral pose is taken. So a choice
needs to know little of the frames before, and a motion cut anywhere is solved as the whole one was.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float32, Float64, Int8

from retarget._jit import jit
from retarget.solver.arrays import Clip, Soles, Tasks, Tree
from retarget.solver.kinematics import body_kinematics, world_point
from retarget.solver.limbs import TRUNK, Limbs

__all__ = ["best_paths", "group_costs"]


@jit(fastmath=True)
def group_costs(
    qpos: Float64[np.ndarray, "Q"],
    t: int,
    clip: Clip,
    anchor_share: float,
    tree: Tree,
    tasks: Tasks,
    soles: Soles,
    limbs: Limbs,
    R: Float64[np.ndarray, "B 3 3"],
    r: Float64[np.ndarray, "B 3"],
    a: Float64[np.ndarray, "B 3"],
    x: Float64[np.ndarray, "3"],
    out: Float32[np.ndarray, "G"],
) -> None:
    """Share of each group of bodies in a frame's cost, as `retarget.solver.start.solve_frame` counts it."""
    body_kinematics(qpos, tree, R, r, a)
    for group in range(out.shape[0]):
        out[group] = 0.0
    for i in range(tasks.bodies.shape[0]):
        b = tasks.bodies[i]
        cost = 0.0
        for k in range(3):
            w = tasks.axis_weights[i, k]
            if w == 0.0:
                continue
            along = 0.0
            if k == 2 and tasks.centres[i, 0] >= 0:
                p = tasks.centres[i, 0]
                d = tasks.centres[i, 1]
                length = 0.0
                for m in range(3):
                    u = r[p, m] - r[d, m]
                    length += u * u
                    along += u * clip.frames[t, i, m, 2]
                along /= math.sqrt(length)
            else:
                for m in range(3):
                    u = 0.0
                    for n in range(3):
                        u += R[b, m, n] * tasks.anatomical[i, n, k]
                    along += u * clip.frames[t, i, m, k]
            cost += 2 * w * (1 - along)
        w = tasks.position_weights[i]
        if w > 0.0:
            for k in range(3):
                cost += w * (clip.positions[t, i, k] - qpos[k] - r[b, k]) ** 2
        out[limbs.group[b]] += cost
    for i in range(clip.contact_weights.shape[1]):
        w = clip.contact_weights[t, i] * anchor_share
        if w > 0.0:
            b = soles.contact_bodies[i]
            world_point(R, r, b, soles.contact_points[i], x)
            for k in range(3):
                out[limbs.group[b]] += w * (clip.anchors[t, i, k] - qpos[k] - x[k]) ** 2


@jit(fastmath=True)
def _best_path(
    candidates: Float32[np.ndarray, "C T Q"],
    costs: Float32[np.ndarray, "C T G"],
    seeds: Float64[np.ndarray, "T Q"],
    group: int,
    limbs: Limbs,
    change_weight: float,
    neutral_weight: float,
    came_from: Int8[np.ndarray, "T C"],
    out: Float64[np.ndarray, "T Q"],
) -> None:
    """Least sum of cost, weighted squared joint change and weighted squared distance from neutral, for one group."""
    count, frames, groups = costs.shape
    joints = limbs.joints[limbs.first[group] : limbs.first[group + 1]]
    angles = np.empty((count, joints.shape[0]))
    before = np.empty((count, joints.shape[0]))
    total = np.zeros(count)
    following = np.empty(count)
    for t in range(frames):
        for j in range(count):
            cost = 0.0
            for g in range(groups):
                if group in (TRUNK, g):
                    cost += costs[j, t, g]
            away = 0.0
            for k in range(joints.shape[0]):
                angles[j, k] = candidates[j, t, 6 + joints[k]]
                away += (angles[j, k] - seeds[t, 6 + joints[k]]) ** 2
            best = 0.0 if t == 0 else np.inf
            for i in range(count if t > 0 else 0):
                change = 0.0
                for k in range(joints.shape[0]):
                    change += (angles[j, k] - before[i, k]) ** 2
                if total[i] + change_weight * change < best:
                    best = total[i] + change_weight * change
                    came_from[t, j] = i
            following[j] = best + cost + neutral_weight * away
        for j in range(count):
            total[j] = following[j]
            for k in range(joints.shape[0]):
                before[j, k] = angles[j, k]
    j = 0
    for i in range(count):
        if total[i] < total[j]:
            j = i
    for t in range(frames - 1, -1, -1):
        if group == TRUNK:
            for k in range(7):
                out[t, k] = candidates[j, t, k]
        for k in range(joints.shape[0]):
            out[t, 6 + joints[k]] = candidates[j, t, 6 + joints[k]]
        j = int(came_from[t, j])


@jit(fastmath=True)
def best_paths(
    candidates: Float32[np.ndarray, "C T Q"],
    costs: Float32[np.ndarray, "C T G"],
    seeds: Float64[np.ndarray, "T Q"],
    limbs: Limbs,
    change_weight: float,
    neutral_weight: float,
    out: Float64[np.ndarray, "T Q"],
) -> None:
    """Configurations put together from each group's best path.

    Args:
        candidates: Answers of each frame.
        costs: Cost of each group of bodies in each of them.
        seeds: Neutral poses.
        limbs: The groups.
        change_weight: Weight of joint changes between frames, 1/rad^2.
        neutral_weight: Weight of joints' distance from neutral, 1/rad^2.
        out: Filled.
    """
    came_from = np.zeros((costs.shape[1], costs.shape[0]), np.int8)
    for group in range(costs.shape[2]):
        _best_path(
            candidates, costs, seeds, group, limbs, change_weight, neutral_weight, came_from, out
        )
    for t in range(out.shape[0]):
        size = 0.0
        for k in range(3, 7):
            size += out[t, k] ** 2
        size = math.sqrt(size)
        for k in range(3, 7):
            out[t, k] /= size
