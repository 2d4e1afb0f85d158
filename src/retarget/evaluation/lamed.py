"""Limbs that do not do what the human's do, and time that runs otherwise: faults that smooth, standing robots hide.

Each takes a result and gives its configurations with the fault; `retarget.evaluation.faults` names them.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Int64

from retarget.evaluation.cheats import chain, kept
from retarget.evaluation.garbage import Pose, normalised, twins_of
from retarget.result import RetargetingResult
from retarget.robots.model import RobotModel

__all__ = ["arm_held", "arms_swapped", "backwards", "leg_held", "slow", "small"]

_RANGE: Final = 0.6  # of the range of each joint
_SLOWER: Final = 3.0  # times as long
_SIDES: Final = ("left", "right")
_ENDS: Final = {"arm": ("wrist", "chest"), "leg": ("ankle", "pelvis")}


def arm_held(result: RetargetingResult, robot: RobotModel) -> Pose:
    """The arm that moves more is held where it is in the middle."""
    return _held(result, robot, "arm")


def leg_held(result: RetargetingResult, robot: RobotModel) -> Pose:
    """The leg that moves more, likewise."""
    return _held(result, robot, "leg")


def _held(result: RetargetingResult, robot: RobotModel, limb: str) -> Pose:
    qpos = result.qpos.copy()
    sides = [_columns(robot, side, limb) for side in _SIDES]
    columns = max(sides, key=lambda side: float(qpos[:, side].std(axis=0).max()))
    qpos[:, columns] = np.median(qpos[:, columns], axis=0)
    return qpos


def _columns(robot: RobotModel, side: str, limb: str) -> Int64[np.ndarray, "n"]:
    far, near = _ENDS[limb]
    return 7 + np.array(chain(robot, f"{side}_{far}", near), np.int64)


def small(result: RetargetingResult, robot: RobotModel) -> Pose:
    """Every joint moves less far, about its mean; the base goes where it went."""
    qpos = result.qpos.copy()
    middle = qpos[:, 7:].mean(axis=0)
    qpos[:, 7:] = middle + _RANGE * (qpos[:, 7:] - middle)
    return qpos


def arms_swapped(result: RetargetingResult, robot: RobotModel) -> Pose:
    """Each arm does what the other should; legs and trunk do what they should."""
    twins, signs = twins_of(robot)
    qpos = result.qpos.copy()
    for side in _SIDES:
        joints = _columns(robot, side, "arm") - 7
        qpos[:, 7 + twins[joints]] = signs[joints] * result.qpos[:, 7 + joints]
    return kept(qpos, robot)


def backwards(result: RetargetingResult, robot: RobotModel) -> Pose:
    """From the last frame to the first, beside a human who moves forwards."""
    return result.qpos[::-1].copy()


def slow(result: RetargetingResult, robot: RobotModel) -> Pose:
    """The first third of the motion in the time of all of it, as of a rate that is three times too low."""
    at = np.arange(len(result)) / _SLOWER
    before = at.astype(np.int64)
    share = (at - before)[:, None]
    here, there = result.qpos[before], result.qpos[np.minimum(before + 1, len(result) - 1)].copy()
    there[:, 3:7] *= np.sign((here[:, 3:7] * there[:, 3:7]).sum(axis=1))[:, None]
    return normalised((1 - share) * here + share * there)
