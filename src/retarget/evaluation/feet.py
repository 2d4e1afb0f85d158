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

__all__ = ["measure_feet"]


@dataclass(frozen=True, slots=True, eq=False)
class _Sole:
    """Points and normal of one sole in its foot's frame, metres."""

    points: Float64[np.ndarray, "S 3"]
    front: Float64[np.ndarray, "3"]
    back: Float64[np.ndarray, "3"]
    normal: Float64[np.ndarray, "3"] | None


def measure_feet(
    robot: RobotModel,
    positions: Float64[np.ndarray, "T B 3"],
    rotations: Float64[np.ndarray, "T B 3 3"],
    stance: Stance,
    fps: float,
) -> dict[str, float | None]:
    """Measures of slide, lift, penetration and tilt; see `measures.DEFINITIONS`."""
    lowest, front, back, tilt = [], [], [], []
    for foot, sole in zip(robot.feet, _soles(robot), strict=True):
        origin, rotation = positions[:, foot], rotations[:, foot]
        heights = rotation[:, 2] @ sole.points.T + origin[:, 2:]
        lowest.append(heights.min(1) - robot.sole_radius)
        front.append(horizontal_speed(origin + rotation @ sole.front, fps))
        back.append(horizontal_speed(origin + rotation @ sole.back, fps))
        if sole.normal is not None:
            upright = np.clip(rotation[:, 2] @ sole.normal, -1, 1)
            tilt.append(np.degrees(np.arccos(upright)))
    height, toe, heel = (np.stack(columns, 1) for columns in (lowest, front, back))
    tilts = np.stack(tilt, 1)[stance.heel] if len(tilt) == len(robot.feet) else np.zeros(0)
    return {
        "stance_share": _mean(stance.toe.ravel()),
        "toe_slide_mean": _mean(toe[stance.toe]),
        "toe_slide_p95": _percentile(toe[stance.toe]),
        "human_toe_slide_mean": _mean(stance.toe_speed[stance.toe]),
        "heel_slide_mean": _mean(heel[stance.heel]),
        "heel_slide_p95": _percentile(heel[stance.heel]),
        "sole_lifted_share": _mean(height[stance.toe] > LIFTED_HEIGHT),
        "sole_penetration_max": float(np.max(-height, initial=0.0)),
        "sole_tilt_mean": _mean(tilts),
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
