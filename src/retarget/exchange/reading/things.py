"""Things on paths behind the joints of a configuration: told from joints by their number and their quaternions."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from retarget.exchange.reading.stored import StoredMotion
from retarget.robots.model import RobotModel

__all__ = ["things_apart"]

_POSE, _RATE = 7, 6  # numbers of a free joint, and of its rates
_UNIT: Final = 1e-2  # by which the length of a quaternion may be off one


def things_apart(
    stored: StoredMotion, robot: RobotModel, joints: tuple[str, ...] | None
) -> StoredMotion:
    """A motion whose joints are the robot's alone, and what stands behind them as ``object_pose`` (T, O, 7).

    Args:
        stored: As its table has read it.
        robot: The robot that it should be of.
        joints: Names of the joints that it should have; None tries the robot's joint sets.
    """
    holds = stored.table.objects or stored.table.container == "mjcf"
    if not holds or stored.joint_names is not None or "object_pose" in stored.values:
        return stored
    given = (robot.joint_names, *robot.joint_sets.values()) if joints is None else (joints,)
    sizes = sorted({len(names) for names in given}, reverse=True)
    if stored.joints in sizes:
        return stored
    array = stored.values["joint_position"]
    for size in sizes:
        count, left = divmod(stored.joints - size, _POSE)
        if count < 1 or left:
            continue
        poses = array[:, size:].reshape(stored.frames, count, _POSE)
        lengths = np.linalg.norm(poses[..., 3:], axis=2)
        if not (np.abs(lengths - 1.0) < _UNIT).all():
            continue
        values = {**stored.values, "joint_position": array[:, :size], "object_pose": poses}
        rates = values.get("joint_velocity")
        if rates is not None and rates.shape[1] == size + _RATE * count:
            values["joint_velocity"] = rates[:, :size]
        return replace(stored, values=values)
    return stored
