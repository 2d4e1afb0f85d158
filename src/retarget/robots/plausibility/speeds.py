"""Joint speeds that nothing which walks has: examples and slips that were left in a file."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

import numpy as np
from jaxtyping import Bool

from retarget.wording import listed

__all__ = ["likely_speeds"]

# rad/s. A human's knee and hip swing at 4 to 6 in a walk, which in a robot's size are 3 to 9; the slowest joints that
# makers of humanoids state are wrists at 1.1. Tutorials of URDF write 0.5.
_SLOWEST = 1.0


def likely_speeds(
    stated: Mapping[str, float], joints: tuple[str, ...], held: Bool[np.ndarray, "N"]
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Speed limits of joints, rad/s, and a note if any were too slow to be one.

    Those have the one in the middle of the robot's others, and none where there are no others. Joints without a limit
    are not in the answer, and joints that are held keep theirs.
    """
    moving = [
        name for name, still in zip(joints, held, strict=True) if name in stated and not still
    ]
    slow = [name for name in moving if stated[name] < _SLOWEST]
    found = dict(stated)
    if not slow:
        return found, ()
    others = [stated[name] for name in moving if stated[name] >= _SLOWEST]
    for name in slow:
        if others:
            found[name] = median(others)
        else:
            del found[name]
    instead = (
        f"{median(others):.3g} rad/s, as its other joints have in the middle, is"
        if others
        else "none is"
    )
    note = f"nothing walks with joints as slow as stated for {listed(slow)} (under {_SLOWEST:g} rad/s): {instead} taken"
    return found, (note,)
