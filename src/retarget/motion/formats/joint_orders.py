"""Orders of joints that arrays without names have; how many joints there are proposes one, bones confirm it.

Sources: SMPL's family as in `retarget.motion.formats.smpl.body`; the depth-first order of MuJoCo for SMPL-H as
InterMimic's OMOMO files and holosoma use it; SOMA as in NVIDIA's kimodo and soma-retargeter; LAFAN1's BVH files; the
climbing captures of holosoma-retargeting; Xsens' segments as in MVNX files.
"""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from retarget.motion.formats.smpl.body import body_tree
from retarget.motion.formats.smpl.soma import SOMA, tree_of_lines

__all__ = ["JointOrder", "fitting_order", "orders", "variation"]

_SAMPLED: Final = 300  # frames, evenly over the motion
_STEADY: Final = (
    0.12  # share by which a bone's length may vary; generators' bones vary by some percent
)
_SURE: Final = 0.5  # of the next best order's variation


class JointOrder(NamedTuple):
    """An order of joints.

    Attributes:
        name: Whose it is.
        names: Joint names.
        parents: Parent joints, -1 for roots, before their children.
        robot: It is a robot's, so that this is no human motion.
    """

    name: str
    names: tuple[str, ...]
    parents: Int64[np.ndarray, "J"]
    robot: bool = False


# Lines of joints, each from one that was named before; a name alone begins the skeleton.
_LINES: Final = {
    "LAFAN1": (
        "Hips LeftUpLeg LeftLeg LeftFoot LeftToe", "Hips RightUpLeg RightLeg RightFoot RightToe",
        "Hips Spine Spine1 Spine2 Neck Head", "Spine2 LeftShoulder LeftArm LeftForeArm LeftHand",
        "Spine2 RightShoulder RightArm RightForeArm RightHand",
    ),
    "SOMA30": (
        "Hips Spine1 Spine2 Chest Neck1 Neck2 Head Jaw", "Head LeftEye", "Head RightEye",
        "Chest LeftShoulder LeftArm LeftForeArm LeftHand LeftHandThumbEnd", "LeftHand LeftHandMiddleEnd",
        "Chest RightShoulder RightArm RightForeArm RightHand RightHandThumbEnd", "RightHand RightHandMiddleEnd",
        "Hips LeftLeg LeftShin LeftFoot LeftToeBase", "Hips RightLeg RightShin RightFoot RightToeBase",
    ),
    "SOMA77": SOMA,
    "SMPL-H in MuJoCo's order": (
        "Pelvis L_Hip L_Knee L_Ankle L_Toe", "Pelvis R_Hip R_Knee R_Ankle R_Toe",
        "Pelvis Torso Spine Chest Neck Head",
        "Chest L_Thorax L_Shoulder L_Elbow L_Wrist",
        *(f"L_Wrist L_{f}1 L_{f}2 L_{f}3" for f in ("Index", "Middle", "Pinky", "Ring", "Thumb")),
        "Chest R_Thorax R_Shoulder R_Elbow R_Wrist",
        *(f"R_Wrist R_{f}1 R_{f}2 R_{f}3" for f in ("Index", "Middle", "Pinky", "Ring", "Thumb")),
    ),
    "SMPL in MuJoCo's order": (
        "Pelvis L_Hip L_Knee L_Ankle L_Toe", "Pelvis R_Hip R_Knee R_Ankle R_Toe",
        "Pelvis Torso Spine Chest Neck Head", "Chest L_Thorax L_Shoulder L_Elbow L_Wrist L_Hand",
        "Chest R_Thorax R_Shoulder R_Elbow R_Wrist R_Hand",
    ),
    "climbing captures": (
        "Hips Spine Spine1 Neck Head", "Spine1 LeftShoulder LeftArm LeftForeArm LeftHand",
        *(f"LeftHand {' '.join(f'LeftHand{f}{i}' for i in (1, 2, 3))}"
          for f in ("Thumb", "Index", "Middle", "Ring", "Pinky")),
        "Spine1 RightShoulder RightArm RightForeArm RightHand",
        *(f"RightHand {' '.join(f'RightHand{f}{i}' for i in (1, 2, 3))}"
          for f in ("Thumb", "Index", "Middle", "Ring", "Pinky")),
        "Hips LeftUpLeg LeftLeg LeftFoot LeftToeBase", "Hips RightUpLeg RightLeg RightFoot RightToeBase",
        "LeftFoot LeftFootMod", "RightFoot RightFootMod",
    ),
    "Xsens": (
        "Pelvis L5 L3 T12 T8 Neck Head", "T8 RightShoulder RightUpperArm RightForeArm RightHand",
        "T8 LeftShoulder LeftUpperArm LeftForeArm LeftHand", "Pelvis RightUpperLeg RightLowerLeg RightFoot RightToe",
        "Pelvis LeftUpperLeg LeftLowerLeg LeftFoot LeftToe",
    ),
}  # fmt: skip
_GUESSED_ROBOTS: Final = {34: "Unitree G1"}


