"""Windows marched over a clip, in one compiled loop: each overlaps the next, and where two meet does not show."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Float64

from retarget.compiled.jit import jit
from retarget.compiled.packs import LANES
from retarget.solver.arrays import Problem
from retarget.solver.kinematics.poses import Poses
from retarget.solver.window.settle import ClipOptions, solve_window
from retarget.solver.window.system import Window

__all__ = ["calm_seam", "solve_windows"]

_JUMP = 1.0  # times a joint's speed limit
_REACH = 2  # frames by which a second difference reaches beyond another


@jit()
def solve_windows(
    qpos: Float64[np.ndarray, "T Q"],
    shift: Float64[np.ndarray, "T F"],
    cost: Float64[np.ndarray, "T"],
    first: int,
    begin: int,
    end: int,
    problem: Problem,
    options: ClipOptions,
    window: Window,
    poses: Poses,
) -> tuple[int, int]:
    """Solve windows, in place, that begin about every `ClipOptions.window` frames before ``end``.

    Returns steps times frames, and where a next window would begin: at ``end`` or a little before it, while some
    frames beyond have been solved too. Frames before the first are fixed, but for those at a seam.

    What a window does not know yet of the frames beyond it, and the next one can no longer change in those before,
    shows where they meet. So frames around there are solved again, with the frames on both sides of them known.

    Args:
        qpos: Configurations.
        shift: Multipliers of the floor's spheres by frame, metres, which windows that overlap hand on.
        cost: Cost of each frame before its last step.
        first: First frame.
        begin: Where the first window would begin if it was not moved; ``first`` or a little after it.
        end: Where no window begins any more.
        problem: The clip on the robot.
        options: How hard each window is worked on.
        window: Working memory.
        poses: The same.
    """
    count = qpos.shape[0]
    march = qpos, shift, cost
    steps = 0
    nominal = begin
    while True:
        nominal += options.window
        seam = calm_seam(qpos, first, nominal, options, problem.limits.step)
        last: int = min(seam + options.ahead, count)
        # Called from one place: the many arrays of a problem are a lot of code each time that they are handed on.
        for part in range(2 if first > 0 and options.seam > 0 else 1):
            before, known = first, last
            if options.known > 0:
                known = min(last + options.known, count)
            behind = known - options.known
            if part == 1:
                before = max(first - options.seam, _REACH)
                known = min(first + options.seam + _REACH, last)
                behind = known - _REACH
            steps += _solve_frames(march, before, behind, known, problem, options, window, poses)
        if last == count:
            return steps, count
        first = seam
        if nominal >= end:
            return steps, first


@jit()
def calm_seam(
    qpos: Float64[np.ndarray, "T Q"],
    first: int,
    seam: int,
    options: ClipOptions,
    step: Float64[np.ndarray, "B"],
) -> int:
    """Where a window from frame ``first`` ends: at ``seam``, or earlier where limbs of the start jump around there.

    A limb that takes a jump at its highest speed chooses the way round: a window has to see all of it. The last
    window of a clip ends where it would.
    """
    if seam + options.ahead >= qpos.shape[0]:
        return seam
    best: int = seam
    least = np.inf
    for earlier in range(min(options.shift, seam - first - 1) + 1):
        at = seam - earlier
        jumps = 0.0
        for t in range(max(1, at - options.ahead), min(at + options.ahead, qpos.shape[0])):
            for b in range(1, step.shape[0]):
                change = abs(qpos[t, 6 + b] - qpos[t - 1, 6 + b])
                if change > _JUMP * step[b]:
                    jumps += change / step[b] - _JUMP
        if jumps < least:
            least = jumps
            best = at
        if jumps == 0.0:
            break
    return int(best)


@jit(inner=True)
def _solve_frames(
    march: tuple[Float64[np.ndarray, "T Q"], Float64[np.ndarray, "T F"], Float64[np.ndarray, "T"]],
    first: int,
    last: int,
    known: int,
    problem: Problem,
    options: ClipOptions,
    window: Window,
    poses: Poses,
) -> int:
    """Solve the frames from ``first`` to before ``last``, between fixed ones; those to before ``known`` count as such.

    Returns steps times frames.
    """
    qpos, shift, cost = march
    frames, after = last - first, known - last
    _load_shift(shift, first, frames, window.floor_shift)
    steps = solve_window(qpos, first, frames, after, problem, options, window, poses)
    for t in range(frames):
        cost[first + t] = window.cost[t]
        for s in range(shift.shape[1]):
            shift[first + t, s] = window.floor_shift[t // LANES, s, t % LANES]
    return frames * steps


@jit(inner=True)
def _load_shift(
    shift: Float64[np.ndarray, "T F"],
    first: int,
    frames: int,
    out: Float32[np.ndarray, "P F L"],
) -> None:
    for t in range(out.shape[0] * LANES):  # spare lanes too
        for s in range(shift.shape[1]):
            out[t // LANES, s, t % LANES] = shift[first + t, s] if t < frames else 0.0
