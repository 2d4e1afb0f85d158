"""What is marked on a robot: how its feet stand, where they went, its centre of mass, and where its limbs should be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64, UInt8

from retarget.drawing.look import ContactState
from retarget.result import SourceClip
from retarget.robots.kinematics import body_poses
from retarget.robots.model import RobotModel
from retarget.robots.spec import SIDES
from retarget.scenes.posed import Thing
from retarget.solver.kinematics.forward import pose_blocks

__all__ = ["Marks", "convex_hull", "find_marks"]

_LIMBS: Final = (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))
_SLIDES: Final = 0.25  # m/s: a foot that the solver holds is slower, one that is faster travels
_LIFTED: Final = 0.01  # metres above the floor: who stands there stands on nothing
_TILTED: Final = 0.03
"""Metres up to which an end of a foot is up because its foot is tilted.

A human's heel counts as resting up to about this height in a robot's size, and solves hold ends of tilted feet as high.
"""
_HALO: Final = 0.02  # metres by which rings around heels and toes are wider than what they mark
_SUNK: Final = 0.005  # metres below the floor that can be seen


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """Marks of a robot over T frames; metres, world. Without legs it has no feet, and of limbs those that it has.

    Attributes:
        points: Contact points: foot (left, right) x (heel, toe).
        states: What each does, a `ContactState`.
        grounds: How high what is below each is: the floor at 0, or a thing.
        soles: All points of the soles on their undersides.
        stands: Whether a point of the soles is one that stands: near the floor, on a foot that is held.
        mass: Centre of mass.
        targets: Where knees, ankles, elbows and wrists would be if limbs pointed as the human's do, in the robot's
            size, from where the robot's own limbs begin.
        joints: Where they are.
    """

    points: Float32[np.ndarray, "T F 2 3"]
    states: UInt8[np.ndarray, "T F 2"]
    grounds: Float32[np.ndarray, "T F 2"]
    soles: Float32[np.ndarray, "T F S 3"]
    stands: Bool[np.ndarray, "T F S"]
    mass: Float32[np.ndarray, "T 3"]
    targets: Float32[np.ndarray, "T J 3"]
    joints: Float32[np.ndarray, "T J 3"]

    @property
    def feet(self) -> int:
        """How many feet there are: two or none."""
        return int(self.points.shape[1])

    def halo(self, frame: int, foot: int, end: int) -> Float64[np.ndarray, "16 2"]:
        """A ring on the floor around a foot's heel (0) or toe (1), counter-clockwise."""
        place = self.points[frame, foot, end, :2].astype(np.float64)
        radius = float(self.halo_radii(frame)[foot])
        turns = np.linspace(0, 2 * np.pi, 16, endpoint=False)
        return place + radius * np.stack([np.cos(turns), np.sin(turns)], axis=-1)

    def halo_radii(self, frame: int) -> Float64[np.ndarray, "F"]:
        """Radius of the rings around each foot's heel and toe, metres."""
        ends = self.points[frame, ..., :2].astype(np.float64)
        lengths = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=-1)
        return np.asarray(np.clip(0.45 * lengths, 0.03, 0.12) + _HALO)

    def support(self, frame: int) -> Float64[np.ndarray, "C 3"]:
        """Corners of the hull of what stands in a frame, seen from above counter-clockwise; none where nothing does."""
        places = self.soles[frame][self.stands[frame]].astype(np.float64)
        return np.asarray(places[convex_hull(places[:, :2])])

    def ground(self, frame: int) -> float:
        """How high what is below the centre of mass is, metres: as high as the lowest point that stands."""
        standing = self.stands[frame]
        return float(self.soles[frame][standing][:, 2].min()) if standing.any() else 0.0


def find_marks(
    qpos: Float64[np.ndarray, "T Q"],
    contacts: Bool[np.ndarray, "T 2 2"],
    fps: float,
    robot: RobotModel,
    source: SourceClip,
    yaw: float = 0.0,
    things: Sequence[Thing] = (),
) -> Marks:
    """Find the marks of a robot's motion.

    Args:
        qpos: Its configurations.
        contacts: The contacts found on the human, foot x (heel, toe).
        fps: Frames per second.
        robot: The robot.
        source: The human, whose limbs show where the robot's should be.
        yaw: How far the human is to be turned about z to lie as the robot does, radians.
        things: Things around the robot, on which feet stand as on the floor.
    """
    frames = len(qpos)
    soles = np.empty((frames, *robot.soles.shape), np.float32)
    mass = np.empty((frames, 3), np.float32)
    chain = [
        f"{side}_{joint}"
        for side in SIDES
        for limb in _LIMBS
        for joint in limb
        if {f"{side}_{one}" for one in limb} <= robot.roles.keys() & set(source.position_roles)
    ]
    ends = np.empty((frames, len(chain), 3), np.float32)
    bodies = [robot.roles[role] for role in chain]
    centres = np.array([robot.role_points[role] for role in chain]).reshape(len(chain), 3)
    share = robot.masses / robot.masses.sum()
    for block, places, turns in pose_blocks(qpos, robot):
        soles[block] = places[:, robot.feet, None] + np.einsum(
            "tfij,fsj->tfsi", turns[:, robot.feet], robot.soles
        )
        middles = places + np.einsum("tbij,bj->tbi", turns, robot.mass_centres)
        mass[block] = np.einsum("tbi,b->ti", middles, share)
        ends[block] = places[:, bodies] + np.einsum("tjab,jb->tja", turns[:, bodies], centres)
    soles[..., 2] -= robot.sole_radius
    groups = _heels_and_toes(robot)
    points = np.stack([_lowest(soles[:, :, groups[end]]) for end in range(2)], axis=2)
    speeds = _speeds(points, things, fps)
    above = _above(points, things)
    states = _states(above, speeds, contacts[:, : len(robot.feet)])
    grounds = points[..., 2] - above
    starts, joints = ends[:, 0::2], ends[:, 1::2]
    held = (states == ContactState.HELD) | (states == ContactState.SLIDING)
    stands = np.zeros(soles.shape[:3], bool)
    for end in range(2):
        stands[:, :, groups[end]] = held[:, :, end, None]
    stands &= np.abs(_above(soles, things)) < _LIFTED
    targets = starts + _directions(source, chain, yaw) * np.linalg.norm(
        joints - starts, axis=-1, keepdims=True
    )
    return Marks(points, states, grounds, soles, stands, mass, targets.astype(np.float32), joints)


