"""Points of a robot that are held on things, or stay near them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float64, Int64

from retarget.motion.segments import SIDES
from retarget.robots.model import RobotModel
from retarget.robots.shapes.touch import palm_point
from retarget.scenes.scene import FEET, TOUCH_POINTS

__all__ = ["CLEAR", "ThingPoints", "thing_points"]

CLEAR: Final = (
    *(f"{side}_{part}" for part in ("knee", "elbow", "wrist") for side in SIDES),
    "pelvis",
)
"""Joints that stay as near to things as the human's."""


@dataclass(frozen=True, slots=True, eq=False)
class ThingPoints:
    """Points of the robot that are held on things, beyond those that are held on the ground.

    Attributes:
        bodies: Body of each point.
        points: Its place there, metres.
        radii: How far its surface is from it, metres.
        columns: Which of all points of the solve (first those on the ground, then these) each of `TOUCH_POINTS` is, -1
            where the robot has none.
        clear: Which of them are joints of `CLEAR`; of those that the robot has.
        hands: How far each wrist's joint is from its palm's point, metres; 0 where the hand cannot turn.
    """

    bodies: Int64[np.ndarray, "E"]
    points: Float64[np.ndarray, "E 3"]
    radii: Float64[np.ndarray, "E"]
    columns: Int64[np.ndarray, "K"]
    clear: dict[str, int]
    hands: dict[str, float]


def thing_points(robot: RobotModel, touching: Sequence[str]) -> ThingPoints:
    """The points of a robot whose points on the ground are those of the feet and ``touching``."""
    names = [*TOUCH_POINTS[:FEET], *touching]
    columns = np.full(len(TOUCH_POINTS), -1)
    same = {"seat": "pelvis"}
    for k, point in enumerate(TOUCH_POINTS):
        name = same.get(point, point)
        if name in names:
            columns[k] = names.index(name)
    bodies: list[int] = []
    points: list[Float64[np.ndarray, "3"]] = []
    radii: list[float] = []
    hands: dict[str, float] = {}
    for side in SIDES:
        palm = palm_point(robot, side)
        if palm is not None:
            columns[TOUCH_POINTS.index(f"{side}_palm")] = len(names) + len(bodies)
            bodies.append(palm.body)
            points.append(palm.point)
            radii.append(palm.radius)
            wrist = robot.role_points[f"{side}_wrist"]
            turns = palm.body == robot.roles[f"{side}_wrist"] != robot.roles[f"{side}_elbow"]
            hands[side] = float(np.linalg.norm(palm.point - wrist)) if turns else 0.0
    first = len(names) + len(bodies)
    clear = [role for role in CLEAR if role in robot.roles]
    bodies += [robot.roles[role] for role in clear]
    points += [robot.role_points[role] for role in clear]
    radii += [0.0] * len(clear)
    return ThingPoints(
        np.array(bodies, np.int64),
        np.array(points, np.float64).reshape(-1, 3),
        np.array(radii, np.float64),
        columns,
        {role: first + i for i, role in enumerate(clear)},
        hands,
    )
