"""Anatomical frames of a human's segments over a whole motion, found from the motion itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float64

from retarget.errors import RoleError
from retarget.motion.fitting.calibration import Calibration, calibrate, joint_centre
from retarget.motion.fitting.subject import Subject
from retarget.motion.motion import Motion
from retarget.motion.numeric.quantiles import median_of
from retarget.motion.segments import SEGMENTS, SIDES, needed_roles, segment_frames, segment_joints

__all__ = ["Anatomy", "find_anatomy", "leg_length"]

Positions = Float64[np.ndarray, "T 3"]


@dataclass(frozen=True, slots=True, eq=False)
class Anatomy:
    """A human's joint centres and segment frames over time: made when asked for, as all at once they are large.

    Attributes:
        motion: The motion that is followed.
        calibration: What is constant about its skeleton.
        flat: By side, the frames in which the foot stands flat.
    """

    motion: Motion
    calibration: Calibration
    flat: dict[str, Bool[np.ndarray, "T"]]

    def __len__(self) -> int:
        return len(self.motion)

    def part(self, start: int, stop: int) -> Anatomy:
        """The same human from frame ``start`` up to, not including, ``stop``."""
        flat = {side: frames[start:stop] for side, frames in self.flat.items()}
        return replace(self, motion=self.motion.frames(start, stop), flat=flat)

    def point(self, role: str) -> Positions:
        """Joint centre by role in metres, world; also ``hips`` and ``shoulders``, the middles."""
        return joint_centre(self.motion, role)

    def segment_frames(self, segments: Sequence[str] = SEGMENTS) -> Float64[np.ndarray, "T S 3 3"]:
        """Anatomical frames of some of `SEGMENTS`, world."""
        rows = [SEGMENTS.index(segment) for segment in segments]
        frames = np.empty((len(self), len(rows), 3, 3))
        segment_frames(
            np.ascontiguousarray(self.motion.positions, np.float64),
            np.ascontiguousarray(self.motion.rotations, np.float64),
            segment_joints(self.motion.roles)[rows],
            self.calibration.offsets[rows],
            frames,
        )
        return frames

    def fixed_point(self, segment: str, role: str, offset: Float64[np.ndarray, "3"]) -> Positions:
        """A point that is fixed in a segment's frame, metres from a joint centre, over time."""
        places = np.empty((len(self), 3))
        for block, motion in self.motion.blocks():
            part = replace(self, motion=motion)
            places[block] = part.point(role) + part.segment_frames([segment])[:, 0] @ offset
        return places

    @property
    def fps(self) -> float:
        """Frames per second."""
        return self.motion.fps

    @property
    def leg_length(self) -> float:
        """Thigh plus shank, metres."""
        return self.calibration.leg_length

    @property
    def noise(self) -> float:
        """White noise of the foot markers, metres."""
        return self.calibration.noise


def find_anatomy(motion: Motion, subject: Subject | None = None) -> Anatomy:
    """Joint centres and segment frames of a motion: its skeleton is calibrated on it, then followed.

    Args:
        motion: Joint poses.
        subject: What other clips tell of the same skeleton besides this one; see `Subject.why_not`.

    Raises:
        RoleError: A needed role is missing, or the legs have no length.
    """
    length = leg_length(motion)
    if subject is None:
        return Anatomy(motion, *calibrate(motion, length))
    return Anatomy(motion, *subject.calibration_with(motion))


def leg_length(motion: Motion) -> float:
    """Thigh plus shank of a human, metres: the median over legs and frames.

    Raises:
        RoleError: A needed role is missing, or the legs have no length.
    """
    missing = [role for role in needed_roles() if role not in motion.roles]
    if missing:
        raise RoleError(
            f"{motion.source.path or 'motion'}: no joint found for {', '.join(missing)}; "
            "name them in a role file"
        )
    lengths = []
    for side in SIDES:
        hip, knee, ankle = (motion.role_positions(f"{side}_{j}") for j in ("hip", "knee", "ankle"))
        lengths.append(np.linalg.norm(hip - knee, axis=1) + np.linalg.norm(knee - ankle, axis=1))
    length = median_of(np.concatenate(lengths)) if len(motion) else 0.0
    if not length > 1e-3:
        raise RoleError(
            f"{motion.source.path or 'motion'}: the legs have no length; check the roles of hips, knees and ankles"
        )
    return length
