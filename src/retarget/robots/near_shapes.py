"""Collision shapes of neighbouring segments that are fatter than the robot: they touch where a limb just bends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float64

from retarget.robots.collision import CollisionModel, segment_distance
from retarget.robots.kinematics import body_poses
from retarget.robots.spec import LIMBS, SIDES
from retarget.robots.tree import KinematicTree
from retarget.wording import listed

__all__ = ["without_fat_neighbours"]

# Rad to either side of neutral that joints between two segments go through in walking and gesturing: a knee to 60
# degrees, an elbow to 70, each joint of an ankle or wrist by 40.
_EVERYDAY = {"knee": 1.05, "elbow": 1.2, "ankle": 0.7, "wrist": 0.7}
_SAMPLES = 9


def without_fat_neighbours(
    collision: CollisionModel,
    tree: KinematicTree,
    roles: dict[str, int],
    bending: dict[str, int],
    neutral: Float64[np.ndarray, "N"],
) -> tuple[CollisionModel, tuple[str, ...]]:
    """Leave out pairs of one limb's neighbouring segments that overlap while the joint between them bends a little.

    No robot is built so that it cannot walk: such shapes are fatter than it is.

    Args:
        collision: Shapes and pairs.
        tree: The robot's tree.
        roles: Body roles.
        bending: Joint of each knee and elbow.
        neutral: The neutral posture, rad.

    Returns:
        The shapes with the other pairs, and a note if any were left out.
    """
    segments = _segments(tree, roles)
    first, second = (segments[collision.bodies[collision.pairs[:, k]]] for k in (0, 1))
    near = (
        (first >= 0) & (second >= 0) & (np.abs(first - second) == 1) & (first // 3 == second // 3)
    )
    if not near.any():
        return collision, ()
    touching = np.zeros(len(near), bool)
    for side in SIDES:
        for role, reach in _EVERYDAY.items():
            if f"{side}_{role}" not in roles:
                continue
            for joint in _joints_between(tree, roles, bending, side, role):
                for angle in np.linspace(-reach, reach, _SAMPLES):
                    joints = neutral.copy()
                    turned = joints[joint] + angle
                    joints[joint] = np.clip(turned, tree.lower[joint], tree.upper[joint])
                    touching[near] |= _overlap(collision, tree, joints, near)
    if not touching.any():
        return collision, ()
    kept = ~touching
    names = [f"{collision.names[i]} and {collision.names[j]}" for i, j in collision.pairs[touching]]
    note = (
        "shapes of neighbouring segments are fatter than the robot and not kept apart, as they overlap where a knee, "
        f"elbow, ankle or wrist just bends: {listed(names)}"
    )
    return replace(collision, pairs=collision.pairs[kept], gaps=collision.gaps[kept]), (note,)


def _joints_between(
    tree: KinematicTree, roles: dict[str, int], bending: dict[str, int], side: str, role: str
) -> list[int]:
    """The hinge of a knee or elbow; all joints of an ankle or a wrist, which bend and turn a foot or a hand."""
    if f"{side}_{role}" in bending:
        return [bending[f"{side}_{role}"]]
    above = roles[f"{side}_knee" if role == "ankle" else f"{side}_elbow"]
    found = []
    body = roles[f"{side}_{role}"]
    while body > 0 and body != above:
        found.append(body - 1)
        body = int(tree.parents[body])
    return found or [roles[f"{side}_{role}"] - 1]


def _segments(tree: KinematicTree, roles: dict[str, int]) -> np.ndarray:
    """Of each body three times the number of its limb, and that of its segment in it; -1 of what is in no limb."""
    found = np.full(len(tree.parents), -1)
    limbs = [(side, chain) for side in SIDES for chain in LIMBS.values()]
    for number, (side, chain) in enumerate(limbs):
        if f"{side}_{chain[0]}" not in roles:
            continue
        ends = [roles[f"{side}_{role}"] for role in chain]
        body = ends[1]
        while body > 0 and body != ends[0]:
            body = int(tree.parents[body])
            found[body] = 3 * number
        for level, end in ((1, ends[1]), (2, ends[2])):
            if level == 2 and ends[1] == ends[2]:
                continue
            below = np.zeros(len(found), bool)
            for b in range(end, len(found)):
                below[b] = b == end or below[tree.parents[b]]
            found[below] = 3 * number + level
    return found


def _overlap(
    collision: CollisionModel,
    tree: KinematicTree,
    joints: Float64[np.ndarray, "N"],
    near: Bool[np.ndarray, "P"],
) -> Bool[np.ndarray, "n"]:
    positions, rotations = body_poses(tree, joints)
    bodies = collision.bodies
    start, end = (
        positions[bodies] + np.einsum("gij,gj->gi", rotations[bodies], local)
        for local in (collision.starts, collision.ends)
    )
    i, j = collision.pairs[near].T
    apart = segment_distance(start[i], end[i], start[j], end[j])
    return np.asarray(apart < collision.radii[i] + collision.radii[j])
