"""Marches side by side: runs of frames that one after another are solved from the answer before.

Marches know nothing of each other, so that as many as a vector has lanes are followed side by side, each at its own
pace: a lane whose frame is settled takes the next frame of its march, or the next march, while the others go on.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from retarget.compiled.jit import jit
from retarget.compiled.packs import LANES, REAL, packs, where
from retarget.compiled.scratch import scratch
from retarget.solver.arrays import Clip, Limits, Soles, Tasks, Tree
from retarget.solver.kinematics.lanes import LaneTargets, load_target, make_targets
from retarget.solver.kinematics.tree import COMPOSITE, assemble, retract
from retarget.solver.start.frame import (
    FIRST_DAMPING,
    StartOptions,
    damped_step,
    evaluate_frame,
    less_damping,
    more_damping,
    settled,
)

__all__ = ["First", "march_frames"]

SEQUENCE, FIRST, FRAMES, DIRECTION, LEAD = range(5)
"""Columns of a march: see `march_frames`."""
_IDLE = -1


class First(NamedTuple):
    """How the first frame of a march is solved: its pull towards the seed, and its most steps."""

    pull: float
    steps: int


class _Lanes(NamedTuple):
    """Frames being solved side by side; the last axis of every array holds the lanes.

    Attributes:
        qpos: Configurations that have been kept.
        near: Configurations that the pull is towards: those of the frame before in the march.
        trial: Configurations after a step that is not yet kept.
        pull: Weight of that pull, 1/rad^2.
        damping: Relative damping of the next step.
        cost: Cost of what has been kept.
        loaded: 1 where a frame has just been put into the lane.
    """

    qpos: Float32[np.ndarray, "Q L"]
    near: Float32[np.ndarray, "Q L"]
    trial: Float32[np.ndarray, "Q L"]
    pull: Float32[np.ndarray, "1 L"]
    damping: Float32[np.ndarray, "1 L"]
    cost: Float32[np.ndarray, "1 L"]
    loaded: Float32[np.ndarray, "1 L"]


class _Progress(NamedTuple):
    """Where each lane is: its march (or `_IDLE`), how far in it, and the steps taken on the frame."""

    march: Int64[np.ndarray, "L"]
    done: Int64[np.ndarray, "L"]
    steps: Int64[np.ndarray, "L"]


@jit(inner=True)
def _load_frame(
    lane: int, t: int, clip: Clip, tasks: Tasks, lanes: _Lanes, targets: LaneTargets
) -> None:
    load_target(clip, t, lane, 0.0, 0.0, tasks, targets)
    lanes.damping[0, lane] = FIRST_DAMPING
    lanes.loaded[0, lane] = 1.0


@jit(inner=True)
def _next_frame(
    lane: int,
    following: int,
    seeds: Float64[np.ndarray, "T Q"],
    marches: Int64[np.ndarray, "N 5"],
    clip: Clip,
    tasks: Tasks,
    pull: float,
    first_pull: float,
    lanes: _Lanes,
    targets: LaneTargets,
    progress: _Progress,
) -> int:
    """Put the next frame of its march, or of the next march, into a lane; returns which march comes after."""
    own = progress.march[lane]
    progress.steps[lane] = 0
    if own != _IDLE:
        progress.done[lane] += 1
        if progress.done[lane] < marches[own, FRAMES]:
            lanes.pull[0, lane] = pull
            t = marches[own, FIRST] + marches[own, DIRECTION] * progress.done[lane]
            _load_frame(lane, t, clip, tasks, lanes, targets)
            return following
    if following == marches.shape[0]:
        progress.march[lane] = _IDLE
        return following
    progress.march[lane] = following
    progress.done[lane] = 0
    first = marches[following, FIRST]
    for k in range(lanes.qpos.shape[0]):
        lanes.qpos[k, lane] = seeds[first, k]
    lanes.pull[0, lane] = first_pull
    _load_frame(lane, first, clip, tasks, lanes, targets)
    return following + 1


@jit(inner=True)
def _keep_or_damp(
    new: Float64[np.ndarray, "1 L"],
    largest: Float64[np.ndarray, "1 L"],
    options: StartOptions,
    first_steps: int,
    lanes: _Lanes,
    progress: _Progress,
    finished: Bool[np.ndarray, "L"],
    kept: Float32[np.ndarray, "1 L"],
) -> bool:
    """Keep each lane's trial or damp its next step more; marks lanes that are done, returns whether any is refused."""
    refused = False
    for lane in range(LANES):
        finished[lane] = False
        kept[0, lane] = 1.0
        if progress.march[lane] == _IDLE:
            continue
        steps = progress.steps[lane]
        most = first_steps if progress.done[lane] == 0 else options.warm_steps
        if new[0, lane] <= lanes.cost[0, lane]:
            lanes.damping[0, lane] = less_damping(lanes.damping[0, lane])
            finished[lane] = settled(lanes.cost[0, lane], new[0, lane], largest[0, lane], options)
            lanes.cost[0, lane] = new[0, lane]
        else:
            lanes.damping[0, lane] = more_damping(lanes.damping[0, lane])
            kept[0, lane] = 0.0
            refused = True
        finished[lane] = finished[lane] or steps >= most
    return refused


