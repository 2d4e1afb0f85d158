"""A motion without its glitches and losses: short ones filled, long ones refused or left, and doubts that say so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64

from retarget.errors import FileFormatError
from retarget.motion.doubts import Doubt
from retarget.motion.faults.glitches import (
    LONGEST_FILLED,
    Glitches,
    fill,
    find_glitches,
    frames_text,
    impossible_turns,
)
from retarget.motion.faults.lost import frames_and_times, repeated_frames
from retarget.motion.numeric.spans import runs
from retarget.motion.recording import Recording

__all__ = ["repaired"]

# Weight of the doubt about frames that were filled: of any, and more by share of all; about frames that are left, which
# a robot would follow; about a pose that is held, more by share, and more where it is held for long; about joined
# clips; about a rate at which nobody can move; about a
# body that is another way around from one frame to the next.
_FEW, _FILLED_SHARE, _LEFT = 0.05, 5.0, 0.8
_HELD_LONG = 0.25
_JOINED, _TOO_FAST, _TURNED_AROUND = 0.3, 0.7, 0.6
_OTHERS = "choose other frames by --start and --end"
_REMEDY = f"cut them out of the file, or give --keep-glitches and {_OTHERS}"


def repaired(
    recording: Recording,
    roles: Mapping[str, int],
    begin: int,
    zero: Bool[np.ndarray, "T"],
    *,
    keep: bool,
    name: str,
) -> tuple[int, int, list[Doubt]]:
    """Fill a recording's glitches and short losses in place.

    Args:
        recording: Poses in metres, in our world.
        roles: Role -> joint.
        begin: Number of its first frame in the file.
        zero: Frames of zeros, see `retarget.motion.faults.lost`.
        keep: Leave all frames as they are.
        name: Of the file, for messages.

    Returns:
        The first frame that is left and the one after the last, counted as in the file, and doubts.

    Raises:
        FileFormatError: Too many frames in a row are no part of the motion; the message names them.
    """
    positions, fps = recording.positions, recording.fps
    repeated = repeated_frames(positions, fps) & ~zero
    found, bad = _glitches(recording, roles, zero | repeated)
    wrong = _Wrong(bad & ~zero & ~repeated, zero, repeated, begin, fps)
    doubts = _other_doubts(found, begin, fps)
    left, there = wrong.any, np.arange(len(positions))
    if keep:
        doubts += wrong.doubts(left, "they were kept")
    elif left.any():
        left, there = wrong.left(name), np.flatnonzero(~(wrong.bad | zero))
        fill(positions, recording.rotations, recording.parents.tolist(), wrong.any & ~left)
        doubts += wrong.doubts(left, f"they were left as they are; {_OTHERS}")
    first, stop = int(there[0]), int(there[-1]) + 1
    doubts += _turn_doubts(positions[first:stop], roles, fps, left[first:stop], begin + first)
    return begin + first, begin + stop, doubts


def _turn_doubts(
    positions: Float64[np.ndarray, "T J 3"],
    roles: Mapping[str, int],
    fps: float,
    left: Bool[np.ndarray, "T"],
    begin: int,
) -> list[Doubt]:
    """The doubt about a body that is another way around from one frame to the next, beside frames that were left."""
    turns = impossible_turns(positions, roles, fps)
    turns = turns[~(left[turns] | left[turns - 1])]
    if not len(turns):
        return []
    which = np.zeros(len(positions), bool)
    which[turns] = True
    reason = (
        f"the hips turn faster than anybody can before {frames_and_times(which, fps, begin)}, as where left and right "
        f"were taken for each other; {_OTHERS}"
    )
    return [Doubt("glitches", _TURNED_AROUND, reason)]


def _glitches(
    recording: Recording, roles: Mapping[str, int], lost: Bool[np.ndarray, "T"]
) -> tuple[Glitches, Bool[np.ndarray, "T"]]:
    """What is wrong with a motion but for frames that were lost, over which it is led; its bad frames among all."""
    positions = recording.positions
    if not lost.any():
        found = find_glitches(positions, roles, recording.fps)
        return found, found.bad
    there = np.flatnonzero(~lost)
    part = slice(int(there[0]), int(there[-1]) + 1)
    # Led over what was lost in place, and back: a copy of a long recording is as large as its motion.
    as_they_are = positions[lost], recording.rotations[lost]
    fill(positions[part], recording.rotations[part], recording.parents.tolist(), lost[part])
    found = find_glitches(positions[part], roles, recording.fps)
    positions[lost], recording.rotations[lost] = as_they_are
    bad = np.zeros(len(lost), bool)
    bad[part] = found.bad
    return found._replace(joins=[join + part.start for join in found.joins]), bad


class _Wrong(NamedTuple):
    """Frames that are no part of a motion, each for one reason.

    Attributes:
        bad: No body can be there.
        zero: All joints are at zero.
        repeated: The same as the one before, amid motion.
        begin: Number of the first frame in the file.
        fps: Frames per second.
    """

    bad: Bool[np.ndarray, "T"]
    zero: Bool[np.ndarray, "T"]
    repeated: Bool[np.ndarray, "T"]
    begin: int
    fps: float

    @property
    def any(self) -> Bool[np.ndarray, "T"]:
        return np.asarray(self.bad | self.zero | self.repeated)

    @property
    def most_filled(self) -> float:
        """Frames in a row that are filled."""
        return max(1.0, LONGEST_FILLED * self.fps)

    def left(self, name: str) -> Bool[np.ndarray, "T"]:
        """Frames that stay as they are: more in a row than are filled, or a pose that is held until the end.

        Raises:
            FileFormatError: There are too many in a row of which it is not certain that they alone are wrong.
        """
        frames = len(self.bad)
        left = np.zeros(frames, bool)
        for first, stop in runs(self.any):
            long = stop - first > self.most_filled
            if long and self.bad[first:stop].all():
                what = f"{self._no_body(self.bad)}: too long to fill"
                raise FileFormatError(name, what, _REMEDY)
            left[first:stop] = long and first > 0 and stop < frames
        if self.repeated[-1]:
            left[runs(self.repeated)[-1][0] :] = True
        return left

    def doubts(self, left: Bool[np.ndarray, "T"], then: str) -> list[Doubt]:
        """A doubt for each reason, of the frames that were filled and of those that were left."""
        filled = "they were filled from those around them, or cut off at an end"
        found = []
        for name, which, told in (
            ("glitches", self.bad, self._no_body),
            ("lost_frames", self.zero, self._zeros),
            ("lost_frames", self.repeated, self._stops),
        ):
            for some, end in ((which & ~left, filled), (which & left, then)):
                if some.any():
                    weight = self._weight(some, left=end is then)
                    found.append(Doubt(name, weight, f"{told(some)}; {end}"))
        return found

    def _weight(self, some: Bool[np.ndarray, "T"], *, left: bool) -> float:
        share = float(some.mean())
        if not left:
            return min(1.0, _FEW + _FILLED_SHARE * share)
        if not (some & self.repeated).any():
            return _LEFT
        # A pose that is held until the end is more likely meant.
        amid = [stop - first for first, stop in runs(some) if stop < len(some)]
        return min(_LEFT, _FEW + share + _HELD_LONG * (max(amid, default=0) > self.most_filled))

    def _no_body(self, some: Bool[np.ndarray, "T"]) -> str:
        return f"the body is where no body can be in frames {frames_text(some, self.begin)}"

    def _zeros(self, some: Bool[np.ndarray, "T"]) -> str:
        return f"all joints are at zero in {frames_and_times(some, self.fps, self.begin)}"

    def _stops(self, some: Bool[np.ndarray, "T"]) -> str:
        frames = frames_and_times(some, self.fps, self.begin)
        return f"the body stops dead amid motion in {frames}, which repeat the one before"


def _other_doubts(found: Glitches, begin: int, fps: float) -> list[Doubt]:
    """Doubts about what no frame can be cut out for."""
    doubts = []
    if found.too_fast:
        reason = f"at {fps:g} frames a second the body moves faster than any human; the file's rate may be wrong"
        doubts.append(Doubt("rate", _TOO_FAST, reason))
    if found.joins:
        frames = ", ".join(str(begin + join) for join in found.joins[:5])
        more = f" and {len(found.joins) - 5} more" if len(found.joins) > 5 else ""
        reason = f"the body jumps at frame {frames}{more}, as where clips were joined; retarget them one by one"
        doubts.append(Doubt("glitches", _JOINED, reason))
    return doubts
