"""Frames that a file stores several times: 30 Hz content written at 60 Hz moves in jerks that nobody made."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from retarget.frame_rates import rate_problem
from retarget.motion.recording import Recording

__all__ = ["without_repeats"]

_MOST = 8  # times a frame may be stored
_FEWEST_GROUPS = 4  # less says nothing
_SURELY = 0.95  # share of frames that must repeat the one before them; some may have been lost, or changed by hand
_MOVING = 0.9  # share of groups that must differ from the one before: a body at rest repeats itself honestly


def without_repeats(recording: Recording) -> Recording:
    """The recording with each frame once, at the rate its content has; as it is where frames differ."""
    times = _times_stored(recording)
    if times == 1 or rate_problem(recording.fps / times):
        return recording
    note = (
        f"every frame is stored {times} times: read as {recording.fps / times:g} fps, "
        f"not {recording.fps:g}"
    )
    return replace(
        recording,
        positions=np.ascontiguousarray(recording.positions[::times]),
        rotations=np.ascontiguousarray(recording.rotations[::times]),
        fps=recording.fps / times,
        rest_frames=-(-recording.rest_frames // times),
        notes=(*recording.notes, note),
    )


def _times_stored(recording: Recording) -> int:
    frames = len(recording.positions)
    # The first two frames tell most recordings apart at once.
    if frames < 2 or not np.array_equal(recording.positions[0], recording.positions[1]):
        return 1
    same = np.ones(frames - 1, bool)  # step t: frame t + 1 repeats frame t
    for values in (recording.positions, recording.rotations):
        same &= (values[1:] == values[:-1]).reshape(frames - 1, -1).all(axis=1)
    for times in range(_MOST, 1, -1):
        between = np.arange(1, frames) % times == 0
        groups = int(between.sum())
        repeat = (same[~between]).mean() >= _SURELY
        if groups >= _FEWEST_GROUPS and repeat and (~same[between]).mean() >= _MOVING:
            return times
    return 1
