"""Ways in which a motion can be garbage, made on purpose: a score that one of them passes is worth nothing.

Each fault turns a good result into one that nobody should train on, and names the measure that must see it. With
`FAULTS` a profile of gates of one's own can be tried, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
from jaxtyping import Float64, Int64

from retarget.errors import OptionsError
from retarget.evaluation.cheats import (
    arms_astray,
    drifting,
    earthbound,
    for_a_second,
    hands_astray,
    on_toes,
    popping,
    slipping,
)
from retarget.geometry import matrix_from_quaternion, quaternion_from_matrix, quaternion_product
from retarget.result import RetargetingResult
from retarget.robots.kinematics import body_poses
from retarget.robots.model import RobotModel
from retarget.solver.kinematics.forward import forward_kinematics

__all__ = ["FAULTS", "Fault"]

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


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to spoil a motion.

    Attributes:
        name: In a word or two.
        text: What is done to the motion.
        seen_by: Name of the measure that must fail it.
        make: Spoils the configurations of a result.

    Example:
        >>> spoilt = FAULTS["floating"].spoil(result, robot)  # doctest: +SKIP
        >>> evaluate(spoilt, robot).passed  # doctest: +SKIP
        False
    """

    name: str
    text: str
    seen_by: str
    make: Make

    def spoil(
        self,
        result: RetargetingResult,
        robot: RobotModel,
        other: RetargetingResult | None = None,
    ) -> RetargetingResult:
        """The result with this fault.

        Args:
            result: A good one.
            robot: Its robot.
            other: Another clip's result of the same robot, for the fault that takes its motion.

        Raises:
            OptionsError: The fault needs another clip's result, and there is none.
        """
        given = result
        if self.make is _another:
            if other is None:
                raise OptionsError(f"{self.name}: give another clip's result")
            given = replace(result, qpos=_repeated(other, result))
        return replace(result, qpos=np.ascontiguousarray(self.make(given, robot)))


def _frozen(result: RetargetingResult, robot: RobotModel) -> Pose:
    return np.repeat(result.qpos[:1], len(result), axis=0)


def _raised(result: RetargetingResult, robot: RobotModel) -> Pose:
    return _moved(result, np.array([0.0, 0.0, _HEIGHT]))


def _lowered(result: RetargetingResult, robot: RobotModel) -> Pose:
    return _moved(result, np.array([0.0, 0.0, -_DEPTH]))


def _sliding(result: RetargetingResult, robot: RobotModel) -> Pose:
    seconds = np.arange(len(result)) / result.fps
    return _moved(result, _DRIFT * seconds[:, None] * np.array([0.6, 0.8, 0.0]))


def _moved(result: RetargetingResult, by: Float64[np.ndarray, "*T 3"]) -> Pose:
    qpos = result.qpos.copy()
    qpos[:, :3] += by
    return qpos


def _mirrored(result: RetargetingResult, robot: RobotModel) -> Pose:
    """Reflected across the plane y = 0, each joint's angle given to its twin on the other side."""
    twins, signs = _twins(robot)
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


def _twins(robot: RobotModel) -> tuple[Int64[np.ndarray, "N"], Float64[np.ndarray, "N"]]:
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


def _late(result: RetargetingResult, robot: RobotModel) -> Pose:
    return result.qpos[np.maximum(np.arange(len(result)) - round(_DELAY * result.fps), 0)]


def _enlarged(result: RetargetingResult, robot: RobotModel) -> Pose:
    qpos = result.qpos.copy()
    qpos[:, :2] = qpos[:1, :2] + _SIZE * (qpos[:, :2] - qpos[:1, :2])
    return qpos


def _turned(result: RetargetingResult, robot: RobotModel) -> Pose:
    qpos = result.qpos.copy()
    quarter = np.array([np.sqrt(0.5), 0.0, 0.0, np.sqrt(0.5)])
    qpos[:, 3:7] = quaternion_product(quarter, qpos[:, 3:7])
    return qpos


def _jittered(result: RetargetingResult, robot: RobotModel) -> Pose:
    qpos = result.qpos.copy()
    noise = np.random.default_rng(_SEED).normal(0.0, _TREMBLE, (len(qpos), robot.joint_count))
    qpos[:, 7:] = (qpos[:, 7:] + noise).clip(robot.lower, robot.upper)
    return qpos


