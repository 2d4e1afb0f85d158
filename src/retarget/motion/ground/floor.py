"""A recording whose floor is tilted by a few degrees is levelled, as the robot's floor is level."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from retarget.geometry import matrix_from_quaternion, quaternion_product, unit
from retarget.motion.doubts import Doubt
from retarget.motion.ground.feet import lowpass, marker_noise, speed
from retarget.motion.motion import Motion
from retarget.motion.numeric.quantiles import median_of
from retarget.motion.numeric.spans import spans
from retarget.motion.segments import SIDES, needed_roles

__all__ = [
    "Rests",
    "Slope",
    "Standing",
    "find_slope",
    "leg_length",
    "levelled",
    "rests_of_toes",
    "turned_level",
]

# Leg lengths a second below which a toe rests, for at least this time in seconds.
REST_SPEED, REST_TIME = 0.2, 0.1
# Degrees: less is within what bodies and markers do, more is a ramp or a stair.
SMALLEST_SLOPE, LARGEST_SLOPE = 0.75, 10.0
# Degrees of the steepest plane that is told, and weight of a doubt about one that is no floor.
_STEEPEST, _STEEP = 45.0, 0.55
FEWEST_RESTS = 7
SMALLEST_SPAN = 1.0  # metres between the outermost rests along a direction whose slope is told
# Leg lengths. Rests further than this from the plane are on no floor; those on it scatter less than that.
FAR, LARGEST_SCATTER = 0.04, 0.015
FEWEST_ON_FLOOR = 0.7  # share of the rests; several levels leave fewer on one plane
SURE = 5.0  # standard errors by which a slope exceeds zero
ROUNDS = 10
QUANTILE = 0.25  # of heights: feet that are held up are above the floor, hardly any below

Places = Float64[np.ndarray, "N 3"]
Vector = Float64[np.ndarray, "2"]


@dataclass(frozen=True, slots=True, eq=False)
class Slope:
    """A floor that is not level.

    Attributes:
        gradient: Rise of the floor along x and y.
        middle: A place on it, metres.
    """

    gradient: Vector
    middle: Float64[np.ndarray, "3"]

    @property
    def degrees(self) -> float:
        """Angle between the floor and the level."""
        return float(np.degrees(np.arctan(np.linalg.norm(self.gradient))))

    @property
    def levelling(self) -> Float64[np.ndarray, "4"]:
        """The shortest turn, a quaternion, that makes the floor level."""
        x, y, z = unit(np.array([-self.gradient[0], -self.gradient[1], 1.0]))  # the floor's normal
        return unit(np.array([1.0 + z, y, -x, 0.0]))


class Standing:
    """How a motion stands, found when it is first asked for.

    Attributes:
        motion: The motion.
    """

    def __init__(self, motion: Motion) -> None:
        self.motion = motion

    @cached_property
    def leg(self) -> float:
        """Length of its legs, metres."""
        return leg_length(self.motion)

    @cached_property
    def rests(self) -> Rests:
        """Where its toes rest; of legs that have a length."""
        return rests_of_toes(self.motion, self.leg)


def levelled(motion: Motion, standing: Standing | None = None) -> tuple[Motion, float]:
    """The motion with its floor level, and by how many degrees that was tilted; the same motion where it was not.

    The motion is turned about the middle of the places at which its toes rested. Where that plane is steep, it is left
    as it is, and doubted. ``standing`` is how it stands, for those who ask further.
    """
    slope = _plane(standing or Standing(motion))
    if slope is None:
        return motion, 0.0
    if slope.degrees < LARGEST_SLOPE:
        return turned_level(motion, slope), slope.degrees
    reason = (
        f"feet rest on a plane that rises by {slope.degrees:.0f} degrees, as on a ramp or stairs, or in a file whose "
        "up axis is tilted; the robot's floor is level"
    )
    doubts = (*motion.source.doubts, Doubt("floor", _STEEP, reason))
    return replace(motion, source=replace(motion.source, doubts=doubts)), 0.0


def turned_level(motion: Motion, slope: Slope) -> Motion:
    """The motion turned so that a slope of its floor is level."""
    turn = slope.levelling
    matrix = matrix_from_quaternion(turn)
    positions, rotations = np.empty_like(motion.positions), np.empty_like(motion.rotations)
    for block, part in motion.blocks():
        positions[block] = (part.positions - slope.middle) @ matrix.T + slope.middle
        rotations[block] = quaternion_product(turn, part.rotations)
    return replace(motion, positions=positions, rotations=rotations)


def find_slope(motion: Motion) -> Slope | None:
    """The slope of a motion's floor, or None where it is level as far as can be told.

    Told are slopes along directions in which the toes rested over a metre or more, all on one plane. Who walks up a
    straight ramp for the whole recording is taken to walk on a tilted floor; stairs are too steep, or no plane.
    """
    slope = _plane(Standing(motion))
    return slope if slope is not None and slope.degrees < LARGEST_SLOPE else None


def _plane(standing: Standing) -> Slope | None:
    """The same, however steep it is, up to what people can stand on."""
    motion = standing.motion
    said = motion.source.floor_m is not None  # a floor whose height is known is level
    if said or not set(needed_roles()) <= set(motion.roles) or not len(motion):
        return None
    leg = standing.leg
    if not leg > 0.0:
        return None
    places, feet, _, _ = standing.rests
    if len(places) < FEWEST_RESTS:
        return None
    # From a plane with some rests below and most above, to the rests that lie close to it.
    slope, offsets = _fit(places, feet, np.ones(len(places)))
    for _ in range(ROUNDS):
        above = _above(places, feet, slope, offsets)
        lean = np.where(above > 0, QUANTILE, 1 - QUANTILE)
        slope, offsets = _fit(places, feet, lean / np.maximum(np.abs(above), 0.002 * leg))
    for _ in range(ROUNDS):
        near = np.abs(_above(places, feet, slope, offsets)) < FAR * leg
        if near.sum() < max(FEWEST_RESTS, FEWEST_ON_FLOOR * len(near)):
            return None
        slope, offsets = _fit(places, feet, near.astype(np.float64))
    places, feet = places[near], feet[near]
    freedoms = len(places) - len(slope) - len(offsets)
    scatter = float(np.linalg.norm(_above(places, feet, slope, offsets)) / np.sqrt(freedoms))
    if scatter > LARGEST_SCATTER * leg:
        return None
    found = Slope(slope, places.mean(axis=0))
    spread = np.linalg.norm(_centred(places, feet, np.ones(len(places)))[:, :2] @ unit(slope))
    sure = np.linalg.norm(slope) > SURE * scatter / max(float(spread), 1e-9)
    return found if sure and SMALLEST_SLOPE < found.degrees < _STEEPEST else None


class Rests(NamedTuple):
    """Where and when toes rested: one place a rest, in order of time.

    Attributes:
        places: Places, metres.
        feet: Which foot's (left, right) they are.
        times: Their middles, frames.
        lengths: How long they lasted, frames.
    """

    places: Places
    feet: Int64[np.ndarray, "N"]
    times: Float64[np.ndarray, "N"]
    lengths: Float64[np.ndarray, "N"]


def rests_of_toes(motion: Motion, leg: float) -> Rests:
    """The rests of both feet's toes, for legs of this length in metres."""
    toes = [motion.role_positions(f"{side}_toe") for side in SIDES]
    noise, fps = marker_noise(toes), motion.fps
    parts = []
    for foot, raw in enumerate(toes):
        toe = lowpass(raw, fps=fps, noise=noise, leg_length=leg)
        rests = spans(speed(toe, fps) < REST_SPEED * leg).lasting(max(2, REST_TIME * fps))
        times, lengths = (rests.first + rests.last - 1) / 2, (rests.last - rests.first) * 1.0
        parts.append((rests.medians(toe), np.full(len(rests.first), foot), times, lengths))
    places, feet, times, lengths = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.argsort(times, kind="stable")
    return Rests(places[order], feet[order], times[order], lengths[order])


