"""The forces in friction cones that carry the most of a load: non-negative least squares, by an active set.

Columns are the edges of the cones at some points, six numbers each: a force of 1 upwards, and its torque over an arm.
The cones are pyramids of eight edges, the first along x. Of the columns of a point only the best one is ever looked at.
A fit may set out from the edges that another one arrived at, as those that push change little from frame to frame; what
is left is the same.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch

__all__ = ["Edges", "cone_fit", "fit_in_cones", "no_edges"]

_CLOSE = 1e-10  # what a push may still take off, as a share of the load, when all are found
_DEPENDENT = 1e-12  # squared share of a column that must be left outside the others' span
_ROUNDS = 50
_DIAGONAL = math.sqrt(0.5)


class Edges(NamedTuple):
    """Edges of cones that push, six at most.

    Attributes:
        points: The point of each.
        ways: Which edge of its cone: 3 (x + 1) + y + 1, where x and y are the signs of its horizontal part.
        number: How many there are, in an array of one.
    """

    points: Int64[np.ndarray, "6"]
    ways: Int64[np.ndarray, "6"]
    number: Int64[np.ndarray, "1"]


class _Basis(NamedTuple):
    """Columns of the edges that push, an orthogonal basis of them by Gram and Schmidt, and how much each pushes.

    Attributes:
        columns: A row for each.
        across: Unit vectors, a row for each: what a column adds to those before.
        shares: Of column k along the unit vector of row j, at j, k.
        along: Of the load along each unit vector.
        amounts: Pushes that are in the cones.
        trial: Pushes that leave least, in the cones or not.
    """

    columns: Float64[np.ndarray, "6 6"]
    across: Float64[np.ndarray, "6 6"]
    shares: Float64[np.ndarray, "6 6"]
    along: Float64[np.ndarray, "6"]
    amounts: Float64[np.ndarray, "6"]
    trial: Float64[np.ndarray, "6"]


def no_edges() -> Edges:
    """Room for edges, none of which is in it."""
    return Edges(np.zeros(6, np.int64), np.zeros(6, np.int64), np.zeros(1, np.int64))


def fit_in_cones(
    places: Float64[np.ndarray, "n 3"],
    friction: float,
    load: Float64[np.ndarray, "6"],
    arm: float,
) -> Float64[np.ndarray, "6"]:
    """What the best forces in friction cones at some points leave of a load.

    Args:
        places: Of the points from the load's reference, metres.
        friction: Coefficient of friction.
        load: Force and torque; the torque is divided by ``arm``, here and in what is returned.
        arm: Metres.

    Example:
        >>> fit_in_cones(np.zeros((1, 3)), 0.5, np.array([1.0, 0.0, 5.0, 0.0, 0.0, 2.0]), 1.0).round(9).tolist()
        [0.0, 0.0, 0.0, 0.0, 0.0, 2.0]
    """
    left = np.empty(6)
    flat = np.ascontiguousarray(places, np.float64)
    _fit(flat, len(places), friction, load, arm, no_edges(), left)
    return left


@jit(fastmath=True, inner=True)
def _fill_column(
    place: Float64[np.ndarray, "3"],
    way: int,
    friction: float,
    arm: float,
    column: Float64[np.ndarray, "6"],
) -> None:
    """Force and torque of a push of 1 along an edge."""
    dx, dy = way // 3 - 1, way % 3 - 1
    level = friction * _DIAGONAL if dx != 0 and dy != 0 else friction
    fx, fy = level * dx, level * dy
    x, y, z = place[0] / arm, place[1] / arm, place[2] / arm
    column[0], column[1], column[2] = fx, fy, 1.0
    column[3], column[4], column[5] = y - z * fy, z * fx - x, x * fy - y * fx


@jit(fastmath=True, inner=True)
def _take_in(basis: _Basis, k: int, load: Float64[np.ndarray, "6"]) -> bool:
    """Make column k part of the basis of those before it; false where it depends on them."""
    column, unit = basis.columns[k], basis.across[k]
    before = 0.0
    for i in range(6):
        unit[i] = column[i]
        before += unit[i] * unit[i]
    for j in range(k):
        dot = 0.0
        for i in range(6):
            dot += basis.across[j, i] * unit[i]
        basis.shares[j, k] = dot
        for i in range(6):
            unit[i] -= dot * basis.across[j, i]
    squared = 0.0
    for i in range(6):
        squared += unit[i] * unit[i]
    if squared <= _DEPENDENT * before:
        return False
    norm = math.sqrt(squared)
    basis.shares[k, k] = norm
    along = 0.0
    for i in range(6):
        unit[i] /= norm
        along += unit[i] * load[i]
    basis.along[k] = along
    return True


@jit(fastmath=True, inner=True)
def _try(basis: _Basis, used: int) -> None:
    """Fill the pushes along the first columns that leave least."""
    for back in range(used):
        k = used - 1 - back
        value = basis.along[k]
        for j in range(k + 1, used):
            value -= basis.shares[k, j] * basis.trial[j]
        basis.trial[k] = value / basis.shares[k, k]


@jit(fastmath=True, inner=True)
def _set_out(
    places: Float64[np.ndarray, "n 3"],
    friction: float,
    load: Float64[np.ndarray, "6"],
    arm: float,
    edges: Edges,
    basis: _Basis,
) -> int:
    """Push along the edges given; returns their number, or 0 where they depend on each other or would pull."""
    used = edges.number[0]
    for k in range(used):
        _fill_column(places[edges.points[k]], edges.ways[k], friction, arm, basis.columns[k])
        if not _take_in(basis, k, load):
            return 0
    _try(basis, used)
    for k in range(used):
        if basis.trial[k] <= 0.0:
            return 0
        basis.amounts[k] = basis.trial[k]
    return int(used)


@jit(fastmath=True, inner=True)
def _steepest(
    places: Float64[np.ndarray, "n 3"],
    count: int,
    friction: float,
    arm: float,
    left: Float64[np.ndarray, "6"],
    refused: int,
) -> tuple[int, int, float]:
    """The push that takes off most of what is left: its point, its edge and how much."""
    best = -1
    most = -1.0
    ax, ay = 0.0, 0.0
    u, v, w = left[3] / arm, left[4] / arm, left[5] / arm
    for p in range(count):
        x, y, z = places[p, 0], places[p, 1], places[p, 2]
        gx = left[0] + v * z - w * y
        gy = left[1] + w * x - u * z
        gz = left[2] + u * y - v * x
        level = max(abs(gx), abs(gy), (abs(gx) + abs(gy)) * _DIAGONAL)
        slope = gz + friction * level
        if slope > most and p != refused:
            best, most, ax, ay = p, slope, gx, gy
    dx = 1 if ax >= 0.0 else -1
    dy = 1 if ay >= 0.0 else -1
    if (abs(ax) + abs(ay)) * _DIAGONAL <= max(abs(ax), abs(ay)):
        if abs(ax) > abs(ay):
            dy = 0
        else:
            dx = 0
    return best, 3 * (dx + 1) + dy + 1, most


@jit(fastmath=True, inner=True)
def _enter(edges: Edges, basis: _Basis, used: int, load: Float64[np.ndarray, "6"]) -> int:
    """Take in the edge after those used, and out what would pull; returns how many stay, or -1 if it must not."""
    basis.amounts[used] = 0.0
    if not _take_in(basis, used, load):
        return -1
    used += 1
    _try(basis, used)
    if basis.trial[used - 1] <= 0.0:
        return -1
    while True:
        share = 1.0
        first = -1
        for k in range(used):
            now, then = basis.amounts[k], basis.trial[k]
            if then <= 0.0 and now <= share * (now - then):
                share = now / (now - then)
                first = k
        for k in range(used):
            basis.amounts[k] += share * (basis.trial[k] - basis.amounts[k])
        if first < 0:
            return used
        used -= 1
        for k in range(first, used):
            edges.points[k], edges.ways[k] = edges.points[k + 1], edges.ways[k + 1]
            basis.amounts[k] = basis.amounts[k + 1]
            for i in range(6):
                basis.columns[k, i] = basis.columns[k + 1, i]
            _take_in(basis, k, load)
        _try(basis, used)


@jit(fastmath=True, inner=True)
def cone_fit(
    places: Float64[np.ndarray, "n 3"],
    count: int,
    friction: float,
    load: Float64[np.ndarray, "6"],
    arm: float,
    edges: Edges,
    left: Float64[np.ndarray, "6"],
) -> None:
    """`fit_in_cones` at the first ``count`` points: fills ``left``.

    ``edges`` is where it sets out from, such as where it arrived for a similar load, and where it arrives.
    """
    basis = _Basis(
        scratch((6, 6), np.float64),
        scratch((6, 6), np.float64),
        scratch((6, 6), np.float64),
        scratch(6, np.float64),
        scratch(6, np.float64),
        scratch(6, np.float64),
    )
    size = 0.0
    for i in range(6):
        size += load[i] * load[i]
    close = _CLOSE * math.sqrt(size)
    used = _set_out(places, friction, load, arm, edges, basis)
    refused = -1
    for _ in range(_ROUNDS):
        if refused < 0:
            for i in range(6):
                left[i] = load[i]
            for k in range(used):
                for i in range(6):
                    left[i] -= basis.along[k] * basis.across[k, i]
        if used == 6:
            break
        point, way, slope = _steepest(places, count, friction, arm, left, refused)
        if point < 0 or slope <= close:
            break
        edges.points[used], edges.ways[used] = point, way
        _fill_column(places[point], way, friction, arm, basis.columns[used])
        stay = _enter(edges, basis, used, load)
        if stay < 0:  # rounding alone had asked for it
            refused = point
            continue
        used = stay
        refused = -1
    edges.number[0] = used


@jit(fastmath=True)
def _fit(
    places: Float64[np.ndarray, "n 3"],
    count: int,
    friction: float,
    load: Float64[np.ndarray, "6"],
    arm: float,
    edges: Edges,
    left: Float64[np.ndarray, "6"],
) -> None:
    cone_fit(places, count, friction, load, arm, edges, left)
