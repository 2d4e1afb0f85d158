"""How hands lie on what they hold, where the balls that fill them are known: flat, and as far off as they are thick.

A robot's hand does not give way: fingers that point a little into a surface, as a human's do who leans on it, would
hold the palm centimetres off. So the flattest side of the hand is tilted onto the surface.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.geometry import matrix_from_quaternion, quaternion_from_vector
from retarget.motion.fitting.anatomy import Anatomy
from retarget.motion.numeric.around import mean_around
from retarget.motion.segments import SIDES
from retarget.robots.model import RobotModel
from retarget.robots.shapes.touch import palm_point
from retarget.scenes.posed import Thing
from retarget.scenes.scene import TOUCH_POINTS
from retarget.scenes.touches import Contact
from retarget.targets.palms import palm_shares
from retarget.targets.robot_pose import Matrix

__all__ = ["LyingHands", "lying_hands"]

_MOST: Final = math.radians(40.0)  # by which a hand is tilted
_ASIDE: Final = math.radians(35.0)  # from where a palm faces that its flattest side may face
_STEPS: Final = 15  # directions tried from one to the other end of that, each way
_SMOOTHED: Final = 0.4  # seconds to either side over which the way into a surface is taken
_PRESSED: Final = 8e-3  # metres that a palm is held nearer than it lies, so that it stays on


@dataclass(frozen=True, slots=True, eq=False)
class LyingHands:
    """How hands lie.

    Attributes:
        tilts: Rotation vectors of the left and the right hand, each in its frame as it is turned already, rad.
        reaches: How far the middle of a palm is from what it holds in each frame, by number of the contact, metres; of
            hands whose balls are known.
    """

    tilts: Float64[np.ndarray, "T 2 3"]
    reaches: dict[int, Float64[np.ndarray, "T"]]


def lying_hands(
    anatomy: Anatomy,
    held: Sequence[Contact],
    things: Sequence[Thing],
    robot: RobotModel,
    frames: Mapping[str, Matrix],
    palms: Float64[np.ndarray, "2"],
    turned: Float64[np.ndarray, "T 2"],
) -> LyingHands:
    """Lay hands on what they hold.

    Args:
        anatomy: The human.
        held: Where its points stay on things.
        things: These, in its world.
        robot: The robot.
        frames: Of its segments; see `retarget.targets.robot_frames.RobotAnatomy`.
        palms: Where its palms face; see `retarget.targets.palms.palm_sides`.
        turned: By how much the left and the right hand are turned about their long axes in all, rad.
    """
    count = len(anatomy)
    found = LyingHands(np.zeros((count, 2, 3)), {})
    for k, side in enumerate(SIDES):
        palm = palm_point(robot, side)
        own = robot.balls[robot.ball_bodies == palm.body] if palm is not None else robot.balls[:0]
        point = TOUCH_POINTS.index(f"{side}_palm")
        contacts = [(n, contact) for n, contact in enumerate(held) if contact.point == point]
        if palm is None or not len(own) or not contacts:
            continue
        inward = frames[f"{side}_hand"].T  # from the body's frame to the hand's
        balls = np.column_stack([(own[:, :3] - palm.point) @ inward.T, own[:, 3]])
        flat = _flattest(balls, float(palms[k]))
        hands = anatomy.segment_frames([f"{side}_hand"])[:, 0]
        say, total = np.zeros(count), np.zeros((count, 3))
        for number, contact in contacts:
            rows = slice(contact.first, contact.last)
            thing = things[contact.thing].part(contact.first, contact.last)
            into = -thing.directed(contact.normal[None])
            into = np.broadcast_to(into, hands[rows, 0].shape)
            ways = np.einsum("tij,ti->tj", hands[rows], into)
            ways = _turned_back(ways, turned[rows, k])
            ways = mean_around(ways, np.ones(ways.shape, bool), round(_SMOOTHED * anatomy.fps))
            tilts = _tilts(flat, ways)
            share = palm_shares(contact, count, anatomy.fps)
            say += share
            total += share[:, None] * _stretched(tilts, contact, count)
            turns = matrix_from_quaternion(quaternion_from_vector(tilts))
            lying = np.einsum("tji,tj->ti", turns, ways)
            lying /= np.maximum(np.linalg.norm(lying, axis=1, keepdims=True), 1e-9)
            reach = np.maximum(_reach(balls, lying) - _PRESSED, palm.radius)
            found.reaches[number] = _stretched(reach, contact, count)
        found.tilts[:, k] = total / np.maximum(say, 1.0)[:, None]
    return found


def _turned_back(
    ways: Float64[np.ndarray, "n 3"], angles: Float64[np.ndarray, "n"]
) -> Float64[np.ndarray, "n 3"]:
    """Ways in the frames of hands that are turned about their long axes by some angles, rad."""
    c, s = np.cos(angles), np.sin(angles)
    x, y, z = ways.T
    return np.stack([c * x + s * y, c * y - s * x, z], axis=1)


def _stretched(values: np.ndarray, contact: Contact, frames: int) -> np.ndarray:
    """What is told of a hold's frames over all frames: before and after it as at its ends."""
    return np.asarray(values[np.clip(np.arange(frames) - contact.first, 0, len(values) - 1)])


def _reach(
    balls: Float64[np.ndarray, "B 4"], ways: Float64[np.ndarray, "n 3"]
) -> Float64[np.ndarray, "n"]:
    """How far balls reach each way."""
    return np.asarray((ways @ balls[:, :3].T + balls[:, 3]).max(axis=1))


def _flattest(balls: Float64[np.ndarray, "B 4"], palm: float) -> Float64[np.ndarray, "3"]:
    """Where around its palm's direction a hand reaches least, in its frame: there it lies flat.

    Args:
        balls: That fill it, from the palm's middle, in the hand's frame.
        palm: The angle about its long axis at which the palm faces, rad.
    """
    slopes = np.tan(np.linspace(-_ASIDE, _ASIDE, 2 * _STEPS + 1))
    across, along = np.meshgrid(slopes, slopes)
    out = np.array([math.cos(palm), math.sin(palm), 0.0])
    side = np.array([-math.sin(palm), math.cos(palm), 0.0])
    ways = out + across[..., None] * side + along[..., None] * np.array([0.0, 0.0, 1.0])
    ways = ways.reshape(-1, 3) / np.linalg.norm(ways.reshape(-1, 3), axis=1, keepdims=True)
    return np.asarray(ways[int(np.argmin(_reach(balls, ways)))])


def _tilts(
    flat: Float64[np.ndarray, "3"], ways: Float64[np.ndarray, "n 3"]
) -> Float64[np.ndarray, "n 3"]:
    """Rotation vectors that bring a hand's flat side to face ways; shorter where its back is nearer to them."""
    length = np.linalg.norm(ways, axis=1)
    cosine = np.clip(ways @ flat / np.maximum(length, 1e-9), 0.0, 1.0)
    axes = np.cross(flat, ways)
    axes /= np.maximum(np.linalg.norm(axes, axis=1, keepdims=True), 1e-9)
    angles = np.minimum(np.arccos(cosine), _MOST)
    angles *= np.minimum(2.0 * cosine, 1.0) * np.minimum(2.0 * length, 1.0)
    return np.asarray(angles[:, None] * axes)
