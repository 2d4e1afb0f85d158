"""The spheres of a robot's limbs and trunk that meet the ground, from its collision capsules."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from retarget.robots.kinematics import body_poses
from retarget.robots.model import RobotModel

__all__ = ["TouchPoint", "palm_point", "touch_point"]

_PALM = (0.35, 0.65)  # of a hand's length from the wrist between which its palm's middle lies
# The body of which role a part of the human body is on the robot, and the joint centres around whose middle it meets
# the ground.
_PARTS = {
    "knee": ("knee", ("knee",)),
    "shank": ("knee", ("ankle",)),
    "hand": ("wrist", ("wrist",)),
    "forearm": ("elbow", ("elbow",)),
    "pelvis": ("pelvis", ("left_hip", "right_hip")),
    "chest": ("chest", ("left_shoulder", "right_shoulder")),
}


class TouchPoint(NamedTuple):
    """A sphere that meets the ground.

    Attributes:
        body: Robot body that carries it.
        point: Its centre in the body's frame, metres.
        radius: Metres.
    """

    body: int
    point: Float64[np.ndarray, "3"]
    radius: float


def touch_point(robot: RobotModel, part: str) -> TouchPoint | None:
    """The sphere with which a part of the body, such as ``left_knee`` or ``chest``, meets the ground.

    Of its body's capsules' ends it is the one that stands out farthest around the part's joint centre (the robot is
    upright): the knee cap, the heel of the hand. None without capsules, or where the robot has no such part.
    """
    side, _, name = part.rpartition("_")
    role, joints = _PARTS[name]
    prefix = f"{side}_" if side else ""
    if any(needed not in robot.roles for needed in (prefix + role, *(prefix + j for j in joints))):
        return None
    body = robot.roles[prefix + role]
    own = np.flatnonzero(robot.capsule_bodies == body)
    if not len(own):
        return None
    positions, rotations = body_poses(robot, robot.neutral)
    centres = [_centre(robot, prefix + joint, positions, rotations) for joint in joints]
    centre = rotations[body].T @ (np.mean(centres, axis=0) - positions[body])
    points = np.concatenate([robot.capsule_starts[own], robot.capsule_ends[own]])
    radii = np.tile(robot.capsule_radii[own], 2)
    reach = radii - np.linalg.norm(points - centre, axis=1)
    best = int(np.argmax(reach))
    return TouchPoint(body, points[best], float(radii[best]))


def _centre(
    robot: RobotModel,
    role: str,
    positions: Float64[np.ndarray, "B 3"],
    rotations: Float64[np.ndarray, "B 3 3"],
) -> Float64[np.ndarray, "3"]:
    body = robot.roles[role]
    return np.asarray(positions[body] + rotations[body] @ robot.role_points[role])


def palm_point(robot: RobotModel, side: str) -> TouchPoint | None:
    """The sphere in the middle of a hand with which it takes hold of things.

    It is the largest of the hand's balls around its middle. Where these are not known it is the middle of the capsule
    that is farthest from the wrist's joint, of those of the hand's body. An arm that ends in its forearm takes hold
    with what is farthest from the elbow: the end of the limb. None without either, or without arms.
    """
    if f"{side}_wrist" not in robot.roles:
        return None
    wrist, elbow = (robot.roles[f"{side}_{role}"] for role in ("wrist", "elbow"))
    balls = robot.balls[robot.ball_bodies == wrist]
    if len(balls):
        away = np.linalg.norm(balls[:, :3] - robot.role_points[f"{side}_wrist"], axis=1)
        length = float((away + balls[:, 3]).max())
        middle = (away > _PALM[0] * length) & (away < _PALM[1] * length)
        best = int(np.argmax(np.where(middle, balls[:, 3], 0.0)))
        return TouchPoint(wrist, balls[best, :3], float(balls[best, 3]))
    own = np.flatnonzero(robot.capsule_bodies == wrist)
    if wrist != elbow and len(own):
        middles = (robot.capsule_starts[own] + robot.capsule_ends[own]) / 2
        best = int(np.argmax(np.linalg.norm(middles - robot.role_points[f"{side}_wrist"], axis=1)))
        return TouchPoint(wrist, middles[best], float(robot.capsule_radii[own[best]]))
    arm = np.flatnonzero(robot.capsule_bodies == elbow)
    if not len(arm):
        return None
    ends = np.concatenate([robot.capsule_starts[arm], robot.capsule_ends[arm]])
    radii = np.tile(robot.capsule_radii[arm], 2)
    reach = np.linalg.norm(ends - robot.role_points[f"{side}_elbow"], axis=1) + radii
    best = int(np.argmax(reach))
    return TouchPoint(elbow, ends[best], float(radii[best]))
