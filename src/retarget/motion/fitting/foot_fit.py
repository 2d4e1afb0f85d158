"""How a foot's recorded axes lie to its sole."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Bool, Float64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.motion.fitting.rows import ANKLE, KNEE, TOE
from retarget.motion.numeric.mean_rotation import Samples, mean_rotation
from retarget.motion.numeric.quantiles import median
from retarget.motion.numeric.vectors import (
    Vector,
    cross,
    difference,
    dot,
    frame_from_z,
    into_axes,
    rotation_of,
    turned,
    unit,
)

__all__ = ["fit_foot"]

# Without flat stance: ankle to toe slopes about 30 degrees down on a human foot. An offset further than 40 degrees from
# that guess was fitted to a foot that was not on the floor.
_SLOPE, _LARGEST_SLOPE_ERROR = math.radians(30.0), math.radians(40.0)
_FEWEST_FLAT = 3
# The shank's torsion is 15 degrees in most people, hardly ever more than twice that.
_LARGEST_TORSION = math.radians(30.0)

Places = Float64[np.ndarray, "n R 3"]
Turns = Float64[np.ndarray, "n R 4"]


@jit(inner=True)
def fit_foot(
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
    ankle, toe = ANKLE + side, TOE + side
    stands = 0
    for t in range(count):
        along = unit(difference(places[t, toe], places[t, ankle]))
        rotation_of(turns[t, KNEE + side], R)
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
    along = difference(places[KNEE + side], places[ANKLE + side])
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
        rotation_of(turns[t, KNEE + side], R)
        ahead = _shank_axes(places[t], R, side, shank)[0]
        rotation_of(turns[t, ANKLE + side], R)
        room[t] = math.atan2(dot(turned(R, foot, 1), ahead), dot(turned(R, foot, 0), ahead))
    torsion = min(max(median(room, places.shape[0]), -_LARGEST_TORSION), _LARGEST_TORSION)
    c, s = math.cos(torsion), math.sin(torsion)
    for i in range(3):
        x, y = foot[i, 0], foot[i, 1]
        foot[i, 0] = c * x + s * y
        foot[i, 1] = c * y - s * x
