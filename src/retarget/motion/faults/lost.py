"""Frames that were lost: stored as zeros, or as the frame before them.

A recorder that loses its subject writes something all the same. A row of zeros puts all joints where the format's zero
has them, which is one place or the pose of a skeleton at rest: it is told by that, and by the jump into and out of it,
as a body may well pass through such a pose. A repeated frame is a body that stops dead from full speed, or sets out so.
Who stands still, on the other hand, comes to rest first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from jaxtyping import Bool, Float64, Int64

from retarget.compiled.jit import jit
from retarget.motion.faults.glitches import frames_text
from retarget.motion.numeric.spans import runs
from retarget.motion.recording import Recording

__all__ = [
    "frames_and_times",
    "repeated_frames",
    "zero_frames",
]

# As `retarget.evaluation.thresholds` has them for the measures of the same: metres, and m/s of the fastest joint.
_REPEATED_STEP: Final = 1e-5
_STOPPED_BODY: Final = 1.0
_JUMP: Final = 3.0  # m/s of the joint that moves most: from a pose of zeros to any other within a frame is 10 and more
_SAME: Final = 1e-6  # share of a skeleton's size


def zero_frames(recording: Recording, metres: float) -> Bool[np.ndarray, "T"]:
    """Frames in which all joints are at zero amid a motion.

    Args:
        recording: In the file's own unit and world.
        metres: Size of its unit.
    """
    positions = recording.positions
    zero = _at_one_place(positions) | _unturned(recording)
    if recording.rest is not None:
        zero |= _at_rest(positions, recording.rest)
    least = _JUMP / (recording.fps * metres)
    for first, stop in runs(zero):
        edges = [t for t in (first, stop) if 0 < t < len(positions)]
        steps = [np.linalg.norm(positions[t] - positions[t - 1], axis=-1).max() for t in edges]
        if not steps or min(steps) < least:
            zero[first:stop] = False
    return np.asarray(zero)


def repeated_frames(positions: Float64[np.ndarray, "T J 3"], fps: float) -> Bool[np.ndarray, "T"]:
    """Frames that are the same as the one before, in places where the body moved just before or moves just after.

    Args:
        positions: Global positions, metres.
        fps: Frames per second.
    """
    repeated = np.zeros(len(positions), bool)
    _find_repeats(positions, _REPEATED_STEP, _STOPPED_BODY / fps, repeated)
    return repeated


def frames_and_times(which: Bool[np.ndarray, "T"], fps: float, begin: int = 0) -> str:
    """Frames, their time and their share for people.

    Example:
        >>> frames_and_times(np.array([False, True, True, False]), 10.0)
        'frames 1 to 2 (0.1 to 0.3 s, 50% of all)'
    """
    found = runs(which)
    first, stop = (found[0][0] + begin) / fps, (found[-1][1] + begin) / fps
    frames = f"frame{'s' if which.sum() > 1 else ''} {frames_text(which, begin)}"
    time = f"{'within ' if len(found) > 1 else ''}{first:.4g} to {stop:.4g} s"
    return f"{frames} ({time}, {100 * which.mean():.2g}% of all)"


def _at_one_place(positions: Float64[np.ndarray, "T J 3"]) -> Bool[np.ndarray, "T"]:
    if positions.shape[1] < 2:
        return np.zeros(len(positions), bool)
    return _confirmed(
        np.all(positions[:, 0] == positions[:, -1], axis=-1),
        lambda some: np.all(positions[some] == positions[some, :1], axis=(1, 2)),
    )


def _unturned(recording: Recording) -> Bool[np.ndarray, "T"]:
    rotations = recording.rotations
    if not recording.turned or rotations.shape[1] < 2:
        return np.zeros(len(rotations), bool)
    return _confirmed(
        np.abs(rotations[:, 0, 0]) > 1 - _SAME,
        lambda some: np.all(np.abs(rotations[some, :, 0]) > 1 - 1e-9, axis=1),
    )


def _at_rest(
    positions: Float64[np.ndarray, "T J 3"], rest: Float64[np.ndarray, "J 3"]
) -> Bool[np.ndarray, "T"]:
    bones = rest - rest[0]
    near = _SAME * float(np.abs(bones).max(initial=0.0))

    def off(
        places: Float64[np.ndarray, "n K 3"], wanted: Float64[np.ndarray, "K 3"]
    ) -> Float64[np.ndarray, "n"]:
        return np.asarray(
            np.abs(places[:, 1:] - places[:, :1] - wanted).max(axis=(1, 2), initial=0.0)
        )

    ends = np.array([0, len(rest) - 1])
    return _confirmed(
        off(positions[:, ends], bones[ends[1:]]) <= near,
        lambda some: off(positions[some], bones[1:]) <= near,
    )


def _confirmed(
    likely: Bool[np.ndarray, "T"],
    sure: Callable[[Int64[np.ndarray, "n"]], Bool[np.ndarray, "n"]],
) -> Bool[np.ndarray, "T"]:
    """Frames that pass a quick test of all, and then a full one of those few."""
    some = np.flatnonzero(likely)
    found = np.zeros(len(likely), bool)
    if len(some):
        found[some] = sure(some)
    return found


@jit(inner=True)
def _moves(positions: Float64[np.ndarray, "T J 3"], t: int, least: float) -> bool:
    """Whether a joint is farther than this from where it was in the frame before."""
    for j in range(positions.shape[1]):
        square = 0.0
        for c in range(3):
            away = positions[t, j, c] - positions[t - 1, j, c]
            square += away * away
        if square > least * least:
            return True
    return False


@jit("void(f8[:, :, ::1], f8, f8, b1[::1])")
def _find_repeats(
    positions: Float64[np.ndarray, "T J 3"],
    step: float,
    stopped: float,
    repeated: Bool[np.ndarray, "T"],
) -> None:
    """Mark the frames that are the same as the one before.

    Args:
        positions: Global positions, metres.
        step: Metres by which no joint has moved.
        stopped: Metres that a joint moves in a step from or to which nobody stops dead.
        repeated: Out; False before.
    """
    frames = positions.shape[0]
    t = 1
    while t < frames:
        if _moves(positions, t, step):
            t += 1
            continue
        first = t
        while t < frames and not _moves(positions, t, step):
            t += 1
        if (first > 1 and _moves(positions, first - 1, stopped)) or (
            t < frames and _moves(positions, t, stopped)
        ):
            repeated[first:t] = True
