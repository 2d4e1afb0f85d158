"""The paths of centres of mass that a run of the pipeline has found, and what it found them from."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
from clips import SHARED, robot

from retarget.compiled.jit import jit
from retarget.motion import Motion, read_motion
from retarget.pipeline import retarget_motion
from retarget.result import RetargetingResult
from retarget.solver import stretches
from retarget.solver.arrays import Problem
from retarget.solver.balance import support
from retarget.solver.balance.path import CentrePath
from retarget.solver.balance.support import Support, find_support


class Balanced(NamedTuple):
    """A run, the path of its (first) stretch, and the start and the problem that it was found from."""

    result: RetargetingResult
    path: CentrePath
    start: np.ndarray
    problem: Problem

    @property
    def support(self) -> Support:
        return find_support(self.start, self.problem)


def balanced(motion: Motion, name: str = "unitree_g1") -> Balanced:
    found: list[tuple[CentrePath, np.ndarray, Problem]] = []
    find = stretches.centre_path

    def noted(start: np.ndarray, problem: Problem) -> CentrePath:
        path = find(start, problem)
        kept = CentrePath(path.places.copy(), path.shares.copy())
        found.append((kept, start.copy(), problem))
        return path

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stretches, "centre_path", noted)
        result = retarget_motion(motion, robot(name))
    return Balanced(result, *found[0])


@cache
def balanced_clip(name: str, robot_name: str = "unitree_g1", frames: int = 1800) -> Balanced:
    """A clip of the shared ones, its first minute at most."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"needs {path.name} of the shared clips")
    motion = read_motion(path)
    return balanced(motion.frames(0, min(frames, len(motion))), robot_name)


@jit()
def hull_of(points: np.ndarray, corners: np.ndarray, out: np.ndarray) -> None:
    """Fill the corners of the convex hull of points seen from above, and their number."""
    out[0] = support._hull(points, corners)


@jit()
def nearest_of(corners: np.ndarray, count: int, points: np.ndarray, out: np.ndarray) -> None:
    """Fill the points of a hull that are nearest to some."""
    for i in range(points.shape[0]):
        x, y = support.nearest_on_hull(corners, count, points[i, 0], points[i, 1])
        out[i, 0] = x
        out[i, 1] = y


def pushed_from(path: np.ndarray, spins: np.ndarray, fps: float, gravity: float) -> np.ndarray:
    """Zero-moment points of a centre of mass's path (metres, (T - 2, 2)) of a body that turns meanwhile.

    Moments about the point where the ground pushes: m (c - p) x (a + g) + dL/dt = 0, along the floor.
    """
    a = np.diff(path, 2, axis=0) * fps**2
    push = a[:, 2] + gravity
    turning = np.diff(spins, axis=0)[1:] * fps**2
    c = path[1:-1]
    p = c[:, :2] - (c[:, 2] / push)[:, None] * a[:, :2]
    p[:, 0] -= turning[:, 1] / push
    p[:, 1] += turning[:, 0] / push
    return np.asarray(p)
