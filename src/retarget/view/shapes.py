"""Capsules as a browser draws them: many balls of one mesh and many rods of another, each with place, turn and size."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float32, Float64, Int64

__all__ = ["BALL", "DISC", "ROD", "Instances", "Mesh", "balls", "fan", "rods"]

_SHORTEST: Final = 1e-4  # metres: a rod without length has no direction


class Mesh(NamedTuple):
    """A mesh of unit size: corners and triangles."""

    points: Float32[np.ndarray, "V 3"]
    triangles: Int64[np.ndarray, "F 3"]


class Instances(NamedTuple):
    """Places (metres), turns (wxyz) and sizes of K copies of a mesh."""

    places: Float32[np.ndarray, "K 3"]
    turns: Float32[np.ndarray, "K 4"]
    sizes: Float32[np.ndarray, "K 3"]


def _ball(rows: int = 12, columns: int = 18) -> Mesh:
    """A sphere of radius 1."""
    down, around = np.meshgrid(
        np.linspace(0, np.pi, rows + 1),
        np.linspace(0, 2 * np.pi, columns, endpoint=False),
        indexing="ij",
    )
    points = np.stack(
        [np.sin(down) * np.cos(around), np.sin(down) * np.sin(around), np.cos(down)], axis=-1
    ).reshape(-1, 3)
    return Mesh(points.astype(np.float32), _quilt(rows, columns))


def _rod(columns: int = 18) -> Mesh:
    """The side of a cylinder of radius 1 along z, from -0.5 to 0.5."""
    around = np.linspace(0, 2 * np.pi, columns, endpoint=False)
    circle = np.stack([np.cos(around), np.sin(around)], axis=-1)
    ends = [np.column_stack([circle, np.full(columns, z)]) for z in (0.5, -0.5)]
    return Mesh(np.concatenate(ends).astype(np.float32), _quilt(1, columns))


def _quilt(rows: int, columns: int) -> Int64[np.ndarray, "F 3"]:
    """Triangles between rows of corners that go round, seen from outside counter-clockwise."""
    row, column = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
    right = (column + 1) % columns
    a, b = row * columns + column, row * columns + right
    c, d = (row + 1) * columns + column, (row + 1) * columns + right
    return np.concatenate(
        [np.stack([a, c, b], axis=-1), np.stack([b, c, d], axis=-1)], axis=2
    ).reshape(-1, 3)


def fan(corners: int) -> Int64[np.ndarray, "F 3"]:
    """Triangles of a convex outline of so many corners.

    Example:
        >>> fan(4).tolist()
        [[0, 1, 2], [0, 2, 3]]
    """
    inner = np.arange(1, corners - 1)
    return np.stack([np.zeros_like(inner), inner, inner + 1], axis=-1)


def _disc(columns: int = 24) -> Mesh:
    """A flat disc of radius 1, its face up."""
    around = np.linspace(0, 2 * np.pi, columns, endpoint=False)
    points = np.stack([np.cos(around), np.sin(around), np.zeros(columns)], axis=-1)
    return Mesh(points.astype(np.float32), fan(columns))


BALL: Final = _ball()
ROD: Final = _rod()
DISC: Final = _disc()


def balls(
    starts: Float64[np.ndarray, "K 3"],
    ends: Float64[np.ndarray, "K 3"],
    radii: Float64[np.ndarray, "K"],
) -> Instances:
    """The round ends of capsules: first those of all starts, then those of all ends."""
    count = 2 * len(radii)
    turns = np.zeros((count, 4), np.float32)
    turns[:, 0] = 1.0
    sizes = np.repeat(np.tile(radii, 2)[:, None], 3, axis=1)
    return Instances(
        np.concatenate([starts, ends]).astype(np.float32), turns, sizes.astype(np.float32)
    )


def rods(
    starts: Float64[np.ndarray, "K 3"],
    ends: Float64[np.ndarray, "K 3"],
    radii: Float64[np.ndarray, "K"],
) -> Instances:
    """What is between the round ends of capsules."""
    along = ends - starts
    length = np.maximum(np.linalg.norm(along, axis=1), _SHORTEST)
    axis = along / length[:, None]
    axis[np.linalg.norm(along, axis=1) < _SHORTEST] = [0.0, 0.0, 1.0]
    # The shortest turn of z onto the axis; of -z half a turn about x.
    turns = np.stack([1 + axis[:, 2], -axis[:, 1], axis[:, 0], np.zeros(len(axis))], axis=-1)
    upside_down = turns[:, 0] < 1e-9
    turns[upside_down] = [0.0, 1.0, 0.0, 0.0]
    turns /= np.linalg.norm(turns, axis=1, keepdims=True)
    sizes = np.stack([radii, radii, length], axis=-1)
    middles = (starts + ends) / 2
    return Instances(middles.astype(np.float32), turns.astype(np.float32), sizes.astype(np.float32))
