"""Frames that a stream does not follow: what no body is, or where it cannot have come to."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from retarget.compiled.jit import jit

__all__ = ["FINE", "Bounds", "fault_text", "find_fault"]

FINE: Final = 0
_NO_NUMBERS, _FAR, _LARGE, _SMALL, _JUMPED = 1, 2, 3, 4, 5

_FARTHEST: Final = (
    1e5  # metres from the origin: beyond it a millimetre is less than what single precision keeps
)
# Of a leg's length, from the hips to the farthest joint in use: adults stretched out reach 2.2, curled up 0.5.
_LARGEST, _SMALLEST = 5.0, 0.25
_JUMP: Final = 7.5  # metres: a sprinter's half second, for streams that have paused


class Bounds(NamedTuple):
    """What a frame of one body is held against.

    Attributes:
        used: Joints that are read.
        hips: Both hip joints.
        leg_length: Of the calibration, metres.
        before: Middle of the hips in the frame before, metres; not finite before the first.
    """

    used: Int64[np.ndarray, "U"]
    hips: Int64[np.ndarray, "2"]
    leg_length: float
    before: Float64[np.ndarray, "3"]


@jit()
def find_fault(
    positions: Float64[np.ndarray, "1 J 3"], rotations: Float64[np.ndarray, "1 J 4"], bounds: Bounds
) -> tuple[int, int, float]:
    """The first fault of a frame: its kind or `FINE`, the joint, and a measure in metres.

    Where there is none, the middle of the hips is kept for the next frame.
    """
    for u in range(bounds.used.shape[0]):
        j = bounds.used[u]
        squared = 0.0
        for k in range(4):
            squared += rotations[0, j, k] * rotations[0, j, k]
        if not abs(squared - 1) < 0.02:
            return _NO_NUMBERS, int(j), 0.0
        for i in range(3):
            if not math.isfinite(positions[0, j, i]):
                return _NO_NUMBERS, int(j), 0.0
            if abs(positions[0, j, i]) > _FARTHEST:
                return _FAR, int(j), positions[0, j, i]
    first, second = bounds.hips[0], bounds.hips[1]
    farthest, at = 0.0, 0
    for u in range(bounds.used.shape[0]):
        j = bounds.used[u]
        away = 0.0
        for i in range(3):
            middle = (positions[0, first, i] + positions[0, second, i]) / 2
            away += (positions[0, j, i] - middle) ** 2
        if away > farthest:
            farthest, at = away, int(j)
    farthest = math.sqrt(farthest)
    if farthest > _LARGEST * bounds.leg_length:
        return _LARGE, at, farthest
    if farthest < _SMALLEST * bounds.leg_length:
        return _SMALL, at, farthest
    jump = 0.0
    for i in range(3):
        middle = (positions[0, first, i] + positions[0, second, i]) / 2
        jump += (middle - bounds.before[i]) ** 2
    if jump > _JUMP * _JUMP:  # false before the first frame, whose predecessor is NaN
        return _JUMPED, int(first), math.sqrt(jump)
    for i in range(3):
        bounds.before[i] = (positions[0, first, i] + positions[0, second, i]) / 2
    return FINE, 0, 0.0


def fault_text(
    kind: int,
    joint: str,
    measure: float,
    position: Float64[np.ndarray, "3"],
    rotation: Float64[np.ndarray, "4"],
    leg_length: float,
) -> str:
    """A fault in words, with what to do."""
    if kind == _NO_NUMBERS:
        return (
            f"joint {joint!r} has position {position.tolist()} and rotation {rotation.tolist()}; "
            "finite metres and a unit quaternion are needed: drop this frame"
        )
    if kind == _FAR:
        return (
            f"joint {joint!r} is at {measure:g} m, farther than {_FARTHEST:g} m from the origin: give metres, from an "
            "origin that is near"
        )
    if kind == _JUMPED:
        return (
            f"the body has come {measure:.3g} m since the frame before: "
            "drop this frame, or call reset() if the body is there"
        )
    size = f"joint {joint!r} is {measure:.3g} m from the hips of a body whose legs are {leg_length:.3g} m long"
    unit = "is the frame in centimetres or millimetres?" if kind == _LARGE else "is it in metres?"
    return f"{size}: {unit} Give metres, or drop this frame"
