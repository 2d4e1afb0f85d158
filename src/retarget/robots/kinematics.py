"""Forward kinematics of a few configurations, in plain NumPy: for looking at a robot while it is loaded."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from jaxtyping import Float64, Int64

__all__ = ["Tree", "axis_rotation", "body_poses"]


class Tree(Protocol):
    """Anything with the kinematic arrays of `RobotModel`."""

    @property
    def parents(self) -> Int64[np.ndarray, "B"]: ...  # noqa: D102
    @property
    def offsets(self) -> Float64[np.ndarray, "B 3"]: ...  # noqa: D102
    @property
    def orientations(self) -> Float64[np.ndarray, "B 3 3"]: ...  # noqa: D102
    @property
    def axes(self) -> Float64[np.ndarray, "B 3"]: ...  # noqa: D102


def body_poses(
    tree: Tree, joints: Float64[np.ndarray, "N"], base: Float64[np.ndarray, "3 3"] | None = None
) -> tuple[Float64[np.ndarray, "B 3"], Float64[np.ndarray, "B 3 3"]]:
    """Positions (m) and rotations of all bodies relative to the base's origin, at joint angles in rad.

    ``base`` is the base's rotation in the world; none means that the base's frame is the world's.
    """
    count = len(tree.parents)
    positions, rotations = np.zeros((count, 3)), np.zeros((count, 3, 3))
    rotations[0] = np.eye(3) if base is None else base
    for body in range(1, count):
        parent = tree.parents[body]
        positions[body] = positions[parent] + rotations[parent] @ tree.offsets[body]
        turn = axis_rotation(tree.axes[body], float(joints[body - 1]))
        rotations[body] = rotations[parent] @ tree.orientations[body] @ turn
    return positions, rotations


def axis_rotation(axis: Float64[np.ndarray, "3"], angle: float) -> Float64[np.ndarray, "3 3"]:
    """Rotation matrix about a unit axis (Rodrigues)."""
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)
