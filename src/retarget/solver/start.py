"""The per-frame start: every frame solved several ways, and the best path through the answers.

Warm-starting alone is a trap: one bad frame poisons all that follow. So three candidate sequences are made - warm
from the frame before, warm from the frame after, and re-seeded from the neutral pose every few frames - and a
shortest path (Viterbi 1967) picks one candidate a frame by cost and joint change.

A march is a run of frames that one after another are solved from the answer before. Marches know nothing of each other,
so that as many as a vector has lanes are followed side by side, each at its own pace: a lane whose frame is settled
takes the next frame of its march, or the next march, while the others go on.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64, Int64

from retarget._jit import jit
from retarget.solver.arrays import Clip, Limits, Problem, Soles, Tasks, Tree
from retarget.solver.frame import (
    FIRST_DAMPING,
    StartOptions,
    damped_step,
    evaluate_frame,
    less_damping,
    more_damping,
    settled,
)
from retarget.solver.packs import LANES, packs
from retarget.solver.tree import COMPOSITE, assemble, retract

__all__ = ["solve_start"]

_IDLE = -1


class _Lanes(NamedTuple):
    """Frames being solved side by side; the last axis of every array holds the lanes."""

    qpos: Float64[np.ndarray, "Q L"]
    near: Float64[np.ndarray, "Q L"]
    trial: Float64[np.ndarray, "Q L"]
    positions: Float64[np.ndarray, "M 3 L"]
    frames: Float64[np.ndarray, "M 3 3 L"]
    contact_weights: Float64[np.ndarray, "K L"]
    anchors: Float64[np.ndarray, "K 3 L"]
    pull: Float64[np.ndarray, "1 L"]
    damping: Float64[np.ndarray, "1 L"]
    cost: Float64[np.ndarray, "1 L"]
    moving: Float64[np.ndarray, "1 L"]


class _Marches(NamedTuple):
    """Where each lane is: its march (or `_IDLE`), how far in it, and the steps taken on the frame."""

    march: Int64[np.ndarray, "L"]
    done: Int64[np.ndarray, "L"]
    steps: Int64[np.ndarray, "L"]


@jit(inner=True)
def _load_frame(lane: int, t: int, clip: Clip, lanes: _Lanes) -> None:
    for i in range(clip.positions.shape[1]):
        for k in range(3):
            lanes.positions[i, k, lane] = clip.positions[t, i, k]
            for c in range(3):
                lanes.frames[i, k, c, lane] = clip.frames[t, i, k, c]
    for i in range(clip.anchors.shape[1]):
        lanes.contact_weights[i, lane] = clip.contact_weights[t, i]
        for k in range(3):
            lanes.anchors[i, k, lane] = clip.anchors[t, i, k]
    for k in range(lanes.qpos.shape[0]):
        lanes.near[k, lane] = lanes.qpos[k, lane]
        lanes.trial[k, lane] = lanes.qpos[k, lane]
    lanes.damping[0, lane] = FIRST_DAMPING


@jit(inner=True)
def _next_frame(
    lane: int,
    following: int,
    seeds: Float64[np.ndarray, "T Q"],
    marches: Int64[np.ndarray, "N 4"],
    clip: Clip,
    pull: float,
    lanes: _Lanes,
    at: _Marches,
) -> int:
    """Put the next frame of its march, or of the next march, into a lane; returns which march comes after."""
    own = at.march[lane]
    at.steps[lane] = 0
    if own != _IDLE:
        at.done[lane] += 1
        if at.done[lane] < marches[own, 2]:
            lanes.pull[0, lane] = pull
            _load_frame(lane, marches[own, 1] + marches[own, 3] * at.done[lane], clip, lanes)
            return following
    if following == marches.shape[0]:
        at.march[lane] = _IDLE
        return following
    at.march[lane] = following
    at.done[lane] = 0
    first = marches[following, 1]
    for k in range(lanes.qpos.shape[0]):
        lanes.qpos[k, lane] = seeds[first, k]
    lanes.pull[0, lane] = 0.0
    _load_frame(lane, first, clip, lanes)
    return following + 1


@jit(inner=True)
def _judge(
    new: Float64[np.ndarray, "1 L"],
    largest: Float64[np.ndarray, "1 L"],
    options: StartOptions,
    lanes: _Lanes,
    at: _Marches,
    finished: Bool[np.ndarray, "L"],
    kept: Bool[np.ndarray, "L"],
) -> bool:
    """Take or refuse each lane's trial; returns whether any was refused, and marks lanes that are finished."""
    refused = False
    for lane in range(LANES):
        finished[lane] = False
        kept[lane] = True
        if at.march[lane] == _IDLE:
            continue
        steps = at.steps[lane]
        most = options.cold_steps if at.done[lane] == 0 else options.warm_steps
        if steps == 0 or new[0, lane] <= lanes.cost[0, lane]:
            if steps > 0:
                lanes.damping[0, lane] = less_damping(lanes.damping[0, lane])
                finished[lane] = settled(
                    lanes.cost[0, lane], new[0, lane], largest[0, lane], options
                )
            lanes.cost[0, lane] = new[0, lane]
            for k in range(lanes.qpos.shape[0]):
                lanes.qpos[k, lane] = lanes.trial[k, lane]
        else:
            lanes.damping[0, lane] = more_damping(lanes.damping[0, lane])
            kept[lane] = False
            refused = True
        finished[lane] = finished[lane] or steps >= most
    return refused