@jit(fastmath=True)
def march_frames(
    seeds: Float64[np.ndarray, "T Q"],
    marches: Int64[np.ndarray, "N 5"],
    clip: Clip,
    options: StartOptions,
    start: First,
    tree: Tree,
    limits: Limits,
    tasks: Tasks,
    soles: Soles,
    out: Float32[np.ndarray, "S T Q"],
) -> None:
    """Solve the frames of all marches.

    Args:
        seeds: Where each march sets out, at its first frame.
        marches: A row per march: the `SEQUENCE` that it belongs to, its `FIRST` frame, how many `FRAMES` it has, its
            `DIRECTION` in time, 1 or -1, and how many frames only `LEAD` up to those that are wanted.
        clip: Targets.
        options: How hard each frame is worked on.
        start: The same of each march's first frame.
        tree: The robot, in the precision of packs, as ``tasks`` and ``soles``.
        limits: Joint limits.
        tasks: What segments follow.
        soles: Contact geometry.
        out: Answers by sequence and frame, filled.
    """
    bodies = tree.parents.shape[0]
    size = bodies + 5
    depth = tree.ancestors.shape[1]
    lanes = _Lanes(
        scratch((bodies + 6, LANES), REAL),
        scratch((bodies + 6, LANES), REAL),
        scratch((bodies + 6, LANES), REAL),
        scratch((1, LANES), REAL),
        scratch((1, LANES), REAL),
        scratch((1, LANES), REAL),
        scratch((1, LANES), REAL),
    )
    progress = _Progress(
        scratch(LANES, np.int64), scratch(LANES, np.int64), scratch(LANES, np.int64)
    )
    qpos, near, trial = packs(lanes.qpos), packs(lanes.near), packs(lanes.trial)
    targets = make_targets(clip)
    positions, frames = packs(targets.positions), packs(targets.frames)
    weights, anchors = packs(targets.contact_weights), packs(targets.anchors)
    pull, damping = packs(lanes.pull), packs(lanes.damping)
    R = packs(scratch((bodies, 3, 3, LANES), REAL))
    r = packs(scratch((bodies, 3, LANES), REAL))
    a = packs(scratch((bodies, 3, LANES), REAL))
    C = packs(scratch((bodies, COMPOSITE, LANES), REAL))
    H = packs(scratch((size, depth, LANES), REAL))
    trial_H = packs(scratch((size, depth, LANES), REAL))
    factor = packs(scratch((size, depth, LANES), REAL))
    g = packs(scratch((size, LANES), REAL))
    trial_g = packs(scratch((size, LANES), REAL))
    x = packs(scratch((size, LANES), REAL))
    free = packs(scratch((size, LANES), REAL))
    new_costs = scratch((1, LANES), REAL)
    new = packs(new_costs)
    largest_turns = scratch((1, LANES), REAL)
    largest = packs(largest_turns)
    finished = scratch(LANES, np.bool_)
    keeps = scratch((1, LANES), REAL)
    kept = packs(keeps)
    begin: int = int(np.int64(0))  # a literal would be compiled for by itself
    following = begin
    busy = 0
    refused = False
    for lane in range(LANES):
        progress.march[lane] = _IDLE
        # Idle lanes calculate too: let them have something to calculate with.
        for k in range(bodies + 6):
            lanes.qpos[k, lane] = seeds[0, k]
        _load_frame(lane, begin, clip, tasks, lanes, targets)
        following = _next_frame(
            lane, following, seeds, marches, clip, tasks, options.pull, start.pull, lanes, targets,
            progress,
        )  # fmt: skip
        busy += progress.march[lane] != _IDLE
    loaded = busy
    while busy > 0:
        if loaded > 0:
            begins = packs(lanes.loaded)[0] > 0.5
            for k in range(bodies + 6):
                near[k] = where(begins, qpos[k], near[k])
                trial[k] = where(begins, qpos[k], trial[k])
            packs(lanes.loaded)[0] = 0.0
            new[0] = evaluate_frame(
                trial, near, pull[0], positions, frames, weights, anchors, options.anchor_share,
                tree, tasks, soles, R, r, a, C, x,
            )  # fmt: skip
            for lane in range(LANES):
                if progress.steps[lane] == 0:
                    lanes.cost[0, lane] = new_costs[0, lane]
        if refused:
            assemble(r, a, C, tree, trial_H, trial_g)
            taken = kept[0] > 0.5
            for k in range(size):
                g[k] = where(taken, trial_g[k], g[k])
                for d in range(tree.depth[k] + 1):
                    H[k, d] = where(taken, trial_H[k, d], H[k, d])
        else:
            assemble(r, a, C, tree, H, g)
        largest[0] = damped_step(
            qpos, near, pull[0], damping[0], options.regularisation, tree, limits, H, g, factor,
            free, x,
        )  # fmt: skip
        retract(qpos, x, limits, trial)
        for lane in range(LANES):
            progress.steps[lane] += 1
        new[0] = evaluate_frame(
            trial, near, pull[0], positions, frames, weights, anchors, options.anchor_share, tree,
            tasks, soles, R, r, a, C, x,
        )  # fmt: skip
        refused = _keep_or_damp(
            new_costs, largest_turns, options, start.steps, lanes, progress, finished, keeps
        )
        taken = kept[0] > 0.5
        for k in range(bodies + 6):
            qpos[k] = where(taken, trial[k], qpos[k])
        loaded = 0
        for lane in range(LANES):
            if not finished[lane]:
                continue
            own = progress.march[lane]
            if progress.done[lane] >= marches[own, LEAD]:
                t = marches[own, FIRST] + marches[own, DIRECTION] * progress.done[lane]
                for k in range(bodies + 6):
                    out[marches[own, SEQUENCE], t, k] = lanes.qpos[k, lane]
            following = _next_frame(
                lane, following, seeds, marches, clip, tasks, options.pull, start.pull, lanes,
                targets, progress,
            )  # fmt: skip
            keeps[0, lane] = 1.0
            loaded += 1
            busy -= progress.march[lane] == _IDLE
