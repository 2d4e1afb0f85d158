"""Chains of bodies that leave a common body as mirror images of each other."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from retarget.robots.kinematics import body_poses
from retarget.robots.neutral import zero_joints
from retarget.robots.tree import KinematicTree

__all__ = [
    "Chain",
    "MirroredPair",
    "below",
    "is_hand_part",
    "mirrored_pairs",
    "pair_end",
    "pair_start",
    "turns_along_its_end",
]

Chain = tuple[int, ...]

_MIRROR_TOLERANCE = (
    0.1  # of a chain's length: between its joints and the mirror images of the other's
)
_MIRROR_SLACK = (
    0.02  # of the robot's size, besides: gears sit on one side of a small robot's joints
)
_DOMINANT = 0.6  # share of the weight beyond a fork that makes one branch the limb and the others its attachments
_FEWEST = 2  # joints of a limb
_LIKE_MASS = (
    0.4  # of two limbs that mirror each other, the lighter one's share of the heavier one's mass
)
_ALONG = 0.95  # cosine to a limb's line from which an axis twists it
_BEYOND = 0.2  # of a limb's length: farther from its start it bends at a knee or elbow
_LONG = 0.25  # of a limb's length: what is turned by a twist reaches so far, and no toe
_HAND_PART = re.compile(
    r"finger|thumb|gripper|index|middle|(?<![a-z])ring|pinky|pinkie|little|jaw|claw|palm_|knuckle|hand_?j\d",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, eq=False)
class MirroredPair:
    """Two chains that mirror each other.

    Attributes:
        fork: The body that carries both.
        first: Bodies of one, from the fork outwards.
        second: Those of the other, as many.
        normal: Unit normal of the mirror, from the second chain to the first, in the base's frame.
        length: Of each chain, metres.
        mass: Of the bodies that each chain carries, itself included, kg.
    """

    fork: int
    first: Chain
    second: Chain
    normal: Float64[np.ndarray, "3"]
    length: float
    mass: float


def mirrored_pairs(tree: KinematicTree) -> list[MirroredPair]:
    """All pairs of limbs in the posture of zero angles, without those within a limb (fingers, rods of an ankle)."""
    positions, rotations = body_poses(tree, zero_joints(tree))
    axes = np.einsum("bij,bj->bi", rotations, tree.axes)
    children = _children(tree)
    weights = _weights(tree, children)
    pairs: list[MirroredPair] = []
    claimed: set[int] = set()
    for fork in range(len(tree.parents)):  # parents come first, so limbs before what is in them
        if fork in claimed:
            continue
        branches = children[fork]
        found = []
        for i, first in enumerate(branches):
            for second in branches[:i]:
                pair = _pair(tree, fork, first, second, positions, axes, children, weights)
                if pair is not None:
                    found.append(pair)
        taken: set[int] = set()
        for pair in sorted(found, key=lambda one: -one.length):
            if not {pair.first[0], pair.second[0]} & taken:
                taken |= {pair.first[0], pair.second[0]}
                pairs.append(pair)
                claimed |= below(tree, pair.first[0]) | below(tree, pair.second[0])
    return pairs


def pair_start(
    pair: MirroredPair, positions: Float64[np.ndarray, "B 3"]
) -> Float64[np.ndarray, "3"]:
    """Middle between where both chains begin, given the bodies' places, metres."""
    return np.asarray((positions[pair.first[0]] + positions[pair.second[0]]) / 2)


def pair_end(pair: MirroredPair, positions: Float64[np.ndarray, "B 3"]) -> Float64[np.ndarray, "3"]:
    """Middle between where both chains end, likewise."""
    return np.asarray((positions[pair.first[-1]] + positions[pair.second[-1]]) / 2)


def is_hand_part(tree: KinematicTree, body: int) -> bool:
    """Whether the names of a body and its joint speak of fingers."""
    names = [tree.body_names[body]] + ([tree.joint_names[body - 1]] if body else [])
    return any(_HAND_PART.search(name) for name in names)


def below(tree: KinematicTree, body: int) -> set[int]:
    """A body and all that it carries."""
    found = {body}
    for b in range(body + 1, len(tree.parents)):
        if int(tree.parents[b]) in found:
            found.add(b)
    return found


def _children(tree: KinematicTree) -> list[list[int]]:
    children: list[list[int]] = [[] for _ in tree.parents]
    for body, parent in enumerate(tree.parents):
        if parent >= 0:
            children[int(parent)].append(body)
    return children


