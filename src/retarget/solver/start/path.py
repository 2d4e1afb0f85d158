"""The best path through several answers a frame, for the trunk and for each limb on its own.

Answers of a frame differ limb by limb: one has the better left arm, another the better right. The trunk's path goes by
the cost of the whole body, each limb's by its own, and a shortest path (Viterbi 1967) is found for each. Where two
answers are as good as each other, as at an arm held out sideways, the one nearer the neutral pose is taken. So a choice
needs to know little of the frames before, and a motion cut anywhere is solved as the whole one was.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64, Int8, Int64

from retarget.compiled.jit import jit
from retarget.compiled.packs import LANES, REAL, anywhere, packs, where
from retarget.compiled.scratch import scratch
from retarget.solver.arrays import Clip, Soles, Tasks, Tree
from retarget.solver.kinematics.lanes import (
    LanePoses,
    LaneTargets,
    load_target,
    make_poses,
    make_targets,
    pose_lanes,
)
from retarget.solver.kinematics.tree import task_axis
from retarget.solver.start.limbs import TRUNK, Limbs

__all__ = ["best_paths", "group_costs"]


@jit(fastmath=True)
def group_costs(
    candidates: Float32[np.ndarray, "C T Q"],
    clip: Clip,
    anchor_share: float,
    tree: Tree,
    tasks: Tasks,
    soles: Soles,
    limbs: Limbs,
    out: Float32[np.ndarray, "C T G"],
) -> None:
    """Share of each group of bodies in each answer's cost, as `retarget.solver.start.frame.solve_frame` counts it."""
    count, frames, _ = candidates.shape
    poses = make_poses(tree)
    shares = scratch((out.shape[2], LANES), REAL)
    targets = make_targets(clip)
    for first in range(0, frames, LANES):
        for lane in range(LANES):
            t = min(first + lane, frames - 1)
            load_target(clip, t, lane, 0.0, 0.0, tasks, targets)
        for candidate in range(count):
            pose_lanes(candidates[candidate], first, tree, poses)
            _group_costs(poses, targets, anchor_share, tasks, soles, limbs, packs(shares))
            for lane in range(min(LANES, frames - first)):
                for group in range(out.shape[2]):
                    out[candidate, first + lane, group] = shares[group, lane]


@jit(fastmath=True, inner=True)
def _group_costs(
    poses: LanePoses,
    targets: LaneTargets,
    anchor_share: float,
    tasks: Tasks,
    soles: Soles,
    limbs: Limbs,
    out: Float64[np.ndarray, "G"],
) -> None:
    qpos, R, r = packs(poses.qpos), packs(poses.R), packs(poses.r)
    positions, frames = packs(targets.positions), packs(targets.frames)
    weights, anchors = packs(targets.contact_weights), packs(targets.anchors)
    for group in range(limbs.first.shape[0] - 1):
        out[group] = 0.0
    for i in range(tasks.bodies.shape[0]):
        b = tasks.bodies[i]
        group = limbs.group[b]
        for k in range(3):
            w = tasks.axis_weights[i, k]
            if w == 0.0:
                continue
            u0, u1, u2 = task_axis(R, r, tasks, i, k)
            along = u0 * frames[i, 0, k] + u1 * frames[i, 1, k] + u2 * frames[i, 2, k]
            out[group] += 2 * w * (1 - along)
        w = tasks.position_weights[i]
        if w > 0.0:
            for k in range(3):
                off = positions[i, k] - qpos[k] - r[b, k]
                out[group] += w * off * off
    for i in range(2 * soles.feet.shape[0]):
        m = weights[i] * anchor_share
        if anywhere(m > 0.0):
            b = soles.contact_bodies[i]
            for k in range(3):
                off = anchors[i, k] - qpos[k] - r[b, k]
                for c in range(3):
                    off -= R[b, k, c] * soles.contact_points[i, c]
                out[limbs.group[b]] += m * off * off


_FAR = 1e30  # more than any path costs; fast arithmetic must not meet infinity


class _Answers(NamedTuple):
    """Answers of a frame for one group, side by side in lanes.

    Attributes:
        angles: Of its joints, in this frame, the one before and the next; frame t is at t modulo 3.
        total: Cost of the best path to each of them.
        source: Which answer of the frame before is on that path.
    """

    angles: Float32[np.ndarray, "3 J L"]
    total: Float32[np.ndarray, "1 L"]
    source: Float32[np.ndarray, "1 L"]


@jit(inner=True)
def _load_angles(
    candidates: Float32[np.ndarray, "C T Q"],
    t: int,
    joints: Int64[np.ndarray, "j"],
    out: Float32[np.ndarray, "J L"],
) -> None:
    for k in range(joints.shape[0]):
        for j in range(candidates.shape[0]):
            out[k, j] = candidates[j, t, 6 + joints[k]]


