"""How a robot is built, as far as it is compared with a human: lengths and axes from its joint centres, upright."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float64

from retarget.geometry import unit
from retarget.robots.kinematics import body_poses
from retarget.robots.model import RobotModel

__all__ = ["Build", "robot_build"]


@dataclass(frozen=True, slots=True, eq=False)
class Build:
    """Sizes and axes of a robot.

    Attributes:
        leg_length: Thigh plus shank, mean of both sides, metres.
        ups: Axis of the pelvis' and of the chest's body, in its frame, that lies along the line from the middle of the
            hips to the middle of the shoulders where all joints are at zero or as near as they go.
    """

    leg_length: float
    ups: Float64[np.ndarray, "2 3"]


@lru_cache(maxsize=4)
def robot_build(robot: RobotModel) -> Build:
    """Describe a robot; remembered for the robots used last."""
    positions, rotations = body_poses(
        robot, np.clip(np.zeros(robot.joint_count), robot.lower, robot.upper), robot.upright
    )

    def centre(role: str) -> Float64[np.ndarray, "3"]:
        body = robot.roles[role]
        return np.asarray(positions[body] + rotations[body] @ robot.role_points[role])

    def pair(joint: str) -> Float64[np.ndarray, "2 3"]:
        return np.stack([centre(f"{side}_{joint}") for side in ("left", "right")])

    hips, knees, ankles, shoulders = map(pair, ("hip", "knee", "ankle", "shoulder"))
    legs = np.linalg.norm(hips - knees, axis=1) + np.linalg.norm(knees - ankles, axis=1)
    up = unit(shoulders.mean(0) - hips.mean(0))
    ups = [rotations[robot.roles[part]].T @ up for part in ("pelvis", "chest")]
    return Build(float(legs.mean()), np.stack(ups))
