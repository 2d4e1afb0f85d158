"""How the robot's feet meet the floor: where their soles are, and how they stand."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from retarget.compiled.jit import jit
from retarget.evaluation.frames.standing.stance import Stance, horizontal_speed
from retarget.evaluation.frames.statistics import mean_of, percentile_of
from retarget.evaluation.thresholds import LIFTED_HEIGHT
from retarget.geometry import unit
from retarget.robots.kinematics import body_poses
from retarget.robots.model import RobotModel

__all__ = ["FootTrack", "Soles", "measure_stance", "robot_soles"]


class Soles(NamedTuple):
    """Both feet, metres in each foot's frame.

    Attributes:
        bodies: Left and right foot.
        points: Centres of the spheres of the sole.
        ends: Front and back of the sole on its middle line.
        normals: Upward normal of the sole's plane; zero where the sole has no plane.
        ankles: Joint centre of the ankle.
        radius: Of the spheres.
    """

    bodies: Int64[np.ndarray, "2"]
    points: Float64[np.ndarray, "2 S 3"]
    ends: Float64[np.ndarray, "2 2 3"]
    normals: Float64[np.ndarray, "2 3"]
    ankles: Float64[np.ndarray, "2 3"]
    radius: float


class FootTrack:
    """Where the soles are over time, fed with blocks of poses; metres, world.

    Attributes:
        lowest: Height of each sole's lowest point.
        ends: Foot x (front, back) x (x, y) of the sole.
        ankles: Foot x (x, y) of the ankle's joint centre.
        upright: Cosine of the angle between sole and floor.
        flat: Whether the robot's soles have a plane.
    """

    def __init__(self, robot: RobotModel, count: int) -> None:
        self._soles = robot_soles(robot)
        self.lowest = np.empty((count, 2))
        self.ends = np.empty((count, 2, 2, 2))
        self.ankles = np.empty((count, 2, 2))
        self.upright = np.empty((count, 2))
        self.flat = bool(self._soles.normals.any(axis=1).all())

    def add(
        self,
        frames: slice,
        positions: Float64[np.ndarray, "n B 3"],
        rotations: Float64[np.ndarray, "n B 3 3"],
    ) -> None:
        """Look at the world poses of all bodies (metres) in some frames."""
        _watch(
            positions,
            rotations,
            self._soles,
            self.lowest[frames],
            self.ends[frames],
            self.ankles[frames],
            self.upright[frames],
        )


@jit(fastmath=True)
def _watch(
    positions: Float64[np.ndarray, "n B 3"],
    rotations: Float64[np.ndarray, "n B 3 3"],
    soles: Soles,
    lowest: Float64[np.ndarray, "n 2"],
    ends: Float64[np.ndarray, "n 2 2 2"],
    ankles: Float64[np.ndarray, "n 2 2"],
    upright: Float64[np.ndarray, "n 2"],
) -> None:
    """Fill a `FootTrack`'s frames."""
    for t in range(positions.shape[0]):
        for foot in range(2):
            R = rotations[t, soles.bodies[foot]]
            p = positions[t, soles.bodies[foot]]
            least = 1e9
            for k in range(soles.points.shape[1]):
                point = soles.points[foot, k]
                height = R[2, 0] * point[0] + R[2, 1] * point[1] + R[2, 2] * point[2]
                least = min(least, height)
            lowest[t, foot] = p[2] + least - soles.radius
            cosine = 0.0
            for j in range(3):
                cosine += R[2, j] * soles.normals[foot, j]
            upright[t, foot] = cosine
            for i in range(2):
                ankles[t, foot, i] = p[i]
                for j in range(3):
                    ankles[t, foot, i] += R[i, j] * soles.ankles[foot, j]
                for end in range(2):
                    ends[t, foot, end, i] = p[i]
                    for j in range(3):
                        ends[t, foot, end, i] += R[i, j] * soles.ends[foot, end, j]


def measure_stance(
    feet: FootTrack, stance: Stance, human: Float64[np.ndarray, "T 2"], fps: float
) -> dict[str, float | None]:
    """Measures of slide, lift, penetration and tilt; see `retarget.evaluation.MEASURES`.

    ``human`` is how high the human's feet are above where they rest, scaled, metres.
    """
    speeds = horizontal_speed(feet.ends, fps)
    lifted = feet.lowest - np.maximum(human, 0.0)
    toe, heel = speeds[..., 0][stance.toe], speeds[..., 1][stance.heel]
    upright = np.clip(feet.upright[stance.heel], -1, 1) if feet.flat else np.zeros(0)
    return {
        "stance_share": mean_of(stance.toe.ravel()),
        "toe_slide_mean": mean_of(toe),
        "toe_slide_p95": percentile_of(toe),
        "human_toe_slide_mean": mean_of(stance.toe_speed[stance.toe]),
        "heel_slide_mean": mean_of(heel),
        "heel_slide_p95": percentile_of(heel),
        "sole_lifted_share": mean_of(lifted[stance.toe] > LIFTED_HEIGHT),
        "sole_penetration_max": float(np.max(-feet.lowest, initial=0.0)),
        "sole_tilt_mean": mean_of(np.degrees(np.arccos(upright))),
    }


@lru_cache(maxsize=4)
def robot_soles(robot: RobotModel) -> Soles:
    """Both soles; forward is square to the line between the hips in the robot's neutral posture.

    Without legs they are points of the base, and measures of feet have no value. Remembered for the robots used last.
    """
    if not len(robot.feet):
        nowhere = np.zeros((2, 3))
        base = np.zeros(2, np.int64)
        return Soles(base, np.zeros((2, 1, 3)), np.zeros((2, 2, 3)), nowhere, nowhere, 0.0)
    positions, rotations = body_poses(robot, robot.neutral, robot.upright)
    left, right = (
        positions[body]
        + rotations[body] @ robot.role_points[hip]  # both of one body, where hips are held
        for hip, body in ((hip, robot.roles[hip]) for hip in ("left_hip", "right_hip"))
    )
    lateral = unit(left - right)
    ends, normals = np.zeros((2, 2, 3)), np.zeros((2, 3))
    for i, (foot, points) in enumerate(zip(robot.feet, robot.soles, strict=True)):
        normal = _plane_normal(points)
        up = unit(-points.mean(0)) if normal is None else normal
        forward = unit(np.cross(rotations[foot].T @ lateral, up))
        sideways = np.cross(up, forward)
        along, across = points @ forward, points @ sideways
        middle = sideways * (across.min() + across.max()) / 2 + up * (points @ up).min()
        ends[i] = [forward * end + middle for end in (along.max(), along.min())]
        if normal is not None:
            normals[i] = normal
    return Soles(
        np.ascontiguousarray(robot.feet, np.int64),
        np.ascontiguousarray(robot.soles),
        ends,
        normals,
        np.stack([robot.role_points[f"{side}_ankle"] for side in ("left", "right")]),
        float(robot.sole_radius),
    )


def _plane_normal(points: Float64[np.ndarray, "S 3"]) -> Float64[np.ndarray, "3"] | None:
    """Upward normal of the sole's plane (the foot's joint is above it); none for fewer than three points."""
    centred = points - points.mean(0)
    _, spread, directions = np.linalg.svd(centred, full_matrices=True)
    if len(points) < 3 or spread[1] < 1e-3:
        return None
    normal = directions[2]
    return np.asarray(-normal if normal @ points.mean(0) > 0 else normal)
