"""The per-frame start: every frame solved several ways, and the best path through the answers.

Warm-starting alone is a trap: one bad frame poisons all that follow. So each frame is solved from the frame before,
from the frame after, and from the neutral pose, and each of the three answers is taken again with the limbs turned the
other way (`retarget.solver.limbs`). Trunk and limbs then choose among the six for themselves (`retarget.solver.path`).
Where all six are bad, the frames around show the way (`retarget.solver.rescue`).

A march is a run of frames that one after another are solved from the answer before. Marches know nothing of each other,
so that as many as a vector has lanes are followed side by side, each at its own pace: a lane whose frame is settled
takes the next frame of its march, or the next march, while the others go on.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from retarget._jit import jit
from retarget._packs import LANES, REAL, packs, where
from retarget.solver.arrays import Clip, Limits, Problem, Soles, Tasks, Tree, single
from retarget.solver.frame import (
    FIRST_DAMPING,
    StartOptions,
    damped_step,
    evaluate_frame,
    less_damping,
    more_damping,
    settled,
)
from retarget.solver.lanes import LaneTargets, load_target, make_targets
from retarget.solver.limbs import Limbs, find_limbs, turn_limbs
from retarget.solver.path import best_paths, group_costs
from retarget.solver.rescue import ROUNDS, free_limbs, marches_into, unsolved_runs
from retarget.solver.tree import COMPOSITE, assemble, retract

__all__ = ["solve_start"]

_IDLE = -1
_SEQUENCES = 3  # forwards, backwards, cold


class _First(NamedTuple):
    """How the first frame of a march is solved: its pull towards the seed, and its most steps."""

    pull: float
    steps: int


class _Lanes(NamedTuple):
    """Frames being solved side by side; the last axis of every array holds the lanes."""

    qpos: Float64[np.ndarray, "Q L"]
    near: Float64[np.ndarray, "Q L"]
    trial: Float64[np.ndarray, "Q L"]
    pull: Float64[np.ndarray, "1 L"]
    damping: Float64[np.ndarray, "1 L"]
    cost: Float64[np.ndarray, "1 L"]


class _Marches(NamedTuple):
    """Where each lane is: its march (or `_IDLE`), how far in it, and the steps taken on the frame."""

    march: Int64[np.ndarray, "L"]
    done: Int64[np.ndarray, "L"]
    steps: Int64[np.ndarray, "L"]


@jit(inner=True)
def _load_frame(lane: int, t: int, clip: Clip, lanes: _Lanes, targets: LaneTargets) -> None:
    load_target(clip, t, lane, 0.0, 0.0, targets)
    for k in range(lanes.qpos.shape[0]):
        lanes.near[k, lane] = lanes.qpos[k, lane]
        lanes.trial[k, lane] = lanes.qpos[k, lane]
    lanes.damping[0, lane] = FIRST_DAMPING


@jit(inner=True)
def _next_frame(
    lane: int,
    following: int,
    seeds: Float64[np.ndarray, "T Q"],
    marches: Int64[np.ndarray, "N 5"],
    clip: Clip,
    pull: float,
    first_pull: float,
    lanes: _Lanes,
    targets: LaneTargets,
    at: _Marches,
) -> int:
    """Put the next frame of its march, or of the next march, into a lane; returns which march comes after."""
    own = at.march[lane]
    at.steps[lane] = 0
    if own != _IDLE:
        at.done[lane] += 1
        if at.done[lane] < marches[own, 2]:
            lanes.pull[0, lane] = pull
            _load_frame(
                lane, marches[own, 1] + marches[own, 3] * at.done[lane], clip, lanes, targets
            )
            return following
    if following == marches.shape[0]:
        at.march[lane] = _IDLE
        return following
    at.march[lane] = following
    at.done[lane] = 0
    first = marches[following, 1]
    for k in range(lanes.qpos.shape[0]):
        lanes.qpos[k, lane] = seeds[first, k]
    lanes.pull[0, lane] = first_pull
    _load_frame(lane, first, clip, lanes, targets)
    return following + 1


@jit(inner=True)
def _judge(
    new: Float64[np.ndarray, "1 L"],
    largest: Float64[np.ndarray, "1 L"],
    options: StartOptions,
    first_steps: int,
    lanes: _Lanes,
    at: _Marches,
    finished: Bool[np.ndarray, "L"],
    kept: Float32[np.ndarray, "1 L"],
) -> bool:
    """Take or refuse each lane's trial; returns whether any was refused, and marks lanes that are finished."""
    refused = False
    for lane in range(LANES):
        finished[lane] = False
        kept[0, lane] = 1.0
        if at.march[lane] == _IDLE:
            continue
        steps = at.steps[lane]
        most = first_steps if at.done[lane] == 0 else options.warm_steps
        if new[0, lane] <= lanes.cost[0, lane]:
            lanes.damping[0, lane] = less_damping(lanes.damping[0, lane])
            finished[lane] = settled(lanes.cost[0, lane], new[0, lane], largest[0, lane], options)
            lanes.cost[0, lane] = new[0, lane]
            for k in range(lanes.qpos.shape[0]):
                lanes.qpos[k, lane] = lanes.trial[k, lane]
        else:
            lanes.damping[0, lane] = more_damping(lanes.damping[0, lane])
            kept[0, lane] = 0.0
            refused = True
        finished[lane] = finished[lane] or steps >= most
    return refused


