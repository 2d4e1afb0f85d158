"""The last, small projection of a solved motion out of the things around it.

The solve leaves less than a millimetre almost everywhere, and more between its frames where a result has another rate.
What is left is taken out by the least change of joints and base that leaves feet and held points where they are, spread
over neighbouring frames, so that it does not show.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.scenes.distance import shape_distance
from retarget.solver.arrays import Limits, Scene, Soles, Tree
from retarget.solver.depths import may_touch, scene_depths
from retarget.solver.kinematics.forward import body_kinematics
from retarget.solver.kinematics.tree import retract

__all__ = ["push_out_of_things"]

_ROUNDS = 3
_SPREAD = 0.12  # seconds to either side over which all corrections but the last are spread
_BASE = 10.0  # weight of the base's change, 1/m^2, beside that of a joint's, 1/rad^2
_HELD = 3e3  # weight of the change of a point that is held, 1/m^2
_MOST = 16  # spheres in things that are looked at in a frame
_DAMPING = 1e-6  # square metres
_DEEPEST = 0.03  # metres; deeper is no rest of a solve
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
    deep = was >= _LEAST
    if not deep.any():
        return
    before = qpos.copy()
    reach = max(1, round(_SPREAD * fps))
    moved = np.zeros(len(qpos), bool)
    for round_ in range(_ROUNDS):
        change = np.zeros((len(qpos), len(limits.lower) + 5))
        if not _find_changes(qpos, tree, soles, held, scene, deep, change):
            break
        if round_ < _ROUNDS - 1:
            change = _spread(change, reach)
        deep = np.asarray(change.any(axis=1))  # what else may be in something now
        moved |= deep
        _apply(qpos, change, limits)
    now = scene_depths(qpos, tree, scene, moved)
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
    """Each frame's change, or that of a neighbour, falling with the distance, where it is larger."""
    frames = len(change)
    high, low = np.maximum(change, 0.0), np.minimum(change, 0.0)
    for away in range(1, reach + 1):
        share = 0.5 + 0.5 * np.cos(np.pi * away / (reach + 1))
        for first, second in (
            (slice(away, None), slice(0, frames - away)),
            (slice(0, frames - away), slice(away, None)),
        ):
            high[first] = np.maximum(high[first], share * np.maximum(change[second], 0.0))
            low[first] = np.minimum(low[first], share * np.minimum(change[second], 0.0))
    return np.asarray(high + low)


@jit()
def _apply(
    qpos: Float64[np.ndarray, "T Q"], change: Float64[np.ndarray, "T V"], limits: Limits
) -> None:
    for t in range(qpos.shape[0]):
        retract(qpos[t], change[t], limits, qpos[t])


@jit(fastmath=True)
def _find_changes(
    qpos: Float64[np.ndarray, "T Q"],
    tree: Tree,
    soles: Soles,
    held: Bool[np.ndarray, "T K"],
    scene: Scene,
    deep: Bool[np.ndarray, "T"],
    change: Float64[np.ndarray, "T V"],
) -> int:
    """Fill the least change that takes spheres of frames that may be deep out of things, to first order.

    Returns how many are in.
    """
    bodies = tree.parents.shape[0]
    size = bodies + 5
    R = scratch((bodies, 3, 3), np.float64)
    r = scratch((bodies, 3), np.float64)
    a = scratch((bodies, 3), np.float64)
    J = scratch((_MOST, size), np.float64)
    K = scratch((_MOST, size), np.float64)
    A = scratch((_MOST, _MOST), np.float64)
    W = scratch((size, size), np.float64)
    row = scratch(size, np.float64)
    d = scratch(_MOST, np.float64)
    x = scratch(3, np.float64)
    n = scratch(3, np.float64)
    g = scratch(3, np.float64)
    total = 0
    for t in range(qpos.shape[0]):
        if not deep[t]:
            continue
        posed = False
        count = 0
        for o in range(scene.shapes.kinds.shape[0]):
            if not may_touch(scene, t, o, qpos[t]):
                continue
            if not posed:
                body_kinematics(qpos[t], tree, R, r, a)
                posed = True
            T = scene.turns[t, o]
            for s in range(scene.bodies.shape[0]):
                b = scene.bodies[s]
                away = 0.0
                for i in range(3):
                    x[i] = r[b, i]
                    for k in range(3):
                        x[i] += R[b, i, k] * scene.points[s, k]
                    away += (qpos[t, i] + x[i] - scene.places[t, o, i]) ** 2
                reach = scene.radii[s] + scene.bounds[o]
                if away > reach * reach or count == _MOST:
                    continue
                e0 = qpos[t, 0] + x[0] - scene.places[t, o, 0]
                e1 = qpos[t, 1] + x[1] - scene.places[t, o, 1]
                e2 = qpos[t, 2] + x[2] - scene.places[t, o, 2]
                l0 = T[0, 0] * e0 + T[1, 0] * e1 + T[2, 0] * e2
                l1 = T[0, 1] * e0 + T[1, 1] * e1 + T[2, 1] * e2
                l2 = T[0, 2] * e0 + T[1, 2] * e1 + T[2, 2] * e2
                distance = shape_distance(scene.shapes, o, l0, l1, l2, 0.0, 0.0, 0.0, g)
                depth = scene.radii[s] - distance
                if depth < _LEAST or depth > _DEEPEST:
                    continue
                for i in range(3):
                    n[i] = T[i, 0] * g[0] + T[i, 1] * g[1] + T[i, 2] * g[2]
                _row_of(b, x, n, r, a, tree, J[count])
                d[count] = depth
                count += 1
        if count > 0:
            total += count
            for i in range(size):
                for j in range(size):
                    W[i, j] = 0.0
                W[i, i] = _BASE if i < 6 else 1.0
            for s in range(held.shape[1]):
                if not held[t, s]:
                    continue
                b = soles.contact_bodies[s]
                for i in range(3):
                    x[i] = r[b, i]
                    for k in range(3):
                        x[i] += R[b, i, k] * soles.contact_points[s, k]
                for axis in range(3):
                    for i in range(3):
                        n[i] = 1.0 if i == axis else 0.0
                    _row_of(b, x, n, r, a, tree, row)
                    for i in range(size):
                        if row[i] != 0.0:
                            for j in range(i + 1):
                                W[i, j] += _HELD * row[i] * row[j]
            _factorise(W, size)
            _least_change(J, K, W, A, d, count, change[t])
    return total


