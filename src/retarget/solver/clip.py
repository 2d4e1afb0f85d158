"""The whole-clip solve: overlapping windows of Gauss-Newton steps, marched over the clip in linear time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from retarget._packs import LANES
from retarget.solver.active import (
    UNKNOWN,
    hold_joints,
    predict_fast,
    predict_touching,
    retract_all,
    shift_floor,
    speeding,
    violations,
)
from retarget.solver.arrays import Problem
from retarget.solver.banded import (
    aligned_zeros,
    block_rows,
    block_width,
    factorise,
    substitute_back,
)
from retarget.solver.collision import near_pairs
from retarget.solver.joint_limits import without_reserve
from retarget.solver.limits import keep_joint_limits, lift_above_floor
from retarget.solver.multipliers import shift_pairs
from retarget.solver.poses import Poses, allocate_poses, load_targets, pack_count, pose_frames
from retarget.solver.window import Window, build_system

__all__ = ["ClipOptions", "solve_clip"]

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
        speeding: Excess of a joint's speed or acceleration, as a share of its limit, that calls for another solve.
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
    speeding: float = 0.05


def solve_clip(
    start: Float64[np.ndarray, "T Q"], problem: Problem, options: ClipOptions
) -> tuple[Float64[np.ndarray, "T Q"], Float64[np.ndarray, "T"], int]:
    """Make a start into a smooth motion that keeps its constraints.

    Returns:
        Configurations, the cost of each frame before its last step, and the number of steps times frames taken.
    """
    qpos = np.ascontiguousarray(start).copy()
    count = len(qpos)
    most = min(options.window + options.ahead, count)
    window = _allocate(most, problem)
    poses = allocate_poses(most, problem.tree, problem.capsules, problem.clip)
    shift = np.zeros((count, len(problem.floor.bodies)))
    cost = np.zeros(count)
    steps = 0
    for first in range(0, count, options.window):
        frames = min(options.window + options.ahead, count - first)
        _in_packs(shift[first : first + frames], window.floor_shift)
        steps += frames * _solve_window(qpos, first, frames, problem, options, window, poses)
        shift[first : first + frames] = _out_of_packs(window.floor_shift, frames)
        cost[first : first + frames] = window.cost[:frames]
        if first + frames == count:
            break
    keep_joint_limits(qpos, without_reserve(problem.limits))
    lift_above_floor(qpos, problem.tree, problem.floor, problem.fps)
    return qpos, cost, steps


def _in_packs(values: Float64[np.ndarray, "n F"], out: Float64[np.ndarray, "P F L"]) -> None:
    """Values by frame to packs of frames; spare lanes stay 0."""
    packed = np.zeros((len(out) * LANES, values.shape[1]))
    packed[: len(values)] = values
    out[:] = packed.reshape(len(out), LANES, -1).swapaxes(1, 2)


def _out_of_packs(values: Float64[np.ndarray, "P F L"], frames: int) -> Float64[np.ndarray, "n F"]:
    return values.swapaxes(1, 2).reshape(len(values) * LANES, -1)[:frames]


def _allocate(frames: int, problem: Problem) -> Window:
    size = len(problem.limits.lower) + 5
    packs, pairs, spheres = (
        pack_count(frames),
        len(problem.capsules.pairs),
        len(problem.floor.bodies),
    )
    return Window(
        system=aligned_zeros((frames + 2) * block_rows(size) * 3 * block_width(size)),
        step=np.zeros((frames, size)),
        damping=np.zeros(frames),
        cost=np.zeros(frames),
        floor_shift=np.zeros((packs, spheres, LANES)),
        pair_shift=np.zeros((packs, pairs, LANES)),
        floor_active=np.zeros((packs, spheres, LANES)),
        fast=np.zeros((frames, size), np.int8),
        bent=np.zeros((frames, size), np.int8),
        pair_active=np.zeros((packs, pairs, LANES)),
        near=np.zeros(pairs, np.int64),
        joint_state=np.zeros((frames, size), np.int8),
        held_rows=np.zeros((frames * size, size + 5)),
        held_index=np.zeros((frames * size, 2), np.int64),
    )


def _solve_window(
    qpos: Float64[np.ndarray, "T Q"],
    first: int,
    frames: int,
    problem: Problem,
    options: ClipOptions,
    window: Window,
    poses: Poses,
) -> int:
    """Gauss-Newton with per-frame damping on the frames from ``first``, in place; returns the steps taken.

    Building the system also evaluates the cost, so that a step is judged by the next build. Once a step has gained
    less than the tolerance, one more is taken on trust. The loop runs in Python, a few calls a step for a whole
    window: compiled with its kernels it would gain four percent and take half a minute more to compile.
    """
    size, width = window.step.shape[1], block_width(window.step.shape[1])
    tree, limits, capsules = problem.tree, problem.limits, problem.capsules
    here = qpos[first : first + frames]
    packs = pack_count(frames)
    load_targets(problem.clip, first, frames, poses)
    pose_frames(here, tree, capsules, poses)
    near = near_pairs(poses.starts, poses.ends, packs, capsules, options.reach, window.near, 0)
    damping = window.damping[:frames]
    damping[:] = options.damping
    window.pair_shift[:] = 0.0
    _forget_active(window)
    last_good, last_cost = here.copy(), np.zeros(frames)
    cost, steps, repairs = np.inf, 0, 0
    limit, failed = options.most_steps, False
    while True:
        new, held = build_system(qpos, first, frames, near, problem, window, poses, width)
        settled = False
        # Anchors rise with the foot's tilt, so a settled cost may rise a little.
        if new <= cost * 1.01:
            settled = bool(np.isfinite(cost)) and cost - new < options.cost_tolerance * new
            cost = new
            last_cost[:] = window.cost[:frames]
            if steps > 0:
                np.maximum(damping * (0.5 if failed else 0.1), 1e-8, out=damping)
            failed = False
        else:
            failed = True
            here[:] = last_good
            pose_frames(here, tree, capsules, poses)
            _damp_worse_frames(damping, last_cost, window.cost[:frames])
            if damping.max() > _LARGEST_DAMPING:
                window.cost[:frames] = last_cost
                break
            _, held = build_system(qpos, first, frames, near, problem, window, poses, width)
        factorise(window.system, size, width, frames)
        substitute_back(window.system, size, width, frames, window.step)
        steps += 1
        stop = settled or steps >= limit
        last_good[:] = here
        if not stop:
            _choose_active(qpos, first, frames, held, near, problem, window, poses)
        retract_all(here, window.step, limits)
        pose_frames(here, tree, capsules, poses)
        if not stop:
            continue
        # Where the start had them far apart, floor and contacts may have brought them together.
        near = near_pairs(poses.starts, poses.ends, packs, capsules, 0.0, window.near, near)
        depth, overlap = violations(poses, packs, window.near[:near], problem.floor, capsules)
        too_deep = depth >= options.penetration
        too_fast = speeding(qpos, first, frames, limits) >= options.speeding
        violated = too_deep or too_fast or overlap >= options.overlap
        if repairs >= options.repairs or not violated:
            break
        if too_deep:
            shift_floor(poses, packs, problem.floor, window.floor_shift)
            _forget_active(window)
        else:
            shift_pairs(
                poses,
                packs,
                window.near[:near],
                capsules,
                problem.weights.collision_margin,
                window.pair_active,
                window.pair_shift,
            )
            moved = here.copy()
            here[:] = last_good
            pose_frames(here, tree, capsules, poses)
            _choose_active(qpos, first, frames, held, near, problem, window, poses)
            here[:] = moved
            pose_frames(here, tree, capsules, poses)
        repairs += 1
        limit = steps + 3
        np.minimum(damping, 1e-4, out=damping)
        failed = False
        cost = np.inf
    return steps


def _choose_active(
    qpos: Float64[np.ndarray, "T Q"],
    first: int,
    frames: int,
    held: int,
    near: int,
    problem: Problem,
    window: Window,
    poses: Poses,
) -> None:
    """Choose the active sets of the next step from this step's solution."""
    limits = problem.limits
    hold_joints(
        qpos,
        first,
        frames,
        held,
        limits.lower,
        limits.upper,
        window.joint_state,
        window.held_rows,
        window.held_index,
        window.step,
    )
    predict_fast(qpos, first, window.step, frames, limits, window.fast, window.bent)
    predict_touching(
        window.step,
        frames,
        window.near[:near],
        poses,
        problem.tree,
        problem.floor,
        problem.capsules,
        problem.weights.collision_margin,
        window.floor_shift,
        window.floor_active,
        window.pair_shift,
        window.pair_active,
    )


def _forget_active(window: Window) -> None:
    window.floor_active[:] = 0.0
    window.fast[:] = 0
    window.bent[:] = 0
    window.pair_active[:] = 0.0
    window.joint_state[:] = UNKNOWN


def _damp_worse_frames(
    damping: Float64[np.ndarray, "n"],
    before: Float64[np.ndarray, "n"],
    after: Float64[np.ndarray, "n"],
) -> None:
    """Raise the damping tenfold around the frames that account for the rise of the cost."""
    worse = np.maximum(after - before, 0.0)
    raised = damping.copy()
    for t in np.flatnonzero(worse > 0.02 * worse.sum()):
        around = slice(max(0, t - 4), t + 5)
        raised[around] = np.maximum(damping[around], 1e-5) * 10.0
    damping[:] = raised
