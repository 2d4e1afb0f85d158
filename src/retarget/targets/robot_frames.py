"""The same anatomy on the robot: segment frames and lengths from its own joint centres."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float64

from retarget.errors import RobotError
from retarget.geometry import frame_from_y, frame_from_z, unit
from retarget.motion.fitting.calibration import bend
from retarget.motion.segments import LIMB_SEGMENTS, LIMBS, SEGMENTS, SIDES
from retarget.robots.kinematics import body_poses
from retarget.robots.model import RobotModel
from retarget.robots.plausibility.proportions import ARM, LEG, SHOULDER_HEIGHT
from retarget.targets.palms import palm_sides
from retarget.targets.robot_pose import Matrix, Pose, Vector
from retarget.targets.robot_trunk import robot_trunk, robot_wrist
from retarget.targets.trunk import Trunk

__all__ = ["RobotAnatomy", "robot_anatomy"]

# Angles tried to bend a knee or elbow; the one whose bend is nearest to a right angle defines its hinge.
_BEND_SAMPLES = 41
_UP = np.array([0.0, 0.0, 1.0])
_LOW_SHOULDERS = (
    0.65  # of a human's height of shoulders: below, a robot without legs is taken for an upper part
)


@dataclass(frozen=True, slots=True, eq=False)
class RobotAnatomy:
    """A robot's segments as a human's are described.

    Attributes:
        frames: Segment -> its anatomical frame in the frame of the body that carries it; of segments that it has.
        lengths: Limb segment -> distance of its joint centres, metres; likewise.
        hips: Side -> hip centre from the pelvis body's origin, in the pelvis' anatomical frame, metres; zeros of a
            robot without legs.
        trunk: Where it bends, and how far.
        wrists: Axis about which the left and the right wrist bend best, in the x and y of the hand's anatomical frame;
            zeros where no axis is better than another.
        palms: Where the left and the right palm face, as the angle about the hand's long axis from its x axis, rad.
        leg_length: Thigh plus shank, metres; of a robot without legs those of a human with such arms.
        ankle_height: Ankle joint above the ground with the sole flat, metres; 0 without legs.
        base_rotation: Rotation of the base in the pelvis' anatomical frame, joints neutral.
        base_offset: The base's origin from the pelvis body's, in the pelvis' anatomical frame, metres.
        contact_points: Foot (left, right) x point (heel, toe): the ends of the sole on its middle line, as
            sphere centres in the foot's frame, metres; zeros without legs.
        stand: Height of the base's origin, level and upright, above the floor on which a robot without legs stands or
            is mounted, metres; None of one with legs.
    """

    frames: dict[str, Matrix]
    lengths: dict[str, float]
    hips: dict[str, Vector]
    trunk: Trunk
    wrists: Float64[np.ndarray, "2 2"]
    palms: Float64[np.ndarray, "2"]
    leg_length: float
    ankle_height: float
    base_rotation: Matrix
    base_offset: Vector
    contact_points: Float64[np.ndarray, "2 2 3"]
    stand: float | None


@lru_cache(maxsize=4)
def robot_anatomy(robot: RobotModel) -> RobotAnatomy:
    """Describe a robot's segments from its joint centres; remembered for the robots used last.

    Raises:
        RobotError: Joint centres coincide, so that a limb has no direction.
    """
    at_zero = Pose.of(robot, np.clip(np.zeros(robot.joint_count), robot.lower, robot.upper))
    bent = Pose.of(robot, _bent_limbs(robot))
    legs, arms = robot.has("leg"), robot.has("arm")
    up = at_zero.middle("shoulder") - at_zero.middle("hip") if legs and arms else _UP
    frames: dict[str, Matrix] = {}
    for part, joint, own in (("pelvis", "hip", legs), ("chest", "shoulder", arms)):
        if own:
            left = at_zero.point(f"left_{joint}") - at_zero.point(f"right_{joint}")
            frames[part] = at_zero.local(part, frame_from_y(left, up))
    if not legs:  # the base, which stays level
        frames["pelvis"] = at_zero.local("pelvis", np.eye(3))
    lengths: dict[str, float] = {}
    contact_points = np.zeros((2, 2, 3))
    heights = [0.0]
    for limb in ("leg", "arm"):
        for side in SIDES if robot.has(limb) else ():
            _limb(side, limb, at_zero, bent, frames, lengths)
    if legs:
        soles = [_sole(robot, foot, at_zero) for foot in range(len(SIDES))]
        frames |= {f"{side}_foot": sole[0] for side, sole in zip(SIDES, soles, strict=True)}
        contact_points = np.stack([sole[1] for sole in soles])
        heights = [sole[2] for sole in soles]
    for side in SIDES if arms else ():
        arm = bent.world(f"{side}_forearm", frames[f"{side}_forearm"])
        frames[f"{side}_hand"] = bent.local(f"{side}_hand", arm)
    pelvis = at_zero.world("pelvis", frames["pelvis"])
    origin = at_zero.positions[robot.roles["pelvis"]]
    hips = {
        s: pelvis.T @ (at_zero.point(f"{s}_hip") - origin) if legs else np.zeros(3) for s in SIDES
    }
    neutral = Pose.of(robot, robot.neutral)
    pelvis = neutral.world("pelvis", frames["pelvis"])
    base_offset = pelvis.T @ (neutral.positions[0] - neutral.positions[robot.roles["pelvis"]])
    wrists = [robot_wrist(side, at_zero, frames) if arms else np.zeros(2) for side in SIDES]
    return RobotAnatomy(
        {segment: frames[segment] for segment in SEGMENTS if segment in frames},
        lengths,
        hips,
        robot_trunk(at_zero, frames),
        np.stack(wrists),
        palm_sides(neutral, frames) if arms else np.zeros(2),
        _leg_length(lengths),
        float(np.mean(heights)),
        pelvis.T @ neutral.rotations[0],
        base_offset,
        contact_points,
        None if legs else _stand(neutral, _leg_length(lengths)),
    )


def _leg_length(lengths: dict[str, float]) -> float:
    """Thigh plus shank, mean of both sides; what a human has whose arms are as long as those of a robot without."""
    if "left_thigh" in lengths:
        return (sum(lengths[f"{s}_thigh"] + lengths[f"{s}_shank"] for s in SIDES)) / 2
    arms = (sum(lengths[f"{s}_upper_arm"] + lengths[f"{s}_forearm"] for s in SIDES)) / 2
    return arms * LEG / ARM


def _stand(pose: Pose, leg_length: float) -> float:
    """Height of the base's origin: what is lowest stands on the floor, unless shoulders were as low as no human's are.

    Then it is the upper part of a robot, and mounted so that its shoulders are as high as a human's.
    """
    robot = pose.robot
    shoulders = float(pose.middle("shoulder")[2])
    usual = leg_length * SHOULDER_HEIGHT / LEG
    arms = _carried(robot, [robot.roles[f"{side}_shoulder"] for side in SIDES])
    lowest = float(pose.positions[~arms, 2].min())
    ends = zip(robot.capsule_bodies, robot.capsule_starts, robot.capsule_ends, strict=True)
    for (body, *points), radius in zip(ends, robot.capsule_radii, strict=True):
        if not arms[body]:
            heights = [
                pose.positions[body, 2] + pose.rotations[body, 2] @ point for point in points
            ]
            lowest = min(lowest, float(min(heights) - radius))
    if shoulders - lowest > _LOW_SHOULDERS * usual:
        return -lowest
    return usual - shoulders


def _carried(robot: RobotModel, roots: list[int]) -> Bool[np.ndarray, "B"]:
    """Bodies that some bodies carry, and these themselves."""
    carried = np.zeros(len(robot.parents), bool)
    for body, parent in enumerate(robot.parents):
        carried[body] = body in roots or (parent >= 0 and carried[parent])
    return carried


_SLIGHT = 0.3  # sine of a bend (17 degrees) up to which a joint is straight and goes no way
_BENDS = {"leg": -1.0, "arm": 1.0}  # knees bend backwards, elbows forwards


def _limb(
    side: str,
    limb: str,
    at_zero: Pose,
    bent: Pose,
    frames: dict[str, Matrix],
    lengths: dict[str, float],
) -> None:
    """Fill frames and lengths of the two long segments of a leg or an arm."""
    chain = LIMBS[limb]
    joints = [bent.point(f"{side}_{joint}")[None] for joint in chain]
    upper, lower, hinge, weight = bend(joints[0], joints[1], joints[2], -_BENDS[limb])
    if not weight[0] > 0:
        raise RobotError(
            f"{at_zero.robot.source}: the {side} {chain[1]} does not bend the limb; "
            "check the roles in the robot's description"
        )
    for segment, axis, ends in zip(
        LIMB_SEGMENTS[limb], (upper, lower), (chain[:2], chain[1:]), strict=False
    ):
        name = f"{side}_{segment}"
        frames[name] = bent.local(name, frame_from_z(axis, hinge)[0])
        span = at_zero.point(f"{side}_{ends[0]}") - at_zero.point(f"{side}_{ends[1]}")
        lengths[name] = float(np.linalg.norm(span))


def _bent_limbs(robot: RobotModel) -> Float64[np.ndarray, "N"]:
    """Joint angles with knees bent backwards and elbows forwards, each as near to a right angle as it goes."""
    joints = np.clip(np.zeros(robot.joint_count), robot.lower, robot.upper)
    for side in SIDES:
        for limb, forwards in _BENDS.items():
            chain = [f"{side}_{role}" for role in LIMBS[limb]]
            if chain[0] not in robot.roles:
                continue
            joint = robot.roles[chain[1]] - 1
            joints[joint] = _best_bend(robot, joints, joint, chain, forwards)
    return joints


def _best_bend(
    robot: RobotModel,
    joints: Float64[np.ndarray, "N"],
    joint: int,
    chain: list[str],
    forwards: float,
) -> float:
    """The angle of a knee or elbow that turns the distal segment furthest across the proximal one.

    Bending the way a human does comes first; some robots' elbows bend up and down instead, or at zero angles backwards,
    as their upper arms turn all the way round.
    """
    angles = np.linspace(
        max(robot.lower[joint], -np.pi), min(robot.upper[joint], np.pi), _BEND_SAMPLES
    )
    body = joint + 1
    positions, rotations = body_poses(robot, joints, robot.upright)
    proximal, middle, distal = (
        positions[robot.roles[role]] + rotations[robot.roles[role]] @ robot.role_points[role]
        for role in chain
    )
    axis, origin = rotations[body] @ robot.axes[body], positions[body]
    turns = angles - joints[joint]
    middle, distal = (origin + _turned(point - origin, axis, turns) for point in (middle, distal))
    first, second = unit(middle - proximal), unit(distal - middle)
    across = second - np.einsum("ti,ti->t", second, first)[:, None] * first
    sine = np.linalg.norm(across, axis=1)
    human = np.where(across[:, 0] * forwards > 0.1, sine, -1.0)
    return float(angles[int(np.argmax(human if human.max() > _SLIGHT else sine))])


def _turned(
    vector: Vector, axis: Vector, turns: Float64[np.ndarray, "n"]
) -> Float64[np.ndarray, "n 3"]:
    """A vector turned about a unit axis by several angles in rad (Rodrigues)."""
    sine, cosine = np.sin(turns)[:, None], np.cos(turns)[:, None]
    return np.asarray(
        cosine * vector + sine * np.cross(axis, vector) + (1 - cosine) * (axis @ vector) * axis
    )


def _sole(
    robot: RobotModel, foot: int, pose: Pose
) -> tuple[Matrix, Float64[np.ndarray, "2 3"], float]:
    """Anatomical frame of a foot from its sole, its heel and toe points, and the ankle's height above ground."""
    points = robot.soles[foot]
    middle = points.mean(axis=0)
    rotation = pose.rotations[robot.feet[foot]]
    _, spread, axes = np.linalg.svd(points - middle)
    # One point, or points in a row, span no plane: then the sole is level in the zero pose.
    normal = axes[2] if len(spread) > 1 and spread[1] > 1e-6 else rotation.T[:, 2]
    normal = normal * np.sign((rotation @ normal)[2] or 1.0)
    sideways = np.cross(normal, rotation.T @ [1.0, 0.0, 0.0])
    frame = frame_from_z(normal, sideways)
    local = (points - middle) @ frame
    front, back = local[:, 0].max(), local[:, 0].min()
    ends = middle + np.array([[back, 0, 0], [front, 0, 0]]) @ frame.T
    return frame, ends, float(robot.sole_radius - normal @ middle)
