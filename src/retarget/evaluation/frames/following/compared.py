"""What of a robot is compared with what of a human: the limbs and segments that both have."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from retarget.errors import RoleError
from retarget.evaluation.thresholds import ORIENTED_SEGMENTS, POINTING_SEGMENTS
from retarget.robots.model import RobotModel

__all__ = ["SIDES", "Compared", "compared"]

SIDES: Final = ("left", "right")
_ENDS: Final = {
    "thigh": ("hip", "knee"),
    "shank": ("knee", "ankle"),
    "upper_arm": ("shoulder", "elbow"),
    "forearm": ("elbow", "wrist"),
}
# The joint whose recorded rotation a segment has, and the role of the robot body below its far joint; the
# segment is that body itself (0) or its parent (1).
_CARRIERS: Final = {
    "thigh": ("hip", "knee", 1),
    "shank": ("knee", "knee", 0),
    "foot": ("ankle", "ankle", 0),
    "upper_arm": ("shoulder", "elbow", 1),
    "forearm": ("elbow", "elbow", 0),
    "hand": ("wrist", "wrist", 0),
}
_JOINTS: Final = tuple(dict.fromkeys(joint for pair in _ENDS.values() for joint in pair))
_TRUNK: Final = ("pelvis", "chest")


class Compared(NamedTuple):
    """What is compared with what.

    Attributes:
        roles: Joint centres that the robot has, and the human too.
        bodies: The robot's bodies that they are on.
        points: Where on them, in the bodies' frames, metres.
        joints: The human's joint centres of the same roles.
        limbs: Name and side of each limb.
        ends: Its near and far end among ``roles``.
        segments: Name and side of each segment.
        carriers: Its body among ``carried``, and the human rotation that turns it.
        carried: The robot's bodies whose rotations are compared.
        trunk: Pelvis and chest: body among ``carried`` and human rotation of each; empty where there are none, or no
            hips and shoulders.
    """

    roles: tuple[str, ...]
    bodies: Int64[np.ndarray, "P"]
    points: Float64[np.ndarray, "P 3"]
    joints: Int64[np.ndarray, "P"]
    limbs: tuple[tuple[str, str], ...]
    ends: Int64[np.ndarray, "L 2"]
    segments: tuple[tuple[str, str], ...]
    carriers: Int64[np.ndarray, "C 2"]
    carried: Int64[np.ndarray, "D"]
    trunk: Int64[np.ndarray, "t 2"]

    def columns(self, *roles: str) -> Int64[np.ndarray, "n"] | None:
        """Where some roles are among those compared; None where one is not."""
        if any(role not in self.roles for role in roles):
            return None
        return np.array([self.roles.index(role) for role in roles])


@lru_cache(maxsize=16)
def compared(robot: RobotModel, positions: tuple[str, ...], rotations: tuple[str, ...]) -> Compared:
    """What is compared of a robot and a source with some roles; remembered for those seen last.

    Raises:
        RoleError: The source lacks a joint that the robot has.
    """
    roles = tuple(
        f"{side}_{joint}" for joint in _JOINTS for side in SIDES if f"{side}_{joint}" in robot.roles
    )
    limbs = tuple(
        (segment, side)
        for segment in POINTING_SEGMENTS
        for side in SIDES
        if all(f"{side}_{end}" in roles for end in _ENDS[segment])
    )
    segments = tuple(
        (segment, side)
        for segment in ORIENTED_SEGMENTS
        for side in SIDES
        if f"{side}_{_CARRIERS[segment][1]}" in roles
    )
    trunk = tuple(part for part in _TRUNK if part in robot.roles)
    turning = [f"{side}_{_CARRIERS[segment][0]}" for segment, side in segments]
    _require(roles, positions, (*trunk, *turning), rotations)
    bodies = [_carrier(robot, segment, side) for segment, side in segments]
    upright = _has_trunk(robot)
    carried = [*bodies, *(robot.roles[part] for part in _TRUNK if upright)]
    ends = [[roles.index(f"{side}_{end}") for end in _ENDS[limb]] for limb, side in limbs]
    return Compared(
        roles=roles,
        bodies=np.array([robot.roles[role] for role in roles], np.int64),
        points=np.array([robot.role_points[role] for role in roles]).reshape(-1, 3),
        joints=np.array([positions.index(role) for role in roles], np.int64),
        limbs=limbs,
        ends=np.array(ends, np.int64).reshape(-1, 2),
        segments=segments,
        carriers=np.array(
            [[row, rotations.index(joint)] for row, joint in enumerate(turning)], np.int64
        ).reshape(-1, 2),
        carried=np.array(carried, np.int64),
        trunk=np.array(
            [[len(bodies) + k, rotations.index(part)] for k, part in enumerate(_TRUNK) if upright],
            np.int64,
        ).reshape(-1, 2),
    )


def _has_trunk(robot: RobotModel) -> bool:
    ends = [f"{side}_{joint}" for side in SIDES for joint in ("hip", "shoulder")]
    return all(role in robot.roles for role in (*_TRUNK, *ends))


def _carrier(robot: RobotModel, segment: str, side: str) -> int:
    """The robot's body that is the segment."""
    _, role, levels = _CARRIERS[segment]
    body = robot.roles[f"{side}_{role}"]
    for _ in range(levels):
        body = int(robot.parents[body])
    return body


def _require(
    roles: tuple[str, ...],
    positions: tuple[str, ...],
    turning: tuple[str, ...],
    rotations: tuple[str, ...],
) -> None:
    missing = sorted(set(roles) - set(positions))
    missing += [f"the rotation of {role}" for role in turning if role not in rotations]
    if missing:
        raise RoleError(f"the source motion has no {missing[0]}; it cannot be compared with")
