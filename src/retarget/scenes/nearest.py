"""Which shape of a thing is nearest to points that move, and where."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from jaxtyping import Float64, Int64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.scenes.distance import Shapes, shape_distance

__all__ = ["ANY", "nearest_of", "nearest_shape"]

ANY: Final = -2.0  # height of a unit normal that all have
_BLOCK: Final = 16  # frames for which it is looked up together which shapes may be nearest


@jit(fastmath=True)
def nearest_of(
    shapes: Shapes,
    bounds: Float64[np.ndarray, "O"],
    offsets: Float64[np.ndarray, "O 3"],
    axes: Float64[np.ndarray, "O 3 3"],
    points: Float64[np.ndarray, "N T 3"],
    places: Float64[np.ndarray, "S 3"],
    turns: Float64[np.ndarray, "S 3 3"],
    distance: Float64[np.ndarray, "N T"],
    on: Float64[np.ndarray, "N T 3"],
    normal: Float64[np.ndarray, "N T 3"],
) -> None:
    """Fill signed distances of N points per frame from a thing of several shapes, and where it is nearest to each.

    Args:
        shapes: What the thing is made of.
        bounds: Radius of the sphere that holds each shape, metres.
        offsets: Middle of each shape in the thing's frame, metres.
        axes: How it is turned there.
        points: The points, world, metres.
        places: Where the thing's frame is: one per frame, or one for all, metres.
        turns: How it is turned.
        distance: Filled, metres.
        on: Filled with the nearest point of the surface, thing's frame, metres.
        normal: Filled with the outward normal there, thing's frame.
    """
    g = scratch(3, np.float64)
    block = scratch((_BLOCK, 3), np.float64)
    listed = scratch(shapes.kinds.shape[0], np.int64)
    count: int = int(np.int64(0))
    for each in range(points.shape[0] * points.shape[1]):
        i = each // points.shape[1]
        t = each - i * points.shape[1]
        if t % _BLOCK == 0:
            _to_local(points[i], places, turns, t, block)
            count = _list_near(block, bounds, offsets, listed)
        x, way = block[t % _BLOCK], normal[i, t]
        best = nearest_shape(shapes, bounds, offsets, axes, x, listed, count, ANY, g, way)
        distance[i, t] = best
        for k in range(3):
            on[i, t, k] = x[k] - best * way[k]


@jit(fastmath=True, inner=True)
def nearest_shape(
    shapes: Shapes,
    bounds: Float64[np.ndarray, "O"],
    offsets: Float64[np.ndarray, "O 3"],
    axes: Float64[np.ndarray, "O 3 3"],
    x: Float64[np.ndarray, "3"],
    listed: Int64[np.ndarray, "n"],
    count: int,
    upright: float,
    g: Float64[np.ndarray, "3"],
    way: Float64[np.ndarray, "3"],
) -> float:
    """Signed distance of a place from the nearest of ``count`` shapes that are listed, metres; fills its normal there.

    Only surfaces whose normal's z is above ``upright`` count; where there is none the distance is huge. ``g`` is room.
    """
    best = 1e30
    for n in range(count):
        o = listed[n]
        e0 = x[0] - offsets[o, 0]
        e1 = x[1] - offsets[o, 1]
        e2 = x[2] - offsets[o, 2]
        if math.sqrt(e0 * e0 + e1 * e1 + e2 * e2) - bounds[o] > best:
            continue
        A = axes[o]
        l0 = A[0, 0] * e0 + A[1, 0] * e1 + A[2, 0] * e2
        l1 = A[0, 1] * e0 + A[1, 1] * e1 + A[2, 1] * e2
        l2 = A[0, 2] * e0 + A[1, 2] * e1 + A[2, 2] * e2
        away = shape_distance(shapes, o, l0, l1, l2, 0.0, 0.0, 0.0, g)
        up = A[2, 0] * g[0] + A[2, 1] * g[1] + A[2, 2] * g[2]
        if away < best and up > upright:
            best = away
            for k in range(3):
                way[k] = A[k, 0] * g[0] + A[k, 1] * g[1] + A[k, 2] * g[2]
    return best


@jit(fastmath=True, inner=True)
def _to_local(
    points: Float64[np.ndarray, "T 3"],
    places: Float64[np.ndarray, "S 3"],
    turns: Float64[np.ndarray, "S 3 3"],
    first: int,
    block: Float64[np.ndarray, "n 3"],
) -> None:
    """Fill places in the thing's frame from frame ``first`` on, the last one again where there are no more."""
    for i in range(block.shape[0]):
        t = min(first + i, points.shape[0] - 1)
        s = t if places.shape[0] > 1 else 0
        d0 = points[t, 0] - places[s, 0]
        d1 = points[t, 1] - places[s, 1]
        d2 = points[t, 2] - places[s, 2]
        for k in range(3):
            block[i, k] = turns[s, 0, k] * d0 + turns[s, 1, k] * d1 + turns[s, 2, k] * d2


@jit(fastmath=True, inner=True)
def _list_near(
    block: Float64[np.ndarray, "n 3"],
    bounds: Float64[np.ndarray, "O"],
    offsets: Float64[np.ndarray, "O 3"],
    listed: Int64[np.ndarray, "O"],
) -> int:
    """List the shapes that may be nearest to some of a few places; returns how many there are."""
    middle = scratch(3, np.float64)
    spread = 0.0
    for k in range(3):
        low = high = block[0, k]
        for i in range(1, block.shape[0]):
            low = min(low, block[i, k])
            high = max(high, block[i, k])
        middle[k] = (low + high) / 2.0
        spread += ((high - low) / 2.0) ** 2
    spread = math.sqrt(spread)
    farthest = np.inf  # that the nearest can be
    for o in range(bounds.shape[0]):
        away = _apart(middle, offsets[o])
        farthest = min(farthest, away + bounds[o] + spread)
    count: int = int(np.int64(0))
    for o in range(bounds.shape[0]):
        if _apart(middle, offsets[o]) - bounds[o] - spread <= farthest:
            listed[count] = o
            count += 1
    return count


@jit(fastmath=True, inner=True)
def _apart(one: Float64[np.ndarray, "3"], other: Float64[np.ndarray, "3"]) -> float:
    return math.sqrt((one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2 + (one[2] - other[2]) ** 2)
