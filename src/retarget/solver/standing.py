"""How feet stand in frames that have been marched over: how far off their places, lifted, and restless."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Bool, Float64

from retarget.ground import FRICTION, GRAVITY
from retarget.motion.contacts import HEEL
from retarget.motion.numeric.spans import spans
from retarget.solver.anchors import contact_places
from retarget.solver.arrays import Problem
from retarget.solver.misses import held_misses
from retarget.solver.overlaps import fill_overlaps

__all__ = [
    "JOLT",
    "base_jolts",
    "deepest_overlap",
    "foot_misses",
    "stances_of",
    "toe_steps",
    "unrest",
    "whole_stances",
]

JOLT: Final = 7.0
"""m/s^2 beyond what the ground can give from which the base is jolted: the centre of mass is not in it."""

_LIFTED: Final = 0.01  # metres above the ground from which a held foot is lifted
_MARGIN: Final = 1 / 30  # seconds by which a foot is held longer than it stands, at both ends


def unrest(qpos: Float64[np.ndarray, "T Q"], problem: Problem) -> float:
    """How far feet that stand are off their places, lifted, and move, and the base is jolted: sum of squares, m^2."""
    missed = foot_misses(qpos, problem)
    missed[..., 1] = np.maximum(missed[..., 1] - _LIFTED, 0.0)
    jolts = np.maximum(base_jolts(qpos, problem.fps) - JOLT, 0.0) / problem.fps**2
    return float((missed**2).sum() + (toe_steps(qpos, problem) ** 2).sum() + (jolts**2).sum())


def base_jolts(qpos: Float64[np.ndarray, "T Q"], fps: float) -> Float64[np.ndarray, "T"]:
    """Acceleration of the base that the ground cannot give, m/s^2: down faster than it falls, or beyond friction."""
    jolts = np.zeros(len(qpos))
    acceleration = np.diff(qpos[:, :3], 2, axis=0) * fps**2
    push = acceleration[:, 2] + GRAVITY
    along = np.linalg.norm(acceleration[:, :2], axis=1) - FRICTION * np.maximum(push, 0.0)
    jolts[1:-1] = np.hypot(np.maximum(along, 0.0), np.maximum(-push, 0.0))
    return jolts


def toe_steps(qpos: Float64[np.ndarray, "T Q"], problem: Problem) -> Float64[np.ndarray, "T K"]:
    """How far each toe moves from the frame before, metres; 0 where it does not stand in both."""
    stand = _standing(problem)
    stand[:, HEEL : 2 * len(problem.soles.feet) : 2] = False
    steps = np.zeros(stand.shape)
    moves = np.linalg.norm(np.diff(contact_places(qpos, problem), axis=0), axis=-1)
    steps[1:] = np.where(stand[1:] & stand[:-1], moves, 0.0)
    return steps


def deepest_overlap(qpos: Float64[np.ndarray, "T Q"], problem: Problem) -> float:
    """The most that capsules of the robot are nearer to each other than they may be, metres."""
    capsules, deepest = problem.capsules, np.zeros(len(qpos))
    fill_overlaps(qpos, problem.tree, capsules, np.arange(len(capsules.pairs)), deepest)
    return float(deepest.max(initial=0.0))


def foot_misses(qpos: Float64[np.ndarray, "T Q"], problem: Problem) -> Float64[np.ndarray, "T K 2"]:
    """How far each point of a foot that stands is off its place along the ground, and above it, metres; else 0."""
    missed = np.zeros((*problem.clip.contact_weights.shape, 2), np.float32)
    lift, stand = problem.weights.heel_lift, _standing(problem)
    held_misses(qpos, problem.tree, problem.soles, lift, stand, problem.clip.anchors, missed)
    return missed.astype(np.float64)


def _standing(problem: Problem) -> Bool[np.ndarray, "T K"]:
    """Points of feet that are held, without the ends of holds: these last a little longer than a foot stands."""
    stand = (problem.clip.contact_weights > 0) & (problem.soles.contact_feet >= 0)
    for _ in range(max(1, round(_MARGIN * problem.fps))):
        inner = stand.copy()
        inner[1:] &= stand[:-1]
        inner[:-1] &= stand[1:]
        stand = inner
    return np.asarray(stand)


def stances_of(stances: Problem, point: int) -> list[tuple[int, int]]:
    """First frames of a point's stances, and those after their last."""
    place, held = stances.clip.anchors[:, point, :2], stances.clip.contact_weights[:, point] > 0
    begins = np.ones(len(place), bool)
    begins[1:] = (place[1:] != place[:-1]).any(axis=1)
    first, last = spans(held, begins)
    return list(zip(first.tolist(), last.tolist(), strict=True))


def whole_stances(some: Bool[np.ndarray, "T K"], stances: Problem) -> Bool[np.ndarray, "T K"]:
    """All frames of the stances of which some are given."""
    whole = np.zeros_like(some)
    for point in np.flatnonzero(some.any(axis=0)).tolist():
        for begin, end in stances_of(stances, point):
            whole[begin:end, point] = bool(some[begin:end, point].any())
    return whole