@cache
def orders() -> tuple[JointOrder, ...]:
    """All known orders."""
    found = [
        JointOrder(label, *_first(kind, count))
        for label, kind, count in (
            ("SMPL's body", "smpl", 22), ("SMPL", "smpl", 24), ("SMPL-H", "smplh", 52), ("SMPL-X", "smplx", 55),
        )
    ]  # fmt: skip
    return (*found, *(JointOrder(name, *tree_of_lines(lines)) for name, lines in _LINES.items()))


def _first(kind: str, count: int) -> tuple[tuple[str, ...], Int64[np.ndarray, "J"]]:
    tree = body_tree(kind)
    return tree.names[:count], tree.parents[:count]


def fitting_order(positions: Float64[np.ndarray, "T J 3"]) -> tuple[JointOrder | None, str]:
    """The order whose bones keep their lengths, of those with this many joints; else None and why there is none."""
    count = positions.shape[1]
    candidates = [order for order in orders() if len(order.names) == count]
    if not candidates:
        if count in _GUESSED_ROBOTS:
            return (
                None,
                f"has the {count} joints of a robot, {_GUESSED_ROBOTS[count]}, and no human's",
            )
        known = ", ".join(sorted({str(len(order.names)) for order in orders()}, key=int))
        return None, f"has {count} joints without names; orders are known of {known} joints"
    rated = sorted(
        ((variation(positions, order.parents), order) for order in candidates), key=_worst
    )
    worst, best = rated[0]
    if worst > _STEADY:
        return None, (
            f"has {count} joints, but no known order of so many keeps its bones' lengths "
            f"(they vary by {worst:.0%} in that of {best.name})"
        )
    if len(rated) > 1 and len(positions) > 1 and worst > _SURE * rated[1][0]:
        return None, f"has joints that may be in the order of {best.name} or of {rated[1][1].name}"
    return best, ""


def _worst(rated: tuple[float, JointOrder]) -> float:
    return rated[0]


def variation(positions: Float64[np.ndarray, "T J 3"], parents: Int64[np.ndarray, "J"]) -> float:
    """The share by which bones' lengths vary over the motion, the mean of all bones."""
    few = np.asarray(positions[:: max(1, len(positions) // _SAMPLED)], np.float64)
    apart = np.any(few != few[:, :1], axis=(1, 2))  # all joints at one place: the frame was lost
    few = few[apart] if apart.any() else few
    child = np.flatnonzero(parents >= 0)
    bones = np.linalg.norm(few[:, child] - few[:, parents[child]], axis=-1)
    bones = bones[:, np.isfinite(bones).any(axis=0)]  # of the others nothing is told
    if not bones.size:
        return float("inf")
    # The one that leaves out what is not known goes from bone to bone.
    percentile = np.nanpercentile if np.isnan(bones).any() else np.percentile
    low, middle, high = percentile(bones, [5, 50, 95], axis=0)
    usual = max(float(np.mean(middle)), 1e-9)
    return float(np.mean(np.minimum((high - low) / np.maximum(middle, 0.1 * usual), 2.0)))
