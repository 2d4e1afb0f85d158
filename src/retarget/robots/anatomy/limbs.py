"""The legs and arms among a tree's mirrored pairs, and how the robot stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64

from retarget.robots.anatomy.facing import Geometry, first_is_left, standing
from retarget.robots.anatomy.hinges import has_play
from retarget.robots.anatomy.many_legs import limbs_alike, stands_on_more
from retarget.robots.anatomy.pairs import (
    Chain,
    MirroredPair,
    below,
    is_hand_part,
    mirrored_pairs,
    pair_end,
    pair_start,
    turns_along_its_end,
)
from retarget.robots.kinematics import body_poses
from retarget.robots.neutral import zero_joints
from retarget.robots.tree import KinematicTree

__all__ = ["Limb", "Limbs", "find_limbs"]

_FEWEST, _FEWEST_NAMED = 3, 2  # joints of a leg or an arm, and of one that is called so
_CALLED = 0.5  # likeness by names from which a limb is called a leg or an arm
_LONE_JOINTS, _LONE_REACH = (
    4,
    0.4,
)  # a limb without mirror image: its joints, and its share of the other limbs' length
_SIDEWAYS = 0.9  # cosine to the mirror's normal: the axes of knees and feet
_LONG_TARSUS = (
    0.15  # of the way from hip to foot: what ends so much lower than a leg's last joint is no toe
)
_CENTRAL = 0.05  # of these: what lies so near to the mirror is no limb of one side
_SHORT_TRUNK = (
    0.2  # of an arm's length: shoulders so near to the base's origin do not tell where is up
)
_LEGS_SHARE = 0.45  # of a robot's mass, halfway between what two legs and what two arms have
_HALFWAY = 0.5  # of the way down to the feet

_LEG = re.compile(
    r"hip|thigh|knee|ankle|(?<![a-z])leg|foot|toe|shank|shin|calf|crotch|femur|tibia", re.I
)
_ARM = re.compile(r"shoulder|(?<!c)arm|elbow|wrist|hand|clavicle|humerus|radius|scapula", re.I)


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
        pelvis: Body that carries the legs; the base where there are none.
        chest: Body that carries the arms; the pelvis where there are none.
        legs: Left and right; None where the robot has none.
        arms: Left and right; None where the robot has none.
        upright: Rotation of the base with which the robot stands along z and looks along x.
        no_human: What it has that no human has: more legs or arms; empty where it has not.
        lone: Bodies with which limbs begin that have no mirror image, where legs or arms were not found.
        doubts: What speaks against what was found, in plain sentences.
    """

    pelvis: int
    chest: int
    legs: tuple[Limb, Limb] | None
    arms: tuple[Limb, Limb] | None
    upright: Float64[np.ndarray, "3 3"]
    no_human: str
    lone: Chain
    doubts: tuple[str, ...]


def find_limbs(tree: KinematicTree, geometry: Geometry) -> Limbs | None:
    """Find both legs and both arms, or what a robot has of them; none when the tree has neither.

    Of two mirrored pairs those are the legs whose ends point away from the other pair: shoulders are above hips. Masses
    and names help where a robot stands otherwise at zero angles, or has one pair only.
    """
    pairs = [pair for pair in mirrored_pairs(tree) if _may_be_limbs(tree, pair)]
    positions, _ = body_poses(tree, zero_joints(tree))
    legs, arms = _legs_and_arms(tree, pairs, positions)
    no_human = ""
    if stands_on_more(legs, arms, pairs, positions):
        no_human = "stands on more than two legs, as no human does"
    elif legs is not None and arms is not None and _copies(tree, legs, arms):
        no_human = (
            "has two pairs of limbs that are copies of each other, as four legs or four arms are"
        )
    legs = _with_feet(tree, legs) if legs is not None else None
    main = legs or arms
    if main is None:
        return None
    leg, trunk = _upwards(legs, arms, positions)
    doubts: list[str] = []
    positions, rotations = body_poses(tree, zero_joints(tree))
    axes = np.einsum("bij,bj->bi", rotations, tree.axes)[1:]
    ahead = standing(main.normal, leg, trunk, axes)[0]
    if not first_is_left(tree, legs, arms, ahead, geometry, doubts):
        main = _swapped(main)
    legs, arms = _like(main, legs), _like(main, arms)
    upright = standing(main.normal, leg, trunk, axes)
    positions, rotations = body_poses(tree, zero_joints(tree), upright)

    def limb(bodies: Chain) -> Limb:
        doubled = {int(tree.parents[body]) for body in bodies if has_play(tree, body)}
        chain = [body for body in bodies if body not in doubled]
        axes = np.einsum("kij,kj->ki", rotations[chain], tree.axes[chain])
        return Limb(tuple(chain), positions[chain], axes, rotations[chain])

    return Limbs(
        legs.fork if legs is not None else 0,
        arms.fork if arms is not None else main.fork,
        (limb(legs.first), limb(legs.second)) if legs is not None else None,
        (limb(arms.first), limb(arms.second)) if arms is not None else None,
        upright,
        no_human,
        _lone_limbs(tree, main, pairs) if legs is None or arms is None else (),
        tuple(doubts),
    )


