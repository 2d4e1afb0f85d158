"""Shoulders that cannot swing a hanging arm, and arms that only a turned body can point."""

from __future__ import annotations

import numpy as np

from retarget.robots.kinematics import body_poses
from retarget.robots.model import RobotModel

__all__ = ["hangs_on_first_axis", "points_by_turning"]

_ALONG = 0.8  # cosine to the vertical
_POINTING = 4  # joints that point an upper arm and a forearm anywhere
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


def points_by_turning(robot: RobotModel) -> bool:
    """Whether its arms have too few joints to point upper arm and forearm, and no waist turns them: OP3, Darwin.

    Example:
        >>> points_by_turning(load_robot("unitree_g1"))  # doctest: +SKIP
        False
    """
    trunk = robot.roles["chest"]
    if trunk != robot.roles["pelvis"]:
        return False
    for side in ("left", "right"):
        joints, body = 0, int(robot.roles[f"{side}_wrist"])
        while body > 0 and body != trunk:
            joints, body = joints + 1, int(robot.parents[body])
        if joints >= _POINTING:
            return False
    return True
