"""Where a robot may touch the floor."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from retarget.robots.model import RobotModel

__all__ = ["GroundPoints", "ground_points"]


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
    table = np.unique(
        np.array(rows).reshape(-1, 5), axis=0
    )  # padded soles and spheres repeat points
    return GroundPoints(
        table[:, 0].astype(np.int64),
        np.ascontiguousarray(table[:, 1:4]),
        np.ascontiguousarray(table[:, 4]),
    )
