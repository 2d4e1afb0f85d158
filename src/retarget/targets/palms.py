"""Palms turned towards what they hold: a hand's back and thumb reach farther than its palm.

How a hand lies about its long axis is else left to the robot (`retarget.targets.wrists`). While the human's palm stays
on a thing, the robot's hand is turned about that axis so that its palm faces the surface there, by one angle a hold.
How hands then lie on it is told where their shape is known (`retarget.targets.lying_hands`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.geometry import matrix_from_quaternion, quaternion_from_vector
from retarget.motion.fitting.anatomy import Anatomy
from retarget.motion.segments import SEGMENTS, SIDES
from retarget.scenes.posed import Thing
from retarget.scenes.scene import TOUCH_POINTS
from retarget.scenes.touches import Contact
from retarget.targets.robot_pose import Matrix, Pose

__all__ = ["palm_shares", "palm_sides", "palm_turns", "turn_hands"]

_TURNING: Final = 0.6  # seconds before and after a hold in which a hand turns
# Of a turn; beyond a right angle it is less, as a back of a hand stays one.
_MOST: Final = math.radians(60.0)
# A palm that is off by less faces it; twice that is turned all the way.
_FACES: Final = math.radians(12.0)
# Sine of the angle from the hand's long axis from which on a surface is beside the hand.
_FACING: Final = 0.5
_INWARD, _DOWN = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, -1.0])


def palm_sides(neutral: Pose, frames: Mapping[str, Matrix]) -> Float64[np.ndarray, "2"]:
    """Where the left and the right palm face: the angle about the hand's long axis from its x axis, rad.

    Palms of arms at ease face each other; of arms that are spread they face down.
    """
    angles = np.zeros(2)
    for k, side in enumerate(SIDES):
        hand = neutral.world(f"{side}_hand", frames[f"{side}_hand"])
        inward = hand.T @ (_INWARD if side == "right" else -_INWARD)
        if np.hypot(inward[0], inward[1]) < _FACING:
            inward = hand.T @ _DOWN
        angles[k] = math.atan2(inward[1], inward[0])
    return angles


def palm_turns(
    anatomy: Anatomy,
    held: Sequence[Contact],
    things: Sequence[Thing],
    palms: Float64[np.ndarray, "2"],
    twists: Float64[np.ndarray, "2"],
) -> Float64[np.ndarray, "T 2"]:
    """By how much to turn the left and the right hand about their long axes, rad.

    Args:
        anatomy: The human.
        held: Where its points stay on things.
        things: These, in its world.
        palms: Of the robot; see `palm_sides`.
        twists: By how much hands are turned already; see `retarget.targets.build.Sizes`.
    """
    turns = np.zeros((len(anatomy), 2))
    for k, side in enumerate(SIDES):
        own = [c for c in held if c.point == TOUCH_POINTS.index(f"{side}_palm")]
        if not own:
            continue
        hands = anatomy.segment_frames([f"{side}_hand"])[:, 0]
        say, total = np.zeros(len(anatomy)), np.zeros(len(anatomy))
        for contact in own:
            angle = _facing(hands, contact, things[contact.thing], palms[k] + twists[k])
            share = palm_shares(contact, len(anatomy), anatomy.fps)
            say += share
            total += share * angle
        turns[:, k] = total / np.maximum(say, 1.0)
    return turns


def palm_shares(contact: Contact, frames: int, fps: float) -> Float64[np.ndarray, "T"]:
    """How much of its turn a hand has around and in a hold."""
    times = np.arange(frames)
    away = np.maximum(contact.first - times, times - contact.last + 1)
    share = np.maximum(1.0 - np.maximum(away, 0) / (_TURNING * fps), 0.0)
    return np.asarray(share * share * (3.0 - 2.0 * share))


def _facing(
    hands: Float64[np.ndarray, "T 3 3"], contact: Contact, thing: Thing, palm: float
) -> float:
    """The turn about a hand's long axis with which its palm faces a surface for the time of a hold, rad."""
    rows = slice(contact.first, contact.last)
    into = -thing.part(contact.first, contact.last).directed(contact.normal[None])
    mean = np.einsum("tij,ti->j", hands[rows], np.broadcast_to(into, hands[rows, 0].shape))
    mean /= contact.last - contact.first
    angle = (math.atan2(mean[1], mean[0]) - palm + math.pi) % (2 * math.pi) - math.pi
    behind = 2.0 * (1.0 - abs(angle) / math.pi)
    beside = math.hypot(mean[0], mean[1]) / _FACING
    off = abs(angle) / _FACES - 1.0
    return min(max(angle, -_MOST), _MOST) * min(max(min(behind, beside, off), 0.0), 1.0)


def turn_hands(
    segments: Float64[np.ndarray, "n S 3 3"],
    turns: Float64[np.ndarray, "n 2"],
    tilts: Float64[np.ndarray, "n 2 3"],
) -> Float64[np.ndarray, "n S 3 3"]:
    """Frames of `SEGMENTS` with hands turned about their long axes by some angles, and then tilted, rad."""
    if not turns.any() and not tilts.any():
        return segments
    out = segments.copy()
    for k, side in enumerate(SIDES):
        hand = SEGMENTS.index(f"{side}_hand")
        c, s = np.cos(turns[:, k, None]), np.sin(turns[:, k, None])
        x, y = segments[:, hand, :, 0], segments[:, hand, :, 1]
        out[:, hand, :, 0], out[:, hand, :, 1] = c * x + s * y, c * y - s * x
        if tilts[:, k].any():
            out[:, hand] = out[:, hand] @ matrix_from_quaternion(
                quaternion_from_vector(tilts[:, k])
            )
    return out
