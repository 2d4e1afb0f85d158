"""Limits that hold: the last, small projection of a solved motion onto the joints' limits and the floor.

The solve keeps both to within a fraction of a percent or a millimetre; what is left is removed here exactly, so that
no frame of any result breaks them.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from retarget.compiled.jit import jit
from retarget.compiled.packs import LANES, REAL, packs
from retarget.compiled.scratch import scratch
from retarget.solver.arrays import Floor, Limits, Problem, Tree, single_robot
from retarget.solver.kinematics.lanes import make_poses, pose_lanes
from retarget.solver.limits.projection import limit_joint_motion

__all__ = ["floor_depth", "keep_joint_limits", "lift_above_floor", "limit_joint_steps"]

_ROUNDING = 2e-6  # metres to which single precision tells depths
_LIFT_TIME = 0.1  # seconds over which the base is raised and lowered again


def keep_joint_limits(qpos: Float64[np.ndarray, "T Q"], limits: Limits) -> None:
    """Move joints, in place, as little as makes them keep their limits; they must be within position limits."""
    if len(limits.second_difference):
        limit_joint_motion(qpos, limits)
    else:
        limit_joint_steps(qpos, limits.step)


def limit_joint_steps(
    qpos: Float64[np.ndarray, "T Q"], step: Float64[np.ndarray, "B"]
) -> Float64[np.ndarray, "B"]:
    """Move joints, in place, so that none changes by more than its step between frames; as little as possible.

    The largest function below the trajectory that keeps the limit, and the smallest above it, bound every one that
    does; their middle has the least possible largest change (McShane 1934), and equals the trajectory where that
    keeps the limit anyway. It stays within position limits.

    Returns:
        The largest change of each joint, rad.
    """
    change = np.zeros(len(step))
    _limit_steps(qpos, step, np.empty(len(qpos)), np.empty(len(qpos)), change)
    return change


@jit()
def _limit_steps(
    qpos: Float64[np.ndarray, "T Q"],
    step: Float64[np.ndarray, "B"],
    below: Float64[np.ndarray, "T"],
    above: Float64[np.ndarray, "T"],
    change: Float64[np.ndarray, "B"],
) -> None:
    frames = qpos.shape[0]
    for b in range(1, step.shape[0]):
        fast = False
        for t in range(1, frames):
            fast = fast or abs(qpos[t, 6 + b] - qpos[t - 1, 6 + b]) > step[b]
        if not fast:
            continue
        limit = step[b] * (1 - 1e-9)  # rounding must not break it again
        for t in range(frames):
            below[t] = qpos[t, 6 + b]
            above[t] = qpos[t, 6 + b]
        for t in range(1, frames):
            below[t] = min(below[t], below[t - 1] + limit)
            above[t] = max(above[t], above[t - 1] - limit)
        for t in range(frames - 2, -1, -1):
            below[t] = min(below[t], below[t + 1] + limit)
            above[t] = max(above[t], above[t + 1] - limit)
        for t in range(frames):
            middle = 0.5 * (below[t] + above[t])
            change[b] = max(change[b], abs(middle - qpos[t, 6 + b]))
            qpos[t, 6 + b] = middle


@jit(fastmath=True, inner=True)
def floor_depth(
    height: float,
    R: Float64[np.ndarray, "B 3 3"],
    r: Float64[np.ndarray, "B 3"],
    floor: Floor,
) -> float:
    """How far the deepest sphere is below the floor, metres, for a base at a height; 0 where none is."""
    deepest = 0.0
    for p in range(floor.bodies.shape[0]):
        b = floor.bodies[p]
        lowest = height + r[b, 2] - floor.radii[p]
        for k in range(3):
            lowest += R[b, 2, k] * floor.points[p, k]
        deepest = max(deepest, -lowest)
    return deepest


@jit(fastmath=True)
def _depths(
    qpos: Float64[np.ndarray, "T Q"],
    tree: Tree,
    floor: Floor,
    depth: Float64[np.ndarray, "T"],
) -> None:
    poses = make_poses(tree)
    R, r = packs(poses.R), packs(poses.r)
    depths = scratch((1, LANES), REAL)
    for first in range(0, qpos.shape[0], LANES):
        pose_lanes(qpos, first, tree, poses)
        height = packs(poses.qpos)[2] - _ROUNDING
        packs(depths)[0] = floor_depth(height, R, r, floor)
        for lane in range(min(LANES, qpos.shape[0] - first)):
            depth[first + lane] = depths[0, lane]


@jit()
def _smooth_cover(
    depth: Float64[np.ndarray, "T"],
    half: int,
    highest: Float64[np.ndarray, "T"],
    out: Float64[np.ndarray, "T"],
) -> None:
    """A smooth curve nowhere below ``depth``: the mean of running maxima, each of which covers its neighbours."""
    frames = depth.shape[0]
    for t in range(frames):
        if depth[t] > 0:
            for u in range(max(0, t - half), min(frames, t + half + 1)):
                highest[u] = max(highest[u], depth[t])
    for t in range(frames):
        total = 0.0
        for u in range(t - half, t + half + 1):
            total += highest[min(max(u, 0), frames - 1)]
        out[t] = total / (2 * half + 1)


def lift_above_floor(
    qpos: Float64[np.ndarray, "T Q"], problem: Problem, fps: float
) -> Float64[np.ndarray, "T"]:
    """Raise the base, in place, wherever a sphere is below the floor; returns by how much, metres."""
    packed = single_robot(problem)
    depth = np.empty(len(qpos))
    _depths(qpos, packed.tree, packed.floor, depth)
    lift = np.zeros(len(qpos))
    if depth.any():
        _smooth_cover(depth, max(1, round(_LIFT_TIME / 2 * fps)), np.zeros(len(qpos)), lift)
        qpos[:, 2] += lift
    return lift
