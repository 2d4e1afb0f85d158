"""How the robot's feet meet the floor: slide, height, penetration and tilt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from retarget.evaluation.measures import LIFTED_HEIGHT
from retarget.evaluation.stance import Stance, horizontal_speed
from retarget.geometry import unit
from retarget.robots.kinematics import body_poses
from retarget.robots.model import RobotModel

__all__ = ["FootMeasures"]


@dataclass(frozen=True, slots=True, eq=False)
class _Sole:
    """Points and normal of one sole in its foot's frame, metres."""

    points: Float64[np.ndarray, "S 3"]
    front: Float64[np.ndarray, "3"]
    back: Float64[np.ndarray, "3"]
    normal: Float64[np.ndarray, "3"] | None


class FootMeasures:
    """Measures of slide, lift, penetration and tilt, fed with blocks of poses; see `measures.DEFINITIONS`."""

    def __init__(self, robot: RobotModel, count: int) -> None:
        self._robot, self._soles = robot, _soles(robot)
        self._lowest = np.empty((count, 2))
        self._ends = np.empty((count, 2, 2, 2))  # foot, front or back, x and y
        self._upright = np.ones((count, 2))

    def add(
        self,
        frames: slice,
        positions: Float64[np.ndarray, "n B 3"],
        rotations: Float64[np.ndarray, "n B 3 3"],
    ) -> None:
        """Look at the world poses of all bodies (metres) in some frames."""
        for i, (foot, sole) in enumerate(zip(self._robot.feet, self._soles, strict=True)):
            origin, rotation = positions[:, foot], rotations[:, foot]
            heights = sole.points @ rotation[:, 2].T
            self._lowest[frames, i] = heights.min(0) + origin[:, 2] - self._robot.sole_radius
            ends = rotation[:, :2] @ np.stack([sole.front, sole.back], 1)
            self._ends[frames, i] = origin[:, None, :2] + ends.swapaxes(1, 2)
            if sole.normal is not None:
                self._upright[frames, i] = rotation[:, 2] @ sole.normal

    def values(self, stance: Stance, fps: float) -> dict[str, float | None]:
        """The measures, once every frame was added."""
        speeds = horizontal_speed(self._ends, fps)
        toe, heel = speeds[..., 0][stance.toe], speeds[..., 1][stance.heel]
        flat = all(sole.normal is not None for sole in self._soles)
        upright = np.clip(self._upright[stance.heel], -1, 1) if flat else np.zeros(0)
        return {
            "stance_share": _mean(stance.toe.ravel()),
            "toe_slide_mean": _mean(toe),
            "toe_slide_p95": _percentile(toe),
            "human_toe_slide_mean": _mean(stance.toe_speed[stance.toe]),
            "heel_slide_mean": _mean(heel),
            "heel_slide_p95": _percentile(heel),
            "sole_lifted_share": _mean(self._lowest[stance.toe] > LIFTED_HEIGHT),
            "sole_penetration_max": float(np.max(-self._lowest, initial=0.0)),
            "sole_tilt_mean": _mean(np.degrees(np.arccos(upright))),
        }


def _mean(samples: Float64[np.ndarray, "n"] | Bool[np.ndarray, "n"]) -> float | None:
    return float(samples.mean()) if len(samples) else None


def _percentile(samples: Float64[np.ndarray, "n"]) -> float | None:
    return float(np.percentile(samples, 95)) if len(samples) else None


def _soles(robot: RobotModel) -> list[_Sole]:
    """Both soles; forward is square to the line between the hips in the robot's neutral posture."""
    positions, rotations = body_poses(robot, robot.neutral)
    left, right = (robot.roles[f"{side}_hip"] for side in ("left", "right"))
    lateral = unit(positions[left] - positions[right])
    soles = []
    for foot, points in zip(robot.feet, robot.soles, strict=True):
        normal = _plane_normal(points)
        up = unit(-points.mean(0)) if normal is None else normal
        forward = unit(np.cross(rotations[foot].T @ lateral, up))
        sideways = np.cross(up, forward)
        along, across = points @ forward, points @ sideways
        middle = sideways * (across.min() + across.max()) / 2 + up * (points @ up).min()
        front, back = (forward * end + middle for end in (along.max(), along.min()))
        soles.append(_Sole(points, front, back, normal))
    return soles


def _plane_normal(points: Float64[np.ndarray, "S 3"]) -> Float64[np.ndarray, "3"] | None:
    """Upward normal of the sole's plane (the foot's joint is above it); none for fewer than three points."""
    centred = points - points.mean(0)
    _, spread, directions = np.linalg.svd(centred, full_matrices=True)
    if len(points) < 3 or spread[1] < 1e-3:
        return None
    normal = directions[2]
    return np.asarray(-normal if normal @ points.mean(0) > 0 else normal)
