"""The last, small projection of a solved motion out of the things around it.

The solve leaves some millimetres where things and holds pull against each other. What is left is taken out by the
joints, hardly by the base, so that feet stay; spread over neighbouring frames, so that it does not show.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.scenes.distance import shape_distance
from retarget.solver.arrays import Limits, Scene, Tree
from retarget.solver.kinematics.forward import body_kinematics
from retarget.solver.kinematics.tree import retract

__all__ = ["push_out_of_things"]

_ROUNDS = 5
_SPREAD = 0.06  # seconds to either side over which all corrections but the last are spread
_BASE = 0.02  # how easily the base gives way, relative to a joint
_MOST = 16  # spheres in things that are looked at in a frame
_DAMPING = 1e-4  # square metres
_DEEPEST = 0.03  # metres; deeper is no rest of a solve
_LEAST = 2e-5  # metres that may be left


def push_out_of_things(
    qpos: Float64[np.ndarray, "T Q"], tree: Tree, scene: Scene, limits: Limits, fps: float
) -> None:
    """Move joints, in place, as little as takes the robot out of things; what is deep is no longer than before.

    Args:
        qpos: Configurations.
        tree: The robot.
        scene: The things in the same frames.
        limits: Position limits are kept.
        fps: Frames per second.
    """
    size = len(limits.lower) + 5
    change = np.zeros((len(qpos), size))
    for round_ in range(_ROUNDS):
        change[:] = 0.0
        if not _find_changes(qpos, tree, scene, change):
            return
        if round_ < _ROUNDS - 1:
            change = _spread(change, max(1, round(_SPREAD * fps)))
        _apply(qpos, change, limits)


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
    qpos: Float64[np.ndarray, "T Q"], tree: Tree, scene: Scene, change: Float64[np.ndarray, "T V"]
) -> int:
    """Fill the least change that takes each frame's spheres out of things, to first order; returns how many are in."""
    bodies = tree.parents.shape[0]
    size = bodies + 5
    R = scratch((bodies, 3, 3), np.float64)
    r = scratch((bodies, 3), np.float64)
    a = scratch((bodies, 3), np.float64)
    J = scratch((_MOST, size), np.float64)
    A = scratch((_MOST, _MOST), np.float64)
    d = scratch(_MOST, np.float64)
    x = scratch(3, np.float64)
    n = scratch(3, np.float64)
    g = scratch(3, np.float64)
    total = 0
    for t in range(qpos.shape[0]):
        posed = False
        count = 0
        for o in range(scene.shapes.kinds.shape[0]):
            away = 0.0
            for k in range(3):
                away += (qpos[t, k] - scene.places[t, o, k]) ** 2
            reach = scene.reach + scene.bounds[o]
            if away > reach * reach:
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
                for k in range(size):
                    J[count, k] = 0.0
                for k in range(3):
                    J[count, k] = n[k]
                J[count, 3] = x[1] * n[2] - x[2] * n[1]
                J[count, 4] = x[2] * n[0] - x[0] * n[2]
                J[count, 5] = x[0] * n[1] - x[1] * n[0]
                c = b
                while c > 0:
                    y0 = x[0] - r[c, 0]
                    y1 = x[1] - r[c, 1]
                    y2 = x[2] - r[c, 2]
                    J[count, 5 + c] = (
                        a[c, 0] * (y1 * n[2] - y2 * n[1])
                        + a[c, 1] * (y2 * n[0] - y0 * n[2])
                        + a[c, 2] * (y0 * n[1] - y1 * n[0])
                    )
                    c = tree.parents[c]
                d[count] = depth
                count += 1
        if count > 0:
            total += count
            _least_change(J, A, d, count, change[t])
    return total


@jit(fastmath=True, inner=True)
def _least_change(
    J: Float64[np.ndarray, "C V"],
    A: Float64[np.ndarray, "C C"],
    d: Float64[np.ndarray, "C"],
    count: int,
    out: Float64[np.ndarray, "V"],
) -> None:
    """Fill the smallest change with J change = d, nearly, by a Cholesky factorisation in place."""
    size = J.shape[1]
    for i in range(count):
        for j in range(i + 1):
            total = _DAMPING if i == j else 0.0
            for k in range(size):
                total += (_BASE if k < 6 else 1.0) * J[i, k] * J[j, k]
            A[i, j] = total
    for j in range(count):
        for k in range(j):
            A[j, j] -= A[j, k] * A[j, k]
        A[j, j] = np.sqrt(max(A[j, j], 1e-12))
        for i in range(j + 1, count):
            for k in range(j):
                A[i, j] -= A[i, k] * A[j, k]
            A[i, j] /= A[j, j]
    for i in range(count):
        for k in range(i):
            d[i] -= A[i, k] * d[k]
        d[i] /= A[i, i]
    for i in range(count - 1, -1, -1):
        for k in range(i + 1, count):
            d[i] -= A[k, i] * d[k]
        d[i] /= A[i, i]
    for k in range(size):
        total = 0.0
        for i in range(count):
            total += J[i, k] * d[i]
        out[k] = (_BASE if k < 6 else 1.0) * total
