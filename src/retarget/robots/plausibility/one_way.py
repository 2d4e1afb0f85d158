"""Ranges of knees, elbows, backs and collarbones for which a file states none: they move as a human's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float64

from retarget.robots.kinematics import body_poses
from retarget.robots.spec import LIMBS, SIDES
from retarget.robots.tree import KinematicTree, trunk_bodies, trunk_joints
from retarget.wording import listed

__all__ = ["bending_one_way", "moving_as_a_trunk", "straight_angle", "without_range"]

_FLEXION = 2.6  # rad from straight: 150 degrees, a human knee's and elbow's (Kapandji, Physiology of the Joints)
_BEYOND = 0.05  # rad that they go beyond straight
_STEPS = 181  # angles over a whole turn
_LITTLE = 0.3  # rad: far enough from straight to see which way a limb bends
_WHOLE_TURN = 2 * np.pi - 0.02  # rad: who states as much states none
_BACK = 1.2  # rad to either side: a back turns by 50 degrees and bends by 70, as a whole; less than to be upside down
_COLLARBONE = 0.5  # rad to either side: a human's goes by 30 degrees, a little farther up than down (Kapandji)
_CARRIED = 0.3  # of the way from the middle to a shoulder by which a joint carries it: robots' are at most a quarter
_FORWARDS = {"leg": -1.0, "arm": 1.0}  # shanks bend backwards, forearms forwards


def without_range(tree: KinematicTree) -> Bool[np.ndarray, "N"]:
    """Hinges of which nobody has said how far they turn."""
    return np.asarray((~tree.limited | (tree.upper - tree.lower > _WHOLE_TURN)) & ~tree.slides)


def moving_as_a_trunk(
    tree: KinematicTree,
    roles: dict[str, int],
    points: dict[str, Float64[np.ndarray, "3"]],
    unlimited: Bool[np.ndarray, "N"],
    upright: Float64[np.ndarray, "3 3"],
) -> tuple[KinematicTree, tuple[str, ...]]:
    """The tree with ranges for a back and collarbones that have none, and notes; angles in rad.

    A back of several such joints can be folded in many ways, and a collarbone go round with the arm, which the shoulder
    turns as well.
    """
    lower, upper = tree.lower.copy(), tree.upper.copy()
    notes = []
    for joints, reach, what in (
        (trunk_joints(tree, trunk_bodies(tree, roles)), _BACK, "turn as backs do"),
        (_carrying_shoulders(tree, roles, points, upright), _COLLARBONE, "move as collarbones do"),
    ):
        found = [joint for joint in joints if unlimited[joint]]
        lower[found], upper[found] = -reach, reach
        if found:
            names = listed([tree.joint_names[joint] for joint in found])
            degrees = round(float(np.degrees(reach)))
            notes.append(
                f"no range, or a whole turn, is given for {names}: they are taken to {what}, by {degrees} degrees "
                "at most"
            )
    return replace(tree, lower=lower, upper=upper), tuple(notes)


def _carrying_shoulders(
    tree: KinematicTree,
    roles: dict[str, int],
    points: dict[str, Float64[np.ndarray, "3"]],
    upright: Float64[np.ndarray, "3 3"],
) -> list[int]:
    """Joints that carry a shoulder about the chest: not those that just turn the arm."""
    if "left_shoulder" not in roles:
        return []
    positions, rotations = body_poses(tree, np.clip(0.0, tree.lower, tree.upper), upright)
    bodies = [roles[f"{side}_shoulder"] for side in SIDES]
    ends = [
        positions[body] + rotations[body] @ points[f"{side}_shoulder"]
        for side, body in zip(SIDES, bodies, strict=True)
    ]
    half = float(np.linalg.norm(ends[0] - ends[1])) / 2
    found = []
    for shoulder, start in zip(ends, bodies, strict=True):
        body = start
        while body > 0 and body != roles["chest"]:
            lever = np.cross(rotations[body] @ tree.axes[body], shoulder - positions[body])
            if np.linalg.norm(lever) > _CARRIED * half:
                found.append(body - 1)
            body = int(tree.parents[body])
    return found


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

            straight = straight_angle(reach)
            ahead = float((reach(straight + _LITTLE) - reach(straight - _LITTLE))[0])
            if abs(ahead) < 0.2 * _LITTLE * float(np.linalg.norm(reach(straight))):
                continue
            way = float(np.sign(ahead)) * _FORWARDS[limb]
            low, high = sorted((straight - way * _BEYOND, straight + way * _FLEXION))
            lower[joint], upper[joint] = low, high
            found.append(tree.joint_names[joint])
    if not found:
        return tree, ()
    note = (
        f"no range, or a whole turn, is given for {listed(found)}: they are taken to bend as a human's, by 150 degrees "
        "from straight"
    )
    return replace(tree, lower=lower, upper=upper), (note,)


def straight_angle(reach: Callable[[float], Float64[np.ndarray, "3"]]) -> float:
    """The angle of a hinge, rad, at which its limb is straight: its ends, as ``reach`` has them, farthest apart."""
    angles = np.linspace(-np.pi, np.pi, _STEPS)
    return float(angles[int(np.argmax([np.linalg.norm(reach(angle)) for angle in angles]))])