def _directions(source: SourceClip, chain: list[str], yaw: float) -> Float64[np.ndarray, "T J 3"]:
    at = [source.position_roles.index(role) for role in chain]
    places = source.positions[:, at].astype(np.float64)
    lines = places[:, 1::2] - places[:, 0::2]
    lines /= np.maximum(np.linalg.norm(lines, axis=-1, keepdims=True), 1e-9)
    sine, cosine = np.sin(yaw), np.cos(yaw)
    return np.asarray(lines @ np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]]))


def _heels_and_toes(
    robot: RobotModel,
) -> tuple[Int64[np.ndarray, "H"], Int64[np.ndarray, "G"]]:
    """Which points of a sole are in its back half, and which in its front; both feet have their points alike."""
    if not len(robot.feet):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    places, turns = body_poses(robot, robot.neutral, robot.upright)
    left, right = (
        places[body] + turns[body] @ robot.role_points[hip]
        for hip, body in ((hip, robot.roles[hip]) for hip in ("left_hip", "right_hip"))
    )
    across = left - right
    forward = np.cross(across, [0.0, 0.0, 1.0])
    foot = robot.feet[0]
    ahead = robot.soles[0] @ (turns[foot].T @ forward)
    middle = (ahead.min() + ahead.max()) / 2
    return np.flatnonzero(ahead <= middle), np.flatnonzero(ahead >= middle)


def _lowest(points: Float32[np.ndarray, "T F P 3"]) -> Float32[np.ndarray, "T F 3"]:
    """The middle of some points of each foot, at the height of the lowest."""
    if not points.shape[1]:
        return np.zeros((len(points), 0, 3), np.float32)
    middle = points.mean(axis=2)
    middle[..., 2] = points[..., 2].min(axis=2)
    return np.asarray(middle)


def _above(
    points: Float32[np.ndarray, "T F P 3"], things: Sequence[Thing]
) -> Float32[np.ndarray, "T F P"]:
    """How far points are from what is nearest to them, the floor or a thing: negative inside, metres."""
    above = points[..., 2].copy()
    for thing in things:
        for foot, point in np.ndindex(*points.shape[1:3]):
            away = thing.nearest(points[:, foot, point].astype(np.float64)).distance
            np.minimum(above[:, foot, point], away, out=above[:, foot, point])
    return above


def _speeds(
    points: Float32[np.ndarray, "T F 2 3"], things: Sequence[Thing], fps: float
) -> Float64[np.ndarray, "T F 2"]:
    """How fast contact points go along what they are on, m/s: the slower of the steps before and after.

    Touching down and taking off is no slide.
    """
    speed = np.zeros(points.shape[:3])
    if len(points) < 2:
        return speed
    for foot, end in np.ndindex(*points.shape[1:3]):
        path = points[:, foot, end].astype(np.float64)
        steps = np.linalg.norm(np.diff(path[:, :2], axis=0), axis=-1)
        for thing in things:
            if thing.moves:
                on = np.abs(thing.nearest(path).distance) < _LIFTED
                along = np.linalg.norm(np.diff(thing.to_local(path), axis=0), axis=-1)
                steps = np.where(on[1:] & on[:-1], along, steps)
        before, after = np.append(steps[:1], steps), np.append(steps, steps[-1:])
        speed[:, foot, end] = np.minimum(before, after) * fps
    return speed


def _states(
    height: Float32[np.ndarray, "T F 2"],
    speed: Float64[np.ndarray, "T F 2"],
    contacts: Bool[np.ndarray, "T F 2"],
) -> UInt8[np.ndarray, "T F 2"]:
    """State of each contact point, from how high and fast it is and whether the human's stands."""
    states = np.full(height.shape, ContactState.FREE, np.uint8)
    states[contacts] = ContactState.HELD
    states[contacts & (speed > _SLIDES)] = ContactState.SLIDING
    up = contacts & (height > _LIFTED)
    states[up] = ContactState.LIFTED
    states[height < -_SUNK] = ContactState.SUNK
    stands = (states == ContactState.HELD) | (states == ContactState.SLIDING)
    states[up & stands[..., ::-1] & (height <= _TILTED)] = ContactState.TILTED
    return states


def convex_hull(points: Float64[np.ndarray, "n 2"]) -> Int64[np.ndarray, "C"]:
    """Which of some points of a plane are corners of their convex hull, counter-clockwise; all where they span none.

    Example:
        >>> convex_hull(np.array([[0, 0], [1, 0], [0.4, 0.1], [0, 1.0]])).tolist()
        [0, 1, 3]
    """
    from scipy.spatial import ConvexHull, QhullError

    if len(points) < 3:
        return np.arange(len(points))
    try:
        return np.asarray(ConvexHull(points).vertices, np.int64)
    except QhullError:  # all on a line
        return np.zeros(0, np.int64)
