"""What a score invites: motions made to pass by means and percentiles, and faults that nobody had thought of.

Each takes a result and gives its configurations with the fault; `retarget.evaluation.faults` names them.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float64, Int64

from retarget.evaluation.garbage import Make, Pose, normalised
from retarget.geometry import quaternion_product
from retarget.result import RetargetingResult
from retarget.robots.kinematics import body_poses
from retarget.robots.model import RobotModel
from retarget.solver.kinematics.forward import forward_kinematics

__all__ = [
    "arms_astray",
    "chain",
    "drifting",
    "earthbound",
    "for_a_second",
    "hands_astray",
    "kept",
    "on_toes",
    "popping",
    "slipping",
]

_MOMENT: Final = 1.4  # s, of which a second is spoilt all through
_RAMP: Final = 0.2  # s from sound to spoilt and back, so that nothing jumps
_ASTRAY: Final = 1.0  # rad
_SLIP: Final = 0.15  # m
_POP, _POP_EVERY = 0.3, 2.0  # rad, s
_DRIFT: Final = np.radians(30)
_TIPTOE: Final = np.radians(20)
_WAVE, _WAVE_TIME = 0.7, 0.25  # rad (standard deviation), s over which it changes
_SEED: Final = 5


def for_a_second(make: Make) -> Make:
    """The same fault in a second in the middle of the clip only, without a jump at its ends."""

    def made(result: RetargetingResult, robot: RobotModel) -> Pose:
        share = _moment(result)[:, None]
        spoilt = make(result, robot)
        spoilt[:, 3:7] *= np.sign((spoilt[:, 3:7] * result.qpos[:, 3:7]).sum(axis=1))[:, None]
        return normalised((1 - share) * result.qpos + share * spoilt)

    return made


def _moment(result: RetargetingResult) -> Float64[np.ndarray, "T"]:
    """1 in a second in the middle, falling to 0 before and after it."""
    seconds = np.arange(len(result)) / result.fps
    away = np.abs(seconds - seconds[-1] / 2)
    return np.asarray(np.clip((_MOMENT / 2 - away) / _RAMP, 0.0, 1.0))


def arms_astray(result: RetargetingResult, robot: RobotModel) -> Pose:
    """The first joint of each shoulder turned, to where there is room."""
    qpos = result.qpos.copy()
    for side in ("left", "right"):
        first = chain(robot, f"{side}_elbow", "chest")[-1]
        angles = qpos[:, 7 + first]
        room = robot.upper[first] - angles.max() > angles.min() - robot.lower[first]
        angles += _ASTRAY if room else -_ASTRAY
    return kept(qpos, robot)


def chain(robot: RobotModel, far: str, near: str) -> list[int]:
    """Joints between the bodies of two roles, the far one's first."""
    body, joints = int(robot.roles[far]), []
    while body > 0 and body != robot.roles[near]:
        joints.append(body - 1)
        body = int(robot.parents[body])
    return joints


def kept(qpos: Pose, robot: RobotModel) -> Pose:
    """The same within joint limits."""
    qpos[:, 7:] = qpos[:, 7:].clip(robot.lower, robot.upper)
    return qpos


def slipping(result: RetargetingResult, robot: RobotModel) -> Pose:
    """Once in a second in the middle it slips aside, and goes on from there."""
    qpos = result.qpos.copy()
    seconds = np.arange(len(qpos)) / result.fps
    qpos[:, 1] += _SLIP * np.clip(seconds - seconds[-1] / 2 + 0.5, 0.0, 1.0)
    return qpos


