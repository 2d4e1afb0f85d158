"""What was understood of a robot, in numbers and words: for `retarget robots inspect`."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from retarget.robots.kinematics import body_poses
from retarget.robots.model import RobotModel
from retarget.robots.plausibility.proportions import (
    ARM,
    FOREARM,
    HIPS,
    LEG,
    SHANK,
    SHOULDERS,
    THIGH,
    UPPER_ARM,
)
from retarget.robots.spec import ROLES

__all__ = ["LimbLength", "RobotInspection", "RoleFound", "inspect_robot"]

_WORDS = {  # what joints and bodies of a role are called
    "pelvis": "pelvis|base|waist|hips|root|trunk|body|torso",
    "chest": "torso|chest|trunk|body|waist|thorax|base",
    "hip": "hip|thigh|femur|leg",
    "knee": "knee|shank|shin|calf|tibia|lleg",
    "ankle": "ankle|foot|toe|talus",
    "shoulder": "shoulder|arm|scap|shld|clav|humerus",
    "elbow": "elbow|elb|forearm|lower_?arm|larm",
    "wrist": "wrist|hand|palm|forearm|elb|elbow|arm",
}
_SEGMENTS = {
    "thigh": ("left_hip", "left_knee", THIGH),
    "shank": ("left_knee", "left_ankle", SHANK),
    "upper arm": ("left_shoulder", "left_elbow", UPPER_ARM),
    "forearm": ("left_elbow", "left_wrist", FOREARM),
    "hip width": ("left_hip", "right_hip", HIPS),
    "shoulder width": ("left_shoulder", "right_shoulder", SHOULDERS),
}
_UNUSUAL = (
    1.8  # times a human's, or the inverse: such a length casts doubt on the roles at its ends
)
_STATED, _SURE, _UNNAMED, _ODD = 1.0, 0.95, 0.8, 0.6  # confidences


@dataclass(frozen=True, slots=True)
class RoleFound:
    """A body role: who carries it, how sure that is, and why.

    Example:
        >>> inspect_robot(load_robot("unitree_g1")).roles[0].body  # doctest: +SKIP
        'pelvis'
    """

    role: str
    body: str
    confidence: float
    reason: str


@dataclass(frozen=True, slots=True)
class LimbLength:
    """A length between two joint centres, and a human's whose legs are as long; metres."""

    name: str
    length_m: float
    human_m: float


@dataclass(frozen=True, slots=True)
class RobotInspection:
    """All that a user should look at before trusting a robot's model.

    Attributes:
        name: The robot's name.
        source: Where its description is from.
        joints: Number of joints; ``held``: those that stay at neutral.
        mass_kg: Of all bodies.
        roles: Body roles in the usual order.
        lengths: Limbs that the robot has beside a human's.
        sole_cm: Length and width of the left sole, and the ankle's height above it; none without legs.
        unlimited: Joints without a limit of speed, and of torque.
        collision_pairs: Pairs of capsules that are kept apart.
        notes: What was assumed, added or left out.

    Example:
        >>> inspect_robot(load_robot("unitree_g1")).sole_cm  # doctest: +SKIP
        (18.6, 5.3, 3.5)
    """

    name: str
    source: str
    joints: int
    held: tuple[str, ...]
    mass_kg: float
    roles: tuple[RoleFound, ...]
    lengths: tuple[LimbLength, ...]
    sole_cm: tuple[float, float, float] | None
    unlimited: dict[str, tuple[str, ...]]
    collision_pairs: int
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return asdict(self)

    @property
    def doubtful(self) -> tuple[RoleFound, ...]:
        """Roles that were proposed and that nothing but geometry speaks for."""
        return tuple(role for role in self.roles if role.confidence < _SURE)


def inspect_robot(robot: RobotModel) -> RobotInspection:
    """Say what was understood of a robot's model."""
    lengths = _lengths(robot)
    odd = {
        end: one.name
        for one in lengths
        for end in _SEGMENTS[one.name][:2]
        if not 1 / _UNUSUAL < one.length_m / one.human_m < _UNUSUAL and "width" not in one.name
    }
    names = np.array(robot.joint_names, object)
    return RobotInspection(
        name=robot.name,
        source=robot.source,
        joints=robot.joint_count,
        held=tuple(names[robot.held]),
        mass_kg=float(robot.masses.sum()),
        roles=tuple(_role(robot, role, odd) for role in ROLES if role in robot.roles),
        lengths=lengths,
        sole_cm=_sole(robot) if robot.has("leg") else None,
        unlimited={
            "speed": tuple(names[np.isinf(robot.velocity_limits)]),
            "torque": tuple(names[np.isinf(robot.effort_limits)]),
        },
        collision_pairs=len(robot.collision_pairs),
        notes=robot.notes,
    )


def _sole(robot: RobotModel) -> tuple[float, float, float]:
    _, rotations = body_poses(robot, _at_rest(robot), robot.upright)
    sole = robot.soles[0] @ rotations[robot.feet[0]].T
    length, width, _ = np.ptp(sole, axis=0).tolist()
    height = float(robot.sole_radius - sole[:, 2].mean())
    return round(100 * length, 1), round(100 * width, 1), round(100 * height, 1)


def _at_rest(robot: RobotModel) -> np.ndarray:
    return np.clip(np.zeros(robot.joint_count), robot.lower, robot.upper)


def _lengths(robot: RobotModel) -> tuple[LimbLength, ...]:
    positions, rotations = body_poses(robot, _at_rest(robot), robot.upright)

    def centre(role: str) -> np.ndarray:
        body = robot.roles[role]
        return np.asarray(positions[body] + rotations[body] @ robot.role_points[role])

    found = {
        name: float(np.linalg.norm(centre(a) - centre(b)))
        for name, (a, b, _) in _SEGMENTS.items()
        if a in robot.roles
    }
    if robot.has("leg"):
        height = (found["thigh"] + found["shank"]) / LEG
    else:
        height = (found["upper arm"] + found["forearm"]) / ARM
    return tuple(
        LimbLength(name, round(length, 3), round(_SEGMENTS[name][2] * height, 3))
        for name, length in found.items()
    )


def _role(robot: RobotModel, role: str, odd: dict[str, str]) -> RoleFound:
    body = robot.roles[role]
    name = robot.body_names[body]
    if role in robot.stated_roles:
        return RoleFound(role, name, _STATED, "stated in the description")
    part = role.removeprefix("left_").removeprefix("right_")
    joint = robot.joint_names[body - 1] if body else ""
    named = bool(re.search(_WORDS[part], f"{name} {joint}", re.IGNORECASE))
    reason = "by how its chain moves" + (
        ", and its name says so" if named else "; its name does not tell"
    )
    if role in odd:
        return RoleFound(role, name, _ODD, f"{reason}, but the {odd[role]} is unlike a human's")
    return RoleFound(role, name, _SURE if named else _UNNAMED, reason)
