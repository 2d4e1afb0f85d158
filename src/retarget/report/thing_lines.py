"""Things around a clip as lines: the edges of the boxes that hold their shapes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

import numpy as np
from jaxtyping import Float64, Int64

from retarget.drawing.camera import Camera
from retarget.drawing.look import rgb
from retarget.drawing.painter import Bodies
from retarget.scenes.distance import CYLINDER
from retarget.scenes.posed import Thing
from retarget.scenes.shapes import Shape

__all__ = ["thing_lines"]

_COLOUR: Final = "#6b7280"
_RADIUS: Final = 0.007  # metres
_CORNERS: Final = np.array(list(itertools.product((-1.0, 1.0), repeat=3)))
_EDGES: Final = [
    (i, j) for i in range(8) for j in range(i) if np.abs(_CORNERS[i] - _CORNERS[j]).sum() == 2.0
]
_AROUND: Final = 16  # sides of a ring


def thing_lines(
    things: Sequence[Thing],
    frames: Int64[np.ndarray, "I"],
    shifts: Float64[np.ndarray, "I 3"],
    camera: Camera,
    width: float,
) -> Bodies:
    """The edges of things at some instants, each as far as its figure's place in a row reaches.

    Args:
        things: In the world of the figures; what is below the floor is left out.
        frames: The instants.
        shifts: By how much each instant's figure is moved, metres.
        camera: Across which the places lie.
        width: Of a place, metres.
    """
    found = []
    for place, (frame, shift) in enumerate(zip(frames, shifts, strict=True)):
        for thing in things:
            if thing.name == "floor":
                continue
            part = thing.part(int(frame), int(frame) + 1)
            for shape in thing.shapes:
                places, turns = part.poses_of(shape)
                lines = _lines(shape) @ turns[0].T + places[0]
                found.append(_within(lines + shift, place, camera, width))
    lines = np.concatenate([np.zeros((0, 2, 3)), *found])
    paint = np.append(rgb(_COLOUR), 1.0).astype(np.float32)
    return Bodies(
        np.ascontiguousarray(lines[:, 0]),
        np.ascontiguousarray(lines[:, 1]),
        np.full(len(lines), _RADIUS),
        np.tile(paint, (len(lines), 1)),
        np.ones(len(lines), bool),
    )


def _lines(shape: Shape) -> Float64[np.ndarray, "E 2 3"]:
    """Edges of a shape in its own frame: rings and sides of a cylinder, else those of its box."""
    half = shape.half + shape.rounded
    if shape.kind != CYLINDER:
        corners = _CORNERS * half
        return np.array([(corners[i], corners[j]) for i, j in _EDGES])
    angles = np.linspace(0, 2 * np.pi, _AROUND + 1)
    ring = np.stack(
        [np.cos(angles) * half[0], np.sin(angles) * half[0], np.zeros(_AROUND + 1)], axis=1
    )
    up = np.array([0.0, 0.0, half[2]])
    rings = [np.stack([ring[:-1] + sign * up, ring[1:] + sign * up], axis=1) for sign in (-1, 1)]
    sides = np.stack([ring[:-1:4] - up, ring[:-1:4] + up], axis=1)
    return np.concatenate([*rings, sides])


def _within(
    lines: Float64[np.ndarray, "E 2 3"], place: int, camera: Camera, width: float
) -> Float64[np.ndarray, "F 2 3"]:
    """Lines cut off beside their figure's place, counted from the left, and below the floor."""
    lines = _cut(lines, camera.right, place * width)
    lines = _cut(lines, -camera.right, -(place + 1) * width)
    return _cut(lines, np.array([0.0, 0.0, 1.0]), -0.02)


def _cut(
    lines: Float64[np.ndarray, "E 2 3"], normal: Float64[np.ndarray, "3"], offset: float
) -> Float64[np.ndarray, "F 2 3"]:
    """The parts of lines where a coordinate along a direction is at least an offset."""
    above = lines @ normal - offset
    kept = (above > 0).any(axis=1)
    lines, above = lines[kept].copy(), above[kept]
    for end in range(2):
        out = above[:, end] < 0
        share = above[out, end] / (above[out, end] - above[out, 1 - end])
        lines[out, end] += share[:, None] * (lines[out, 1 - end] - lines[out, end])
    return lines