@jit(fastmath=True)
def _march(
    seeds: Float64[np.ndarray, "T Q"],
    marches: Int64[np.ndarray, "N 4"],
    clip: Clip,
    options: StartOptions,
    tree: Tree,
    limits: Limits,
    tasks: Tasks,
    soles: Soles,
    out: Float64[np.ndarray, "S T Q"],
    costs: Float64[np.ndarray, "S T"],
) -> None:
    """Solve the frames of all marches: rows of sequence, first frame, number of frames, direction."""
    bodies = tree.parents.shape[0]
    size = bodies + 5
    points = soles.contact_bodies.shape[0]
    segments = tasks.bodies.shape[0]
    depth = tree.ancestors.shape[1]
    lanes = _Lanes(
        np.empty((bodies + 6, LANES)),
        np.empty((bodies + 6, LANES)),
        np.empty((bodies + 6, LANES)),
        np.empty((segments, 3, LANES)),
        np.empty((segments, 3, 3, LANES)),
        np.empty((points, LANES)),
        np.empty((points, 3, LANES)),
        np.zeros((1, LANES)),
        np.zeros((1, LANES)),
        np.zeros((1, LANES)),
        np.zeros((1, LANES)),
    )
    at = _Marches(np.full(LANES, _IDLE), np.zeros(LANES, np.int64), np.zeros(LANES, np.int64))
    qpos, near, trial = packs(lanes.qpos), packs(lanes.near), packs(lanes.trial)
    positions, frames = packs(lanes.positions), packs(lanes.frames)
    weights, anchors = packs(lanes.contact_weights), packs(lanes.anchors)
    pull, damping, moving = packs(lanes.pull), packs(lanes.damping), packs(lanes.moving)
    R = packs(np.empty((bodies, 3, 3, LANES)))
    r = packs(np.empty((bodies, 3, LANES)))
    a = packs(np.empty((bodies, 3, LANES)))
    C = packs(np.empty((bodies, COMPOSITE, LANES)))
    systems = np.zeros((size, depth, LANES))
    H = packs(systems)
    fresh_systems = np.zeros((size, depth, LANES))
    fresh_H = packs(fresh_systems)
    factor = packs(np.zeros((size, depth, LANES)))
    forces = np.zeros((size, LANES))
    g = packs(forces)
    fresh_forces = np.zeros((size, LANES))
    fresh_g = packs(fresh_forces)
    x = packs(np.zeros((size, LANES)))
    free = packs(np.zeros((size, LANES)))
    new_costs = np.zeros((1, LANES))
    new = packs(new_costs)
    largest_turns = np.zeros((1, LANES))
    largest = packs(largest_turns)
    finished = np.zeros(LANES, np.bool_)
    kept = np.zeros(LANES, np.bool_)
    following = 0
    busy = 0
    for lane in range(LANES):
        # Idle lanes calculate too: let them have something to calculate with.
        for k in range(bodies + 6):
            lanes.qpos[k, lane] = seeds[0, k]
        _load_frame(lane, 0, clip, lanes)
        following = _next_frame(lane, following, seeds, marches, clip, options.pull, lanes, at)
        busy += at.march[lane] != _IDLE
    while busy > 0:
        new[0] = evaluate_frame(
            trial, near, pull[0], positions, frames, weights, anchors, options.anchor_share, tree,
            tasks, soles, R, r, a, C, x,
        )  # fmt: skip
        refused = _judge(new_costs, largest_turns, options, lanes, at, finished, kept)
        if refused:
            assemble(r, a, C, tree, fresh_H, fresh_g)
            for lane in range(LANES):
                if kept[lane]:
                    for k in range(size):
                        forces[k, lane] = fresh_forces[k, lane]
                        for d in range(depth):
                            systems[k, d, lane] = fresh_systems[k, d, lane]
        else:
            assemble(r, a, C, tree, H, g)
        for lane in range(LANES):
            lanes.moving[0, lane] = 1.0
            if finished[lane]:
                own = at.march[lane]
                t = marches[own, 1] + marches[own, 3] * at.done[lane]
                change = 0.0
                for k in range(bodies + 6):
                    out[marches[own, 0], t, k] = lanes.qpos[k, lane]
                for k in range(7, bodies + 6):
                    change += (lanes.qpos[k, lane] - lanes.near[k, lane]) ** 2
                costs[marches[own, 0], t] = lanes.cost[0, lane] - lanes.pull[0, lane] * change
                following = _next_frame(
                    lane, following, seeds, marches, clip, options.pull, lanes, at
                )
                busy -= at.march[lane] == _IDLE
                lanes.moving[0, lane] = 0.0
            else:
                at.steps[lane] += 1
        largest[0] = damped_step(
            qpos, near, pull[0], damping[0], options.regularisation, tree, limits, H, g, factor,
            free, x,
        )  # fmt: skip
        # A lane with a new frame has no system yet: it stays where it is and is evaluated first.
        for k in range(size):
            x[k] = x[k] * moving[0]
        retract(qpos, x, limits, trial)


