"""`robot.toml`: what a robot's model file does not say (roles, speed limits, soles, source)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from retarget.errors import FileFormatError
from retarget.inputs import read_toml, understanding
from retarget.wording import quoted, shortened

__all__ = [
    "COPIED",
    "LIMBS",
    "LIMB_ROLES",
    "ROLES",
    "SIDES",
    "LinkSpec",
    "RobotSource",
    "RobotSpec",
    "RolePlace",
    "SoleSpec",
    "read_robot_spec",
]

LIMBS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {"leg": ("hip", "knee", "ankle"), "arm": ("shoulder", "elbow", "wrist")}
)
SIDES = ("left", "right")
LIMB_ROLES = tuple(role for chain in LIMBS.values() for role in chain)
ROLES = (
    "pelvis",
    "chest",
    *(f"{side}_{role}" for side in SIDES for role in LIMB_ROLES),
)

COPIED = "the model file"  # where an importer has limits from that no person gave

Coordinate = Annotated[float, Field(ge=-10, le=10)]  # metres: no robot reaches farther
Vector = tuple[Coordinate, Coordinate, Coordinate]
Ball = tuple[Coordinate, Coordinate, Coordinate, Annotated[float, Field(ge=0, le=1)]]
Rotation = tuple[float, float, float, float]
Limit = Annotated[float, Field(gt=0)]
Name = Annotated[str, Field(max_length=200)]  # of a link, a joint or a pattern of them


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class RolePlace(_Table):
    """Where a role sits: a body, and the joint's centre in that body's frame (m).

    Example:
        >>> RolePlace(body="left_elbow_link", point=(0.28, 0, 0)).point
        (0.28, 0.0, 0.0)
    """

    body: Name
    point: Vector = (0.0, 0.0, 0.0)


class SoleSpec(_Table):
    """Points of the feet that touch the ground: sphere centres in the ankle role's body frame (m).

    Example:
        >>> corners = [(0.1, 0.03, -0.04), (0.1, -0.03, -0.04), (-0.05, 0, -0.04)]
        >>> SoleSpec(left=corners, right=corners, radius=0.005).radius
        0.005
    """

    left: tuple[Vector, ...] = Field(min_length=1)
    right: tuple[Vector, ...] = Field(min_length=1)
    radius: float = Field(default=0.0, ge=0, le=1)


class LinkSpec(_Table):
    """A fixed link that the model file lacks: where it sits on a link (m; rotation wxyz).

    Example:
        >>> LinkSpec(parent="left_ankle_roll_link", position=(0.1, 0, -0.02)).rotation
        (1.0, 0.0, 0.0, 0.0)
    """

    parent: Name
    position: Vector = (0.0, 0.0, 0.0)
    rotation: Rotation = (1.0, 0.0, 0.0, 0.0)

    @field_validator("rotation")
    @classmethod
    def _scale_to_one(cls, value: Rotation) -> Rotation:
        length = math.sqrt(sum(component * component for component in value))
        if not length:
            raise ValueError("a rotation must not be all zeros; give w, x, y, z")
        w, x, y, z = (component / length for component in value)
        return w, x, y, z


class RobotSource(_Table):
    """Where a description was taken from, and its licence; for people."""

    package: str = ""
    version: str = ""
    sha256: str = ""
    path: str = ""
    licence: str = ""
    velocity_limits: str = ""
    effort_limits: str = ""


class RobotSpec(_Table):
    """Content of a ``robot.toml``; everything is optional, and what is missing is proposed or unlimited.

    Joint tables are keyed by joint names or glob patterns; of several that match, the first counts.

    Attributes:
        name: Name of the robot; the model file's otherwise.
        display_name: Name for people.
        maker, family, variant: Who makes it, its kind, and what tells it from others of the kind.
        aliases: Other names by which an embedded robot is known.
        model: Model file, relative to the TOML file.
        source: Origin and licence.
        roles: Body role -> body name, or body and point.
        velocity_limits: Joint speed limits, rad/s.
        acceleration_limits: Joint acceleration limits, rad/s^2.
        effort_limits: Joint torque limits, N m; they override the model file's.
        neutral: Joint angles of the relaxed upright posture, rad, where the default does not suit.
        soles: Ground contact points; found from collision geometry otherwise.
        hands: Body -> balls that fill it, the largest share first: centre in its frame and radius, metres. They are
            what meets things, in place of the body's collision shapes.
        links: Group -> name -> fixed link that consumers of motions expect and the model file lacks; an export
            format names the group that it wants.
        joint_sets: Name -> joints (names or patterns) of a smaller robot of the same family, for exports.

    Example:
        >>> spec = RobotSpec(roles={"pelvis": "base_link"}, velocity_limits={"*_knee": 14.0})
        >>> spec.roles["pelvis"].body, spec.velocity_limit("left_knee")
        ('base_link', 14.0)
    """

    name: str = ""
    display_name: str = ""
    maker: str = ""
    family: str = ""
    variant: str = ""
    aliases: tuple[str, ...] = ()
    model: str = ""
    source: RobotSource = RobotSource()
    roles: dict[str, RolePlace] = {}
    velocity_limits: dict[Name, Limit] = {}
    acceleration_limits: dict[Name, Limit] = {}
    effort_limits: dict[Name, Limit] = {}
    neutral: dict[Name, float] = {}
    soles: SoleSpec | None = None
    hands: dict[Name, tuple[Ball, ...]] = {}
    links: dict[Name, dict[Name, LinkSpec]] = {}
    joint_sets: dict[Name, tuple[Name, ...]] = {}

    @field_validator("roles", mode="before")
    @classmethod
    def _read_roles(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        unknown = sorted(set(map(str, value)) - set(ROLES))
        if unknown:
            raise ValueError(f"unknown role {quoted(unknown[0])}; roles are {', '.join(ROLES)}")
        return {
            role: {"body": place} if isinstance(place, str) else place
            for role, place in value.items()
        }

    def velocity_limit(self, joint: str, default: float = float("inf")) -> float:
        """Speed limit of a joint in rad/s; ``default`` when none is given."""
        return _first_match(self.velocity_limits, joint, default)

    def copied_speeds(self, joints: tuple[str, ...]) -> dict[str, float]:
        """Speed limits that an importer copied from the model file, slips and all, rad/s, of the joints with one."""
        if self.source.velocity_limits != COPIED:
            return {}
        found = {joint: self.velocity_limit(joint) for joint in joints}
        return {joint: limit for joint, limit in found.items() if limit < float("inf")}

    def typed_speed(self, joint: str, default: float) -> float:
        """Speed limit of a joint that a person gave, in rad/s; ``default`` when none did."""
        if self.source.velocity_limits == COPIED:
            return default
        return self.velocity_limit(joint, default)

    def acceleration_limit(self, joint: str, default: float = float("inf")) -> float:
        """Acceleration limit of a joint in rad/s^2; ``default`` when none is given."""
        return _first_match(self.acceleration_limits, joint, default)

    def effort_limit(self, joint: str, default: float) -> float:
        """Torque limit of a joint in N m; ``default`` when none is given."""
        return _first_match(self.effort_limits, joint, default)

    def joints_of_sets(self, joints: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        """The joints of each set by name, in the robot's order."""
        return {
            name: tuple(j for j in joints if any(fnmatchcase(j, p) for p in patterns))
            for name, patterns in self.joint_sets.items()
        }

    def neutral_angle(self, joint: str, default: float) -> float:
        """Angle of a joint in the relaxed upright posture, rad; ``default`` when none is given."""
        return _first_match(self.neutral, joint, default)

    def unmatched_patterns(self, joints: tuple[str, ...]) -> list[str]:
        """Joint patterns of any table that match no joint: most likely misspelt."""
        tables = (self.velocity_limits, self.acceleration_limits, self.effort_limits, self.neutral)
        patterns = [pattern for table in tables for pattern in table]
        patterns += [pattern for joint_set in self.joint_sets.values() for pattern in joint_set]
        return [p for p in patterns if not any(fnmatchcase(joint, p) for joint in joints)]


