"""How a robot is built, as far as it is compared with a human: lengths and axes from its joint centres, upright."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float64

from retarget.geometry import unit
from retarget.robots.kinematics import body_poses
from retarget.robots.model import RobotModel
from retarget.robots.plausibility.proportions import ARM, LEG
from retarget.robots.spec import LIMBS

__all__ = ["Build", "robot_build"]


@dataclass(frozen=True, slots=True, eq=False)
class Build:
    """Sizes and axes of a robot.

    Attributes:
        leg_length: Thigh plus shank, mean of both sides, metres; of a robot without legs those of a human with such
            arms.
        ups: Axis of the pelvis' and of the chest's body, in its frame, that lies along the line from the middle of the
            hips to the middle of the shoulders where all joints are at zero or as near as they go; without legs or
            arms along the vertical. Without arms both are the pelvis'.
        across: Axis of the pelvis' and of the chest's body, in its frame, along the line from the right to the left
            hip or shoulder there; without arms both along that of the hips, without legs that of the shoulders.
        middles: Middle of the hips there in the pelvis' frame, and of the shoulders in the chest's, metres; likewise.
            Where the axes of a hip or shoulder do not meet, as on a collar bone, its centre moves with the limb, and
            this does not: raising both thighs moves the G1's hips by 5 cm, and leans no trunk.
    """

    leg_length: float
    ups: Float64[np.ndarray, "2 3"]
    across: Float64[np.ndarray, "2 3"]
    middles: Float64[np.ndarray, "2 3"]


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

    limb = "leg" if robot.has("leg") else "arm"
    first, middle, last = map(pair, LIMBS[limb])
    lengths = np.linalg.norm(first - middle, axis=1) + np.linalg.norm(middle - last, axis=1)
    leg_length = float(lengths.mean())
    if limb == "arm":
        leg_length *= LEG / ARM
    up = np.array([0.0, 0.0, 1.0])
    if robot.has("leg") and robot.has("arm"):
        up = unit(pair("shoulder").mean(0) - first.mean(0))
    bodies = (robot.roles["pelvis"], robot.roles.get("chest", robot.roles["pelvis"]))
    pairs = (first, pair("shoulder") if robot.has("arm") else first)
    own = [rotations[body].T for body in bodies]
    ups = np.stack([frame @ up for frame in own])
    across = np.stack(
        [frame @ unit(left - right) for frame, (left, right) in zip(own, pairs, strict=True)]
    )
    middles = np.stack(
        [
            frame @ (ends.mean(0) - positions[body])
            for frame, ends, body in zip(own, pairs, bodies, strict=True)
        ]
    )
    return Build(leg_length, ups, across, middles)