def _upwards(
    legs: MirroredPair | None, arms: MirroredPair | None, positions: Float64[np.ndarray, "B 3"]
) -> tuple[Float64[np.ndarray, "3"], Float64[np.ndarray, "3"]]:
    """What points upwards, as `standing` takes it: along the legs, and from hips to shoulders; zeros of what is not."""
    none = np.zeros(3)
    if legs is None:
        assert arms is not None
        trunk = pair_start(arms, positions)  # from the base's origin
        hanging = trunk - pair_end(arms, positions)
        return none, trunk if np.linalg.norm(trunk) > _SHORT_TRUNK * arms.length else hanging
    hips = pair_start(legs, positions)
    trunk = pair_start(arms, positions) - hips if arms is not None else none
    return hips - pair_end(legs, positions), trunk


def _like(main: MirroredPair, pair: MirroredPair | None) -> MirroredPair | None:
    """A pair with its first chain on the side of the main pair's first."""
    return _swapped(pair) if pair is not None and pair.normal @ main.normal < 0 else pair


def _swapped(pair: MirroredPair) -> MirroredPair:
    return replace(pair, first=pair.second, second=pair.first, normal=-pair.normal)


def _legs_and_arms(
    tree: KinematicTree, pairs: list[MirroredPair], positions: Float64[np.ndarray, "B 3"]
) -> tuple[MirroredPair | None, MirroredPair | None]:
    if not pairs:
        return None, None
    if len(pairs) == 1:
        return (pairs[0], None) if _are_legs(tree, pairs[0], positions) else (None, pairs[0])
    heaviest = max(pair.mass for pair in pairs)

    def score(legs: MirroredPair, arms: MirroredPair) -> float:
        down = pair_end(legs, positions) - pair_start(legs, positions)
        across = (pair_start(arms, positions) - pair_start(legs, positions)) @ down
        down_length, apart = (
            np.linalg.norm(down),
            np.linalg.norm(pair_start(arms, positions) - pair_start(legs, positions)),
        )
        above = -across / max(float(down_length * apart), 1e-9)
        names = _likeness(tree, legs) - _likeness(tree, arms)
        masses = (legs.mass - arms.mass) / max(heaviest, 1e-9)
        lengths = (legs.length + arms.length) / max(pair.length for pair in pairs)
        return float(2 * above + 2 * names + masses + lengths)

    choices = [(a, b) for a in pairs for b in pairs if a is not b]
    legs, arms = max(choices, key=lambda pair: score(*pair))
    return legs, arms


def _are_legs(
    tree: KinematicTree, pair: MirroredPair, positions: Float64[np.ndarray, "B 3"]
) -> bool:
    """Whether the only pair of a robot is its legs: by names, share of the mass, twists, and what is at its ends."""
    share = 2 * pair.mass / max(float(tree.masses.sum()), 1e-9)
    down = pair_end(pair, positions) - pair_start(pair, positions)
    limbs = below(tree, pair.first[0]) | below(tree, pair.second[0])
    others = positions[[b for b in range(len(positions)) if b not in limbs]]
    farthest = float(((others - pair_start(pair, positions)) @ down).max() / (down @ down + 1e-9))
    # Nothing else of a robot reaches down as far as its feet; a trunk's base and its wheels lie under hands.
    alone = 1.0 if farthest < _HALFWAY else -1.0
    told = 2 * _likeness(tree, pair) + np.clip(4 * (share - _LEGS_SHARE), -1, 1) + alone
    return bool(told > (2.0 if turns_along_its_end(tree, pair.first) else 0.0))


