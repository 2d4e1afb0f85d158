"""Robots on four legs, which have two pairs of limbs as a humanoid has."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float64

from retarget.robots.anatomy.pairs import MirroredPair, pair_end, pair_start

__all__ = ["stands_on_more"]

_UNDER = (
    0.5  # cosine of legs to the line from shoulders to hips: less, and the trunk lies across them
)
_ALIKE = 0.8  # shorter over longer limb of a robot on four legs; arms have 0.6 to 0.9 of legs
_AS_LOW = (
    0.25  # of a leg's length: another pair that ends so near to the height of the feet stands on it
)


def stands_on_more(
    legs: MirroredPair | None,
    arms: MirroredPair | None,
    pairs: Iterable[MirroredPair],
    positions: Float64[np.ndarray, "B 3"],
) -> bool:
    """Whether a robot stands on more than two legs, at zero angles.

    Either what would be arms are legs: as long as these, of as many joints, and like them across the trunk. Or another
    pair of limbs than legs and arms reaches down as far as the feet.
    """
    if legs is None:
        return False
    down = pair_end(legs, positions) - pair_start(legs, positions)
    length = float(np.linalg.norm(down))
    if length < 1e-6:
        return False
    if arms is not None and len(arms.first) == len(legs.first):
        trunk = pair_start(legs, positions) - pair_start(arms, positions)
        reach = pair_end(arms, positions) - pair_start(arms, positions)
        alike = min(arms.length, legs.length) / max(arms.length, legs.length)
        beneath = (trunk @ down) / max(float(np.linalg.norm(trunk)) * length, 1e-9)
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
