"""How a skeleton's joint axes lie to its segments: one constant rotation a segment, fitted over a motion.

A segment's frame follows from joint centres where geometry is well conditioned; how far it is, is each frame's weight.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from jaxtyping import Bool, Float64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.motion.mean_rotation import Samples, mean_rotation
from retarget.motion.quantiles import median
from retarget.motion.segments import SEGMENTS, needed_roles
from retarget.motion.vectors import (
    Vector,
    cross,
    difference,
    dot,
    frame_from_y,
    frame_from_z,
    into_axes,
    rotation_of,
    turned,
    unit,
)

__all__ = ["STRAIGHT", "fit_segments"]

# sin(bend) below which a limb counts as straight: about 11 degrees, where joint-centre noise of a centimetre
# already turns the hinge axis by ten degrees.
STRAIGHT: Final = 0.2
# Spine twist and lean, in radians and 1 - cos, over which a frame loses its say in the trunk's offsets, but for this.
_TWIST, _LEAN, _ANY_TRUNK = 0.35, 0.1, 1e-3
# Weight of a frame in which a limb is straight: its hinge is guessed there.
_GUESSED = 1e-3
# |cos| of the angle between arm and trunk's left above which arms held sideways have a vertical hinge.
_SIDEWAYS = 0.8
# Without flat stance: ankle to toe slopes about 30 degrees down on a human foot. An offset further than 40 degrees from
# that guess was fitted to a foot that was not on the floor.
_SLOPE, _LARGEST_SLOPE_ERROR = math.radians(30.0), math.radians(40.0)
_FEWEST_FLAT = 3
# The shank's torsion is 15 degrees in most people, hardly ever more than twice that.
_LARGEST_TORSION = math.radians(30.0)

# Rows of joints and segments: left ones, right ones come next or so many later.
_ROLES, _SIDE_SEGMENTS = needed_roles(), (len(SEGMENTS) - 2) // 2
_HIP, _KNEE, _ANKLE, _SHOULDER, _ELBOW, _WRIST, _TOE = (
    _ROLES.index(f"left_{joint}")
    for joint in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist", "toe")
)
_PELVIS, _CHEST, _THIGH, _SHANK, _FOOT, _UPPER_ARM, _FOREARM, _HAND = (
    SEGMENTS.index(segment)
    for segment in (
        "pelvis",
        "chest",
        *(f"left_{part}" for part in ("thigh", "shank", "foot", "upper_arm", "forearm", "hand")),
    )
)

Places = Float64[np.ndarray, "n R 3"]
Turns = Float64[np.ndarray, "n R 4"]
Offsets = Float64[np.ndarray, "S 3 3"]


@jit()
def fit_segments(
    places: Places,
    turns: Turns,
    smooth: Float64[np.ndarray, "2 2 n 3"],
    flat: Bool[np.ndarray, "2 n"],
    samples: Samples,
    offsets: Offsets,
    residuals: Float64[np.ndarray, "S"],
) -> None:
    """Fill the rotation from each carrying joint's axes to its segment's, and its mean misfit in rad.

    Args:
        places: Joint centres of `needed_roles`, metres, world.
        turns: Their recorded rotations, unit quaternions, wxyz.
        smooth: Foot (left, right) x marker (ankle, toe), without noise, metres.
        flat: Frames in which the left and the right foot stand flat.
        samples: Room for twice as many samples as frames.
        offsets: Filled, for `SEGMENTS`.
        residuals: Filled.
    """
    _fit_trunk(places, turns, samples, offsets, residuals)
    for side in range(2):
        first = side * _SIDE_SEGMENTS
        for leg in range(2):
            _fit_limb(places, turns, side, leg == 0, samples, offsets, residuals)
        residuals[first + _HAND] = _fit_hand(
            places, turns, side, samples, offsets[first + _FOREARM], offsets[first + _HAND]
        )
        residuals[first + _FOOT] = _fit_foot(
            places,
            turns,
            side,
            smooth[side],
            flat[side],
            samples,
            offsets[first + _SHANK],
            offsets[first + _FOOT],
        )


@jit(inner=True)
def _fit_trunk(
    places: Places,
    turns: Turns,
    samples: Samples,
    offsets: Offsets,
    residuals: Float64[np.ndarray, "S"],
) -> None:
    """Pelvis and chest: recorded rotations, aligned where the trunk stands upright and untwisted."""
    R = scratch((3, 3), np.float64)
    count = places.shape[0]
    for part in range(2):
        left = _SHOULDER if part else _HIP
        for t in range(count):
            across = difference(places[t, _HIP], places[t, _HIP + 1])
            above = difference(places[t, _SHOULDER], places[t, _SHOULDER + 1])
            up = unit(
                (
                    _rise(places[t], 0),
                    _rise(places[t], 1),
                    _rise(places[t], 2),
                )
            )
            cosine = dot(unit(across), unit(above))
            twist = math.acos(min(max(cosine, -1.0), 1.0))
            samples.weights[t] = (
                math.exp(-((twist / _TWIST) ** 2) - (1 - up[2]) / _LEAN) + _ANY_TRUNK
            )
            axes = frame_from_y(difference(places[t, left], places[t, left + 1]), up)
            rotation_of(turns[t, _CHEST if part else _PELVIS], R)
            into_axes(R, axes, samples.rotations[t])
        residuals[part] = mean_rotation(samples, count, offsets[part])


@jit(inner=True)
def _rise(places: Float64[np.ndarray, "R 3"], i: int) -> float:
    """From the middle of the hips to that of the shoulders."""
    above: float = (places[_SHOULDER, i] + places[_SHOULDER + 1, i]) / 2
    below: float = (places[_HIP, i] + places[_HIP + 1, i]) / 2
    return above - below


@jit(inner=True)
def _fit_limb(
    places: Places,
    turns: Turns,
    side: int,
    leg: bool,
    samples: Samples,
    offsets: Offsets,
    residuals: Float64[np.ndarray, "S"],
) -> None:
    """Upper and lower segment of one limb: recorded rotations, aligned where the limb is bent."""
    R = scratch((3, 3), np.float64)
    count = places.shape[0]
    top = (_HIP if leg else _SHOULDER) + side
    middle = (_KNEE if leg else _ELBOW) + side
    end = (_ANKLE if leg else _WRIST) + side
    trunk = _PELVIS if leg else _CHEST
    sign = 1.0 if leg else -1.0
    segment = side * _SIDE_SEGMENTS + (_THIGH if leg else _UPPER_ARM)
    for part in range(2):
        for t in range(count):
            upper = unit(difference(places[t, top], places[t, middle]))
            lower = unit(difference(places[t, middle], places[t, end]))
            n = cross(upper, lower)
            normal = (sign * n[0], sign * n[1], sign * n[2])
            square = dot(normal, normal)
            bent = math.sqrt(square) > STRAIGHT
            samples.weights[t] = square if bent else 0.0
            samples.weights[count + t] = _GUESSED
            rotation_of(turns[t, trunk], R)
            guess = _resting_hinge(R, offsets[trunk], side, leg, upper)
            along = lower if part else upper
            rotation_of(turns[t, middle if part else top], R)
            into_axes(R, frame_from_z(along, unit(normal)), samples.rotations[t])
            into_axes(R, frame_from_z(along, guess), samples.rotations[count + t])
        residuals[segment + part] = mean_rotation(samples, 2 * count, offsets[segment + part])


@jit(inner=True)
def _resting_hinge(
    R: Float64[np.ndarray, "3 3"],
    offset: Float64[np.ndarray, "3 3"],
    side: int,
    leg: bool,
    upper: Vector,
) -> Vector:
    """Where a limb that never bends would have its hinge: along the trunk's left, or up for arms held sideways."""
    left = turned(R, offset, 1)
    if leg or abs(dot(left, upper)) <= _SIDEWAYS:
        return left
    x, y, z = turned(R, offset, 2)
    sign = 1.0 if side else -1.0
    return x * sign, y * sign, z * sign


