"""Limbs found from a skeleton's shape alone, for joint names that say nothing.

A body is two symmetric pairs of long branches: legs, and arms on a joint below the one that carries the legs, or beside
it. In each limb the two longest bones that follow one another are thigh and shank or upper arm and forearm.
Left and right follow from where the feet point.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeVar

import numpy as np
from jaxtyping import Float64

from retarget.motion.skeleton.tree import children_of, descent

__all__ = ["limbs_from_shape"]

_NEARLY: Final = 0.8
# The longest ones of a joint, and of a skeleton, are looked at: no body has more limbs, but a skirt has many chains.
_MOST_BRANCHES: Final = 24
_MOST_PAIRS: Final = 64
_STRAIGHT: Final = np.radians(1.0)  # between bones of which the first one is only divided
_MOST_UNLIKE: Final = (
    0.5  # of thigh and shank, and of an arm's, the shorter one beside the longer one
)
_T = TypeVar("_T")
_ASYMMETRY: Final = 0.1  # of a limb's length may the same bones on both sides differ


class _Pair(NamedTuple):
    """Two symmetric branches: the joints of the longest line in each, the joint that carries them, a length."""

    carrier: int
    first: list[int]
    second: list[int]
    length: float


def limbs_from_shape(
    parents: Sequence[int],
    positions: Float64[np.ndarray, "T J 3"],
    lengths: Float64[np.ndarray, "J"],
) -> dict[str, int]:
    """Propose the limb roles of a skeleton.

    Args:
        parents: Parent joints, -1 for roots; parents come before their children.
        positions: Global positions in some frames, in any unit and world.
        lengths: Distance of each joint from its parent.

    Returns:
        Role -> joint, for legs and arms; empty if the skeleton has no shape of a body.
    """
    pairs = _symmetric_pairs(parents, lengths)
    best: tuple[float, _Pair, _Pair] | None = None
    below = descent(parents)
    for legs, arms in itertools.permutations(pairs, 2):
        if not _may_belong_together(legs, arms, below):
            continue
        if any(below(arms.carrier, side[0]) or arms.carrier == side[0] for side in legs[1:3]):
            continue
        total = legs.length + arms.length
        if best is None or total > best[0]:
            best = (total, legs, arms)
    if best is None:
        return {}
    _, legs, arms = best
    leg_lines, arm_lines = (_limb_lines(pair, positions, lengths) for pair in (legs, arms))
    if any(len(line) < 3 for line in (*leg_lines, *arm_lines)):
        return {}
    if lengths[leg_lines[0][1:3]].sum() < lengths[arm_lines[0][1:3]].sum():
        return {}  # shorter than the arms: these are no legs
    up = positions[:, arms.carrier] - positions[:, legs.carrier]
    leg_lines, arm_lines = (
        _left_first(pair, leg_lines, up, positions) for pair in (leg_lines, arm_lines)
    )
    limbs: dict[str, int] = {}
    for side, leg, arm in zip(("left", "right"), leg_lines, arm_lines, strict=True):
        limbs |= {
            f"{side}_{part}": j
            for part, j in zip(("hip", "knee", "ankle", "toe"), leg, strict=False)
        }
        limbs |= {
            f"{side}_{part}": j
            for part, j in zip(("shoulder", "elbow", "wrist"), arm, strict=False)
        }
    return limbs


def _may_belong_together(legs: _Pair, arms: _Pair, below: Callable[[int, int], bool]) -> bool:
    """Whether a spine leads from the legs to the arms, or both hang on one root and the legs are the longer ones."""
    if below(arms.carrier, legs.carrier):
        return True
    beside = arms.carrier != legs.carrier and not below(legs.carrier, arms.carrier)
    return beside and legs.length > arms.length


def _symmetric_pairs(parents: Sequence[int], lengths: Float64[np.ndarray, "J"]) -> list[_Pair]:
    """Pairs of branches of one joint whose longest lines have the same bones; of very many the longest ones."""
    children = children_of(parents)
    below, bones = (
        [-1] * len(parents),
        [1] * len(parents),
    )  # along the longest line from each joint down
    reach = lengths.tolist()
    for joint in reversed(range(len(parents))):
        if children[joint]:
            below[joint] = longest = max(children[joint], key=reach.__getitem__)
            reach[joint] += reach[longest]
            bones[joint] += bones[longest]
    pairs = []
    for carrier, branches in enumerate(children):
        limbs = [branch for branch in branches if bones[branch] >= 3]
        limbs = _longest(limbs, [reach[branch] for branch in limbs], _MOST_BRANCHES)
        for first, second in itertools.combinations(limbs, 2):
            length = max(reach[first], reach[second])
            near = abs(reach[first] - reach[second]) < _ASYMMETRY * length * bones[first]
            if bones[first] != bones[second] or not near:
                continue
            one, two = _line(first, below), _line(second, below)
            if np.abs(lengths[one] - lengths[two]).max() < _ASYMMETRY * length:
                pairs.append(_Pair(carrier, one, two, length))
    return _longest(pairs, [pair.length for pair in pairs], _MOST_PAIRS)


def _longest(items: list[_T], lengths: Sequence[float], most: int) -> list[_T]:
    """The longest of some items, in their order."""
    by_length = sorted(range(len(items)), key=lambda at: -lengths[at])
    return [items[at] for at in sorted(by_length[:most])]


def _line(joint: int, below: Sequence[int]) -> list[int]:
    """A joint and those of the longest line from it down."""
    line = [joint]
    while below[line[-1]] >= 0:
        line.append(below[line[-1]])
    return line


def _limb_lines(
    pair: _Pair, positions: Float64[np.ndarray, "T J 3"], lengths: Float64[np.ndarray, "J"]
) -> list[list[int]]:
    """The joints of both limbs of a pair, without those that only twist, if what is left has bones of a limb."""
    lines = [[line[0], *(joint for joint in line[1:] if lengths[joint] > 0)] for line in pair[1:3]]
    stiff = [_in_a_line(line, positions) for line in lines]
    bends = [
        at for at in range(len(lines[0])) if not all(at < len(one) and one[at] for one in stiff)
    ]
    if len(bends) < len(lines[0]) and len(lines[0]) == len(lines[1]):
        bending = [_long_bones([line[at] for at in bends], positions) for line in lines]
        if all(len(line) > 2 and _alike(line, positions) for line in bending):
            return bending
    return [_long_bones(line, positions) for line in lines]


def _in_a_line(line: Sequence[int], positions: Float64[np.ndarray, "T J 3"]) -> list[bool]:
    """Whether each joint stays on the straight line between its neighbours: nothing bends there."""
    at = positions[:, line]
    bones = np.diff(at, axis=1)
    bones /= np.maximum(np.linalg.norm(bones, axis=2, keepdims=True), 1e-12)
    off = np.linalg.norm(bones[:, 1:] - bones[:, :-1], axis=2).max(axis=0) < _STRAIGHT
    return [False, *off.tolist(), False]


def _alike(line: Sequence[int], positions: Float64[np.ndarray, "T J 3"]) -> bool:
    """Whether the first two bones are about as long as each other: thigh and shank, upper arm and forearm."""
    first, second = _bones(line, positions)[:2]
    return _MOST_UNLIKE * max(first, second) <= min(first, second)


def _bones(line: Sequence[int], positions: Float64[np.ndarray, "T J 3"]) -> list[float]:
    """The lengths of the bones between joints that follow one another."""
    steps = np.linalg.norm(np.diff(positions[:, line], axis=1), axis=2)
    return [float(length) for length in np.median(steps, axis=0)]


def _long_bones(line: Sequence[int], positions: Float64[np.ndarray, "T J 3"]) -> list[int]:
    """The joints of a limb from the one at which its two longest bones in a row begin.

    Where two choices are nearly as long, it is the farther one: a collar bone from the spine to the shoulder
    with the upper arm can be as long as the arm, but a hand or foot with the bone before it never is.
    """
    sums = [far + farther for far, farther in itertools.pairwise(_bones(line, positions))]
    if not sums:
        return []
    return list(line)[int(np.flatnonzero(np.array(sums) > _NEARLY * max(sums))[-1]) :]


def _left_first(
    pair: list[list[int]],
    legs: list[list[int]],
    up: Float64[np.ndarray, "T 3"],
    positions: Float64[np.ndarray, "T J 3"],
) -> list[list[int]]:
    """A pair of limbs with the left one first."""
    if all(len(leg) > 3 for leg in legs):  # feet point forward
        forward = sum(positions[:, leg[3]] - positions[:, leg[2]] for leg in legs)
    else:  # knees bend forward
        forward = sum(
            2 * positions[:, leg[1]] - positions[:, leg[0]] - positions[:, leg[2]] for leg in legs
        )
    left = np.cross(up, forward)
    apart = positions[:, pair[0][0]] - positions[:, pair[1][0]]
    return pair if float(np.sum(left * apart)) > 0 else pair[::-1]
