"""One window of the whole-clip problem: its working memory, its cost and its linear system.

Within a frame: segment tasks, contact points held at anchors, spheres above the floor, capsules apart. Between
frames: second differences kept small, joint steps within the speed limits; both diagonal per degree of freedom.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64, Int8, Int64

from retarget._jit import jit
from retarget.solver.active import cut_held_joints
from retarget.solver.arrays import Problem
from retarget.solver.banded import block_rows
from retarget.solver.collision import capsule_ends
from retarget.solver.kinematics import body_kinematics
from retarget.solver.rows import (
    acceleration_rows,
    anchor_composites,
    bend_rows,
    damp_diagonal,
    floor_rows,
    pair_rows,
    step_rows,
)
from retarget.solver.tree import COMPOSITE, assemble, task_composites

__all__ = ["Window", "build_system"]


class Window(NamedTuple):
    """Working memory of one window of n frames.

    Attributes:
        system: Blocks of the linear system; see `retarget.solver.banded`.
        step: Its solution.
        damping: Relative damping of each frame.
        cost: Cost of each frame.
        floor_shift: Multiplier of each floor sphere, metres (augmented Lagrangian; 0 where the floor holds by itself).
        floor_active: Spheres that the system treats as touching.
        fast: Joints whose step from the frame before the system treats as at its limit: -1, 0 or 1.
        bent: Joints whose second difference that ends at the frame the system treats as at its limit.
        pair_active: Near pairs that the system treats as touching.
        near: Near pairs (the first ``near_count``).
        used: Capsules in near pairs.
        joint_state: Which joints are held at a limit.
        held_rows: Row of the system of each held joint before it was cut out: V couplings, the right-hand side,
            then the couplings to the frames +1, -1, +2, -2.
        held_index: Frame and degree of freedom of those rows.
    """

    system: Float64[np.ndarray, "S"]
    step: Float64[np.ndarray, "n V"]
    damping: Float64[np.ndarray, "n"]
    cost: Float64[np.ndarray, "n"]
    floor_shift: Float64[np.ndarray, "n F"]
    floor_active: Bool[np.ndarray, "n F"]
    fast: Int8[np.ndarray, "n V"]
    bent: Int8[np.ndarray, "n V"]
    pair_active: Bool[np.ndarray, "n K"]
    near: Int64[np.ndarray, "K"]
    used: Bool[np.ndarray, "G"]
    joint_state: Int8[np.ndarray, "n V"]
    held_rows: Float64[np.ndarray, "h W"]
    held_index: Int64[np.ndarray, "h 2"]


@jit(fastmath=True)
def build_system(
    qpos: Float64[np.ndarray, "T Q"],
    first: int,
    frames: int,
    near_count: int,
    problem: Problem,
    window: Window,
    width: int,
) -> tuple[float, int]:
    """Fill the linear system of the frames from ``first``; returns their cost and the number of held joints."""
    tree, soles, weights, clip = problem.tree, problem.soles, problem.weights, problem.clip
    bodies = tree.parents.shape[0]
    size = bodies + 5
    row = 3 * width
    block = block_rows(size) * row
    right = width - 2  # column of the right-hand side
    a = window.system
    for i in range((frames + 2) * block):
        a[i] = 0.0
    R = np.empty((bodies, 3, 3))
    r = np.empty((bodies, 3))
    axes = np.empty((bodies, 3))
    C = np.empty((bodies, COMPOSITE))
    H = np.zeros((size, tree.ancestors.shape[1]))
    g = np.empty(size)
    x = np.empty(3)
    capsules = problem.capsules.bodies.shape[0]
    starts = np.empty((capsules, 3))
    ends = np.empty((capsules, 3))
    jacobian = np.empty(size)
    columns = np.empty(size, np.int64)
    turn = np.empty(3)
    turn1 = np.empty(3)
    total = 0.0
    for t in range(frames):
        q = qpos[first + t]
        own = t * block
        body_kinematics(q, tree, R, r, axes)
        cost = task_composites(
            q, R, r, problem.tasks, clip.positions[first + t], clip.frames[first + t], C
        )
        cost += anchor_composites(
            q,
            R,
            r,
            soles,
            clip.contact_weights[first + t],
            clip.anchors[first + t],
            weights.heel_lift,
            C,
            x,
        )
        assemble(r, axes, C, tree, H, g)
        for k in range(size):
            for d in range(tree.depth[k] + 1):
                a[own + tree.ancestors[k, d] * row + k] += H[k, d]
            a[own + k * row + right] += g[k]
        cost += floor_rows(
            q,
            R,
            r,
            axes,
            tree.depth,
            tree.ancestors,
            problem.floor,
            weights.floor,
            window.floor_shift[t],
            window.floor_active[t],
            a[own : own + block],
            row,
            x,
            jacobian,
            columns,
        )
        if near_count > 0:
            capsule_ends(R, r, problem.capsules, window.used, starts, ends)
            cost += pair_rows(
                r,
                axes,
                starts,
                ends,
                tree.depth,
                tree.ancestors,
                problem.capsules,
                weights.collision,
                weights.collision_margin,
                window.near[:near_count],
                window.pair_active[t],
                a[own : own + block],
                row,
                jacobian,
                columns,
            )
        cost += step_rows(
            qpos, first, t, problem.limits.step, weights.velocity, window.fast, a, width
        )
        if problem.limits.bend.shape[0] > 0:
            cost += bend_rows(
                qpos, first, t, problem.limits.bend, weights.bend, window.bent, a, width
            )
        cost += acceleration_rows(qpos, first, t, weights.acceleration, a, width, turn, turn1)
        window.cost[t] = cost
        total += cost
    damp_diagonal(a, size, row, frames, window.damping, weights.regularisation)
    held = cut_held_joints(
        qpos,
        first,
        frames,
        problem.limits.lower,
        problem.limits.upper,
        window.joint_state,
        window.held_rows,
        window.held_index,
        a,
        width,
    )
    return total, held
