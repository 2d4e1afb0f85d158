"""Judging a retargeted clip."""

from __future__ import annotations

import time
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from retarget.errors import RobotError, check_argument
from retarget.evaluation.diagnostics import diagnose
from retarget.evaluation.gates import DEFAULT_PROFILE, Gates
from retarget.evaluation.look import Look, look_at
from retarget.evaluation.measures.measure import MeasuredValue
from retarget.evaluation.measures.registry import MEASURES
from retarget.evaluation.moments import measure_moments
from retarget.evaluation.report import ClipReport
from retarget.evaluation.series import all_series, worst_second
from retarget.result import RetargetingResult
from retarget.robots.model import RobotModel

__all__ = ["evaluate_result", "frame_series"]


def evaluate_result(
    result: RetargetingResult, robot: RobotModel, *, gates: Gates | None = None, clip: str = ""
) -> ClipReport:
    """Measure a retargeted clip against its source and the robot's limits.

    Args:
        result: The robot's motion and the human's.
        robot: The model it was made for.
        gates: Thresholds to pass; the profile ``train-ready`` if none.
        clip: Name for the report; the source file's name if empty.

    Raises:
        RobotError: The result was made for a robot with other joints, or has no frames.
        RoleError: The source lacks a joint that is compared.
    """
    start = time.perf_counter()
    seen = _look(result, robot)
    series = all_series(seen)
    values = seen.values() | measure_moments(seen, series)
    absent = _absent(robot)
    measures = {
        name: MeasuredValue.of(measure, None if name in absent else values[name])
        for name, measure in MEASURES.items()
    }

    def worst(name: str) -> float | None:
        return worst_second(seen, MEASURES[name], series)

    return ClipReport(
        clip=clip or _clip_name(result),
        robot=robot.name,
        frames=len(result),
        fps=result.fps,
        duration_s=result.duration,
        check_time_s=time.perf_counter() - start,
        measures=measures,
        gates=(gates or Gates.named(DEFAULT_PROFILE)).check(measures, worst),
        diagnostics=diagnose(seen.result, seen.robot, seen.continuity),
        doubts=seen.doubts or (),
    )


def frame_series(
    result: RetargetingResult, robot: RobotModel
) -> dict[str, Float64[np.ndarray, "T"]]:
    """What measures are made of, frame by frame: for plots, and to see where a clip is good or bad.

    Args:
        result: The robot's motion and the human's.
        robot: The model it was made for.

    Returns:
        By name of `retarget.evaluation.SERIES`, which has units and definitions, a number per frame; NaN in frames of
        which it says nothing, as of slide where no foot stands. `Measure.series` names that of a measure. Series that
        do not apply to the clip or the robot are left out.

    Raises:
        RobotError: The result was made for a robot with other joints, or has no frames.
        RoleError: The source lacks a joint that is compared.

    Example:
        >>> slide = frame_series(result, robot)["toe_slide"]  # doctest: +SKIP
        >>> np.nanmax(slide)  # doctest: +SKIP
        0.011
    """
    return {name: make() for name, make in all_series(_look(result, robot)).items()}


def _look(result: RetargetingResult, robot: RobotModel) -> Look:
    check_argument(result, RetargetingResult, "result", "retarget_motion(motion, robot)")
    check_argument(robot, RobotModel, "robot", "load_robot(name_or_path)")
    if result.joint_names != robot.joint_names:
        raise RobotError(
            f"the result of robot {result.robot!r} does not fit {robot.name!r}: "
            f"{_difference(result.joint_names, robot.joint_names)}; "
            "judge it with the robot that it was made for, or retarget the clip again"
        )
    if not len(result):
        raise RobotError("the result has no frames; there is nothing to measure")
    return look_at(result, robot)


def _difference(theirs: tuple[str, ...], ours: tuple[str, ...]) -> str:
    """How a result's joints differ from a robot's, in words."""
    if len(theirs) != len(ours):
        return f"it has {len(theirs)} joints, the robot {len(ours)}"
    if sorted(theirs) == sorted(ours):
        return "the same joints, but in another order"
    first = next(i for i, (name, own) in enumerate(zip(theirs, ours, strict=True)) if name != own)
    return f"its joint {first + 1} of {len(ours)} is {theirs[first]!r:.60}, the robot's {ours[first]!r}"


@lru_cache(maxsize=4)
def _absent(robot: RobotModel) -> frozenset[str]:
    """Measures of parts that a robot does not have; remembered for the robots used last."""
    return frozenset(name for name, one in MEASURES.items() if not one.applies_to(robot.roles))


def _clip_name(result: RetargetingResult) -> str:
    motion = result.provenance.get("motion")
    path = motion.get("path", "") if isinstance(motion, dict) else ""
    return Path(str(path)).name or "clip"
