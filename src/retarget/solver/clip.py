"""The whole-clip solve: overlapping windows of Gauss-Newton steps, marched over the clip in linear time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from retarget._jit import jit
from retarget.solver.arrays import Problem
from retarget.solver.banded import aligned_zeros, block_width, factorise, substitute_back
from retarget.solver.collision import (
    capsule_ends,
    centre_distance_squared,
    near_pairs,
    segment_distance,
)
from retarget.solver.kinematics import body_kinematics, world_point
from retarget.solver.limits import SPEED_RESERVE, lift_above_floor, limit_joint_steps
from retarget.solver.tree import retract
from retarget.solver.window import (
    UNKNOWN,
    Window,
    build_system,
    hold_joints,
    predict_active,
)

__all__ = ["ClipOptions", "solve_clip"]

_LARGEST_SHIFT = 0.05  # metres; a floor multiplier beyond this fights a target that cannot be met
_LARGEST_DAMPING = 1e2


class ClipOptions(NamedTuple):
    """How hard each window is worked on.

    Attributes:
        window: Frames that become final with each window.
        ahead: Frames solved beyond them and solved again by the next window.
        cost_tolerance: Stop when a step gains less than this share of the cost; one more step is then taken on trust.
        most_steps: Most steps of a window.
        damping: First relative damping.
        reach: Pairs of capsules nearer than this are looked at, metres.
        repairs: Most times that a window is solved on because a constraint is violated.
        penetration: Depth below the floor that calls for multipliers, metres.
        overlap: Overlap of capsules that calls for another solve, metres.
    """

    window: int = 32
    ahead: int = 4
    cost_tolerance: float = 0.2
    most_steps: int = 20
    damping: float = 1e-3
    reach: float = 0.06
    repairs: int = 8
    penetration: float = 0.001
    overlap: float = 0.003


def solve_clip(
    start: Float64[np.ndarray, "T Q"], problem: Problem, options: ClipOptions
) -> tuple[Float64[np.ndarray, "T Q"], Float64[np.ndarray, "T"], int]:
    """Make a start into a smooth motion that keeps its constraints.

    Returns:
        Configurations, the final cost of each frame, and the number of steps times frames that were taken.
    """
    qpos = start.copy()
    frames = min(options.window + options.ahead, len(qpos))
    size = len(problem.limits.lower) + 5
    width = block_width(size)
    pairs, capsules = len(problem.capsules.pairs), len(problem.capsules.bodies)
    spheres = len(problem.floor.bodies)
    window = Window(
        system=aligned_zeros((frames + 2) * size * 3 * width),
        step=np.zeros((frames, size)),
        damping=np.zeros(frames),
        cost=np.zeros(frames),
        floor_shift=np.zeros((frames, spheres)),
        floor_active=np.zeros((frames, spheres), bool),
        fast=np.zeros((frames, size), np.int8),
        pair_active=np.zeros((frames, max(pairs, 1)), bool),
        near=np.zeros(max(pairs, 1), np.int64),
        used=np.zeros(max(capsules, 1), bool),
        joint_state=np.zeros((frames, size), np.int8),
        held_rows=np.zeros((frames * size, size + 5)),
        held_index=np.zeros((frames * size, 2), np.int64),
    )
    cost = np.zeros(len(qpos))
    steps = _march(qpos, cost, problem, options, window, width)
    limit_joint_steps(qpos, problem.limits.step / SPEED_RESERVE)
    lift_above_floor(qpos, problem.tree, problem.floor, problem.fps)
    return qpos, cost, steps


@jit(fastmath=True)
def _march(
    qpos: Float64[np.ndarray, "T Q"],
    cost: Float64[np.ndarray, "T"],
    problem: Problem,
    options: ClipOptions,
    window: Window,
    width: int,
) -> int:
    count = qpos.shape[0]
    shift = np.zeros((count, problem.floor.bodies.shape[0]))
    first = np.int64(0)  # a literal 0 would have the whole window compiled twice, once for it alone
    steps = 0
    while first < count:
        frames = min(options.window + options.ahead, count - first)
        window.floor_shift[:frames] = shift[first : first + frames]
        steps += frames * _solve_window(qpos, first, frames, problem, options, window, width)
        shift[first : first + frames] = window.floor_shift[:frames]
        cost[first : first + frames] = window.cost[:frames]
        if first + frames == count:
            break
        first += options.window
    return steps


@jit(fastmath=True)
def _solve_window(
    qpos: Float64[np.ndarray, "T Q"],
    first: int,
    frames: int,
    problem: Problem,
    options: ClipOptions,
    window: Window,
    width: int,
) -> int:
    """Gauss-Newton with per-frame damping on the frames from ``first``, in place; returns the steps taken.

    Building the system also evaluates the cost, so that a step is judged by the next build. Once a step has gained
    less than the tolerance, one more is taken on trust.
    """
    limits = problem.limits
    size = limits.lower.shape[0] + 5
    near_count = 0
    if problem.capsules.pairs.shape[0] > 0:
        near_count = near_pairs(
            qpos[first : first + frames],
            problem.tree,
            problem.capsules,
            options.reach,
            window.near,
            window.used,
        )
    _forget_active(window, frames)
    damping = window.damping
    damping[:frames] = options.damping
    last_good = qpos[first : first + frames].copy()
    last_cost = np.zeros(frames)
    cost = np.inf
    steps = 0
    limit = options.most_steps
    failed = False
    repairs = 0
    while True:
        new, held = build_system(qpos, first, frames, near_count, problem, window, width)
        settled = False
        if (
            new <= cost * 1.01
        ):  # anchors rise with the foot's tilt, so a settled cost may rise a little
            settled = np.isfinite(cost) and cost - new < options.cost_tolerance * new
            cost = new
            last_cost[:] = window.cost[:frames]
            if steps > 0:
                factor = 0.5 if failed else 0.1
                for t in range(frames):
                    damping[t] = max(damping[t] * factor, 1e-8)
            failed = False
        else:
            failed = True
            qpos[first : first + frames] = last_good
            _damp_worse_frames(damping, last_cost, window.cost, frames)
            if damping[:frames].max() > _LARGEST_DAMPING:
                window.cost[:frames] = last_cost
                break
            _, held = build_system(qpos, first, frames, near_count, problem, window, width)
        factorise(window.system, size, width, frames)
        substitute_back(window.system, size, width, frames, window.step)
        steps += 1
        stop = settled or steps >= limit
        last_good[:] = qpos[first : first + frames]
        if not stop:
            hold_joints(qpos, first, frames, held, limits, window)
            predict_active(qpos, first, frames, near_count, problem, window)
        for t in range(frames):
            retract(qpos[first + t], window.step[t], limits, qpos[first + t])
        if not stop:
            continue
        depth, overlap = _violations(qpos, first, frames, near_count, problem, window)
        too_deep = depth >= options.penetration
        if repairs >= options.repairs or not (too_deep or overlap >= options.overlap):
            break
        if too_deep:
            _shift_floor(qpos, first, frames, problem, window)
            _forget_active(window, frames)
        else:
            hold_joints(last_good, np.int64(0), frames, held, limits, window)
            predict_active(last_good, np.int64(0), frames, near_count, problem, window)
        repairs += 1
        limit = steps + 3
        for t in range(frames):
            damping[t] = min(damping[t], 1e-4)
        failed = False
        cost = np.inf
    return steps


@jit(fastmath=True)
def _forget_active(window: Window, frames: int) -> None:
    window.floor_active[:frames] = False
    window.fast[:frames] = 0
    window.pair_active[:frames] = False
    window.joint_state[:frames] = UNKNOWN


@jit(fastmath=True)
def _damp_worse_frames(
    damping: Float64[np.ndarray, "n"],
    before: Float64[np.ndarray, "n"],
    after: Float64[np.ndarray, "n"],
    frames: int,
) -> None:
    """Raise the damping tenfold around the frames that account for the rise of the cost."""
    worse = 0.0
    for t in range(frames):
        worse += max(after[t] - before[t], 0.0)
    raised = damping.copy()
    for t in range(frames):
        if after[t] - before[t] > 0.02 * worse:
            for u in range(max(0, t - 4), min(frames, t + 5)):
                raised[u] = max(damping[u], 1e-5) * 10.0
    damping[:] = raised


@jit(fastmath=True)
def _violations(
    qpos: Float64[np.ndarray, "T Q"],
    first: int,
    frames: int,
    near_count: int,
    problem: Problem,
    window: Window,
) -> tuple[float, float]:
    """Deepest sphere below the floor and deepest overlap of two capsules, metres."""
    tree, floor, capsules = problem.tree, problem.floor, problem.capsules
    bodies = tree.parents.shape[0]
    R = np.empty((bodies, 3, 3))
    r = np.empty((bodies, 3))
    a = np.empty((bodies, 3))
    starts = np.empty((capsules.bodies.shape[0], 3))
    ends = np.empty((capsules.bodies.shape[0], 3))
    x = np.empty(3)
    y = np.empty(3)
    deepest = 0.0
    overlap = 0.0
    for t in range(first, first + frames):
        body_kinematics(qpos[t], tree, R, r, a)
        for p in range(floor.bodies.shape[0]):
            world_point(R, r, floor.bodies[p], floor.points[p], x)
            deepest = max(deepest, floor.radii[p] - qpos[t, 2] - x[2])
        if near_count == 0:
            continue
        capsule_ends(R, r, capsules, window.used, starts, ends)
        for n in range(near_count):
            i = capsules.pairs[window.near[n], 0]
            j = capsules.pairs[window.near[n], 1]
            bound = capsules.bounds[i] + capsules.bounds[j]
            if centre_distance_squared(starts, ends, i, j) < bound * bound:
                distance = segment_distance(starts[i], ends[i], starts[j], ends[j], x, y)
                overlap = max(overlap, capsules.radii[i] + capsules.radii[j] - distance)
    return deepest, overlap


@jit(fastmath=True)
def _shift_floor(
    qpos: Float64[np.ndarray, "T Q"],
    first: int,
    frames: int,
    problem: Problem,
    window: Window,
) -> None:
    """Augmented-Lagrangian update of the floor spheres' multipliers."""
    tree, floor = problem.tree, problem.floor
    bodies = tree.parents.shape[0]
    R = np.empty((bodies, 3, 3))
    r = np.empty((bodies, 3))
    a = np.empty((bodies, 3))
    x = np.empty(3)
    for t in range(frames):
        q = qpos[first + t]
        body_kinematics(q, tree, R, r, a)
        for p in range(floor.bodies.shape[0]):
            world_point(R, r, floor.bodies[p], floor.points[p], x)
            shift = window.floor_shift[t, p] + floor.radii[p] - q[2] - x[2]
            window.floor_shift[t, p] = min(max(shift, 0.0), _LARGEST_SHIFT)
