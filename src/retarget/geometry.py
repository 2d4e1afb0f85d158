"""Rotations and anatomical frames, vectorised over time.

Quaternions are unit, wxyz. Frames are rotation matrices whose columns are the axes x, y, z in the world.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

__all__ = [
    "along_curves",
    "angle_between",
    "frame_from_y",
    "frame_from_z",
    "matrix_from_quaternion",
    "quaternion_from_matrix",
    "quaternion_from_vector",
    "quaternion_product",
    "rotated",
    "slerp",
    "unit",
]

Vectors = Float64[np.ndarray, "*n 3"]
Matrices = Float64[np.ndarray, "*n 3 3"]
Quaternions = Float64[np.ndarray, "*n 4"]


def unit(vectors: Vectors) -> Vectors:
    """Vectors scaled to length one; zero vectors stay zero."""
    squared = np.einsum("...i,...i->...", vectors, vectors)
    return np.asarray(vectors / np.sqrt(np.maximum(squared, 1e-24))[..., None])


def cross(first: Vectors, second: Vectors) -> Vectors:
    """Cross product; several times faster than ``numpy.cross`` on long arrays of vectors."""
    x1, y1, z1 = first[..., 0], first[..., 1], first[..., 2]
    x2, y2, z2 = second[..., 0], second[..., 1], second[..., 2]
    return np.stack([y1 * z2 - z1 * y2, z1 * x2 - x1 * z2, x1 * y2 - y1 * x2], axis=-1)


def angle_between(first: Vectors, second: Vectors) -> Float64[np.ndarray, "*n"]:
    """Angles in radians between vectors of any length."""
    dot = np.einsum("...i,...i->...", unit(first), unit(second))
    return np.asarray(np.arccos(np.clip(dot, -1.0, 1.0)))


def frame_from_z(z: Vectors, y: Vectors) -> Matrices:
    """Frames that keep the direction of ``z`` and turn ``y`` to be orthogonal to it."""
    z = unit(z)
    x = unit(cross(np.broadcast_to(y, z.shape), z))
    return np.stack([x, cross(z, x), z], axis=-1)


def frame_from_y(y: Vectors, z: Vectors) -> Matrices:
    """Frames that keep the direction of ``y`` and turn ``z`` to be orthogonal to it."""
    y = unit(y)
    x = unit(cross(y, np.broadcast_to(z, y.shape)))
    return np.stack([x, y, cross(x, y)], axis=-1)


def matrix_from_quaternion(quaternions: Quaternions) -> Matrices:
    """Rotation matrices of unit quaternions."""
    w, x, y, z = np.moveaxis(np.asarray(quaternions, np.float64), -1, 0)
    out = np.empty((*w.shape, 3, 3))
    out[..., 0, 0] = 1 - 2 * (y * y + z * z)
    out[..., 0, 1] = 2 * (x * y - w * z)
    out[..., 0, 2] = 2 * (x * z + w * y)
    out[..., 1, 0] = 2 * (x * y + w * z)
    out[..., 1, 1] = 1 - 2 * (x * x + z * z)
    out[..., 1, 2] = 2 * (y * z - w * x)
    out[..., 2, 0] = 2 * (x * z - w * y)
    out[..., 2, 1] = 2 * (y * z + w * x)
    out[..., 2, 2] = 1 - 2 * (x * x + y * y)
    return out


def quaternion_from_matrix(matrices: Matrices) -> Quaternions:
    """Unit quaternions with w >= 0 of rotation matrices.

    Each of the four rows ``4 q_i q`` is a column of the symmetric outer product; the one with the largest
    ``q_i`` is well conditioned (Shepperd 1978).
    """
    m = np.asarray(matrices, np.float64)
    m00, m11, m22 = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    outer = np.empty((*m.shape[:-2], 4, 4))
    outer[..., 0, 0] = 1 + m00 + m11 + m22
    outer[..., 1, 1] = 1 + m00 - m11 - m22
    outer[..., 2, 2] = 1 - m00 + m11 - m22
    outer[..., 3, 3] = 1 - m00 - m11 + m22
    outer[..., 0, 1] = outer[..., 1, 0] = m[..., 2, 1] - m[..., 1, 2]
    outer[..., 0, 2] = outer[..., 2, 0] = m[..., 0, 2] - m[..., 2, 0]
    outer[..., 0, 3] = outer[..., 3, 0] = m[..., 1, 0] - m[..., 0, 1]
    outer[..., 1, 2] = outer[..., 2, 1] = m[..., 1, 0] + m[..., 0, 1]
    outer[..., 1, 3] = outer[..., 3, 1] = m[..., 0, 2] + m[..., 2, 0]
    outer[..., 2, 3] = outer[..., 3, 2] = m[..., 2, 1] + m[..., 1, 2]
    best = np.argmax(np.einsum("...ii->...i", outer), axis=-1)
    rows = np.take_along_axis(outer, best[..., None, None], axis=-2)[..., 0, :]
    rows = rows / np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(np.where(rows[..., :1] < 0, -rows, rows))


def quaternion_from_vector(vectors: Vectors) -> Quaternions:
    """Unit quaternions of rotation vectors: axes times angles, rad."""
    vectors = np.asarray(vectors, np.float64)
    angles = np.sqrt(np.einsum("...i,...i->...", vectors, vectors))
    out = np.empty((*vectors.shape[:-1], 4))
    out[..., 0] = np.cos(angles / 2)
    # sin(a / 2) / a, with its limit at zero
    out[..., 1:] = vectors * (np.sinc(angles / (2 * np.pi)) / 2)[..., None]
    return out


def without_flips(quaternions: Quaternions) -> Quaternions:
    """The same rotations, each quaternion with the sign that is nearer to the one before."""
    flips = np.sum(quaternions[1:] * quaternions[:-1], axis=-1) < 0
    out = quaternions.copy()
    out[1:] *= np.where(np.cumsum(flips, axis=0) % 2, -1.0, 1.0)[..., None]
    return out


def quaternion_product(first: Quaternions, second: Quaternions) -> Quaternions:
    """Hamilton's product: the rotation ``second`` followed by ``first``."""
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    a, b, c, d = first[..., 0], first[..., 1], first[..., 2], first[..., 3]
    w, x, y, z = second[..., 0], second[..., 1], second[..., 2], second[..., 3]
    return np.stack(
        [
            a * w - b * x - c * y - d * z,
            a * x + b * w + c * z - d * y,
            a * y - b * z + c * w + d * x,
            a * z + b * y - c * x + d * w,
        ],
        axis=-1,
    )


