"""Knees and elbows of several hinges: which one bends the limb."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Float64

from retarget.robots.kinematics import body_poses
from retarget.robots.neutral import zero_joints
from retarget.robots.spec import LIMBS, SIDES
from retarget.robots.tree import KinematicTree

__all__ = ["has_play", "play_of_gears", "range_of_hinge", "superfluous_hinges"]

_SAME_AXIS = 0.999  # cosine of two axes that are one
_MOST_PLAY = 0.15  # rad (9 degrees): servos' gears have 0.5 to 2 degrees to either side


def superfluous_hinges(
    tree: KinematicTree,
    bodies: Mapping[str, int],
    points: Mapping[str, Float64[np.ndarray, "3"]],
    upright: Float64[np.ndarray, "3 3"],
) -> tuple[dict[str, int], Bool[np.ndarray, "N"]]:
    """Which joint bends each knee and elbow, and the other hinges in their places, which no human limb has.

    Knees and elbows of three hinges are made for balls; the one that moves the limb's end forwards and back bends it.
    The play of gears is superfluous everywhere.
    """
    positions, rotations = body_poses(tree, zero_joints(tree), upright)
    bending, spare = {}, play_of_gears(tree)
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
            firm = [m if not spare[b - 1] else 0.0 for m, b in zip(moved, group, strict=True)]
            chosen = group[int(np.argmax(firm))]
            bending[f"{side}_{role}"] = chosen - 1
            spare[[b - 1 for b in group if b != chosen]] = True
    return bending, spare


def play_of_gears(tree: KinematicTree) -> Bool[np.ndarray, "N"]:
    """Hinges that turn by next to nothing about the axis of one in their place: the play of its gear."""
    found = np.zeros(len(tree.joint_names), bool)
    for body in range(2, len(tree.parents)):
        if has_play(tree, body):
            pair = (body - 1, int(tree.parents[body]) - 1)
            found[min(pair, key=lambda joint: float(tree.upper[joint] - tree.lower[joint]))] = True
    return found


def has_play(tree: KinematicTree, body: int) -> bool:
    """Whether a body's hinge and the one before it in its place are one, with its gear's play."""
    before = int(tree.parents[body])
    if before < 1 or not tree.virtual[before]:
        return False
    extents = (tree.upper - tree.lower)[[body - 1, before - 1]]
    one = abs(tree.axes[body] @ tree.axes[before]) > _SAME_AXIS
    return bool(one and extents.min() < _MOST_PLAY < extents.max())


def range_of_hinge(tree: KinematicTree, body: int) -> tuple[float, float]:
    """Range of a body's hinge, rad: of what turns it, not its play."""
    joints = [body - 1, int(tree.parents[body]) - 1] if has_play(tree, body) else [body - 1]
    joint = max(joints, key=lambda j: float(tree.upper[j] - tree.lower[j]))
    return float(tree.lower[joint]), float(tree.upper[joint])