def _lone_limbs(tree: KinematicTree, main: MirroredPair, pairs: list[MirroredPair]) -> Chain:
    """Bodies with which a limb begins that has no mirror image: of robots that are damaged, or not understood."""
    taken = {0}
    for pair in pairs:
        taken |= below(tree, pair.first[0]) | below(tree, pair.second[0])
        body = pair.fork
        while body > 0:
            taken.add(body)
            body = int(tree.parents[body])
    positions, _ = body_poses(tree, zero_joints(tree))
    middle = float(pair_start(main, positions) @ main.normal)
    found = []
    for body in range(1, len(tree.parents)):
        if body in taken or int(tree.parents[body]) not in taken:
            continue
        limb = sorted(below(tree, body))
        turning = [b for b in limb if not tree.slides[b - 1] and not is_hand_part(tree, b)]
        reach = np.linalg.norm(positions[limb] - positions[body], axis=1).max()
        aside = abs(float(positions[limb].mean(0) @ main.normal) - middle)
        central = aside < _CENTRAL * main.length  # a neck, a tail, a column on wheels
        if len(turning) >= _LONE_JOINTS and reach > _LONE_REACH * main.length and not central:
            found.append(
                _first_aside(tree, positions @ main.normal - middle, body, _CENTRAL * main.length)
            )
    return tuple(found)


def _first_aside(
    tree: KinematicTree, aside: Float64[np.ndarray, "B"], body: int, least: float
) -> int:
    """The first body, of one and all that it carries, that lies beside the mirror: where a limb leaves the trunk."""
    return next((b for b in sorted(below(tree, body)) if abs(aside[b]) > least), body)


def _with_feet(tree: KinematicTree, legs: MirroredPair) -> MirroredPair:
    """Legs lengthened by feet that hang beside rods and cranks at their ends: what is lowest and bends sideways."""
    positions, rotations = body_poses(tree, zero_joints(tree))
    down = pair_end(legs, positions) - pair_start(legs, positions)
    found = []
    for chain in (legs.first, legs.second):
        children = [b for b in range(1, len(tree.parents)) if tree.parents[b] == chain[-1]]
        bending = [
            b
            for b in children
            if not tree.slides[b - 1]
            and abs(rotations[b] @ tree.axes[b] @ legs.normal) > _SIDEWAYS
            and (positions[b] - positions[chain[-1]]) @ down > _LONG_TARSUS * (down @ down)
        ]
        if not bending or len(children) < 2:
            return legs
        found.append(max(bending, key=lambda b: float(positions[b] @ down)))
    return replace(legs, first=(*legs.first, found[0]), second=(*legs.second, found[1]))


def _may_be_limbs(tree: KinematicTree, pair: MirroredPair) -> bool:
    """Whether a pair has the joints of legs or arms: no ears, no wheels, and no head that lies where an arm would."""
    if len(pair.first) >= _FEWEST:
        return True
    sides = [_called(tree, side) for side in (pair.first, pair.second)]
    return len(pair.first) >= _FEWEST_NAMED and (min(sides) >= _CALLED or max(sides) <= -_CALLED)


def _copies(tree: KinematicTree, legs: MirroredPair, arms: MirroredPair) -> bool:
    told = _likeness(tree, legs) > 0 > _likeness(tree, arms)
    return not told and limbs_alike(tree, legs, arms)


def _likeness(tree: KinematicTree, pair: MirroredPair) -> float:
    """From 1, all names of a pair are of legs, to -1, of arms."""
    return _called(tree, (*pair.first, *pair.second))


def _called(tree: KinematicTree, bodies: Chain) -> float:
    """From 1, all names of bodies and their joints are of legs, to -1, of arms."""
    names = [f"{tree.body_names[b]} {tree.joint_names[b - 1]}" for b in bodies]
    leg = sum(bool(_LEG.search(name)) for name in names)
    arm = sum(bool(_ARM.search(name)) for name in names)
    return (leg - arm) / max(leg + arm, 1)