@jit(fastmath=True)
def _march(
    seeds: Float64[np.ndarray, "T Q"],
    marches: Int64[np.ndarray, "N 5"],
    clip: Clip,
    options: StartOptions,
    start: _First,
    tree: Tree,
    limits: Limits,
    tasks: Tasks,
    soles: Soles,
    out: Float32[np.ndarray, "S T Q"],
) -> None:
    """Solve the frames of all marches, rows as `_marches` makes them."""
    bodies = tree.parents.shape[0]
    size = bodies + 5
    depth = tree.ancestors.shape[1]
    lanes = _Lanes(
        np.empty((bodies + 6, LANES), REAL),
        np.empty((bodies + 6, LANES), REAL),
        np.empty((bodies + 6, LANES), REAL),
        np.zeros((1, LANES), REAL),
        np.zeros((1, LANES), REAL),
        np.zeros((1, LANES), REAL),
    )
    at = _Marches(np.full(LANES, _IDLE), np.zeros(LANES, np.int64), np.zeros(LANES, np.int64))
    qpos, near, trial = packs(lanes.qpos), packs(lanes.near), packs(lanes.trial)
    targets = make_targets(clip)
    positions, frames = packs(targets.positions), packs(targets.frames)
    weights, anchors = packs(targets.contact_weights), packs(targets.anchors)
    pull, damping = packs(lanes.pull), packs(lanes.damping)
    R = packs(np.empty((bodies, 3, 3, LANES), REAL))
    r = packs(np.empty((bodies, 3, LANES), REAL))
    a = packs(np.empty((bodies, 3, LANES), REAL))
    C = packs(np.empty((bodies, COMPOSITE, LANES), REAL))
    H = packs(np.zeros((size, depth, LANES), REAL))
    fresh_H = packs(np.zeros((size, depth, LANES), REAL))
    factor = packs(np.zeros((size, depth, LANES), REAL))
    g = packs(np.zeros((size, LANES), REAL))
    fresh_g = packs(np.zeros((size, LANES), REAL))
    x = packs(np.zeros((size, LANES), REAL))
    free = packs(np.zeros((size, LANES), REAL))
    new_costs = np.zeros((1, LANES), REAL)
    new = packs(new_costs)
    largest_turns = np.zeros((1, LANES), REAL)
    largest = packs(largest_turns)
    finished = np.zeros(LANES, np.bool_)
    keeps = np.zeros((1, LANES), REAL)
    kept = packs(keeps)
    following = 0
    busy = 0
    refused = False
    for lane in range(LANES):
        # Idle lanes calculate too: let them have something to calculate with.
        for k in range(bodies + 6):
            lanes.qpos[k, lane] = seeds[0, k]
        _load_frame(lane, 0, clip, lanes, targets)
        following = _next_frame(
            lane, following, seeds, marches, clip, options.pull, start.pull, lanes, targets, at
        )
        busy += at.march[lane] != _IDLE
    fresh = busy
    while busy > 0:
        if fresh > 0:
            new[0] = evaluate_frame(
                trial, near, pull[0], positions, frames, weights, anchors, options.anchor_share,
                tree, tasks, soles, R, r, a, C, x,
            )  # fmt: skip
            for lane in range(LANES):
                if at.steps[lane] == 0:
                    lanes.cost[0, lane] = new_costs[0, lane]
        if refused:
            assemble(r, a, C, tree, fresh_H, fresh_g)
            taken = kept[0] > 0.5
            for k in range(size):
                g[k] = where(taken, fresh_g[k], g[k])
                for d in range(tree.depth[k] + 1):
                    H[k, d] = where(taken, fresh_H[k, d], H[k, d])
        else:
            assemble(r, a, C, tree, H, g)
        largest[0] = damped_step(
            qpos, near, pull[0], damping[0], options.regularisation, tree, limits, H, g, factor,
            free, x,
        )  # fmt: skip
        retract(qpos, x, limits, trial)
        for lane in range(LANES):
            at.steps[lane] += 1
        new[0] = evaluate_frame(
            trial, near, pull[0], positions, frames, weights, anchors, options.anchor_share, tree,
            tasks, soles, R, r, a, C, x,
        )  # fmt: skip
        refused = _judge(new_costs, largest_turns, options, start.steps, lanes, at, finished, keeps)
        fresh = 0
        for lane in range(LANES):
            if not finished[lane]:
                continue
            own = at.march[lane]
            if at.done[lane] >= marches[own, 4]:
                t = marches[own, 1] + marches[own, 3] * at.done[lane]
                for k in range(bodies + 6):
                    out[marches[own, 0], t, k] = lanes.qpos[k, lane]
            following = _next_frame(
                lane, following, seeds, marches, clip, options.pull, start.pull, lanes, targets, at
            )
            keeps[0, lane] = 1.0
            fresh += 1
            busy -= at.march[lane] == _IDLE


