"""The last, small projection of a solved motion out of the things around it.

The solve leaves less than a millimetre almost everywhere, and more between its frames where a result has another rate.
What is left is taken out by the least change of joints and base that leaves feet and held points where they are, spread
over neighbouring frames, so that it does not show.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64

from retarget.compiled.jit import jit
from retarget.solver.arrays import Limits, Scene, Soles, Tree
from retarget.solver.depths import scene_depths
from retarget.solver.kinematics.tree import retract
from retarget.solver.limits.least_change import find_changes

__all__ = ["push_out_of_things"]

_ROUNDS = 5
_SPREAD = 0.12  # seconds to either side over which all corrections but the last are spread
_LEAST = 8e-4  # metres that may be left


def push_out_of_things(
    qpos: Float64[np.ndarray, "T Q"],
    tree: Tree,
    soles: Soles,
    held: Bool[np.ndarray, "T K"],
    scene: Scene,
    limits: Limits,
    fps: float,
) -> None:
    """Move joints, in place, as little as takes the robot out of things; what is deep is no longer than before.

    Args:
        qpos: Configurations.
        tree: The robot.
        soles: Its points that may be held.
        held: Which of them are.
        scene: The things in the same frames.
        limits: Position limits are kept.
        fps: Frames per second.
    """
    was = scene_depths(qpos, tree, scene)
    now, before = was.copy(), qpos.copy()
    reach = max(1, round(_SPREAD * fps))
    for round_ in range(_ROUNDS):
        deep = now >= _LEAST
        if not deep.any():
            break
        change = np.zeros((len(qpos), len(limits.lower) + 5))
        if not find_changes(qpos, tree, soles, held, scene, deep, _LEAST, change):
            break
        if round_ < _ROUNDS - 1:
            change = _spread(change, reach)
        moved = np.asarray(change.any(axis=1))  # these may be in something else now
        _apply(qpos, change, limits)
        now[moved] = scene_depths(qpos, tree, scene, moved)[moved]
    _take_back(qpos, before, now > np.maximum(was, 2 * _LEAST), reach)


def _take_back(
    qpos: Float64[np.ndarray, "T Q"],
    before: Float64[np.ndarray, "T Q"],
    deeper: Bool[np.ndarray, "T"],
    reach: int,
) -> None:
    """Let frames be as they were, in place, where they are deeper in something else now, and around there."""
    worse = deeper.astype(np.float64)
    if not worse.any():
        return
    share = worse.copy()
    for away in range(1, 2 * reach + 1):
        left = min(1.0, 2.0 - away / reach)
        share[away:] = np.maximum(share[away:], left * worse[:-away])
        share[:-away] = np.maximum(share[:-away], left * worse[away:])
    qpos += share[:, None] * (before - qpos)
    qpos[:, 3:7] /= np.linalg.norm(qpos[:, 3:7], axis=1, keepdims=True)


def _spread(change: Float64[np.ndarray, "T V"], reach: int) -> Float64[np.ndarray, "T V"]:
    """The mean of each frame's and its neighbours' changes, which falls with the distance from the nearest of them.

    A mean of changes that leave feet where they are does so, too.
    """
    spread = np.zeros_like(change)
    shares = 0.5 + 0.5 * np.cos(np.pi * np.arange(reach + 1) / (reach + 1))
    _find_means(change, np.asarray(change.any(axis=1)), shares, spread)
    return spread


@jit(fastmath=True)
def _find_means(
    change: Float64[np.ndarray, "T V"],
    changed: Bool[np.ndarray, "T"],
    shares: Float64[np.ndarray, "A"],
    spread: Float64[np.ndarray, "T V"],
) -> None:
    frames, reach = change.shape[0], shares.shape[0] - 1
    for t in range(frames):
        total = 0.0
        most = 0.0
        for u in range(max(0, t - reach), min(frames, t + reach + 1)):
            if not changed[u]:
                continue
            share = shares[abs(u - t)]
            total += share
            most = max(most, share)
            for k in range(change.shape[1]):
                spread[t, k] += share * change[u, k]
        for k in range(change.shape[1]):
            spread[t, k] *= most / max(total, 1e-9)


@jit()
def _apply(
    qpos: Float64[np.ndarray, "T Q"], change: Float64[np.ndarray, "T V"], limits: Limits
) -> None:
    for t in range(qpos.shape[0]):
        retract(qpos[t], change[t], limits, qpos[t])
