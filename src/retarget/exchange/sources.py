"""Tracks of a result: at the rate, with the joints and on the robot that a file is written for."""

from __future__ import annotations

from fnmatch import fnmatchcase

import numpy as np
from jaxtyping import Bool, Float64

from retarget.errors import OptionsError, RetargetError, UnknownNameError
from retarget.result import RetargetingResult
from retarget.robots import RobotModel, load_robot
from retarget.robots.spec import ROLES
from retarget.tracks import LinkSet, Tracks, make_tracks

__all__ = ["chosen_joints", "moved_onto", "robot_of_result", "tracks_of_result"]

# Part of the body that a recording sees on the ground -> body role of the robot's link that lies there.
_TOUCHING = {"knee": "knee", "shank": "knee", "hand": "wrist", "forearm": "elbow"}
_LEAST_COMMON = 0.5  # of both robots' joints that bear the same names, in robots of one family


def robot_of_result(result: RetargetingResult) -> RobotModel:
    """The robot that a result was made with, from where it was loaded then."""
    made_with = result.provenance.get("run", {})
    return load_robot(
        made_with.get("robot", result.robot), description=made_with.get("robot_description")
    )


def tracks_of_result(
    result: RetargetingResult,
    robot: RobotModel,
    links: LinkSet,
    *,
    foreign: RobotModel | None = None,
) -> Tracks:
    """Tracks of a result at its own rate.

    Args:
        result: The motion.
        robot: The robot of the result.
        links: Links to track; of ``foreign`` if that is given.
        foreign: Another model of the same family, whose joints are set by name.
    """
    model = robot if foreign is None else foreign
    qpos = result.qpos if foreign is None else moved_onto(result.qpos, robot, foreign)
    return make_tracks(
        qpos,
        result.fps,
        model,
        links=links,
        foot_contacts=result.contacts[:, :, 0] | result.contacts[:, :, 1],
        body_contacts=_body_contacts(result, model),
    )


def _body_contacts(result: RetargetingResult, robot: RobotModel) -> Bool[np.ndarray, "T B"]:
    """Which bodies of the robot touch the ground, as the human's do."""
    touching = np.zeros((len(result), len(robot.body_names)), bool)
    for side in range(len(robot.feet)):
        touching[:, robot.feet[side]] |= result.contacts[:, side].any(axis=1)
    for at, name in enumerate(result.body_contact_names):
        side_name, _, part = name.rpartition("_")
        role = f"{side_name}_{_TOUCHING.get(part, part)}" if side_name else name
        if role in ROLES and role not in robot.roles:
            continue  # a part that this robot does not have
        if role not in robot.roles:
            raise RetargetError(
                f"the ground contact {name[:60]!r} is of no part of {robot.name}; retarget the clip again"
            )
        touching[:, robot.roles[role]] |= result.body_contacts[:, at]
    return touching


def chosen_joints(robot: RobotModel, wanted: str) -> tuple[str, ...]:
    """Joints that a text names: a set of the robot's description, ``all``, or names and patterns between commas.

    Raises:
        UnknownNameError: A name or pattern matches no joint.

    Example:
        >>> from retarget.robots import load_robot
        >>> len(chosen_joints(load_robot("unitree_g1"), "g1_23"))
        23
    """
    if wanted == "all":
        return robot.joint_names
    if wanted in robot.joint_sets:
        return robot.joint_sets[wanted]
    patterns = [pattern.strip() for pattern in wanted.split(",") if pattern.strip()]
    for pattern in patterns or [wanted]:
        if not any(fnmatchcase(joint, pattern) for joint in robot.joint_names):
            known = [*robot.joint_sets, *robot.joint_names]
            raise UnknownNameError(
                f"joint or joint set of {robot.name}",
                pattern,
                known,
                "or give a robot's model file",
            )
    return tuple(j for j in robot.joint_names if any(fnmatchcase(j, p) for p in patterns))


def moved_onto(
    qpos: Float64[np.ndarray, "T Q"], robot: RobotModel, other: RobotModel
) -> Float64[np.ndarray, "T P"]:
    """Configurations of another model of the same family: joints by name, those that only it has at zero.

    Zero is moved into the limits of such joints.

    Raises:
        OptionsError: The models are of different families.
    """
    common = [name for name in other.joint_names if name in robot.joint_names]
    fewest = min(len(other.joint_names), len(robot.joint_names))
    if other.body_names[0] != robot.body_names[0] or len(common) < _LEAST_COMMON * fewest:
        raise OptionsError(
            f"{other.name} is no model of the same robot as {robot.name}: {len(common)} of {fewest} joints and "
            f"base {other.body_names[0]!r} for {robot.body_names[0]!r}; retarget the motion onto it instead"
        )
    out = np.zeros((len(qpos), other.qpos_size))
    out[:, :7] = qpos[:, :7]
    out[:, 7:] = np.clip(0.0, other.lower, other.upper)
    for name in common:
        out[:, 7 + other.joint_names.index(name)] = qpos[:, 7 + robot.joint_names.index(name)]
    return out
