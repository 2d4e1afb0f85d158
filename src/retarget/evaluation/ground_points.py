"""Where a robot may touch the floor, and the forces that the floor can give there."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from retarget.robots.model import RobotModel

__all__ = ["GroundPoints", "friction_cone", "ground_points"]

CONE_EDGES = 8  # of the pyramid that stands for the friction cone, which they lie on


class GroundPoints(NamedTuple):
    """Spheres that meet the floor: those of the soles, and the ends of all capsules of other bodies than the feet.

    Attributes:
        bodies: Body of each.
        centres: In the body's frame, metres.
        radii: Metres.
    """

    bodies: Int64[np.ndarray, "K"]
    centres: Float64[np.ndarray, "K 3"]
    radii: Float64[np.ndarray, "K"]


@lru_cache(maxsize=4)
def ground_points(robot: RobotModel) -> GroundPoints:
    """The robot's points that may touch the floor; remembered for the robots used last."""
    rows = [
        (float(foot), *point, robot.sole_radius)
        for foot, sole in zip(robot.feet, robot.soles, strict=True)
        for point in sole
    ]
    capsules = zip(
        robot.capsule_bodies,
        robot.capsule_starts,
        robot.capsule_ends,
        robot.capsule_radii,
        strict=True,
    )
    rows += [
        (float(body), *end, radius)
        for body, *ends, radius in capsules
        if body not in robot.feet
        for end in ends
    ]
    table = np.unique(np.array(rows), axis=0)  # padded soles and spheres repeat points
    return GroundPoints(
        table[:, 0].astype(np.int64),
        np.ascontiguousarray(table[:, 1:4]),
        np.ascontiguousarray(table[:, 4]),
    )


def friction_cone(friction: float) -> Float64[np.ndarray, "E 2"]:
    """Edges of the pyramid of forces that a level floor can give: their horizontal parts for a unit upwards.

    Example:
        >>> friction_cone(0.5)[0].tolist()
        [0.5, 0.0]
    """
    angles = np.arange(CONE_EDGES) * (2 * math.pi / CONE_EDGES)
    return friction * np.stack([np.cos(angles), np.sin(angles)], axis=1)
