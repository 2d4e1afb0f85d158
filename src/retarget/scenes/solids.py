"""Solids of a grid of distances as boxes, for simulators that collide nothing but convex shapes."""

from __future__ import annotations

import numpy as np

from retarget.scenes.distance import GRID
from retarget.scenes.shapes import Shape

__all__ = ["grid_boxes"]


def grid_boxes(shape: Shape) -> list[Shape]:
    """Boxes that fill what is inside a grid, cell by cell, at its place; neighbours are joined where they can be.

    A cell is filled where the distance in its middle is negative, so that the surface is off by half a cell's diagonal
    at most.
    """
    assert shape.kind == GRID
    values = shape.values
    cells = sum(
        values[i : i + n[0], j : j + n[1], k : k + n[2]]
        for n in [np.array(values.shape) - 1]
        for i in (0, 1)
        for j in (0, 1)
        for k in (0, 1)
    )
    left = np.asarray(cells) < 0
    cell = 2 * shape.half / (np.array(values.shape) - 1)
    found = []
    for at in np.argwhere(left):
        if not left[tuple(at)]:
            continue
        low, high = at.copy(), at + 1
        for axis in (2, 1, 0):  # grow along each axis as long as all is inside and free
            while high[axis] < left.shape[axis]:
                rows = tuple(
                    slice(high[axis], high[axis] + 1) if k == axis else slice(low[k], high[k])
                    for k in range(3)
                )
                if not left[rows].all():
                    break
                high[axis] += 1
        left[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = False
        middle = -shape.half + (low + high) / 2 * cell
        box = Shape.box((high - low) * cell).at(middle)
        found.append(box.at(shape.place, shape.turn))
    return found
