"""Signed distances from shapes, as kernels over plain arrays: what contacts, solver and measures share.

A shape is centred on its own frame. Boxes may be rounded, so that spheres and capsules are boxes too, and their kernel
has no branches on data: it takes one point or a pack of them.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float, Int64

from retarget.compiled.jit import jit
from retarget.compiled.packs import both, where
from retarget.compiled.scratch import scratch

__all__ = [
    "BOX",
    "CYLINDER",
    "DETOUR",
    "FIELD",
    "GRID",
    "HULL",
    "Shapes",
    "box_distance",
    "shape_distance",
]

BOX: Final = 0
CYLINDER: Final = 1
HULL: Final = 2
GRID: Final = 3
FIELD: Final = 4

DETOUR: Final = 0.1
"""Metres by which the way out of a shape to the human's side of it may be longer than the shortest."""

_TINY = 1e-12
_MOST_FACES = 64  # of a hull that count beside its edges
_ROUNDS, _CLOSE = 30, 1e-5  # to the nearest point of a hull, and metres that it may be off


class Shapes(NamedTuple):
    """O shapes, each in its own frame.

    Attributes:
        kinds: `BOX`, `CYLINDER` (about its z axis), `HULL` (convex), `GRID` (of signed distances) or `FIELD` (of
            heights over its x and y).
        halves: Half extents of the box that holds each, before it is rounded, metres.
        rounds: By how much each is rounded, metres.
        first: Of a hull's planes in ``planes``, or of a grid's or field's values in ``values``.
        sizes: How many planes; or how many values along x, y and z, whose nodes begin and end at the box's faces.
        planes: Outward unit normals and offsets of hulls' faces, metres.
        values: Distances of grids (z fastest) and heights of fields (y fastest), metres.
    """

    kinds: Int64[np.ndarray, "O"]
    halves: Float[np.ndarray, "O 3"]
    rounds: Float[np.ndarray, "O"]
    first: Int64[np.ndarray, "O"]
    sizes: Int64[np.ndarray, "O 3"]
    planes: Float[np.ndarray, "H 4"]
    values: Float[np.ndarray, "N"]


@jit(fastmath=True, inner=True)
def box_distance(
    l0: float,
    l1: float,
    l2: float,
    halves: Float[np.ndarray, "3"],
    s0: float,
    s1: float,
    s2: float,
    gradient: Float[np.ndarray, "3"],
) -> float:
    """Signed distance of a point from a box in the box's frame, metres; fills the direction in which it grows fastest.

    Behind the face to which (s0, s1, s2) points that face counts, unless the way out there is `DETOUR` longer than
    the shortest: the shortest is wrong for thin plates and for what is deep inside.
    """
    a0 = abs(l0) - halves[0]
    a1 = abs(l1) - halves[1]
    a2 = abs(l2) - halves[2]
    o0 = max(a0, 0.0)
    o1 = max(a1, 0.0)
    o2 = max(a2, 0.0)
    away = math.sqrt(o0 * o0 + o1 * o1 + o2 * o2 + _TINY)
    t0 = abs(s0)
    t1 = abs(s1)
    t2 = abs(s2)
    beside = max(max(a0 * (1.0 - t0), a1 * (1.0 - t1)), a2 * (1.0 - t2))  # noqa: PLW3301 - packs take two
    above = s0 * l0 + s1 * l1 + s2 * l2
    above -= t0 * halves[0] + t1 * halves[1] + t2 * halves[2]
    deepest = max(max(a0, a1), a2)  # noqa: PLW3301 - likewise
    inside = deepest <= 0.0
    nearest = where(inside, deepest, away)
    faced = both(beside <= 0.0, t0 + t1 + t2 > 0.5)
    faced = both(faced, above > nearest - DETOUR)
    over = 1.0 / away
    g0 = where(inside, where(a0 >= deepest, 1.0, 0.0), o0 * over)
    g1 = where(inside, where(both(a1 >= deepest, a0 < deepest), 1.0, 0.0), o1 * over)
    g2 = where(inside, where(both(a0 < deepest, a1 < deepest), 1.0, 0.0), o2 * over)
    gradient[0] = where(faced, s0, where(l0 < 0.0, -g0, g0))
    gradient[1] = where(faced, s1, where(l1 < 0.0, -g1, g1))
    gradient[2] = where(faced, s2, where(l2 < 0.0, -g2, g2))
    distance: float = where(faced, above, nearest)
    return distance


