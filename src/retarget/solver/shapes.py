"""The robot's shape as the kernels want it: what meets the ground, and what must stay apart."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from retarget.robots.model import RobotModel
from retarget.robots.shapes.spheres import end_spheres
from retarget.robots.shapes.touch import TouchPoint
from retarget.solver.arrays import Capsules, Floor, Masses, Soles
from retarget.solver.kinematics.collision import capsule_arrays
from retarget.targets.robot_frames import RobotAnatomy

__all__ = ["floor_spheres", "kept_apart", "mass_arrays", "sole_arrays"]


def sole_arrays(robot: RobotModel, anatomy: RobotAnatomy, touching: Sequence[TouchPoint]) -> Soles:
    """What can be held on the ground: heels and toes, then the spheres of other parts.

    Kernels know of two feet: those of a robot without legs are points of its base that nothing holds.
    """
    own = np.ascontiguousarray(robot.feet, np.int64) if len(robot.feet) else np.zeros(2, np.int64)
    soles = robot.soles if len(robot.feet) else np.zeros((2, 1, 3))
    feet = np.repeat(own, 2)
    return Soles(
        feet=own,
        points=np.ascontiguousarray(soles, np.float64),
        radius=float(robot.sole_radius),
        contact_bodies=np.array([*feet, *(touch.body for touch in touching)], np.int64),
        contact_points=np.array(
            [*anatomy.contact_points.reshape(4, 3), *(touch.point for touch in touching)]
        ),
        contact_radii=np.array(
            [*[float(robot.sole_radius)] * 4, *(touch.radius for touch in touching)]
        ),
        contact_feet=np.array([0, 0, 1, 1, *[-1] * len(touching)]),
    )


@lru_cache(maxsize=4)
def floor_spheres(robot: RobotModel, wanted: bool) -> Floor:
    """Sole points, and the ends of the capsules of all other bodies; copies are left out."""
    spheres = end_spheres(robot)
    count = len(spheres.bodies) if wanted else 0
    return Floor(*(values[:count] for values in spheres))


@lru_cache(maxsize=4)
def mass_arrays(robot: RobotModel) -> Masses:
    """The robot's masses as shares of the whole."""
    shares = robot.masses / robot.masses.sum()
    below = shares.copy()
    for body in range(len(below) - 1, 0, -1):
        below[robot.parents[body]] += below[body]
    return Masses(shares, below, np.ascontiguousarray(robot.mass_centres, np.float64))


def kept_apart(robot: RobotModel, wanted: bool, margin: float) -> Capsules:
    """The robot's collision capsules, apart by a margin (metres); without pairs where that is not wanted."""
    capsules = capsule_arrays(robot, margin)
    none = capsules._replace(pairs=capsules.pairs[:0], margins=capsules.margins[:0])
    return capsules if wanted else none
