"""The legs and arms among a tree's mirrored pairs, and how the robot stands."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from jaxtyping import Float64

from retarget.robots.anatomy.pairs import Chain, MirroredPair, mirrored_pairs
from retarget.robots.kinematics import body_poses
from retarget.robots.neutral import zero_joints
from retarget.robots.tree import KinematicTree

__all__ = ["Geometry", "Limb", "Limbs", "find_limbs", "standing"]

Geometry: TypeAlias = Callable[[int], Float64[np.ndarray, "n 3"]]
"""Points of a body's collision geometry in its frame, metres."""

_LEG = re.compile(
    r"hip|thigh|knee|ankle|(?<![a-z])leg|foot|toe|shank|shin|calf|crotch|femur|tibia", re.I
)
_ARM = re.compile(r"shoulder|(?<!c)arm|elbow|wrist|hand|clavicle|humerus|radius|scapula", re.I)
_LEFT = re.compile(r"(^|[^a-z])(l|left)([^a-z]|$)|left|(^|_)L(?=[A-Z0-9])|(?<=[a-z0-9])L($|_)")
_RIGHT = re.compile(r"(^|[^a-z])(r|right)([^a-z]|$)|right|(^|_)R(?=[A-Z0-9])|(?<=[a-z0-9])R($|_)")
_SNAP = np.cos(
    np.radians(30.0)
)  # models are drawn along the axes of their base: a near one is meant
_ON_AXIS = np.cos(np.radians(3.0))  # a mirror's normal so near to an axis is that axis
_NEAR_AXIS = np.cos(np.radians(20.0))  # legs and trunks lean by less
# Who is left and where is ahead: how much each witness counts. Names may be swapped, knees of birds bend the other way.
_NAMES, _KNEES, _FEET, _CONVENTION = 2.0, 2.0, 1.5, 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Limb:
    """A chain of bodies that leaves the trunk, in the posture of zero angles, the robot upright and looking along x.

    Attributes:
        bodies: Body indices from the trunk outwards, K of them.
        anchors: Origins, which lie on the joints' axes, metres.
        axes: Joint axes in the world.
        rotations: Body rotations in the world.
    """

    bodies: Chain
    anchors: Float64[np.ndarray, "K 3"]
    axes: Float64[np.ndarray, "K 3"]
    rotations: Float64[np.ndarray, "K 3 3"]


@dataclass(frozen=True, slots=True, eq=False)
class Limbs:
    """Legs, arms, the bodies that carry them, and how the base is turned when the robot stands.

    Attributes:
        pelvis: Body that carries the legs.
        chest: Body that carries the arms.
        legs: Left and right.
        arms: Left and right; None where the robot has none.
        upright: Rotation of the base with which the robot stands along z and looks along x.
        doubts: What speaks against what was found, in plain sentences.
    """

    pelvis: int
    chest: int
    legs: tuple[Limb, Limb]
    arms: tuple[Limb, Limb] | None
    upright: Float64[np.ndarray, "3 3"]
    doubts: tuple[str, ...]


def find_limbs(tree: KinematicTree, geometry: Geometry) -> Limbs | None:
    """Find both legs and both arms; none when the tree does not have legs.

    Of two mirrored pairs those are the legs whose ends point away from the other pair: shoulders are above hips. Masses
    and names help where a robot stands otherwise at zero angles.
    """
    pairs = [pair for pair in mirrored_pairs(tree) if len(pair.first) >= 3]
    positions, _ = body_poses(tree, zero_joints(tree))
    chosen = _legs_and_arms(tree, pairs, positions)
    if chosen is None:
        return None
    legs, arms = chosen
    leg = _start(legs, positions) - _end(legs, positions)
    trunk = _start(arms, positions) - _start(legs, positions) if arms is not None else np.zeros(3)
    doubts: list[str] = []
    positions, rotations = body_poses(tree, zero_joints(tree))
    axes = np.einsum("bij,bj->bi", rotations, tree.axes)[1:]
    ahead = standing(legs.normal, leg, trunk, axes)[0]
    if _votes(tree, legs, arms, ahead, geometry, doubts) < 0:
        legs = _swapped(legs)
    if arms is not None and arms.normal @ legs.normal < 0:
        arms = _swapped(arms)
    upright = standing(legs.normal, leg, trunk, axes)
    positions, rotations = body_poses(tree, zero_joints(tree), upright)

    def limb(bodies: Chain) -> Limb:
        chain = list(bodies)
        axes = np.einsum("kij,kj->ki", rotations[chain], tree.axes[chain])
        return Limb(bodies, positions[chain], axes, rotations[chain])

    return Limbs(
        legs.fork,
        arms.fork if arms is not None else _trunk_top(tree, legs, positions),
        (limb(legs.first), limb(legs.second)),
        (limb(arms.first), limb(arms.second)) if arms is not None else None,
        upright,
        tuple(doubts),
    )


