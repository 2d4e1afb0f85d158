"""Where a robot's collision capsules are, in plain NumPy."""

from __future__ import annotations

import numpy as np

from retarget.robots import RobotModel
from retarget.robots.shapes.collision import segment_distance
from retarget.solver.kinematics.forward import forward_kinematics


def capsule_ends(robot: RobotModel, qpos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both ends of every capsule in every frame, world, metres."""
    positions, rotations = forward_kinematics(qpos, robot)
    bodies = robot.capsule_bodies
    starts, ends = (
        positions[:, bodies] + np.einsum("tgij,gj->tgi", rotations[:, bodies], local)
        for local in (robot.capsule_starts, robot.capsule_ends)
    )
    return starts, ends


def pair_gaps(robot: RobotModel, qpos: np.ndarray) -> np.ndarray:
    """Gap between the capsules of every pair in every frame, metres; negative where they overlap."""
    starts, ends = capsule_ends(robot, qpos)
    i, j = robot.collision_pairs.T
    distance = segment_distance(starts[:, i], ends[:, i], starts[:, j], ends[:, j])
    return distance - robot.capsule_radii[i] - robot.capsule_radii[j]
