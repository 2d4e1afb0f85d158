"""How deep a solved motion is in things."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64, Int64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.scenes.distance import FIELD, Shapes, shape_distance
from retarget.solver.arrays import Scene, Tree
from retarget.solver.kinematics.forward import body_kinematics

__all__ = ["may_touch", "scene_depths"]


def scene_depths(
    qpos: Float64[np.ndarray, "T Q"],
    tree: Tree,
    scene: Scene,
    asked: Bool[np.ndarray, "T"] | None = None,
) -> Float64[np.ndarray, "T"]:
    """How deep the deepest sphere of the robot is in a thing in each frame, metres; 0 where none is.

    Args:
        qpos: Configurations.
        tree: The robot.
        scene: The things in the same frames.
        asked: Frames that are looked at; None for all. Others are 0.
    """
    depth = np.zeros(len(qpos))
    _find_depths(qpos, tree, scene, np.ones(len(qpos), bool) if asked is None else asked, depth)
    return depth


@jit(fastmath=True)
def _find_depths(
    qpos: Float64[np.ndarray, "T Q"],
    tree: Tree,
    scene: Scene,
    asked: Bool[np.ndarray, "T"],
    depth: Float64[np.ndarray, "T"],
) -> None:
    bodies = tree.parents.shape[0]
    R = scratch((bodies, 3, 3), np.float64)
    r = scratch((bodies, 3), np.float64)
    a = scratch((bodies, 3), np.float64)
    first = scratch(bodies + 1, np.int64)
    middles = scratch((bodies, 3), np.float64)
    sizes = scratch(bodies, np.float64)
    _enclose(scene, first, middles, sizes)
    x = scratch(3, np.float64)
    g = scratch(3, np.float64)
    for t in range(qpos.shape[0]):
        if not asked[t]:
            continue
        posed = False
        for o in range(scene.shapes.kinds.shape[0]):
            if not may_touch(scene, t, o, qpos[t]):
                continue
            if not posed:
                body_kinematics(qpos[t], tree, R, r, a)
                posed = True
            for b in range(bodies):
                if first[b] == first[b + 1]:
                    continue
                _seen_from(scene, t, o, qpos[t], R[b], r[b], middles[b], x)
                if _outside(scene.shapes, o, x) >= sizes[b]:
                    continue
                for s in range(first[b], first[b + 1]):
                    _seen_from(scene, t, o, qpos[t], R[b], r[b], scene.points[s], x)
                    if _outside(scene.shapes, o, x) >= scene.radii[s] - depth[t]:
                        continue
                    distance = shape_distance(scene.shapes, o, x[0], x[1], x[2], 0.0, 0.0, 0.0, g)
                    depth[t] = max(depth[t], scene.radii[s] - distance)


@jit(fastmath=True, inner=True)
def may_touch(scene: Scene, t: int, o: int, q: Float64[np.ndarray, "Q"]) -> bool:
    """Whether shape o is at frame t as near the base as any part of the robot reaches."""
    away = 0.0
    for k in range(3):
        away += (q[k] - scene.places[t, o, k]) ** 2
    reach = scene.reach + scene.bounds[o]
    near: bool = away <= reach * reach
    return near


@jit(fastmath=True, inner=True)
def _enclose(
    scene: Scene,
    first: Int64[np.ndarray, "B+1"],
    middles: Float64[np.ndarray, "B 3"],
    sizes: Float64[np.ndarray, "B"],
) -> None:
    """Fill which spheres each body has, one after the other, and the middle and radius of one around them, metres."""
    spheres = scene.bodies.shape[0]
    s = 0
    for b in range(sizes.shape[0]):
        first[b] = s
        while s < spheres and scene.bodies[s] == b:
            s += 1
        first[b + 1] = s
        sizes[b] = 0.0
        for k in range(3):
            middles[b, k] = 0.0
            for i in range(first[b], s):
                middles[b, k] += scene.points[i, k] / (s - first[b])
        for i in range(first[b], s):
            away = 0.0
            for k in range(3):
                away += (scene.points[i, k] - middles[b, k]) ** 2
            sizes[b] = max(sizes[b], np.sqrt(away) + scene.radii[i])


@jit(fastmath=True, inner=True)
def _seen_from(
    scene: Scene,
    t: int,
    o: int,
    q: Float64[np.ndarray, "Q"],
    R: Float64[np.ndarray, "3 3"],
    r: Float64[np.ndarray, "3"],
    point: Float64[np.ndarray, "3"],
    out: Float64[np.ndarray, "3"],
) -> None:
    """Fill where a body's point is in the frame of shape o at frame t, metres."""
    e0 = q[0] + r[0] - scene.places[t, o, 0]
    e1 = q[1] + r[1] - scene.places[t, o, 1]
    e2 = q[2] + r[2] - scene.places[t, o, 2]
    for k in range(3):
        e0 += R[0, k] * point[k]
        e1 += R[1, k] * point[k]
        e2 += R[2, k] * point[k]
    T = scene.turns[t, o]
    for k in range(3):
        out[k] = T[0, k] * e0 + T[1, k] * e1 + T[2, k] * e2


@jit(fastmath=True, inner=True)
def _outside(shapes: Shapes, o: int, x: Float64[np.ndarray, "3"]) -> float:
    """A bound from below of a point's distance from shape o, metres: how far it is beyond a face of the box around it.

    Below a field of heights there is no face.
    """
    h = shapes.halves[o]
    up = x[2] if shapes.kinds[o] == FIELD else abs(x[2])
    beyond: float = max(max(abs(x[0]) - h[0], abs(x[1]) - h[1]), up - h[2])  # noqa: PLW3301 - two are faster
    return beyond - float(shapes.rounds[o])
