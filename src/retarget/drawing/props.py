"""Things around who is on the stage, as surfaces that stay or move with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float64, Int64

from retarget.scenes.posed import FLOOR, Thing
from retarget.scenes.surfaces import Surface, shape_surface

__all__ = ["Prop", "Strip", "corner_normals", "props_of", "wide_across"]

_ABOVE: Final = 0.005  # metres: what is nowhere higher is the floor
_WIDEST: Final = (
    30.0  # metres: what is wider is the ground, and is not looked at to make room for it
)


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """The part of the floor that belongs to one figure of a row: what stays there is cut off at its edges.

    Attributes:
        across: Unit vector along the row.
        middle: Of the strip along it, metres.
        half: Half its width, metres.
    """

    across: Float64[np.ndarray, "3"]
    middle: float
    half: float


@dataclass(frozen=True, slots=True, eq=False)
class Prop:
    """A thing's surface.

    Attributes:
        name: Of the thing.
        owner: Of the figure that it is around.
        points: Corners of triangles in its frame, metres; no two triangles share one, so that edges are sharp.
        normals: Of the corners.
        triangles: Indices of each triangle's corners.
        places: Where its frame is on the stage: one for all frames, or one for each of its own, metres.
        turns: How it is turned.
        first: The stage's frame of its first one.
    """

    name: str
    owner: str
    points: Float64[np.ndarray, "V 3"]
    normals: Float64[np.ndarray, "V 3"]
    triangles: Int64[np.ndarray, "F 3"]
    places: Float64[np.ndarray, "S 3"]
    turns: Float64[np.ndarray, "S 3 3"]
    first: int = 0

    @property
    def stays(self) -> bool:
        """Whether nobody moves it."""
        return len(self.places) == 1

    def pose(self, frame: int) -> tuple[Float64[np.ndarray, "3"], Float64[np.ndarray, "3 3"]]:
        """Where it is at one of the stage's frames; before it begins and after its end it waits."""
        own = min(max(frame - self.first, 0), len(self.places) - 1)
        return self.places[own], self.turns[own]


def props_of(
    things: Sequence[Thing],
    owner: str,
    offset: Float64[np.ndarray, "3"],
    *,
    turn: Float64[np.ndarray, "3 3"] | None = None,
    scale: float = 1.0,
    first: int = 0,
    strip: Strip | None = None,
) -> list[Prop]:
    """Things as props; the floor, and what is nowhere above it, are left out.

    Args:
        things: In their world.
        owner: Name of the figure that they are around.
        offset: Added to where they are on the stage, metres.
        turn: Of their world on the stage, before that; none where None.
        scale: Of their world on the stage.
        first: The stage's frame of their first one.
        strip: Where what does not move is cut off.
    """
    turn = np.eye(3) if turn is None else turn
    found = []
    for thing in things:
        if thing.name == FLOOR:
            continue
        places, turns = scale * thing.places @ turn.T + offset, turn @ thing.turns
        for shape in thing.shapes:
            surface = shape_surface(shape)
            points = scale * surface.points
            if not thing.moves:
                points = points @ turns[0].T + places[0]
                if points[:, 2].max() <= _ABOVE:
                    continue
                cut = _cut_to(Surface(points, surface.triangles), strip)
                pose = np.zeros((1, 3)), np.eye(3)[None]
            else:
                cut, pose = Surface(points, surface.triangles), (places, turns)
            if len(cut.triangles):
                found.append(Prop(thing.name, owner, *_sharp(cut), *pose, first))
    return found


def wide_across(things: Sequence[Thing], across: Float64[np.ndarray, "3"]) -> float:
    """How wide the things that stay are along a direction, metres; the ground that carries all is none of them."""
    spans = [0.0]
    for thing in things:
        if thing.name == FLOOR or thing.moves:
            continue
        for shape in thing.shapes:
            places, turns = thing.poses_of(shape)
            wide = 2.0 * float(shape.reach(across @ turns[0]))
            if wide < _WIDEST and places[0, 2] + shape.reach(turns[0][2]) > _ABOVE:
                spans.append(wide)
    return max(spans)


def _sharp(
    surface: Surface,
) -> tuple[Float64[np.ndarray, "V 3"], Float64[np.ndarray, "V 3"], Int64[np.ndarray, "F 3"]]:
    """Corners, normals and triangles, each triangle with corners of its own."""
    corners = surface.points[surface.triangles].reshape(-1, 3)
    triangles = np.arange(len(corners)).reshape(-1, 3)
    return corners, corner_normals(corners, triangles), triangles


def corner_normals(
    points: Float64[np.ndarray, "V 3"], triangles: Int64[np.ndarray, "F 3"]
) -> Float64[np.ndarray, "V 3"]:
    """Normals of corners: of the triangles around each, larger ones counting more."""
    a, b, c = (points[triangles[:, k]] for k in range(3))
    across = np.cross(b - a, c - a)
    sums = np.zeros_like(points)
    for k in range(3):
        np.add.at(sums, triangles[:, k], across)
    size = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.asarray(sums / np.maximum(size, 1e-12))


def _cut_to(surface: Surface, strip: Strip | None) -> Surface:
    if strip is None:
        return surface
    for sign in (1.0, -1.0):
        surface = _cut(surface, sign * strip.across, sign * strip.middle - strip.half)
    return surface


def _cut(surface: Surface, normal: Float64[np.ndarray, "3"], offset: float) -> Surface:
    """The part of a surface where a coordinate along a direction is at least an offset (Sutherland & Hodgman 1974)."""
    corners = surface.points[surface.triangles]
    above = corners @ normal - offset
    inside = above >= 0
    count = inside.sum(axis=1)
    kept = [corners[count == 3]]
    for alone, wanted in ((True, 1), (False, 2)):
        rows = np.flatnonzero(count == wanted)
        if not len(rows):
            continue
        odd = np.argmax(inside[rows] == alone, axis=1)
        order = (odd[:, None] + np.arange(3)) % 3
        a, b, c = (corners[rows, order[:, k]] for k in range(3))
        da, db, dc = (above[rows, order[:, k]][:, None] for k in range(3))
        ab, ac = a + (b - a) * (da / (da - db)), a + (c - a) * (da / (da - dc))
        if alone:
            kept.append(np.stack([a, ab, ac], axis=1))
        else:
            kept += [np.stack([ab, b, c], axis=1), np.stack([ab, c, ac], axis=1)]
    points = np.concatenate(kept).reshape(-1, 3)
    return Surface(points, np.arange(len(points)).reshape(-1, 3))
