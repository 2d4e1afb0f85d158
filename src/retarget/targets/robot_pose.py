"""A robot in one posture: where its joint centres and segments are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from retarget.robots.kinematics import body_poses
from retarget.robots.model import RobotModel

__all__ = ["Matrix", "Pose", "Vector", "segment_body"]

Vector = Float64[np.ndarray, "3"]
Matrix = Float64[np.ndarray, "3 3"]


def segment_body(robot: RobotModel, segment: str) -> int:
    """The body that carries a segment: the last one before the segment's distal joint."""
    if segment in ("pelvis", "chest"):
        return robot.roles[segment]
    side, _, part = segment.partition("_")
    own = {"shank": "knee", "foot": "ankle", "forearm": "elbow", "hand": "wrist"}
    if part in own:
        return robot.roles[f"{side}_{own[part]}"]
    below = {"thigh": "knee", "upper_arm": "elbow"}[part]
    return int(robot.parents[robot.roles[f"{side}_{below}"]])


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """World poses of all bodies, with the base at the origin; metres."""

    robot: RobotModel
    positions: Float64[np.ndarray, "B 3"]
    rotations: Float64[np.ndarray, "B 3 3"]

    @classmethod
    def of(cls, robot: RobotModel, joints: Float64[np.ndarray, "N"]) -> Pose:
        """The robot at joint angles in rad, its base as when it stands upright and looks along x."""
        return cls(robot, *body_poses(robot, joints, robot.upright))

    def point(self, role: str) -> Vector:
        """A joint's centre by role."""
        body = self.robot.roles[role]
        return np.asarray(
            self.positions[body] + self.rotations[body] @ self.robot.role_points[role]
        )

    def middle(self, joint: str) -> Vector:
        """Middle of the left and the right joint."""
        return np.asarray((self.point(f"left_{joint}") + self.point(f"right_{joint}")) / 2)

    def local(self, segment: str, world: Matrix) -> Matrix:
        """Axes in the frame of the body that carries a segment."""
        return np.asarray(self.rotations[segment_body(self.robot, segment)].T @ world)

    def world(self, segment: str, local: Matrix) -> Matrix:
        """The same back in the world."""
        return np.asarray(self.rotations[segment_body(self.robot, segment)] @ local)
