"""Frames that no answer solves, and the marches that solve them from where others are solved.

An arm that is held up behind, at the end of a joint's travel, is found neither from the neutral pose nor by marches
that come to it on the wrong side. Which marches happen to come well depends on where a clip begins. So where no
answer of a frame is good, marches set out anew from the best path on both sides. A leg's cost does not tell: its
foot has a place to be at, which a robot of other proportions cannot reach as well as follow directions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32, Int64

from retarget.motion.numeric.spans import runs
from retarget.solver.arrays import Soles
from retarget.solver.start.limbs import TRUNK, Limbs
from retarget.targets.anchors import grown

__all__ = ["ROUNDS", "free_limbs", "marches_into", "unsolved_runs"]

ROUNDS = 2  # a limb that is solved on one side of a bad stretch leads to the other
_UNSOLVED = 1.0  # cost of a limb's best answer: some 12 degrees of one direction


def free_limbs(limbs: Limbs, soles: Soles) -> Int64[np.ndarray, "P"]:
    """Groups that are limbs without a foot."""
    standing = {TRUNK, *limbs.group[soles.feet].tolist()}
    return np.array([g for g in range(len(limbs.first) - 1) if g not in standing], np.int64)


def unsolved_runs(
    costs: Float32[np.ndarray, "C T G"], free: Int64[np.ndarray, "P"], reach: int
) -> list[tuple[int, int]]:
    """Stretches, first frame and one past the last: free limbs that no answer solves, and ``reach`` frames around."""
    unsolved = (costs[:, :, free].min(axis=0) > _UNSOLVED).any(axis=1)
    return runs(grown(unsolved, reach))


def marches_into(stretches: Sequence[tuple[int, int]]) -> Int64[np.ndarray, "N 5"]:
    """A march forwards and one backwards through each stretch, rows as `retarget.solver.start.marches` takes them."""
    rows = []
    for first, end in stretches:
        rows.append([0, first, end - first, 1, 0])
        rows.append([1, end - 1, end - first, -1, 0])
    return np.array(rows, np.int64)
