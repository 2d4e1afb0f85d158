"""Garbage: whole motions spoilt in ways that any score should see.

Each takes a result and gives its configurations with the fault; `retarget.evaluation.faults` names them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
from jaxtyping import Float64, Int64

from retarget.geometry import matrix_from_quaternion, quaternion_from_matrix, quaternion_product
from retarget.result import RetargetingResult
from retarget.robots.kinematics import body_poses
from retarget.robots.model import RobotModel
from retarget.solver.kinematics.forward import forward_kinematics

__all__ = [
    "Make",
    "Pose",
    "clipped",
    "enlarged",
    "frozen",
    "jittered",
    "late",
    "leaning",
    "lowered",
    "lying",
    "mirrored",
    "normalised",
    "raised",
    "random",
    "shaken",
    "sliding",
    "teleporting",
    "turned",
    "twins_of",
]

_HEIGHT: Final = 0.06  # m
_DEPTH: Final = 0.05  # m
_DRIFT: Final = 0.3  # m/s
_DELAY: Final = 0.3  # s
_SIZE: Final = 1.5
_TREMBLE: Final = 0.03  # rad
_LEAP: Final = 3.0  # m
_SWING: Final = 4.0  # times as far from neutral
_LEAN: Final = np.radians(20)
_SHAKE: Final = 0.01  # m
_SEED: Final = 2

Pose: TypeAlias = Float64[np.ndarray, "T Q"]
Make: TypeAlias = Callable[[RetargetingResult, RobotModel], Pose]


def frozen(result: RetargetingResult, robot: RobotModel) -> Pose:
    """The first frame throughout."""
    return np.repeat(result.qpos[:1], len(result), axis=0)


def raised(result: RetargetingResult, robot: RobotModel) -> Pose:
    """Higher, so that feet hang over the floor."""
    return _moved(result, np.array([0.0, 0.0, _HEIGHT]))


def lowered(result: RetargetingResult, robot: RobotModel) -> Pose:
    """Deeper, so that feet are in the floor."""
    return _moved(result, np.array([0.0, 0.0, -_DEPTH]))


def sliding(result: RetargetingResult, robot: RobotModel) -> Pose:
    """The whole robot drifts aside, standing or not."""
    seconds = np.arange(len(result)) / result.fps
    return _moved(result, _DRIFT * seconds[:, None] * np.array([0.6, 0.8, 0.0]))


def _moved(result: RetargetingResult, by: Float64[np.ndarray, "*T 3"]) -> Pose:
    qpos = result.qpos.copy()
    qpos[:, :3] += by
    return qpos


def mirrored(result: RetargetingResult, robot: RobotModel) -> Pose:
    """Reflected across the plane y = 0, each joint's angle given to its twin on the other side."""
    twins, signs = twins_of(robot)
    qpos = result.qpos.copy()
    qpos[:, 1] *= -1
    mirror = np.diag([1.0, -1.0, 1.0])
    own = (
        robot.upright.T @ mirror @ robot.upright
    )  # the base's frame, which need not be upright, across the same plane
    qpos[:, 3:7] = quaternion_from_matrix(mirror @ matrix_from_quaternion(qpos[:, 3:7]) @ own)
    qpos[:, 7 + twins] = signs * result.qpos[:, 7:]
    qpos[:, 7:] = qpos[:, 7:].clip(robot.lower, robot.upper)
    return qpos


def twins_of(robot: RobotModel) -> tuple[Int64[np.ndarray, "N"], Float64[np.ndarray, "N"]]:
    """The joint across the sagittal plane of each joint, and the sign of its angle; upright, all joints at zero."""
    positions, rotations = body_poses(robot, np.zeros(robot.joint_count), robot.upright)
    axes = np.einsum("bij,bj->bi", rotations, robot.axes)[1:]
    reflected = positions[1:] * np.array([1.0, -1.0, 1.0])
    turned = axes * np.array(
        [-1.0, 1.0, -1.0]
    )  # an axis is no arrow: reflected, it turns the other way
    alike = turned @ axes.T
    apart = np.linalg.norm(reflected[:, None] - positions[None, 1:], axis=-1)
    twins = (apart + (1.0 - np.abs(alike))).argmin(axis=1)
    return twins, np.sign(alike[np.arange(len(twins)), twins])


def late(result: RetargetingResult, robot: RobotModel) -> Pose:
    """Later than the human; the first frame is held meanwhile."""
    return result.qpos[np.maximum(np.arange(len(result)) - round(_DELAY * result.fps), 0)]


