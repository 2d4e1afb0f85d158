"""On which side of a shape's faces points are."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float64, Int8

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.scenes.distance import BOX

__all__ = ["find_sides", "side_of"]

_SURE: Final = 0.03  # metres that the human may be inside a face that it is on the side of


@jit(fastmath=True)
def find_sides(
    kind: int,
    half: Float64[np.ndarray, "3"],
    planes: Float64[np.ndarray, "H 4"],
    points: Float64[np.ndarray, "T G 3"],
    places: Float64[np.ndarray, "S 3"],
    turns: Float64[np.ndarray, "S 3 3"],
    out: Int8[np.ndarray, "T G"],
) -> None:
    """Fill on the side of which face of a box or hull points are, frame by frame.

    Args:
        kind: `retarget.scenes.distance.BOX` or ``HULL``.
        half: Half extents of a box, metres.
        planes: Outward unit normals and offsets of a hull's faces, metres.
        points: World, metres.
        places: Where the shape is: one per frame, or one for all, metres.
        turns: How it is turned.
        out: Filled; see `retarget.solver.arrays.Scene`.
    """
    for t in range(points.shape[0]):
        s = t if places.shape[0] > 1 else 0
        for g in range(points.shape[1]):
            out[t, g] = side_of(kind, half, planes, points[t, g], places[s], turns[s])


@jit(fastmath=True, inner=True)
def side_of(
    kind: int,
    half: Float64[np.ndarray, "3"],
    planes: Float64[np.ndarray, "H 4"],
    point: Float64[np.ndarray, "3"],
    place: Float64[np.ndarray, "3"],
    turn: Float64[np.ndarray, "3 3"],
) -> int:
    """The same of one point."""
    x = scratch(3, np.float64)
    for k in range(3):
        x[k] = 0.0
        for i in range(3):
            x[k] += turn[i, k] * (point[i] - place[i])
    farthest, face = -np.inf, 0
    if kind == BOX:
        for k in range(3):
            beyond = abs(x[k]) - half[k]
            if beyond > farthest:
                farthest = beyond
                face = -k - 1 if x[k] < 0.0 else k + 1
    else:
        for h in range(planes.shape[0]):
            n = planes[h]
            beyond = n[0] * x[0] + n[1] * x[1] + n[2] * x[2] - n[3]
            if beyond > farthest:
                farthest = beyond
                face = h + 1
    return face if farthest > -_SURE else 0
