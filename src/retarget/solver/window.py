"""One window of the whole-clip problem: its working memory, its cost and its linear system.

Within a frame: segment tasks, contact points held at anchors, spheres above the floor, capsules apart. Between
frames: second differences kept small, joint steps within the speed limits; both diagonal per degree of freedom.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int8, Int64

from retarget._jit import jit
from retarget._packs import LANES, packs
from retarget.solver.active import cut_held_joints
from retarget.solver.arrays import Problem
from retarget.solver.banded import block_rows
from retarget.solver.differences import (
    acceleration_rows,
    bend_rows,
    damp_diagonal,
    step_rows,
)
from retarget.solver.poses import Poses, pack_count
from retarget.solver.rows import RowScratch, anchor_composites, floor_rows, pair_rows
from retarget.solver.tree import COMPOSITE, assemble, task_composites

__all__ = ["Window", "build_system"]


class Window(NamedTuple):
    """Working memory of one window of n frames, some of it in packs of frames as in `retarget.solver.poses`.

    Attributes:
        system: Blocks of the linear system; see `retarget.solver.banded`.
        step: Its solution.
        damping: Relative damping of each frame.
        cost: Cost of each frame.
        floor_shift: Multiplier of each floor sphere, metres (augmented Lagrangian; 0 where the floor holds by itself).
        pair_shift: Multiplier of each near pair, metres, likewise.
        floor_active: 1 for spheres that the system treats as touching.
        fast: Joints whose step from the frame before the system treats as at its limit: -1, 0 or 1.
        bent: Joints whose second difference that ends at the frame the system treats as at its limit.
        pair_active: 1 for near pairs that the system treats as touching.
        near: Near pairs (the first ``near_count``).
        joint_state: Which joints are held at a limit.
        held_rows: Row of the system of each held joint before it was cut out: V couplings, the right-hand side,
            then the couplings to the frames +1, -1, +2, -2.
        held_index: Frame and degree of freedom of those rows.
    """

    system: Float64[np.ndarray, "S"]
    step: Float64[np.ndarray, "n V"]
    damping: Float64[np.ndarray, "n"]
    cost: Float64[np.ndarray, "n"]
    floor_shift: Float64[np.ndarray, "P F L"]
    pair_shift: Float64[np.ndarray, "P K L"]
    floor_active: Float64[np.ndarray, "P F L"]
    fast: Int8[np.ndarray, "n V"]
    bent: Int8[np.ndarray, "n V"]
    pair_active: Float64[np.ndarray, "P K L"]
    near: Int64[np.ndarray, "K"]
    joint_state: Int8[np.ndarray, "n V"]
    held_rows: Float64[np.ndarray, "h W"]
    held_index: Int64[np.ndarray, "h 2"]


class Assembly(NamedTuple):
    """Room to assemble the systems of a pack of frames."""

    C: Float64[np.ndarray, "B 16 L"]
    H: Float64[np.ndarray, "V D L"]
    g: Float64[np.ndarray, "V L"]
    x: Float64[np.ndarray, "3 L"]
    cost: Float64[np.ndarray, "1 L"]


@jit(fastmath=True)
def build_system(
    qpos: Float64[np.ndarray, "T Q"],
    first: int,
    frames: int,
    near_count: int,
    problem: Problem,
    window: Window,
    poses: Poses,
    width: int,
) -> tuple[float, int]:
    """Fill the linear system of the frames from ``first``; returns their cost and the number of held joints.

    The frames must have been posed.
    """
    tree, weights, limits = problem.tree, problem.weights, problem.limits
    bodies = tree.parents.shape[0]
    size = bodies + 5
    rows = block_rows(size)
    block = rows * 3 * width
    a = window.system
    work = Assembly(
        np.empty((bodies, COMPOSITE, LANES)),
        np.zeros((size, tree.ancestors.shape[1], LANES)),
        np.empty((size, LANES)),
        np.empty((3, LANES)),
        np.empty((1, LANES)),
    )
    scratch = RowScratch(
        np.empty((1, LANES)),
        np.empty((1, LANES)),
        np.empty((3, LANES)),
        np.empty((3, LANES)),
        np.empty((3, LANES)),
        np.empty(size),
        np.empty(size, np.int64),
    )
    turn = np.empty(3)
    turn1 = np.empty(3)
    near = window.near[:near_count]
    total = 0.0
    for i in range(frames * block, (frames + 2) * block):
        a[i] = 0.0
    for p in range(pack_count(frames)):
        for k in range(p * LANES * rows, min((p + 1) * LANES, frames) * rows):
            # What lies left of the own block's triangle, and right of the last one's, stays 0 for ever.
            start = 3 * width * k + k % rows // LANES * LANES
            for i in range(start, start + 2 * width + LANES):
                a[i] = 0.0
        _add_tasks(p, frames, problem, poses, work, a, width)
        floor_rows(
            p,
            frames,
            poses,
            tree,
            problem.floor,
            weights.floor,
            window.floor_shift[p],
            window.floor_active[p],
            a,
            width,
            work.cost,
            scratch,
        )
        if near_count > 0:
            pair_rows(
                p,
                frames,
                poses,
                tree,
                problem.capsules,
                weights.collision,
                weights.collision_margin,
                near,
                window.pair_shift[p],
                window.pair_active[p],
                a,
                width,
                work.cost,
                scratch,
            )
        for t in range(p * LANES, min((p + 1) * LANES, frames)):
            cost = work.cost[0, t - p * LANES]
            cost += step_rows(qpos, first, t, limits.step, weights.velocity, window.fast, a, width)
            if limits.bend.shape[0] > 0:
                cost += bend_rows(qpos, first, t, limits.bend, weights.bend, window.bent, a, width)
            cost += acceleration_rows(qpos, first, t, weights.acceleration, a, width, turn, turn1)
            window.cost[t] = cost
            total += cost
    damp_diagonal(a, size, 3 * width, frames, window.damping, weights.regularisation)
    held = cut_held_joints(
        qpos,
        first,
        frames,
        limits.lower,
        limits.upper,
        window.joint_state,
        window.held_rows,
        window.held_index,
        a,
        width,
    )
    return total, held


@jit(fastmath=True, inner=True)
def _add_tasks(
    p: int,
    frames: int,
    problem: Problem,
    poses: Poses,
    work: Assembly,
    a: Float64[np.ndarray, "S"],
    width: int,
) -> None:
    """Segment tasks and anchors of a pack of frames, which couple a joint with those above it."""
    tree, weights = problem.tree, problem.weights
    q, R, r = packs(poses.qpos[p]), packs(poses.R[p]), packs(poses.r[p])
    C, H, g, cost = packs(work.C), packs(work.H), packs(work.g), packs(work.cost)
    own_cost = task_composites(
        q, R, r, problem.tasks, packs(poses.positions[p]), packs(poses.frames[p]), C
    )
    cost[0] = own_cost + anchor_composites(
        q,
        R,
        r,
        problem.soles,
        packs(poses.contact_weights[p]),
        packs(poses.anchors[p]),
        weights.heel_lift,
        C,
        packs(work.x),
    )
    assemble(r, packs(poses.axes[p]), C, tree, H, g)
    size = tree.depth.shape[0]
    row = 3 * width
    block = block_rows(size) * row
    for lane in range(min(LANES, frames - p * LANES)):
        own = (p * LANES + lane) * block
        for k in range(size):
            for d in range(tree.depth[k] + 1):
                a[own + tree.ancestors[k, d] * row + k] += work.H[k, d, lane]
            a[own + k * row + width - 2] += work.g[k, lane]
