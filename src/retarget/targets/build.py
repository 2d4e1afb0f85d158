"""What each robot segment should follow, in the robot's size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64

from retarget.compiled.jit import jit
from retarget.geometry import matrix_from_quaternion, quaternion_from_matrix
from retarget.motion.body_contacts import CONTACT_JOINTS, carried_loads, lying_legs
from retarget.motion.contacts import Contacts
from retarget.motion.fitting.anatomy import Anatomy
from retarget.motion.fitting.calibration import Calibration
from retarget.motion.segments import SEGMENTS, SIDES
from retarget.robots.model import RobotModel
from retarget.targets.clearance import swing_clearances
from retarget.targets.robot_frames import RobotAnatomy
from retarget.targets.trunk import Trunk, point_trunk
from retarget.targets.wrists import hand_twists, twist_hand

__all__ = [
    "Sizes",
    "Targets",
    "build_targets",
    "cold_start",
    "place_targets",
    "robot_sizes",
    "set_base_level",
]

_PELVIS, _CHEST = SEGMENTS.index("pelvis"), SEGMENTS.index("chest")
_LEGS = tuple((SEGMENTS.index(f"{side}_thigh"), SEGMENTS.index(f"{side}_shank")) for side in SIDES)

_HANDS = tuple(SEGMENTS.index(f"{side}_hand") for side in SIDES)


class Sizes(NamedTuple):
    """What turns a human's root and directions into a robot's root and ankles.

    Attributes:
        scale: Robot metres per human metre.
        lift: Added to the scaled height, metres.
        middle: Middle of the robot's hips, from the pelvis body's origin in the pelvis' anatomical frame, metres.
        hips: Left and right hip, likewise.
        lengths: Side (left, right) x segment (thigh, shank), metres; zeros of a robot without legs.
        trunk: The robot's trunk.
        twists: By how much the left and the right hand are turned about their long axes, rad.
    """

    scale: float
    lift: float
    middle: Float64[np.ndarray, "3"]
    hips: Float64[np.ndarray, "2 3"]
    lengths: Float64[np.ndarray, "2 2"]
    trunk: Trunk
    twists: Float64[np.ndarray, "2"]


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """Targets of a clip in the world of the robot: metres, z up, floor at z = 0.

    Attributes:
        positions: Wanted position of the pelvis body's origin (``pelvis``) and of each ankle's centre.
        segments: Wanted anatomical frame of each of `SEGMENTS`.
        stance: Foot (left, right) x point (heel, toe).
        resting: Other parts on the ground, in the order of `BODY_CONTACTS`: how much each carries, 0 to 1.
        lying: How much each leg (left, right) lies on the ground, 0 to 1.
        places: Where these joints of the human are, scaled like the root.
        clearances: Least height of each foot's sole above the floor, metres.
        fps: Frames per second.
        scale: Robot metres per human metre.
        floor: Height in the human's world that became z = 0, metres.
    """

    positions: dict[str, Float64[np.ndarray, "T 3"]]
    segments: Float64[np.ndarray, "T S 3 3"]
    stance: Bool[np.ndarray, "T 2 2"]
    resting: Float64[np.ndarray, "T C"]
    lying: Float64[np.ndarray, "T 2"]
    places: Float64[np.ndarray, "T C 3"]
    clearances: Float64[np.ndarray, "T 2"]
    fps: float
    scale: float
    floor: float

    @property
    def frames(self) -> dict[str, Float64[np.ndarray, "T 3 3"]]:
        """Wanted anatomical frames by segment."""
        return {segment: self.segments[:, s] for s, segment in enumerate(SEGMENTS)}

    def __len__(self) -> int:
        return len(self.stance)


def robot_sizes(human: Calibration, contacts: Contacts, robot: RobotAnatomy) -> Sizes:
    """Sizes for a human whose feet rest where the contacts say."""
    scale = robot.leg_length / human.leg_length
    # The ankle's height in stance, not the toe's, is matched: toes differ most between skeletons.
    lift = robot.ankle_height - scale * float(contacts.ankle_heights.mean())
    hips = np.stack([robot.hips[side] for side in SIDES])
    lengths = [
        [robot.lengths.get(f"{side}_{part}", 0.0) for part in ("thigh", "shank")] for side in SIDES
    ]
    twists = hand_twists(human.wrists, robot.wrists)
    return Sizes(scale, lift, hips.mean(axis=0), hips, np.array(lengths), robot.trunk, twists)


@jit()
def place_targets(
    hips: Float64[np.ndarray, "T 3"],
    shoulders: Float64[np.ndarray, "T 3"],
    frames: Float64[np.ndarray, "T S 3 3"],
    sizes: Sizes,
    places: Float64[np.ndarray, "T 3 3"],
) -> None:
    """Turn trunk and hands as the robot can have them, and fill the wanted places of pelvis origin and ankles.

    Nothing is allocated.

    Args:
        hips: Middle of the human's hips, metres.
        shoulders: Middle of the human's shoulders, metres.
        frames: Anatomical frames of `SEGMENTS`; those of pelvis, chest and hands are turned.
        sizes: Of this human on this robot.
        places: Filled: pelvis, left and right ankle, metres.
    """
    for t in range(hips.shape[0]):
        point_trunk(
            shoulders[t, 0] - hips[t, 0],
            shoulders[t, 1] - hips[t, 1],
            shoulders[t, 2] - hips[t, 2],
            sizes.trunk,
            frames[t, _PELVIS],
            frames[t, _CHEST],
        )
        for side in range(2):
            twist_hand(frames[t, _HANDS[side]], sizes.twists[side])
        for i in range(3):
            origin = sizes.scale * hips[t, i]
            if i == 2:
                origin += sizes.lift
            for k in range(3):
                origin -= frames[t, _PELVIS, i, k] * sizes.middle[k]
            places[t, 0, i] = origin
            for foot in range(2):
                place = origin
                for k in range(3):
                    place += frames[t, _PELVIS, i, k] * sizes.hips[foot, k]
                for k in range(2):
                    place -= frames[t, _LEGS[foot][k], i, 2] * sizes.lengths[foot, k]
                places[t, 1 + foot, i] = place


def build_targets(anatomy: Anatomy, contacts: Contacts, robot: RobotAnatomy) -> Targets:
    """Scale the root by the ratio of leg lengths and walk down the legs along the human's directions.

    One scale for the root keeps strides and stance consistent. The ankles are not scaled human ankles: robots'
    hips are wide, so walking human directions with robot lengths from the pelvis keeps limb directions true.
    """
    sizes = robot_sizes(anatomy.calibration, contacts, robot)
    segments = anatomy.segment_frames()
    places = np.empty((len(anatomy), 3, 3))
    if robot.stand is not None:
        _set_level(segments[:, _PELVIS])
    place_targets(anatomy.point("hips"), anatomy.point("shoulders"), segments, sizes, places)
    if robot.stand is not None:
        _set_level(segments[:, _PELVIS])
        places[..., 2] = robot.stand
    positions = {
        name: places[:, i] for i, name in enumerate(("pelvis", "left_ankle", "right_ankle"))
    }
    joints = np.stack([anatomy.point(joint) for joint in CONTACT_JOINTS.values()], axis=1)
    return Targets(
        positions,
        segments,
        contacts.stance,
        carried_loads(anatomy, contacts.body),
        lying_legs(anatomy, contacts.body),
        sizes.scale * joints,
        swing_clearances(anatomy, contacts, sizes.scale),
        anatomy.fps,
        sizes.scale,
        contacts.floor,
    )


def _set_level(frames: Float64[np.ndarray, "T 3 3"]) -> None:
    """Turn frames upright, in place, by the shortest turn: the base of a robot that stands on wheels, or fast."""
    headings = np.arctan2(frames[:, 1, 0] - frames[:, 0, 1], frames[:, 0, 0] + frames[:, 1, 1])
    cosine, sine = np.cos(headings), np.sin(headings)
    frames[:] = 0.0
    frames[:, 0, 0] = frames[:, 1, 1] = cosine
    frames[:, 1, 0], frames[:, 0, 1] = sine, -sine
    frames[:, 2, 2] = 1.0


def set_base_level(
    qpos: Float64[np.ndarray, "T Q"], upright: Float64[np.ndarray, "3 3"], stand: float
) -> None:
    """Take off, in place, what a solve has tilted and lifted the base of a robot without legs: thousandths.

    Args:
        qpos: Configurations.
        upright: Rotation of the base with which the robot stands; see `RobotModel`.
        stand: See `RobotAnatomy`.
    """
    frames = matrix_from_quaternion(qpos[:, 3:7]) @ upright.T
    _set_level(frames)
    before = qpos[:, 3:7].copy()
    qpos[:, 3:7] = quaternion_from_matrix(frames @ upright)
    qpos[:, 3:7] *= np.where(np.einsum("ti,ti->t", before, qpos[:, 3:7]) < 0, -1.0, 1.0)[:, None]
    qpos[:, 2] = stand


def cold_start(
    targets: Targets, anatomy: RobotAnatomy, robot: RobotModel
) -> Float64[np.ndarray, "T Q"]:
    """A configuration a frame that knows no other frame: the base on its target, joints neutral."""
    rows = targets.frames["pelvis"].reshape(-1, 3)  # of all frames: one product
    qpos = np.empty((len(targets), robot.qpos_size))
    qpos[:, :3] = targets.positions["pelvis"] + (rows @ anatomy.base_offset).reshape(-1, 3)
    qpos[:, 3:7] = quaternion_from_matrix((rows @ anatomy.base_rotation).reshape(-1, 3, 3))
    qpos[:, 7:] = robot.neutral
    return qpos
