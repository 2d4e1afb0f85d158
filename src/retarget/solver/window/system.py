"""One window of the whole-clip problem: its working memory, its cost and its linear system.

Within a frame: segment tasks, contact points held at anchors, spheres above the floor, capsules apart. Between
frames: second differences kept small, joint steps within the speed limits; both diagonal per degree of freedom.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64, Int8, Int64, UInt32

from retarget.compiled.jit import NANS_COUNT, jit
from retarget.compiled.packs import LANES, REAL, packs
from retarget.compiled.scratch import scratch
from retarget.solver.arrays import Problem, Tree
from retarget.solver.kinematics.poses import Poses, pack_count
from retarget.solver.kinematics.tree import COMPOSITE, assemble, task_composites
from retarget.solver.linear.banded import block_rows
from retarget.solver.window.centre import centre_rows
from retarget.solver.window.differences import (
    damp_diagonal,
    second_difference_rows,
    second_differences,
    step_rows,
    write_smooth_rows,
)
from retarget.solver.window.joints import cut_held_joints
from retarget.solver.window.room import Things
from retarget.solver.window.rows import anchor_composites, floor_composites, pair_rows
from retarget.solver.window.things.composites import add_things

__all__ = ["Window", "block_places", "build_system"]


class _Assembly(NamedTuple):
    """Room to assemble the systems of a pack of frames.

    Attributes:
        C: Composites of the bodies; see `retarget.solver.kinematics.tree`.
        H: Couplings of each degree of freedom with its ancestors; those that no kernel writes are 0.
        g: Descent direction.
        cost: Cost of each frame.
    """

    C: Float32[np.ndarray, "B 22 L"]
    H: Float32[np.ndarray, "V D L"]
    g: Float32[np.ndarray, "V L"]
    cost: Float32[np.ndarray, "1 L"]


class Window(NamedTuple):
    """Working memory of one window of n frames, some of it in packs of frames as in `retarget.solver.kinematics.poses`.

    Where two frames more have room, these are frames behind the window, which may be known.

    Attributes:
        system: Blocks of the linear system; see `retarget.solver.linear.banded`.
        places: Where the couplings of a frame's own configuration are: in
            `retarget.solver.kinematics.tree.assemble`'s matrix, and in the frame's rows.
        pulls: Weighted second differences that end at each frame, and two rows of zeros.
        least: Least pivot of each of its rows.
        step: Its solution.
        damping: Relative damping of each frame.
        cost: Cost of each frame.
        floor_shift: Multiplier of each floor sphere, metres (augmented Lagrangian; 0 where the floor holds by itself).
        pair_shift: Multiplier of each candidate pair, metres, likewise.
        floor_active: 1 for spheres that the system treats as touching.
        speed_active: Joints whose step from the frame before the system treats as at its limit: -1, 0 or 1.
        acceleration_active: Joints whose second difference that ends at the frame the system treats as at its limit.
        pair_active: 1 for candidate pairs that the system treats as touching.
        candidates: Pairs that are near enough to touch (the first ``candidate_count``).
        joint_state: Which joints are held at a limit.
        held_rows: Row of the system of each held joint before it was cut out: V couplings, the right-hand side,
            then the couplings to the frames +1, -1, +2, -2.
        held_index: Frame and degree of freedom of those rows.
        things: Of the things around the robot; None where there are none.
    """

    system: Float32[np.ndarray, "S"]
    places: UInt32[np.ndarray, "E 2"]
    pulls: Float64[np.ndarray, "n+2 V"]
    least: Float32[np.ndarray, "n R"]
    step: Float64[np.ndarray, "n+2 V"]
    damping: Float64[np.ndarray, "n+2"]
    cost: Float64[np.ndarray, "n+2"]
    floor_shift: Float32[np.ndarray, "P F L"]
    pair_shift: Float32[np.ndarray, "P K L"]
    floor_active: Float32[np.ndarray, "P F L"]
    speed_active: Int8[np.ndarray, "n+2 V"]
    acceleration_active: Int8[np.ndarray, "n+2 V"]
    pair_active: Float32[np.ndarray, "P K L"]
    candidates: Int64[np.ndarray, "K"]
    joint_state: Int8[np.ndarray, "n+2 V"]
    held_rows: Float64[np.ndarray, "h W"]
    held_index: Int64[np.ndarray, "h 2"]
    things: Things | None


def block_places(tree: Tree, width: int) -> UInt32[np.ndarray, "E 2"]:
    """`Window.places` for a tree and a width of blocks; unsigned, as Numba lets signed ones count from the end."""
    columns = tree.ancestors.shape[1]
    k, d = np.nonzero(np.arange(columns) <= tree.depth[:, None])
    places = np.stack([k * columns + d, tree.ancestors[k, d] * 3 * width + k], axis=1)
    return places.astype(np.uint32)


@jit(fastmath=NANS_COUNT, inner=True)
def build_system(
    qpos: Float64[np.ndarray, "T Q"],
    first: int,
    frames: int,
    after: int,
    candidate_count: int,
    met: int,
    problem: Problem,
    window: Window,
    poses: Poses,
    width: int,
) -> tuple[float, int]:
    """Fill the linear system of the frames from ``first``; returns their cost and the number of held joints.

    The frames must have been posed. ``met`` is how many pairs of a sphere and a thing are near each other,
    ``after`` how many frames behind them are known, 0 or 2: differences that end there count as well.
    """
    tree, weights, limits = problem.tree, problem.weights, problem.limits
    size = tree.depth.shape[0]
    block = block_rows(size) * 3 * width
    a = window.system
    work = _Assembly(
        scratch((tree.parents.shape[0], COMPOSITE, LANES), REAL),
        scratch((size, tree.ancestors.shape[1], LANES), REAL),
        scratch((size, LANES), REAL),
        scratch((1, LANES), REAL),
    )
    candidates = window.candidates[:candidate_count]
    second_differences(
        qpos,
        first,
        frames,
        after,
        weights.acceleration,
        problem.clip.centres,
        problem.clip.steadiness,
        window.pulls,
        window.cost,
    )
    for p in range(pack_count(frames)):
        _assemble_pack(p, problem, window, poses, work)
        add_things(p, poses, tree, problem.scene, window.things, met, work.H, work.g, work.cost)
        for t in range(p * LANES, min((p + 1) * LANES, frames)):
            _write_block(t, work, tree, window.places, a, width)
            write_smooth_rows(
                first,
                t,
                frames + after,
                weights.acceleration,
                problem.clip.steadiness,
                window.pulls,
                a,
                width,
            )
        centre_rows(p, frames, poses, tree, problem.masses, a, width, work.cost)
        if candidate_count > 0:
            pair_rows(
                p,
                frames,
                poses,
                tree,
                problem.capsules,
                weights.collision,
                candidates,
                window.pair_shift[p],
                window.pair_active[p],
                a,
                width,
                work.cost,
            )
        for t in range(p * LANES, min((p + 1) * LANES, frames)):
            window.cost[t] += work.cost[0, t - p * LANES]
    a[frames * block : (frames + 2) * block] = 0.0
    total = 0.0
    for t in range(frames + after):
        cost = step_rows(
            qpos, first, t, limits.step, weights.velocity, window.speed_active, a, width
        )
        if limits.second_difference.shape[0] > 0:
            cost += second_difference_rows(
                qpos,
                first,
                t,
                limits.second_difference,
                weights.second_difference,
                window.acceleration_active,
                a,
                width,
            )
        window.cost[t] += cost
        total += window.cost[t]
    damp_diagonal(a, size, 3 * width, frames, window.damping, weights.regularisation, window.least)
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
def _assemble_pack(p: int, problem: Problem, window: Window, poses: Poses, work: _Assembly) -> None:
    """Segment tasks, anchors and the floor of a pack of frames, which couple a joint with those above it."""
    tree, weights = problem.tree, problem.weights
    q, R, r = packs(poses.qpos[p]), packs(poses.R[p]), packs(poses.r[p])
    C, H, g, cost = packs(work.C), packs(work.H), packs(work.g), packs(work.cost)
    tasks_cost = task_composites(
        q, R, r, problem.tasks, packs(poses.positions[p]), packs(poses.frames[p]), C
    )
    anchors_cost = anchor_composites(
        q,
        R,
        r,
        problem.soles,
        packs(poses.contact_weights[p]),
        packs(poses.anchors[p]),
        weights.heel_lift,
        packs(poses.clearances[p]),
        C,
        packs(scratch((3, LANES), REAL)),
        p,
        window.things,
    )
    floor_cost = floor_composites(
        q,
        R,
        r,
        problem.floor,
        weights.floor,
        packs(window.floor_shift[p]),
        packs(window.floor_active[p]),
        packs(poses.clearances[p]),
        C,
    )
    cost[0] = tasks_cost + anchors_cost + floor_cost
    assemble(r, packs(poses.axes[p]), C, tree, H, g)


@jit(fastmath=True, inner=True)
def _write_block(
    t: int,
    work: _Assembly,
    tree: Tree,
    places: UInt32[np.ndarray, "E 2"],
    a: Float32[np.ndarray, "S"],
    width: int,
) -> None:
    """Write a frame's rows of the system: all that its own configuration gives, and zeros."""
    size = tree.depth.shape[0]
    row = 3 * width
    block = block_rows(size) * row
    own = t * block
    lane = t % LANES
    rows = a[own : own + block]
    rows[:] = 0.0
    couplings = work.H.reshape(size * tree.ancestors.shape[1], LANES)[:, lane]
    for e in range(places.shape[0]):
        rows[places[e, 1]] = couplings[places[e, 0]]
    for k in range(size):
        a[own + k * row + width - 2] = work.g[k, lane]
