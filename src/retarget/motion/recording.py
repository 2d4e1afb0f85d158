"""What a reader returns: poses as the file has them, before anything about them is found out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from jaxtyping import Float32, Float64, Int64

from retarget.errors import RetargetError
from retarget.motion.doubts import Doubt

__all__ = ["LONG", "Recording"]

LONG: Final = 4096
"""Frames from which a recording's rotations may be in single precision, as its motion will be."""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One skeleton's global poses in the file's own unit and world.

    Attributes:
        joint_names: J distinct names; an end site of joint ``Foo`` is named ``Foo#end``.
        parents: Index of each joint's parent, -1 for roots; parents come before their children.
        positions: Global joint positions in the file's unit; the arrays may be changed in place.
        rotations: Global joint rotations as unit quaternions, wxyz; of any content where they are not known.
        fps: Frames per second; NaN where the file does not say, so that a user must.
        metres_per_unit: Size of the unit where the format defines it; None to find it from the skeleton.
        up_axis: ``x``, ``y``, ``z``, ``-x``, ``-y`` or ``-z`` where the format defines it; None to find it.
        likely_up_axis: The up axis to assume where the motion does not show it.
        rest: Where the joints are if all channels are zero, in the file's unit and world; None if there is no such
            pose, or it says nothing.
        rest_frames: How many frames from the start have (nearly) all joints at the zero of their channels.
        notes: What a user should know, in plain sentences.
        doubts: What the reader guessed and may be wrong.
        turned: Whether rotations are known; if not, they are found from places (`motion.skeleton.from_places`).

    Example:
        >>> positions, rotations = np.zeros((9, 2, 3)), np.full((9, 2, 4), 0.5)
        >>> recording = Recording(("hips", "head"), np.array([-1, 0]), positions, rotations, fps=30.0)
        >>> len(recording.positions)
        9
    """

    joint_names: tuple[str, ...]
    parents: Int64[np.ndarray, "J"]
    positions: Float64[np.ndarray, "T J 3"]
    rotations: Float64[np.ndarray, "T J 4"] | Float32[np.ndarray, "T J 4"]
    fps: float
    metres_per_unit: float | None = None
    up_axis: str | None = None
    likely_up_axis: str = "y"
    rest: Float64[np.ndarray, "J 3"] | None = None
    rest_frames: int = 0
    notes: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    turned: bool = True

    def __post_init__(self) -> None:
        joints = len(self.joint_names)
        frames = len(self.positions)
        if (self.positions.shape, self.rotations.shape) != (
            (frames, joints, 3),
            (frames, joints, 4),
        ):
            shapes = f"positions {self.positions.shape} and rotations {self.rotations.shape}"
            raise RetargetError(f"a recording of {joints} joints has {shapes}")
        if self.parents.shape != (joints,) or np.any(self.parents >= np.arange(joints)):
            raise RetargetError("a recording's parents must come before their children")
        if len(set(self.joint_names)) != joints:
            raise RetargetError("a recording's joint names must be distinct")

    @classmethod
    def of_places(
        cls,
        joint_names: Sequence[str],
        parents: Int64[np.ndarray, "J"],
        positions: Float64[np.ndarray, "T J 3"],
        fps: float,
        **others: Any,
    ) -> Recording:
        """A recording of joint places without rotations; ``others`` are further attributes."""
        kind = np.float32 if len(positions) > LONG else np.float64
        rotations: np.ndarray[Any, Any] = np.zeros((*positions.shape[:2], 4), kind)
        rotations[..., 0] = 1.0
        return cls(tuple(joint_names), parents, positions, rotations, fps, turned=False, **others)
