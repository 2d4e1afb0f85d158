"""What each robot segment should follow, in the robot's size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from retarget.geometry import quaternion_from_matrix
from retarget.motion.anatomy import Anatomy
from retarget.motion.contacts import Contacts
from retarget.motion.segments import SIDES
from retarget.robots.model import RobotModel
from retarget.targets.robot_frames import RobotAnatomy

__all__ = ["Targets", "build_targets", "cold_start"]


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """Targets of a clip in the world of the robot: metres, z up, floor at z = 0.

    Attributes:
        positions: Wanted position of the pelvis body's origin (``pelvis``) and of each ankle's centre.
        frames: Wanted anatomical frame of each segment.
        stance: Foot (left, right) x point (heel, toe).
        fps: Frames per second.
        scale: Robot metres per human metre.
        floor: Height in the human's world that became z = 0, metres.
    """

    positions: dict[str, Float64[np.ndarray, "T 3"]]
    frames: dict[str, Float64[np.ndarray, "T 3 3"]]
    stance: Bool[np.ndarray, "T 2 2"]
    fps: float
    scale: float
    floor: float

    def __len__(self) -> int:
        return len(self.stance)


def build_targets(anatomy: Anatomy, contacts: Contacts, robot: RobotAnatomy) -> Targets:
    """Scale the root by the ratio of leg lengths and walk down the legs along the human's directions.

    One scale for the root keeps strides and stance consistent. The ankles are not scaled human ankles: robots'
    hips are wide, so walking human directions with robot lengths from the pelvis keeps limb directions true.
    """
    scale = robot.leg_length / anatomy.leg_length
    # The ankle's height in stance, not the toe's, is matched: toes differ most between skeletons.
    lift = robot.ankle_height - scale * float(contacts.ankle_heights.mean())
    pelvis = anatomy.frames["pelvis"]
    middle = (robot.hips["left"] + robot.hips["right"]) / 2
    origin = scale * anatomy.points["hips"] + [0.0, 0.0, lift] - pelvis @ middle
    positions = {"pelvis": origin}
    for side in SIDES:
        point = origin + pelvis @ robot.hips[side]
        for segment in (f"{side}_thigh", f"{side}_shank"):
            point = point - anatomy.frames[segment][..., 2] * robot.lengths[segment]
        positions[f"{side}_ankle"] = point
    return Targets(positions, anatomy.frames, contacts.stance, anatomy.fps, scale, contacts.floor)


def cold_start(
    targets: Targets, anatomy: RobotAnatomy, robot: RobotModel
) -> Float64[np.ndarray, "T Q"]:
    """A configuration a frame that knows no other frame: the base on its target, joints neutral."""
    pelvis = targets.frames["pelvis"]
    qpos = np.empty((len(targets), robot.qpos_size))
    qpos[:, :3] = targets.positions["pelvis"] + pelvis @ anatomy.base_offset
    qpos[:, 3:7] = quaternion_from_matrix(pelvis @ anatomy.base_rotation)
    qpos[:, 7:] = robot.neutral
    return qpos
