"""How well the robot follows the human: directions of limbs and orientations of segments."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from retarget.errors import RoleError
from retarget.evaluation.frames.angles import add_errors, correlate
from retarget.evaluation.frames.statistics import percentile_of
from retarget.evaluation.thresholds import ORIENTED_SEGMENTS, POINTING_SEGMENTS
from retarget.result import SourceClip
from retarget.robots.model import RobotModel

__all__ = ["TrackingMeasures"]

_SIDES = ("left", "right")
_ENDS = {
    "thigh": ("hip", "knee"),
    "shank": ("knee", "ankle"),
    "upper_arm": ("shoulder", "elbow"),
    "forearm": ("elbow", "wrist"),
}
# The joint whose recorded rotation a segment has, and the role of the robot body below its far joint; the
# segment is that body itself (0) or its parent (1).
_CARRIERS = {
    "thigh": ("hip", "knee", 1),
    "shank": ("knee", "knee", 0),
    "foot": ("ankle", "ankle", 0),
    "upper_arm": ("shoulder", "elbow", 1),
    "forearm": ("elbow", "elbow", 0),
    "hand": ("wrist", "wrist", 0),
}
_LIMBS = tuple((side, segment) for segment in POINTING_SEGMENTS for side in _SIDES)
_TURNS = tuple((side, segment) for segment in ORIENTED_SEGMENTS for side in _SIDES)


class TrackingMeasures:
    """Measures of limb directions and segment orientations; see `retarget.evaluation.MEASURES`.

    Fed with blocks of body poses twice: `align` finds the one yaw and the constant offsets between human and robot,
    `add` measures what is left.

    Attributes:
        errors: Angle of each limb in each frame, rad, once every frame was added.
        turn_errors: Likewise of each segment's orientation.

    Raises:
        RoleError: The source lacks a joint that is compared.
    """

    def __init__(self, robot: RobotModel, source: SourceClip) -> None:
        self._source = source
        compared = _compared(robot, source.position_roles, source.rotation_roles)
        self._points, self._bodies, self._joints, self._carriers = compared
        self._yaw = np.zeros(2)
        self._moments = np.zeros((len(_TURNS), 3, 3, 3))
        self.errors = np.empty((len(source.positions), len(_LIMBS)))
        self.turn_errors = np.empty((len(source.positions), len(_TURNS)), np.float32)
        self._offsets: Float64[np.ndarray, "C 3 3"] | None = None

    def align(
        self,
        frames: slice,
        positions: Float64[np.ndarray, "n B 3"],
        rotations: Float64[np.ndarray, "n B 3 3"],
    ) -> None:
        """First look at the world poses of all bodies (metres) in some frames."""
        correlate(
            positions,
            rotations,
            np.ascontiguousarray(self._source.positions[frames]),
            np.ascontiguousarray(self._source.rotations[frames]),
            self._bodies,
            self._points,
            self._joints,
            self._carriers,
            self._yaw,
            self._moments,
        )

    def add(
        self,
        frames: slice,
        positions: Float64[np.ndarray, "n B 3"],
        rotations: Float64[np.ndarray, "n B 3 3"],
    ) -> None:
        """Second look, once `align` has seen every frame."""
        if self._offsets is None:
            self._offsets = _offsets(self._moments, self.yaw)
        add_errors(
            positions,
            rotations,
            np.ascontiguousarray(self._source.positions[frames]),
            np.ascontiguousarray(self._source.rotations[frames]),
            self._bodies,
            self._points,
            self._joints,
            self._carriers,
            self.yaw,
            self._offsets,
            self.errors[frames],
            self.turn_errors[frames],
        )

    @property
    def yaw(self) -> Float64[np.ndarray, "2"]:
        """Sine and cosine of the yaw that turns the human best onto the robot, once `align` has seen every frame."""
        sine, cosine = self._yaw
        # No direction at all prefers no yaw.
        norm = float(np.hypot(sine, cosine))
        return np.array([sine / norm, cosine / norm] if norm else [0.0, 1.0])

    def values(self) -> dict[str, float | None]:
        """The measures, once every frame was added."""
        means = np.degrees(self.errors.mean(0)).reshape(-1, 2).mean(1)
        turns = np.degrees(self.turn_errors.mean(0, np.float64)).reshape(-1, 2).mean(1)
        limbs = zip(POINTING_SEGMENTS, means.tolist(), strict=True)
        segments = zip(ORIENTED_SEGMENTS, turns.tolist(), strict=True)
        return {
            "limb_error_mean": float(means.mean()),
            "limb_error_p95": float(np.degrees(percentile_of(self.errors) or 0.0)),
            "orientation_error_mean": float(turns.mean()),
            **{f"limb_error_{segment}": error for segment, error in limbs},
            **{f"orientation_error_{segment}": error for segment, error in segments},
        }


class _Compared(NamedTuple):
    """What is compared with what.

    Attributes:
        points: Ends of the robot's limbs in their bodies' frames, metres.
        bodies: These bodies.
        joints: The human's joint centres at the same ends.
        carriers: Robot body and human rotation of each compared segment.
    """

    points: Float64[np.ndarray, "L 2 3"]
    bodies: Int64[np.ndarray, "L 2"]
    joints: Int64[np.ndarray, "L 2"]
    carriers: Int64[np.ndarray, "C 2"]


@lru_cache(maxsize=16)
def _compared(
    robot: RobotModel, positions: tuple[str, ...], rotations: tuple[str, ...]
) -> _Compared:
    """What is compared of a robot and a source with some roles; remembered for those seen last.

    Raises:
        RoleError: The source lacks a joint that is compared.
    """
    _require(positions, rotations)
    ends = [[f"{side}_{end}" for end in _ENDS[segment]] for side, segment in _LIMBS]
    return _Compared(
        np.array([[robot.role_points[role] for role in pair] for pair in ends]),
        np.array([[robot.roles[role] for role in pair] for pair in ends]),
        np.array([[positions.index(role) for role in pair] for pair in ends]),
        _carriers(robot, rotations),
    )


def _carriers(robot: RobotModel, rotations: tuple[str, ...]) -> Int64[np.ndarray, "C 2"]:
    """Robot body and index of the human joint's recorded rotation of each compared segment."""
    rows = []
    for side, segment in _TURNS:
        joint, role, levels = _CARRIERS[segment]
        body = robot.roles[f"{side}_{role}"]
        for _ in range(levels):
            body = int(robot.parents[body])
        rows.append([body, rotations.index(f"{side}_{joint}")])
    return np.array(rows)


def _offsets(
    moments: Float64[np.ndarray, "C 3 3 3"], yaw: Float64[np.ndarray, "2"]
) -> Float64[np.ndarray, "C 3 3"]:
    """The constant rotations that bring the turned human joints closest to the bodies (Procrustes)."""
    sine, cosine = yaw
    u, _, vt = np.linalg.svd(cosine * moments[:, 0] + sine * moments[:, 1] + moments[:, 2])
    u[..., 2] *= np.linalg.det(u @ vt)[:, None]
    return np.asarray(u @ vt)


def _require(positions: tuple[str, ...], rotations: tuple[str, ...]) -> None:
    ends = {role for pair in _ENDS.values() for role in pair}
    missing = [
        f"{side}_{role}"
        for side in _SIDES
        for role in sorted(ends)
        if f"{side}_{role}" not in positions
    ]
    missing += [f"the rotation of {part}" for part in ("pelvis", "chest") if part not in rotations]
    missing += [
        f"the rotation of {side}_{joint}"
        for side in _SIDES
        for joint, _, _ in _CARRIERS.values()
        if f"{side}_{joint}" not in rotations
    ]
    if missing:
        raise RoleError(f"the source motion has no {missing[0]}; it cannot be compared with")
