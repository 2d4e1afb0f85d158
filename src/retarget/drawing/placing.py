"""Where those who are compared stand: a human laid onto its robot, and other tools' robots onto the first one's way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from jaxtyping import Float64, Int64

from retarget.drawing.figures import facing, robot_leg_length
from retarget.drawing.meshes import BodyMesh
from retarget.geometry import quaternion_product
from retarget.result import RetargetingResult, SourceClip
from retarget.robots.model import RobotModel
from retarget.solver.kinematics.forward import forward_kinematics

__all__ = ["Cast", "beside_first", "heading_of", "onto_robot", "yaw_of"]

_SAMPLES: Final = 64  # frames that tell how two motions lie
_SAME_YAW: Final = np.radians(15.0)  # less is how robots stand in their hips
_SAME_PLACE: Final = 0.3  # leg lengths: less is how tools differ, and is to be seen


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """A result and its robot.

    Attributes:
        name: What to call it.
        result: The robot's motion, with the human's.
        robot: The robot.
        starts_s: Time of the clip at which it begins, seconds.
        meshes: The robot's meshes, to be shown in place of its collision shapes.
    """

    name: str
    result: RetargetingResult
    robot: RobotModel
    starts_s: float = 0.0
    meshes: tuple[BodyMesh, ...] = ()


def heading_of(source: SourceClip, yaw: float) -> float:
    """Direction that a human faces on average once it is turned, about z, radians."""
    x, y = facing(source).mean(axis=0)
    return float(np.arctan2(y, x)) + yaw


def yaw_of(cast: Cast) -> float:
    """How far its human must be turned about z to lie as the robot does, radians: other tools may turn a clip."""
    source, frames = cast.result.source, _spread(0, len(cast.result))
    pair = _pair(cast.robot)
    across = source.position(pair[0])[frames] - source.position(pair[1])[frames]
    return _turn(across.astype(np.float64), _across(cast, frames))


def onto_robot(
    source: SourceClip, scale: float, yaw: float, result: RetargetingResult
) -> Float64[np.ndarray, "3"]:
    """What moves the human, turned and in the robot's size, over the robot, along the floor."""
    return _gap(result.qpos[:, :3], source.position("pelvis") @ _turned(yaw, scale))


def beside_first(cast: Cast, first: Cast) -> Cast:
    """A result at the rate of the first one, on its way: turned and shifted where it lies elsewhere.

    Results among things stay where these are.
    """
    result = cast.result.resampled(first.result.fps)
    cast = replace(cast, result=result)
    later = round((cast.starts_s - first.starts_s) * result.fps)
    begin, end = max(later, 0), min(len(first.result), later + len(result))
    if end <= begin or result.scene is not None or cast.robot.has("leg") != first.robot.has("leg"):
        return cast
    frames = _spread(begin, end)
    yaw = _turn(_across(cast, frames - later), _across(first, frames))
    places = result.qpos[:, :3] @ _turned(yaw)
    gap = _gap(first.result.qpos[frames, :3], places[frames - later])
    if not yaw and np.linalg.norm(gap) < _SAME_PLACE * robot_leg_length(first.robot):
        return cast
    qpos = result.qpos.copy()
    qpos[:, :3] = places + gap
    qpos[:, 3:7] = quaternion_product(
        np.array([np.cos(yaw / 2), 0.0, 0.0, np.sin(yaw / 2)]), qpos[:, 3:7]
    )
    return replace(cast, result=replace(result, qpos=qpos))


def _spread(first: int, stop: int) -> Int64[np.ndarray, "n"]:
    return np.unique(np.linspace(first, stop - 1, _SAMPLES).astype(np.int64))


def _pair(robot: RobotModel) -> tuple[str, str]:
    return ("left_hip", "right_hip") if robot.has("leg") else ("left_shoulder", "right_shoulder")


def _across(cast: Cast, frames: Int64[np.ndarray, "n"]) -> Float64[np.ndarray, "n 3"]:
    """From the robot's right hip to its left one, or between shoulders, metres."""
    places, turns = forward_kinematics(cast.result.qpos[frames], cast.robot)
    left, right = (
        places[:, body] + turns[:, body] @ cast.robot.role_points[role]
        for role in _pair(cast.robot)
        for body in [cast.robot.roles[role]]
    )
    return np.asarray(left - right)


def _turn(lines: Float64[np.ndarray, "n 3"], onto: Float64[np.ndarray, "n 3"]) -> float:
    """By what lines are turned about z to lie best as others do, radians; nothing where they nearly do."""
    sine = float((lines[:, 0] * onto[:, 1] - lines[:, 1] * onto[:, 0]).sum())
    cosine = float((lines[:, :2] * onto[:, :2]).sum())
    yaw = float(np.arctan2(sine, cosine))
    return yaw if abs(yaw) > _SAME_YAW else 0.0


def _turned(yaw: float, scale: float = 1.0) -> Float64[np.ndarray, "3 3"]:
    """What places in rows are multiplied by to be turned about z."""
    sine, cosine = np.sin(yaw), np.cos(yaw)
    return np.asarray(scale * np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1.0]]))


def _gap(
    places: Float64[np.ndarray, "n 3"], others: Float64[np.ndarray, "n 3"]
) -> Float64[np.ndarray, "3"]:
    """What moves others along the floor so that half of them are on either side of places."""
    gap = np.median(places - others, axis=0)
    return np.array([gap[0], gap[1], 0.0])