@jit(inner=True)
def _fit_hand(
    places: Places,
    turns: Turns,
    side: int,
    samples: Samples,
    forearm: Float64[np.ndarray, "3 3"],
    hand: Float64[np.ndarray, "3 3"],
) -> float:
    """The hand, which is aligned with the forearm on average."""
    R = scratch((3, 3), np.float64)
    for t in range(places.shape[0]):
        along = difference(places[t, _ELBOW + side], places[t, _WRIST + side])
        rotation_of(turns[t, _ELBOW + side], R)
        axes = frame_from_z(along, turned(R, forearm, 1))
        rotation_of(turns[t, _WRIST + side], R)
        into_axes(R, axes, samples.rotations[t])
        samples.weights[t] = 1.0
    return mean_rotation(samples, places.shape[0], hand)


@jit(inner=True)
def _fit_foot(
    places: Places,
    turns: Turns,
    side: int,
    smooth: Float64[np.ndarray, "2 n 3"],
    flat: Bool[np.ndarray, "n"],
    samples: Samples,
    shank: Float64[np.ndarray, "3 3"],
    foot: Float64[np.ndarray, "3 3"],
) -> float:
    """The foot: its sole's normal points up in flat stance, with x where the knee bends to."""
    R = scratch((3, 3), np.float64)
    level = scratch((3, 3), np.float64)
    count = places.shape[0]
    ankle, toe = _ANKLE + side, _TOE + side
    stands = 0
    for t in range(count):
        along = unit(difference(places[t, toe], places[t, ankle]))
        rotation_of(turns[t, _KNEE + side], R)
        axes = _sloped(along, _shank_axes(places[t], R, side, shank)[1])
        rotation_of(turns[t, ankle], R)
        into_axes(R, axes, samples.rotations[t])
        samples.weights[t] = 1.0
        stands += flat[t]
    misfit = mean_rotation(samples, count, foot)
    if stands >= _FEWEST_FLAT:
        up = (0.0, 0.0, 1.0)
        for t in range(count):
            x, y, _ = difference(smooth[1, t], smooth[0, t])
            rotation_of(turns[t, ankle], R)
            into_axes(R, frame_from_z(up, cross(up, (x, y, 0.0))), samples.rotations[t])
            samples.weights[t] = 1.0 if flat[t] else 0.0
        level_misfit = mean_rotation(samples, count, level)
        trace = 0.0
        for i in range(3):
            for k in range(3):
                trace += foot[i, k] * level[i, k]
        if trace > 1 + 2 * math.cos(_LARGEST_SLOPE_ERROR):
            misfit = level_misfit
            for i in range(3):
                for k in range(3):
                    foot[i, k] = level[i, k]
    _remove_torsion(places, turns, side, samples.apart, shank, foot)
    return misfit


