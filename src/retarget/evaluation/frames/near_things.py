"""How far each part of a robot is from each of the things around it, frame by frame."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.evaluation.frames.standing.feet import robot_soles
from retarget.result import RetargetingResult
from retarget.robots.model import RobotModel
from retarget.robots.shapes.spheres import EXACT, Spheres, covering_spheres
from retarget.robots.shapes.touch import palm_point
from retarget.scenes.distance import Shapes, shape_distance
from retarget.scenes.posed import Thing
from retarget.scenes.shapes import shape_arrays
from retarget.solver.kinematics.forward import pose_blocks

__all__ = ["FAR", "LEFT_FOOT", "LEFT_HAND", "RIGHT_FOOT", "SIDES", "RobotNearThings", "near_things"]

LEFT_FOOT, RIGHT_FOOT, LEFT_HAND, RIGHT_HAND, REST = range(5)
"""Parts of a robot that distances are told of."""

SIDES: Final = ("left", "right")
"""Of feet and hands, in order."""

FAR: Final = 10.0
"""Metres: what is farther is as far."""

_PARTS: Final = 5


class RobotNearThings(NamedTuple):
    """A robot's parts beside things.

    Attributes:
        near: Distance of each part's surface from each thing, the floor being the first; negative inside, metres.
        ends: Front and back of the left and right sole, world, metres.
        palms: Middles of the hands, world, metres.
    """

    near: Float64[np.ndarray, "T P N"]
    ends: Float64[np.ndarray, "T 2 2 3"]
    palms: Float64[np.ndarray, "T 2 3"]


def near_things(
    result: RetargetingResult, robot: RobotModel, things: Sequence[Thing]
) -> RobotNearThings:
    """Look how near a robot's parts are to things, the first of which is the floor."""
    frames = len(result)
    near = np.full((frames, _PARTS, len(things)), FAR)
    ends, palms = np.empty((frames, 2, 2, 3)), np.zeros((frames, 2, 3))
    spheres, parts = _parts(robot)
    shape_things = [shape for thing in things[1:] for shape in thing.shapes]
    owner = np.repeat(np.arange(1, len(things)), [len(thing.shapes) for thing in things[1:]])
    arrays = shape_arrays(shape_things)
    bounds = np.array([shape.bound for shape in shape_things])
    soles = robot_soles(robot).ends
    grips = [palm_point(robot, side) for side in SIDES]
    for rows, positions, rotations in pose_blocks(result.qpos, robot):
        count = len(positions)
        places = np.empty((count, len(shape_things), 3))
        turns = np.empty((count, len(shape_things), 3, 3))
        o = 0
        for thing in things[1:]:
            part = thing.part(rows.start, rows.stop)
            for shape in thing.shapes:
                places[:, o], turns[:, o] = part.poses_of(shape)
                o += 1
        _fill_distances(
            positions, rotations, spheres.bodies, spheres.points, spheres.radii, parts, arrays, bounds, owner, places,
            turns, near[rows],
        )  # fmt: skip
        for side in range(2):
            body = robot.feet[side]
            for end in range(2):
                ends[rows, side, end] = positions[:, body] + rotations[:, body] @ soles[side, end]
            grip = grips[side]
            if grip is not None:
                palms[rows, side] = positions[:, grip.body] + rotations[:, grip.body] @ grip.point
    return RobotNearThings(near, ends, palms)


@lru_cache(maxsize=4)
def _parts(robot: RobotModel) -> tuple[Spheres, Int64[np.ndarray, "F"]]:
    spheres = covering_spheres(robot, EXACT)
    parts = np.full(len(spheres.bodies), REST)
    for side, name in enumerate(SIDES):
        parts[spheres.bodies == robot.feet[side]] = LEFT_FOOT + side
        grip = palm_point(robot, name)
        if grip is None:
            continue
        hand = spheres.bodies == grip.body
        if grip.body == robot.roles[f"{name}_elbow"]:  # of an arm without a hand its farther half
            elbow = robot.role_points[f"{name}_elbow"]
            from_elbow, from_end = (
                np.linalg.norm(spheres.points - end, axis=1) for end in (elbow, grip.point)
            )
            hand &= from_end < from_elbow
        parts[hand] = LEFT_HAND + side
    return spheres, parts


@jit(fastmath=True)
def _fill_distances(
    positions: Float64[np.ndarray, "n B 3"],
    rotations: Float64[np.ndarray, "n B 3 3"],
    bodies: Int64[np.ndarray, "F"],
    points: Float64[np.ndarray, "F 3"],
    radii: Float64[np.ndarray, "F"],
    parts: Int64[np.ndarray, "F"],
    shapes: Shapes,
    bounds: Float64[np.ndarray, "O"],
    owner: Int64[np.ndarray, "O"],
    places: Float64[np.ndarray, "n O 3"],
    turns: Float64[np.ndarray, "n O 3 3"],
    near: Float64[np.ndarray, "n P N"],
) -> None:
    """Lower the distances of each part of the robot's surface from each thing, the floor being the first."""
    x = scratch(3, np.float64)
    e = scratch(3, np.float64)
    g = scratch(3, np.float64)
    for t in range(positions.shape[0]):
        for s in range(bodies.shape[0]):
            b = bodies[s]
            part = parts[s]
            for i in range(3):
                x[i] = positions[t, b, i]
                for k in range(3):
                    x[i] += rotations[t, b, i, k] * points[s, k]
            near[t, part, 0] = min(near[t, part, 0], x[2] - radii[s])
            for o in range(bounds.shape[0]):
                best = near[t, part, owner[o]]
                away = 0.0
                for i in range(3):
                    e[i] = x[i] - places[t, o, i]
                    away += e[i] * e[i]
                if np.sqrt(away) - bounds[o] - radii[s] > best:
                    continue
                T = turns[t, o]
                l0 = T[0, 0] * e[0] + T[1, 0] * e[1] + T[2, 0] * e[2]
                l1 = T[0, 1] * e[0] + T[1, 1] * e[1] + T[2, 1] * e[2]
                l2 = T[0, 2] * e[0] + T[1, 2] * e[1] + T[2, 2] * e[2]
                distance = shape_distance(shapes, o, l0, l1, l2, 0.0, 0.0, 0.0, g) - radii[s]
                near[t, part, owner[o]] = min(best, distance)
