"""A motion without its glitches: short ones filled, long ones refused, and a doubt that says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from retarget.errors import FileFormatError
from retarget.motion.doubts import Doubt
from retarget.motion.recording import Recording
from retarget.motion.spans import runs

if TYPE_CHECKING:
    from retarget.motion.glitches import Glitches

__all__ = ["repaired"]

# Weight of the doubt about glitches: of any, more by share of the frames, and where they are kept; about joined clips;
# about a rate at which nobody can move.
_FEW_GLITCHES, _GLITCH_SHARE, _KEPT_GLITCHES = 0.05, 5.0, 0.8
_JOINED, _TOO_FAST = 0.3, 0.7
_REMEDY = (
    "cut them out of the file, or give --keep-glitches and choose other frames by --start and --end"
)


def repaired(
    recording: Recording, roles: Mapping[str, int], begin: int, *, keep: bool, name: str
) -> tuple[int, int, list[Doubt]]:
    """Fill a recording's glitches in place.

    Args:
        recording: Poses in metres, in our world.
        roles: Role -> joint.
        begin: Number of its first frame in the file.
        keep: Leave glitches as they are.
        name: Of the file, for messages.

    Returns:
        The first frame that is left and the one after the last, counted as in the file, and doubts.

    Raises:
        FileFormatError: Too many frames in a row are no part of the motion; the message names them.
    """
    from retarget.motion.glitches import LONGEST_FILLED, fill, find_glitches, frames_text

    positions, fps = recording.positions, recording.fps
    whole = (begin, begin + len(positions))
    found = find_glitches(positions, roles, fps)
    if not found.any:
        return *whole, []
    doubts = _other_doubts(found, begin, fps)
    bad = found.bad
    if not bad.any():
        return *whole, doubts
    what = f"the body is where no body can be in frames {frames_text(bad, begin)}"
    if keep:
        return *whole, [*doubts, Doubt("glitches", _KEPT_GLITCHES, f"{what}; they were kept")]
    if max(last - first for first, last in runs(bad)) > max(1.0, LONGEST_FILLED * fps):
        raise FileFormatError(name, f"{what}: too long to fill", _REMEDY)
    fill(positions, recording.rotations, recording.parents.tolist(), bad)
    weight = min(1.0, _FEW_GLITCHES + _GLITCH_SHARE * float(bad.mean()))
    reason = f"{what}; they were filled from those around them, or cut off at an end"
    good = np.flatnonzero(~bad)
    doubts.append(Doubt("glitches", weight, reason))
    return begin + int(good[0]), begin + int(good[-1]) + 1, doubts


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
