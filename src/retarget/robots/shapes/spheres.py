"""Spheres that stand for a robot's surface: soles, the ends of capsules and along them, and the balls of its hands."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from retarget.robots.model import RobotModel
from retarget.robots.shapes.hulls import most_reaching

__all__ = ["EXACT", "SOLVED", "Spheres", "covering_spheres", "end_spheres"]

SOLVED: Final = 0.6
"""Radii between spheres along a capsule where they are solved with: an edge between two is 5 % of a radius deep."""

EXACT: Final = 0.2
"""Radii between them where depths are told and undone: half a hundredth of a radius, 0.2 mm of a hand of 3.5 cm."""

# Balls that are solved with: of a hand, which reaches a millimetre farther on average, and of what is above it. Of
# more of them now one bears and now another, which takes steps: 24 and 8 take up to half as many again, and hands are
# as deep in things.
_OF_HAND, _OF_FOREARM = 16, 6


class Spheres(NamedTuple):
    """Spheres on a robot's bodies.

    Attributes:
        bodies: Body of each.
        points: Its centre there, metres.
        radii: Metres.
        feet: Foot (0, 1) that carries it; -1 for another body.
    """

    bodies: Int64[np.ndarray, "F"]
    points: Float64[np.ndarray, "F 3"]
    radii: Float64[np.ndarray, "F"]
    feet: Int64[np.ndarray, "F"]


def end_spheres(robot: RobotModel) -> Spheres:
    """Sole points, and the ends of the capsules of all other bodies; copies are left out."""
    bodies, points, radii, feet = [], [], [], []
    for foot, body in enumerate(robot.feet):
        for point in np.unique(robot.soles[foot], axis=0):
            bodies.append(int(body))
            points.append(point)
            radii.append(robot.sole_radius)
            feet.append(foot)
    for g, body in enumerate(robot.capsule_bodies):
        if body in robot.feet:
            continue
        for point in np.unique([robot.capsule_starts[g], robot.capsule_ends[g]], axis=0):
            bodies.append(int(body))
            points.append(point)
            radii.append(float(robot.capsule_radii[g]))
            feet.append(-1)
    return _spheres(bodies, points, radii, feet)


@lru_cache(maxsize=8)
def covering_spheres(robot: RobotModel, spacing: float) -> Spheres:
    """`end_spheres` and more along capsules, body after body; remembered for the robots used last.

    Bodies of hands whose balls are known have these in place of their capsules.

    Args:
        robot: The robot.
        spacing: Radii between spheres along a capsule, at most: `SOLVED` or `EXACT`.
    """
    ends = end_spheres(robot)
    plain = ~np.isin(ends.bodies, robot.ball_bodies)
    bodies, points, radii, feet = (list(values[plain]) for values in ends)
    for body in np.unique(robot.ball_bodies):
        own = robot.balls[robot.ball_bodies == body]
        if spacing != EXACT:
            hand = body in (robot.roles["left_wrist"], robot.roles["right_wrist"])
            own = most_reaching(own, _OF_HAND if hand else _OF_FOREARM)
        for *point, radius in own:
            bodies.append(int(body))
            points.append(np.array(point))
            radii.append(float(radius))
            feet.append(-1)
    for g, body in enumerate(robot.capsule_bodies):
        if body in robot.feet or body in robot.ball_bodies:
            continue
        start, end = robot.capsule_starts[g], robot.capsule_ends[g]
        radius = float(robot.capsule_radii[g])
        count = int(np.linalg.norm(end - start) // (spacing * max(radius, 1e-3)))
        for k in range(1, count + 1):
            bodies.append(int(body))
            points.append(start + (end - start) * k / (count + 1))
            radii.append(radius)
            feet.append(-1)
    found = _spheres(bodies, points, radii, feet)
    order = np.argsort(found.bodies, kind="stable")
    return Spheres(*(values[order] for values in found))


def _spheres(
    bodies: list[int], points: list[np.ndarray], radii: list[float], feet: list[int]
) -> Spheres:
    return Spheres(
        np.array(bodies, np.int64),
        np.array(points, np.float64).reshape(-1, 3),
        np.array(radii, np.float64),
        np.array(feet, np.int64),
    )