@jit(fastmath=True, inner=True)
def _best_path(
    candidates: Float32[np.ndarray, "C T Q"],
    costs: Float32[np.ndarray, "C T G"],
    neutral: Float64[np.ndarray, "Q"],
    group: int,
    limbs: Limbs,
    change_weight: float,
    neutral_weight: float,
    answers: _Answers,
    came_from: Int8[np.ndarray, "T C"],
    out: Float64[np.ndarray, "T Q"],
) -> None:
    """Least sum of cost, weighted squared joint change and weighted squared distance from neutral, for one group."""
    count, frames, groups = costs.shape
    joints = limbs.joints[limbs.first[group] : limbs.first[group + 1]]
    angles, total, source = answers.angles, answers.total, answers.source
    best, from_which = packs(total), packs(source)
    begin: int = int(np.int64(0))  # a literal would be compiled for by itself
    _load_angles(candidates, begin, joints, angles[0])
    for t in range(frames):
        now, before = t % 3, (t + 2) % 3
        here = packs(angles[now])
        # A frame ahead: what was just written lane by lane is slow to be read as a pack.
        if t + 1 < frames:
            _load_angles(candidates, t + 1, joints, angles[(t + 1) % 3])
        own = 0.0 * here[0]
        for k in range(joints.shape[0]):
            away = here[k] - neutral[6 + joints[k]]
            own += neutral_weight * away * away
        if t == 0:
            best[0] = own
        else:
            least, which = own + _FAR, 0.0 * own
            for i in range(count):
                change = 0.0 * own
                for k in range(joints.shape[0]):
                    step = here[k] - angles[before, k, i]
                    change += step * step
                through = total[0, i] + change_weight * change
                nearer = through < least
                least = where(nearer, through, least)
                which = where(nearer, 1.0 * i, which)
            from_which[0] = which
            best[0] = least + own
        lowest = _FAR
        for j in range(count):
            for g in range(groups):
                if group in (TRUNK, g):
                    total[0, j] += costs[j, t, g]
            lowest = min(lowest, total[0, j])
            came_from[t, j] = source[0, j]
        for j in range(count):
            total[0, j] -= lowest  # single precision resolves small numbers best
    j = 0
    for i in range(count):
        if total[0, i] < total[0, j]:
            j = i
    for t in range(frames - 1, -1, -1):
        if group == TRUNK:
            for k in range(7):
                out[t, k] = candidates[j, t, k]
        for k in range(joints.shape[0]):
            out[t, 6 + joints[k]] = candidates[j, t, 6 + joints[k]]
        j = int(came_from[t, j])


def best_paths(
    candidates: Float32[np.ndarray, "C T Q"],
    costs: Float32[np.ndarray, "C T G"],
    neutral: Float64[np.ndarray, "Q"],
    limbs: Limbs,
    groups: Int64[np.ndarray, "P"],
    change_weight: float,
    neutral_weight: float,
    out: Float64[np.ndarray, "T Q"],
) -> None:
    """Configurations put together from each group's best path.

    Args:
        candidates: Answers of each frame.
        costs: Cost of each group of bodies in each of them.
        neutral: The neutral pose.
        limbs: The groups.
        groups: The limbs whose paths are chosen; entries of the others are left as they are.
        change_weight: Weight of joint changes between frames, 1/rad^2.
        neutral_weight: Weight of joints' distance from neutral, 1/rad^2.
        out: Filled where they choose.
    """
    came_from = np.zeros((costs.shape[1], costs.shape[0]), np.int8)
    _best_paths(
        candidates, costs, neutral, limbs, groups, change_weight, neutral_weight, came_from, out
    )


@jit(fastmath=True)
def _best_paths(
    candidates: Float32[np.ndarray, "C T Q"],
    costs: Float32[np.ndarray, "C T G"],
    neutral: Float64[np.ndarray, "Q"],
    limbs: Limbs,
    groups: Int64[np.ndarray, "P"],
    change_weight: float,
    neutral_weight: float,
    came_from: Int8[np.ndarray, "T C"],
    out: Float64[np.ndarray, "T Q"],
) -> None:
    answers = _Answers(
        scratch((3, limbs.joints.shape[0], LANES), REAL),
        scratch((1, LANES), REAL),
        scratch((1, LANES), REAL),
    )
    for group in groups:
        _best_path(
            candidates, costs, neutral, group, limbs, change_weight, neutral_weight, answers,
            came_from, out,
        )  # fmt: skip
    for t in range(out.shape[0]):
        size = 0.0
        for k in range(3, 7):
            size += out[t, k] ** 2
        size = math.sqrt(size)
        for k in range(3, 7):
            out[t, k] /= size