def enlarged(result: RetargetingResult, robot: RobotModel) -> Pose:
    """A path of another size, from the same first place."""
    qpos = result.qpos.copy()
    qpos[:, :2] = qpos[:1, :2] + _SIZE * (qpos[:, :2] - qpos[:1, :2])
    return qpos


def turned(result: RetargetingResult, robot: RobotModel) -> Pose:
    """A quarter turn to the left, on the path that it has."""
    qpos = result.qpos.copy()
    quarter = np.array([np.sqrt(0.5), 0.0, 0.0, np.sqrt(0.5)])
    qpos[:, 3:7] = quaternion_product(quarter, qpos[:, 3:7])
    return qpos


def jittered(result: RetargetingResult, robot: RobotModel) -> Pose:
    """Noise in every joint and frame."""
    qpos = result.qpos.copy()
    noise = np.random.default_rng(_SEED).normal(0.0, _TREMBLE, (len(qpos), robot.joint_count))
    qpos[:, 7:] = (qpos[:, 7:] + noise).clip(robot.lower, robot.upper)
    return qpos


def teleporting(result: RetargetingResult, robot: RobotModel) -> Pose:
    """From the middle on it is elsewhere."""
    qpos = result.qpos.copy()
    qpos[len(qpos) // 2 :, 0] += _LEAP
    return qpos


def clipped(result: RetargetingResult, robot: RobotModel) -> Pose:
    """Joints swing too far and are cut off at their limits."""
    qpos = result.qpos.copy()
    wider = robot.neutral + _SWING * (qpos[:, 7:] - robot.neutral)
    qpos[:, 7:] = wider.clip(robot.lower, robot.upper)
    return qpos


def lying(result: RetargetingResult, robot: RobotModel) -> Pose:
    """On its back, on the floor."""
    qpos = result.qpos.copy()
    half = np.sqrt(0.5)
    lateral = robot.upright.T @ np.array([0.0, 1.0, 0.0])
    back = np.concatenate([[half], -half * lateral])
    qpos[:, 3:7] = quaternion_product(qpos[:, 3:7], back)
    return _on_the_floor(qpos, robot)


def _on_the_floor(qpos: Pose, robot: RobotModel) -> Pose:
    """Each frame as high as its lowest capsule lies on the floor."""
    positions, rotations = forward_kinematics(qpos, robot)
    at, turn = positions[:, robot.capsule_bodies], rotations[:, robot.capsule_bodies]
    ends = [
        (at + np.einsum("tgij,gj->tgi", turn, end))[..., 2]
        for end in (robot.capsule_starts, robot.capsule_ends)
    ]
    lowest = (np.minimum(*ends) - robot.capsule_radii).min(axis=1)
    qpos = qpos.copy()
    qpos[:, 2] -= lowest
    return qpos


def leaning(result: RetargetingResult, robot: RobotModel) -> Pose:
    """Bent backwards at the waist; where no joint of it bends so, the base leans."""
    qpos = result.qpos.copy()
    _, rotations = body_poses(robot, np.zeros(robot.joint_count), robot.upright)
    body, waist = robot.roles["chest"], []
    while body > 0 and body != robot.roles["pelvis"]:
        sideways = float((rotations[body] @ robot.axes[body])[1])
        if abs(sideways) > 0.9:
            waist.append((7 + body - 1, np.sign(sideways)))
        body = int(robot.parents[body])
    for column, sign in waist:
        qpos[:, column] -= sign * _LEAN / len(waist)
    if not waist:
        lateral = robot.upright.T @ np.array([0.0, 1.0, 0.0])
        back = np.concatenate([[np.cos(_LEAN / 2)], -np.sin(_LEAN / 2) * lateral])
        qpos[:, 3:7] = quaternion_product(qpos[:, 3:7], back)
    return qpos


def shaken(result: RetargetingResult, robot: RobotModel) -> Pose:
    """To and fro sixty times a second, or as often as the rate allows."""
    qpos = result.qpos.copy()
    step = max(round(result.fps / 60.0), 1)
    qpos[(np.arange(len(qpos)) // step) % 2 == 0, :2] += _SHAKE
    return qpos


def random(result: RetargetingResult, robot: RobotModel) -> Pose:
    """Any angle within the limits, in every frame."""
    qpos = result.qpos.copy()
    shape = (len(qpos), robot.joint_count)
    qpos[:, 7:] = np.random.default_rng(_SEED).uniform(robot.lower, robot.upper, shape)
    return qpos


def normalised(qpos: Pose) -> Pose:
    """The same with base rotations of unit length, in place."""
    qpos[:, 3:7] /= np.linalg.norm(qpos[:, 3:7], axis=1, keepdims=True)
    return qpos
