"""The legs and arms of a kinematic tree, found by mirror symmetry."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from retarget.robots.kinematics import body_poses
from retarget.robots.neutral import zero_joints
from retarget.robots.tree import KinematicTree

__all__ = ["Limb", "Limbs", "find_limbs"]

_MIRROR_TOLERANCE = 0.05  # of the robot's height, between an end and the mirror image of the other
_LEFT = re.compile(r"(^|[^a-z])(l|left)([^a-z]|$)|left|(^|_)L(?=[A-Z0-9])|(?<=[a-z0-9])L($|_)")
_RIGHT = re.compile(r"(^|[^a-z])(r|right)([^a-z]|$)|right|(^|_)R(?=[A-Z0-9])|(?<=[a-z0-9])R($|_)")
_HAND_PART = re.compile(
    r"finger|thumb|gripper|index|middle|ring_|pinky|little|jaw|palm_", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, eq=False)
class Limb:
    """A chain of bodies that leaves the trunk, in the robot's zero posture.

    Attributes:
        bodies: Body indices from the trunk outwards, K of them.
        anchors: Origins, which lie on the joints' axes, metres.
        axes: Joint axes in the world.
        rotations: Body rotations in the world.
        lateral: The robot's left, a unit vector.
    """

    bodies: tuple[int, ...]
    anchors: Float64[np.ndarray, "K 3"]
    axes: Float64[np.ndarray, "K 3"]
    rotations: Float64[np.ndarray, "K 3 3"]
    lateral: Float64[np.ndarray, "3"]


@dataclass(frozen=True, slots=True, eq=False)
class Limbs:
    """Legs, arms, and the bodies that carry them."""

    pelvis: int
    chest: int
    left_leg: Limb
    right_leg: Limb
    left_arm: Limb
    right_arm: Limb


def find_limbs(tree: KinematicTree) -> Limbs | None:
    """Find both legs and both arms; none when the tree does not have them.

    The mirrored pair of chains that ends lowest is the legs, the longest other pair the arms. Which is the
    left one is read from names, and else taken from the convention that x is forward and y is left.
    """
    positions, rotations = body_poses(tree, zero_joints(tree), tree.upright)
    chains = _chains(tree)
    ends = {chain: positions[chain[-1]] for chain in chains}
    height = float(np.ptp(positions[:, 2])) or 1.0
    for axis in (1, 0):
        mirror = np.where(np.arange(3) == axis, -1.0, 1.0)
        pairs = [
            (a, b)
            for a in chains
            for b in chains
            if ends[a][axis] > ends[b][axis] + _MIRROR_TOLERANCE * height
            and len(a) == len(b)
            and np.linalg.norm(ends[a] - mirror * ends[b]) < _MIRROR_TOLERANCE * height
        ]
        if len(pairs) < 2:
            continue
        legs = min(pairs, key=lambda pair: ends[pair[0]][2])
        arms = max(
            (pair for pair in pairs if not set(pair[0]) & (set(legs[0]) - set(pair[1]))),
            key=lambda pair: _length(positions, _free_part(*pair)),
            default=None,
        )
        if arms is None:
            continue
        lateral = np.eye(3)[axis]
        if _named_right(tree, legs[0]) and not _named_right(tree, legs[1]):
            legs, arms, lateral = legs[::-1], arms[::-1], -lateral
        (pelvis, left_leg, right_leg), (chest, left_arm, right_arm) = map(_fork, (legs, arms))

        def limb(bodies: tuple[int, ...], lateral: np.ndarray = lateral) -> Limb:
            chain = list(bodies)
            axes = np.einsum("kij,kj->ki", rotations[chain], tree.axes[chain])
            return Limb(bodies, positions[chain], axes, rotations[chain], lateral)

        return Limbs(
            pelvis, chest, limb(left_leg), limb(right_leg), limb(left_arm), limb(right_arm)
        )
    return None


def _chains(tree: KinematicTree) -> list[tuple[int, ...]]:
    """Paths from the base to each end; hands end where their fingers begin."""
    finger = [bool(_HAND_PART.search(name)) for name in (*tree.body_names,)]
    for body, joint in enumerate(tree.joint_names, 1):
        finger[body] = finger[body] or bool(_HAND_PART.search(joint))
    bodies = [b for b in range(len(tree.parents)) if not finger[b]]
    parents = {int(tree.parents[b]) for b in bodies}
    ends = [b for b in bodies if b not in parents]
    return [_path(tree, end) for end in ends]


def _path(tree: KinematicTree, end: int) -> tuple[int, ...]:
    path = [end]
    while path[-1] > 0:
        path.append(int(tree.parents[path[-1]]))
    return tuple(reversed(path))


def _fork(
    pair: tuple[tuple[int, ...], tuple[int, ...]],
) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    """The last common body of two paths, and what follows it on each."""
    first, second = pair
    shared = sum(a == b for a, b in zip(first, second, strict=True))
    return first[shared - 1], first[shared:], second[shared:]


def _free_part(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...]:
    return _fork((first, second))[1]


def _length(positions: np.ndarray, chain: tuple[int, ...]) -> float:
    return float(np.linalg.norm(np.diff(positions[list(chain)], axis=0), axis=1).sum())


def _named_right(tree: KinematicTree, chain: tuple[int, ...]) -> bool:
    """Whether the names along a chain say right more often than left."""
    names = [name for b in chain[1:] for name in (tree.body_names[b], tree.joint_names[b - 1])]
    right = sum(bool(_RIGHT.search(name) or _RIGHT.search(name.lower())) for name in names)
    left = sum(bool(_LEFT.search(name) or _LEFT.search(name.lower())) for name in names)
    return right > left
