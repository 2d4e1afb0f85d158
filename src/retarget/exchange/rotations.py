"""Rotations as files store them, from unit quaternions (wxyz) and back."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from retarget.exchange.tables import Quaternion

__all__ = ["read_rotation", "rotation_vector", "stored_rotation"]


def stored_rotation(
    quaternions: Float64[np.ndarray, "*n 4"], stored: Quaternion
) -> Float64[np.ndarray, "*n k"]:
    """Unit quaternions (wxyz) as a file stores rotations: 4 numbers, or 3 of a rotation vector or of angles.

    ``euler_xyz_deg`` is extrinsic x, y, z in degrees (Rz Ry Rx), the second angle within 90 degrees; along the first
    axis of the array the others are unwrapped.
    """
    if stored == "wxyz":
        return quaternions
    if stored == "xyzw":
        return np.roll(quaternions, -1, axis=-1)
    if stored == "rotvec":
        return rotation_vector(quaternions)
    return _euler(quaternions)


def read_rotation(
    values: Float64[np.ndarray, "*n k"], stored: Quaternion
) -> Float64[np.ndarray, "*n 4"]:
    """Unit quaternions (wxyz) of what a file stores; the inverse of `stored_rotation`."""
    from scipy.spatial.transform import Rotation

    values = np.asarray(values, np.float64)
    if stored == "wxyz":
        return values
    if stored == "xyzw":
        return np.roll(values, 1, axis=-1)
    flat = values.reshape(-1, 3)
    turns = (
        Rotation.from_rotvec(flat)
        if stored == "rotvec"
        else Rotation.from_euler("xyz", flat, degrees=True)
    )
    return np.asarray(turns.as_quat(scalar_first=True).reshape(*values.shape[:-1], 4))


def rotation_vector(quaternions: Float64[np.ndarray, "*n 4"]) -> Float64[np.ndarray, "*n 3"]:
    """Axis times angle (rad, at most pi) of unit quaternions, wxyz."""
    quaternions = np.where(quaternions[..., :1] < 0, -quaternions, quaternions)
    sine = np.linalg.norm(quaternions[..., 1:], axis=-1, keepdims=True)
    angle = 2 * np.arctan2(sine, quaternions[..., :1])
    factor = np.where(sine > 1e-12, angle / np.maximum(sine, 1e-12), 2.0)
    return np.asarray(quaternions[..., 1:] * factor)


def _euler(quaternions: Float64[np.ndarray, "*n 4"]) -> Float64[np.ndarray, "*n 3"]:
    w, x, y, z = np.moveaxis(quaternions, -1, 0)
    first = np.arctan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y))
    second = np.arcsin(np.clip(2 * (w * y - z * x), -1.0, 1.0))
    third = np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
    angles = [np.unwrap(first, axis=0), second, np.unwrap(third, axis=0)]
    return np.asarray(np.degrees(np.stack(angles, axis=-1)))