@jit(fastmath=True, inner=True)
def _row_of(
    body: int,
    x: Float64[np.ndarray, "3"],
    n: Float64[np.ndarray, "3"],
    r: Float64[np.ndarray, "B 3"],
    a: Float64[np.ndarray, "B 3"],
    tree: Tree,
    row: Float64[np.ndarray, "V"],
) -> None:
    """Fill how far a body's point, relative to the base, moves along a direction with each degree of freedom."""
    for k in range(row.shape[0]):
        row[k] = 0.0
    for k in range(3):
        row[k] = n[k]
    row[3] = x[1] * n[2] - x[2] * n[1]
    row[4] = x[2] * n[0] - x[0] * n[2]
    row[5] = x[0] * n[1] - x[1] * n[0]
    c = body
    while c > 0:
        y0 = x[0] - r[c, 0]
        y1 = x[1] - r[c, 1]
        y2 = x[2] - r[c, 2]
        row[5 + c] = (
            a[c, 0] * (y1 * n[2] - y2 * n[1])
            + a[c, 1] * (y2 * n[0] - y0 * n[2])
            + a[c, 2] * (y0 * n[1] - y1 * n[0])
        )
        c = tree.parents[c]


@jit(fastmath=True, inner=True)
def _factorise(W: Float64[np.ndarray, "n n"], size: int) -> None:
    """Cholesky's factor of the lower triangle, in place."""
    for j in range(size):
        for k in range(j):
            W[j, j] -= W[j, k] * W[j, k]
        W[j, j] = np.sqrt(max(W[j, j], 1e-12))
        for i in range(j + 1, size):
            total = W[i, j]
            for k in range(j):
                total -= W[i, k] * W[j, k]
            W[i, j] = total / W[j, j]


@jit(fastmath=True, inner=True)
def _least_change(
    J: Float64[np.ndarray, "C V"],
    K: Float64[np.ndarray, "C V"],
    W: Float64[np.ndarray, "V V"],
    A: Float64[np.ndarray, "C C"],
    d: Float64[np.ndarray, "C"],
    count: int,
    out: Float64[np.ndarray, "V"],
) -> None:
    """Fill the change with J change = d, nearly, that is least by the weights whose factor is W."""
    size = J.shape[1]
    for c in range(count):  # K = J, divided by the factor
        for i in range(size):
            total = J[c, i]
            for k in range(i):
                total -= W[i, k] * K[c, k]
            K[c, i] = total / W[i, i]
    for i in range(count):
        for j in range(i + 1):
            total = _DAMPING if i == j else 0.0
            for k in range(size):
                total += K[i, k] * K[j, k]
            A[i, j] = total
    _factorise(A, count)
    for i in range(count):
        for k in range(i):
            d[i] -= A[i, k] * d[k]
        d[i] /= A[i, i]
    for i in range(count - 1, -1, -1):
        for k in range(i + 1, count):
            d[i] -= A[k, i] * d[k]
        d[i] /= A[i, i]
    for k in range(size):
        out[k] = 0.0
        for c in range(count):
            out[k] += K[c, k] * d[c]
    for i in range(size - 1, -1, -1):
        for k in range(i + 1, size):
            out[i] -= W[k, i] * out[k]
        out[i] /= W[i, i]
