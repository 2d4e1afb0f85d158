"""A streamed walk lifts its feet as the human does, and its base moves no more jerkily than the human's pelvis."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from clips import SHARED, robot

from retarget import StreamingRetargeter
from retarget.demo import embedded_clips
from retarget.evaluation import evaluate_result
from retarget.motion import Motion, read_motion
from retarget.pipeline import make_targets, retarget_motion

WALKS = {
    "embedded": next(path for path in embedded_clips() if path.stem == "humanoid_walk"),
    "bandai": SHARED / "bandai_bvh" / "dataset-1_walk_normal_001.bvh",
}


@cache
def walk(path: Path) -> Motion:
    if not path.exists():
        pytest.skip(f"needs {path.name} of the shared clips")
    return read_motion(path)


@cache
def streamed(path: Path) -> np.ndarray:
    motion = walk(path)
    retargeter = StreamingRetargeter(robot(), motion)
    frames = zip(motion.positions, motion.rotations, strict=True)
    return np.array([retargeter.step(*frame).copy() for frame in frames])


def ground_acceleration(places: np.ndarray, fps: float) -> float:
    """Root mean square of the acceleration along the ground, m/s^2."""
    acceleration = np.diff(places[:, :2], 2, axis=0) * fps**2
    return float(np.sqrt((acceleration**2).sum(axis=1).mean()))


@pytest.mark.parametrize("path", WALKS.values(), ids=WALKS)
def test_feet_in_swing_are_as_high_as_the_humans(path: Path) -> None:
    whole = retarget_motion(walk(path), robot())
    report = evaluate_result(replace(whole, qpos=streamed(path)), robot())
    assert report["human_swing_clearance"] > 0.0
    assert report["swing_scuff_excess"] < 0.03
    assert report["swing_clearance_lack"] < 0.2


@pytest.mark.parametrize("path", WALKS.values(), ids=WALKS)
def test_the_base_is_as_steady_as_the_humans_pelvis(path: Path) -> None:
    motion = walk(path)
    _, _, targets, _ = make_targets(motion, robot())
    human = ground_acceleration(targets.positions["pelvis"], motion.fps)
    assert 0.0 < ground_acceleration(streamed(path)[:, :3], motion.fps) < 1.5 * human
