"""How far a place on the floor is from the hull of some points (Gilbert, Johnson and Keerthi's way, in the plane)."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float64

from retarget.compiled.jit import jit

__all__ = ["FAR", "hull_distance", "support_distance"]

FAR = 1e6  # metres: what no points are away
_ROUNDS = 50
_CLOSER = 1e-12  # square metres by which another point must bring the hull closer


def support_distance(points: Float64[np.ndarray, "n d"], x: float, y: float) -> float:
    """Distance along the floor of a place from the hull of points of two or more coordinates, metres; 0 inside.

    Example:
        >>> support_distance(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), -0.5, 0.5)
        0.5
    """
    return float(_distance(np.ascontiguousarray(points), len(points), x, y))


@jit(fastmath=True, inner=True)
def _along(ax: float, ay: float, bx: float, by: float) -> float:
    """How far from a to b the point of the segment nearest to the origin is, 0 to 1."""
    dx, dy = bx - ax, by - ay
    squared = dx * dx + dy * dy
    if squared < 1e-18:
        return 0.0
    return min(max(-(ax * dx + ay * dy) / squared, 0.0), 1.0)


@jit(fastmath=True, inner=True)
def hull_distance(points: Float64[np.ndarray, "n d"], count: int, x: float, y: float) -> float:
    """`support_distance` of the first ``count`` points; `FAR` if there are none."""
    if count == 0:
        return FAR
    # The segment from a to b of the hull's points is the nearest one known, u its point nearest to the place.
    ax, ay = points[0, 0] - x, points[0, 1] - y
    bx, by = ax, ay
    ux, uy = ax, ay
    for _ in range(_ROUNDS):
        near = ux * ux + uy * uy
        least = near - _CLOSER
        best = -1
        for p in range(count):
            reach = (points[p, 0] - x) * ux + (points[p, 1] - y) * uy
            if reach < least:
                least = reach
                best = p
        if best < 0:
            break
        px, py = points[best, 0] - x, points[best, 1] - y
        turn = ax * by - ay * bx
        first, second = bx * py - by * px, px * ay - py * ax
        if turn * first > 0.0 and turn * second > 0.0:
            return 0.0  # the triangle goes around the place
        s = _along(ax, ay, px, py)
        t = _along(bx, by, px, py)
        sx, sy = ax + s * (px - ax), ay + s * (py - ay)
        tx, ty = bx + t * (px - bx), by + t * (py - by)
        if sx * sx + sy * sy < tx * tx + ty * ty:
            bx, by = px, py
            ux, uy = sx, sy
        else:
            ax, ay = px, py
            ux, uy = tx, ty
        if ux * ux + uy * uy >= near:
            break
    return math.sqrt(ux * ux + uy * uy)


@jit(fastmath=True)
def _distance(points: Float64[np.ndarray, "n d"], count: int, x: float, y: float) -> float:
    return hull_distance(points, count, x, y)