@jit(fastmath=True)
def _add_turned(candidates: Float32[np.ndarray, "6 T Q"], limbs: Limbs, limits: Limits) -> None:
    """Each frame of each sequence again with its limbs turned.

    Three crossing hinges reach the same orientation exactly: there is nothing left to solve.
    """
    turned = np.empty(candidates.shape[2])
    for sequence in range(_SEQUENCES):
        for t in range(candidates.shape[1]):
            turn_limbs(candidates[sequence, t], limbs, limits, turned)
            for k in range(turned.shape[0]):
                candidates[_SEQUENCES + sequence, t, k] = turned[k]


def _marches(frames: int, options: StartOptions) -> Int64[np.ndarray, "N 5"]:
    """All frames forwards and backwards in runs, and each on its own.

    Rows of sequence, first frame, number of frames, direction, and how many frames at the beginning of a run only
    lead up to those that the run before ends with.
    """
    rows = []
    for begin in range(0, frames, options.run):
        end = min(begin + options.run, frames)
        first, last = max(begin - options.lead, 0), min(end + options.lead, frames)
        rows.append([0, first, end - first, 1, begin - first])
        rows.append([1, last - 1, last - begin, -1, last - end])
    return np.concatenate([np.array(rows, np.int64), _each_alone(frames, 2)])


def _each_alone(frames: int, sequence: int) -> Int64[np.ndarray, "N 5"]:
    alone = np.zeros((frames, 5), np.int64)
    alone[:, 0], alone[:, 1], alone[:, 2:4] = sequence, np.arange(frames), 1
    return alone


def _search_again(
    start: Float64[np.ndarray, "T Q"],
    stretches: list[tuple[int, int]],
    problem: Problem,
    limbs: Limbs,
    options: StartOptions,
    candidates: Float32[np.ndarray, "6 T Q"],
    costs: Float32[np.ndarray, "6 T G"],
) -> None:
    """Replace the answers in some stretches by the best path, marches that set out from it, and all these turned."""
    tree, tasks, soles, limits = problem.tree, problem.tasks, problem.soles, problem.limits
    first = _First(options.pull, options.polish_steps)
    marches = marches_into(stretches)
    _march(start, marches, problem.clip, options, first, tree, limits, tasks, soles, candidates)
    again = np.concatenate([np.arange(*stretch) for stretch in stretches])
    candidates[2, again] = start[again]
    part = np.ascontiguousarray(candidates[:, again])
    _add_turned(part, limbs, limits)
    part_costs = np.ascontiguousarray(costs[:, again])
    clip = Clip(*(values[again] for values in problem.clip))
    group_costs(part, clip, options.anchor_share, tree, tasks, soles, limbs, part_costs)
    candidates[:, again], costs[:, again] = part, part_costs


def solve_start(
    seeds: Float64[np.ndarray, "T Q"], problem: Problem, options: StartOptions
) -> Float64[np.ndarray, "T Q"]:
    """Configurations of every frame, each solved on its own, that make one plausible motion.

    Args:
        seeds: The neutral pose with the base on each frame's target.
        problem: The clip on the robot.
        options: How hard each frame is worked on.
    """
    frames, size = seeds.shape
    clip, limits = problem.clip, problem.limits
    limbs = find_limbs(problem.tree, problem.tasks)
    tree, tasks, soles = single(problem.tree), single(problem.tasks), single(problem.soles)
    packed = problem._replace(tree=tree, tasks=tasks, soles=soles)
    marches = _marches(frames, options)
    # Single precision: they are polished, and six of them are the largest arrays of a long clip's solve.
    candidates = np.empty((2 * _SEQUENCES, frames, size), np.float32)
    first = _First(0.0, options.cold_steps)
    _march(seeds, marches, clip, options, first, tree, limits, tasks, soles, candidates)
    _add_turned(candidates, limbs, limits)
    costs = np.empty((2 * _SEQUENCES, frames, len(limbs.first) - 1), np.float32)
    group_costs(candidates, clip, options.anchor_share, tree, tasks, soles, limbs, costs)
    start = np.empty((frames, size))
    every, free = np.arange(costs.shape[2]), free_limbs(limbs, soles)
    best_paths(candidates, costs, seeds, limbs, every, options.path, options.neutral, start)
    for _ in range(ROUNDS):
        stretches = unsolved_runs(costs, free, options.lead)
        if not stretches:
            break
        _search_again(start, stretches, packed, limbs, options, candidates, costs)
        best_paths(candidates, costs, seeds, limbs, free, options.path, options.neutral, start)
    # Limbs were chosen with trunks of their own.
    alone = _each_alone(frames, 0)
    polished = candidates[:1]
    first = _First(options.pull, options.polish_steps)
    _march(start, alone, clip, options, first, tree, limits, tasks, soles, polished)
    return np.asarray(polished[0], np.float64)
