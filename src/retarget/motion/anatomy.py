"""Anatomical frames of a human's segments over a whole motion, found from the motion itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from retarget.errors import RoleError
from retarget.motion.calibration import Calibration, calibrate
from retarget.motion.motion import Motion
from retarget.motion.segments import SEGMENTS, SIDES, needed_roles, segment_frames, segment_joints

__all__ = ["Anatomy", "find_anatomy"]

Positions = Float64[np.ndarray, "T 3"]


@dataclass(frozen=True, slots=True, eq=False)
class Anatomy:
    """A human's joint centres and segment frames over time.

    Attributes:
        points: Joint centres by role in metres, world; also ``hips`` and ``shoulders``, the middles.
        segments: Anatomical frame of each of `SEGMENTS`, world.
        calibration: What is constant about the skeleton.
        flat: By side, the frames in which the foot stands flat.
        fps: Frames per second.
    """

    points: dict[str, Positions]
    segments: Float64[np.ndarray, "T S 3 3"]
    calibration: Calibration
    flat: dict[str, Bool[np.ndarray, "T"]]
    fps: float

    @property
    def frames(self) -> dict[str, Float64[np.ndarray, "T 3 3"]]:
        """Anatomical frames by segment, world."""
        return {segment: self.segments[:, s] for s, segment in enumerate(SEGMENTS)}

    @property
    def leg_length(self) -> float:
        """Thigh plus shank, metres."""
        return self.calibration.leg_length

    @property
    def noise(self) -> float:
        """White noise of the foot markers, metres."""
        return self.calibration.noise


def find_anatomy(motion: Motion) -> Anatomy:
    """Joint centres and segment frames of a motion: its skeleton is calibrated on it, then followed.

    Raises:
        RoleError: A needed role is missing, or the legs have no length.
    """
    missing = [role for role in needed_roles() if role not in motion.roles]
    if missing:
        raise RoleError(
            f"{motion.source.path or 'motion'}: no joint found for {', '.join(missing)}; "
            "name them in a role file"
        )
    points = {role: motion.positions[:, joint] for role, joint in motion.roles.items()}
    points["hips"] = (points["left_hip"] + points["right_hip"]) / 2
    points["shoulders"] = (points["left_shoulder"] + points["right_shoulder"]) / 2
    leg_length = _leg_length(points)
    if not leg_length > 1e-3:
        raise RoleError(
            f"{motion.source.path or 'motion'}: the legs have no length; check the roles of hips, knees and ankles"
        )
    calibration, flat = calibrate(motion, points, leg_length)
    segments = np.empty((len(motion), len(SEGMENTS), 3, 3))
    segment_frames(
        np.ascontiguousarray(motion.positions),
        np.ascontiguousarray(motion.rotations),
        segment_joints(motion.roles),
        calibration.offsets,
        segments,
    )
    return Anatomy(points, segments, calibration, flat, motion.fps)


def _leg_length(points: dict[str, Positions]) -> float:
    lengths = [
        np.linalg.norm(points[f"{s}_hip"] - points[f"{s}_knee"], axis=1)
        + np.linalg.norm(points[f"{s}_knee"] - points[f"{s}_ankle"], axis=1)
        for s in SIDES
    ]
    return float(np.median(lengths)) if len(lengths[0]) else 0.0
