"""A scene as the kernels want it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int8, Int64

from retarget.compiled.jit import jit
from retarget.motion.segments import SIDES
from retarget.robots.model import RobotModel
from retarget.robots.shapes.spheres import EXACT, SOLVED, covering_spheres
from retarget.scenes.body import SIDE_POINTS
from retarget.scenes.distance import BOX, HULL
from retarget.scenes.posed import Thing
from retarget.scenes.shapes import shape_arrays
from retarget.scenes.sides import find_sides
from retarget.solver.arrays import Scene

__all__ = [
    "RobotSpheres",
    "covered_finely",
    "human_sides",
    "make_scene",
    "robot_spheres",
    "things_near",
]

_ASTRAY = 0.5  # metres that a robot's base may be from where the scaled human's is
_FOLLOWED = {
    "hip": "thigh",
    "knee": "shank",
    "ankle": "foot",
    "elbow": "hand",
    "wrist": "hand",
}
_ROLES = ("pelvis", "chest", *(f"{s}_{r}" for s in SIDES for r in (*_FOLLOWED, "shoulder")))


class RobotSpheres(NamedTuple):
    """Spheres that cover a robot where it may touch things.

    Attributes:
        bodies: Body of each.
        points: Its centre there, metres.
        radii: Metres.
        groups: Which of `retarget.scenes.body.SIDE_POINTS` goes where it goes.
        reach: Radius of the sphere around the base's origin that holds the robot, metres.
    """

    bodies: Int64[np.ndarray, "F"]
    points: Float64[np.ndarray, "F 3"]
    radii: Float64[np.ndarray, "F"]
    groups: Int64[np.ndarray, "F"]
    reach: float


@lru_cache(maxsize=8)
def robot_spheres(robot: RobotModel, spacing: float = SOLVED) -> RobotSpheres:
    """A robot's covering spheres with whose parts they follow; remembered for the robots used last."""
    spheres = covering_spheres(robot, spacing)
    lengths = np.zeros(len(robot.parents))
    for body in range(1, len(lengths)):
        lengths[body] = lengths[robot.parents[body]] + np.linalg.norm(robot.offsets[body])
    away = lengths[spheres.bodies] + np.linalg.norm(spheres.points, axis=1) + spheres.radii
    groups = np.array([_group_of(robot, int(body)) for body in spheres.bodies], np.int64)
    return RobotSpheres(
        spheres.bodies, spheres.points, spheres.radii, groups, float(away.max(initial=0.0))
    )


def _group_of(robot: RobotModel, body: int) -> int:
    """The human's part that a body follows: that of the nearest role at or above it."""
    by_body: dict[int, str] = {robot.roles[role]: role for role in _ROLES if role in robot.roles}
    while body not in by_body and body > 0:
        body = int(robot.parents[body])
    role = by_body.get(body, "pelvis")
    side, _, part = role.partition("_")
    if part not in _FOLLOWED:
        return SIDE_POINTS.index("pelvis" if role == "pelvis" else "chest")
    return SIDE_POINTS.index(f"{side}_{_FOLLOWED[part]}")


def things_near(
    things: Sequence[Thing], path: Float64[np.ndarray, "T 3"], reach: float
) -> list[tuple[int, ...]]:
    """Which shapes of each thing come near a robot whose base is about on a path (metres).

    Args:
        things: In the robot's world.
        path: Where its base is to be, metres.
        reach: Radius of the sphere around the base's origin that holds the robot, metres.
    """
    found = []
    for thing in things:
        near = [
            i
            for i, shape in enumerate(thing.shapes)
            if _come_near(
                path,
                np.ascontiguousarray(thing.poses_of(shape)[0]),
                reach + shape.bound + _ASTRAY,
            )
        ]
        found.append(tuple(near or (0,)))  # kernels want one
    return found


@jit(fastmath=True)
def _come_near(
    path: Float64[np.ndarray, "T 3"], places: Float64[np.ndarray, "S 3"], reach: float
) -> bool:
    for t in range(path.shape[0]):
        s = t if places.shape[0] > 1 else 0
        squared = 0.0
        for k in range(3):
            squared += (path[t, k] - places[s, k]) ** 2
        if squared < reach * reach:
            return True
    return False


def human_sides(
    things: Sequence[Thing], points: Float64[np.ndarray, "T G 3"]
) -> Int8[np.ndarray, "T G O"]:
    """On the side of which face of each shape the human's points are; see `retarget.solver.arrays.Scene`."""
    shapes = [(thing, shape) for thing in things for shape in thing.shapes]
    sides = np.zeros((len(shapes), *points.shape[:2]), np.int8)
    for own, (thing, shape) in zip(sides, shapes, strict=True):
        if shape.kind in (BOX, HULL):
            places, turns = map(np.ascontiguousarray, thing.poses_of(shape))
            find_sides(shape.kind, shape.half, shape.planes, points, places, turns, own)
    return np.ascontiguousarray(np.moveaxis(sides, 0, 2))


def covered_finely(scene: Scene, robot: RobotModel) -> Scene:
    """The same things around a robot covered so finely that no edge of a thing fits between its spheres."""
    spheres = robot_spheres(robot, EXACT)
    return scene._replace(
        bodies=spheres.bodies,
        points=spheres.points.astype(np.float32),
        radii=spheres.radii.astype(np.float32),
        groups=spheres.groups,
    )


def make_scene(
    robot: RobotModel,
    things: Sequence[Thing],
    sides: Int8[np.ndarray, "T G O"],
    grounds: Float64[np.ndarray, "T 2 3"],
    weight: float,
) -> Scene:
    """The things of a robot's world as the solve wants them; the floor is not one of them.

    Args:
        robot: Whose spheres stay out of them.
        things: In its world.
        sides: From `human_sides`, of the same things in the human's world.
        grounds: Normals of what the feet stand on, in the robot's world.
        weight: Of a sphere's depth in one of them, 1/m^2.
    """
    frames = len(sides)
    shapes = [shape for thing in things for shape in thing.shapes]
    spheres = robot_spheres(robot)
    places, turns = np.empty((frames, len(shapes), 3)), np.empty((frames, len(shapes), 3, 3))
    o = 0
    for thing in things:
        for shape in thing.shapes:
            places[:, o], turns[:, o] = thing.poses_of(shape)
            o += 1
    return Scene(
        shapes=shape_arrays(shapes, np.float32),
        bounds=np.array([shape.bound for shape in shapes]),
        reach=spheres.reach,
        bodies=spheres.bodies,
        points=spheres.points.astype(np.float32),
        radii=spheres.radii.astype(np.float32),
        groups=spheres.groups,
        places=places,
        turns=turns,
        sides=sides,
        grounds=grounds,
        weight=weight,
    )
