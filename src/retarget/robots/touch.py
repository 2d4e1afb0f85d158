"""The spheres of a robot's knees and hands that meet the ground, from its collision capsules."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from retarget.robots.model import RobotModel

__all__ = ["TouchPoint", "touch_point"]


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


def touch_point(robot: RobotModel, role: str) -> TouchPoint | None:
    """The sphere with which the body of a role, such as ``left_knee``, meets the ground; none without capsules.

    Of its capsules' ends it is the one that stands out farthest around the role's joint centre: the knee cap, the
    heel of the hand.
    """
    body = robot.roles[role]
    own = np.flatnonzero(robot.capsule_bodies == body)
    if not len(own):
        return None
    points = np.concatenate([robot.capsule_starts[own], robot.capsule_ends[own]])
    radii = np.tile(robot.capsule_radii[own], 2)
    reach = radii - np.linalg.norm(points - robot.role_points[role], axis=1)
    best = int(np.argmax(reach))
    return TouchPoint(body, points[best], float(radii[best]))
