"""Robot motions for tests: smooth made ones for any robot, and Unitree's own of the LAFAN1 dance."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import mujoco
import numpy as np
import pytest

import retarget.robots
from retarget.result import RetargetingResult, SourceClip, packed_rotations
from retarget.robots import RobotModel

EMBEDDED = Path(retarget.robots.__file__).parent / "embedded"
SHARED = Path(__file__).resolve().parents[3] / "shared"


def shared(name: str) -> Path:
    """A file of the shared folder; skips the test when it is absent."""
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"needs {path.name} of the shared folder")
    return path


def smooth_motion(robot: RobotModel, frames: int = 40, fps: float = 50.0) -> np.ndarray:
    """Configurations that travel, turn about every axis and swing every joint within its limits."""
    time = np.arange(frames) / fps
    rng = np.random.default_rng(7)
    qpos = np.empty((frames, robot.qpos_size))
    qpos[:, :3] = np.outer(time, [0.7, -0.4, 0.1]) + np.array([1.0, 2.0, 0.8])
    qpos[:, :3] += 0.1 * np.sin(np.outer(time, [3.0, 4.0, 5.0]))
    turn = np.stack([0.4 * np.sin(2 * time), 0.3 * np.cos(3 * time), 1.5 * time + 2.6], axis=1)
    angle = np.linalg.norm(turn, axis=1)
    qpos[:, 3] = np.cos(angle / 2)
    qpos[:, 4:7] = turn * (np.sin(angle / 2) / angle)[:, None]
    middle, reach = (robot.lower + robot.upper) / 2, (robot.upper - robot.lower) / 2
    phase, speed = rng.uniform(0, 6, len(middle)), rng.uniform(1, 4, len(middle))
    qpos[:, 7:] = middle + 0.6 * np.minimum(reach, 1.0) * np.sin(np.outer(time, speed) + phase)
    return qpos


def unitree_dance() -> np.ndarray:
    """Unitree's own retargeting of the LAFAN1 dance onto the G1 at 30 Hz, as configurations."""
    return _unitree_dance(shared("clips/robot_unitree_csv/lafan1_g1_dance1_subject2.csv")).copy()


@lru_cache(maxsize=1)
def _unitree_dance(path: Path) -> np.ndarray:
    rows = np.loadtxt(path, delimiter=",", max_rows=600)
    return rows[:, [0, 1, 2, 6, 3, 4, 5, *range(7, rows.shape[1])]]


def mujoco_model(robot: str) -> mujoco.MjModel:
    """MuJoCo's own model of an embedded robot."""
    return mujoco.MjModel.from_xml_path(str(EMBEDDED / robot / "model.xml"))


def result_of(
    qpos: np.ndarray, fps: float, robot: RobotModel, contacts: np.ndarray | None = None
) -> RetargetingResult:
    """A result with these configurations; its human is left out."""
    frames = len(qpos)
    source = SourceClip(
        ("pelvis",),
        np.zeros((frames, 1, 3), np.float32),
        ("pelvis",),
        packed_rotations(np.tile([1.0, 0, 0, 0], (frames, 1, 1))),
    )
    alternating = np.zeros((frames, 2, 2), bool)
    alternating[: frames // 2, 0] = alternating[frames // 3 :, 1] = True
    return RetargetingResult(
        qpos=qpos,
        fps=fps,
        joint_names=robot.joint_names,
        robot=robot.name,
        contacts=alternating if contacts is None else contacts,
        frame_cost=np.zeros(frames),
        source=source,
    )
