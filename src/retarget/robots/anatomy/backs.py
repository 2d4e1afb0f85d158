"""Backs of more joints than a chest needs to be turned: simulated people have three of three."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64

from retarget.robots.kinematics import body_poses
from retarget.robots.neutral import zero_joints
from retarget.robots.tree import KinematicTree, trunk_bodies, trunk_joints

__all__ = ["spare_trunk_joints"]

_SAME_AXIS = 0.7  # cosine above which two joints turn the chest about one axis (45 degrees)


def spare_trunk_joints(
    tree: KinematicTree, roles: dict[str, int], upright: Float64[np.ndarray, "3 3"]
) -> Bool[np.ndarray, "N"]:
    """Joints that turn a chest about the same axes as others that are kept.

    A chest has a direction to follow and no place: further joints would wander, and fold the back on the way. Of a
    robot without legs those nearest to the chest are kept, as it bows down and rises with those below; of one with legs
    those in the middle of its back, about where it is taken to bend, unless others turn much farther.
    """
    spare = np.zeros(len(tree.joint_names), bool)
    if "chest" not in roles:
        return spare
    legs = "left_hip" in roles
    between = set(trunk_joints(tree, trunk_bodies(tree, roles)))
    _, rotations = body_poses(tree, zero_joints(tree), upright)
    alike: list[tuple[Float64[np.ndarray, "3"], list[int]]] = []
    body = roles["chest"]
    while body > 0:
        joint, body = body - 1, int(tree.parents[body])
        if legs and joint not in between:
            continue
        axis = rotations[joint + 1] @ tree.axes[joint + 1]
        same = next((joints for other, joints in alike if abs(axis @ other) > _SAME_AXIS), None)
        if same is None and tree.slides[joint]:
            continue
        if same is None:
            alike.append((axis, [joint]))
        else:
            same.append(joint)
    for _, joints in alike:
        spare[joints] = True
        spare[_in_the_middle(tree, joints) if legs else joints[0]] = False
    return spare


def _in_the_middle(tree: KinematicTree, joints: list[int]) -> int:
    """The joint in the middle of those that turn at least half as far as any."""
    extents = (tree.upper - tree.lower)[joints]
    widest = extents.max()
    far = [joint for joint, own in zip(joints, extents, strict=True) if 2 * own >= widest]
    return far[len(far) // 2]