def _teleporting(result: RetargetingResult, robot: RobotModel) -> Pose:
    qpos = result.qpos.copy()
    qpos[len(qpos) // 2 :, 0] += _LEAP
    return qpos


def _clipped(result: RetargetingResult, robot: RobotModel) -> Pose:
    qpos = result.qpos.copy()
    wider = robot.neutral + _SWING * (qpos[:, 7:] - robot.neutral)
    qpos[:, 7:] = wider.clip(robot.lower, robot.upper)
    return qpos


def _lying(result: RetargetingResult, robot: RobotModel) -> Pose:
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


def _leaning(result: RetargetingResult, robot: RobotModel) -> Pose:
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


def _shaken(result: RetargetingResult, robot: RobotModel) -> Pose:
    """To and fro sixty times a second, or as often as the rate allows."""
    qpos = result.qpos.copy()
    step = max(round(result.fps / 60.0), 1)
    qpos[(np.arange(len(qpos)) // step) % 2 == 0, :2] += _SHAKE
    return qpos


def _random(result: RetargetingResult, robot: RobotModel) -> Pose:
    qpos = result.qpos.copy()
    shape = (len(qpos), robot.joint_count)
    qpos[:, 7:] = np.random.default_rng(_SEED).uniform(robot.lower, robot.upper, shape)
    return qpos


def _another(result: RetargetingResult, robot: RobotModel) -> Pose:
    return result.qpos


def _repeated(other: RetargetingResult, result: RetargetingResult) -> Pose:
    """Another result's frames at this one's rate, there and back until there are enough."""
    qpos = other.resampled(result.fps).qpos
    there_and_back = np.concatenate([qpos, qpos[-2:0:-1]]) if len(qpos) > 2 else qpos
    return there_and_back[np.arange(len(result)) % len(there_and_back)]


FAULTS: Final[Mapping[str, Fault]] = MappingProxyType(
    {
        name: Fault(name, text, seen_by, make)
        for name, text, seen_by, make in (
            ("frozen", "the first frame throughout", "repeated_share", _frozen),
            ("floating", "6 cm higher", "sole_lifted_share", _raised),
            ("sinking", "5 cm lower", "sole_penetration_max", _lowered),
            ("sliding", "drifts at 0.3 m/s", "toe_slide_mean", _sliding),
            ("mirrored", "left and right exchanged", "limb_error_mean", _mirrored),
            ("late", "0.3 s later than the human", "time_offset", _late),
            ("wrong scale", "a path half as long again", "path_scale_error", _enlarged),
            ("wrong yaw", "turned by 90 degrees on its path", "root_path_error_p95", _turned),
            ("jittered", "noise of 0.03 rad in every joint", "jerk_mean", _jittered),
            ("teleporting", "3 m farther on from the middle", "base_speed_max", _teleporting),
            (
                "clipped",
                "joints swing four times as far, cut off at their limits",
                "at_limit_share",
                _clipped,
            ),
            ("lying", "on its back where the human stands", "trunk_lean_error_p95", _lying),
            (
                "leaning back",
                "the trunk bent back by 20 degrees",
                "trunk_lean_error_p95",
                _leaning,
            ),
            ("shaken", "the base 1 cm to and fro", "com_acceleration_alike", _shaken),
            ("random", "random joint angles", "velocity_limit_share", _random),
            ("another clip", "another clip's motion", "limb_error_mean", _another),
            (
                "floating a second",
                "6 cm higher, for a second in the middle",
                "sole_lifted_second",
                for_a_second(_raised),
            ),
            (
                "bent back a second",
                "the trunk bent back by 20 degrees, for a second",
                "trunk_lean_error_second",
                for_a_second(_leaning),
            ),
            (
                "jittered a second",
                "noise of 0.03 rad in every joint, for a second",
                "jerk_second",
                for_a_second(_jittered),
            ),
            (
                "shaken a second",
                "the base 1 cm to and fro, for a second",
                "force_left_second",
                for_a_second(_shaken),
            ),
            (
                "arms astray",
                "shoulders turned by 57 degrees, for a second",
                "limb_error_second",
                for_a_second(arms_astray),
            ),
            ("slipping", "15 cm aside within a second", "toe_slide_second", slipping),
            (
                "popping",
                "arms 0.3 rad aside for a frame, every two seconds",
                "limb_pop_max",
                popping,
            ),
            (
                "drifting",
                "the heading drifts by 30 degrees, and the path with it",
                "heading_drift",
                drifting,
            ),
            ("on toes", "feet bent down by 20 degrees", "sole_tilt_mean", on_toes),
            ("earthbound", "never off the floor, in flight neither", "flight_kept", earthbound),
            ("hands astray", "wrists wander", "orientation_error_hand", hands_astray),
        )
    }
)
