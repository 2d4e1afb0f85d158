"""A first run's kernels compiled by several processes: as many as there are cores for.

Usage: python -m retarget.ahead STAGE ...
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import MappingProxyType

import numpy as np

from retarget.compiled.cache import alone_ahead, is_cached
from retarget.options import RetargetOptions
from retarget.robots import RobotModel, load_robot
from retarget.solver.arrays import Clip
from retarget.solver.clip import March, keep_limits, march_windows
from retarget.solver.problem import (
    Setting,
    TaskWeights,
    make_setting,
    rated_clip_options,
    rated_start_options,
)
from retarget.solver.window.march import solve_windows
from retarget.targets.robot_frames import robot_anatomy

__all__ = ["compiled_ahead", "judge_nothing"]

_FPS = 30.0
_FRAMES = 12


# What a process compiles: of two processes this one reads, finds contacts, makes targets and starts meanwhile.
_SHARES: Mapping[int, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        2: (("solve", "judge"),),
        3: (("solve",), ("judge", "start")),
        4: (("solve",), ("judge",), ("start",)),
    }
)


@contextmanager
def compiled_ahead() -> Iterator[None]:
    """Compile most kernels beside this process, where they have not been compiled yet and there are cores for it.

    Nothing waits for it but what needs a kernel that another process has taken (`retarget.compiled.cache`); what is
    needed first is compiled here. Of several processes that begin at once one does so.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if (cores or 1) < 2 or is_cached(solve_windows):
        yield
        return
    with alone_ahead(solve_windows) as alone, ExitStack() as processes:
        if alone:
            for stages in _SHARES[min(cores or 1, max(_SHARES))]:
                processes.enter_context(_compiling(stages))
        yield


@contextmanager
def _compiling(stages: tuple[str, ...]) -> Iterator[None]:
    words = [sys.executable, "-m", "retarget.ahead", *stages]
    silent = subprocess.DEVNULL
    with subprocess.Popen(words, stdin=silent, stdout=silent, stderr=silent) as process:
        try:
            yield
        finally:
            process.terminate()  # it has finished, unless something went wrong here


def _setting(robot: RobotModel) -> Setting:
    return make_setting(robot, robot_anatomy(robot), _FPS, RetargetOptions(), TaskWeights())


def _nothing(setting: Setting, frames: int) -> Clip:
    """Frames of no particular motion: the types are those of every motion."""
    return Clip(*(np.zeros((frames, *values.shape[1:])) for values in setting.empty.clip))


def _still(robot: RobotModel, frames: int) -> np.ndarray:
    qpos = np.zeros((frames, robot.joint_count + 7))
    qpos[:, 3] = 1.0
    return qpos


def _solve_nothing() -> None:
    """Solve two frames after one."""
    robot = load_robot("unitree_g1")
    setting = _setting(robot)
    problem = setting.empty._replace(clip=_nothing(setting, 3))
    march_windows(March.of(_still(robot, 3), problem), 1, 1, 3, problem, rated_clip_options(_FPS))


def _start_nothing() -> None:
    """Find a start, stances and a path of the centre of mass, and hold the start to its limits."""
    # The other processes need none of these.
    from retarget.solver.balance.path import centre_path
    from retarget.solver.residuals import measure_residuals
    from retarget.solver.stances import hold_stances
    from retarget.solver.start.solve import solve_start

    robot = load_robot("unitree_g1")
    setting = _setting(robot)
    problem = setting.single._replace(clip=_nothing(setting, _FRAMES))
    qpos = solve_start(_still(robot, _FRAMES), problem, rated_start_options(_FPS), setting.limbs)
    points = problem.clip.anchors.shape[1]
    carried = np.zeros((_FRAMES, points), bool)
    hold_stances(qpos, problem, carried, rated_clip_options(_FPS))
    centre_path(qpos, problem)
    qpos[:, 2] -= 1.0  # below the floor
    keep_limits(qpos, setting.empty)
    measure_residuals(qpos, setting.empty, ~carried, np.zeros((_FRAMES, points, 2), np.float32))


def judge_nothing() -> None:
    """Evaluate frames that nobody has solved."""
    from retarget.evaluation import evaluate_result
    from retarget.motion import ROLES
    from retarget.motion.segments import needed_roles
    from retarget.result import RetargetingResult, SourceClip

    robot = load_robot("unitree_g1")
    roles = tuple(ROLES)
    turning = tuple(role for role in needed_roles() if not role.endswith("toe"))
    source = SourceClip(
        roles,
        np.zeros((_FRAMES, len(roles), 3), np.float32),
        turning,
        np.zeros((_FRAMES, len(turning), 4), np.int16),
    )
    result = RetargetingResult(
        qpos=_still(robot, _FRAMES),
        fps=_FPS,
        joint_names=robot.joint_names,
        robot=robot.name,
        contacts=np.zeros((_FRAMES, 2, 2), bool),
        frame_cost=np.zeros(_FRAMES),
        source=source,
    )
    evaluate_result(result, robot)


_STAGES: Mapping[str, Callable[[], None]] = MappingProxyType(
    {"solve": _solve_nothing, "start": _start_nothing, "judge": judge_nothing}
)

if __name__ == "__main__":
    for stage in sys.argv[1:]:
        _STAGES[stage]()
