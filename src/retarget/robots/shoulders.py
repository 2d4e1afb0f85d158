"""Shoulders that cannot swing a hanging arm."""

from __future__ import annotations

import numpy as np

from retarget.robots.kinematics import body_poses
from retarget.robots.model import RobotModel

__all__ = ["hangs_on_first_axis"]

_ALONG = 0.8  # cosine to the vertical
_AXES = 3  # of a shoulder: with more, others swing the arm


def hangs_on_first_axis(robot: RobotModel) -> bool:
    """Whether a shoulder's first axis is upright, so that an arm that hangs lies along it and does not swing.

    Talos and Atlas have such ones. Of three axes the second then lifts the arm aside, and the third twists it.

    Example:
        >>> hangs_on_first_axis(load_robot("unitree_g1"))  # doctest: +SKIP
        False
    """
    _, rotations = body_poses(robot, robot.neutral, robot.upright)
    for side in ("left", "right"):
        above = []
        body = int(robot.parents[robot.roles[f"{side}_elbow"]])
        while body > 0 and body != robot.roles["chest"]:
            above.append(body)
            body = int(robot.parents[body])
        if not above or len(above) > _AXES:
            return False
        axis = rotations[above[-1]] @ robot.axes[above[-1]]
        if np.abs(axis[2]) < _ALONG:
            return False
    return True
