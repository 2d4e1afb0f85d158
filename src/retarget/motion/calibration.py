"""What is constant about one recorded skeleton: lengths, and how its joints' axes lie to the body's.

A joint's recorded axes mean nothing across rigs, so a segment's frame is defined by joint centres: x forward,
y left or along the hinge, z up or from the distal to the proximal joint. Where joint centres say nothing (the
twist of a straight limb, the tilt of the pelvis) the recorded rotation does, through one constant offset a joint
that is fitted over the frames in which geometry is well conditioned. A constant rotation of every joint's axes
therefore changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float64

from retarget.geometry import (
    angle_between,
    constant_offset,
    cross,
    frame_from_y,
    frame_from_z,
    matrix_from_quaternion,
    unit,
)
from retarget.motion.feet import FootMarkers, fit_foot, marker_noise, without_torsion
from retarget.motion.motion import Motion
from retarget.motion.segments import LIMB_SEGMENTS, LIMBS, SEGMENTS, SIDES, needed_roles

__all__ = ["Calibration", "bend", "calibrate", "joint_centre"]

# sin(bend) below which a limb counts as straight: about 11 degrees, where joint-centre noise of a centimetre
# already turns the hinge axis by ten degrees.
STRAIGHT = 0.2
# Spine twist and lean, in radians and 1 - cos, over which a frame loses its say in the trunk's offsets.
TRUNK_TWIST, TRUNK_LEAN = 0.35, 0.1

# Frames, evenly over the motion, that are enough to fit constants: one more is nearly a copy of its neighbours.
ENOUGH = 1000

_MIDDLES = {"hips": ("left_hip", "right_hip"), "shoulders": ("left_shoulder", "right_shoulder")}

Positions = Float64[np.ndarray, "T 3"]
Frames = Float64[np.ndarray, "T 3 3"]
Fit = tuple[Float64[np.ndarray, "3 3"], float]


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """One recorded skeleton, as far as it does not change over time.

    Attributes:
        leg_length: Thigh plus shank, metres.
        offsets: Rotation from the recorded axes of the joint that carries each of `SEGMENTS` to its anatomical ones.
        residuals: Mean misfit of each offset, rad.
        noise: White noise of the foot markers, metres (robust estimate).
    """

    leg_length: float
    offsets: Float64[np.ndarray, "S 3 3"]
    residuals: Float64[np.ndarray, "S"]
    noise: float


def joint_centre(motion: Motion, role: str) -> Positions:
    """Joint centre by role in metres; also ``hips`` and ``shoulders``, the middles."""
    if role in _MIDDLES:
        left, right = (motion.role_positions(side) for side in _MIDDLES[role])
        return np.asarray((left + right) / 2)
    return motion.role_positions(role)


def calibrate(
    motion: Motion, leg_length: float
) -> tuple[Calibration, dict[str, Bool[np.ndarray, "T"]]]:
    """Fit a skeleton's offsets over a motion; also tells, by side, in which frames the foot stands flat.

    Args:
        motion: Joint poses; every needed role is there.
        leg_length: Thigh plus shank, metres.
    """
    every = max(1, len(motion) // ENOUGH)
    recorded = {
        role: matrix_from_quaternion(motion.rotations[::every, motion.roles[role]])
        for role in needed_roles()
        if not role.endswith("toe")
    }
    markers = {
        side: FootMarkers(*(motion.role_positions(f"{side}_{joint}") for joint in ("ankle", "toe")))
        for side in SIDES
    }
    noise = marker_noise([place for foot in markers.values() for place in (foot.ankle, foot.toe)])
    some = replace(motion, positions=motion.positions[::every], rotations=motion.rotations[::every])
    points = {role: joint_centre(some, role) for role in (*motion.roles, *_MIDDLES)}
    fits = _fit_trunk(points, recorded)
    trunk = {part: recorded[part] @ offset for part, (offset, _) in fits.items()}
    flat = {}
    for side in SIDES:
        for limb in LIMBS:
            fits |= _fit_limb(side, limb, points, recorded, trunk)
        forearm = _long_frames(side, "forearm", ("elbow", "wrist"), points, recorded, fits)
        wrist = recorded[f"{side}_wrist"]
        fits[f"{side}_hand"] = constant_offset(wrist, forearm, np.ones(len(forearm)))
        shank = _long_frames(side, "shank", ("knee", "ankle"), points, recorded, fits)
        (offset, misfit), flat[side] = fit_foot(
            markers[side],
            recorded[f"{side}_ankle"],
            shank,
            every=every,
            leg_length=leg_length,
            fps=motion.fps,
            noise=noise,
        )
        fits[f"{side}_foot"] = without_torsion(offset, recorded[f"{side}_ankle"], shank), misfit
    offsets = np.stack([fits[segment][0] for segment in SEGMENTS])
    residuals = np.array([fits[segment][1] for segment in SEGMENTS])
    return Calibration(leg_length, offsets, residuals, noise), flat


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


def _fit_trunk(points: dict[str, Positions], recorded: dict[str, Frames]) -> dict[str, Fit]:
    """Pelvis and chest: recorded rotations, aligned where the trunk stands upright and untwisted."""
    up = unit(points["shoulders"] - points["hips"])
    lateral = {
        "pelvis": points["left_hip"] - points["right_hip"],
        "chest": points["left_shoulder"] - points["right_shoulder"],
    }
    twist = angle_between(lateral["pelvis"], lateral["chest"])
    weight = np.exp(-((twist / TRUNK_TWIST) ** 2) - (1 - up[:, 2]) / TRUNK_LEAN) + 1e-3
    return {
        part: constant_offset(recorded[part], frame_from_y(left, up), weight)
        for part, left in lateral.items()
    }


def _fit_limb(
    side: str,
    limb: str,
    points: dict[str, Positions],
    recorded: dict[str, Frames],
    trunk: dict[str, Frames],
) -> dict[str, Fit]:
    """Upper and lower segment of one limb: recorded rotations, aligned where the limb is bent."""
    joints = [f"{side}_{joint}" for joint in LIMBS[limb]]
    proximal, middle, distal = (points[joint] for joint in joints)
    upper, lower, hinge, weight = bend(proximal, middle, distal, 1.0 if limb == "leg" else -1.0)
    hint = _resting_hinge(side, limb, upper, trunk)
    return {
        f"{side}_{segment}": constant_offset(
            recorded[joint],
            frame_from_z(long_axis, hinge),
            weight,
            prior=frame_from_z(long_axis, hint),
        )
        for segment, joint, long_axis in zip(
            LIMB_SEGMENTS[limb], joints[:2], (upper, lower), strict=False
        )
    }


def _long_frames(
    side: str,
    segment: str,
    ends: tuple[str, str],
    points: dict[str, Positions],
    recorded: dict[str, Frames],
    fits: dict[str, Fit],
) -> Frames:
    """Frames of a fitted limb segment: its long axis from joint centres, its twist from the recorded rotation."""
    proximal, distal = (f"{side}_{end}" for end in ends)
    hinge = recorded[proximal] @ fits[f"{side}_{segment}"][0][:, 1]
    return frame_from_z(points[proximal] - points[distal], hinge)


def _resting_hinge(side: str, limb: str, upper: Positions, trunk: dict[str, Frames]) -> Positions:
    """Where a limb that never bends would have its hinge: along the trunk's left, or up for arms held sideways."""
    part = trunk["pelvis" if limb == "leg" else "chest"]
    left = part[..., 1]
    if limb == "leg":
        return left
    sideways = np.abs(np.einsum("ti,ti->t", left, upper)) > 0.8
    vertical = part[..., 2] * (-1.0 if side == "left" else 1.0)
    return np.where(sideways[:, None], vertical, left)
