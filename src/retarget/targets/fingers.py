"""Fingers of a robot with hands, from a recording's: one curl a finger, from open to a fist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.geometry import unit
from retarget.motion.motion import Motion
from retarget.motion.segments import SIDES
from retarget.motion.skeleton.fingers import FINGERS, finger_named
from retarget.robots.kinematics import body_poses
from retarget.robots.model import RobotModel

__all__ = ["FingerJoint", "finger_angles", "finger_curls", "finger_joints"]

_FULL: Final = np.radians([90.0, 100.0, 70.0])
"""How far a finger's knuckle, middle and last joint bend in a fist (American Academy of Orthopaedic Surgeons, 1965)."""
_FULL_THUMB: Final = np.radians([55.0, 80.0])  # of its knuckle and its last joint, likewise
# rad: a robot's finger joint turns no farther in a fist, wherever its range ends.
_FARTHEST: Final = 1.75
_SHORTEST: Final = 0.004  # metres: a bone of a finger is longer
_ONE_WAY: Final = 1.25  # times as far as the other way: such a range tells which way a joint closes
# Cosine between axes, below which a joint spreads a finger rather than bends it.
_ALONG: Final = 0.5


@dataclass(frozen=True, slots=True)
class FingerJoint:
    """A joint of a robot that closes a finger.

    Attributes:
        joint: Its index.
        side: ``left`` or ``right``.
        fingers: The fingers that it moves, itself and by what follows it.
        open: Its angle with the finger straight, rad: neutral.
        closed: That in a fist.
    """

    joint: int
    side: str
    fingers: tuple[str, ...]
    open: float
    closed: float


def finger_joints(robot: RobotModel) -> tuple[FingerJoint, ...]:
    """The joints that close a robot's fingers: hinges below its wrists that lead to one finger and bend one way.

    Joints whose range reaches as far to both sides turn or spread a finger, and stay at neutral. What names do not tell
    (fingers by number, grippers) goes with the four fingers together.

    Example:
        >>> finger_joints(load_robot("unitree_g1_hands"))[0]  # doctest: +SKIP
        FingerJoint(joint=23, side='left', fingers=('thumb',), open=0.0, closed=1.0472)
    """
    _, turns = body_poses(robot, robot.neutral, robot.upright)
    found = []
    for side in SIDES:
        if f"{side}_wrist" not in robot.roles:
            continue
        for body in _below(robot, robot.roles[f"{side}_wrist"]):
            joint, chain = body - 1, _chain(robot, body)
            driven = joint in robot.couplings.dependents
            if not robot.held[joint] or driven or chain is None or not robot.axes[body].any():
                continue
            lower, upper, still = (
                float(limit[joint]) for limit in (robot.lower, robot.upper, robot.neutral)
            )
            back, ahead = still - lower, upper - still
            if max(back, ahead) < _ONE_WAY * min(back, ahead):
                continue
            fingers = _moved(robot, joint)
            axis, last = (turns[b] @ robot.axes[b] for b in (body, chain[-1]))
            if "thumb" not in fingers and abs(axis @ last) < _ALONG:
                continue
            reach = min(ahead, _FARTHEST) if ahead > back else -min(back, _FARTHEST)
            found.append(FingerJoint(joint, side, fingers, still, still + reach))
    return tuple(found)


def finger_curls(motion: Motion) -> dict[str, Float64[np.ndarray, "T"]]:
    """How far each finger of a recording is curled: 0 straight, 1 in a fist; by names such as ``left_index``.

    It is the sum of the angles between the bones of a finger over that in a fist, those of bones that a recording
    lacks left out.
    """
    roles = motion.fingers
    curls = {}
    for side in SIDES:
        for finger in FINGERS:
            own = [f"{side}_{finger}_{part}" for part in ("1", "2", "3", "tip")]
            joints = [roles[role] for role in own if role in roles]
            if joints and finger != "thumb":
                joints = [motion.roles[f"{side}_wrist"], *joints]
            joints = _apart(motion, joints)
            if len(joints) < 3:  # no bend is seen between fewer than two bones
                continue
            curls[f"{side}_{finger}"] = np.concatenate(
                [_curl(part, side, finger, joints, roles) for _, part in motion.blocks()]
            )
    return curls


