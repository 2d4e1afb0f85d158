"""Collision shapes of neighbouring segments that are fatter than the robot: they touch where a limb just bends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float64

from retarget.robots.kinematics import body_poses
from retarget.robots.shapes.collision import CollisionModel, segment_distance
from retarget.robots.spec import LIMBS, SIDES
from retarget.robots.tree import KinematicTree, trunk_bodies, trunk_joints
from retarget.wording import listed

__all__ = ["without_fat_neighbours"]

# Rad to either side of neutral that joints between two segments go through in walking and gesturing: a knee to 60
# degrees, an elbow to 70, each joint of an ankle or wrist by 40, of a hip by 30, of a waist by 20.
_EVERYDAY = {"knee": 1.05, "elbow": 1.2, "ankle": 0.7, "wrist": 0.7, "hip": 0.52}
_WAIST = 0.35
_SAMPLES = 9


def without_fat_neighbours(
    collision: CollisionModel,
    tree: KinematicTree,
    roles: dict[str, int],
    bending: dict[str, int],
    neutral: Float64[np.ndarray, "N"],
) -> tuple[CollisionModel, tuple[str, ...]]:
    """Leave out pairs of neighbouring segments that overlap while the joint between them bends a little.

    No robot is built so that it cannot walk: such shapes are fatter than it is. An upper arm may touch the chest.

    Args:
        collision: Shapes and pairs.
        tree: The robot's tree.
        roles: Body roles.
        bending: Joint of each knee and elbow.
        neutral: The neutral posture, rad.

    Returns:
        The shapes with the other pairs, and a note if any were left out.
    """
    trunk = trunk_bodies(tree, roles)
    beside = _beside(tree, roles, trunk)
    near = beside[tuple(collision.bodies[collision.pairs].T)]
    if not near.any():
        return collision, ()
    turns = [(joint, _WAIST) for joint in trunk_joints(tree, trunk)]
    for side in SIDES:
        for role, reach in _EVERYDAY.items():
            if f"{side}_{role}" in roles:
                turns += [(j, reach) for j in _joints_between(tree, roles, bending, side, role)]
    touching = np.zeros(len(near), bool)
    for joint, reach in turns:
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
        "shapes of neighbouring segments are fatter than the robot and not kept apart, as they overlap where a hip, "
        f"knee, ankle, waist, elbow or wrist just bends: {listed(names)}"
    )
    return replace(collision, pairs=collision.pairs[kept], gaps=collision.gaps[kept]), (note,)


def _joints_between(
    tree: KinematicTree, roles: dict[str, int], bending: dict[str, int], side: str, role: str
) -> list[int]:
    """The hinge of a knee or elbow; all joints of a hip, which move a thigh, and of an ankle or a wrist."""
    if f"{side}_{role}" in bending:
        return [bending[f"{side}_{role}"]]
    above = roles[{"hip": "pelvis", "ankle": f"{side}_knee", "wrist": f"{side}_elbow"}[role]]
    found = []
    body = roles[f"{side}_{role}"]
    if role == "hip":
        body = int(tree.parents[roles[f"{side}_knee"]])
    while body > 0 and body != above:
        found.append(body - 1)
        body = int(tree.parents[body])
    return found or [roles[f"{side}_{role}"] - 1]


def _beside(
    tree: KinematicTree, roles: dict[str, int], trunk: list[int]
) -> Bool[np.ndarray, "B B"]:
    """Which bodies belong to neighbouring segments: of one limb, pelvis and thighs, and of the trunk."""
    segments = _segments(tree, roles)
    limbs, levels = segments // 3, segments % 3
    of_limb = segments >= 0
    found = of_limb[:, None] & of_limb & (limbs[:, None] == limbs)
    found &= np.abs(levels[:, None] - levels) == 1
    for side in SIDES:
        if f"{side}_hip" not in roles:
            continue
        thigh = segments == segments[roles[f"{side}_hip"]]
        found[roles["pelvis"], thigh] = found[thigh, roles["pelvis"]] = True
    for first in trunk:
        for second in trunk:
            found[first, second] = first != second
    return np.asarray(found)


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
