"""A good motion on a real clip, and what can go wrong with one."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from retarget.demo import clips_folder, embedded_clips
from retarget.motion import read_motion
from retarget.pipeline import retarget_motion
from retarget.result import RetargetingResult
from retarget.robots import RobotModel, load_robot
from retarget.solver.kinematics.forward import forward_kinematics

SHARED = Path(__file__).resolve().parents[3] / "shared" / "clips"


@lru_cache(maxsize=4)
def jumps(robot: str = "unitree_g1") -> RetargetingResult:
    """Eight seconds of the embedded forward jumps, retargeted: 240 frames at 30 Hz."""
    motion = read_motion(clips_folder() / "cmu_01_01.bvh").frames(0, 240)
    return retarget_motion(motion, load_robot(robot))


@lru_cache(maxsize=4)
def walk(robot: str = "unitree_g1") -> RetargetingResult:
    """The embedded walk, retargeted."""
    path = next(path for path in embedded_clips() if "walk" in path.name)
    return retarget_motion(read_motion(path), load_robot(robot))


@lru_cache(maxsize=1)
def dance() -> RetargetingResult:
    """The LAFAN1 dance, retargeted: two minutes at 30 Hz."""
    return retarget_motion(
        read_motion(shared("lafan1_bvh/bvhTools_test2_3945f.bvh")), load_robot("unitree_g1")
    )


def peers_dance() -> RetargetingResult:
    """The robot maker's own retarget of the same take, which begins and ends at the same frames."""
    path = shared("robot_unitree_csv/lafan1_g1_dance1_subject2.csv")
    qpos = np.loadtxt(path, delimiter=",")
    qpos[:, 3:7] = qpos[:, [6, 3, 4, 5]]
    qpos[:, 3:7] /= np.linalg.norm(qpos[:, 3:7], axis=1, keepdims=True)
    return with_qpos(dance(), qpos)


def shared(name: str) -> Path:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"needs {path.name} of the shared clips")
    return path


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


def trembling(result: RetargetingResult, step: float) -> RetargetingResult:
    """The base moves to and fro by a step (metres) every frame."""
    qpos = result.qpos.copy()
    qpos[::2, :2] += step
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


def shuffling(
    result: RetargetingResult, robot: RobotModel, height: float = 0.002
) -> RetargetingResult:
    """The same motion with each toe turned down in swing until it skims the floor, as far as an ankle could."""
    qpos = result.qpos.copy()
    for foot, side in enumerate(("left", "right")):
        column = 7 + robot.joint_names.index(f"{side}_ankle_pitch_joint")
        straight = qpos[:, column].copy()
        least, most = np.zeros(len(qpos)), np.full(len(qpos), 0.9)
        for _ in range(30):
            middle = (least + most) / 2
            qpos[:, column] = straight + middle
            high = sole_heights(with_qpos(result, qpos), robot)[:, foot] > height
            least, most = np.where(high, middle, least), np.where(high, most, middle)
        qpos[:, column] = straight + least
    return with_qpos(result, qpos)


def sole_heights(result: RetargetingResult, robot: RobotModel) -> np.ndarray:
    """Height of the lowest point of each sole, metres, (T, 2)."""
    positions, rotations = forward_kinematics(result.qpos, robot)
    points = np.einsum("tfij,fsj->tfsi", rotations[:, robot.feet], robot.soles)
    return (points[..., 2] + positions[:, robot.feet, 2, None]).min(axis=2) - robot.sole_radius


def leaning(result: RetargetingResult, robot: RobotModel, degrees: float) -> RetargetingResult:
    """The same motion with its trunk bent at the waist: forwards, or backwards where negative."""
    qpos = result.qpos.copy()
    qpos[:, 7 + robot.joint_names.index("waist_pitch_joint")] += np.radians(degrees)
    return with_qpos(result, qpos)
