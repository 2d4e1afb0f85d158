"""Judging a retargeted clip."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from retarget.errors import RobotError, check_argument
from retarget.evaluation.diagnostics import diagnose
from retarget.evaluation.frames.collisions import CollisionMeasures
from retarget.evaluation.frames.continuity import (
    Continuity,
    find_continuity,
    measure_continuity,
)
from retarget.evaluation.frames.feet import FootTrack, measure_stance
from retarget.evaluation.frames.human import ScaledHuman, scaled_human
from retarget.evaluation.frames.joints import measure_joints
from retarget.evaluation.frames.limits import kept_accelerations
from retarget.evaluation.frames.physics import Forces, contact_forces, measure_physics
from retarget.evaluation.frames.stance import Stance, find_stance, horizontal_speed
from retarget.evaluation.frames.swing import measure_support, measure_swing
from retarget.evaluation.frames.tracking import TrackingMeasures
from retarget.evaluation.frames.trunk import NAMES as TRUNK_ERRORS
from retarget.evaluation.frames.trunk import TrunkMeasures
from retarget.evaluation.gates import DEFAULT_PROFILE, Gates
from retarget.evaluation.measures import DEFINITIONS, Measure
from retarget.evaluation.report import ClipReport
from retarget.evaluation.worst import Trace, Traces
from retarget.motion.doubts import Doubt, doubts_from_json, total_doubt
from retarget.result import RetargetingResult
from retarget.robots.held import moving_part
from retarget.robots.model import RobotModel
from retarget.solver.kinematics.forward import BLOCK_FRAMES, PoseBlock, pose_blocks

__all__ = ["evaluate"]


def evaluate(
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
    start = time.perf_counter()
    result, robot = _moving(result, robot)
    stance = find_stance(result.source, result.fps)
    feet = FootTrack(robot, len(result))
    collisions = CollisionMeasures(robot, len(result))
    tracking = TrackingMeasures(robot, result.source)
    trunk = TrunkMeasures(robot, result.source)
    continuity = find_continuity(result)
    human = scaled_human(result.source, stance, robot, result.fps)
    blocks = _pose_blocks(result, robot)
    for block in blocks():
        feet.add(*block)
        collisions.add(*block)
        trunk.add(*block)
        tracking.align(*block)
    for block in blocks():
        tracking.add(*block)
    doubts = _doubts(result)
    forces = contact_forces(result.qpos, robot, result.fps)
    values = {
        "doubt": None if doubts is None else total_doubt(doubts),
        **measure_stance(feet, stance, human.lowest, result.fps),
        **measure_swing(feet, human, stance, result.fps),
        **measure_support(feet, collisions.body_height, human),
        **measure_physics(
            forces,
            human,
            result.fps,
            limited=bool(np.isfinite(robot.effort_limits).any()),
        ),
        **measure_continuity(continuity, result.fps),
        **measure_joints(robot, result.qpos[:, 7:], result.fps, kept_accelerations(result, robot)),
        **collisions.values(),
        **tracking.values(),
        **trunk.values(tracking.yaw),
    }
    seen = _traces(result, human, stance, feet, collisions, tracking, trunk, continuity, forces)
    measures = {name: Measure.of(name, values[name]) for name in DEFINITIONS}
    return ClipReport(
        clip=clip or _clip_name(result),
        robot=robot.name,
        frames=len(result),
        fps=result.fps,
        duration_s=result.duration,
        check_time_s=time.perf_counter() - start,
        measures=measures,
        gates=(gates or Gates.named(DEFAULT_PROFILE)).check(measures, seen.worst_second),
        diagnostics=diagnose(result, robot, continuity),
        doubts=doubts or (),
    )


def _moving(result: RetargetingResult, robot: RobotModel) -> tuple[RetargetingResult, RobotModel]:
    """Both without the joints that are held: these are neither smooth nor at a limit, they stand still."""
    part = moving_part(robot)
    if part.robot is robot:
        return result, robot
    names = part.robot.joint_names
    return replace(result, qpos=part.narrowed(result.qpos), joint_names=names), part.robot


def _traces(
    result: RetargetingResult,
    human: ScaledHuman,
    stance: Stance,
    feet: FootTrack,
    collisions: CollisionMeasures,
    tracking: TrackingMeasures,
    trunk: TrunkMeasures,
    continuity: Continuity,
    forces: Forces,
) -> Traces:
    """What is made of each frame, to find the worst ones."""
    peaks: dict[str, Callable[[], Trace]] = {
        "sole_penetration_max": lambda: -feet.lowest.min(axis=1),
        "base_speed_max": lambda: continuity.base_speed,
        "base_turn_max": lambda: continuity.base_turn,
        "human_base_speed_max": lambda: continuity.human_speed,
    }
    levels: dict[str, Callable[[], Trace]] = {
        "limb_error_mean": lambda: tracking.errors.mean(axis=1),
        "limb_error_p95": lambda: tracking.errors.max(axis=1),
        "toe_slide_mean": lambda: (
            horizontal_speed(feet.ends[:, :, 0], result.fps) * stance.toe
        ).max(axis=1),
        "sole_lifted_share": lambda: (
            (feet.lowest - np.maximum(human.lowest, 0.0)) * stance.toe
        ).max(axis=1),
        "floating_share": lambda: (
            np.minimum(feet.lowest.min(axis=1), collisions.body_height).clip(0.0, 0.1)
            * ~human.flies
        ),
        "repeated_share": lambda: continuity.repeats,
        "repeated_time_max": lambda: continuity.repeats,
        "human_repeated_share": lambda: continuity.human_repeats,
        "human_repeated_time_max": lambda: continuity.human_repeats,
        "force_left_mean": lambda: forces.force_left,
        "self_collision_share": lambda: collisions.depth,
        "jerk_mean": lambda: np.abs(np.diff(result.qpos[:, 7:], 3, axis=0)).sum(axis=1),
        **{
            f"{name}_p95": partial(trunk.errors.__getitem__, row)
            for row, name in enumerate(TRUNK_ERRORS)
        },
    }
    return Traces(result.fps, peaks, levels)


def _difference(theirs: tuple[str, ...], ours: tuple[str, ...]) -> str:
    """How a result's joints differ from a robot's, in words."""
    if len(theirs) != len(ours):
        return f"it has {len(theirs)} joints, the robot {len(ours)}"
    if sorted(theirs) == sorted(ours):
        return "the same joints, but in another order"
    first = next(i for i, (name, own) in enumerate(zip(theirs, ours, strict=True)) if name != own)
    return f"its joint {first + 1} of {len(ours)} is {theirs[first]!r:.60}, the robot's {ours[first]!r}"


def _doubts(result: RetargetingResult) -> tuple[Doubt, ...] | None:
    """What was doubtful about the recording; None where nobody has kept it."""
    motion = result.provenance.get("motion")
    if not isinstance(motion, dict) or "doubts" not in motion:
        return None
    return doubts_from_json(motion["doubts"])


def _pose_blocks(result: RetargetingResult, robot: RobotModel) -> Callable[[], Iterable[PoseBlock]]:
    """Poses of all frames, to be gone through twice: made once where they fit one block."""
    if len(result) > BLOCK_FRAMES:
        return lambda: pose_blocks(result.qpos, robot)
    kept = list(pose_blocks(result.qpos, robot))
    return lambda: kept


def _clip_name(result: RetargetingResult) -> str:
    motion = result.provenance.get("motion")
    path = motion.get("path", "") if isinstance(motion, dict) else ""
    return Path(str(path)).name or "clip"
