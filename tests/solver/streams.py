"""Embedded clips as if they came live."""

from __future__ import annotations

from functools import cache

import numpy as np

from retarget import StreamingRetargeter
from retarget.demo import embedded_clips
from retarget.motion import Motion, read_motion
from retarget.robots import RobotModel
from retarget.solver.kinematics.forward import forward_kinematics

CLIPS = {path.stem: path for path in embedded_clips()}


@cache
def clip(name: str) -> Motion:
    return read_motion(CLIPS[name])


def streamed(retargeter: StreamingRetargeter, motion: Motion) -> np.ndarray:
    frames = zip(motion.positions, motion.rotations, strict=True)
    return np.array([retargeter.step(*frame).copy() for frame in frames])


def sphere_heights(qpos: np.ndarray, model: RobotModel) -> np.ndarray:
    """Lowest points of the soles and of the ends of all other bodies' capsules, metres."""
    positions, rotations = forward_kinematics(qpos, model)
    balls = [(b, p, model.sole_radius) for f, b in enumerate(model.feet) for p in model.soles[f]]
    for g, body in enumerate(model.capsule_bodies):
        if body not in model.feet:
            ends = (model.capsule_starts[g], model.capsule_ends[g])
            balls += [(body, end, model.capsule_radii[g]) for end in ends]
    heights = [positions[:, b, 2] + rotations[:, b, 2] @ p - radius for b, p, radius in balls]
    return np.stack(heights, axis=1)


def assert_within_limits(qpos: np.ndarray, model: RobotModel, speed: float, fps: float) -> None:
    """Joint limits and speeds (rad/s) are kept in every frame, and nothing is below the floor."""
    joints = qpos[:, 7:]
    assert np.isfinite(qpos).all()
    assert np.abs(np.linalg.norm(qpos[:, 3:7], axis=1) - 1).max() < 1e-9
    assert (joints >= model.lower).all()
    assert (joints <= model.upper).all()
    fastest = np.minimum(model.velocity_limits, speed)
    assert (np.abs(np.diff(joints, axis=0)) * fps <= fastest).all()
    assert sphere_heights(qpos, model).min() > -1e-9
