"""Whether a motion goes on from frame to frame: no jump of the base, no frame that stands in for one that was lost.

A base that teleports, or turns half around between two frames, is no motion however well its limbs point. A frame that
was lost is often stored as the one before it, or as zeros, which are one posture too: nothing moves while everything
moved a moment ago.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.evaluation.forces.dynamics import angular_step
from retarget.evaluation.frames.statistics import mean_of
from retarget.evaluation.thresholds import (
    MOVING_BODY,
    REPEATED_STEP,
    STOPPED_BODY,
)
from retarget.result import RetargetingResult

__all__ = ["Continuity", "find_continuity", "measure_continuity"]


class Continuity(NamedTuple):
    """What is found out about the n = T - 1 steps between frames.

    Attributes:
        base_speed: Of the robot's base, m/s.
        base_turn: Rate at which it turns, rad/s.
        human_speed: Of the middle of the human's hips, in the human's own size, m/s.
        repeats: Steps in which nothing of the robot moves while the human does.
        human_repeats: Steps in which nothing of the human moves, though something did just before or does just after.
    """

    base_speed: Float64[np.ndarray, "n"]
    base_turn: Float64[np.ndarray, "n"]
    human_speed: Float64[np.ndarray, "n"]
    repeats: Bool[np.ndarray, "n"]
    human_repeats: Bool[np.ndarray, "n"]


def find_continuity(result: RetargetingResult) -> Continuity:
    """Look at a result's steps; the source must have hips."""
    steps = max(len(result) - 1, 0)
    found = Continuity(
        np.empty(steps),
        np.empty(steps),
        np.empty(steps),
        np.empty(steps, np.bool_),
        np.empty(steps, np.bool_),
    )
    roles = result.source.position_roles
    hips = np.array([roles.index(f"{side}_hip") for side in ("left", "right")])
    _look(
        np.ascontiguousarray(result.qpos),
        np.ascontiguousarray(result.source.positions),
        hips,
        float(result.fps),
        found,
    )
    return found


def measure_continuity(found: Continuity, fps: float) -> dict[str, float | None]:
    """Measures of jumps and lost frames; see `retarget.evaluation.MEASURES`. A single frame has none."""
    if not len(found.base_speed):
        names = (
            *("base_speed_max", "base_turn_max", "human_base_speed_max"),
            *("repeated_share", "repeated_time_max"),
            *("human_repeated_share", "human_repeated_time_max"),
        )
        return dict.fromkeys(names)
    return {
        "base_speed_max": float(found.base_speed.max()),
        "base_turn_max": float(found.base_turn.max()),
        "human_base_speed_max": float(found.human_speed.max()),
        "repeated_share": mean_of(found.repeats),
        "repeated_time_max": _longest(found.repeats) / fps,
        "human_repeated_share": mean_of(found.human_repeats),
        "human_repeated_time_max": _longest(found.human_repeats) / fps,
    }


@jit(fastmath=True)
def _look(
    qpos: Float64[np.ndarray, "T Q"],
    human: Float32[np.ndarray, "T K 3"],
    hips: Int64[np.ndarray, "2"],
    fps: float,
    found: Continuity,
) -> None:
    """Fill a `Continuity`."""
    turn = scratch(3, np.float64)
    steps = qpos.shape[0] - 1
    still_from = 0  # first step of those in which the human has not moved since
    moved_before = False
    for t in range(steps):
        angular_step(qpos[t], qpos[t + 1], turn)
        angle = math.sqrt(turn[0] * turn[0] + turn[1] * turn[1] + turn[2] * turn[2])
        squared = 0.0
        largest = angle
        for i in range(3):
            step = qpos[t + 1, i] - qpos[t, i]
            squared += step * step
            largest = max(largest, abs(step))
        for j in range(7, qpos.shape[1]):
            largest = max(largest, abs(qpos[t + 1, j] - qpos[t, j]))
        found.base_speed[t] = math.sqrt(squared) * fps
        found.base_turn[t] = angle * fps
        found.human_speed[t] = _hip_step(human[t], human[t + 1], hips) * fps
        farthest = _farthest_step(human[t], human[t + 1])
        found.repeats[t] = largest < REPEATED_STEP and farthest * fps > MOVING_BODY
        found.human_repeats[t] = False
        if farthest < REPEATED_STEP:
            continue
        moves = farthest * fps > STOPPED_BODY
        for u in range(still_from, t):
            found.human_repeats[u] = moved_before or moves
        moved_before = moves
        still_from = t + 1
    for u in range(still_from, steps):
        found.human_repeats[u] = moved_before


@jit(fastmath=True, inner=True)
def _hip_step(
    before: Float32[np.ndarray, "K 3"],
    after: Float32[np.ndarray, "K 3"],
    hips: Int64[np.ndarray, "2"],
) -> float:
    """How far the middle of the hips moves, metres."""
    squared = 0.0
    for i in range(3):
        step = 0.0
        for side in range(2):
            step += np.float64(after[hips[side], i]) - np.float64(before[hips[side], i])
        squared += 0.25 * step * step
    return math.sqrt(squared)


@jit(fastmath=True, inner=True)
def _farthest_step(before: Float32[np.ndarray, "K 3"], after: Float32[np.ndarray, "K 3"]) -> float:
    """How far the joint centre moves that moves farthest, metres."""
    most = 0.0
    for k in range(before.shape[0]):
        squared = 0.0
        for i in range(3):
            step = np.float64(after[k, i]) - np.float64(before[k, i])
            squared += step * step
        most = max(most, squared)
    return math.sqrt(most)


def _longest(mask: Bool[np.ndarray, "n"]) -> int:
    """Length of the longest run of True."""
    return int(_longest_run(mask))


@jit()
def _longest_run(mask: Bool[np.ndarray, "n"]) -> int:
    longest = 0
    length = 0
    for t in range(mask.shape[0]):
        length = length + 1 if mask[t] else 0
        longest = max(longest, length)
    return longest
