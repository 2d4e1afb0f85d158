"""Bodies as capsules: what a picture of a human or a robot is drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from retarget.drawing.look import CENTRE, LEFT, RIGHT
from retarget.result import SourceClip
from retarget.robots.kinematics import body_poses
from retarget.robots.model import RobotModel
from retarget.robots.plausibility.proportions import ARM, LEG
from retarget.robots.spec import LIMBS
from retarget.solver.kinematics.forward import forward_kinematics

__all__ = [
    "Capsules",
    "bone_capsules",
    "facing",
    "human_capsules",
    "human_leg_length",
    "robot_capsules",
    "robot_leg_length",
    "sides_of_bodies",
]

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
_HUMAN_HAND = (0.14, 0.035)  # length beyond the wrist, and radius
_LINK_RADIUS = 0.036  # of the leg's length: links between joints, under the collision capsules
_BONE_RADIUS = 0.012  # metres; bones of a recording that play no part
_PAD_RADIUS = 0.01  # metres; edges of a sole are drawn this thick at least


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


def facing(source: SourceClip) -> Float64[np.ndarray, "T 2"]:
    """Horizontal direction that the pelvis faces, from right hip to left hip turned by -90 degrees."""
    across = source.position("left_hip")[:, :2] - source.position("right_hip")[:, :2]
    forward = np.stack([across[:, 1], -across[:, 0]], axis=-1)
    return np.asarray(forward / np.maximum(np.linalg.norm(forward, axis=1, keepdims=True), 1e-9))


def human_capsules(source: SourceClip) -> Capsules:
    """A slim manikin on the recorded joints; roles that the clip lacks are left out."""
    have = set(source.position_roles)
    leg = human_leg_length(source)
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
    for side, name in ((LEFT, "left"), (RIGHT, "right")):
        if {f"{name}_elbow", f"{name}_wrist"} <= have:
            wrist, tip = _hand(source, name, _HUMAN_HAND[0] * leg)
            starts, ends = [*starts, wrist], [*ends, tip]
            radii, sides = [*radii, _HUMAN_HAND[1] * leg], [*sides, side]
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


def _hand(
    source: SourceClip, side: str, length: float
) -> tuple[Float64[np.ndarray, "T 3"], Float64[np.ndarray, "T 3"]]:
    """Wrist and tip of a hand that goes on as the forearm does."""
    wrist = source.position(f"{side}_wrist")
    along = wrist - source.position(f"{side}_elbow")
    size = np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-6)
    return wrist, np.asarray(wrist + length * along / size)


def human_leg_length(source: SourceClip) -> float:
    """Thigh and shank of the left leg, metres, as most frames have them."""
    joints = [source.position(f"left_{name}") for name in ("hip", "knee", "ankle")]
    bones = np.linalg.norm(np.diff(joints, axis=0), axis=-1)
    return float(np.median(bones.sum(axis=0)))


def robot_capsules(qpos: Float64[np.ndarray, "T Q"], robot: RobotModel) -> Capsules:
    """The robot's collision capsules, its links as thinner ones, necks between what is apart, and edges of soles."""
    positions, rotations = forward_kinematics(qpos, robot)
    sides = sides_of_bodies(robot)
    more = _added(robot)
    bodies = np.concatenate([robot.capsule_bodies, more.bodies])

    def placed(points: Float64[np.ndarray, "G 3"]) -> Float64[np.ndarray, "T G 3"]:
        turned = np.einsum("tgij,gj->tgi", rotations[:, bodies], points)
        return np.asarray(positions[:, bodies] + turned)

    links = np.arange(1, len(robot.body_names))
    starts = np.concatenate([robot.capsule_starts, more.starts])
    ends = np.concatenate([robot.capsule_ends, more.ends])
    return Capsules(
        np.concatenate([positions[:, robot.parents[1:]], placed(starts)], axis=1),
        np.concatenate([positions[:, links], placed(ends)], axis=1),
        np.concatenate(
            [
                np.full(len(links), _LINK_RADIUS * robot_leg_length(robot)),
                robot.capsule_radii,
                more.radii,
            ]
        ),
        tuple(sides[b] for b in [*robot.parents[1:], *bodies]),
    )


class _Added(NamedTuple):
    """Capsules in their bodies' frames, metres."""

    bodies: Int64[np.ndarray, "E"]
    starts: Float64[np.ndarray, "E 3"]
    ends: Float64[np.ndarray, "E 3"]
    radii: Float64[np.ndarray, "E"]


@lru_cache(maxsize=4)
def _added(robot: RobotModel) -> _Added:
    """What is drawn beside collision capsules; remembered for the robots used last."""
    pads, necks = _pads(robot), _necks(robot)
    return _Added(*(np.concatenate(pair) for pair in zip(pads, necks, strict=True)))


