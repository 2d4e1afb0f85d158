"""One look at a clip's frames: everything that measures are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

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
from retarget.evaluation.frames.stance import Stance, find_stance
from retarget.evaluation.frames.swing import measure_support, measure_swing
from retarget.evaluation.frames.tracking import TrackingMeasures
from retarget.evaluation.frames.trunk import TrunkMeasures
from retarget.motion.doubts import Doubt, doubts_from_json, total_doubt
from retarget.result import RetargetingResult
from retarget.robots.held import moving_part
from retarget.robots.model import RobotModel
from retarget.solver.kinematics.forward import BLOCK_FRAMES, PoseBlock, pose_blocks

__all__ = ["Look", "look_at"]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What was seen in a clip's frames.

    Attributes:
        result: The clip, without joints that are held.
        robot: Likewise.
        stance: When the human stands.
        human: The human in the robot's size.
        feet: Where the soles are.
        collisions: How bodies overlap.
        tracking: How limbs follow.
        trunk: How the trunk follows.
        continuity: Whether anything jumps or stops.
        forces: What contacts can give.
        doubts: About the recording; None where nobody has kept them.
        values: All measures by name.
    """

    result: RetargetingResult
    robot: RobotModel
    stance: Stance
    human: ScaledHuman
    feet: FootTrack
    collisions: CollisionMeasures
    tracking: TrackingMeasures
    trunk: TrunkMeasures
    continuity: Continuity
    forces: Forces
    doubts: tuple[Doubt, ...] | None
    values: dict[str, float | None]


def look_at(result: RetargetingResult, robot: RobotModel) -> Look:
    """Look at all frames of a result, which has some.

    Raises:
        RoleError: The source lacks a joint that is compared.
    """
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
    limited = bool(np.isfinite(robot.effort_limits).any())
    values = {
        "doubt": None if doubts is None else total_doubt(doubts),
        **measure_stance(feet, stance, human.lowest, result.fps),
        **measure_swing(feet, human, stance, result.fps),
        **measure_support(feet, collisions.body_height, human),
        **measure_physics(forces, human, result.fps, limited=limited),
        **measure_continuity(continuity, result.fps),
        **measure_joints(robot, result.qpos[:, 7:], result.fps, kept_accelerations(result, robot)),
        **collisions.values(),
        **tracking.values(),
        **trunk.values(tracking.yaw),
    }
    return Look(
        result=result,
        robot=robot,
        stance=stance,
        human=human,
        feet=feet,
        collisions=collisions,
        tracking=tracking,
        trunk=trunk,
        continuity=continuity,
        forces=forces,
        doubts=doubts,
        values=values,
    )


def _moving(result: RetargetingResult, robot: RobotModel) -> tuple[RetargetingResult, RobotModel]:
    """Both without the joints that are held: these are neither smooth nor at a limit, they stand still."""
    part = moving_part(robot)
    if part.robot is robot:
        return result, robot
    names = part.robot.joint_names
    return replace(result, qpos=part.narrowed(result.qpos), joint_names=names), part.robot


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