@jit(fastmath=True, inner=True)
def shape_distance(
    shapes: Shapes,
    o: int,
    l0: float,
    l1: float,
    l2: float,
    s0: float,
    s1: float,
    s2: float,
    gradient: Float[np.ndarray, "3"],
) -> float:
    """Signed distance of a point from shape o in the shape's frame, metres; fills where it grows fastest.

    The last three numbers say on which side the human is: a box's face as a vector; of a hull the first is one more
    than the number of its face. Zeros leave it open.
    """
    kind = shapes.kinds[o]
    distance: float
    if kind == BOX:
        distance = box_distance(l0, l1, l2, shapes.halves[o], s0, s1, s2, gradient)
    elif kind == CYLINDER:
        distance = _cylinder_distance(l0, l1, l2, shapes.halves[o], gradient)
    elif kind == HULL:
        distance = _hull_distance(shapes, o, l0, l1, l2, s0, gradient)
    elif kind == GRID:
        distance = _grid_distance(shapes, o, l0, l1, l2, gradient)
    else:
        distance = _field_distance(shapes, o, l0, l1, l2, gradient)
    return distance - float(shapes.rounds[o])


@jit(fastmath=True, inner=True)
def _cylinder_distance(
    l0: float,
    l1: float,
    l2: float,
    halves: Float[np.ndarray, "3"],
    gradient: Float[np.ndarray, "3"],
) -> float:
    """A box in the plane through the axis: across, and along it."""
    across = math.sqrt(l0 * l0 + l1 * l1 + _TINY)
    a = across - halves[0]
    b = abs(l2) - halves[2]
    up = -1.0 if l2 < 0.0 else 1.0
    if a <= 0.0 and b <= 0.0:
        if a >= b:
            gradient[0], gradient[1], gradient[2] = l0 / across, l1 / across, 0.0
            return float(a)
        gradient[0], gradient[1], gradient[2] = 0.0, 0.0, up
        return float(b)
    o = max(a, 0.0)
    p = max(b, 0.0)
    away = math.sqrt(o * o + p * p)
    gradient[0] = o / away * l0 / across
    gradient[1] = o / away * l1 / across
    gradient[2] = p / away * up
    return away


@jit(fastmath=True, inner=True)
def _hull_distance(
    shapes: Shapes,
    o: int,
    l0: float,
    l1: float,
    l2: float,
    side: float,
    gradient: Float[np.ndarray, "3"],
) -> float:
    """The farthest face inside and before faces; beside edges and corners the distance of the nearest point there."""
    best = -1e9
    others = -1e9
    at: int = int(shapes.first[o])
    wanted = int(shapes.first[o]) + int(side) - 1 if side > 0.5 else -1
    above = -1e9
    for f in range(shapes.first[o], shapes.first[o] + shapes.sizes[o, 0]):
        n = shapes.planes[f]
        d = n[0] * l0 + n[1] * l1 + n[2] * l2 - n[3]
        if d > best:
            best = d
            at = int(f)
        if f == wanted:
            above = d
        elif d > others:
            others = d
    if wanted >= 0 and others <= 0.0 and above > best - DETOUR:
        at = wanted
        best = above
    elif best > 0.0:
        away = _beside_edges(shapes, o, l0, l1, l2, gradient)
        if away > 0.0:
            return away
    for k in range(3):
        gradient[k] = shapes.planes[at, k]
    return best


@jit(fastmath=True, inner=True)
def _beside_edges(
    shapes: Shapes, o: int, l0: float, l1: float, l2: float, gradient: Float[np.ndarray, "3"]
) -> float:
    """Distance of a point from the hull's nearest one by Hildreth's method (1957); 0 where it did not get there."""
    count = min(shapes.sizes[o, 0], _MOST_FACES)
    pull = scratch(_MOST_FACES, np.float64)
    p0, p1, p2 = float(l0), float(l1), float(l2)
    for _ in range(_ROUNDS):
        worst = 0.0
        for f in range(count):
            n = shapes.planes[shapes.first[o] + f]
            gap = n[0] * p0 + n[1] * p1 + n[2] * p2 - n[3]
            change = max(gap, -pull[f])
            pull[f] += change
            p0 -= change * n[0]
            p1 -= change * n[1]
            p2 -= change * n[2]
            worst = max(worst, abs(change))
        if worst < _CLOSE:
            break
    d0, d1, d2 = l0 - p0, l1 - p1, l2 - p2
    away = math.sqrt(d0 * d0 + d1 * d1 + d2 * d2)
    if away > _CLOSE:
        gradient[0], gradient[1], gradient[2] = d0 / away, d1 / away, d2 / away
        return away
    return 0.0