def read_robot_spec(path: str | Path) -> RobotSpec:
    """Read and validate a ``robot.toml``.

    Raises:
        FileFormatError: The file is missing, not TOML, or has unknown keys or invalid values.
    """
    table = read_toml(path, "give a robot TOML file")
    with understanding(path, "robot's description", "correct it"):
        try:
            return RobotSpec.model_validate(table)
        except ValidationError as error:
            raise FileFormatError(path, *_explain(error)) from error


def _explain(error: ValidationError) -> tuple[str, str]:
    first = error.errors()[0]
    place = ".".join(shortened(str(part)) for part in first["loc"])
    if first["type"] != "extra_forbidden":
        return f"{place}: {first['msg'].removeprefix('Value error, ')}", "correct it"
    table = str(first["loc"][0]) if len(first["loc"]) > 1 else ""
    tables: dict[str, type[_Table]] = {
        "source": RobotSource,
        "soles": SoleSpec,
        "roles": RolePlace,
        "links": LinkSpec,
    }
    return (
        f"unknown key {place!r}",
        f"keys there are {', '.join(tables.get(table, RobotSpec).model_fields)}",
    )


def _first_match(values: Mapping[str, float], joint: str, default: float) -> float:
    return next(
        (value for pattern, value in values.items() if fnmatchcase(joint, pattern)), default
    )