def finger_angles(
    motion: Motion, robot: RobotModel, speed_limit: float
) -> tuple[Float64[np.ndarray, "T N"], tuple[FingerJoint, ...]]:
    """Joint angles (rad) with a robot's fingers as curled as the human's, all other joints at neutral.

    Joints keep within their ranges and their own speed limits, and below ``speed_limit`` (rad/s).

    Returns:
        The angles, and the joints that move with the recording's fingers.
    """
    angles = np.tile(robot.neutral, (len(motion), 1))
    joints = finger_joints(robot)
    curls = finger_curls(motion) if joints else {}
    moved = []
    for one in joints:
        wanted = [finger for finger in one.fingers if finger != "thumb"] or ["thumb"]
        own = [curls[name] for f in wanted if (name := f"{one.side}_{f}") in curls]
        if not own:
            continue
        turned = one.open + np.mean(own, axis=0) * (one.closed - one.open)
        speed = min(float(robot.velocity_limits[one.joint]), speed_limit)
        angles[:, one.joint] = _slowed(turned, speed / motion.fps)
        moved.append(one)
    return angles, tuple(moved)


def _below(robot: RobotModel, wrist: int) -> list[int]:
    """Bodies that a wrist carries."""
    below = {wrist}
    for body in range(wrist + 1, len(robot.parents)):
        if int(robot.parents[body]) in below:
            below.add(body)
    return sorted(below - {wrist})


def _chain(robot: RobotModel, body: int) -> list[int] | None:
    """Bodies from one to its finger's end; None where it carries several fingers, as a palm does."""
    chain = [body]
    while True:
        children = np.flatnonzero(robot.parents == chain[-1])
        if not len(children):
            return chain
        if len(children) > 1:
            return None
        chain.append(int(children[0]))


def _moved(robot: RobotModel, joint: int) -> tuple[str, ...]:
    """Fingers that a joint and those that follow it belong to; the four together where names do not tell."""
    joints, drivers = [joint], robot.couplings.drivers
    for one in joints:  # grows as it goes, down all that follow
        joints += robot.couplings.dependents[drivers == one].tolist()
    named = {
        finger
        for one in joints
        for name in (robot.joint_names[one], robot.body_names[one + 1])
        if (finger := finger_named(name))
    }
    return tuple(finger for finger in FINGERS if finger in named) or FINGERS[1:]


def _apart(motion: Motion, joints: list[int]) -> list[int]:
    """Of a finger's joints those that are off the one before: some rigs put several into one place."""
    kept = joints[:1]
    for joint in joints[1:]:
        if np.linalg.norm(motion.positions[0, joint] - motion.positions[0, kept[-1]]) > _SHORTEST:
            kept.append(joint)
    return kept


def _curl(
    motion: Motion, side: str, finger: str, joints: list[int], roles: dict[str, int]
) -> Float64[np.ndarray, "T"]:
    bones = np.diff(np.asarray(motion.positions[:, joints], np.float64), axis=1)
    bones = unit(bones)
    along = np.einsum("tki,tki->tk", bones[:, 1:], bones[:, :-1])
    across = np.cross(bones[:, :-1], bones[:, 1:])
    axis = None if finger == "thumb" else _knuckle_axis(motion, side, roles)
    bent = np.linalg.norm(across, axis=-1)
    if axis is not None:  # what is bent backwards is not curled, nor what is spread
        bent = np.einsum("tki,ti->tk", across, unit(axis))
    angles = np.arctan2(bent, along)
    full = (_FULL_THUMB if finger == "thumb" else _FULL)[: angles.shape[1]].sum()
    return np.asarray((angles[:, : len(_FULL)].sum(axis=1) / full).clip(0, 1))


def _knuckle_axis(
    motion: Motion, side: str, roles: dict[str, int]
) -> Float64[np.ndarray, "T 3"] | None:
    """Axis about which fingers curl into the palm: along the knuckles."""
    knuckles = [roles[role] for f in FINGERS[1:] if (role := f"{side}_{f}_1") in roles]
    if len(knuckles) < 2:
        return None
    first, last = (
        np.asarray(motion.positions[:, k], np.float64) for k in knuckles[:: len(knuckles) - 1]
    )
    # The left hand's little finger lies to the left of its index finger where the palm looks down.
    return np.asarray(last - first if side == "left" else first - last)


def _slowed(angles: Float64[np.ndarray, "T"], step: float) -> Float64[np.ndarray, "T"]:
    """The middle between the highest curve below and the lowest above that turn by at most ``step`` a frame."""
    if not np.isfinite(step):
        return angles
    frames = np.arange(len(angles)) * step
    below = np.minimum(
        np.minimum.accumulate(angles - frames) + frames,
        np.minimum.accumulate((angles + frames)[::-1])[::-1] - frames,
    )
    above = np.maximum(
        np.maximum.accumulate(angles + frames) - frames,
        np.maximum.accumulate((angles - frames)[::-1])[::-1] + frames,
    )
    return np.asarray((above + below) / 2)
