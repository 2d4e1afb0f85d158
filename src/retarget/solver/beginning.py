"""What a clip is solved with before its first frame.

A frame in mid-clip is smoothed by the frames on both sides of it. The first has none before it: left free, it would
follow whatever its targets do, and run on as fast as the frames after it go, as no frame in mid-clip does. So a clip
is solved as though it had begun a moment earlier, with a motion that comes up to its first targets and fades out the
further it is from them. Of what a motion did before it was cut nothing is known; this is what it did most likely.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from retarget.geometry import matrix_from_quaternion, quaternion_from_matrix, slerp
from retarget.solver.arrays import Clip

__all__ = ["clip_led_in", "held_before"]

# Seconds for which the first frames' speed goes on backwards, falling off exponentially.
FADE = 1.0 / 40.0


def clip_led_in(clip: Clip, frames: int, lead: int, fps: float) -> Clip:
    """The first ``frames`` of a clip, and ``lead`` frames before them."""
    weights = held_before(clip.contact_weights[:frames], lead)
    anchors = held_before(clip.anchors[:frames], lead)
    clearances = held_before(clip.clearances[:frames], lead)
    if len(clip.frames) < 2:
        return Clip(
            held_before(clip.positions, lead),
            held_before(clip.frames, lead),
            weights,
            anchors,
            clearances,
            held_before(clip.centres, lead),
            held_before(clip.centre_weights, lead),
            held_before(clip.steadiness, lead),
        )
    away = _frames_away(lead, fps)
    places = clip.positions[0] + away[:, None, None] * (clip.positions[0] - clip.positions[1])
    first, second = quaternion_from_matrix(clip.frames[:2])
    count = len(first)
    turns = slerp(np.tile(first, (lead, 1)), np.tile(second, (lead, 1)), -np.repeat(away, count))
    before = clip.centres[0] + away[:, None] * (clip.centres[0] - clip.centres[1])
    rotations = matrix_from_quaternion(turns).reshape(lead, count, 3, 3)
    return Clip(
        np.concatenate([places, clip.positions[:frames]]),
        np.concatenate([rotations, clip.frames[:frames]]),
        weights,
        anchors,
        clearances,
        np.concatenate([before, clip.centres[:frames]]),
        held_before(clip.centre_weights[:frames], lead),
        held_before(clip.steadiness[:frames], lead),
    )


def held_before(values: Float64[np.ndarray, "n ..."], lead: int) -> Float64[np.ndarray, "m ..."]:
    """Values by frame, with ``lead`` copies of the first before them (m = lead + n)."""
    return np.concatenate([np.repeat(values[:1], lead, axis=0), values])


def _frames_away(lead: int, fps: float) -> Float64[np.ndarray, "lead"]:
    """How many frames' worth of motion each frame of the lead is before the first frame; falls with time."""
    fade = FADE * fps
    return np.asarray(fade * (1.0 - np.exp(-np.arange(lead, 0, -1) / fade)))
