"""How deep a solved motion is in things, frames side by side."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64

from retarget.compiled.jit import jit
from retarget.compiled.packs import LANES, REAL, anywhere, packs
from retarget.compiled.scratch import scratch
from retarget.scenes.distance import BOX, FIELD, Shapes, box_distance, shape_distance
from retarget.solver.arrays import Scene, Tree
from retarget.solver.kinematics.lanes import LanePoses, make_poses, pose_lanes
from retarget.solver.kinematics.sphere_depth import Enclosures, enclose, make_enclosures, may_touch

__all__ = ["scene_depths"]


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


class _Seen(NamedTuple):
    """Room for one shape seen from the bases of `LANES` frames, and for places in its frame.

    Attributes:
        place: Where it is, relative to the base, metres.
        turn: How it is turned.
        own: A place in its frame, metres.
        bound: A bound from below of that place's distance, metres.
        depth: How deep the robot is in things, metres.
    """

    place: Float32[np.ndarray, "3 L"]
    turn: Float32[np.ndarray, "3 3 L"]
    own: Float32[np.ndarray, "3 L"]
    bound: Float32[np.ndarray, "1 L"]
    depth: Float32[np.ndarray, "1 L"]


@jit(fastmath=True)
def _find_depths(
    qpos: Float64[np.ndarray, "T Q"],
    tree: Tree,
    scene: Scene,
    asked: Bool[np.ndarray, "T"],
    depth: Float64[np.ndarray, "T"],
) -> None:
    bodies = tree.parents.shape[0]
    stand = make_poses(tree)
    around = make_enclosures(bodies)
    enclose(scene, around)
    seen = _Seen(
        scratch((3, LANES), REAL),
        scratch((3, 3, LANES), REAL),
        scratch((3, LANES), REAL),
        scratch((1, LANES), REAL),
        scratch((1, LANES), REAL),
    )
    for first in range(0, qpos.shape[0], LANES):
        last = min(first + LANES, qpos.shape[0])
        wanted = False
        for t in range(first, last):
            seen.depth[0, t - first] = 0.0
            wanted = wanted or asked[t]
        if not wanted:
            continue
        posed = False
        for o in range(scene.shapes.kinds.shape[0]):
            near = False
            for t in range(first, last):
                near = near or may_touch(scene, t, o, qpos[t])
            if not near:
                continue
            if not posed:
                pose_lanes(qpos, first, tree, stand)
                posed = True
            _see(scene, first, o, qpos, seen)
            _sink(scene, around, o, stand, seen)
        for t in range(first, last):
            if asked[t]:
                depth[t] = seen.depth[0, t - first]


@jit(fastmath=True, inner=True)
def _see(scene: Scene, first: int, o: int, qpos: Float64[np.ndarray, "T Q"], seen: _Seen) -> None:
    """Fill where shape o is in the frames from ``first``; lanes beyond the last frame repeat it."""
    for lane in range(LANES):
        t = min(first + lane, qpos.shape[0] - 1)
        for i in range(3):
            seen.place[i, lane] = scene.places[t, o, i] - qpos[t, i]
            for k in range(3):
                seen.turn[i, k, lane] = scene.turns[t, o, i, k]


@jit(fastmath=True, inner=True)
def _sink(scene: Scene, around: Enclosures, o: int, stand: LanePoses, seen: _Seen) -> None:
    """Raise how deep the robot is by how deep it is in shape o."""
    shapes, depth, own, bound = scene.shapes, packs(seen.depth), packs(seen.own), packs(seen.bound)
    gradient = packs(scratch((3, LANES), REAL))
    box, zero = shapes.kinds[o] == BOX, 0.0 * depth[0]  # nobody says on which side the human is
    for b in range(around.sizes.shape[0]):
        if around.first[b] == around.first[b + 1]:
            continue
        _look(shapes, o, b, around.middles[b], stand, seen)
        if not anywhere(bound[0] < around.sizes[b] - depth[0]):
            continue
        for s in range(around.first[b], around.first[b + 1]):
            _look(shapes, o, b, scene.points[s], stand, seen)
            deeper = bound[0] < scene.radii[s] - depth[0]
            if not anywhere(deeper):
                continue
            if box:
                away = box_distance(
                    own[0], own[1], own[2], shapes.halves[o], zero, zero, zero, gradient
                )
                depth[0] = max(depth[0], scene.radii[s] + shapes.rounds[o] - away)
            else:
                _sink_by_lane(shapes, o, scene.radii[s], seen)


@jit(fastmath=True, inner=True)
def _look(
    shapes: Shapes,
    o: int,
    b: int,
    point: Float[np.ndarray, "3"],
    stand: LanePoses,
    seen: _Seen,
) -> None:
    """Fill where a point of body b is in shape o's frame, and how far off it is at least.

    That is how far it is beyond a face of the box around the shape; below a field of heights there is no face.
    """
    R, r, place, turn = packs(stand.R), packs(stand.r), packs(seen.place), packs(seen.turn)
    own, h = packs(seen.own), shapes.halves[o]
    x0, x1, x2 = point[0], point[1], point[2]
    e0 = r[b, 0] - place[0] + R[b, 0, 0] * x0 + R[b, 0, 1] * x1 + R[b, 0, 2] * x2
    e1 = r[b, 1] - place[1] + R[b, 1, 0] * x0 + R[b, 1, 1] * x1 + R[b, 1, 2] * x2
    e2 = r[b, 2] - place[2] + R[b, 2, 0] * x0 + R[b, 2, 1] * x1 + R[b, 2, 2] * x2
    for k in range(3):
        own[k] = turn[0, k] * e0 + turn[1, k] * e1 + turn[2, k] * e2
    beyond = max(abs(own[0]) - h[0], abs(own[1]) - h[1])
    up = own[2] if shapes.kinds[o] == FIELD else abs(own[2])
    beyond = max(beyond, up - h[2])
    packs(seen.bound)[0] = beyond - shapes.rounds[o]


@jit(fastmath=True, inner=True)
def _sink_by_lane(
    shapes: Shapes,
    o: int,
    radius: float,
    seen: _Seen,
) -> None:
    """Raise how deep the robot is by how deep a sphere is in shape o, frame by frame where it may be deeper."""
    x, gradient = seen.own, scratch(3, REAL)
    for lane in range(LANES):
        if seen.bound[0, lane] < radius - seen.depth[0, lane]:
            away = shape_distance(
                shapes, o, x[0, lane], x[1, lane], x[2, lane], 0.0, 0.0, 0.0, gradient
            )
            seen.depth[0, lane] = max(seen.depth[0, lane], radius - away)
