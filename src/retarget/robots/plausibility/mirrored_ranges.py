"""Ranges with a sign that was forgotten: of two joints that mirror each other one goes where the other does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float64

from retarget.robots.kinematics import body_poses
from retarget.robots.spec import LIMBS
from retarget.robots.tree import KinematicTree
from retarget.wording import listed

__all__ = ["with_mirrored_ranges"]

# Which way legs and arms go farther, by what turns them: thighs and arms ahead, shanks back, all of them outwards, and
# arms that are held out down.
_AHEAD = {"hip": 1.0, "knee": -1.0, "shoulder": 1.0, "elbow": 1.0}
_ALIKE = 0.05  # share of a range by which its ends may differ from the other's, turned round
_LOPSIDED = 0.15  # share of its extent by which a range goes farther one way
_PARALLEL = 0.95  # cosine of two axes that mirror each other
_CLEARLY = 0.7  # share of the way of a limb's end that goes ahead or aside
_LITTLE = 0.2  # rad
_WHOLE_TURN = 6.0  # rad, nearly


def with_mirrored_ranges(
    tree: KinematicTree,
    roles: dict[str, int],
    points: dict[str, Float64[np.ndarray, "3"]],
    upright: Float64[np.ndarray, "3 3"],
) -> tuple[KinematicTree, tuple[str, ...]]:
    """The tree with the sign of such ranges put right, and a note; angles in rad.

    Left and right joints whose axes mirror each other have ranges that do. Where they are each other's negatives
    instead, one has the wrong sign: that by which a knee or elbow bends as no human's does, a leg or arm goes farther
    back than ahead, or farther inwards than aside, or an arm that is held out farther up than down. Where none is so,
    both are left as they are; so are those beyond a joint that turns all the way round, with which left and right limbs
    may be one part, turned.
    """
    lower, upper = tree.lower.copy(), tree.upper.copy()
    rest = np.clip(0.0, lower, upper)
    _, turns = body_poses(tree, rest, upright)
    found = []
    for chain in LIMBS.values():
        if f"left_{chain[0]}" not in roles:
            continue
        left, right = (_chain(tree, roles, side, chain) for side in ("left", "right"))
        if len(left) != len(right):
            continue
        for nearer, ((joint, role), (other, _)) in enumerate(zip(left, right, strict=True), 1):
            if any(_turns_wholly(tree, above) for above, _ in (*left[nearer:], *right[nearer:])):
                continue  # half a turn of that joint makes of one sign the other
            axis, mirrored = (turns[k + 1] @ tree.axes[k + 1] for k in (joint, other))
            along = float(mirrored @ (axis * [-1.0, 1.0, -1.0]))
            if abs(along) < _PARALLEL or not _opposite(tree, joint, other, np.sign(along)):
                continue
            for own, side in ((joint, "left"), (other, "right")):
                end = f"{side}_{chain[2]}"
                place = (roles[end], points[end])
                way = _human_way(tree, rest, upright, own, place, role)
                if way * (lower[own] + upper[own]) < 0:
                    lower[own], upper[own] = -upper[own], -lower[own]
                    found.append(tree.joint_names[own])
    if not found:
        return tree, ()
    note = f"the range has the wrong sign: of {listed(found)}, which could not move as the joint on the other side does"
    return replace(tree, lower=lower, upper=upper), (note,)


def _chain(
    tree: KinematicTree, roles: dict[str, int], side: str, chain: tuple[str, str, str]
) -> list[tuple[int, str]]:
    """Joints of a limb from its end up, each with the role of the part that it moves."""
    found = []
    body, role = int(tree.parents[roles[f"{side}_{chain[2]}"]]), chain[1]
    trunk = int(roles.get("chest" if chain[0] == "shoulder" else "pelvis", 0))
    if roles[f"{side}_{chain[2]}"] == roles[f"{side}_{chain[1]}"]:  # neither hand nor foot moves
        body = roles[f"{side}_{chain[2]}"]
    while body > 0 and body != trunk:
        found.append((body - 1, role))
        if body == roles[f"{side}_{chain[1]}"]:
            role = chain[0]
        body = int(tree.parents[body])
    return found


def _turns_wholly(tree: KinematicTree, joint: int) -> bool:
    return bool(tree.axes[joint + 1].any() and tree.upper[joint] - tree.lower[joint] > _WHOLE_TURN)


def _opposite(tree: KinematicTree, joint: int, other: int, sign: float) -> bool:
    """Whether a range is lopsided, and the other's not as it mirrored, but that turned round."""
    low, high = tree.lower[joint], tree.upper[joint]
    extent = high - low
    if not tree.limited[joint] or not tree.limited[other] or not 0 < extent < np.inf:
        return False
    if abs(low + high) < _LOPSIDED * extent:
        return False
    turned = np.sort(-sign * np.array([low, high]))
    theirs = np.array([tree.lower[other], tree.upper[other]])
    return bool(np.abs(turned - theirs).max() < _ALIKE * extent)


def _human_way(
    tree: KinematicTree,
    rest: Float64[np.ndarray, "N"],
    upright: Float64[np.ndarray, "3 3"],
    joint: int,
    end: tuple[int, Float64[np.ndarray, "3"]],
    role: str,
) -> float:
    """Sign of the angle by which a human's joint goes farther; 0 where the limb's end goes none of these ways."""
    places = []
    for angle in (-_LITTLE, _LITTLE):
        joints = rest.copy()
        joints[joint] += angle
        positions, rotations = body_poses(tree, joints, upright)
        places.append(positions[end[0]] + rotations[end[0]] @ end[1])
    way = places[1] - places[0]
    length = float(np.linalg.norm(way))
    if length < 1e-6:
        return 0.0
    if abs(way[0]) > _CLEARLY * length:
        return float(np.sign(way[0])) * _AHEAD[role]
    if abs(way[1]) > _CLEARLY * length and role in ("hip", "shoulder"):
        middle = (places[0] + places[1]) / 2
        base = body_poses(tree, rest, upright)[0][0]
        return float(np.sign(way[1] * (middle[1] - base[1])))
    if abs(way[2]) > _CLEARLY * length and role == "shoulder":
        return -float(np.sign(way[2]))
    return 0.0
