"""Real clips for the solver's tests: the embedded one, and the shared ones where they are present."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import Rotation, RotationSpline

from retarget.demo import embedded_clips
from retarget.motion import Motion, read_motion
from retarget.robots import RobotModel, load_robot

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "clips"


@cache
def robot(name: str = "unitree_g1") -> RobotModel:
    return load_robot(name)


@cache
def jump() -> Motion:
    """CMU 01_01, which travels with the package: jumps and a turn."""
    return read_motion(next(p for p in embedded_clips() if p.suffix == ".bvh"))


@cache
def dance() -> Motion:
    """The LAFAN1 dance: fast spins, crossed arms."""
    path = SHARED / "lafan1_bvh" / "bvhTools_test2_3945f.bvh"
    if not path.exists():
        pytest.skip(f"needs {path.name} of the shared clips")
    return read_motion(path)


def filled_in(motion: Motion, times: int) -> Motion:
    """A motion at so many times its rate, with smooth curves between its frames."""
    frames = np.arange(len(motion))
    wanted = np.arange((len(motion) - 1) * times + 1) / times
    turns = [
        Rotation.from_quat(joint)
        for joint in np.swapaxes(motion.rotations, 0, 1)[..., [1, 2, 3, 0]]
    ]
    rotations = [
        RotationSpline(frames, joint)(wanted).as_quat()[:, [3, 0, 1, 2]] for joint in turns
    ]
    return replace(
        motion,
        positions=CubicSpline(frames, motion.positions)(wanted),
        rotations=np.stack(rotations, axis=1),
        fps=motion.fps * times,
    )
