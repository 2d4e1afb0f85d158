"""Motions made from motions: a mirror image, a stretch of time, the same in single precision."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from retarget.errors import OptionsError
from retarget.motion.motion import Motion

__all__ = ["between", "compact", "mirrored"]

_NEAR: Final = 100.0
"""Metres from the origin within which single precision tells places 4 micrometres apart: far below marker noise."""


def mirrored(motion: Motion) -> Motion:
    """The motion as a mirror along y shows it: left becomes right, in positions, rotations and roles.

    Mirroring a rotation R by M = diag(1, -1, 1) gives M R M, the quaternion (w, -x, y, -z).

    Example:
        >>> twice = mirrored(mirrored(motion))  # doctest: +SKIP
        >>> np.array_equal(twice.positions, motion.positions)  # doctest: +SKIP
        True
    """
    return replace(
        motion,
        positions=motion.positions * np.array([1.0, -1.0, 1.0], motion.positions.dtype),
        rotations=motion.rotations * np.array([1.0, -1.0, 1.0, -1.0], motion.rotations.dtype),
        roles={_other_side(role): joint for role, joint in motion.roles.items()},
    )


def compact(motion: Motion) -> Motion:
    """The motion in single precision, which halves its memory; as it is where it leads too far from the origin.

    Example:
        >>> compact(motion).positions.dtype  # doctest: +SKIP
        dtype('float32')
    """
    if any(np.abs(part.positions).max(initial=0.0) > _NEAR for _, part in motion.blocks()):
        return motion
    return replace(
        motion,
        positions=motion.positions.astype(np.float32, copy=False),
        rotations=motion.rotations.astype(np.float32, copy=False),
    )


def between(motion: Motion, start_s: float, end_s: float | None) -> Motion:
    """The frames from ``start_s`` up to and with ``end_s`` seconds (None: the end).

    Raises:
        OptionsError: No frame lies between them.
    """
    # A rate such as 29.97 puts frames beside round times; a hundredth of a frame is not meant.
    first = math.ceil(start_s * motion.fps - 0.01)
    last = len(motion) - 1 if end_s is None else math.floor(end_s * motion.fps + 0.01)
    if first == 0 and last >= len(motion) - 1:
        return motion
    if first > min(last, len(motion) - 1):
        end = "the end" if end_s is None else f"{end_s:g} s"
        raise OptionsError(
            f"{motion.source.path or 'motion'}: no frame from {start_s:g} s to {end}; "
            f"the clip lasts {motion.duration:.3f} s"
        )
    part = motion.frames(first, last + 1)
    return replace(part, positions=np.ascontiguousarray(part.positions))


def _other_side(role: str) -> str:
    side, _, part = role.partition("_")
    return {"left": f"right_{part}", "right": f"left_{part}"}.get(side, role)
