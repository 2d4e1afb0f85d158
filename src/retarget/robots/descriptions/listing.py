"""All robots known by name, as lists show them: of embedded ones nothing is read but their index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from retarget.robots.catalogue import RobotEntry, embedded_entries, entry_of
from retarget.robots.registry import load_robot, robot_names, robot_spec

__all__ = ["families", "known_robots"]


def known_robots() -> tuple[RobotEntry, ...]:
    """Entries of all robots known by name: embedded ones by maker and family, then those of programs and packages.

    Raises:
        RetargetError: The model of a robot that a program or a package offers cannot be used.

    Example:
        >>> known_robots()[0].maker
        'Apptronik'
    """
    names = robot_names()
    embedded = [one for one in embedded_entries() if one.name in names]
    listed = {one.name for one in embedded}
    others = (name for name in names if name not in listed)
    return (*embedded, *(replace(entry_of(load_robot(n), robot_spec(n)), name=n) for n in others))


def families(robots: tuple[RobotEntry, ...]) -> Iterator[tuple[str, str, list[RobotEntry]]]:
    """Maker, family and the robots of it; a robot without a family is one of its own."""
    found: dict[tuple[str, str], list[RobotEntry]] = {}
    for robot in robots:
        found.setdefault((robot.maker, robot.family or robot.name), []).append(robot)
    for (maker, family), members in found.items():
        yield maker, family, members
