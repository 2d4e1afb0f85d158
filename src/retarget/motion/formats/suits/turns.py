"""Rotations of long recordings made ready in pieces: what they pass through on the way is as large as the motion."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float32, Float64

from retarget.geometry import without_flips
from retarget.motion.recording import LONG

__all__ = ["ready_turns"]

Turns = Float64[np.ndarray, "T J 4"]


def ready_turns(
    turns: Turns, made_unit: Callable[[Turns], Turns]
) -> Turns | Float32[np.ndarray, "T J 4"]:
    """Unit quaternions without changes of sign, in single precision where there are many.

    Args:
        turns: Quaternions as a file has them.
        made_unit: Makes some of them unit quaternions, wxyz.
    """
    found = np.empty(turns.shape, np.float32 if len(turns) > LONG else np.float64)
    for first in range(0, len(turns), LONG):
        before = found[max(first - 1, 0) : first].astype(np.float64)
        joined = without_flips(np.concatenate([before, made_unit(turns[first : first + LONG])]))
        found[first : first + LONG] = joined[len(before) :]
    return found
