"""How the robot's trunk stands beside the human's: lean, heading, line of hips and line of shoulders.

A constant lean is a fault, so nothing here is fitted to the robot but the one yaw of the whole clip. The human's side
comes from its joint centres. Where those say nothing, as about the lean of the pelvis or the chest alone, its axis is
the one fixed to the recorded joint that lies along the human's own line from hips to shoulders where it is upright.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64, Int16, Int64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.evaluation.frames.following.angles import to_matrix
from retarget.evaluation.frames.following.bodies import BodyTrack
from retarget.evaluation.frames.following.build import robot_build
from retarget.evaluation.frames.statistics import mean_of, percentile_of
from retarget.robots.model import RobotModel

__all__ = ["NAMES", "find_trunk", "measure_trunk"]

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
# Directions kept of a frame: from hips to shoulders, up of pelvis and chest, left of hips and shoulders.
_LINE, _PELVIS, _CHEST, _HIPS, _SHOULDERS = range(5)
_LEANING = (
    0.1  # 1 - cosine of lean over which a frame no longer counts in finding where the human's up is
)
_LEVEL = 0.5  # squared horizontal part of a line that has a heading: up to 45 degrees from level


class _Seen(NamedTuple):
    """What the trunk is seen by.

    Attributes:
        middles: The middle of its hips, fixed to its pelvis, and of its shoulders, fixed to its chest, metres.
        turned: Rotations of its bodies, unit quaternions, wxyz.
        human: Joint centres of the human, metres.
        rotations: Its packed rotations.
        ends: Where `_ENDS` are among the joint centres.
        parts: Pelvis and chest: robot body and human rotation.
        ups: Axes of the robot's pelvis and chest from hips to shoulders, upright.
        across: Axes of the robot's pelvis and chest from the right to the left hip and shoulder, upright: where the
            axes of a hip or shoulder do not meet, its centre swings with the limb, which does not turn the trunk.
    """

    middles: Float32[np.ndarray, "T 2 3"]
    turned: Float32[np.ndarray, "T D 4"]
    human: Float32[np.ndarray, "T P 3"]
    rotations: Int16[np.ndarray, "T S 4"]
    ends: Int64[np.ndarray, "4"]
    parts: Int64[np.ndarray, "2 2"]
    ups: Float64[np.ndarray, "2 3"]
    across: Float64[np.ndarray, "2 3"]


def find_trunk(
    bodies: BodyTrack, robot: RobotModel, yaw: Float64[np.ndarray, "2"]
) -> Float64[np.ndarray, "M T"] | None:
    """Errors of `NAMES` in each frame, rad; -1 for a heading that a line does not have.

    None where the robot has no hips, shoulders, pelvis or chest. ``yaw`` turns the human: its sine and cosine.
    """
    what = bodies.compared
    ends = what.columns(*_ENDS)
    if ends is None or not len(what.trunk):
        return None
    seen = _Seen(
        bodies.middles,
        bodies.rotations,
        bodies.human,
        np.ascontiguousarray(bodies.source.rotations),
        ends,
        what.trunk,
        robot_build(robot).ups,
        robot_build(robot).across,
    )
    errors = np.empty((len(NAMES), len(bodies.points)))
    _compare(seen, yaw, errors)
    return errors


def measure_trunk(errors: Float64[np.ndarray, "M T"] | None) -> dict[str, float | None]:
    """Measures of the trunk; see `retarget.evaluation.MEASURES`."""
    values: dict[str, float | None] = {}
    if errors is None:
        return {f"{name}_{what}": None for name in NAMES for what in ("mean", "p95")}
    for name, row in zip(NAMES, np.degrees(errors), strict=True):
        seen = row[row >= 0] if "heading" in name else row  # headings of lines that have one
        values[f"{name}_mean"] = mean_of(seen)
        values[f"{name}_p95"] = percentile_of(seen)
    return values


@jit(fastmath=True, inner=True)
def _normalise(out: Float64[np.ndarray, "3"]) -> None:
    squared = out[0] * out[0] + out[1] * out[1] + out[2] * out[2]
    scale = 1.0 / math.sqrt(max(squared, 1e-24))
    for i in range(3):
        out[i] *= scale


@jit(fastmath=True, inner=True)
def _lines(
    points: Float32[np.ndarray, "P 3"],
    columns: Int64[np.ndarray, "4"],
    ends: Float64[np.ndarray, "4 3"],
    lines: Float64[np.ndarray, "5 3"],
) -> None:
    """Fill the lines that follow from joint centres; ``ends`` is room for them."""
    for e in range(4):
        for i in range(3):
            ends[e, i] = points[columns[e], i]
    for i in range(3):
        lines[_LINE, i] = ends[2, i] + ends[3, i] - ends[0, i] - ends[1, i]
        lines[_HIPS, i] = ends[0, i] - ends[1, i]
        lines[_SHOULDERS, i] = ends[2, i] - ends[3, i]
    _normalise(lines[_LINE])
    _normalise(lines[_HIPS])
    _normalise(lines[_SHOULDERS])


@jit(fastmath=True)
def _compare(
    seen: _Seen, yaw: Float64[np.ndarray, "2"], errors: Float64[np.ndarray, "M T"]
) -> None:
    """Fill the errors of `NAMES` in rad; -1 for a heading where a line stands too steep to have one."""
    ends = scratch((4, 3), np.float64)
    lines = scratch((5, 3), np.float64)
    own = scratch((5, 3), np.float64)
    ups = scratch((2, 3), np.float64)
    H = scratch((3, 3), np.float64)
    R = scratch((3, 3), np.float64)
    for t in range(seen.human.shape[0]):
        _lines(seen.human[t], seen.ends, ends, lines)
        weight = math.exp((lines[_LINE, 2] - 1.0) / _LEANING) + 1e-3
        for part in range(2):
            to_matrix(seen.rotations[t, seen.parts[part, 1]], H)
            for k in range(3):
                for i in range(3):
                    ups[part, k] += weight * H[i, k] * lines[_LINE, i]
    _normalise(ups[0])
    _normalise(ups[1])
    for t in range(seen.human.shape[0]):
        _lines(seen.human[t], seen.ends, ends, lines)
        for i in range(3):
            own[_LINE, i] = np.float64(seen.middles[t, 1, i]) - np.float64(seen.middles[t, 0, i])
        _normalise(own[_LINE])
        for part in range(2):
            to_matrix(seen.rotations[t, seen.parts[part, 1]], H)
            to_matrix(seen.turned[t, seen.parts[part, 0]], R)
            for i in range(3):
                lines[_PELVIS + part, i] = 0.0
                own[_PELVIS + part, i] = 0.0
                own[_HIPS + part, i] = 0.0
                for k in range(3):
                    lines[_PELVIS + part, i] += H[i, k] * ups[part, k]
                    own[_PELVIS + part, i] += R[i, k] * seen.ups[part, k]
                    own[_HIPS + part, i] += R[i, k] * seen.across[part, k]
        for line in range(5):
            x = yaw[1] * lines[line, 0] - yaw[0] * lines[line, 1]
            y = yaw[0] * lines[line, 0] + yaw[1] * lines[line, 1]
            r = own[line]
            dot = min(max(r[0] * x + r[1] * y + r[2] * lines[line, 2], -1.0), 1.0)
            errors[line if line < _HIPS else line + 2, t] = math.acos(dot)
            if line >= _HIPS:
                level = min(x * x + y * y, r[0] * r[0] + r[1] * r[1]) > _LEVEL
                turn = abs(math.atan2(r[0] * y - r[1] * x, r[0] * x + r[1] * y))
                errors[line, t] = turn if level else -1.0
