"""Frames in which the body is where no body can be: cut out and filled where few, refused where many.

A step between two frames is impossible where the pelvis travels, or another joint moves about it, faster than any
human. Impossible steps part the frames into stretches; those stretches are right that a possible motion can join, and
that are the most frames together. A joint that jumps out and back within one frame is told by its acceleration. Clips
that somebody has joined jump as well, but into another motion of some length: they are left as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float64, Int64

from retarget.compiled.jit import jit
from retarget.geometry import rotated, slerp
from retarget.motion.numeric.spans import runs
from retarget.motion.recording import LONG

__all__ = ["LONGEST_FILLED", "Glitches", "fill", "find_glitches", "frames_text", "impossible_turns"]

# m/s. Sprinters travel at up to 12 m/s; a hand that throws and a foot that kicks reach 25 to 30 m/s.
_TRAVEL: Final = 15.0
_LIMB: Final = 35.0
# Out and back within one frame: m/s^2, more than any joint of real clips has (450); metres; and times what the joint
# deviates in 99 of 100 frames (3.4 in real clips).
_ACCELERATION: Final = 550.0
_DEVIATION: Final = 0.06
_STANDS_OUT: Final = 6.0
LONGEST_FILLED: Final = 0.25
"""Seconds of frames that are filled from those around them."""
_CONJUGATE: Final = np.array([1.0, -1.0, -1.0, -1.0])
# rad/s of the hips: figure skaters, who spin fastest, have been measured at 36; and rad within a frame.
_FASTEST_TURN, _LARGEST_TURN = 40.0, 1.0
_MOST_STRETCHES: Final = 400
_MOST_BAD: Final = 0.5  # share of the frames; more, and it is the rate that is wrong
_SAMPLED: Final = 20_000  # steps that tell how fast a motion is throughout
_NEARLY: Final = 0.6  # of what is possible; bodies that sprint and kick reach that for an instant
# Seconds of a stretch that is a motion of its own, and metres from the rest at which it may be.
_CLIP_TIME, _CLIP_DISTANCE = 1.0, 50.0


class _Tracked(NamedTuple):
    joints: Int64[np.ndarray, "K"]  # the pelvis first
    travel: float  # metres per frame
    limb: float
    out_and_back: float


class Glitches(NamedTuple):
    """What is wrong with the frames of a motion.

    Attributes:
        bad: The frames that are no part of it.
        joins: Frames at which another motion begins.
        too_fast: Whether most frames are impossible, so that none is told from the others.
    """

    bad: Bool[np.ndarray, "T"]
    joins: list[int]
    too_fast: bool

    @property
    def any(self) -> bool:
        """Whether anything is wrong."""
        return self.too_fast or bool(self.joins) or bool(self.bad.any())


def find_glitches(
    positions: Float64[np.ndarray, "T J 3"], roles: Mapping[str, int], fps: float
) -> Glitches:
    """Find the frames that are no part of a motion.

    Args:
        positions: Global positions, metres.
        roles: Role -> joint.
        fps: Frames per second.
    """
    frames = len(positions)
    bad, jumps = np.zeros(frames, bool), np.zeros(frames, bool)
    ordered = [roles["pelvis"], *(joint for role, joint in roles.items() if role != "pelvis")]
    deviation = max(_DEVIATION, _ACCELERATION / (2 * fps * fps))
    tracked = _Tracked(np.array(ordered, np.int64), _TRAVEL / fps, _LIMB / fps, deviation)
    if frames < 3 or not _find_jumps(positions, *tracked, jumps, bad):
        return Glitches(np.zeros(frames, bool), [], False)
    bad[:] = False  # frames out and back are told again without those beside an impossible step
    edges = np.concatenate([[0], np.flatnonzero(jumps), [frames]])
    if len(edges) > _MOST_STRETCHES or _is_fast_throughout(positions, tracked, jumps):
        return Glitches(bad, [], True)
    joins = []
    for first, last in _impossible_stretches(positions, tracked, edges):
        if _is_a_clip(positions[:, ordered[0]], first, last, fps):
            joins += [first, last] if last < frames else [first]
        else:
            bad[first:last] = True
    if bad.mean() > _MOST_BAD:
        return Glitches(np.zeros(frames, bool), joins, True)
    good = np.flatnonzero(~bad)
    spikes = np.zeros(len(good), bool)
    few = np.ascontiguousarray(positions[np.ix_(good, tracked.joints)])
    alone = tracked._replace(joints=np.arange(len(ordered)))
    _find_jumps(few, *alone, np.zeros(len(good), bool), spikes)
    spikes[np.isin(good, joins) | np.isin(good + 1, joins)] = False
    if spikes.any():
        spikes &= _standing_out(few)
    bad[good[spikes]] = True
    return Glitches(bad, joins, False)


def impossible_turns(
    positions: Float64[np.ndarray, "T J 3"], roles: Mapping[str, int], fps: float
) -> Int64[np.ndarray, "N"]:
    """Frames before which the hips turn faster than anybody can, as where left and right were taken for each other."""
    line = positions[:, roles["left_hip"]] - positions[:, roles["right_hip"]]
    line = line / np.maximum(np.linalg.norm(line, axis=1, keepdims=True), 1e-9)
    turned = np.arccos(np.clip(np.einsum("ti,ti->t", line[1:], line[:-1]), -1.0, 1.0))
    return np.flatnonzero(turned > max(_LARGEST_TURN, _FASTEST_TURN / fps)) + 1


def fill(
    positions: Float64[np.ndarray, "T J 3"],
    rotations: Float64[np.ndarray, "T J 4"],
    parents: Sequence[int],
    bad: Bool[np.ndarray, "T"],
) -> None:
    """Replace bad frames, in place, by what lies between the good ones around them.

    Rotations are turned evenly; the root moves on a straight line, and bones keep their lengths.
    """
    for first, last in runs(bad):
        if first == 0 or last == len(bad):
            continue
        before, after = first - 1, last
        share = (np.arange(first, last) - before) / (after - before)
        ends = [np.asarray(rotations[t], np.float64) for t in (before, after)]
        count = len(share)
        turned = slerp(
            np.repeat(ends[0][None], count, 0), np.repeat(ends[1][None], count, 0), share
        )
        for joint, parent in enumerate(parents):
            if parent < 0:
                line = positions[after, joint] - positions[before, joint]
                positions[first:last, joint] = positions[before, joint] + share[:, None] * line
                continue
            local = [
                rotated(end[parent] * _CONJUGATE, positions[t, joint] - positions[t, parent])
                for t, end in zip((before, after), ends, strict=True)
            ]
            offset = local[0] + share[:, None] * (local[1] - local[0])
            positions[first:last, joint] = positions[first:last, parent] + rotated(
                turned[:, parent], offset
            )
        rotations[first:last] = turned


def frames_text(bad: Bool[np.ndarray, "T"], offset: int = 0) -> str:
    """Frames as people name them: ``12, 57 to 59 and 3 more places``."""
    found = runs(bad)
    words = [
        f"{first + offset}" if last - first == 1 else f"{first + offset} to {last - 1 + offset}"
        for first, last in found[:5]
    ]
    more = f" and {len(found) - 5} more places" if len(found) > 5 else ""
    return ", ".join(words) + more


def _impossible_stretches(
    positions: Float64[np.ndarray, "T J 3"], tracked: _Tracked, edges: Int64[np.ndarray, "S+1"]
) -> list[tuple[int, int]]:
    """The stretches between jumps that are not on the longest possible way through the clip."""
    count = len(edges) - 1
    best, came = np.diff(edges).astype(np.int64), np.full(count, -1)
    for later in range(count):
        own = best[later]
        for earlier in range(later):
            here = int(edges[later])
            there = int(edges[earlier + 1]) - 1
            if best[earlier] + own > best[later] and _possible(positions, tracked, there, here):
                best[later], came[later] = best[earlier] + own, earlier
    at = int(np.argmax(best))
    kept = set()
    while at >= 0:
        kept.add(at)
        at = int(came[at])
    return [(int(edges[s]), int(edges[s + 1])) for s in range(count) if s not in kept]


def _standing_out(positions: Float64[np.ndarray, "T K 3"]) -> Bool[np.ndarray, "T"]:
    """Frames in which a joint is far more off the middle of the frames around it than it ever is elsewhere."""
    off = np.empty((len(positions) - 2, positions.shape[1]))
    for first in range(0, len(off), LONG):
        before, here, after = (positions[first + k : first + k + LONG] for k in range(3))
        count = len(after)
        off[first : first + LONG] = np.linalg.norm(
            here[:count] - (before[:count] + after) / 2, axis=-1
        )
    share = 99 if len(off) > 100 else 50
    usual = np.array([np.percentile(one, share) for one in off.T])  # all at once they are copied
    out = np.zeros(len(positions), bool)
    out[1:-1] = np.any((off > _STANDS_OUT * usual) & (off > _DEVIATION), axis=1)
    return out


def _is_fast_throughout(
    positions: Float64[np.ndarray, "T J 3"], tracked: _Tracked, jumps: Bool[np.ndarray, "T"]
) -> bool:
    """Whether the possible steps are nearly impossible too: then nothing tells the others from them."""
    possible = np.flatnonzero(~jumps[1:])
    if not len(possible):
        return True
    possible = possible[:: max(1, len(possible) // _SAMPLED)]
    steps = (
        positions[np.ix_(possible + 1, tracked.joints)]
        - positions[np.ix_(possible, tracked.joints)]
    )
    about = np.linalg.norm(steps[:, 1:] - steps[:, :1], axis=-1).max(axis=1, initial=0.0)
    travelled = np.linalg.norm(steps[:, 0], axis=-1)
    share = np.maximum(travelled / tracked.travel, about / tracked.limb)
    return float(np.percentile(share, 95)) > _NEARLY


def _is_a_clip(pelvis: Float64[np.ndarray, "T 3"], first: int, last: int, fps: float) -> bool:
    """Whether a stretch is long enough, and near enough to the frames around it, to be a motion that was joined on."""
    around = [t for t in (first - 1, last) if 0 <= t < len(pelvis)]
    near = any(
        np.linalg.norm(pelvis[first:last] - pelvis[t], axis=1).max() < _CLIP_DISTANCE
        for t in around
    )
    return (last - first) / fps >= _CLIP_TIME and near


def _possible(
    positions: Float64[np.ndarray, "T J 3"], tracked: _Tracked, before: int, after: int
) -> bool:
    """Whether a body can get from one frame to another."""
    one, other = positions[before, tracked.joints], positions[after, tracked.joints]
    time = after - before
    moved = other - one
    about = moved[1:] - moved[0]
    return bool(
        np.linalg.norm(moved[0]) <= tracked.travel * time
        and np.linalg.norm(about, axis=1).max(initial=0.0) <= tracked.limb * time
    )


@jit("boolean(f8[:, :, ::1], i8[::1], f8, f8, f8, b1[::1], b1[::1])")
def _find_jumps(
    positions: Float64[np.ndarray, "T J 3"],
    joints: Int64[np.ndarray, "K"],
    travel: float,
    limb: float,
    out_and_back: float,
    jumps: Bool[np.ndarray, "T"],
    spikes: Bool[np.ndarray, "T"],
) -> bool:
    """Frames whose step from the frame before is impossible, and frames that a joint enters and leaves the same way.

    Args:
        positions: Global positions, metres.
        joints: The pelvis, then the joints that move about it.
        travel: Metres a frame that the pelvis may go.
        limb: The same of the others about it.
        out_and_back: Metres that a joint may be off the middle of the frames around it.
        jumps: Out: frames with an impossible step before them; False before.
        spikes: Out: frames that a joint enters and leaves the same way; False before.

    Returns:
        Whether there are any.
    """
    frames, any_found = positions.shape[0], False
    pelvis = joints[0]
    for t in range(1, frames):
        for k in range(joints.size):
            j = joints[k]
            square = 0.0
            for c in range(3):
                step = positions[t, j, c] - positions[t - 1, j, c]
                if k > 0:
                    step -= positions[t, pelvis, c] - positions[t - 1, pelvis, c]
                square += step * step
            limit = limb if k > 0 else travel
            if square > limit * limit:
                jumps[t] = any_found = True
            if t + 1 < frames:
                off, across = 0.0, 0.0
                for c in range(3):
                    before, after = positions[t - 1, j, c], positions[t + 1, j, c]
                    away = positions[t, j, c] - (before + after) / 2
                    off += away * away
                    across += (after - before) * (after - before)
                if off > out_and_back * out_and_back and off > across:
                    spikes[t] = any_found = True
    return any_found
