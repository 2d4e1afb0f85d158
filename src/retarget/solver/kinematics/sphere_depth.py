"""Spheres of a robot seen from the things around it, one at a time: at a glance, and how deep."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.scenes.distance import BOX, FIELD, Shapes, shape_distance
from retarget.solver.arrays import Scene

__all__ = [
    "Enclosures",
    "FramePose",
    "enclose",
    "fill_enclosures",
    "make_enclosures",
    "make_frame_pose",
    "may_touch",
    "sided_depth",
    "sphere_depth",
    "surely_outside",
]


class Enclosures(NamedTuple):
    """One sphere around all spheres of each body, which lie one after the other.

    Attributes:
        first: First sphere of each body, and how many there are.
        middles: Of the sphere around them, the body's frame, metres.
        sizes: Its radius, metres.
    """

    first: Int64[np.ndarray, "B+1"]
    middles: Float64[np.ndarray, "B 3"]
    sizes: Float64[np.ndarray, "B"]


class FramePose(NamedTuple):
    """How the robot's bodies lie in one frame.

    Attributes:
        R: World rotations of the bodies.
        r: Their origins, relative to the base, metres.
        axes: World axes of the joints.
    """

    R: Float64[np.ndarray, "B 3 3"]
    r: Float64[np.ndarray, "B 3"]
    axes: Float64[np.ndarray, "B 3"]


@jit(fastmath=True, inner=True)
def may_touch(scene: Scene, t: int, o: int, q: Float64[np.ndarray, "Q"]) -> bool:
    """Whether shape o is at frame t as near the base as any part of the robot reaches."""
    away = 0.0
    for k in range(3):
        away += (q[k] - scene.places[t, o, k]) ** 2
    reach = scene.reach + scene.bounds[o]
    near: bool = away <= reach * reach
    return near


@jit(inner=True, inlined=True)
def make_frame_pose(bodies: int) -> FramePose:
    """Room for one frame."""
    return FramePose(
        scratch((bodies, 3, 3), np.float64),
        scratch((bodies, 3), np.float64),
        scratch((bodies, 3), np.float64),
    )


@jit(inner=True, inlined=True)
def make_enclosures(bodies: int) -> Enclosures:
    """Room for what is around the spheres of some bodies."""
    return Enclosures(
        scratch(bodies + 1, np.int64), scratch((bodies, 3), np.float64), scratch(bodies, np.float64)
    )


@jit(fastmath=True, inner=True)
def enclose(scene: Scene, around: Enclosures) -> None:
    """Fill which spheres each body has, and what is around them."""
    spheres = scene.bodies.shape[0]
    first, middles, sizes = around.first, around.middles, around.sizes
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


@jit(fastmath=True)
def fill_enclosures(scene: Scene, around: Enclosures) -> None:
    """`enclose` for those who keep what is around spheres."""
    enclose(scene, around)


@jit(fastmath=True, inner=True)
def surely_outside(
    scene: Scene,
    around: Enclosures,
    t: int,
    o: int,
    b: int,
    q: Float64[np.ndarray, "Q"],
    stand: FramePose,
    beside: float,
) -> bool:
    """Whether no sphere of body b can come within ``beside`` metres of shape o at frame t, at a glance.

    Also where it has none.
    """
    if around.first[b] == around.first[b + 1]:
        return True
    x0, x1, x2 = _seen_from(scene, t, o, b, q, stand, around.middles[b])
    return bool(_least_distance(scene.shapes, o, x0, x1, x2) >= around.sizes[b] + beside)


@jit(fastmath=True, inner=True)
def sphere_depth(
    scene: Scene,
    t: int,
    o: int,
    s: int,
    q: Float64[np.ndarray, "Q"],
    stand: FramePose,
    least: float,
    g: Float64[np.ndarray, "3"],
) -> float:
    """How deep sphere s is in shape o at frame t, metres, and, filled, its way out in the shape's frame.

    Where it surely is no deeper than ``least`` it is told to be outside.
    """
    x0, x1, x2 = _seen_from(scene, t, o, scene.bodies[s], q, stand, scene.points[s])
    if _least_distance(scene.shapes, o, x0, x1, x2) >= scene.radii[s] - least:
        return -np.inf
    return float(scene.radii[s] - shape_distance(scene.shapes, o, x0, x1, x2, 0.0, 0.0, 0.0, g))


@jit(fastmath=True, inner=True)
def sided_depth(
    scene: Scene,
    t: int,
    o: int,
    s: int,
    q: Float64[np.ndarray, "Q"],
    stand: FramePose,
    least: float,
    g: Float64[np.ndarray, "3"],
) -> float:
    """Likewise, with the way out to that side of the shape on which the human's part is, and in the world's axes."""
    x0, x1, x2 = _seen_from(scene, t, o, scene.bodies[s], q, stand, scene.points[s])
    if _least_distance(scene.shapes, o, x0, x1, x2) >= scene.radii[s] - least:
        return -np.inf
    side = int(scene.sides[t, scene.groups[s], o])
    s0, s1, s2 = float(side), 0.0, 0.0
    if scene.shapes.kinds[o] == BOX:
        sign = 1.0 if side > 0 else -1.0
        s0 = sign if abs(side) == 1 else 0.0
        s1 = sign if abs(side) == 2 else 0.0
        s2 = sign if abs(side) == 3 else 0.0
    depth = float(scene.radii[s] - shape_distance(scene.shapes, o, x0, x1, x2, s0, s1, s2, g))
    T = scene.turns[t, o]
    x0, x1, x2 = g[0], g[1], g[2]
    for i in range(3):
        g[i] = T[i, 0] * x0 + T[i, 1] * x1 + T[i, 2] * x2
    return depth


@jit(fastmath=True, inner=True)
def _seen_from(
    scene: Scene,
    t: int,
    o: int,
    b: int,
    q: Float64[np.ndarray, "Q"],
    stand: FramePose,
    point: Float64[np.ndarray, "3"],
) -> tuple[float, float, float]:
    """Where a point of body b is in the frame of shape o at frame t, metres."""
    R, r, T = stand.R[b], stand.r[b], scene.turns[t, o]
    e0 = q[0] + r[0] - scene.places[t, o, 0]
    e1 = q[1] + r[1] - scene.places[t, o, 1]
    e2 = q[2] + r[2] - scene.places[t, o, 2]
    for k in range(3):
        e0 += R[0, k] * point[k]
        e1 += R[1, k] * point[k]
        e2 += R[2, k] * point[k]
    return (
        T[0, 0] * e0 + T[1, 0] * e1 + T[2, 0] * e2,
        T[0, 1] * e0 + T[1, 1] * e1 + T[2, 1] * e2,
        T[0, 2] * e0 + T[1, 2] * e1 + T[2, 2] * e2,
    )


@jit(fastmath=True, inner=True)
def _least_distance(shapes: Shapes, o: int, x0: float, x1: float, x2: float) -> float:
    """A bound from below of a point's distance from shape o, metres: how far it is beyond a face of the box around it.

    Below a field of heights there is no face.
    """
    h = shapes.halves[o]
    up = x2 if shapes.kinds[o] == FIELD else abs(x2)
    beyond: float = max(max(abs(x0) - h[0], abs(x1) - h[1]), up - h[2])  # noqa: PLW3301 - two are faster
    return beyond - float(shapes.rounds[o])