def _swapped(pair: MirroredPair) -> MirroredPair:
    return replace(pair, first=pair.second, second=pair.first, normal=-pair.normal)


def _legs_and_arms(
    tree: KinematicTree, pairs: list[MirroredPair], positions: Float64[np.ndarray, "B 3"]
) -> tuple[MirroredPair, MirroredPair | None] | None:
    if not pairs:
        return None
    if len(pairs) == 1:
        return (pairs[0], None) if _likeness(tree, pairs[0]) >= 0 else None
    heaviest = max(pair.mass for pair in pairs)

    def score(legs: MirroredPair, arms: MirroredPair) -> float:
        down = _end(legs, positions) - _start(legs, positions)
        across = (_start(arms, positions) - _start(legs, positions)) @ down
        down_length, apart = (
            np.linalg.norm(down),
            np.linalg.norm(_start(arms, positions) - _start(legs, positions)),
        )
        above = -across / max(float(down_length * apart), 1e-9)
        names = _likeness(tree, legs) - _likeness(tree, arms)
        masses = (legs.mass - arms.mass) / max(heaviest, 1e-9)
        lengths = (legs.length + arms.length) / max(pair.length for pair in pairs)
        return float(2 * above + 2 * names + masses + lengths)

    choices = [(a, b) for a in pairs for b in pairs if a is not b]
    legs, arms = max(choices, key=lambda pair: score(*pair))
    return legs, arms


def _likeness(tree: KinematicTree, pair: MirroredPair) -> float:
    """From 1, all names of a pair are of legs, to -1, of arms."""
    names = [f"{tree.body_names[b]} {tree.joint_names[b - 1]}" for b in (*pair.first, *pair.second)]
    leg = sum(bool(_LEG.search(name)) for name in names)
    arm = sum(bool(_ARM.search(name)) for name in names)
    return (leg - arm) / max(leg + arm, 1)


def _start(pair: MirroredPair, positions: np.ndarray) -> Float64[np.ndarray, "3"]:
    return np.asarray((positions[pair.first[0]] + positions[pair.second[0]]) / 2)


def _end(pair: MirroredPair, positions: np.ndarray) -> Float64[np.ndarray, "3"]:
    return np.asarray((positions[pair.first[-1]] + positions[pair.second[-1]]) / 2)


def standing(
    left: Float64[np.ndarray, "3"],
    leg: Float64[np.ndarray, "3"],
    trunk: Float64[np.ndarray, "3"],
    axes: Float64[np.ndarray, "N 3"],
) -> Float64[np.ndarray, "3 3"]:
    """Rotation that turns the base so that the robot stands along z and looks along x.

    Args:
        left: From the right to the left hip, in the base's frame.
        leg: From the ankles to the hips.
        trunk: From the hips to the shoulders; zeros where it is not known.
        axes: Joint axes in the base's frame at zero angles: those that turn trunk and limbs stand upright.
    """
    up = leg / max(float(np.linalg.norm(leg)), 1e-9)
    up = up + trunk / max(float(np.linalg.norm(trunk)), 1e-9)
    left = _snapped(left, _ON_AXIS)
    level = up - (up @ left) * left
    up = _snapped(level, _SNAP)
    if np.count_nonzero(up) > 1 or not (np.abs(axes @ up) > _ON_AXIS).any():
        up = _along_axes(level / np.linalg.norm(level), axes)
    up = up - (up @ left) * left
    up = up / np.linalg.norm(up)
    return np.asarray(np.stack([np.cross(left, up), left, up]) + 0.0)  # no minus zeros


def _along_axes(
    direction: Float64[np.ndarray, "3"], axes: Float64[np.ndarray, "N 3"]
) -> Float64[np.ndarray, "3"]:
    """The direction that most joint axes near to one agree upon; itself where there are none."""
    along = axes @ direction
    near = axes[np.abs(along) > _NEAR_AXIS] * np.sign(along[np.abs(along) > _NEAR_AXIS])[:, None]
    if not len(near):
        return direction
    agree = (near @ near.T > _ON_AXIS).sum(1)
    return np.asarray(near[int(np.argmax(agree))])


