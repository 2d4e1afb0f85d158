"""Ranges of knees and elbows for which a file states none: they bend one way, as a human's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float64

from retarget.robots.kinematics import body_poses
from retarget.robots.spec import LIMBS, SIDES
from retarget.robots.tree import KinematicTree
from retarget.wording import listed

__all__ = ["bending_one_way"]

_FLEXION = 2.6  # rad from straight: 150 degrees, a human knee's and elbow's (Kapandji, Physiology of the Joints)
_BEYOND = 0.05  # rad that they go beyond straight
_STEPS = 181  # angles over a whole turn
_LITTLE = 0.3  # rad: far enough from straight to see which way a limb bends
_FORWARDS = {"leg": -1.0, "arm": 1.0}  # shanks bend backwards, forearms forwards


def bending_one_way(
    tree: KinematicTree,
    roles: dict[str, int],
    points: dict[str, Float64[np.ndarray, "3"]],
    bending: dict[str, int],
    unlimited: Bool[np.ndarray, "N"],
    upright: Float64[np.ndarray, "3 3"],
) -> tuple[KinematicTree, tuple[str, ...]]:
    """The tree with ranges for knees and elbows that have none, and a note; angles in rad.

    From straight, where hip and ankle (shoulder and wrist) are farthest apart, they bend as a human's do. An elbow
    that bends neither forwards nor backwards is left as it is.
    """
    lower, upper = tree.lower.copy(), tree.upper.copy()
    found = []
    rest = np.clip(0.0, lower, upper)
    for limb, (first, middle, last) in LIMBS.items():
        for side in SIDES:
            joint = bending.get(f"{side}_{middle}", -1)
            if joint < 0 or not unlimited[joint]:
                continue
            ends = (f"{side}_{first}", f"{side}_{last}")

            def reach(
                angle: float, joint: int = joint, ends: tuple[str, str] = ends
            ) -> Float64[np.ndarray, "3"]:
                joints = rest.copy()
                joints[joint] = angle
                positions, rotations = body_poses(tree, joints, upright)
                near, far = (
                    positions[roles[end]] + rotations[roles[end]] @ points[end] for end in ends
                )
                return np.asarray(far - near)

            angles = np.linspace(-np.pi, np.pi, _STEPS)
            straight = float(angles[int(np.argmax([np.linalg.norm(reach(a)) for a in angles]))])
            ahead = float((reach(straight + _LITTLE) - reach(straight - _LITTLE))[0])
            if abs(ahead) < 0.2 * _LITTLE * float(np.linalg.norm(reach(straight))):
                continue
            way = float(np.sign(ahead)) * _FORWARDS[limb]
            low, high = sorted((straight - way * _BEYOND, straight + way * _FLEXION))
            lower[joint], upper[joint] = low, high
            found.append(tree.joint_names[joint])
    if not found:
        return tree, ()
    note = f"no range is given for {listed(found)}: they are taken to bend as a human's, by 150 degrees from straight"
    return replace(tree, lower=lower, upper=upper), (note,)
