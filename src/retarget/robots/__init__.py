"""Robots: flat models from MJCF and URDF, embedded ones by name."""

from __future__ import annotations

from retarget.robots.model import RobotModel
from retarget.robots.registry import (
    load_robot,
    register_robot,
    robot_files,
    robot_names,
    robot_spec,
)
from retarget.robots.spec import ROLES, RobotSpec, read_robot_spec

__all__ = [
    "ROLES",
    "RobotModel",
    "RobotSpec",
    "load_robot",
    "read_robot_spec",
    "register_robot",
    "robot_files",
    "robot_names",
    "robot_spec",
]
