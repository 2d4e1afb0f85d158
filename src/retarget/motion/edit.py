"""Motions made from motions: a mirror image, a stretch of time, another speed, the same in single precision."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from retarget.errors import OptionsError
from retarget.geometry import along_curves, without_flips
from retarget.motion.motion import BLOCK, Motion
from retarget.motion.segments import other_side

__all__ = ["between", "compact", "mirrored", "retimed"]

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
        roles={other_side(role): joint for role, joint in motion.roles.items()},
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
    begin, end = (
        min(at * motion.fps, len(motion)) for at in (start_s, math.inf if end_s is None else end_s)
    )
    first, last = math.ceil(begin - 0.01), math.floor(end + 0.01)
    if first == 0 and last >= len(motion) - 1:
        return motion
    if first > min(last, len(motion) - 1):
        until = "the end" if end_s is None else f"{end_s:g} s"
        raise OptionsError(
            f"{motion.source.path or 'motion'}: no frame from {start_s:g} s to {until}; "
            f"the clip lasts {motion.duration:.3f} s"
        )
    part = motion.frames(first, last + 1)
    return replace(part, positions=np.ascontiguousarray(part.positions))


def retimed(motion: Motion, time_scale: float) -> Motion:
    """The motion played so that it lasts ``time_scale`` times as long, at its own rate: 0.5 plays it twice as fast.

    Positions and quaternions follow smooth curves between the recorded frames. The first frame stays; the last is the
    last that lies within the clip.

    Example:
        >>> slow = retimed(motion, 2.0)  # doctest: +SKIP
        >>> np.allclose(slow.positions[::2], motion.positions)  # doctest: +SKIP
        True
    """
    if time_scale == 1.0 or not len(motion):
        return motion
    count = math.floor((len(motion) - 1) * time_scale + 1e-9) + 1
    positions = np.empty((count, *motion.positions.shape[1:]), motion.positions.dtype)
    rotations = np.empty((count, *motion.rotations.shape[1:]), motion.rotations.dtype)
    for start in range(0, count, BLOCK):
        block = slice(start, min(start + BLOCK, count))
        time = np.minimum(np.arange(block.start, block.stop) / time_scale, len(motion) - 1)
        first = max(int(time[0]) - 1, 0)  # a curve's slopes reach one frame beyond its ends
        part = motion.frames(first, int(time[-1]) + 3)
        positions[block] = along_curves(part.positions.astype(np.float64), time - first)
        turns = along_curves(without_flips(part.rotations.astype(np.float64)), time - first)
        rotations[block] = turns / np.linalg.norm(turns, axis=-1, keepdims=True)
    return replace(motion, positions=positions, rotations=rotations)
