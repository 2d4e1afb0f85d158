"""Shapes of things: boxes, round things, planes, hulls, grids of distances and fields of heights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from jaxtyping import Float64

from retarget.errors import RetargetError
from retarget.scenes.distance import BOX, CYLINDER, FIELD, GRID, HULL, Shapes

__all__ = ["KINDS", "Shape", "shape_arrays"]

KINDS: Final = {BOX: "box", CYLINDER: "cylinder", HULL: "hull", GRID: "grid", FIELD: "height_field"}
"""Names of the kinds of shapes in files and results."""

_PLANE: Final = 200.0  # metres: half the size of the slab that stands for a plane
_SLAB: Final = 1.0  # metres: half its thickness
_LARGEST: Final = 1e4  # metres: half a mountain
FARTHEST: Final = 1e7
"""Metres from the origin at which things may be: what projected coordinates come to."""
_THINNEST: Final = 1e-4  # metres: half the least extent of a shape with faces


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """One shape, at its place in the frame of its thing.

    Attributes:
        kind: One of `KINDS`.
        half: Half extents of the box that holds it before it is rounded, metres.
        rounded: By how much it is rounded, metres.
        place: Its middle in the thing's frame, metres.
        turn: Its axes in the thing's frame, as columns.
        planes: A hull's outward unit normals and offsets (metres), in its own frame.
        values: Distances at a grid's nodes (x, y, z), or heights of a field (x, y), metres.

    Example:
        >>> Shape.box((0.4, 0.3, 0.2)).half.tolist()
        [0.2, 0.15, 0.1]
    """

    kind: int
    half: Float64[np.ndarray, "3"]
    rounded: float = 0.0
    place: Float64[np.ndarray, "3"] = field(default_factory=lambda: np.zeros(3))
    turn: Float64[np.ndarray, "3 3"] = field(default_factory=lambda: np.eye(3))
    planes: Float64[np.ndarray, "H 4"] = field(default_factory=lambda: np.zeros((0, 4)))
    values: Float64[np.ndarray, "..."] = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        numbers = (self.half, self.place, self.turn, self.planes, self.values)
        # A sum is finite where all its numbers are, and takes half as long.
        if not all(math.isfinite(array.sum()) for array in numbers if array.size) or not (
            math.isfinite(self.rounded)
        ):
            raise RetargetError("a shape holds NaN or infinite numbers; give metres")
        largest, away = (
            2 * (float(self.half.max()) + self.rounded),
            max(map(abs, self.place.tolist())),
        )
        if largest > 2 * _LARGEST or away > FARTHEST:
            raise RetargetError(
                f"a {KINDS[self.kind]} is {largest:g} m large and {away:g} m away; "
                f"up to {2 * _LARGEST:g} and {FARTHEST:g} m are taken: give metres"
            )
        sides = self.half[:2] if self.kind == FIELD else self.half  # level ground may be flat
        least = float(sides.min())
        if self.rounded < 0 or least < 0 or least + self.rounded < _THINNEST:
            size = ", ".join(f"{2 * (h + self.rounded):g}" for h in self.half)
            raise RetargetError(
                f"a {KINDS[self.kind]} of {size} m has no size; every side must be at least {2 * _THINNEST} m"
            )

    @classmethod
    def box(cls, size: Sequence[float] | Float64[np.ndarray, "3"], rounded: float = 0.0) -> Shape:
        """A box of so many metres along x, y and z."""
        return cls(BOX, np.asarray(size, np.float64) / 2 - rounded, rounded)

    @classmethod
    def sphere(cls, radius: float) -> Shape:
        """A sphere, radius in metres."""
        return cls(BOX, np.zeros(3), float(radius))

    @classmethod
    def capsule(cls, radius: float, length: float) -> Shape:
        """A capsule about z: ``length`` metres between the middles of its ends."""
        return cls(BOX, np.array([0.0, 0.0, length / 2]), float(radius))

    @classmethod
    def cylinder(cls, radius: float, height: float) -> Shape:
        """A cylinder about z, metres."""
        return cls(CYLINDER, np.array([radius, radius, height / 2]))

    @classmethod
    def plane(cls) -> Shape:
        """All that is below z = 0: a slab, as wide as nobody walks."""
        return cls(BOX, np.array([_PLANE, _PLANE, _SLAB]), place=np.array([0.0, 0.0, -_SLAB]))

    @classmethod
    def height_field(cls, heights: Float64[np.ndarray, "X Y"], size: Sequence[float]) -> Shape:
        """Ground of heights (metres above its z = 0) over ``size`` metres along x and y, centred."""
        values = np.asarray(heights, np.float64)
        if values.ndim != 2 or min(values.shape) < 2:
            raise RetargetError(
                f"a height field of shape {values.shape} has no cells; give 2 x 2 heights or more"
            )
        tall = max(float(np.abs(values).max()), _THINNEST)
        return cls(FIELD, np.array([size[0] / 2, size[1] / 2, tall]), values=values)

    @classmethod
    def hull(cls, planes: Float64[np.ndarray, "H 4"], half: Float64[np.ndarray, "3"]) -> Shape:
        """What lies behind all of some planes (normals, offsets), centred in the box that holds it."""
        return cls(HULL, np.asarray(half, np.float64), planes=np.asarray(planes, np.float64))

    @classmethod
    def grid(cls, distances: Float64[np.ndarray, "X Y Z"], half: Float64[np.ndarray, "3"]) -> Shape:
        """Signed distances (metres, negative inside) at nodes that fill a box from face to face."""
        return cls(GRID, np.asarray(half, np.float64), values=np.asarray(distances, np.float64))

    def at(
        self,
        place: Sequence[float] | Float64[np.ndarray, "3"],
        turn: Float64[np.ndarray, "3 3"] | None = None,
    ) -> Shape:
        """The same moved and turned in the frame of its thing."""
        turn = np.eye(3) if turn is None else np.asarray(turn, np.float64)
        return replace(
            self, place=np.asarray(place, np.float64) + turn @ self.place, turn=turn @ self.turn
        )

    def scaled(self, size: float) -> Shape:
        """The same, ``size`` times as large about its thing's origin."""
        planes = self.planes * np.array([1.0, 1.0, 1.0, size])
        return replace(
            self,
            half=self.half * size,
            rounded=self.rounded * size,
            place=self.place * size,
            planes=planes,
            values=self.values * size,
        )

    def mirrored(self) -> Shape:
        """Its mirror image in the plane y = 0 of its thing's frame."""
        flip = np.array([1.0, -1.0, 1.0])
        planes = self.planes * np.array([1.0, -1.0, 1.0, 1.0])
        values = self.values[:, ::-1].copy() if self.values.ndim > 1 else self.values
        return replace(
            self,
            place=self.place * flip,
            turn=self.turn * np.outer(flip, flip),
            planes=planes,
            values=values,
        )

    def reach(self, up: Float64[np.ndarray, "*n 3"]) -> Float64[np.ndarray, "*n"]:
        """How far it reaches from its middle against a direction (unit, in its own frame), metres."""
        if self.kind == CYLINDER:
            across = np.linalg.norm(up[..., :2], axis=-1) * self.half[0]
            return np.asarray(across + np.abs(up[..., 2]) * self.half[2] + self.rounded)
        return np.asarray(np.abs(up) @ self.half + self.rounded)

    @property
    def bound(self) -> float:
        """Radius of the sphere around its middle that holds it, metres."""
        return float(np.linalg.norm(self.half) + self.rounded)

    def as_json(self) -> dict[str, Any]:
        """What it is, JSON-ready; a grid's distances are left out."""
        found: dict[str, Any] = {
            "shape": KINDS[self.kind],
            "half_m": self.half.tolist(),
            "rounded_m": self.rounded,
            "place_m": self.place.tolist(),
            "turn": self.turn.tolist(),
        }
        if self.kind == HULL:
            found["planes"] = self.planes.tolist()
        if self.kind == FIELD:
            found["heights_m"] = self.values.tolist()
        if self.kind == GRID:
            found["nodes"] = list(self.values.shape)
            found["distances_mm"] = np.rint(self.values * 1e3).astype(int).ravel().tolist()
        return found

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> Shape:
        """What `as_json` has written."""
        kind = next(number for number, name in KINDS.items() if name == said["shape"])
        values = np.zeros(0)
        if kind == FIELD:
            values = np.array(said["heights_m"], np.float64)
        if kind == GRID:
            values = np.array(said["distances_mm"], np.float64).reshape(said["nodes"]) / 1e3
        return cls(
            kind,
            np.array(said["half_m"], np.float64),
            float(said["rounded_m"]),
            np.array(said["place_m"], np.float64),
            np.array(said["turn"], np.float64),
            np.array(said.get("planes", []), np.float64).reshape(-1, 4),
            values,
        )


def shape_arrays(shapes: Sequence[Shape], dtype: type = np.float64) -> Shapes:
    """Shapes as kernels want them; their places are left out."""
    planes = [shape.planes for shape in shapes]
    values = [shape.values.ravel() for shape in shapes]
    sizes = np.zeros((len(shapes), 3), np.int64)
    first = np.zeros(len(shapes), np.int64)
    plane = value = 0
    for o, shape in enumerate(shapes):
        first[o] = plane if shape.kind == HULL else value
        if shape.kind == HULL:
            sizes[o, 0] = len(shape.planes)
        elif shape.values.ndim > 1:
            sizes[o, : shape.values.ndim] = shape.values.shape
        plane += len(planes[o])
        value += len(values[o])
    return Shapes(
        np.array([shape.kind for shape in shapes], np.int64),
        np.array([shape.half for shape in shapes], dtype).reshape(-1, 3),
        np.array([shape.rounded for shape in shapes], dtype),
        first,
        sizes,
        np.concatenate([np.zeros((0, 4)), *planes]).astype(dtype),
        np.concatenate([np.zeros(0), *values]).astype(dtype),
    )
