"""Embedded clips as if they came live."""

from __future__ import annotations

from functools import cache

import numpy as np

from retarget import StreamingRetargeter
from retarget.demo import embedded_clips
from retarget.motion import Motion, read_motion

CLIPS = {path.stem: path for path in embedded_clips()}


@cache
def clip(name: str) -> Motion:
    return read_motion(CLIPS[name])


def streamed(retargeter: StreamingRetargeter, motion: Motion) -> np.ndarray:
    frames = zip(motion.positions, motion.rotations, strict=True)
    return np.array([retargeter.step(*frame).copy() for frame in frames])
