"""Shapes that are made higher or lower, all else as it was: steps of another height, ramps of another slope."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.errors import RetargetError
from retarget.scenes.distance import BOX, CYLINDER, FIELD, HULL
from retarget.scenes.shapes import KINDS, Shape
from retarget.scenes.surfaces import shape_surface

__all__ = ["stretched_up"]

_UPRIGHT: Final = 1.0 - 1e-9  # of an axis along z
_SHARP: Final = 1e-9  # metres of rounding that is none


def stretched_up(shape: Shape, factor: float) -> Shape:
    """A shape whose heights over its thing's z = 0 are ``factor`` times as large.

    What stands upright stays what it is; a box that is tilted becomes a hull.

    Raises:
        RetargetError: What is round would be round no more, and distances in a grid none.
    """
    place = shape.place * np.array([1.0, 1.0, factor])
    upright = np.abs(shape.turn[2]) > _UPRIGHT
    sharp = shape.rounded <= _SHARP
    if shape.kind == BOX and sharp and upright.any():
        return replace(shape, half=np.where(upright, factor * shape.half, shape.half), place=place)
    if shape.kind in (CYLINDER, FIELD) and upright[2] and sharp:
        tall = shape.half * np.array([1.0, 1.0, factor])
        return replace(shape, half=tall, place=place, values=factor * shape.values)
    if shape.kind not in (BOX, HULL) or not sharp:
        raise RetargetError(
            f"a {KINDS[shape.kind]} that is round, tilted or a grid cannot be made higher alone; "
            "vary its size, or give it as boxes"
        )
    return _sheared(shape, factor, place)


def _sheared(shape: Shape, factor: float, place: Float64[np.ndarray, "3"]) -> Shape:
    """The hull that a tilted box or hull becomes, its faces in their order."""
    planes = shape.planes
    if shape.kind == BOX:
        axes = np.concatenate([np.eye(3), -np.eye(3)])
        planes = np.column_stack([axes, np.tile(shape.half, 2)])
    normals = planes[:, :3] @ shape.turn.T / np.array([1.0, 1.0, factor])
    lengths = np.linalg.norm(normals, axis=1)
    corners = shape_surface(shape).points * np.array([1.0, 1.0, factor]) - place
    low, high = corners.min(axis=0), corners.max(axis=0)
    middle = (low + high) / 2
    normals /= lengths[:, None]
    offsets = planes[:, 3] / lengths - normals @ middle
    return Shape.hull(np.column_stack([normals, offsets]), (high - low) / 2).at(place + middle)
