"""A good motion on a real clip, and what can go wrong with one."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from retarget.demo import clips_folder
from retarget.motion import read_motion
from retarget.pipeline import retarget_motion
from retarget.result import RetargetingResult
from retarget.robots import RobotModel, load_robot


@lru_cache(maxsize=4)
def jumps(robot: str = "unitree_g1") -> RetargetingResult:
    """Eight seconds of the embedded forward jumps, retargeted: 240 frames at 30 Hz."""
    motion = read_motion(clips_folder() / "cmu_01_01.bvh").frames(0, 240)
    return retarget_motion(motion, load_robot(robot))


def with_qpos(result: RetargetingResult, qpos: np.ndarray) -> RetargetingResult:
    return replace(result, qpos=np.ascontiguousarray(qpos))


def frozen(result: RetargetingResult) -> RetargetingResult:
    return with_qpos(result, np.repeat(result.qpos[:1], len(result), 0))


def raised(result: RetargetingResult, height: float) -> RetargetingResult:
    qpos = result.qpos.copy()
    qpos[:, 2] += height
    return with_qpos(result, qpos)


def drifting(result: RetargetingResult, speed: float) -> RetargetingResult:
    qpos = result.qpos.copy()
    qpos[:, 0] += speed * np.arange(len(qpos)) / result.fps
    return with_qpos(result, qpos)


def late(result: RetargetingResult, seconds: float) -> RetargetingResult:
    shift = round(seconds * result.fps)
    return with_qpos(result, result.qpos[np.maximum(np.arange(len(result)) - shift, 0)])


def random(result: RetargetingResult, robot: RobotModel, seed: int = 0) -> RetargetingResult:
    rng = np.random.default_rng(seed)
    qpos = result.qpos.copy()
    qpos[:, 7:] = rng.uniform(robot.lower, robot.upper, (len(qpos), robot.joint_count))
    return with_qpos(result, qpos)


def turned(result: RetargetingResult, yaw: float, shift: tuple[float, float]) -> RetargetingResult:
    """The robot's motion elsewhere in the world, rigidly."""
    qpos = result.qpos.copy()
    c, s = np.cos(yaw), np.sin(yaw)
    qpos[:, :2] = qpos[:, :2] @ np.array([[c, s], [-s, c]]) + shift
    w, x, y, z = np.cos(yaw / 2), 0.0, 0.0, np.sin(yaw / 2)
    a, b, c_, d = result.qpos[:, 3:7].T
    qpos[:, 3:7] = np.stack(
        [
            w * a - x * b - y * c_ - z * d,
            w * b + x * a + y * d - z * c_,
            w * c_ - x * d + y * a + z * b,
            w * d + x * c_ - y * b + z * a,
        ],
        -1,
    )
    return with_qpos(result, qpos)