def rotated(quaternions: Quaternions, vectors: Vectors) -> Vectors:
    """Vectors turned by unit quaternions: v + 2 q x (q x v + w v) with q the vector part."""
    w, q = quaternions[..., :1], quaternions[..., 1:]
    vectors = np.broadcast_to(vectors, q.shape)
    return np.asarray(vectors + 2 * cross(q, cross(q, vectors) + w * vectors))


def along_curves(
    values: Float64[np.ndarray, "T *n"], time: Float64[np.ndarray, "S"]
) -> Float64[np.ndarray, "S *n"]:
    """Cubic Hermite curves through samples, with central differences as slopes (Catmull & Rom 1974).

    Straight lines would put all acceleration into the samples that they meet at.

    Args:
        values: Samples, at the times 0, 1, 2, ...
        time: Where values are wanted, between 0 and T - 1.
    """
    if len(values) < 2:
        return values[np.zeros(len(time), np.int64)]
    slopes = np.gradient(values, axis=0)
    before = np.minimum(time.astype(np.int64), len(values) - 2)
    s = (time - before).reshape(-1, *[1] * (values.ndim - 1))
    start = (1 + 2 * s) * values[before] + s * slopes[before]
    end = (3 - 2 * s) * values[before + 1] - (1 - s) * slopes[before + 1]
    return np.asarray((1 - s) ** 2 * start + s**2 * end)


def slerp(first: Quaternions, second: Quaternions, share: Float64[np.ndarray, "T"]) -> Quaternions:
    """Spherical interpolation of unit quaternions (Shoemake 1985), along the shorter arc."""
    first, second = first.astype(np.float64), second.astype(np.float64)
    dot = np.sum(first * second, axis=-1, keepdims=True)
    second = np.where(dot < 0, -second, second)
    angle = np.arccos(np.clip(np.abs(dot), 0, 1))
    weight = share.reshape(-1, *[1] * (first.ndim - 1))
    small = angle < 1e-6
    sine = np.where(small, 1.0, np.sin(angle))
    near = np.where(small, 1 - weight, np.sin((1 - weight) * angle) / sine)
    far = np.where(small, weight, np.sin(weight * angle) / sine)
    blended = near * first + far * second
    return np.asarray(blended / np.linalg.norm(blended, axis=-1, keepdims=True))
