"""What is to be listed of the embedded robots: written with them, so that no model is read for a list."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retarget.files import write_text
from retarget.robots.kinematics import body_poses
from retarget.robots.spec import RobotSpec

if TYPE_CHECKING:
    from retarget.robots.model import RobotModel

__all__ = ["INDEX", "RobotEntry", "embedded_entries", "entry_of", "read_index", "write_index"]

INDEX = Path(__file__).parent / "embedded" / "index.json"


@dataclass(frozen=True, slots=True)
class RobotEntry:
    """A robot known by name, as lists show it.

    Attributes:
        name: Its name.
        display_name: For people.
        maker, family, variant: Who makes it, its kind, and what tells it from others of the kind.
        aliases: Other names that are understood.
        joints: Number of joints; of these ``held`` stay at neutral (fingers, heads).
        height_m: From the sole to the highest part that is known, or as the maker states it.
        mass_kg: Of all bodies.
        licence: Of its description.
        source: Where that was taken from.

    Example:
        >>> next(one for one in embedded_entries() if one.name == "unitree_g1").joints
        29
    """

    name: str
    display_name: str
    maker: str
    family: str
    variant: str
    aliases: tuple[str, ...]
    joints: int
    held: int
    height_m: float
    mass_kg: float
    licence: str
    source: str


def entry_of(robot: RobotModel, spec: RobotSpec, height_m: float | None = None) -> RobotEntry:
    """What is to be listed of a robot; ``height_m`` where its model has no head to measure it by."""
    source = spec.source
    return RobotEntry(
        name=robot.name,
        display_name=spec.display_name,
        maker=spec.maker,
        family=spec.family,
        variant=spec.variant,
        aliases=spec.aliases,
        joints=robot.joint_count,
        held=int(robot.held.sum()),
        height_m=round(_standing_height(robot) if height_m is None else height_m, 2),
        mass_kg=round(float(robot.masses.sum()), 1),
        licence=source.licence,
        source=f"{source.package} {source.version}".strip(),
    )


@lru_cache(maxsize=1)
def embedded_entries() -> tuple[RobotEntry, ...]:
    """All embedded robots, by maker and family."""
    return read_index(INDEX)


def read_index(path: Path) -> tuple[RobotEntry, ...]:
    """The entries of an index."""
    entries = json.loads(path.read_text("utf-8"))
    return tuple(RobotEntry(**{**one, "aliases": tuple(one["aliases"])}) for one in entries)


def write_index(path: Path, entries: Iterable[RobotEntry]) -> None:
    """Write an index, sorted by maker, family and name; whole or not at all."""
    ordered = sorted(entries, key=lambda one: (one.maker.lower(), one.family.lower(), one.name))
    write_text(path, json.dumps([asdict(one) for one in ordered], indent=1) + "\n")


def _standing_height(robot: RobotModel) -> float:
    """From the sole to the highest joint or collision shape of the robot in its neutral posture, metres."""
    positions, rotations = body_poses(robot, robot.neutral, robot.upright)
    bodies = robot.capsule_bodies
    ends = [
        positions[bodies] + np.einsum("gij,gj->gi", rotations[bodies], local)
        for local in (robot.capsule_starts, robot.capsule_ends)
    ]
    tops = [positions[:, 2], *(end[:, 2] + robot.capsule_radii for end in ends)]
    foot = robot.feet[0]
    sole = positions[foot] + robot.soles[0] @ rotations[foot].T
    return float(max(top.max() for top in tops if len(top)) - sole[:, 2].min() + robot.sole_radius)
