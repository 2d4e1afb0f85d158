"""Surfaces of shapes as triangles, for pictures, browsers and files of other tools."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float64, Int64

from retarget.scenes.distance import BOX, CYLINDER, FIELD, GRID, HULL
from retarget.scenes.shapes import Shape

__all__ = ["Surface", "hull_corners", "shape_surface"]

_ROUND: Final = 24  # sides of what is round
_FLAT: Final = 1e-9  # metres: an extent that is none
_CUBE: Final = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float64)
_FACES: Final = np.array(
    [
        [0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
        [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3],
    ]
)  # fmt: skip


class Surface(NamedTuple):
    """Triangles, corners counter-clockwise as seen from outside.

    Attributes:
        points: Corners in the thing's frame, metres.
        triangles: Indices of each triangle's corners.
    """

    points: Float64[np.ndarray, "V 3"]
    triangles: Int64[np.ndarray, "F 3"]


def shape_surface(shape: Shape) -> Surface:
    """The surface of a shape at its place in its thing's frame.

    Of a grid of distances it is where they are zero, as flat as its cells (surface nets: Gibson 1998).
    """
    points, triangles = _own_surface(shape)
    return Surface(points @ shape.turn.T + shape.place, triangles)


def _own_surface(shape: Shape) -> Surface:
    if shape.kind == CYLINDER:
        return _cylinder(float(shape.half[0]), float(shape.half[2]))
    if shape.kind == HULL:
        return _around(hull_corners(shape))
    if shape.kind == FIELD:
        return _field(shape)
    if shape.kind == GRID:
        return _grid(shape)
    assert shape.kind == BOX
    if shape.rounded <= _FLAT:
        return Surface(_CUBE * shape.half, _FACES)
    return _around(_rounded(shape.half, shape.rounded))


def hull_corners(shape: Shape) -> Float64[np.ndarray, "C 3"]:
    """Corners of a hull in its own frame, metres."""
    from scipy.spatial import HalfspaceIntersection

    half_spaces = np.column_stack([shape.planes[:, :3], -shape.planes[:, 3]])
    return np.asarray(HalfspaceIntersection(half_spaces, _inner_point(shape)).intersections)


def _inner_point(shape: Shape) -> Float64[np.ndarray, "3"]:
    """The middle of the largest ball in a hull."""
    from scipy.optimize import linprog

    normals = shape.planes[:, :3]
    inside = linprog(
        [0.0, 0.0, 0.0, -1.0],
        A_ub=np.column_stack([normals, np.linalg.norm(normals, axis=1)]),
        b_ub=shape.planes[:, 3],
        bounds=[(None, None)] * 3 + [(0.0, None)],
    )
    return np.asarray(inside.x[:3])


def _around(points: Float64[np.ndarray, "N 3"]) -> Surface:
    """The convex hull of points, its triangles turned outward."""
    from scipy.spatial import ConvexHull

    hull = ConvexHull(points)
    triangles = hull.simplices.astype(np.int64)
    a, b, c = (points[triangles[:, k]] for k in range(3))
    inward = np.einsum("fi,fi->f", np.cross(b - a, c - a), hull.equations[:, :3]) < 0
    triangles[inward] = triangles[inward][:, ::-1]
    used, index = np.unique(triangles, return_inverse=True)
    return Surface(points[used], index.reshape(-1, 3))


def _rounded(half: Float64[np.ndarray, "3"], radius: float) -> Float64[np.ndarray, "N 3"]:
    """Points on balls around the corners of a box: spheres, capsules and rounded boxes."""
    down, around = np.meshgrid(
        np.linspace(0, np.pi, _ROUND // 2 + 1),
        np.linspace(0, 2 * np.pi, _ROUND, endpoint=False),
        indexing="ij",
    )
    ball = np.stack(
        [np.sin(down) * np.cos(around), np.sin(down) * np.sin(around), np.cos(down)], -1
    )
    ball = np.unique(np.round(ball.reshape(-1, 3), 12), axis=0)
    corners = np.unique(_CUBE * half, axis=0)
    return np.asarray((corners[:, None] + radius * ball).reshape(-1, 3))


def _cylinder(radius: float, half: float) -> Surface:
    angles = np.linspace(0, 2 * np.pi, _ROUND, endpoint=False)
    ring = radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    ends = [np.column_stack([ring, np.full(_ROUND, z)]) for z in (-half, half)]
    return _around(np.concatenate(ends))


def _field(shape: Shape) -> Surface:
    """The ground of a height field, seen from above."""
    rows, columns = shape.values.shape
    x = np.linspace(-shape.half[0], shape.half[0], rows)
    y = np.linspace(-shape.half[1], shape.half[1], columns)
    points = np.stack([*np.meshgrid(x, y, indexing="ij"), shape.values], axis=-1).reshape(-1, 3)
    at = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = at[:-1, :-1], at[1:, :-1], at[1:, 1:], at[:-1, 1:]
    triangles = np.stack([np.stack([a, b, c], -1), np.stack([a, c, d], -1)]).reshape(-1, 3)
    return Surface(points, triangles)


def _grid(shape: Shape) -> Surface:
    values = shape.values
    inside = values < 0
    low, cell = -shape.half, 2 * shape.half / (np.array(values.shape) - 1)
    corners = [tuple(corner) for corner in ((_CUBE + 1) // 2).astype(int)]
    sizes = np.array(values.shape) - 1

    def at(corner: tuple[int, ...]) -> tuple[slice, ...]:
        return tuple(slice(k, k + n) for k, n in zip(corner, sizes, strict=True))

    mixed = np.zeros(sizes, np.int64)
    for corner in corners:
        mixed += inside[at(corner)]
    crossed = (mixed > 0) & (mixed < 8)
    total, count = np.zeros((*sizes, 3)), np.zeros(sizes)
    for i, first in enumerate(corners):
        for second in corners[i + 1 :]:
            if np.abs(np.subtract(first, second)).sum() != 1:
                continue
            v, w = values[at(first)], values[at(second)]
            cuts = (v < 0) != (w < 0)
            share = np.where(cuts, v / np.where(cuts, v - w, 1.0), 0.0)
            place = np.array(first) + share[..., None] * np.subtract(second, first)
            total += np.where(cuts[..., None], place, 0.0)
            count += cuts
    number = np.full(sizes, -1)
    number[crossed] = np.arange(crossed.sum())
    middle = total[crossed] / count[crossed][:, None] + np.argwhere(crossed)
    triangles = np.concatenate([_walls(inside, number, axis) for axis in range(3)])
    return Surface(low + middle * cell, triangles)


def _walls(
    inside: Bool[np.ndarray, "X Y Z"], number: Int64[np.ndarray, "A B C"], axis: int
) -> Int64[np.ndarray, "F 3"]:
    """Two triangles for each edge along an axis that the surface cuts, between the cells around it."""
    inside, number = np.moveaxis(inside, axis, 0), np.moveaxis(number, axis, 0)
    first, second = inside[:-1, 1:-1, 1:-1], inside[1:, 1:-1, 1:-1]
    cut = first != second
    a, b, c, d = (
        number[:, j : number.shape[1] - 1 + j, k : number.shape[2] - 1 + k][cut]
        for j, k in ((0, 0), (1, 0), (1, 1), (0, 1))
    )
    quads = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    outward = np.tile(first[cut] if axis != 1 else ~first[cut], 2)
    quads[~outward] = quads[~outward][:, ::-1]
    return quads
