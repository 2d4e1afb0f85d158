"""A recorded motion: one skeleton, its global joint poses over time, and where it came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int64

from retarget.errors import RetargetError
from retarget.frame_rates import rate_problem
from retarget.motion.doubts import Doubt
from retarget.motion.recording import LONG
from retarget.motion.skeleton.fingers import find_fingers

__all__ = ["BLOCK", "Motion", "MotionSource"]

BLOCK = LONG
"""Frames that are worked on at once where whole clips would take much memory for a while."""


@dataclass(frozen=True, slots=True)
class MotionSource:
    """Provenance of a motion: what was read, and what was found out about it.

    Attributes:
        path: The file as given; empty for motions made in memory.
        sha256: Hash of the file's bytes; empty for motions made in memory.
        format: Name of the format, such as ``bvh``.
        unit: Detected length unit, such as ``centimetre``; ``metres_per_unit`` is its size.
        metres_per_unit: Factor that was applied to the file's lengths.
        up_axis: The file's up axis: ``x``, ``y``, ``z`` or one of them with a minus sign.
        rig: Name of the recognised naming convention, such as ``lafan1``; ``unknown`` otherwise.
        bind_pose: Whether the first frame was recognised as a bind pose (T-pose).
        dropped_frames: Frames dropped from the start (a bind pose, when asked for).
        notes: What a user should know, in plain sentences (a wrong frame count, ...).
        floor_m: Height of the floor in the motion's world, metres, where a user gave it; None to find it.
        doubts: What was guessed and may be wrong.
        origin_m: Where the motion's origin lies in the recording's world, turned as ours and in metres: zeros, but
            where a recording was brought to the origin from far away.
    """

    path: str = ""
    sha256: str = ""
    format: str = ""
    unit: str = "metre"
    metres_per_unit: float = 1.0
    up_axis: str = "z"
    rig: str = "unknown"
    bind_pose: bool = False
    dropped_frames: int = 0
    notes: tuple[str, ...] = ()
    floor_m: float | None = None
    doubts: tuple[Doubt, ...] = ()
    origin_m: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON-ready mapping."""
        return {name: getattr(self, name) for name in self.__slots__} | {
            "notes": list(self.notes),
            "doubts": [doubt.as_json() for doubt in self.doubts],
            "origin_m": list(self.origin_m),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Global poses of every joint of one skeleton over time.

    World frame: metres, right-handed, z up. The arrays are contiguous and must not be written to. They are in double
    precision, or in single where a clip is long (`retarget.motion.edit.compact`).

    Attributes:
        joint_names: J names; the end site of joint ``Foo`` is named ``Foo#end``.
        parents: Index of each joint's parent, -1 for a root; parents come before their children.
        positions: Global joint positions in metres.
        rotations: Global joint rotations as unit quaternions, wxyz; not comparable across rigs.
        fps: Frames per second.
        roles: Body role -> joint index, for example ``{"left_knee": 3}``; see `retarget.motion.skeleton.roles`.
        source: Where it came from.

    Example:
        >>> motion = read_motion("walk.bvh")  # doctest: +SKIP
        >>> motion.positions.shape  # doctest: +SKIP
        (3945, 27, 3)
    """

    joint_names: tuple[str, ...]
    parents: Int64[np.ndarray, "J"]
    positions: Float64[np.ndarray, "T J 3"] | Float32[np.ndarray, "T J 3"]
    rotations: Float64[np.ndarray, "T J 4"] | Float32[np.ndarray, "T J 4"]
    fps: float
    roles: dict[str, int]
    source: MotionSource = field(default_factory=MotionSource)

    def __post_init__(self) -> None:
        frames, joints = self.positions.shape[:2]
        if self.positions.shape != (frames, joints, 3) or self.rotations.shape != (
            frames,
            joints,
            4,
        ):
            raise RetargetError(
                f"motion arrays disagree: positions {self.positions.shape}, rotations {self.rotations.shape}"
            )
        if len(self.joint_names) != joints or self.parents.shape != (joints,):
            raise RetargetError(f"motion has {joints} joints but {len(self.joint_names)} names")
        if problem := rate_problem(self.fps):
            raise RetargetError(f"{self.source.path or 'motion'}: {problem}")

    def __len__(self) -> int:
        return len(self.positions)

    def __repr__(self) -> str:
        name = f"{self.source.path!r}: " if self.source.path else ""
        return (
            f"Motion({name}{len(self)} frames at {self.fps:.6g} fps, {self.duration:.1f} s, "
            f"{len(self.joint_names)} joints, rig {self.source.rig})"
        )

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self) / self.fps

    @property
    def fingers(self) -> dict[str, int]:
        """Joints of fingers by role, such as ``left_index_1``; empty where the recording has none.

        See `retarget.motion.skeleton.fingers.find_fingers`.
        """
        return find_fingers(self.joint_names, self.parents.tolist(), self.roles)

    def role_positions(self, role: str) -> Float64[np.ndarray, "T 3"]:
        """Positions of the joint that carries ``role``, in metres; in double precision."""
        return np.asarray(self.positions[:, self.roles[role]], np.float64)

    def frames(self, start: int, stop: int) -> Motion:
        """The part from frame ``start`` up to, not including, ``stop``."""
        return replace(
            self, positions=self.positions[start:stop], rotations=self.rotations[start:stop]
        )

    def blocks(self) -> Iterator[tuple[slice, Motion]]:
        """The motion in parts of `BLOCK` frames, each with the frames that it holds."""
        for start in range(0, len(self), BLOCK):
            part = self.frames(start, start + BLOCK)
            yield slice(start, start + len(part)), part

    def is_finite(self) -> bool:
        """Whether no position or rotation is NaN or infinite."""
        return all(
            bool(np.isfinite(part.positions).all() and np.isfinite(part.rotations).all())
            for _, part in self.blocks()
        )
