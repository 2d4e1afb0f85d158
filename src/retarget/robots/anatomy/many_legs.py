"""Robots on four legs, or with four arms, which have two pairs of limbs as a humanoid has."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float64

from retarget.robots.anatomy.pairs import MirroredPair, pair_end, pair_start
from retarget.robots.tree import KinematicTree

__all__ = ["limbs_alike", "stands_on_more"]

_UNDER = (
    0.5  # cosine of legs to the line from shoulders to hips: less, and the trunk lies across them
)
_ALIKE = 0.6  # shorter over longer limb of what stands on four legs; arms have 0.6 to 0.9 of legs
_COPY = 0.95  # share to which copies of a limb agree in mass and in lengths
_AS_LOW = (
    0.25  # of a leg's length: another pair that ends so near to the height of the feet stands on it
)


def limbs_alike(tree: KinematicTree, legs: MirroredPair, arms: MirroredPair) -> bool:
    """Whether arms are copies of legs, put elsewhere: as heavy, with joints as far from each other.

    It does not depend on the posture at zero angles, in which many quadrupeds stretch their legs out.
    """
    if len(legs.first) != len(arms.first):
        return False
    if min(legs.mass, arms.mass) < _COPY * max(legs.mass, arms.mass):
        return False
    leg, arm = list(legs.first), list(arms.first)
    apart = [np.linalg.norm(tree.offsets[chain[1:]], axis=1) for chain in (leg, arm)]
    return bool(np.abs(apart[0] - apart[1]).max() < (1 - _COPY) * legs.length)


def stands_on_more(
    legs: MirroredPair | None,
    arms: MirroredPair | None,
    pairs: Iterable[MirroredPair],
    positions: Float64[np.ndarray, "B 3"],
) -> bool:
    """Whether a robot stands on more than two legs, at zero angles.

    Either what would be arms are legs: about as long as these, and like them across the trunk. Or another
    pair of limbs than legs and arms reaches down as far as the feet.
    """
    if legs is None:
        return False
    down = pair_end(legs, positions) - pair_start(legs, positions)
    length = float(np.linalg.norm(down))
    if length < 1e-6:
        return False
    if arms is not None:
        trunk = pair_start(legs, positions) - pair_start(arms, positions)
        reach = pair_end(arms, positions) - pair_start(arms, positions)
        alike = min(arms.length, legs.length) / max(arms.length, legs.length)
        line = down + reach  # what is straight down where hind legs lean back and fore legs ahead
        beneath = (trunk @ line) / max(float(np.linalg.norm(trunk) * np.linalg.norm(line)), 1e-9)
        along = (reach @ down) / max(float(np.linalg.norm(reach)) * length, 1e-9)
        if alike > _ALIKE and beneath < _UNDER < along:
            return True
    for pair in pairs:
        if pair is legs or pair is arms or pair.length < _ALIKE * legs.length:
            continue
        apart = (pair_end(pair, positions) - pair_end(legs, positions)) @ down / length
        if abs(apart) < _AS_LOW * length:
            return True
    return False
