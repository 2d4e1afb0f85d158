"""Soles of feet whose geometry cannot be read: the other foot's mirror image, else what masses and proportions say."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from retarget.robots.kinematics import body_poses
from retarget.robots.tree import KinematicTree

__all__ = ["mirrored_sole", "plate_sole"]

# Of the leg's length (thigh and shank): Winter 2009 gives a foot 0.152, its width 0.055 and its ankle 0.039 of a height
# of which the leg is 0.491. Robots' feet lie around these.
_LENGTH, _WIDTH, _HEIGHT = 0.30, 0.11, 0.08
_LENGTHS, _HEIGHTS = (0.22, 0.42), (0.03, 0.16)  # of robots that we know
_HEEL = 0.3  # share of the foot's length behind the ankle
_MASS_SPREAD = 1.2  # a foot is longer than the box of even density that has its inertia


def mirrored_sole(
    sole: Float64[np.ndarray, "n 3"],
    own: Float64[np.ndarray, "3 3"],
    other: Float64[np.ndarray, "3 3"],
) -> Float64[np.ndarray, "n 3"]:
    """The mirror image of a sole in its foot's frame, in the other foot's; given both feet's rotations upright."""
    return np.asarray((sole @ own.T * [1.0, -1.0, 1.0]) @ other)


def plate_sole(
    tree: KinematicTree,
    foot: int,
    leg_length: float,
    joints: Float64[np.ndarray, "N"],
    upright: Float64[np.ndarray, "3 3"],
) -> Float64[np.ndarray, "4 3"]:
    """Corners of a level plate under an ankle, in the foot's frame (m).

    Its length and depth are those of the box that has the foot's inertia, within what feet of such legs have; without
    one, usual proportions.
    """
    _, rotations = body_poses(tree, joints, upright)
    centre = rotations[foot] @ tree.mass_centres[foot]
    inertia = rotations[foot] @ tree.inertias[foot] @ rotations[foot].T
    box = _box(float(tree.masses[foot]), inertia)
    length, depth, middle = (
        _LENGTH * leg_length,
        _HEIGHT * leg_length,
        (0.5 - _HEEL) * _LENGTH * leg_length,
    )
    if box is not None and abs(centre[0]) < leg_length / 3:
        length = float(
            np.clip(_MASS_SPREAD * box[0], _LENGTHS[0] * leg_length, _LENGTHS[1] * leg_length)
        )
        depth = float(
            np.clip(box[2] / 2 - centre[2], _HEIGHTS[0] * leg_length, _HEIGHTS[1] * leg_length)
        )
        middle = float(np.clip(centre[0], -0.1 * length, 0.35 * length))
    half = _WIDTH * leg_length / 2
    corners = [
        [middle + s * length / 2, t * half, -depth] for s, t in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]
    return np.asarray(np.array(corners) @ rotations[foot])


def _box(mass: float, inertia: Float64[np.ndarray, "3 3"]) -> Float64[np.ndarray, "3"] | None:
    """Sides along x, y and z of the box of even density with a mass and moments of inertia; None without one."""
    if mass < 1e-2:
        return None
    xx, yy, zz = np.diag(inertia) * 6.0 / mass
    squares = np.array([yy + zz - xx, zz + xx - yy, xx + yy - zz])
    if (squares <= 0).any() or not 0.02 < np.sqrt(squares).max() < 1.0:
        return None
    return np.asarray(np.sqrt(squares))
