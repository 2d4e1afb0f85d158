"""Overlap of the robot's collision capsules with each other and with the floor."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float64, Int64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.evaluation.thresholds import COLLISION_DEPTH
from retarget.robots.model import RobotModel
from retarget.robots.shapes.collision import segment_distance
from retarget.solver.arrays import Capsules
from retarget.solver.kinematics.collision import capsule_arrays, deepest_of_all, pair_reach
from retarget.solver.kinematics.forward import forward_kinematics

__all__ = ["HIGH", "CollisionMeasures", "deepest_pair"]

HIGH = 1e6  # metres: where a robot without capsules has its lowest one


class CollisionMeasures:
    """Measures of overlap, fed with blocks of body poses; see `retarget.evaluation.MEASURES`.

    The feet meet the floor by their soles alone.

    Attributes:
        depth: Deepest overlap of any two capsules in each frame, metres.
        body_height: Lowest point of all capsules but the feet's in each frame, metres.
    """

    def __init__(self, robot: RobotModel, count: int) -> None:
        self._capsules, self._reach, self._above_floor = _bodies(robot)
        self.depth = np.zeros(count)
        self.body_height = np.full(count, HIGH)

    def add(
        self,
        frames: slice,
        positions: Float64[np.ndarray, "n B 3"],
        rotations: Float64[np.ndarray, "n B 3 3"],
    ) -> None:
        """Look at the world poses of all bodies (metres) in some frames."""
        capsules = self._capsules
        _overlaps(
            positions,
            rotations,
            capsules.bodies,
            capsules.starts,
            capsules.ends,
            capsules.radii,
            self._reach,
            self._above_floor,
            self.depth[frames],
            self.body_height[frames],
        )

    def values(self) -> dict[str, float | None]:
        """The measures, once every frame was added."""
        return {
            "self_collision_share": float((self.depth > COLLISION_DEPTH).mean()),
            "self_collision_max": float(self.depth.max(initial=0.0)),
            "body_penetration_max": float(np.max(-self.body_height, initial=0.0)),
        }


@lru_cache(maxsize=4)
def _bodies(
    robot: RobotModel,
) -> tuple[Capsules, Float64[np.ndarray, "G G"], Bool[np.ndarray, "G"]]:
    """Capsules, the reach of their pairs, and which are no feet's; remembered for the robots used last."""
    capsules = capsule_arrays(robot)
    return capsules, pair_reach(capsules), ~np.isin(robot.capsule_bodies, robot.feet)


def deepest_pair(robot: RobotModel, qpos: Float64[np.ndarray, "Q"]) -> tuple[str, ...]:
    """Names of the two collision capsules that overlap most, or come nearest; none where no pair is looked at."""
    positions, rotations = forward_kinematics(qpos[None], robot)
    at = positions[0, robot.capsule_bodies]
    turn = rotations[0, robot.capsule_bodies]
    starts = at + np.einsum("gij,gj->gi", turn, robot.capsule_starts)
    ends = at + np.einsum("gij,gj->gi", turn, robot.capsule_ends)
    if not len(robot.collision_pairs):
        return ()
    i, j = np.transpose(robot.collision_pairs)
    gap = segment_distance(starts[i], ends[i], starts[j], ends[j])
    deepest = int(np.argmax(robot.capsule_radii[i] + robot.capsule_radii[j] - gap))
    return robot.capsule_names[i[deepest]], robot.capsule_names[j[deepest]]


@jit(fastmath=True)
def _overlaps(
    positions: Float64[np.ndarray, "n B 3"],
    rotations: Float64[np.ndarray, "n B 3 3"],
    bodies: Int64[np.ndarray, "G"],
    starts: Float64[np.ndarray, "G 3"],
    ends: Float64[np.ndarray, "G 3"],
    radii: Float64[np.ndarray, "G"],
    reach: Float64[np.ndarray, "G G"],
    above_floor: Bool[np.ndarray, "G"],
    depth: Float64[np.ndarray, "n"],
    lowest: Float64[np.ndarray, "n"],
) -> None:
    """Fill the deepest overlap of any pair, and lower the height of the lowest point, of each frame (m)."""
    count = len(bodies)
    a, b = scratch((count, 3), np.float64), scratch((count, 3), np.float64)
    middles = scratch((3, count), np.float64)
    for t in range(len(positions)):
        for g in range(count):
            body = bodies[g]
            for i in range(3):
                R = rotations[t, body, i]
                p = positions[t, body, i]
                a[g, i] = p + R[0] * starts[g, 0] + R[1] * starts[g, 1] + R[2] * starts[g, 2]
                b[g, i] = p + R[0] * ends[g, 0] + R[1] * ends[g, 1] + R[2] * ends[g, 2]
            if above_floor[g]:
                lowest[t] = min(lowest[t], min(a[g, 2], b[g, 2]) - radii[g])
        depth[t] = deepest_of_all(a, b, radii, reach, middles)