@jit(fastmath=True, inner=True)
def _cell(x: float, half: float, count: int) -> tuple[int, float, float]:
    """Which cell of nodes over -half ... half a number lies in, how far in it, and by how much it lies outside."""
    inside = min(max(x, -half), half)
    place = (inside + half) / max(2.0 * half, _TINY) * (count - 1)
    cell = min(int(place), count - 2)
    return cell, place - cell, x - inside


@jit(fastmath=True, inner=True)
def _grid_distance(
    shapes: Shapes, o: int, l0: float, l1: float, l2: float, gradient: Float[np.ndarray, "3"]
) -> float:
    """Trilinear between the nodes; outside of them the distance to them is added."""
    h = shapes.halves[o]
    nx, ny, nz = shapes.sizes[o, 0], shapes.sizes[o, 1], shapes.sizes[o, 2]
    i, u, ex = _cell(l0, h[0], nx)
    j, v, ey = _cell(l1, h[1], ny)
    k, w, ez = _cell(l2, h[2], nz)
    at = shapes.first[o] + (i * ny + j) * nz + k
    c = shapes.values
    step = ny * nz
    a00 = c[at] + w * (c[at + 1] - c[at])
    a01 = c[at + nz] + w * (c[at + nz + 1] - c[at + nz])
    a10 = c[at + step] + w * (c[at + step + 1] - c[at + step])
    a11 = c[at + step + nz] + w * (c[at + step + nz + 1] - c[at + step + nz])
    b0 = a00 + v * (a01 - a00)
    b1 = a10 + v * (a11 - a10)
    distance = b0 + u * (b1 - b0)
    d00 = c[at + 1] - c[at]
    d01 = c[at + nz + 1] - c[at + nz]
    d10 = c[at + step + 1] - c[at + step]
    d11 = c[at + step + nz + 1] - c[at + step + nz]
    e0 = d00 + v * (d01 - d00)
    e1 = d10 + v * (d11 - d10)
    g0 = (b1 - b0) * (nx - 1) / (2.0 * h[0])
    g1 = ((a01 - a00) * (1.0 - u) + (a11 - a10) * u) * (ny - 1) / (2.0 * h[1])
    g2 = (e0 + u * (e1 - e0)) * (nz - 1) / (2.0 * h[2])
    length = math.sqrt(g0 * g0 + g1 * g1 + g2 * g2 + _TINY)
    g0, g1, g2 = g0 / length, g1 / length, g2 / length
    outside = math.sqrt(ex * ex + ey * ey + ez * ez)
    if outside > 0.0:
        # The surface is about ``distance`` from the nearest node along its normal there.
        g0, g1, g2 = g0 * distance + ex, g1 * distance + ey, g2 * distance + ez
        length = math.sqrt(g0 * g0 + g1 * g1 + g2 * g2 + _TINY)
        g0, g1, g2 = g0 / length, g1 / length, g2 / length
        distance = length
    gradient[0], gradient[1], gradient[2] = g0, g1, g2
    return float(distance)


@jit(fastmath=True, inner=True)
def _field_distance(
    shapes: Shapes, o: int, l0: float, l1: float, l2: float, gradient: Float[np.ndarray, "3"]
) -> float:
    """Height above the ground below, as far as the ground's slope makes it a distance."""
    h = shapes.halves[o]
    nx, ny = shapes.sizes[o, 0], shapes.sizes[o, 1]
    i, u, ex = _cell(l0, h[0], nx)
    j, v, ey = _cell(l1, h[1], ny)
    at = shapes.first[o] + i * ny + j
    c = shapes.values
    low = c[at] + v * (c[at + 1] - c[at])
    high = c[at + ny] + v * (c[at + ny + 1] - c[at + ny])
    ground = low + u * (high - low)
    s0 = (high - low) * (nx - 1) / (2.0 * h[0])
    s1 = (
        ((c[at + 1] - c[at]) * (1.0 - u) + (c[at + ny + 1] - c[at + ny]) * u)
        * (ny - 1)
        / (2.0 * h[1])
    )
    length = math.sqrt(1.0 + s0 * s0 + s1 * s1)
    distance = (l2 - ground) / length
    g0, g1, g2 = -s0 / length, -s1 / length, 1.0 / length
    outside = math.sqrt(ex * ex + ey * ey)
    if outside > 0.0:
        up = max(distance, 0.0)
        away = math.sqrt(up * up + outside * outside)
        g0, g1, g2 = (g0 * up + ex) / away, (g1 * up + ey) / away, g2 * up / away
        distance = away
    gradient[0], gradient[1], gradient[2] = g0, g1, g2
    return float(distance)
