"""A robot's motion as the recording of another's: its bodies take the place of a human's joints.

A robot model knows which of its bodies plays which part, so that nothing has to be guessed: neither roles nor unit, up
axis or floor. From there the way is that of any recording, and the robots may differ in size, joints and make.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.errors import RobotError
from retarget.exchange.robot_motion import RobotMotion, read_robot_motion
from retarget.geometry import quaternion_from_matrix
from retarget.motion.edit import compact
from retarget.motion.motion import Motion, MotionSource
from retarget.robots.kinematics import body_poses
from retarget.robots.model import RobotModel
from retarget.solver.kinematics.forward import pose_blocks
from retarget.wording import listed

__all__ = ["motion_of_robot", "read_robot_recording"]

_SIDES: Final = ("left", "right")
_PARENTS: Final = {
    "pelvis": "", "chest": "pelvis",
    **{f"{side}_{joint}": f"{side}_{above}" if above in ("hip", "knee", "ankle", "shoulder", "elbow") else above
       for side in _SIDES
       for joint, above in (("hip", "pelvis"), ("knee", "hip"), ("ankle", "knee"), ("toe", "ankle"),
                            ("shoulder", "chest"), ("elbow", "shoulder"), ("wrist", "elbow"))},
}  # fmt: skip
_FRONT_M: Final = 0.01  # behind the foremost point of a sole: what still counts as its front
_FLOOR_M: Final = 0.0


def motion_of_robot(motion: RobotMotion, robot: RobotModel) -> Motion:
    """The motion of a robot's bodies, by body role, as if they were recorded; toes are the fronts of its soles.

    Args:
        motion: Configurations of the robot.
        robot: The robot.

    Raises:
        RobotError: The motion is of another robot, or the robot lacks a part.
    """
    if motion.joint_names != robot.joint_names:
        raise RobotError(
            f"{motion.path}: is of {motion.robot}, whose joints are not those of {robot.name}; name its robot"
        )
    lacking = [role for role in _PARENTS if not role.endswith("toe") and role not in robot.roles]
    if lacking:
        raise RobotError(
            f"{robot.name} has no {listed(lacking)}: its motion is no recording of a whole body; describe its roles"
        )
    roles = list(_PARENTS)
    bodies = [robot.roles[role.replace("toe", "ankle")] for role in roles]
    points = np.array([_point(robot, role) for role in roles])
    positions = np.empty((len(motion), len(roles), 3))
    rotations = np.empty((len(motion), len(roles), 4))
    for block, places, turns in pose_blocks(motion.qpos, robot):
        turned = turns[:, bodies]
        positions[block] = places[:, bodies] + np.einsum("tjab,jb->tja", turned, points)
        rotations[block] = quaternion_from_matrix(turned)
    held = f"{len(motion.held)} joints that the file does not have are at zero"
    source = MotionSource(
        path=str(motion.path),
        sha256=motion.sha256,
        format=str(motion.kind),
        rig=f"robot {robot.name}",
        floor_m=_FLOOR_M,
        notes=(*motion.notes, *((held,) if motion.held else ())),
        doubts=motion.doubts,
    )
    parents = [roles.index(parent) if parent else -1 for parent in _PARENTS.values()]
    by_role = {role: at for at, role in enumerate(roles)}
    return compact(
        Motion(
            tuple(roles),
            np.array(parents, np.int64),
            positions,
            rotations,
            motion.fps,
            by_role,
            source,
        )
    )


def read_robot_recording(
    path: str | Path, robot: RobotModel, fps: float | None = None, kind: str | None = None
) -> Motion:
    """Read a robot's motion, of any format known or a result of ours, as the recording for another robot.

    Args:
        path: The file.
        robot: The robot that it is of.
        fps: Frames per second, for files that do not say it.
        kind: Its format; told from the file when None.

    Raises:
        FileFormatError: It cannot be read, or is of another robot.
        OptionsError: The file does not say its rate and none is given.
        RobotError: The robot lacks a part.
    """
    return motion_of_robot(read_robot_motion(path, robot, fps=fps, kind=kind), robot)


def _point(robot: RobotModel, role: str) -> Float64[np.ndarray, "3"]:
    """A role's joint centre in its body's frame; a toe's is the front of the sole, on the floor."""
    if not role.endswith("toe"):
        return robot.role_points[role]
    side = _SIDES.index(role.removesuffix("_toe"))
    positions, turns = body_poses(robot, robot.neutral)
    across = positions[robot.roles["left_hip"]] - positions[robot.roles["right_hip"]]
    forward = np.cross(across, [0.0, 0.0, 1.0])
    turn = turns[robot.feet[side]]
    soles = robot.soles[side]
    ahead = soles @ (turn.T @ forward) / np.linalg.norm(forward)
    front = soles[ahead > ahead.max() - _FRONT_M].mean(axis=0)
    down = turn.T @ np.array([0.0, 0.0, -robot.sole_radius])
    return np.asarray(front + down)
