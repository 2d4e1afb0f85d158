"""One frame of a live stream in one compiled call: segments, targets, contacts, joint angles, limits.

What is done to a whole clip with both its past and its future is done here with the past alone. The frame is solved
warm from the one before; every few frames it is also solved from the neutral pose, and that answer is taken only where
it is much better, so that no bad frame poisons all that follow. Everything is worked out in arrays made beforehand.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float64

from retarget.compiled.jit import jit
from retarget.compiled.quaternions import multiply
from retarget.motion.segments import SEGMENTS, segment_frames
from retarget.solver.arrays import Limits, Tasks
from retarget.solver.kinematics.forward import body_kinematics
from retarget.solver.limits.keep import floor_depth
from retarget.solver.live.arrays import LiveModel, LiveState
from retarget.solver.live.base import aim_base, begin_base
from retarget.solver.live.clearance import find_clearances
from retarget.solver.live.frame import any_low, solve_frame
from retarget.solver.live.push_out import push_out
from retarget.solver.live.stance import find_stance, hold_touched
from retarget.solver.live.touches import hold_on_things, look_around, place_body
from retarget.targets.build import place_targets

__all__ = ["live_step"]

_PELVIS = SEGMENTS.index("pelvis")
_FEET = (SEGMENTS.index("left_foot"), SEGMENTS.index("right_foot"))


@jit(fastmath=True)
def live_step(
    positions: Float64[np.ndarray, "1 J 3"],
    rotations: Float64[np.ndarray, "1 J 4"],
    model: LiveModel,
    state: LiveState,
) -> None:
    """Follow one frame; the answer is ``state.qpos``. The frame must be free of faults."""
    clip, level = state.clip, state.positions[0]
    first = state.seen[0] == 0
    _make_level(positions[0], rotations[0], model, state)
    segment_frames(state.positions, state.rotations, model.joints, model.offsets, clip.frames)
    place_body(model.things, state.room, model, state)
    look_around(model.things, state.room)
    for i in range(3):
        state.hips[0, i] = (level[model.hips[0], i] + level[model.hips[1], i]) / 2
        state.shoulders[0, i] = (level[model.shoulders[0], i] + level[model.shoulders[1], i]) / 2
    place_targets(state.hips, state.shoulders, clip.frames, model.sizes, state.places)
    for i in range(3):
        for foot in range(2):
            clip.positions[0, _FEET[foot], i] = state.places[0, 1 + foot, i]
    find_stance(model, state)
    find_clearances(first, model, state)
    hold_on_things(first, model.things, state.room, model, state)
    aim_base(first, model, state)
    _follow(state.rotations[0, model.joints[_PELVIS, 0]], first, model, state)
    hold_touched(model, state)
    _raise_feet(first, model, state)
    if first:
        begin_base(model, state)
    _keep_speed(first, model, state)
    push_out(model.things, state.room, model, state)
    _keep_above_floor(model, state)
    state.seen[0] += 1


@jit(fastmath=True, inner=True)
def _make_level(
    positions: Float64[np.ndarray, "J 3"],
    rotations: Float64[np.ndarray, "J 4"],
    model: LiveModel,
    state: LiveState,
) -> None:
    """The joints that are looked at, turned so that the floor is level."""
    turn, matrix, middle = model.level
    for u in range(model.used.shape[0]):
        j = model.used[u]
        for i in range(3):
            place = middle[i]
            for k in range(3):
                place += matrix[i, k] * (positions[j, k] - middle[k])
            state.positions[0, j, i] = place
        multiply(turn, rotations[j], state.rotations[0, j])


@jit(fastmath=True, inner=True)
def _cold(turn: Float64[np.ndarray, "4"], model: LiveModel, state: LiveState) -> None:
    """The neutral pose with the base on its target, into ``trial``."""
    qpos = state.trial
    for i in range(3):
        qpos[i] = state.places[0, 0, i]
        for k in range(3):
            qpos[i] += state.clip.frames[0, _PELVIS, i, k] * model.base_offset[k]
    multiply(turn, model.base_turn, qpos[3:7])
    n = 1.0 / math.sqrt(qpos[3] ** 2 + qpos[4] ** 2 + qpos[5] ** 2 + qpos[6] ** 2)
    for k in range(3, 7):
        qpos[k] *= n
    for k in range(model.neutral.shape[0]):
        qpos[7 + k] = model.neutral[k]


@jit(fastmath=True, inner=True)
def _solve(
    qpos: Float64[np.ndarray, "Q"],
    pull: float,
    steps: int,
    floor: float,
    limits: Limits,
    tasks: Tasks,
    model: LiveModel,
    state: LiveState,
) -> float:
    return solve_frame(
        qpos,
        state.near,
        pull,
        steps,
        state.clip,
        floor,
        model.start,
        model.tree,
        limits,
        tasks,
        model.soles,
        state.low,
        state.scratch,
        model.things,
        state.room,
    )


@jit(fastmath=True, inner=True)
def _follow(
    turn: Float64[np.ndarray, "4"], first: bool, model: LiveModel, state: LiveState
) -> None:
    """Solve the frame without speed limits: warm, and now and then from the neutral pose."""
    size = state.free.shape[0]
    tasks = model.tasks if first else model.steady
    cost = np.inf
    if not first:
        for k in range(size):
            state.near[k] = state.free[k] + model.options.glide * (state.free[k] - state.before[k])
            state.before[k] = state.free[k]
        cost = _solve(
            state.free,
            model.start.pull,
            model.start.warm_steps,
            0.0,
            model.limits,
            tasks,
            model,
            state,
        )
    if state.seen[0] % model.start.reseed == 0:
        _cold(turn, model, state)
        cold = _solve(
            state.trial, 0.0, model.start.cold_steps, 0.0, model.limits, tasks, model, state
        )
        taken = first or cold < model.options.much_better * cost
        if taken and not first:
            # A pose that only lags behind a fast motion is not wrong: it is judged without the pull.
            for k in range(size):
                state.again[k] = state.free[k]
            cost = _solve(
                state.again, 0.0, model.start.cold_steps, 0.0, model.limits, tasks, model, state
            )
            taken = cold < model.options.much_better * cost
        for k in range(size if taken else 0):
            state.free[k] = state.trial[k]
            state.before[k] = state.trial[k]
            state.near[k] = state.trial[k]


@jit(fastmath=True, inner=True)
def _raise_feet(first: bool, model: LiveModel, state: LiveState) -> None:
    """Solve again where a sole is below its clearance; the scratch's poses must be those of the free configuration.

    Not at once: a foot that swings up fast would be raised by the first step in whichever way is nearest.
    """
    floor, scratch, tasks = (
        model.options.floor,
        state.scratch,
        model.tasks if first else model.steady,
    )
    least = state.clip.clearances[0]
    if floor > 0.0 and any_low(state.free[2], least, model.soles, scratch.R, scratch.r):
        steps = model.options.floor_steps
        _solve(state.free, model.start.pull, steps, floor, model.limits, tasks, model, state)


@jit(fastmath=True, inner=True)
def _keep_speed(first: bool, model: LiveModel, state: LiveState) -> None:
    """Move to the free configuration as far as joint speeds allow; the rest of the body makes up for it."""
    qpos, limits, reach = state.qpos, model.limits, state.reach
    slow = True
    for b in range(1, limits.lower.shape[0]):
        reach.lower[b] = limits.lower[b]
        reach.upper[b] = limits.upper[b]
        wanted = state.free[6 + b]
        if not first:
            reach.lower[b] = max(limits.lower[b], qpos[6 + b] - limits.step[b])
            reach.upper[b] = min(limits.upper[b], qpos[6 + b] + limits.step[b])
        qpos[6 + b] = min(max(wanted, reach.lower[b]), reach.upper[b])
        slow = slow and qpos[6 + b] == wanted
    for k in range(7):
        qpos[k] = state.free[k]
    if not slow:
        _solve(
            qpos,
            model.start.pull,
            model.options.reach_steps,
            model.options.reach_floor,
            reach,
            model.steady,
            model,
            state,
        )


@jit(fastmath=True, inner=True)
def _keep_above_floor(model: LiveModel, state: LiveState) -> None:
    """Raise the base at once where a sphere is below the floor, and lower it again slowly."""
    scratch = state.scratch
    body_kinematics(state.qpos, model.tree, scratch.R, scratch.r, scratch.a)
    depth = floor_depth(state.qpos[2], scratch.R, scratch.r, model.floor)
    state.lift[0] = max(depth, model.options.lift * state.lift[0])
    state.qpos[2] += state.lift[0]
