"""One look at a clip's frames: everything that measures are made of."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64

from retarget.evaluation.frames.collisions import CollisionMeasures
from retarget.evaluation.frames.continuity import (
    Continuity,
    find_continuity,
    measure_continuity,
)
from retarget.evaluation.frames.following.bodies import BodyTrack
from retarget.evaluation.frames.following.build import robot_build
from retarget.evaluation.frames.following.gains import Gains, find_gains, measure_gains
from retarget.evaluation.frames.following.places import Places, find_places, measure_places
from retarget.evaluation.frames.following.smoothness import measure_smoothness
from retarget.evaluation.frames.following.steadiness import (
    Steadiness,
    find_steadiness,
    measure_steadiness,
)
from retarget.evaluation.frames.following.timing import Timing, find_timing, measure_timing
from retarget.evaluation.frames.following.tracking import Tracking, find_tracking, measure_tracking
from retarget.evaluation.frames.following.trunk import find_trunk, measure_trunk
from retarget.evaluation.frames.joints import measure_joints
from retarget.evaluation.frames.limits import kept_accelerations, kept_positions
from retarget.evaluation.frames.physics import Forces, ForceTrack, measure_physics
from retarget.evaluation.frames.solved import measure_solved
from retarget.evaluation.frames.standing.contacts import Contacts, find_contacts, measure_contacts
from retarget.evaluation.frames.standing.feet import FootTrack, measure_stance
from retarget.evaluation.frames.standing.gait import Gait, find_gait, measure_gait
from retarget.evaluation.frames.standing.human import ScaledHuman, scaled_human
from retarget.evaluation.frames.standing.stance import Stance, find_stance
from retarget.evaluation.frames.standing.swing import measure_support, measure_swing
from retarget.evaluation.frames.things import ThingFrames, find_things, measure_things
from retarget.evaluation.measures.registry import MEASURES
from retarget.motion.doubts import Doubt, doubts_from_json, total_doubt
from retarget.result import RetargetingResult
from retarget.robots.held import moving_part
from retarget.robots.model import RobotModel
from retarget.solver.kinematics.forward import pose_blocks

__all__ = ["Look", "look_at"]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What was seen in a clip's frames.

    Attributes:
        result: The clip, without joints that are held.
        robot: Likewise.
        stance: When the human stands.
        human: The human in the robot's size.
        bodies: Where joint centres are, and how segments are turned.
        feet: Where the soles are.
        contacts: Whether they stand as the human's do.
        collisions: How bodies overlap.
        tracking: How limbs follow.
        trunk: How the trunk follows, rad, see `frames.trunk.NAMES`; None where the robot has none.
        places: Where the robot goes, and its key bodies; None where it has no legs.
        timing: Whether it moves when the human does.
        steadiness: Whether limbs pop and the heading drifts.
        gains: Whether limbs move as far.
        gait: At what pace the human walks.
        continuity: Whether anything jumps or stops.
        forces: What contacts can give.
        things: How it meets things; None where there are none.
        doubts: About the recording; None where nobody has kept them.
    """

    result: RetargetingResult
    robot: RobotModel
    stance: Stance
    human: ScaledHuman
    bodies: BodyTrack
    feet: FootTrack
    contacts: Contacts
    collisions: CollisionMeasures
    tracking: Tracking
    trunk: Float64[np.ndarray, "M T"] | None
    places: Places | None
    timing: Timing
    steadiness: Steadiness
    gains: Gains
    gait: Gait
    continuity: Continuity
    forces: Forces
    things: ThingFrames | None
    doubts: tuple[Doubt, ...] | None

    @property
    def may_be_pushed(self) -> bool:
        """Whether things may push the robot: nobody knows with what, and physics is not judged."""
        return self.things is not None and not self.things.apart

    def values(self) -> dict[str, float | None]:
        """All measures by name; see `retarget.evaluation.MEASURES`."""
        result, robot, fps = self.result, self.robot, self.result.fps
        joints = result.qpos[:, 7:]
        limited = bool(np.isfinite(robot.effort_limits).any())
        body = self.collisions.body_height
        values = {
            "duration": (len(result) - 1) / fps,
            "doubt": None if self.doubts is None else total_doubt(self.doubts),
            **measure_stance(self.feet, self.stance, self.human.lowest, fps),
            **measure_contacts(self.contacts, self.feet, self.stance, body),
            **measure_swing(self.feet, self.human, self.stance, fps),
            **measure_support(self.feet, body, self.human, fps),
            **measure_physics(
                self.forces,
                self.human,
                fps,
                limited=limited,
                time_scale=_time_scale(result),
            ),
            **measure_continuity(self.continuity, fps),
            **measure_joints(
                robot,
                joints,
                fps,
                kept_accelerations(result, robot),
                kept_positions(result, robot),
            ),
            **measure_smoothness(self.bodies, fps),
            **self.collisions.values(),
            **measure_tracking(self.tracking),
            **measure_trunk(self.trunk),
            **measure_places(self.places, self.human.scale),
            **measure_timing(self.timing),
            **measure_steadiness(self.steadiness, fps),
            **measure_gains(self.gains),
            **measure_gait(self.gait),
            **measure_solved(result),
            **measure_things(self.things),
        }
        if self.may_be_pushed:
            values |= {name: None for name in values if MEASURES[name].group == "physics"}
        return values


def _time_scale(result: RetargetingResult) -> float:
    """How many times as long as it was recorded the motion lasts, where that is known."""
    scale = result.provenance.get("time_scale")
    if isinstance(scale, int | float) and 0 < scale < math.inf:
        return float(scale)
    return 1.0


def look_at(result: RetargetingResult, robot: RobotModel) -> Look:
    """Look at all frames of a result, which has some.

    Raises:
        RoleError: The source lacks a joint that is compared.
    """
    result, robot = _moving(result, robot)
    fps, frames = result.fps, len(result)
    stance = find_stance(result.source, fps)
    bodies = BodyTrack(robot, result.source)
    feet, collisions = FootTrack(robot, frames), CollisionMeasures(robot, frames)
    forces = ForceTrack(result.qpos, robot, fps)
    for block in pose_blocks(result.qpos, robot):
        feet.add(*block)
        collisions.add(*block)
        bodies.add(*block)
        forces.add(*block)
    human = scaled_human(result.source, stance, robot, fps)
    things = None
    if result.scene is not None:
        places = enumerate(bodies.compared.roles)
        joints = {role: bodies.points[:, i].astype(np.float64) for i, role in places}
        things = find_things(result, robot, joints)
    if things is not None and not things.apart:
        stance, human = things.stance(stance), things.human(human)
        things.correct(feet, collisions.body_height)
    tracking = find_tracking(bodies)
    return Look(
        result=result,
        robot=robot,
        stance=stance,
        human=human,
        bodies=bodies,
        feet=feet,
        contacts=find_contacts(feet, stance, human, fps),
        collisions=collisions,
        tracking=tracking,
        trunk=find_trunk(bodies, robot, tracking.yaw),
        places=find_places(bodies, human.scale, tracking.yaw),
        timing=find_timing(bodies, fps),
        steadiness=find_steadiness(bodies, fps),
        gains=find_gains(bodies, fps),
        gait=find_gait(stance, robot_build(robot).leg_length / human.scale, fps),
        continuity=find_continuity(result),
        forces=forces.forces(),
        things=things,
        doubts=_doubts(result),
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
