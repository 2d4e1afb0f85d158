"""Bodies as capsules seen by a camera: what a picture of a human or a robot is drawn from.

An orthographic view of a capsule is a thick line with round ends, so that a whole figure is a handful of
lines drawn from back to front, without any 3-D engine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from retarget.result import SourceClip
from retarget.robots.model import RobotModel
from retarget.solver.kinematics.forward import forward_kinematics

__all__ = [
    "CENTRE",
    "LEFT",
    "RIGHT",
    "Camera",
    "Capsules",
    "facing",
    "human_capsules",
    "robot_capsules",
]

LEFT, RIGHT, CENTRE = 0, 1, 2

# Human limbs: (from, to, radius as a share of the leg's length). Only for looks: about a slim adult's.
_HUMAN_LIMBS = (
    ("hip", "knee", 0.075),
    ("knee", "ankle", 0.055),
    ("ankle", "toe", 0.04),
    ("shoulder", "elbow", 0.05),
    ("elbow", "wrist", 0.04),
)
_HUMAN_TRUNK = (("pelvis", "spine", 0.13), ("spine", "chest", 0.13), ("chest", "neck", 0.10))
_HUMAN_GIRDLE = 0.09
_HUMAN_HEAD = 0.12
_BONE_RADIUS = 0.02  # metres; robot links without a collision capsule


@dataclass(frozen=True, slots=True, eq=False)
class Capsules:
    """K capsules over T frames in the world, metres.

    Attributes:
        starts: First ends of the axes.
        ends: Second ends.
        radii: Radii.
        sides: LEFT, RIGHT or CENTRE of each capsule, for colours.
    """

    starts: Float64[np.ndarray, "T K 3"]
    ends: Float64[np.ndarray, "T K 3"]
    radii: Float64[np.ndarray, "K"]
    sides: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """An orthographic camera: world axes of the picture's right, up and towards the viewer."""

    right: Float64[np.ndarray, "3"]
    up: Float64[np.ndarray, "3"]
    towards: Float64[np.ndarray, "3"]

    @classmethod
    def looking(cls, azimuth: float, elevation: float) -> Camera:
        """A camera that stands at an azimuth about z and an elevation above the floor, in radians."""
        sa, ca, se, ce = np.sin(azimuth), np.cos(azimuth), np.sin(elevation), np.cos(elevation)
        return cls(
            np.array([-sa, ca, 0.0]),
            np.array([-se * ca, -se * sa, ce]),
            np.array([ce * ca, ce * sa, se]),
        )

    def picture(self, points: Float64[np.ndarray, "*n 3"]) -> Float64[np.ndarray, "*n 2"]:
        """Points of the picture, metres."""
        return np.stack([points @ self.right, points @ self.up], axis=-1)

    def nearness(self, points: Float64[np.ndarray, "*n 3"]) -> Float64[np.ndarray, "*n"]:
        """How near points are to the viewer, metres."""
        return np.asarray(points @ self.towards)


def facing(source: SourceClip) -> Float64[np.ndarray, "T 2"]:
    """Horizontal direction that the pelvis faces, from right hip to left hip turned by -90 degrees."""
    across = source.position("left_hip")[:, :2] - source.position("right_hip")[:, :2]
    forward = np.stack([across[:, 1], -across[:, 0]], axis=-1)
    return np.asarray(forward / np.maximum(np.linalg.norm(forward, axis=1, keepdims=True), 1e-9))


def human_capsules(source: SourceClip) -> Capsules:
    """A slim manikin on the recorded joints; roles that the clip lacks are left out."""
    have = set(source.position_roles)
    leg = _leg_length(source)
    parts: list[tuple[str, str, float, int]] = []
    for side, name in ((LEFT, "left"), (RIGHT, "right")):
        parts += [(f"{name}_{a}", f"{name}_{b}", radius, side) for a, b, radius in _HUMAN_LIMBS]
    trunk = [*_HUMAN_TRUNK] if "spine" in have else [("pelvis", "chest", 0.13), _HUMAN_TRUNK[-1]]
    parts += [(a, b, radius, CENTRE) for a, b, radius in trunk]
    for name in ("hip", "shoulder"):
        parts.append((f"left_{name}", f"right_{name}", _HUMAN_GIRDLE, CENTRE))
    parts.append(("neck", "head", 0.05, CENTRE))
    parts = [part for part in parts if part[0] in have and part[1] in have]
    starts = [source.position(a) for a, _, _, _ in parts]
    ends = [source.position(b) for _, b, _, _ in parts]
    radii = [radius * leg for _, _, radius, _ in parts]
    sides = [side for *_, side in parts]
    if "head" in have:
        skull = _skull(source, _HUMAN_HEAD * leg)
        starts, ends = [*starts, skull], [*ends, skull]
        radii, sides = [*radii, _HUMAN_HEAD * leg], [*sides, CENTRE]
    return Capsules(np.stack(starts, axis=1), np.stack(ends, axis=1), np.array(radii), tuple(sides))


def _skull(source: SourceClip, radius: float) -> Float64[np.ndarray, "T 3"]:
    """Centre of the head: the joint is at its base, so on from there, away from the chest."""
    head = source.position("head")
    along = head - source.position("chest")
    return np.asarray(
        head + 0.8 * radius * along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-6)
    )


def _leg_length(source: SourceClip) -> float:
    joints = [source.position(f"left_{name}") for name in ("hip", "knee", "ankle")]
    bones = np.linalg.norm(np.diff(joints, axis=0), axis=-1)
    return float(np.median(bones.sum(axis=0)))


def robot_capsules(qpos: Float64[np.ndarray, "T Q"], robot: RobotModel) -> Capsules:
    """The robot's collision capsules, and its links as thin ones."""
    positions, rotations = forward_kinematics(qpos, robot)
    sides = _sides_of_bodies(robot)
    bodies = robot.capsule_bodies

    def placed(points: Float64[np.ndarray, "G 3"]) -> Float64[np.ndarray, "T G 3"]:
        turned = np.einsum("tgij,gj->tgi", rotations[:, bodies], points)
        return np.asarray(positions[:, bodies] + turned)

    links = np.arange(1, len(robot.body_names))
    return Capsules(
        np.concatenate([positions[:, robot.parents[1:]], placed(robot.capsule_starts)], axis=1),
        np.concatenate([positions[:, links], placed(robot.capsule_ends)], axis=1),
        np.concatenate([np.full(len(links), _BONE_RADIUS), robot.capsule_radii]),
        tuple(sides[b] for b in [*robot.parents[1:], *bodies]),
    )


def _sides_of_bodies(robot: RobotModel) -> list[int]:
    """A body is left or right if it, or a body above it, is that side's hip or shoulder."""
    roots = {}
    for side, name in ((LEFT, "left"), (RIGHT, "right")):
        for joint in ("hip", "shoulder"):
            body = robot.roles[f"{name}_{joint}"]
            roots[body] = side
            parent = int(robot.parents[body])
            while parent > 0 and _is_single_child(robot, parent):
                roots[parent] = side
                parent = int(robot.parents[parent])
    sides: list[int] = []
    for body, parent in enumerate(robot.parents):
        inherited = sides[parent] if parent >= 0 else CENTRE
        sides.append(roots.get(body, inherited))
    return sides


def _is_single_child(robot: RobotModel, body: int) -> bool:
    return int((robot.parents == body).sum()) == 1 and body not in robot.roles.values()
