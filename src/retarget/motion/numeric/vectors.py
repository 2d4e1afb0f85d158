"""Vectors of three numbers, for kernels that calibrate."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float64

from retarget.compiled.jit import jit

__all__ = [
    "Vector",
    "cross",
    "difference",
    "dot",
    "frame_from_y",
    "frame_from_z",
    "into_axes",
    "rotation_of",
    "turned",
    "unit",
]

Vector = tuple[float, float, float]


@jit(inner=True)
def difference(first: Float64[np.ndarray, "3"], second: Float64[np.ndarray, "3"]) -> Vector:
    """The vector from the second place to the first."""
    return first[0] - second[0], first[1] - second[1], first[2] - second[2]


@jit(inner=True)
def dot(a: Vector, b: Vector) -> float:
    """Scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@jit(inner=True)
def cross(a: Vector, b: Vector) -> Vector:
    """Cross product."""
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


@jit(inner=True)
def unit(a: Vector) -> Vector:
    """A vector scaled to length one; none at all stays so."""
    n = math.sqrt(max(dot(a, a), 1e-24))
    return a[0] / n, a[1] / n, a[2] / n


@jit(inner=True)
def rotation_of(quaternion: Float64[np.ndarray, "4"], R: Float64[np.ndarray, "3 3"]) -> None:
    """Fill the matrix of a unit quaternion, wxyz."""
    w, x, y, z = quaternion[0], quaternion[1], quaternion[2], quaternion[3]
    R[0, 0] = 1 - 2 * (y * y + z * z)
    R[0, 1] = 2 * (x * y - w * z)
    R[0, 2] = 2 * (x * z + w * y)
    R[1, 0] = 2 * (x * y + w * z)
    R[1, 1] = 1 - 2 * (x * x + z * z)
    R[1, 2] = 2 * (y * z - w * x)
    R[2, 0] = 2 * (x * z - w * y)
    R[2, 1] = 2 * (y * z + w * x)
    R[2, 2] = 1 - 2 * (x * x + y * y)


@jit(inner=True)
def turned(R: Float64[np.ndarray, "3 3"], offset: Float64[np.ndarray, "3 3"], k: int) -> Vector:
    """Column k of ``R @ offset``."""
    a, b, c = offset[0, k], offset[1, k], offset[2, k]
    return (
        R[0, 0] * a + R[0, 1] * b + R[0, 2] * c,
        R[1, 0] * a + R[1, 1] * b + R[1, 2] * c,
        R[2, 0] * a + R[2, 1] * b + R[2, 2] * c,
    )


@jit(inner=True)
def frame_from_z(z: Vector, y: Vector) -> tuple[Vector, Vector, Vector]:
    """Axes that keep the direction of ``z`` and turn ``y`` to be orthogonal to it."""
    z = unit(z)
    x = unit(cross(y, z))
    return x, cross(z, x), z


@jit(inner=True)
def frame_from_y(y: Vector, z: Vector) -> tuple[Vector, Vector, Vector]:
    """Axes that keep the direction of ``y`` and turn ``z`` to be orthogonal to it."""
    y = unit(y)
    x = unit(cross(y, z))
    return x, y, cross(x, y)


@jit(inner=True)
def into_axes(
    R: Float64[np.ndarray, "3 3"],
    axes: tuple[Vector, Vector, Vector],
    sample: Float64[np.ndarray, "9"],
) -> None:
    """Fill the rotation from a frame R to axes, row by row: ``R^T [x y z]``."""
    for i in range(3):
        sample[3 * i] = R[0, i] * axes[0][0] + R[1, i] * axes[0][1] + R[2, i] * axes[0][2]
        sample[3 * i + 1] = R[0, i] * axes[1][0] + R[1, i] * axes[1][1] + R[2, i] * axes[1][2]
        sample[3 * i + 2] = R[0, i] * axes[2][0] + R[1, i] * axes[2][1] + R[2, i] * axes[2][2]