@jit(inner=True)
def _shank_axes(
    places: Float64[np.ndarray, "R 3"],
    R: Float64[np.ndarray, "3 3"],
    side: int,
    shank: Float64[np.ndarray, "3 3"],
) -> tuple[Vector, Vector, Vector]:
    """Axes of a fitted shank: its long axis from joint centres, its twist from the knee's recorded rotation R."""
    along = difference(places[_KNEE + side], places[_ANKLE + side])
    return frame_from_z(along, turned(R, shank, 1))


@jit(inner=True)
def _sloped(along: Vector, hinge: Vector) -> tuple[Vector, Vector, Vector]:
    """A foot's axes guessed from the slope of the line from ankle to toe and the knee's hinge."""
    k = dot(hinge, along)
    hinge = unit((hinge[0] - k * along[0], hinge[1] - k * along[1], hinge[2] - k * along[2]))
    above = cross(along, hinge)
    c, s = math.cos(_SLOPE), math.sin(_SLOPE)
    z = (c * above[0] - s * along[0], c * above[1] - s * along[1], c * above[2] - s * along[2])
    return frame_from_z(z, hinge)


@jit(inner=True)
def _remove_torsion(
    places: Places,
    turns: Turns,
    side: int,
    room: Float64[np.ndarray, "N"],
    shank: Float64[np.ndarray, "3 3"],
    foot: Float64[np.ndarray, "3 3"],
) -> None:
    """Turn a foot's offset about the sole's normal so that x is where the knee bends to.

    Human feet point outwards from there by a constant torsion of the shank (about 15 degrees). Robots have none, and
    no ankle that turns about the shank: a foot that stands turned out would turn the whole leg.
    """
    R = scratch((3, 3), np.float64)
    for t in range(places.shape[0]):
        rotation_of(turns[t, _KNEE + side], R)
        ahead = _shank_axes(places[t], R, side, shank)[0]
        rotation_of(turns[t, _ANKLE + side], R)
        room[t] = math.atan2(dot(turned(R, foot, 1), ahead), dot(turned(R, foot, 0), ahead))
    torsion = min(max(median(room, places.shape[0]), -_LARGEST_TORSION), _LARGEST_TORSION)
    c, s = math.cos(torsion), math.sin(torsion)
    for i in range(3):
        x, y = foot[i, 0], foot[i, 1]
        foot[i, 0] = c * x + s * y
        foot[i, 1] = c * y - s * x
