"""A scene's things frame by frame: where they are, how far points are from them, and where on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from retarget.errors import RetargetError
from retarget.geometry import matrix_from_quaternion
from retarget.scenes.distance import Shapes
from retarget.scenes.nearest import nearest_of
from retarget.scenes.scene import Scene, Size, Terrain
from retarget.scenes.shapes import Shape, shape_arrays
from retarget.scenes.stretching import stretched_up

__all__ = [
    "FLOOR",
    "Nearest",
    "Solid",
    "Surroundings",
    "Thing",
    "floor_thing",
    "posed_things",
    "solid_of",
]

FLOOR = "floor"


class Solid(NamedTuple):
    """Shapes of a thing as kernels want them.

    Attributes:
        arrays: The shapes.
        bounds: Radius of the sphere around each that holds it, metres.
        places: Middle of each in the thing's frame, metres.
        turns: How it is turned there.
    """

    arrays: Shapes
    bounds: Float64[np.ndarray, "O"]
    places: Float64[np.ndarray, "O 3"]
    turns: Float64[np.ndarray, "O 3 3"]


@lru_cache(maxsize=16)
def solid_of(shapes: tuple[Shape, ...]) -> Solid:
    """The shapes as kernels want them; remembered for those used last, as each is asked for many points."""
    return Solid(
        shape_arrays(shapes),
        np.array([shape.bound for shape in shapes]),
        np.array([shape.place for shape in shapes]),
        np.array([shape.turn for shape in shapes]),
    )


class Nearest(NamedTuple):
    """The nearest surface of a thing to a point, frame by frame.

    Attributes:
        distance: Signed, metres.
        place: Point on the surface in the thing's frame, metres.
        normal: Outward, in the thing's frame.
    """

    distance: Float64[np.ndarray, "T"]
    place: Float64[np.ndarray, "T 3"]
    normal: Float64[np.ndarray, "T 3"]


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """A thing over the frames of a clip, of the human's world or the robot's.

    Attributes:
        name: Which.
        shapes: What it is made of, in its frame.
        places: Where its frame is: one per frame, or one for all, metres.
        turns: How it is turned.
        moves: Whether it is on a path.
        terrain: Whether it is part of the world, one piece with other terrain.
        size: As `retarget.scenes.Scene` has it.
        stretch: Factor on that.
        stand_in: What it is made of for the robot, real size, where that is something else than for the human.
        height: Factor on its heights alone, by which those of ``stand_in`` are others.
    """

    name: str
    shapes: tuple[Shape, ...]
    places: Float64[np.ndarray, "S 3"]
    turns: Float64[np.ndarray, "S 3 3"]
    moves: bool
    terrain: bool
    size: Size
    stretch: float = 1.0
    stand_in: tuple[Shape, ...] | None = None
    height: float = 1.0

    def to_local(self, points: Float64[np.ndarray, "*n T 3"]) -> Float64[np.ndarray, "*n T 3"]:
        """Points of the world in the thing's frame, metres."""
        away = points - self.places
        if len(self.turns) == 1:
            return np.asarray(away @ self.turns[0])
        return np.asarray(np.einsum("tij,...ti->...tj", self.turns, away))

    def to_world(self, local: Float64[np.ndarray, "T 3"]) -> Float64[np.ndarray, "T 3"]:
        """Points of the thing's frame, one per frame or one for all, in the world, metres."""
        return np.asarray(self.places + self.directed(local))

    def directed(self, local: Float64[np.ndarray, "T 3"]) -> Float64[np.ndarray, "T 3"]:
        """Directions of the thing's frame, one per frame or one for all, in the world."""
        if len(self.turns) == 1:
            return np.asarray(local @ self.turns[0].T)
        if len(local) == 1:
            return np.asarray(self.turns @ local[0])
        return np.asarray(np.einsum("tij,tj->ti", self.turns, local))

    def poses_of(
        self, shape: Shape
    ) -> tuple[Float64[np.ndarray, "S 3"], Float64[np.ndarray, "S 3 3"]]:
        """Where one of its shapes is in the world, and how it is turned."""
        return self.places + self.turns @ shape.place, self.turns @ shape.turn

    def nearest(self, points: Float64[np.ndarray, "T 3"]) -> Nearest:
        """Distance of a point per frame from its surface, and where that is nearest."""
        return self.nearest_to_each(points[None])[0]

    def nearest_to_each(self, points: Float64[np.ndarray, "N T 3"]) -> list[Nearest]:
        """The same for several points per frame, at once."""
        distance = np.empty(points.shape[:2])
        place, normal = np.empty(points.shape), np.empty(points.shape)
        nearest_of(
            *solid_of(self.shapes),
            np.ascontiguousarray(points, np.float64),
            np.ascontiguousarray(self.places, np.float64),
            np.ascontiguousarray(self.turns, np.float64),
            distance,
            place,
            normal,
        )
        return [Nearest(*each) for each in zip(distance, place, normal, strict=True)]

    def lowest(self) -> Float64[np.ndarray, "S"]:
        """Height of its lowest point, metres."""
        heights = []
        for shape in self.shapes:
            places, turns = self.poses_of(shape)
            heights.append(places[:, 2] - shape.reach(turns[:, 2]))
        return np.asarray(np.min(heights, axis=0))

    def part(self, first: int, last: int) -> Thing:
        """The same from frame ``first`` up to, not including, ``last``."""
        if len(self.places) == 1:
            return self
        return replace(self, places=self.places[first:last], turns=self.turns[first:last])


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """What is nearest to points of a body among things, looked for when a thing is first asked for: for all points.

    Attributes:
        things: The floor and all things.
        points: Points of the body in the same world, metres.
        found: What has been asked for.

    Example:
        >>> surroundings["left_palm", 1].distance  # doctest: +SKIP
    """

    things: Sequence[Thing]
    points: Mapping[str, Float64[np.ndarray, "T 3"]]
    found: dict[tuple[str, int], Nearest] = field(default_factory=dict)

    def __getitem__(self, key: tuple[str, int]) -> Nearest:
        """The nearest surface of a thing, by its index, to a point."""
        if key not in self.found:
            o = key[1]
            new = [point for point in self.points if (point, o) not in self.found]
            places = np.stack([self.points[point] for point in new])
            found = self.things[o].nearest_to_each(places)
            self.found.update({(point, o): one for point, one in zip(new, found, strict=True)})
        return self.found[key]


