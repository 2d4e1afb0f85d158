"""How well the robot follows the human: directions of limbs and orientations of segments."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from retarget.errors import RoleError
from retarget.evaluation.measures import ORIENTED_SEGMENTS, POINTING_SEGMENTS
from retarget.geometry import angle_between, matrix_from_quaternion, unit
from retarget.result import SourceClip
from retarget.robots.model import RobotModel

__all__ = ["measure_tracking"]

_SIDES = ("left", "right")
_ENDS = {
    "thigh": ("hip", "knee"),
    "shank": ("knee", "ankle"),
    "upper_arm": ("shoulder", "elbow"),
    "forearm": ("elbow", "wrist"),
}
# The joint whose recorded rotation a segment has, and the role of the robot body below its far joint; the
# segment is that body itself (0) or its parent (1).
_CARRIERS = {
    "thigh": ("hip", "knee", 1),
    "shank": ("knee", "knee", 0),
    "foot": ("ankle", "ankle", 0),
    "upper_arm": ("shoulder", "elbow", 1),
    "forearm": ("elbow", "elbow", 0),
    "hand": ("wrist", "wrist", 0),
}

Directions = dict[str, Float64[np.ndarray, "T 3"]]


def measure_tracking(
    robot: RobotModel,
    positions: Float64[np.ndarray, "T B 3"],
    rotations: Float64[np.ndarray, "T B 3 3"],
    source: SourceClip,
) -> dict[str, float | None]:
    """Measures of limb directions and segment orientations; see `measures.DEFINITIONS`.

    Raises:
        RoleError: The source lacks a joint that is compared.
    """
    _require(source)
    human = _limbs({role: source.position(role) for role in source.position_roles})
    follower = _limbs(
        {
            role: _joint_centre(positions[:, body], rotations[:, body], robot.role_points[role])
            for role, body in robot.roles.items()
        }
    )
    yaw = _best_yaw(human, follower)
    errors = {
        limb: np.degrees(angle_between(human[limb] @ yaw.T, follower[limb])) for limb in human
    }
    turns = {
        segment: float(
            np.mean([_turn(robot, rotations, source, yaw, side, segment) for side in _SIDES])
        )
        for segment in ORIENTED_SEGMENTS
    }
    every = np.stack(list(errors.values()))
    return {
        "limb_error_mean": float(every.mean()),
        "limb_error_p95": float(np.percentile(every, 95)),
        "orientation_error_mean": float(np.mean(list(turns.values()))),
        **{
            f"limb_error_{segment}": float(np.mean([errors[f"{s}_{segment}"] for s in _SIDES]))
            for segment in POINTING_SEGMENTS
        },
        **{f"orientation_error_{segment}": error for segment, error in turns.items()},
    }


def _joint_centre(
    origin: Float64[np.ndarray, "T 3"],
    rotation: Float64[np.ndarray, "T 3 3"],
    point: Float64[np.ndarray, "3"],
) -> Float64[np.ndarray, "T 3"]:
    """World positions of a point given in a body's frame, metres."""
    return origin + rotation @ point if point.any() else origin


def _require(source: SourceClip) -> None:
    ends = {role for pair in _ENDS.values() for role in pair}
    missing = [
        f"{side}_{role}"
        for side in _SIDES
        for role in sorted(ends)
        if f"{side}_{role}" not in source.position_roles
    ]
    missing += [
        f"the rotation of {side}_{joint}"
        for side in _SIDES
        for joint, _, _ in _CARRIERS.values()
        if f"{side}_{joint}" not in source.rotation_roles
    ]
    if missing:
        raise RoleError(f"the source motion has no {missing[0]}; it cannot be compared with")


def _limbs(points: Directions) -> Directions:
    return {
        f"{side}_{limb}": unit(points[f"{side}_{far}"] - points[f"{side}_{near}"])
        for limb, (near, far) in _ENDS.items()
        for side in _SIDES
    }


def _best_yaw(human: Directions, robot: Directions) -> Float64[np.ndarray, "3 3"]:
    """Rotation about z that brings the human's directions closest to the robot's (least squares)."""
    sine = cosine = 0.0
    for limb, h in human.items():
        r = robot[limb]
        sine += float((h[:, 0] * r[:, 1] - h[:, 1] * r[:, 0]).sum())
        cosine += float((h[:, 0] * r[:, 0] + h[:, 1] * r[:, 1]).sum())
    norm = np.hypot(sine, cosine) or 1.0
    s, c = sine / norm, cosine / norm if sine or cosine else 1.0
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def _turn(
    robot: RobotModel,
    rotations: Float64[np.ndarray, "T B 3 3"],
    source: SourceClip,
    yaw: Float64[np.ndarray, "3 3"],
    side: str,
    segment: str,
) -> float:
    """Mean angle in degrees between a robot body and its human joint, but for a constant offset."""
    joint, role, levels = _CARRIERS[segment]
    body = robot.roles[f"{side}_{role}"]
    for _ in range(levels):
        body = int(robot.parents[body])
    human = matrix_from_quaternion(source.rotation(f"{side}_{joint}"))
    # Stacked by rows, (3 T, 3), so that sums over frames are single matrix products.
    turned = np.tensordot(yaw, human, (1, 1)).reshape(-1, 3)
    robots = np.moveaxis(rotations[:, body], 0, 1).reshape(-1, 3)
    u, _, vt = np.linalg.svd(turned.T @ robots)
    offset = u @ np.diag([1.0, 1.0, np.linalg.det(u @ vt)]) @ vt
    trace = np.einsum("rj,rj->r", turned @ offset, robots).reshape(3, -1).sum(0)
    return float(np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1))).mean())