def _fit(
    places: Places, feet: Int64[np.ndarray, "N"], weights: Float64[np.ndarray, "N"]
) -> tuple[Vector, Vector]:
    """Slope along x and y and each foot's height at the origin, by weighted least squares.

    Directions in which the places hardly spread get no slope.
    """
    centred = _centred(places, feet, weights)
    ground = centred[:, :2]
    weighted = ground * weights[:, None]
    spreads, directions = np.linalg.eigh(weighted.T @ ground)
    slope = np.zeros(2)
    for spread, direction in zip(spreads, directions.T, strict=True):
        along = ground @ direction
        if np.ptp(along) > SMALLEST_SPAN:
            slope += direction * (direction @ weighted.T @ centred[:, 2]) / spread
    rest = places[:, 2] - places[:, :2] @ slope
    return slope, _middles(rest[:, None], feet, weights)[:, 0]


def _centred(
    places: Places, feet: Int64[np.ndarray, "N"], weights: Float64[np.ndarray, "N"]
) -> Places:
    """Places from the middle of their foot's: one foot may rest a little higher than the other."""
    return np.asarray(places - _middles(places, feet, weights)[feet])


def _middles(
    values: Float64[np.ndarray, "N n"],
    feet: Int64[np.ndarray, "N"],
    weights: Float64[np.ndarray, "N"],
) -> Float64[np.ndarray, "2 n"]:
    """Weighted mean of each foot's values; 0 of a foot that has none."""
    own = weights * (feet == np.arange(len(SIDES))[:, None])
    return np.asarray(own @ values / np.maximum(own.sum(axis=1, keepdims=True), 1e-12))


def _above(
    places: Places, feet: Int64[np.ndarray, "N"], slope: Vector, offsets: Vector
) -> Float64[np.ndarray, "N"]:
    """Heights of places above the plane, metres."""
    return np.asarray(places[:, 2] - places[:, :2] @ slope - offsets[feet])


def leg_length(motion: Motion) -> float:
    """Hip to ankle by the knee, metres: the median over the frames, mean of both legs."""
    legs = [
        np.linalg.norm(
            motion.role_positions(f"{side}_{upper}") - motion.role_positions(f"{side}_{lower}"),
            axis=1,
        )
        for side in SIDES
        for upper, lower in (("hip", "knee"), ("knee", "ankle"))
    ]
    return median_of(np.sum(legs, axis=0)) / len(SIDES)
