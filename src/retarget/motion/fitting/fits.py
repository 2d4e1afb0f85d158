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
from retarget.motion.fitting.foot_fit import fit_foot
from retarget.motion.fitting.rows import (
    ANKLE,
    CHEST,
    ELBOW,
    FOOT,
    FOREARM,
    HAND,
    HIP,
    KNEE,
    PELVIS,
    SHANK,
    SHOULDER,
    SIDE_SEGMENTS,
    THIGH,
    UPPER_ARM,
    WRIST,
)
from retarget.motion.numeric.mean_rotation import Samples, mean_rotation
from retarget.motion.numeric.vectors import (
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
# A knee that bends less than 30 degrees the wrong way, its hinge 120 degrees or more from the pelvis' left, is
# stretched beyond straight: joint centres before or behind the true ones do that, hips do not turn so far.
_BEYOND: Final = 0.5
_OPPOSITE: Final = 0.5
# Spine twist and lean, in radians and 1 - cos, over which a frame counts this little in the trunk's offsets.
_TWIST, _LEAN, _ANY_TRUNK = 0.35, 0.1, 1e-3
# Weight of a frame in which a limb is straight: its hinge is guessed there.
_GUESSED = 1e-3
# |cos| of the angle between arm and trunk's left above which arms held sideways have a vertical hinge.
_SIDEWAYS = 0.8
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
    wrists: Float64[np.ndarray, "2 2 2"],
) -> None:
    """Fill the rotation from each carrying joint's axes to its segment's, its mean misfit in rad, and how wrists bend.

    Args:
        places: Joint centres of `needed_roles`, metres, world.
        turns: Their recorded rotations, unit quaternions, wxyz.
        smooth: Foot (left, right) x marker (ankle, toe), without noise, metres.
        flat: Frames in which the left and the right foot stand flat.
        samples: Room for twice as many samples as frames.
        offsets: Filled, for `SEGMENTS`.
        residuals: Filled.
        wrists: Filled; see `Calibration`.
    """
    _fit_trunk(places, turns, samples, offsets, residuals)
    for side in range(2):
        first = side * SIDE_SEGMENTS
        for leg in range(2):
            _fit_limb(places, turns, side, leg == 0, samples, offsets, residuals)
        residuals[first + HAND] = _fit_hand(
            places, turns, side, samples, offsets[first + FOREARM], offsets[first + HAND]
        )
        _find_wrist_bends(places, turns, side, offsets[first + HAND], wrists[side])
        residuals[first + FOOT] = fit_foot(
            places,
            turns,
            side,
            smooth[side],
            flat[side],
            samples,
            offsets[first + SHANK],
            offsets[first + FOOT],
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
        left = SHOULDER if part else HIP
        for t in range(count):
            across = difference(places[t, HIP], places[t, HIP + 1])
            above = difference(places[t, SHOULDER], places[t, SHOULDER + 1])
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
            rotation_of(turns[t, CHEST if part else PELVIS], R)
            into_axes(R, axes, samples.rotations[t])
        residuals[part] = mean_rotation(samples, count, offsets[part])


@jit(inner=True)
def _rise(places: Float64[np.ndarray, "R 3"], i: int) -> float:
    """From the middle of the hips to that of the shoulders."""
    above: float = (places[SHOULDER, i] + places[SHOULDER + 1, i]) / 2
    below: float = (places[HIP, i] + places[HIP + 1, i]) / 2
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
    top = (HIP if leg else SHOULDER) + side
    middle = (KNEE if leg else ELBOW) + side
    end = (ANKLE if leg else WRIST) + side
    trunk = PELVIS if leg else CHEST
    sign = 1.0 if leg else -1.0
    segment = side * SIDE_SEGMENTS + (THIGH if leg else UPPER_ARM)
    for part in range(2):
        for t in range(count):
            upper = unit(difference(places[t, top], places[t, middle]))
            lower = unit(difference(places[t, middle], places[t, end]))
            n = cross(upper, lower)
            normal = (sign * n[0], sign * n[1], sign * n[2])
            square = dot(normal, normal)
            sine = math.sqrt(square)
            samples.weights[count + t] = _GUESSED
            rotation_of(turns[t, trunk], R)
            guess = _resting_hinge(R, offsets[trunk], side, leg, upper)
            beyond = leg and sine < _BEYOND and dot(normal, guess) < -_OPPOSITE * sine
            samples.weights[t] = square if sine > STRAIGHT and not beyond else 0.0
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
    """Where a limb that never bends would have its hinge: along the trunk's left.

    Arms held sideways bend forwards: the left one's hinge points up the trunk, the right one's down.
    """
    left = turned(R, offset, 1)
    if leg or abs(dot(left, upper)) <= _SIDEWAYS:
        return left
    x, y, z = turned(R, offset, 2)
    sign = -1.0 if side else 1.0
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
        along = difference(places[t, ELBOW + side], places[t, WRIST + side])
        rotation_of(turns[t, ELBOW + side], R)
        axes = frame_from_z(along, turned(R, forearm, 1))
        rotation_of(turns[t, WRIST + side], R)
        into_axes(R, axes, samples.rotations[t])
        samples.weights[t] = 1.0
    return mean_rotation(samples, places.shape[0], hand)


@jit(inner=True)
def _find_wrist_bends(
    places: Places,
    turns: Turns,
    side: int,
    hand: Float64[np.ndarray, "3 3"],
    bends: Float64[np.ndarray, "2 2"],
) -> None:
    """Fill the second moments of the turn that bends a hand away from its forearm, about the hand's x and y axes."""
    R = scratch((3, 3), np.float64)
    for i in range(2):
        for k in range(2):
            bends[i, k] = 0.0
    for t in range(places.shape[0]):
        along = unit(difference(places[t, ELBOW + side], places[t, WRIST + side]))
        rotation_of(turns[t, WRIST + side], R)
        a, b = dot(turned(R, hand, 0), along), dot(turned(R, hand, 1), along)
        sine = math.sqrt(a * a + b * b)
        if sine > 1e-9:
            angle = math.atan2(sine, dot(turned(R, hand, 2), along))
            x, y = b / sine * angle, -a / sine * angle
            bends[0, 0] += x * x
            bends[0, 1] += x * y
            bends[1, 1] += y * y
    for i in range(2):
        for k in range(i, 2):
            bends[i, k] /= places.shape[0]
    bends[1, 0] = bends[0, 1]
