"""Knees and elbows of several hinges: which one bends the limb."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Float64

from retarget.robots.kinematics import body_poses
from retarget.robots.neutral import zero_joints
from retarget.robots.spec import LIMBS, SIDES
from retarget.robots.tree import KinematicTree

__all__ = ["superfluous_hinges"]


def superfluous_hinges(
    tree: KinematicTree,
    bodies: Mapping[str, int],
    points: Mapping[str, Float64[np.ndarray, "3"]],
    upright: Float64[np.ndarray, "3 3"],
) -> tuple[dict[str, int], Bool[np.ndarray, "N"]]:
    """Which joint bends each knee and elbow, and the other hinges in their places, which no human limb has.

    Knees and elbows of three hinges are made for balls; the one that moves the limb's end forwards and back bends it.
    """
    positions, rotations = body_poses(tree, zero_joints(tree), upright)
    bending, spare = {}, np.zeros(len(tree.joint_names), bool)
    for _, role, end in LIMBS.values():
        for side in SIDES:
            if f"{side}_{role}" not in bodies:
                continue
            body = bodies[f"{side}_{role}"]
            group = [body]
            while tree.virtual[tree.parents[group[-1]]]:
                group.append(int(tree.parents[group[-1]]))
            far = bodies[f"{side}_{end}"]
            limb = positions[far] + rotations[far] @ points[f"{side}_{end}"] - positions[body]
            moved = [abs(np.cross(rotations[b] @ tree.axes[b], limb)[0]) for b in group]
            chosen = group[int(np.argmax(moved))]
            bending[f"{side}_{role}"] = chosen - 1
            spare[[b - 1 for b in group if b != chosen]] = True
    return bending, spare
