"""Overlap of the robot's collision capsules with each other and with the floor."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64, Int64

from retarget._jit import jit
from retarget.evaluation.measures import COLLISION_DEPTH
from retarget.robots.model import RobotModel
from retarget.solver.collision import segment_distance
from retarget.solver.kinematics import forward_kinematics

__all__ = ["deepest_pair", "measure_collisions"]


def measure_collisions(
    robot: RobotModel,
    positions: Float64[np.ndarray, "T B 3"],
    rotations: Float64[np.ndarray, "T B 3 3"],
) -> dict[str, float | None]:
    """Measures of overlap; see `measures.DEFINITIONS`. The feet meet the floor by their soles alone."""
    depth, sunk = np.zeros(len(positions)), np.zeros(len(positions))
    above_floor = ~np.isin(robot.capsule_bodies, robot.feet)
    _overlaps(
        np.ascontiguousarray(positions),
        np.ascontiguousarray(rotations),
        robot.capsule_bodies,
        robot.capsule_starts,
        robot.capsule_ends,
        robot.capsule_radii,
        above_floor,
        robot.collision_pairs,
        depth,
        sunk,
    )
    return {
        "self_collision_share": float((depth > COLLISION_DEPTH).mean()),
        "self_collision_max": float(depth.max(initial=0.0)),
        "body_penetration_max": float(sunk.max(initial=0.0)),
    }


def deepest_pair(robot: RobotModel, qpos: Float64[np.ndarray, "Q"]) -> tuple[str, ...]:
    """Names of the two collision capsules that overlap most, or come nearest; none where no pair is looked at."""
    positions, rotations = forward_kinematics(qpos[None], robot)
    at = positions[0, robot.capsule_bodies]
    turn = rotations[0, robot.capsule_bodies]
    starts = at + np.einsum("gij,gj->gi", turn, robot.capsule_starts)
    ends = at + np.einsum("gij,gj->gi", turn, robot.capsule_ends)
    deepest, names = -np.inf, tuple[str, ...]()
    on_first, on_second = np.empty(3), np.empty(3)
    for i, j in robot.collision_pairs:
        gap = segment_distance(starts[i], ends[i], starts[j], ends[j], on_first, on_second)
        if robot.capsule_radii[i] + robot.capsule_radii[j] - gap > deepest:
            deepest = robot.capsule_radii[i] + robot.capsule_radii[j] - gap
            names = (robot.capsule_names[i], robot.capsule_names[j])
    return names


@jit()
def _overlaps(
    positions: Float64[np.ndarray, "T B 3"],
    rotations: Float64[np.ndarray, "T B 3 3"],
    bodies: Int64[np.ndarray, "G"],
    starts: Float64[np.ndarray, "G 3"],
    ends: Float64[np.ndarray, "G 3"],
    radii: Float64[np.ndarray, "G"],
    above_floor: Bool[np.ndarray, "G"],
    pairs: Int64[np.ndarray, "P 2"],
    depth: Float64[np.ndarray, "T"],
    sunk: Float64[np.ndarray, "T"],
) -> None:
    """Fill the deepest overlap of any pair, and of any capsule with the floor, of each frame (m)."""
    count = len(bodies)
    a, b = np.empty((count, 3)), np.empty((count, 3))
    reach = np.empty(count)
    for g in range(count):
        reach[g] = 0.5 * np.sqrt(np.sum((ends[g] - starts[g]) ** 2)) + radii[g]
    for t in range(len(positions)):
        for g in range(count):
            body = bodies[g]
            for i in range(3):
                R = rotations[t, body, i]
                p = positions[t, body, i]
                a[g, i] = p + R[0] * starts[g, 0] + R[1] * starts[g, 1] + R[2] * starts[g, 2]
                b[g, i] = p + R[0] * ends[g, 0] + R[1] * ends[g, 1] + R[2] * ends[g, 2]
            if above_floor[g]:
                sunk[t] = max(sunk[t], radii[g] - min(a[g, 2], b[g, 2]))
        for k in range(len(pairs)):
            i, j = pairs[k]
            apart = 0.0
            for axis in range(3):
                middle = 0.5 * (a[i, axis] + b[i, axis] - a[j, axis] - b[j, axis])
                apart += middle * middle
            if apart < (reach[i] + reach[j]) ** 2:
                gap, _, _ = segment_distance(a, b, i, j)
                depth[t] = max(depth[t], radii[i] + radii[j] - gap)
