"""A relaxed upright posture."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from retarget.robots.kinematics import body_poses
from retarget.robots.spec import SIDES, RobotSpec
from retarget.robots.tree import KinematicTree

__all__ = ["neutral_joints", "zero_joints"]

_KNEE_BEND = 0.3  # rad: far enough from straight for the knee's direction to be known


def zero_joints(tree: KinematicTree) -> Float64[np.ndarray, "N"]:
    """Joint angles at zero, or at the limit nearest to it, rad."""
    return np.asarray(np.clip(0.0, tree.lower, tree.upper))


def neutral_joints(
    tree: KinematicTree,
    roles: dict[str, int],
    bending: dict[str, int],
    upright: Float64[np.ndarray, "3 3"],
    spec: RobotSpec,
) -> Float64[np.ndarray, "N"]:
    """Zero angles with slightly bent knees, and what ``spec`` gives, within limits; rad."""
    joints = zero_joints(tree)
    positions, _ = body_poses(tree, joints, upright)
    for side in SIDES if "left_hip" in roles else ():
        left = positions[roles["left_hip"]] - positions[roles["right_hip"]]
        forward = np.cross(left, [0.0, 0.0, 1.0])
        knee = bending[f"{side}_knee"]

        def reach(
            bend: float,
            knee: int = knee,
            ankle: int = roles[f"{side}_ankle"],
            forward: Float64[np.ndarray, "3"] = forward,
        ) -> float:
            bent = joints.copy()
            bent[knee] = np.clip(bend, tree.lower[knee], tree.upper[knee])
            return float(body_poses(tree, bent, upright)[0][ankle] @ forward)

        flexed = min((-_KNEE_BEND, _KNEE_BEND), key=reach)
        joints[knee] = np.clip(flexed, tree.lower[knee], tree.upper[knee])
    for index, name in enumerate(tree.joint_names):
        joints[index] = spec.neutral_angle(name, float(joints[index]))
    return np.asarray(np.clip(joints, tree.lower, tree.upper))
