"""How the robot's trunk stands beside the human's: lean, heading, line of hips and line of shoulders.

A constant lean is a fault, so nothing here is fitted to the robot but the one yaw of the whole clip. The human's side
comes from its joint centres. Where those say nothing, as about the lean of the pelvis or the chest alone, its axis is
the one fixed to the recorded joint that lies along the human's own line from hips to shoulders where it is upright.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64, Int16, Int64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.evaluation.frames.angles import human_rotation
from retarget.evaluation.frames.build import robot_build
from retarget.evaluation.frames.statistics import mean_of, percentile_of
from retarget.result import SourceClip
from retarget.robots.model import RobotModel

__all__ = ["NAMES", "TrunkMeasures"]

NAMES = (
    "trunk_lean_error",
    "pelvis_lean_error",
    "chest_lean_error",
    "pelvis_heading_error",
    "chest_heading_error",
    "hip_line_error",
    "shoulder_line_error",
)
_ENDS = ("left_hip", "right_hip", "left_shoulder", "right_shoulder")
# Directions kept of a robot's frame: from hips to shoulders, up of pelvis and chest, left of hips and shoulders.
_LINE, _PELVIS, _CHEST, _HIPS, _SHOULDERS = range(5)
_LEANING = (
    0.1  # 1 - cosine of lean over which a frame no longer counts in finding where the human's up is
)
_LEVEL = 0.5  # squared horizontal part of a line that has a heading: up to 45 degrees from level


class _Trunk(NamedTuple):
    """The robot's side, metres in the bodies' frames.

    Attributes:
        bodies: Of `_ENDS`.
        points: Joint centres of `_ENDS`.
        upright: Pelvis and chest.
        ups: Their axes from hips to shoulders, upright.
    """

    bodies: Int64[np.ndarray, "4"]
    points: Float64[np.ndarray, "4 3"]
    upright: Int64[np.ndarray, "2"]
    ups: Float64[np.ndarray, "2 3"]


class TrunkMeasures:
    """Measures of the trunk, fed with blocks of body poses; see `retarget.evaluation.MEASURES`.

    The source must have what limbs are compared by.

    Attributes:
        errors: Of `NAMES` in each frame, rad, once `values` was asked for; -1 for a heading that a line does not have.
    """

    def __init__(self, robot: RobotModel, source: SourceClip) -> None:
        self._robot = _trunk(robot)
        self._source = source
        self._lines = np.empty((len(source.positions), 5, 3), np.float32)
        self.errors = np.empty((len(NAMES), len(self._lines)))

    def add(
        self,
        frames: slice,
        positions: Float64[np.ndarray, "n B 3"],
        rotations: Float64[np.ndarray, "n B 3 3"],
    ) -> None:
        """Look at the world poses of all bodies (metres) in some frames."""
        _watch(positions, rotations, self._robot, self._lines[frames])

    def values(self, yaw: Float64[np.ndarray, "2"]) -> dict[str, float | None]:
        """The measures, once every frame was added; ``yaw`` turns the human: its sine and cosine."""
        source = self._source
        joints, carriers = _columns(source.position_roles, source.rotation_roles)
        errors = self.errors
        positions = np.ascontiguousarray(source.positions)
        rotations = np.ascontiguousarray(source.rotations)
        _compare(self._lines, positions, rotations, joints, carriers, yaw, errors)
        values: dict[str, float | None] = {}
        for name, row in zip(NAMES, np.degrees(errors), strict=True):
            seen = row[row >= 0]  # headings of lines that have one
            values[f"{name}_mean"] = mean_of(seen)
            values[f"{name}_p95"] = percentile_of(seen)
        return values


@lru_cache(maxsize=16)
def _columns(
    positions: tuple[str, ...], rotations: tuple[str, ...]
) -> tuple[Int64[np.ndarray, "4"], Int64[np.ndarray, "2"]]:
    """Where a source's arrays have the ends of the trunk, and what carries pelvis and chest."""
    return (
        np.array([positions.index(role) for role in _ENDS]),
        np.array([rotations.index(part) for part in ("pelvis", "chest")]),
    )


@lru_cache(maxsize=4)
def _trunk(robot: RobotModel) -> _Trunk:
    return _Trunk(
        np.array([robot.roles[role] for role in _ENDS]),
        np.stack([robot.role_points[role] for role in _ENDS]),
        np.array([robot.roles[part] for part in ("pelvis", "chest")]),
        robot_build(robot).ups,
    )


