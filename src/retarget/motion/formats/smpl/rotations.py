"""Joint rotations as files of the SMPL family write them: axis angle, matrices, or six numbers of a matrix."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.geometry import cross, quaternion_from_matrix, quaternion_from_vector, unit

__all__ = ["numbers_per_joint", "quaternions_of"]

_KNEES: Final = (4, 5)
_FAR_OFF: Final = (
    0.2  # of a matrix's columns from being orthonormal; video models write them with errors of 1e-3
)


def numbers_per_joint(count: int, joints: tuple[int, ...]) -> int:
    """How many numbers a joint's rotation has (3, 6 or 9) in a row of ``count`` of one of these counts of joints; or 0.

    Example:
        >>> numbers_per_joint(216, (24, 52, 55))
        9
    """
    return next((per for per in (3, 9, 6) for some in joints if count == per * some), 0)


def quaternions_of(
    values: Float64[np.ndarray, "T J n"], rows: bool = False
) -> Float64[np.ndarray, "T J 4"]:
    """Unit quaternions, wxyz, of rotations of 3, 6 or 9 numbers.

    Args:
        values: Axis times angle in rad (3), matrices row by row (9), or a matrix's first column and its second one (6).
        rows: Six numbers are the first two rows of a matrix instead.

    Raises:
        ValueError: A matrix is no rotation.
    """
    per = values.shape[-1]
    if per == 3:
        return quaternion_from_vector(values)
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


def six_are_rows(values: Float64[np.ndarray, "T J 6"]) -> bool:
    """Whether six numbers per joint are rows of matrices: the reading in which knees bend as knees do.

    Writers disagree (columns: Zhou et al. 2019; rows: PyTorch3D). The other reading is each joint's inverse rotation.
    """
    knees = quaternions_of(np.ascontiguousarray(values[:, list(_KNEES)]))
    return bool(np.median(knees[..., 1] * np.sign(knees[..., 0])) < 0)
