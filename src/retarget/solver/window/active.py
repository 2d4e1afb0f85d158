"""The active sets of one window: chosen after each step, forgotten, and weighed."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Float64

from retarget.compiled.jit import jit
from retarget.compiled.packs import LANES
from retarget.solver.arrays import Problem, Scene
from retarget.solver.kinematics.poses import Poses
from retarget.solver.window.joints import UNKNOWN, hold_joints, predict_rates
from retarget.solver.window.room import Things
from retarget.solver.window.system import Window
from retarget.solver.window.touching import predict_touching

__all__ = ["choose_active", "forget_active", "forget_things", "weigh_things"]


@jit(inner=True)
def choose_active(
    qpos: Float64[np.ndarray, "T Q"],
    first: int,
    frames: int,
    after: int,
    held: int,
    candidate_count: int,
    met: int,
    retaken: bool,
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
    predict_rates(
        qpos,
        first,
        window.step,
        frames + after,
        limits,
        window.speed_active,
        window.acceleration_active,
    )
    predict_touching(
        window.step,
        frames,
        window.candidates[:candidate_count],
        poses,
        problem.tree,
        problem.floor,
        problem.capsules,
        window.floor_shift,
        window.floor_active,
        window.pair_shift,
        window.pair_active,
        problem.scene,
        window.things,
        met,
        retaken,
    )


@jit(inner=True)
def forget_active(window: Window) -> None:
    """Nothing is active, and no multiplier keeps pairs apart; of joints nothing is known."""
    _clear(window.pair_shift)
    _clear(window.floor_active)
    _clear(window.pair_active)
    for t in range(window.speed_active.shape[0]):
        for k in range(window.speed_active.shape[1]):
            window.speed_active[t, k] = 0
            window.acceleration_active[t, k] = 0
            window.joint_state[t, k] = UNKNOWN


@jit(inner=True)
def forget_things(things: Things | None) -> None:
    """Nothing touches things, and no multiplier keeps it out of them."""
    if things is None:
        return
    _clear(things.shift)
    _clear(things.active)


@jit(inner=True)
def weigh_things(scene: Scene | None, things: Things | None, factor: float) -> None:
    """Let depths in things weigh so many times as much, with what multipliers pull as it was."""
    if scene is None or things is None:
        return
    share = things.weight[0] / (factor * scene.weight)
    things.weight[0] = factor * scene.weight
    for p in range(things.shift.shape[0]):
        for m in range(things.shift.shape[1]):
            for lane in range(LANES):
                things.shift[p, m, lane] *= share


# Loops, as Numba compiles seconds of messages about shapes for an assignment of arrays.
@jit(inner=True)
def _clear(values: Float32[np.ndarray, "P N L"]) -> None:
    for p in range(values.shape[0]):
        for i in range(values.shape[1]):
            for lane in range(LANES):
                values[p, i, lane] = 0.0
