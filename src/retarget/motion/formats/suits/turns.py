"""Rotations of long recordings made ready in pieces: what they pass through on the way is as large as the motion."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from jaxtyping import Float32, Float64

from retarget.geometry import without_flips
from retarget.motion.recording import LONG

__all__ = ["joined_turns", "ready_turns"]

Turns = Float64[np.ndarray, "T J 4"]


def ready_turns(
    turns: Turns | Float32[np.ndarray, "T J 4"], made_unit: Callable[[Turns], Turns]
) -> Turns | Float32[np.ndarray, "T J 4"]:
    """Unit quaternions without changes of sign, in single precision where there are many.

    Args:
        turns: Quaternions as a file has them.
        made_unit: Makes some of them unit quaternions, wxyz.
    """
    parts = (
        made_unit(np.asarray(turns[first : first + LONG], np.float64))
        for first in range(0, len(turns), LONG)
    )
    return joined_turns(parts, len(turns), turns.shape[1])


def joined_turns(
    parts: Iterable[Turns], frames: int, joints: int
) -> Turns | Float32[np.ndarray, "T J 4"]:
    """Unit quaternions that come in parts, without changes of sign, in single precision where there are many.

    Args:
        parts: Unit quaternions, wxyz, some frames at a time.
        frames: How many there are in all.
        joints: And of how many joints.
    """
    found = np.empty((frames, joints, 4), np.float32 if frames > LONG else np.float64)
    first = 0
    for part in parts:
        before = found[max(first - 1, 0) : first].astype(np.float64)
        joined = without_flips(np.concatenate([before, part]))
        found[first : first + len(part)] = joined[len(before) :]
        first += len(part)
    return found