def floor_thing() -> Thing:
    """The floor at z = 0."""
    return Thing(FLOOR, (Shape.plane(),), np.zeros((1, 3)), np.eye(3)[None], False, True, "scaled")


def posed_things(scene: Scene, frames: int, fps: float) -> list[Thing]:
    """The floor and all things of a scene over the frames of its motion, in the motion's world."""
    still = np.zeros((1, 3)), np.eye(3)[None]
    things: list[Thing] = [floor_thing()]
    for one in scene.objects:
        places, turns = still
        if one.trajectory is not None:
            path = one.trajectory.resampled(fps, frames)
            places, turns = path.positions, matrix_from_quaternion(path.rotations)
            if not one.moves:
                places, turns = places[:1], turns[:1]
        things.append(
            Thing(
                one.name,
                one.shapes,
                places,
                turns,
                one.moves,
                False,
                one.size,
                stand_in=one.stand_in,
            )
        )
    things += [
        Thing(t.name, t.shapes, *still, False, True, t.size, t.stretch, _heightened(t), t.height)
        for t in scene.terrains
    ]
    return things


def _heightened(terrain: Terrain) -> tuple[Shape, ...] | None:
    """What terrain of another height is made of; None where its height is its own."""
    if terrain.height == 1.0:
        return None
    try:
        return tuple(stretched_up(shape, terrain.height) for shape in terrain.shapes)
    except RetargetError as error:
        raise RetargetError(f"{terrain.name}: {error}") from None