@jit(fastmath=True, inner=True)
def _normalise(out: Float64[np.ndarray, "3"]) -> None:
    squared = out[0] * out[0] + out[1] * out[1] + out[2] * out[2]
    scale = 1.0 / math.sqrt(max(squared, 1e-24))
    for i in range(3):
        out[i] *= scale


@jit(fastmath=True, inner=True)
def _directions(ends: Float64[np.ndarray, "4 3"], lines: Float64[np.ndarray, "5 3"]) -> None:
    """Fill the lines that follow from joint centres."""
    for i in range(3):
        lines[_LINE, i] = ends[2, i] + ends[3, i] - ends[0, i] - ends[1, i]
        lines[_HIPS, i] = ends[0, i] - ends[1, i]
        lines[_SHOULDERS, i] = ends[2, i] - ends[3, i]
    _normalise(lines[_LINE])
    _normalise(lines[_HIPS])
    _normalise(lines[_SHOULDERS])


@jit(fastmath=True)
def _watch(
    positions: Float64[np.ndarray, "n B 3"],
    rotations: Float64[np.ndarray, "n B 3 3"],
    robot: _Trunk,
    out: Float32[np.ndarray, "n 5 3"],
) -> None:
    """Fill the directions of the robot's trunk."""
    ends = scratch((4, 3), np.float64)
    lines = scratch((5, 3), np.float64)
    for t in range(positions.shape[0]):
        for e in range(4):
            body = robot.bodies[e]
            for i in range(3):
                ends[e, i] = positions[t, body, i]
                for k in range(3):
                    ends[e, i] += rotations[t, body, i, k] * robot.points[e, k]
        _directions(ends, lines)
        for part in range(2):
            for i in range(3):
                lines[_PELVIS + part, i] = 0.0
                for k in range(3):
                    lines[_PELVIS + part, i] += (
                        rotations[t, robot.upright[part], i, k] * robot.ups[part, k]
                    )
        for line in range(5):
            for i in range(3):
                out[t, line, i] = lines[line, i]


@jit(fastmath=True, inner=True)
def _human_lines(
    points: Float32[np.ndarray, "K 3"],
    joints: Int64[np.ndarray, "4"],
    ends: Float64[np.ndarray, "4 3"],
    lines: Float64[np.ndarray, "5 3"],
) -> None:
    for e in range(4):
        for i in range(3):
            ends[e, i] = points[joints[e], i]
    _directions(ends, lines)


@jit(fastmath=True)
def _compare(
    robot: Float32[np.ndarray, "T 5 3"],
    points: Float32[np.ndarray, "T K 3"],
    rotations: Int16[np.ndarray, "T S 4"],
    joints: Int64[np.ndarray, "4"],
    carriers: Int64[np.ndarray, "2"],
    yaw: Float64[np.ndarray, "2"],
    errors: Float64[np.ndarray, "M T"],
) -> None:
    """Fill the errors of `NAMES` in rad; -1 for a heading where a line stands too steep to have one."""
    ends = scratch((4, 3), np.float64)
    lines = scratch((5, 3), np.float64)
    ups = scratch((2, 3), np.float64)
    H = scratch((3, 3), np.float64)
    for t in range(points.shape[0]):
        _human_lines(points[t], joints, ends, lines)
        weight = math.exp((lines[_LINE, 2] - 1.0) / _LEANING) + 1e-3
        for part in range(2):
            human_rotation(rotations[t, carriers[part]], H)
            for k in range(3):
                for i in range(3):
                    ups[part, k] += weight * H[i, k] * lines[_LINE, i]
    _normalise(ups[0])
    _normalise(ups[1])
    for t in range(points.shape[0]):
        _human_lines(points[t], joints, ends, lines)
        for part in range(2):
            human_rotation(rotations[t, carriers[part]], H)
            for i in range(3):
                lines[_PELVIS + part, i] = 0.0
                for k in range(3):
                    lines[_PELVIS + part, i] += H[i, k] * ups[part, k]
        for line in range(5):
            x = yaw[1] * lines[line, 0] - yaw[0] * lines[line, 1]
            y = yaw[0] * lines[line, 0] + yaw[1] * lines[line, 1]
            r = robot[t, line]
            dot = min(max(r[0] * x + r[1] * y + r[2] * lines[line, 2], -1.0), 1.0)
            errors[line if line < _HIPS else line + 2, t] = math.acos(dot)
            if line >= _HIPS:
                level = min(x * x + y * y, r[0] * r[0] + r[1] * r[1]) > _LEVEL
                turn = abs(math.atan2(r[0] * y - r[1] * x, r[0] * x + r[1] * y))
                errors[line, t] = turn if level else -1.0
