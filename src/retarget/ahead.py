"""A first run's kernels compiled by two processes: the whole-clip solve by one of its own, all others by this one.

Usage: python -m retarget.ahead
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from retarget.compiled.cache import alone_ahead, is_cached
from retarget.options import RetargetOptions
from retarget.robots import RobotModel, load_robot
from retarget.solver.arrays import Clip
from retarget.solver.clip import March, keep_limits, march_windows
from retarget.solver.problem import Setting, TaskWeights, make_setting, rated_clip_options
from retarget.solver.window.march import solve_windows
from retarget.targets.robot_frames import robot_anatomy

__all__ = ["compiled_ahead"]

_FPS = 30.0


@contextmanager
def compiled_ahead() -> Iterator[None]:
    """Compile the solve beside this process, where it has not been compiled yet and there is a core for it.

    Nothing waits for it but the solve, which finds its kernel taken by another process (`retarget.compiled.cache`).
    What comes before and after the solve is compiled meanwhile, here. Of several processes that begin at once one does
    so.
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
    words = [sys.executable, "-m", "retarget.ahead"]
    silent = subprocess.DEVNULL
    with subprocess.Popen(words, stdin=silent, stdout=silent, stderr=silent) as process:
        try:
            _judge_nothing()
            yield
        finally:
            process.terminate()  # it has finished, unless something went wrong here


def _setting(robot: RobotModel) -> Setting:
    return make_setting(robot, robot_anatomy(robot), _FPS, RetargetOptions(), TaskWeights())


def _solve_nothing() -> None:
    """Solve two frames of no particular motion, after one: the types are those of every motion."""
    robot = load_robot("unitree_g1")
    setting = _setting(robot)
    clip = Clip(*(np.zeros((3, *values.shape[1:])) for values in setting.empty.clip))
    start = np.zeros((3, robot.joint_count + 7))
    start[:, 3] = 1.0
    problem = setting.empty._replace(clip=clip)
    march_windows(March.of(start, problem), 1, 1, 3, problem, rated_clip_options(_FPS))


def _judge_nothing() -> None:
    """Hold some frames that nobody has solved to their limits, and evaluate them."""
    # The other process needs none of these.
    from retarget.demo import embedded_clips
    from retarget.evaluation import evaluate
    from retarget.motion import read_motion
    from retarget.pipeline import make_targets, source_clip
    from retarget.result import RetargetingResult
    from retarget.solver.residuals import measure_residuals
    from retarget.targets.build import cold_start

    robot = load_robot("unitree_g1")
    motion = read_motion(min(embedded_clips(), key=lambda path: path.stat().st_size)).frames(0, 8)
    _, contacts, targets, shape = make_targets(motion, robot)
    qpos, problem = cold_start(targets, shape, robot), _setting(robot).empty
    qpos[:, 2] -= 1.0  # below the floor
    keep_limits(qpos, problem)
    points = problem.clip.anchors.shape[1]
    held, anchors = np.ones((len(qpos), points), bool), np.zeros((len(qpos), points, 2), np.float32)
    result = RetargetingResult(
        qpos=qpos,
        fps=motion.fps,
        joint_names=robot.joint_names,
        robot=robot.name,
        contacts=contacts.stance,
        frame_cost=np.zeros(len(qpos)),
        source=source_clip(motion, contacts),
        residuals=measure_residuals(qpos, problem, held, anchors).by_name,
    )
    evaluate(result, robot)


if __name__ == "__main__":
    _solve_nothing()
