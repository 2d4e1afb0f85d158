"""The whole-clip solve compiled in a process of its own, while this one reads a motion and compiles what comes before.

Usage: python -m retarget.solver.ahead
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from retarget._cache import alone_ahead, is_cached
from retarget.options import RetargetOptions
from retarget.robots import load_robot
from retarget.solver.arrays import Clip
from retarget.solver.clip import solve_clip
from retarget.solver.problem import TaskWeights, make_setting, rated_clip_options
from retarget.solver.windows import solve_windows
from retarget.targets.robot_frames import robot_anatomy

__all__ = ["compiled_ahead"]

_FPS = 30.0


@contextmanager
def compiled_ahead() -> Iterator[None]:
    """Compile the solve beside this process, where it has not been compiled yet and there is a core for it.

    Nothing waits for it but the solve, which finds its kernel taken by another process (`retarget._cache`). Of several
    processes that begin at once one does so.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if (cores or 1) < 2 or is_cached(solve_windows):
        yield
        return
    with alone_ahead(solve_windows) as alone:
        if not alone:
            yield
            return
        with _compiling():
            yield


@contextmanager
def _compiling() -> Iterator[None]:
    words = [sys.executable, "-m", "retarget.solver.ahead"]
    silent = subprocess.DEVNULL
    with subprocess.Popen(words, stdin=silent, stdout=silent, stderr=silent) as process:
        try:
            yield
        finally:
            process.terminate()  # it has finished, unless something went wrong here


def _solve_nothing() -> None:
    """Solve three frames of no particular motion: the types are those of every motion."""
    robot = load_robot("unitree_g1")
    setting = make_setting(robot, robot_anatomy(robot), _FPS, RetargetOptions(), TaskWeights())
    clip = Clip(*(np.zeros((3, *values.shape[1:])) for values in setting.empty.clip))
    start = np.zeros((3, robot.joint_count + 7))
    start[:, 3] = 1.0
    solve_clip(start, setting.empty._replace(clip=clip), rated_clip_options(_FPS))


if __name__ == "__main__":
    _solve_nothing()