@jit(fastmath=True)
def _best_path(
    candidates: Float64[np.ndarray, "3 T Q"],
    costs: Float64[np.ndarray, "3 T"],
    weight: float,
    out: Float64[np.ndarray, "T Q"],
) -> None:
    """Pick one candidate a frame: least sum of cost and weighted squared joint change."""
    count, frames = costs.shape
    total = np.empty(count)
    following = np.empty(count)
    for i in range(count):
        total[i] = costs[i, 0]
    came_from = np.zeros((frames, count), np.int64)
    for t in range(1, frames):
        for j in range(count):
            best = np.inf
            for i in range(count):
                change = 0.0
                for k in range(7, candidates.shape[2]):
                    change += (candidates[j, t, k] - candidates[i, t - 1, k]) ** 2
                if total[i] + weight * change < best:
                    best = total[i] + weight * change
                    came_from[t, j] = i
            following[j] = best + costs[j, t]
        for i in range(count):
            total[i] = following[i]
    j = 0
    for i in range(count):
        if total[i] < total[j]:
            j = i
    for t in range(frames - 1, -1, -1):
        for k in range(candidates.shape[2]):
            out[t, k] = candidates[j, t, k]
        j = int(came_from[t, j])


def _marches(frames: int, options: StartOptions) -> Int64[np.ndarray, "N 4"]:
    """The marches of the three sequences: all forwards, all backwards, and a few frames each forwards."""
    long = [[0, 0, frames, 1], [1, frames - 1, frames, -1]]
    short = [
        [2, first, min(options.reseed, frames - first), 1]
        for first in range(0, frames, options.reseed)
    ]
    return np.array(long + short)


def solve_start(
    seeds: Float64[np.ndarray, "T Q"], problem: Problem, options: StartOptions
) -> Float64[np.ndarray, "T Q"]:
    """Configurations of every frame, each solved on its own, that make one plausible motion."""
    frames, size = seeds.shape
    candidates = np.empty((3, frames, size))
    costs = np.empty((3, frames))
    _march(
        seeds,
        _marches(frames, options),
        problem.clip,
        options,
        problem.tree,
        problem.limits,
        problem.tasks,
        problem.soles,
        candidates,
        costs,
    )
    start = np.empty((frames, size))
    _best_path(candidates, costs, options.path, start)
    return start
