"""Joint rotations as files of the SMPL family write them: axis angle, matrices or parts of these, quaternions."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.geometry import cross, quaternion_from_matrix, quaternion_from_vector, unit

__all__ = ["numbers_per_joint", "quaternions_of", "six_are_rows", "w_is_last"]

_KNEES: Final = (4, 5)
_FAR_OFF: Final = (
    0.2  # of a matrix's columns from being orthonormal; video models write them with errors of 1e-3
)

_TOLD_APART: Final = 0.3  # between the scalar of quaternions and an axis' number, medians


def numbers_per_joint(count: int, joints: tuple[int, ...]) -> int:
    """How many numbers a joint's rotation has (3, 4, 6 or 9) in a row of ``count`` of one of these counts; or 0.

    Example:
        >>> numbers_per_joint(216, (24, 52, 55))
        9
    """
    return next((per for per in (3, 9, 6, 4) for some in joints if count == per * some), 0)


def quaternions_of(
    values: Float64[np.ndarray, "T J n"], rows: bool = False
) -> Float64[np.ndarray, "T J 4"]:
    """Unit quaternions, wxyz, of rotations of 3, 4, 6 or 9 numbers.

    Args:
        values: Axis times angle in rad (3), quaternions, wxyz (4), matrices row by row (9), or a matrix's first column
            and its second one (6).
        rows: Six numbers are the first two rows of a matrix instead.

    Raises:
        ValueError: A matrix or a quaternion is no rotation.
    """
    per = values.shape[-1]
    if per == 3:
        return quaternion_from_vector(values)
    if per == 4:
        lengths = np.linalg.norm(values, axis=-1)
        if not (np.abs(lengths - 1) < _FAR_OFF).all():
            raise ValueError("a quaternion is no rotation")
        return np.asarray(values / lengths[..., None])
    if per == 9:
        matrices = values.reshape(*values.shape[:-1], 3, 3)
        x, y = unit(matrices[..., 0]), matrices[..., 1]
        volume = np.einsum("...i,...i->...", cross(matrices[..., 0], y), matrices[..., 2])
        if not (np.abs(volume - 1) < _FAR_OFF).all():
            raise ValueError("a matrix is no rotation")
    else:
        x, y = unit(values[..., :3]), values[..., 3:]
    y = unit(y - np.einsum("...i,...i->...", x, y)[..., None] * x)
    frames = np.stack([x, y, cross(x, y)], axis=-2 if rows and per == 6 else -1)
    return quaternion_from_matrix(frames)


def w_is_last(values: Float64[np.ndarray, "T J 4"]) -> bool | None:
    """Whether the scalar of quaternions is their last number; None where that cannot be told.

    Most joints of a body are turned by less than a right angle most of the time, so that the scalar is the largest.
    """
    first, *_, last = np.median(np.abs(values), axis=(0, 1))
    return None if abs(first - last) < _TOLD_APART else bool(last > first)


def six_are_rows(values: Float64[np.ndarray, "T J 6"]) -> bool:
    """Whether six numbers per joint are rows of matrices: the reading in which knees bend as knees do.

    Writers disagree (columns: Zhou et al. 2019; rows: PyTorch3D). The other reading is each joint's inverse rotation.
    """
    knees = quaternions_of(np.ascontiguousarray(values[:, list(_KNEES)]))
    return bool(np.median(knees[..., 1] * np.sign(knees[..., 0])) < 0)