def _weights(tree: KinematicTree, children: list[list[int]]) -> Float64[np.ndarray, "B"]:
    """Mass of each body and all that it carries, kg; where a file has none, every body counts the same."""
    weights = tree.masses.copy() if tree.masses.sum() > 1e-3 else np.ones(len(children))
    for body in range(len(children) - 1, 0, -1):
        weights[tree.parents[body]] += weights[body]
    return np.asarray(weights)


def _chain(
    tree: KinematicTree,
    start: int,
    children: list[list[int]],
    weights: Float64[np.ndarray, "B"],
    positions: Float64[np.ndarray, "B 3"],
) -> Chain:
    """The limb that starts with a body: what turns along the heaviest branch, until it divides into a hand or ends."""
    chain, here = [start], start
    while True:
        branches = [
            b for b in children[here] if not is_hand_part(tree, b) and _turns_something(tree, b)
        ]
        if not branches:
            return tuple(chain)
        if len(branches) > 1:
            shares = np.array([weights[b] for b in branches])
            best = int(np.argmax(shares))
            reach = [_reach(tree, positions, b, here) for b in branches]
            if shares[best] < _DOMINANT * shares.sum() or reach[best] < 0.5 * max(reach):
                return tuple(chain)
            branches = [branches[best]]
        here = branches[0]
        if not tree.slides[here - 1]:
            chain.append(here)


def _turns_something(tree: KinematicTree, body: int) -> bool:
    """Whether a body is no jaw or kneecap: it turns, or slides a little with all of a limb that turns beyond it."""
    return any(not tree.slides[b - 1] for b in below(tree, body))


def _reach(tree: KinematicTree, positions: np.ndarray, body: int, start: int) -> float:
    """How far the joints beyond a body lie from a point, metres."""
    beyond = sorted(below(tree, body))
    return float(np.linalg.norm(positions[beyond] - positions[start], axis=1).max())


def _pair(
    tree: KinematicTree,
    fork: int,
    first: int,
    second: int,
    positions: Float64[np.ndarray, "B 3"],
    axes: Float64[np.ndarray, "B 3"],
    children: list[list[int]],
    weights: Float64[np.ndarray, "B"],
) -> MirroredPair | None:
    chains = [_chain(tree, body, children, weights, positions) for body in (first, second)]
    count = min(map(len, chains))
    if count < _FEWEST or max(map(len, chains)) > count + 3:
        return None
    a, b = (list(chain[:count]) for chain in chains)
    between = positions[a] - positions[b]
    apart = np.linalg.norm(between, axis=1)
    length = max(_length(positions, a), _length(positions, b), float(apart.max()) / 2)
    far = apart > 0.05 * length
    if length < 1e-3 or not far.any():
        return None
    towards = between[far] / apart[far, None]
    normal = towards[int(np.argmax(apart[far]))]
    normal = (towards * np.sign(towards @ normal)[:, None] * apart[far, None]).sum(0)
    normal /= np.linalg.norm(normal)
    middle = ((positions[a] + positions[b]) / 2) @ normal
    offset = float(np.median(middle))
    mirrored = positions[b] - 2 * (positions[b] @ normal - offset)[:, None] * normal
    # A body's origin may lie anywhere on its joint's axis: only the distance from that counts.
    off = np.linalg.norm(np.cross(mirrored - positions[a], axes[a]), axis=1)
    if off.max() > _MIRROR_TOLERANCE * length + _MIRROR_SLACK * float(
        np.ptp(positions, axis=0).max()
    ):
        return None
    if min(weights[first], weights[second]) < _LIKE_MASS * max(weights[first], weights[second]):
        return None  # a gear beside what it turns
    mass = float(weights[first] + weights[second]) / 2
    return MirroredPair(fork, tuple(a), tuple(b), normal, length, mass)


def _length(positions: np.ndarray, chain: list[int]) -> float:
    return float(np.linalg.norm(np.diff(positions[chain], axis=0), axis=1).sum())


def turns_along_its_end(tree: KinematicTree, chain: Chain) -> bool:
    """Whether a limb twists beyond where it bends, as forearms do and shanks do not."""
    positions, rotations = body_poses(tree, zero_joints(tree))
    places = positions[list(chain)]
    length = float(np.linalg.norm(np.diff(places, axis=0), axis=1).sum())
    for k in range(2, len(chain) - 1):
        lines = [places[k + 1] - place for place in places[1:k]]
        long = [j for j, line in enumerate(lines, 1) if np.linalg.norm(line) > _LONG * length]
        if not long or np.linalg.norm(places[long[-1]] - places[0]) < _BEYOND * length:
            continue
        line = lines[long[-1] - 1]
        axis = rotations[chain[k]] @ tree.axes[chain[k]]
        if abs(axis @ line) > _ALONG * np.linalg.norm(line):
            return True
    return False
