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

Chain = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Limb:
    """A chain of bodies that leaves the trunk, in the robot's zero posture.

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
    left one is read from names, and else taken from the convention that x is forward, y left and z up.
    """
    positions, rotations = body_poses(tree, zero_joints(tree))
    pairs = _mirrored_pairs(_chains(tree), positions)
    if len(pairs) < 2:
        return None
    legs = min(pairs, key=lambda pair: positions[pair[0][-1]][2])
    arms = max(
        (pair for pair in pairs if not set(pair[0]) & (set(legs[0]) - set(legs[1]))),
        key=lambda pair: _length(positions, _fork(pair)[1]),
        default=None,
    )
    if arms is None:
        return None
    if _named_right(tree, legs[0]) and not _named_right(tree, legs[1]):
        legs, arms = legs[::-1], arms[::-1]

    def limb(bodies: Chain) -> Limb:
        chain = list(bodies)
        axes = np.einsum("kij,kj->ki", rotations[chain], tree.axes[chain])
        return Limb(bodies, positions[chain], axes, rotations[chain])

    pelvis, left_leg, right_leg = _fork(legs)
    chest, left_arm, right_arm = _fork(arms)
    return Limbs(pelvis, chest, limb(left_leg), limb(right_leg), limb(left_arm), limb(right_arm))


def _mirrored_pairs(
    chains: list[Chain], positions: Float64[np.ndarray, "B 3"]
) -> list[tuple[Chain, Chain]]:
    """Chains of equal length that end at mirror images, the one at +y first."""
    tolerance = _MIRROR_TOLERANCE * float(np.ptp(positions[:, 2]))
    mirror = np.array([1.0, -1.0, 1.0])
    return [
        (a, b)
        for a in chains
        for b in chains
        if len(a) == len(b)
        and positions[a[-1], 1] > positions[b[-1], 1] + tolerance
        and np.linalg.norm(positions[a[-1]] - mirror * positions[b[-1]]) < tolerance
    ]


def _chains(tree: KinematicTree) -> list[Chain]:
    """Paths from the base to each end; hands end where their fingers begin."""
    finger = [bool(_HAND_PART.search(name)) for name in tree.body_names]
    for body, joint in enumerate(tree.joint_names, 1):
        finger[body] = finger[body] or bool(_HAND_PART.search(joint))
    bodies = [b for b in range(len(tree.parents)) if not finger[b]]
    parents = {int(tree.parents[b]) for b in bodies}
    ends = [b for b in bodies if b not in parents]
    return [_path(tree, end) for end in ends]


def _path(tree: KinematicTree, end: int) -> Chain:
    path = [end]
    while path[-1] > 0:
        path.append(int(tree.parents[path[-1]]))
    return tuple(reversed(path))


def _fork(
    pair: tuple[Chain, Chain],
) -> tuple[int, Chain, Chain]:
    """The last common body of two paths, and what follows it on each."""
    first, second = pair
    shared = sum(a == b for a, b in zip(first, second, strict=True))
    return first[shared - 1], first[shared:], second[shared:]


def _length(positions: np.ndarray, chain: Chain) -> float:
    return float(np.linalg.norm(np.diff(positions[list(chain)], axis=0), axis=1).sum())


def _named_right(tree: KinematicTree, chain: Chain) -> bool:
    """Whether the names along a chain say right more often than left."""
    names = [name for b in chain[1:] for name in (tree.body_names[b], tree.joint_names[b - 1])]
    right = sum(bool(_RIGHT.search(name) or _RIGHT.search(name.lower())) for name in names)
    left = sum(bool(_LEFT.search(name) or _LEFT.search(name.lower())) for name in names)
    return right > left