def _necks(robot: RobotModel) -> _Added:
    """From capsules that touch nothing of their body to what of it is nearest, such as from a head to its trunk."""
    bodies: list[int] = []
    starts, ends, radii = [], [], []
    middles = (robot.capsule_starts + robot.capsule_ends) / 2
    link = _LINK_RADIUS * robot_leg_length(robot)
    for one, body in enumerate(robot.capsule_bodies):
        others = [int(k) for k in np.flatnonzero(robot.capsule_bodies == body) if k != one]
        joints = [np.zeros(3), *robot.offsets[robot.parents == body]]
        places = np.array([*(_nearest(robot, k, middles[one]) for k in others), *joints])
        reach = np.array([*robot.capsule_radii[others], *[link] * len(joints)])
        gaps = np.array([np.linalg.norm(place - _nearest(robot, one, place)) for place in places])
        best = int(np.argmin(gaps - reach))
        if gaps[best] > robot.capsule_radii[one] + reach[best]:
            bodies.append(int(body))
            starts.append(places[best])
            ends.append(_nearest(robot, one, places[best]))
            radii.append(0.55 * float(min(robot.capsule_radii[one], max(reach[best], link))))
    shape = (len(bodies), 3)
    return _Added(
        np.array(bodies, np.int64),
        np.array(starts).reshape(shape),
        np.array(ends).reshape(shape),
        np.array(radii),
    )


def _nearest(
    robot: RobotModel, capsule: int, point: Float64[np.ndarray, "3"]
) -> Float64[np.ndarray, "3"]:
    """The point of a capsule's axis that is nearest to a point."""
    start, end = robot.capsule_starts[capsule], robot.capsule_ends[capsule]
    along = end - start
    share = float(np.clip((point - start) @ along / max(along @ along, 1e-12), 0.0, 1.0))
    return np.asarray(start + share * along)


def _pads(robot: RobotModel) -> _Added:
    """Round rims of the soles, their undersides level with the spheres that touch the ground."""
    _, turns = body_poses(robot, robot.neutral)
    radius = max(robot.sole_radius, _PAD_RADIUS)
    bodies: list[int] = []
    starts, ends = [], []
    for body, points in zip(robot.feet, robot.soles, strict=True):
        up = turns[body].T @ np.array([0.0, 0.0, 1.0])
        rim = _corners(points) + up * (radius - robot.sole_radius)
        edges = [(k, (k + 1) % len(rim)) for k in range(len(rim))]
        edges += [(k, k + 2) for k in range(len(rim) - 2)]
        bodies += [int(body)] * len(edges)
        starts += [rim[a] for a, _ in edges]
        ends += [rim[b] for _, b in edges]
        # The ankle stands on its sole, however thin what collides between them is.
        bodies.append(int(body))
        starts.append(robot.role_points["left_ankle" if body == robot.feet[0] else "right_ankle"])
        ends.append(rim.mean(axis=0))
    shape = (len(bodies), 3)
    return _Added(
        np.array(bodies, np.int64),
        np.array(starts).reshape(shape),
        np.array(ends).reshape(shape),
        np.full(len(bodies), radius),
    )


def _corners(points: Float64[np.ndarray, "S 3"], most: int = 4) -> Float64[np.ndarray, "C 3"]:
    """The points farthest from each other, in their order around the middle."""
    chosen = [int(np.linalg.norm(points - points.mean(axis=0), axis=1).argmax())]
    while len(chosen) < min(most, len(points)):
        gaps = np.linalg.norm(points[:, None] - points[chosen], axis=-1).min(axis=1)
        if gaps.max() < 1e-4:
            break
        chosen.append(int(gaps.argmax()))
    corners = points[chosen]
    middle = corners - corners.mean(axis=0)
    _, _, axes = np.linalg.svd(middle, full_matrices=False)
    around = np.arctan2(middle @ axes[min(1, len(axes) - 1)], middle @ axes[0])
    return np.asarray(corners[np.argsort(around)])


def robot_leg_length(robot: RobotModel) -> float:
    """Thigh and shank of the left leg, metres; of a robot without legs those of a human with such arms."""
    limb: Literal["leg", "arm"] = "leg" if robot.has("leg") else "arm"
    positions, rotations = body_poses(robot, robot.neutral)
    joints = np.array(
        [
            positions[body] + rotations[body] @ robot.role_points[role]
            for role in (f"left_{joint}" for joint in LIMBS[limb])
            for body in [robot.roles[role]]
        ]
    )
    length = float(np.linalg.norm(np.diff(joints, axis=0), axis=1).sum())
    return length if limb == "leg" else length * LEG / ARM


def bone_capsules(
    positions: Float64[np.ndarray, "T J 3"], parents: Int64[np.ndarray, "J"]
) -> Capsules:
    """All bones of a skeleton as thin capsules, those of fingers too; metres."""
    joints = np.flatnonzero(parents >= 0)
    radii = np.full(len(joints), _BONE_RADIUS)
    starts, ends = positions[:, parents[joints]], positions[:, joints]
    return Capsules(starts, ends, radii, (CENTRE,) * len(joints))


@lru_cache(maxsize=4)
def sides_of_bodies(robot: RobotModel) -> tuple[int, ...]:
    """A body is left or right if it, or a body above it, is that side's hip or shoulder."""
    roots = {}
    for side, name in ((LEFT, "left"), (RIGHT, "right")):
        for joint in ("hip", "shoulder"):
            body = robot.roles.get(f"{name}_{joint}", -1)
            if body < 0:
                continue
            roots[body] = side
            parent = int(robot.parents[body])
            while parent > 0 and _is_single_child(robot, parent):
                roots[parent] = side
                parent = int(robot.parents[parent])
    sides: list[int] = []
    for body, parent in enumerate(robot.parents):
        inherited = sides[parent] if parent >= 0 else CENTRE
        sides.append(roots.get(body, inherited))
    return tuple(sides)


def _is_single_child(robot: RobotModel, body: int) -> bool:
    return int((robot.parents == body).sum()) == 1 and body not in robot.roles.values()
