"""The per-frame start: every frame solved several ways, and the best path through the answers.

Warm-starting alone is a trap: one bad frame poisons all that follow. So each frame is solved from the frame before,
from the frame after, and from the neutral pose (`retarget.solver.start.marches`), and each of the three answers is
taken again with the limbs turned the other way (`retarget.solver.start.limbs`). Trunk and limbs then choose among the
six for themselves (`retarget.solver.start.path`). Where all six are bad, the frames around show the way
(`retarget.solver.start.rescue`).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Float64, Int64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.solver.arrays import Clip, Limits, Problem, single_robot
from retarget.solver.start.frame import StartOptions
from retarget.solver.start.limbs import Limbs, find_limbs, turn_limbs
from retarget.solver.start.marches import First, march_frames
from retarget.solver.start.path import best_paths, group_costs
from retarget.solver.start.rescue import ROUNDS, free_limbs, marches_into, unsolved_runs

__all__ = ["solve_start"]

_SEQUENCES = 3  # forwards, backwards, cold
_FEWEST_RUNS = (
    6  # a way, where runs can be longer than what leads up to them: lanes wait for the longest
)


@jit(fastmath=True)
def _add_turned(candidates: Float32[np.ndarray, "6 T Q"], limbs: Limbs, limits: Limits) -> None:
    """Each frame of each sequence again with its limbs turned.

    Three crossing hinges reach the same orientation exactly: there is nothing left to solve.
    """
    angles = scratch(3, np.float64)
    for sequence in range(_SEQUENCES):
        for t in range(candidates.shape[1]):
            turned = candidates[_SEQUENCES + sequence, t]
            for k in range(turned.shape[0]):
                turned[k] = candidates[sequence, t, k]
            turn_limbs(turned, limbs, limits, angles)


def _marches(frames: int, options: StartOptions) -> Int64[np.ndarray, "N 5"]:
    """All frames forwards and backwards in runs, and each on its own.

    Rows of sequence, first frame, number of frames, direction, and how many frames at the beginning of a run only
    lead up to those that the run before ends with.
    """
    rows = []
    run = min(options.run, max(options.lead, -(-frames // _FEWEST_RUNS)))
    for begin in range(0, frames, run):
        end = min(begin + run, frames)
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
    first = First(options.pull, options.polish_steps)
    marches = marches_into(stretches)
    march_frames(
        start, marches, problem.clip, options, first, tree, limits, tasks, soles, candidates
    )
    again = np.concatenate([np.arange(*stretch) for stretch in stretches])
    candidates[2, again] = start[again]
    part = np.ascontiguousarray(candidates[:, again])
    _add_turned(part, limbs, limits)
    part_costs = np.ascontiguousarray(costs[:, again])
    clip = Clip(*(values[again] for values in problem.clip))
    group_costs(part, clip, options.anchor_share, tree, tasks, soles, limbs, part_costs)
    candidates[:, again], costs[:, again] = part, part_costs


def solve_start(
    seeds: Float64[np.ndarray, "T Q"],
    problem: Problem,
    options: StartOptions,
    limbs: Limbs | None = None,
) -> Float64[np.ndarray, "T Q"]:
    """Configurations of every frame, each solved on its own, that make one plausible motion.

    Args:
        seeds: The neutral pose with the base on each frame's target; the first frame may have what is known of it.
        problem: The clip on the robot.
        options: How hard each frame is worked on.
        limbs: The robot's, where they have been found already.
    """
    frames, size = seeds.shape
    clip, limits = problem.clip, problem.limits
    limbs = limbs or find_limbs(problem.tree, problem.tasks)
    packed = single_robot(problem)
    tree, tasks, soles = packed.tree, packed.tasks, packed.soles
    marches = _marches(frames, options)
    # Single precision: they are polished, and six of them are the largest arrays of a long clip's solve.
    candidates = np.empty((2 * _SEQUENCES, frames, size), np.float32)
    first = First(0.0, options.cold_steps)
    march_frames(seeds, marches, clip, options, first, tree, limits, tasks, soles, candidates)
    _add_turned(candidates, limbs, limits)
    costs = np.empty((2 * _SEQUENCES, frames, len(limbs.first) - 1), np.float32)
    group_costs(candidates, clip, options.anchor_share, tree, tasks, soles, limbs, costs)
    start, neutral = np.empty((frames, size)), seeds[-1]
    every, free = np.arange(costs.shape[2]), free_limbs(limbs, soles)
    best_paths(candidates, costs, neutral, limbs, every, options.path, options.neutral, start)
    for _ in range(ROUNDS):
        stretches = unsolved_runs(costs, free, options.lead)
        if not stretches:
            break
        _search_again(start, stretches, packed, limbs, options, candidates, costs)
        best_paths(candidates, costs, neutral, limbs, free, options.path, options.neutral, start)
    # Limbs were chosen with trunks of their own.
    alone = _each_alone(frames, 0)
    polished = candidates[:1]
    first = First(options.pull, options.polish_steps)
    march_frames(start, alone, clip, options, first, tree, limits, tasks, soles, polished)
    return np.asarray(polished[0], np.float64)