def _snapped(direction: Float64[np.ndarray, "3"], least: float) -> Float64[np.ndarray, "3"]:
    """A direction of length one, or the axis that is near to it."""
    unit = direction / max(float(np.linalg.norm(direction)), 1e-12)
    axis = int(np.argmax(np.abs(unit)))
    if abs(unit[axis]) < least:
        return np.asarray(unit)
    snapped = np.zeros(3)
    snapped[axis] = np.sign(unit[axis])
    return snapped


def _votes(
    tree: KinematicTree,
    legs: MirroredPair,
    arms: MirroredPair | None,
    ahead: np.ndarray,
    geometry: Geometry,
    doubts: list[str],
) -> float:
    """Above zero where the first leg is the left one and the robot looks along ``ahead``."""
    names = np.sign(
        _sides(tree, legs.first)
        - _sides(tree, legs.second)
        + (
            (_sides(tree, arms.first) - _sides(tree, arms.second))
            * np.sign(arms.normal @ legs.normal)
            if arms is not None
            else 0
        )
    )
    witnesses = {
        "names": _NAMES * names,
        "knees": _KNEES * _knees_ahead(tree, legs, ahead),
        "feet": _FEET * _feet_ahead(tree, legs, ahead, geometry),
        "convention": _CONVENTION * float(np.sign(np.round(ahead[0], 3))),
    }
    total = float(sum(witnesses.values()))
    against = [name for name, vote in witnesses.items() if vote * total < 0]
    if against:
        doubts.append(
            f"which side is left, and where is ahead: the {' and '.join(against)} "
            f"{'say' if len(against) > 1 or against[0] != 'convention' else 'says'} otherwise"
        )
    return total if total else 1.0


def _sides(tree: KinematicTree, chain: Chain) -> int:
    """How many more names of a chain say left than right."""
    names = [name for b in chain for name in (tree.body_names[b], tree.joint_names[b - 1])]
    right = sum(bool(_RIGHT.search(name) or _RIGHT.search(name.lower())) for name in names)
    left = sum(bool(_LEFT.search(name) or _LEFT.search(name.lower())) for name in names)
    return left - right


def _knees_ahead(tree: KinematicTree, legs: MirroredPair, ahead: np.ndarray) -> float:
    """1 where knees bend the shanks away from ``ahead``, -1 where towards it, 0 where they bend both ways alike."""
    vote = 0.0
    joints = zero_joints(tree)
    positions, rotations = body_poses(tree, joints)
    for chain in (legs.first, legs.second):
        best, knee = 0.0, -1
        for k, body in enumerate(chain[1:-1], 1):
            upper = positions[body] - positions[chain[0]]
            lower = positions[chain[-1]] - positions[body]
            lengths = min(np.linalg.norm(upper), np.linalg.norm(lower))
            axis = rotations[body] @ tree.axes[body]
            score = float(lengths * abs(axis @ legs.normal))
            if score > best + 1e-9:
                best, knee = score, k
        if knee < 0:
            continue
        body = chain[knee]
        lower, upper_limit = tree.lower[body - 1], tree.upper[body - 1]
        if abs(upper_limit + lower) < 0.3 * (upper_limit - lower):
            continue
        axis = rotations[body] @ tree.axes[body]
        turn = 1.0 if upper_limit + lower > 0 else -1.0
        moved = np.cross(axis, positions[chain[-1]] - positions[body]) * turn
        vote -= float(np.sign(moved @ ahead)) / 2
    return vote


def _feet_ahead(
    tree: KinematicTree, legs: MirroredPair, ahead: np.ndarray, geometry: Geometry
) -> float:
    """1 where feet reach farther ahead of the ankle than behind, by mass and by what is joined to them."""
    vote = 0.0
    _, rotations = body_poses(tree, zero_joints(tree))
    for chain in (legs.first, legs.second):
        foot = chain[-1]
        reach = geometry(foot) @ rotations[foot].T @ ahead
        if len(reach) and np.ptp(reach) > 1e-3:
            middle = float(reach.max() + reach.min())
            vote += float(np.sign(middle)) / 2 if abs(middle) > 0.1 * np.ptp(reach) else 0.0
        elif tree.masses[foot] > 0:
            lever = float(rotations[foot] @ tree.mass_centres[foot] @ ahead)
            vote += float(np.sign(lever)) / 2 if abs(lever) > 2e-3 else 0
    return vote


def _trunk_top(tree: KinematicTree, legs: MirroredPair, positions: np.ndarray) -> int:
    """The heaviest body beside the legs: the trunk of a robot without arms."""
    below = {*legs.first, *legs.second}
    others = [b for b in range(len(tree.parents)) if b not in below]
    return max(others, key=lambda body: (tree.masses[body], -body)) if others else legs.fork
