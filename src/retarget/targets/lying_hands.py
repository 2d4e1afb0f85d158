"""How hands lie on what they hold, where the balls that fill them are known: flat, and as far off as they are thick.

A robot's hand does not give way: fingers that point a little into a surface, as a human's do who leans on it, would
hold the palm centimetres off. So the flattest side of the hand is tilted onto the surface.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.compiled.jit import jit
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
        each = [
            _ways(hands, turned[:, k], contact, things[contact.thing], anatomy.fps)
            for _, contact in contacts
        ]
        ways = np.concatenate(each)
        tilts = _tilts(flat, ways)
        turns = matrix_from_quaternion(quaternion_from_vector(tilts))
        lying = np.einsum("tji,tj->ti", turns, ways)
        lying /= np.maximum(np.linalg.norm(lying, axis=1, keepdims=True), 1e-9)
        reaches = np.maximum(_reach(balls, lying) - _PRESSED, palm.radius)
        say, total, first = np.zeros(count), np.zeros((count, 3)), 0
        for number, contact in contacts:
            rows = slice(first, first + contact.last - contact.first)
            share = palm_shares(contact, count, anatomy.fps)
            say += share
            total += share[:, None] * _stretched(tilts[rows], contact, count)
            found.reaches[number] = _stretched(reaches[rows], contact, count)
            first = rows.stop
        found.tilts[:, k] = total / np.maximum(say, 1.0)[:, None]
    return found


def _ways(
    hands: Float64[np.ndarray, "T 3 3"],
    turned: Float64[np.ndarray, "T"],
    contact: Contact,
    thing: Thing,
    fps: float,
) -> Float64[np.ndarray, "n 3"]:
    """The way into a surface in each frame of a hold, in the frame of the hand that is turned by some angles, rad."""
    rows = slice(contact.first, contact.last)
    into = -thing.part(contact.first, contact.last).directed(contact.normal[None])
    into = np.broadcast_to(into, hands[rows, 0].shape)
    ways = _turned_back(np.einsum("tij,ti->tj", hands[rows], into), turned[rows])
    return mean_around(ways, np.ones(ways.shape, bool), round(_SMOOTHED * fps))


def _turned_back(
    ways: Float64[np.ndarray, "n 3"], angles: Float64[np.ndarray, "n"]
) -> Float64[np.ndarray, "n 3"]:
    """Ways in the frames of hands that are turned about their long axes by some angles, rad."""
    c, s = np.cos(angles), np.sin(angles)
    x, y, z = ways.T
    return np.stack([c * x + s * y, c * y - s * x, z], axis=1)


def _stretched(values: np.ndarray, contact: Contact, frames: int) -> np.ndarray:
    """What is told of a hold's frames over all frames: before and after it as at its ends."""
    stretched = np.empty((frames, *values.shape[1:]))
    stretched[: contact.first] = values[0]
    stretched[contact.first : contact.last] = values
    stretched[contact.last :] = values[-1]
    return stretched


def _reach(
    balls: Float64[np.ndarray, "B 4"], ways: Float64[np.ndarray, "n 3"]
) -> Float64[np.ndarray, "n"]:
    """How far balls reach each way."""
    farthest = np.empty(len(ways))
    _find_reaches(np.ascontiguousarray(balls.T), np.ascontiguousarray(ways), farthest)
    return farthest


@jit(fastmath=True)
def _find_reaches(
    balls: Float64[np.ndarray, "4 B"],
    ways: Float64[np.ndarray, "n 3"],
    farthest: Float64[np.ndarray, "n"],
) -> None:
    for n in range(ways.shape[0]):
        x, y, z = ways[n]
        most = -np.inf
        for b in range(balls.shape[1]):
            reach = x * balls[0, b] + y * balls[1, b] + z * balls[2, b] + balls[3, b]
            most = max(most, reach)
        farthest[n] = most


def _flattest(balls: Float64[np.ndarray, "B 4"], palm: float) -> Float64[np.ndarray, "3"]:
    """Where around its palm's direction a hand reaches least, in its frame: there it lies flat.

    Args:
        balls: That fill it, from the palm's middle, in the hand's frame.
        palm: The angle about its long axis at which the palm faces, rad.
    """
    c, s = math.cos(palm), math.sin(palm)
    turn = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    faced = np.column_stack([balls[:, :3] @ turn, balls[:, 3]])
    ways = _ways_around()
    return np.asarray(turn @ ways[int(np.argmin(_reach(faced, ways)))])


@lru_cache(maxsize=1)
def _ways_around() -> Float64[np.ndarray, "n 3"]:
    """Directions around that of the x axis."""
    slopes = np.tan(np.linspace(-_ASIDE, _ASIDE, 2 * _STEPS + 1))
    across, along = np.meshgrid(slopes, slopes)
    ways = np.stack([np.ones_like(across), across, along], axis=-1).reshape(-1, 3)
    return np.asarray(ways / np.linalg.norm(ways, axis=1, keepdims=True))


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
