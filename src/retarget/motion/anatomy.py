"""Anatomical frames of a human's segments, found from the motion itself.

A joint's recorded axes mean nothing across rigs, so a segment's frame is defined by joint centres: x forward,
y left or along the hinge, z up or from the distal to the proximal joint. Where joint centres say nothing (the
twist of a straight limb, the tilt of the pelvis) the recorded rotation does, through one constant offset a joint
that is fitted over the frames in which geometry is well conditioned. A constant rotation of every joint's axes
therefore changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from retarget.errors import RoleError
from retarget.geometry import (
    angle_between,
    constant_offset,
    cross,
    frame_from_y,
    frame_from_z,
    matrix_from_quaternion,
    unit,
)
from retarget.motion.feet import FootMarkers, flat_foot_frames, marker_noise
from retarget.motion.motion import Motion

__all__ = ["SEGMENTS", "SIDES", "Anatomy", "bend", "find_anatomy", "needed_roles"]

SIDES = ("left", "right")
LIMBS = {"leg": ("hip", "knee", "ankle"), "arm": ("shoulder", "elbow", "wrist")}
LIMB_SEGMENTS = {"leg": ("thigh", "shank", "foot"), "arm": ("upper_arm", "forearm", "hand")}
SEGMENTS = (
    "pelvis",
    "chest",
    *(f"{side}_{segment}" for side in SIDES for limb in LIMB_SEGMENTS.values() for segment in limb),
)

# sin(bend) below which a limb counts as straight: about 11 degrees, where joint-centre noise of a centimetre
# already turns the hinge axis by ten degrees.
STRAIGHT = 0.2
# Spine twist and lean, in radians and 1 - cos, over which a frame loses its say in the trunk's offsets.
TRUNK_TWIST, TRUNK_LEAN = 0.35, 0.1

Positions = Float64[np.ndarray, "T 3"]
Frames = Float64[np.ndarray, "T 3 3"]


@dataclass(frozen=True, slots=True, eq=False)
class Anatomy:
    """A human's joint centres and segment frames over time.

    Attributes:
        points: Joint centres by role in metres, world; also ``hips`` and ``shoulders``, the middles.
        frames: Anatomical frame of each of `SEGMENTS`, world.
        leg_length: Thigh plus shank, metres.
        residuals: Mean misfit of each segment's constant offset, rad.
        flat: By side, the frames in which the foot stands flat.
        noise: White noise of the foot markers, metres (robust estimate).
        fps: Frames per second.
    """

    points: dict[str, Positions]
    frames: dict[str, Frames]
    leg_length: float
    residuals: dict[str, float]
    flat: dict[str, Bool[np.ndarray, "T"]]
    noise: float
    fps: float


def needed_roles() -> tuple[str, ...]:
    """Roles without which a human cannot be retargeted."""
    limbs = (joint for chain in LIMBS.values() for joint in chain)
    return (
        "pelvis",
        "chest",
        *(f"{side}_{joint}" for joint in (*limbs, "toe") for side in SIDES),
    )


def bend(
    proximal: Positions, middle: Positions, distal: Positions, sign: float
) -> tuple[Positions, Positions, Positions, Float64[np.ndarray, "T"]]:
    """Long axes of the two segments (towards proximal), their hinge axis, and how well it is defined.

    ``sign`` is +1 where bending takes the distal end backwards (knee), -1 where forwards (elbow). The weight is
    the squared sine of the bend, 0 for a straight limb.
    """
    first, second = unit(middle - proximal), unit(distal - middle)
    normal = sign * cross(first, second)
    sine = np.sqrt(np.einsum("ti,ti->t", normal, normal))
    return -first, -second, unit(normal), np.where(sine > STRAIGHT, sine**2, 0.0)


def find_anatomy(motion: Motion) -> Anatomy:
    """Joint centres and segment frames of a motion.

    Raises:
        RoleError: A needed role is missing, or the legs have no length.
    """
    missing = [role for role in needed_roles() if role not in motion.roles]
    if missing:
        raise RoleError(
            f"{motion.source.path or 'motion'}: no joint found for {', '.join(missing)}; "
            "name them in a role file"
        )
    points = {role: motion.positions[:, joint] for role, joint in motion.roles.items()}
    points["hips"] = (points["left_hip"] + points["right_hip"]) / 2
    points["shoulders"] = (points["left_shoulder"] + points["right_shoulder"]) / 2
    leg_length = _leg_length(points)
    if not leg_length > 1e-3:
        raise RoleError(
            f"{motion.source.path or 'motion'}: the legs have no length; check the roles of hips, knees and ankles"
        )
    recorded = {
        role: matrix_from_quaternion(motion.rotations[:, motion.roles[role]])
        for role in needed_roles()
        if not role.endswith("toe")
    }
    frames: dict[str, Frames] = {}
    residuals: dict[str, float] = {}
    _trunk(points, recorded, frames, residuals)
    for side in SIDES:
        for limb in LIMBS:
            _limb(side, limb, points, recorded, frames, residuals)
        forearm = frames[f"{side}_forearm"]
        wrist = recorded[f"{side}_wrist"]
        offset, residuals[f"{side}_hand"] = constant_offset(wrist, forearm, np.ones(len(forearm)))
        frames[f"{side}_hand"] = wrist @ offset
    noise = marker_noise([points[f"{s}_{joint}"] for s in SIDES for joint in ("ankle", "toe")])
    flat = {}
    for side in SIDES:
        markers = FootMarkers(points[f"{side}_ankle"], points[f"{side}_toe"])
        foot = flat_foot_frames(
            markers,
            recorded[f"{side}_ankle"],
            frames[f"{side}_shank"],
            leg_length=leg_length,
            fps=motion.fps,
            noise=noise,
        )
        frames[f"{side}_foot"], flat[side], residuals[f"{side}_foot"] = foot
    return Anatomy(points, frames, leg_length, residuals, flat, noise, motion.fps)


def _leg_length(points: dict[str, Positions]) -> float:
    lengths = [
        np.linalg.norm(points[f"{s}_hip"] - points[f"{s}_knee"], axis=1)
        + np.linalg.norm(points[f"{s}_knee"] - points[f"{s}_ankle"], axis=1)
        for s in SIDES
    ]
    return float(np.median(lengths)) if len(lengths[0]) else 0.0


def _trunk(
    points: dict[str, Positions],
    recorded: dict[str, Frames],
    frames: dict[str, Frames],
    residuals: dict[str, float],
) -> None:
    """Pelvis and chest: recorded rotations, aligned where the trunk stands upright and untwisted."""
    up = unit(points["shoulders"] - points["hips"])
    lateral = {
        "pelvis": points["left_hip"] - points["right_hip"],
        "chest": points["left_shoulder"] - points["right_shoulder"],
    }
    twist = angle_between(lateral["pelvis"], lateral["chest"])
    weight = np.exp(-((twist / TRUNK_TWIST) ** 2) - (1 - up[:, 2]) / TRUNK_LEAN) + 1e-3
    for part, left in lateral.items():
        offset, residuals[part] = constant_offset(recorded[part], frame_from_y(left, up), weight)
        frames[part] = recorded[part] @ offset


def _limb(
    side: str,
    limb: str,
    points: dict[str, Positions],
    recorded: dict[str, Frames],
    frames: dict[str, Frames],
    residuals: dict[str, float],
) -> None:
    """Upper and lower segment of one limb: long axes from joint centres, twist from aligned rotations."""
    joints = [f"{side}_{joint}" for joint in LIMBS[limb]]
    proximal, middle, distal = (points[joint] for joint in joints)
    upper, lower, hinge, weight = bend(proximal, middle, distal, 1.0 if limb == "leg" else -1.0)
    hint = _resting_hinge(side, limb, upper, frames)
    for segment, joint, long_axis in zip(
        LIMB_SEGMENTS[limb], joints[:2], (upper, lower), strict=False
    ):
        offset, residuals[f"{side}_{segment}"] = constant_offset(
            recorded[joint],
            frame_from_z(long_axis, hinge),
            weight,
            prior=frame_from_z(long_axis, hint),
        )
        frames[f"{side}_{segment}"] = frame_from_z(long_axis, (recorded[joint] @ offset)[..., 1])


def _resting_hinge(side: str, limb: str, upper: Positions, frames: dict[str, Frames]) -> Positions:
    """Where a limb that never bends would have its hinge: along the trunk's left, or up for arms held sideways."""
    trunk = frames["pelvis" if limb == "leg" else "chest"]
    left = trunk[..., 1]
    if limb == "leg":
        return left
    sideways = np.abs(np.einsum("ti,ti->t", left, upper)) > 0.8
    vertical = trunk[..., 2] * (-1.0 if side == "left" else 1.0)
    return np.where(sideways[:, None], vertical, left)