def popping(result: RetargetingResult, robot: RobotModel) -> Pose:
    """Arms jump aside for a frame, and back, every so often."""
    qpos = result.qpos.copy()
    arms = sorted({j for side in ("left", "right") for j in chain(robot, f"{side}_wrist", "chest")})
    frames = np.arange(len(qpos) // 3, len(qpos), max(round(_POP_EVERY * result.fps), 1))
    qpos[np.ix_(frames, 7 + np.array(arms))] += _POP
    return kept(qpos, robot)


def drifting(result: RetargetingResult, robot: RobotModel) -> Pose:
    """The way bends, and the robot with it, so that no foot slides."""
    qpos = result.qpos.copy()
    turned = _DRIFT * np.linspace(-0.5, 0.5, len(qpos))
    half, zero = turned / 2, np.zeros(len(qpos))
    quaternions = np.stack([np.cos(half), zero, zero, np.sin(half)], axis=1)
    qpos[:, 3:7] = quaternion_product(quaternions, qpos[:, 3:7])
    steps = np.diff(result.qpos[:, :2], axis=0)
    cosine, sine = np.cos(turned[:-1]), np.sin(turned[:-1])
    bent = np.stack(
        [cosine * steps[:, 0] - sine * steps[:, 1], sine * steps[:, 0] + cosine * steps[:, 1]],
        axis=1,
    )
    qpos[1:, :2] = qpos[0, :2] + np.cumsum(bent, axis=0)
    return qpos


def hands_astray(result: RetargetingResult, robot: RobotModel) -> Pose:
    """Wrists wander as they like; a robot without wrists stays as it is."""
    from scipy.ndimage import gaussian_filter1d

    qpos = result.qpos.copy()
    wrists = sorted(
        {j for side in ("left", "right") for j in chain(robot, f"{side}_wrist", f"{side}_elbow")}
    )
    noise = np.random.default_rng(_SEED).normal(size=(len(qpos), len(wrists)))
    smooth = gaussian_filter1d(noise, _WAVE_TIME * result.fps, axis=0, mode="nearest")
    qpos[:, 7 + np.array(wrists, np.int64)] = _WAVE * smooth / smooth.std(axis=0)
    return kept(qpos, robot)


def on_toes(result: RetargetingResult, robot: RobotModel) -> Pose:
    """Feet bent down at the ankle, and the base lifted so that they stand on their toes."""
    qpos = result.qpos.copy()
    _, rotations = body_poses(robot, np.zeros(robot.joint_count), robot.upright)
    for side in ("left", "right"):
        for joint in chain(robot, f"{side}_ankle", f"{side}_knee"):
            sideways = float((rotations[joint + 1] @ robot.axes[joint + 1])[1])
            if abs(sideways) > 0.9:
                qpos[:, 7 + joint] += np.sign(sideways) * _TIPTOE
    qpos = kept(qpos, robot)
    qpos[:, 2] += _lowest(result.qpos, robot, robot.feet) - _lowest(qpos, robot, robot.feet)
    return qpos


def earthbound(result: RetargetingResult, robot: RobotModel) -> Pose:
    """Each frame as low as its lowest point lies on the floor, in flight too."""
    qpos = result.qpos.copy()
    bodies = np.unique(np.concatenate([robot.capsule_bodies, robot.feet]))
    qpos[:, 2] -= np.maximum(_lowest(qpos, robot, bodies), 0.0)
    return qpos


def _lowest(
    qpos: Pose, robot: RobotModel, bodies: Int64[np.ndarray, "n"]
) -> Float64[np.ndarray, "T"]:
    """Height of the lowest point of soles and of some bodies' capsules, metres."""
    positions, rotations = forward_kinematics(np.ascontiguousarray(qpos), robot)
    lowest = np.full(len(qpos), np.inf)
    for foot, points in zip(robot.feet, robot.soles, strict=True):
        heights = positions[:, foot, None, 2] + rotations[:, foot, 2] @ points.T
        lowest = np.minimum(lowest, heights.min(axis=1) - robot.sole_radius)
    feet = set(robot.feet.tolist())
    for k, body in enumerate(robot.capsule_bodies.tolist()):
        if body in bodies and body not in feet:
            for end in (robot.capsule_starts[k], robot.capsule_ends[k]):
                heights = positions[:, body, 2] + rotations[:, body, 2] @ end
                lowest = np.minimum(lowest, heights - robot.capsule_radii[k])
    return lowest
