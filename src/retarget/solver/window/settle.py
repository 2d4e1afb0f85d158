"""One window worked on until it is settled: Gauss-Newton steps with per-frame damping."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from retarget.compiled.jit import NANS_COUNT, jit
from retarget.compiled.scratch import scratch
from retarget.solver.arrays import Problem
from retarget.solver.kinematics.collision import near_pairs
from retarget.solver.kinematics.poses import Poses, load_targets, pack_count, pose_frames
from retarget.solver.linear.banded import block_width, factorise, substitute_back
from retarget.solver.window.active import (
    choose_active,
    forget_active,
    forget_things,
    weigh_things,
)
from retarget.solver.window.joints import retract_all, speeding
from retarget.solver.window.multipliers import shift_pairs
from retarget.solver.window.system import Window, build_system
from retarget.solver.window.things.near import load_things, near_things
from retarget.solver.window.things.touching import deepest_thing, shift_things
from retarget.solver.window.touching import shift_floor, violations

__all__ = ["ClipOptions", "solve_window"]

_LARGEST_DAMPING = 1e2
_RISE = 1.01  # anchors rise with the foot's tilt, so a settled cost may rise a little
_REPAIR_STEPS = 3  # steps that a window is worked on for a violated constraint


class ClipOptions(NamedTuple):
    """How hard each window is worked on.

    Attributes:
        window: Frames that become final with each window.
        ahead: Frames solved beyond them and solved again by the next window.
        shift: Most frames by which a window ends earlier, and the next begins, to keep off a jump of the start.
        seam: Frames on each side of where two windows meet that are solved once more, between known ones.
        lead: Frames solved before the first one (`retarget.solver.beginning`).
        cost_tolerance: Stop when a step gains less than this share of the cost; one more step is then taken on trust,
            unless that promises more than ``trust``: the first has only found out what touches.
        promise_tolerance: Stop with a step that promises to take less than this share off the cost.
        trust: See ``cost_tolerance``.
        most_steps: Most steps of a window.
        damping: First relative damping.
        reach: Pairs of capsules nearer than this are looked at, metres.
        repairs: Most times that a window is solved on because a constraint is violated.
        penetration: Depth below the floor that calls for multipliers, metres.
        overlap: Overlap of capsules that calls for another solve, metres.
        depth: Depth in a thing that does, metres.
        firmer: Factor on the weight of depth in things once a window is solved on for it.
        known: Last frames of those that are solved, 0 or 2, that are known, as those behind every window then are.
        speeding: Excess of a joint's speed or acceleration, as a share of its limit, that calls for another solve.
    """

    window: int = 32
    ahead: int = 8
    shift: int = 16
    seam: int = 0
    lead: int = 2
    cost_tolerance: float = 0.2
    promise_tolerance: float = 0.05
    trust: float = 0.12
    most_steps: int = 20
    damping: float = 1e-3
    reach: float = 0.06
    repairs: int = 8
    penetration: float = 0.001
    overlap: float = 0.003
    depth: float = 0.0008
    firmer: float = 10.0
    known: int = 0
    speeding: float = 0.05


@jit(inner=True)
def solve_window(
    qpos: Float64[np.ndarray, "T Q"],
    first: int,
    frames: int,
    after: int,
    problem: Problem,
    options: ClipOptions,
    window: Window,
    poses: Poses,
) -> int:
    """Gauss-Newton with per-frame damping on the frames from ``first``, in place; returns the steps taken.

    ``after`` is how many frames behind them are known, 0 or 2.

    Building the system also evaluates the cost, so that a step is judged by the next build. A step that promises
    little is the last; once one has gained little, one that does not promise much is taken on trust.
    """
    tree, limits, capsules = problem.tree, problem.limits, problem.capsules
    size = window.step.shape[1]
    width = block_width(size)
    here = qpos[first : first + frames]
    packs = pack_count(frames)
    load_targets(problem.clip, first, frames, here[0], problem.tasks, poses)
    scene, things = problem.scene, window.things
    shapes = load_things(scene, things, first, here, poses)
    damping = window.damping[: frames + after]
    for t in range(frames + after):
        damping[t] = options.damping
    for t in range(frames, frames + after):
        for k in range(size):
            window.step[t, k] = 0.0
    forget_active(window)
    forget_things(things)
    weigh_things(scene, things, 1.0)
    last_good = scratch((frames, qpos.shape[1]), np.float64)
    # Of where it stopped among things, the nearest to keeping all constraints.
    nearest = scratch((frames, qpos.shape[1]), np.float64)
    least_excess = np.inf
    last_cost = scratch(frames + after, np.float64)
    candidate_count: int = int(np.int64(0))  # a literal would be compiled for by itself
    met: int = int(np.int64(0))
    reach = options.reach
    cost = np.inf
    steps = 0
    repairs = 0
    limit = options.most_steps
    failed = False
    again = False  # the system is built again where the last step began, not judged
    stopped = False  # the last step led here
    retaken = False  # the last step is taken again from where it began
    settled = False  # the last step has gained little
    while True:
        pose_frames(here, tree, capsules, poses)
        if steps == 0 or stopped or settled:
            # Where the start had them far apart, floor and contacts may have brought them together.
            candidate_count = near_pairs(
                poses.starts, poses.ends, packs, capsules, reach, window.candidates, candidate_count
            )
            met = near_things(poses, packs, scene, things, shapes, reach, met)
            reach = 0.0
        if stopped or (things is not None and steps == 0 and options.known > 0):
            excess = _excess(
                qpos, first, frames, after, candidate_count, met, problem, options, window, poses
            )
            if things is not None and excess < least_excess:
                least_excess = excess
                _copy(here, nearest)
        if stopped:
            if excess < 1.0:
                break
            if repairs >= options.repairs:
                if things is not None:
                    _copy(nearest, here)
                break
            shift_floor(poses, packs, problem.floor, window.floor_shift)
            shift_pairs(
                poses,
                packs,
                window.candidates[:candidate_count],
                capsules,
                window.pair_active,
                window.pair_shift,
            )
            shift_things(packs, scene, things, met)
            if repairs == 0:
                weigh_things(scene, things, options.firmer)
            repairs += 1
            limit = steps + _REPAIR_STEPS
            for t in range(frames):
                damping[t] = min(damping[t], 1e-4)
            failed = False
            cost = np.inf
            stopped = False
            # What was touching stays active: a step from nothing would sink as deep elsewhere, and again the next time.
            retaken = True
            _copy(last_good, here)
            continue
        if not retaken:
            new, held = build_system(
                qpos, first, frames, after, candidate_count, met, problem, window, poses, width
            )
            settled = False
            if again:
                again = False
            elif new <= cost * _RISE:
                settled = cost - new < options.cost_tolerance * new
                cost = new
                for t in range(frames + after):
                    last_cost[t] = window.cost[t]
                if steps > 0:
                    _lower_damping(damping, 0.5 if failed else 0.1)
                failed = False
            else:
                failed = True
                _copy(last_good, here)
                if _damp_worse_frames(damping, last_cost, window.cost) > _LARGEST_DAMPING:
                    for t in range(frames + after):
                        window.cost[t] = last_cost[t]
                    break
                again = True
                continue
            factorise(window.system, size, width, frames, window.least)
            promise = substitute_back(window.system, size, width, frames, window.step)
            steps += 1
            if not (promise >= 0.0 and _is_finite(window.step, frames)):
                # Rounding has left nothing of the system.
                for t in range(frames):
                    damping[t] = max(damping[t], 1e-5) * 10.0
                if damping[0] > _LARGEST_DAMPING or steps >= limit:
                    break
                again = True
                continue
            enough = options.trust if settled else options.promise_tolerance
            stopped = promise < enough * cost or steps >= limit
            _copy(here, last_good)
        if not stopped:
            choose_active(
                qpos,
                first,
                frames,
                after,
                held,
                candidate_count,
                met,
                retaken,
                problem,
                window,
                poses,
            )
        retaken = False
        retract_all(here, window.step, limits)
    return steps


@jit(inner=True)
def _excess(
    qpos: Float64[np.ndarray, "T Q"],
    first: int,
    frames: int,
    after: int,
    candidate_count: int,
    met: int,
    problem: Problem,
    options: ClipOptions,
    window: Window,
    poses: Poses,
) -> float:
    """How far floor, capsules, things and speeds are from being kept well enough: below 1 all are."""
    pairs = window.candidates[:candidate_count]
    depth, overlap = violations(poses, pack_count(frames), pairs, problem.floor, problem.capsules)
    worst = max(depth / options.penetration, overlap / options.overlap)
    deep = deepest_thing(poses, pack_count(frames), problem.scene, window.things, met)
    worst = max(worst, deep / options.depth)
    fast = speeding(qpos, first, frames + after, problem.limits)
    return max(worst, fast / options.speeding)


# A loop, as Numba compiles seconds of messages about shapes for an assignment of arrays.
@jit(inner=True)
def _copy(values: Float64[np.ndarray, "n Q"], out: Float64[np.ndarray, "n Q"]) -> None:
    for t in range(values.shape[0]):
        for k in range(values.shape[1]):
            out[t, k] = values[t, k]


@jit(fastmath=NANS_COUNT, inner=True)
def _is_finite(step: Float64[np.ndarray, "n+2 V"], frames: int) -> bool:
    nothing = 0.0
    for t in range(frames):
        for k in range(step.shape[1]):
            nothing += 0.0 * step[t, k]
    return nothing == 0.0


@jit(inner=True)
def _lower_damping(damping: Float64[np.ndarray, "n"], share: float) -> None:
    for t in range(damping.shape[0]):
        damping[t] = max(damping[t] * share, 1e-8)


@jit(inner=True)
def _damp_worse_frames(
    damping: Float64[np.ndarray, "n"],
    before: Float64[np.ndarray, "n"],
    after: Float64[np.ndarray, "n+"],
) -> float:
    """Raise the damping tenfold around the frames that account for the rise of the cost; returns the highest.

    A step that went astray altogether has no cost: then everywhere.
    """
    frames = damping.shape[0]
    worse = 0.0
    for t in range(frames):
        worse += max(after[t] - before[t], 0.0)
    raised = scratch(frames, np.float64)
    highest = 0.0
    for t in range(frames):
        raised[t] = damping[t]
    for t in range(frames):
        if not after[t] - before[t] <= max(0.02 * worse, 0.0):
            for u in range(max(0, t - 4), min(frames, t + 5)):
                raised[u] = max(damping[u], 1e-5) * 10.0
    for t in range(frames):
        damping[t] = raised[t]
        highest = max(highest, damping[t])
    return highest
