"""The robot's trunk: it points as the human's does, from hips to shoulders, wherever it bends."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from retarget.compiled.jit import jit

__all__ = ["Trunk", "point_trunk"]


class Trunk(NamedTuple):
    """A robot's trunk between hips and shoulders, taken to bend in one place.

    Attributes:
        waist: From the middle of the hips to that place, in the pelvis' anatomical frame, metres.
        shoulders: From there to the middle of the shoulders, in the chest's anatomical frame, metres.
        bends: Direction (forward, to the left) x (least, most) to which it can bend, from the pelvis' z axis, rad.
    """

    waist: Float64[np.ndarray, "3"]
    shoulders: Float64[np.ndarray, "3"]
    bends: Float64[np.ndarray, "2 2"]


@jit(inner=True)
def point_trunk(
    x: float,
    y: float,
    z: float,
    trunk: Trunk,
    pelvis: Float64[np.ndarray, "3 3"],
    chest: Float64[np.ndarray, "3 3"],
) -> None:
    """Turn pelvis and chest so that the robot's line from hips to shoulders points as the human's, (x, y, z).

    A human's back bends all along that line, a robot's in one place, which divides it otherwise. So the pelvis is
    left as it is and the chest turned; what the robot's waist cannot bend, both turn together.
    """
    length = math.sqrt(x * x + y * y + z * z)
    if not length > 1e-6:
        return
    x, y, z = x / length, y / length, z / length
    waist, shoulders = trunk.waist, trunk.shoulders
    w0, w1, w2 = _turned(pelvis, waist[0], waist[1], waist[2])
    reach = math.sqrt(shoulders[0] ** 2 + shoulders[1] ** 2 + shoulders[2] ** 2)
    along = w0 * x + w1 * y + w2 * z
    square = along * along - (w0 * w0 + w1 * w1 + w2 * w2) + reach * reach
    along += math.sqrt(max(square, 0.0))
    # From waist to shoulders, in the pelvis' frame.
    up0, up1, up2 = along * x - w0, along * y - w1, along * z - w2
    l0 = pelvis[0, 0] * up0 + pelvis[1, 0] * up1 + pelvis[2, 0] * up2
    l1 = pelvis[0, 1] * up0 + pelvis[1, 1] * up1 + pelvis[2, 1] * up2
    l2 = pelvis[0, 2] * up0 + pelvis[1, 2] * up1 + pelvis[2, 2] * up2
    ahead = math.tan(min(max(math.atan2(l0, l2), trunk.bends[0, 0]), trunk.bends[0, 1]))
    aside = math.tan(min(max(math.atan2(l1, l2), trunk.bends[1, 0]), trunk.bends[1, 1]))
    part = reach / math.sqrt(1 + ahead * ahead + aside * aside)
    up0, up1, up2 = _turned(pelvis, ahead * part, aside * part, part)
    c0, c1, c2 = _turned(chest, shoulders[0], shoulders[1], shoulders[2])
    _turn_onto(chest, c0, c1, c2, up0, up1, up2)
    _turn_onto(chest, w0 + up0, w1 + up1, w2 + up2, x, y, z)
    _turn_onto(pelvis, w0 + up0, w1 + up1, w2 + up2, x, y, z)


@jit(inner=True)
def _turned(
    frame: Float64[np.ndarray, "3 3"], x: float, y: float, z: float
) -> tuple[float, float, float]:
    """A vector of a frame in the world."""
    return (
        frame[0, 0] * x + frame[0, 1] * y + frame[0, 2] * z,
        frame[1, 0] * x + frame[1, 1] * y + frame[1, 2] * z,
        frame[2, 0] * x + frame[2, 1] * y + frame[2, 2] * z,
    )


@jit(inner=True)
def _turn_onto(
    frame: Float64[np.ndarray, "3 3"],
    x: float,
    y: float,
    z: float,
    tx: float,
    ty: float,
    tz: float,
) -> None:
    """Turn a frame by the shortest turn that brings the direction of (x, y, z) onto that of (tx, ty, tz)."""
    n = math.sqrt((x * x + y * y + z * z) * (tx * tx + ty * ty + tz * tz))
    cosine = (x * tx + y * ty + z * tz) / max(n, 1e-12)
    if cosine < -0.999:  # any way round would do: the frame is as good as its opposite
        return
    r0, r1, r2 = (y * tz - z * ty) / n, (z * tx - x * tz) / n, (x * ty - y * tx) / n
    share = 1 / (1 + cosine)
    for k in range(3):
        v0, v1, v2 = frame[0, k], frame[1, k], frame[2, k]
        along = share * (r0 * v0 + r1 * v1 + r2 * v2)
        frame[0, k] = cosine * v0 + r1 * v2 - r2 * v1 + along * r0
        frame[1, k] = cosine * v1 + r2 * v0 - r0 * v2 + along * r1
        frame[2, k] = cosine * v2 + r0 * v1 - r1 * v0 + along * r2
