"""Feet on the ground: marker noise, stance heights, and how a foot's axes lie to its sole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from retarget.motion.ground.resting import (
    Stillness,
    fill_speeds,
    find_flat,
    find_stance,
    noise_level,
    resting_height,
)
from retarget.motion.numeric.quantiles import median_of

__all__ = [
    "HEIGHT_OFF",
    "HEIGHT_ON",
    "SPEED_OFF",
    "SPEED_ON",
    "STANDING_SHANK",
    "FootMarkers",
    "flat_frames",
    "height_on_floor",
    "lowpass",
    "marker_noise",
    "speed",
    "stance_height",
    "stance_runs",
    "toe_speeds",
]

# Hysteresis of ground contact, in leg lengths and leg lengths per second. Chosen on the dance, walk and jump clips;
# anything within a third of these values gives the same stances.
HEIGHT_ON, HEIGHT_OFF = 0.045, 0.065
SPEED_ON, SPEED_OFF = 0.35, 0.55
# Of toes, which rest while a foot rolls and are slower: one that is faster than this turns or slides, and held it
# would turn the leg. Chosen on the LAFAN1 and Bandai dances.
TOE_ON, TOE_OFF = 0.3, 0.4
# Leg lengths: the joint of the toes above the floor in stance, and how far it may be from a floor that is said.
TOE_HEIGHT, NEAR_FLOOR = 0.025, 0.12
FEWEST_RESTING = 10  # frames
# Leg lengths from ankle up to knee from which on a foot can stand flat: squatting, heels down, it is above 0.3.
STANDING_SHANK = 0.22
SHORTEST_STANCE = 0.08  # seconds; shorter touches and gaps are noise
# A foot that travels faster than this (m/s) on average over this time (seconds) slides. Touch-down and roll-over are
# faster, but only for an instant.
SLIDE_SPEED, SLIDE_TIME = 0.25, 0.17

# Marker speed noise in leg lengths per second, below which it cannot flip a contact.
HARMLESS_SPEED_NOISE = 0.08

Positions = Float64[np.ndarray, "T 3"]


@dataclass(frozen=True, slots=True, eq=False)
class FootMarkers:
    """Ankle and toe joint of one foot over time, metres, world."""

    ankle: Positions
    toe: Positions


def marker_noise(markers: list[Positions]) -> float:
    """White noise of markers in metres: robust, from third differences, which a smooth motion hardly has."""
    levels = [
        noise_level(np.ascontiguousarray(marker), np.empty(marker.size))
        for marker in markers
        if len(marker) > 8
    ]
    return median_of(np.array(levels)) if levels else 0.0


def lowpass(positions: Positions, *, fps: float, noise: float, leg_length: float) -> Positions:
    """Zero-phase Gaussian along time, just wide enough that noise cannot flip a contact; often none at all."""
    relative = noise / leg_length
    if relative * fps / np.sqrt(2) < HARMLESS_SPEED_NOISE:
        return positions
    sigma = (0.53 * relative * fps / 0.1) ** (2 / 3)  # frames
    if sigma < 0.3:
        return positions
    from scipy.ndimage import gaussian_filter1d

    return np.asarray(gaussian_filter1d(positions, sigma, axis=0, mode="nearest"))


def toe_speeds(*, fps: float, noise: float, leg_length: float) -> tuple[float, float]:
    """Strict and loose threshold of a toe's speed in stance, leg lengths per second.

    What noise is left after `lowpass` must not end a stance.
    """
    left = min(noise / leg_length * fps / np.sqrt(2), HARMLESS_SPEED_NOISE)
    return TOE_ON, min(TOE_OFF + 2 * float(left), SPEED_OFF)


def speed(positions: Positions, fps: float) -> Float64[np.ndarray, "T"]:
    """Speed in metres per second by central differences; zero for a single frame."""
    speeds = np.empty(len(positions))
    fill_speeds(np.ascontiguousarray(positions), fps, speeds)
    return speeds


def stance_height(
    height: Float64[np.ndarray, "T"], speeds: Float64[np.ndarray, "T"], leg_length: float
) -> float:
    """Height of a marker while it rests on the ground, metres; see `resting_height`."""
    heights = np.ascontiguousarray(height)
    room = np.empty(len(heights))
    slow = SPEED_ON * leg_length
    return float(resting_height(heights, np.ascontiguousarray(speeds), leg_length, slow, room))


def height_on_floor(
    height: Float64[np.ndarray, "T"],
    speeds: Float64[np.ndarray, "T"],
    leg_length: float,
    floor: float,
) -> float:
    """Height of a toe joint while it rests on a floor whose height is known, metres.

    `TOE_HEIGHT` above the floor where it hardly ever rests near there.
    """
    near = np.abs(height - floor) < NEAR_FLOOR * leg_length
    if (speeds[near] < SPEED_ON * leg_length).sum() < FEWEST_RESTING:
        return floor + TOE_HEIGHT * leg_length
    return stance_height(height[near], speeds[near], leg_length)


def flat_frames(
    markers: FootMarkers, knee: Positions, *, leg_length: float, fps: float, noise: float
) -> tuple[FootMarkers, Bool[np.ndarray, "T"]]:
    """The markers without noise, and the frames in which the foot stands flat, under the leg's knee (metres, world).

    The foot of a leg that kneels or lies may be low and slow, but is not flat on the ground.
    """
    smooth = FootMarkers(
        *(
            np.ascontiguousarray(lowpass(m, fps=fps, noise=noise, leg_length=leg_length))
            for m in (markers.ankle, markers.toe)
        )
    )
    flat = np.empty(len(markers.ankle), bool)
    find_flat(
        (np.ascontiguousarray(markers.ankle), np.ascontiguousarray(markers.toe)),
        (smooth.ankle, smooth.toe),
        fps,
        leg_length,
        (HEIGHT_ON * leg_length, SPEED_ON * leg_length),
        np.empty((3, len(flat))),
        flat,
    )
    flat &= knee[:, 2] - markers.ankle[:, 2] > STANDING_SHANK * leg_length
    return smooth, flat


def stance_runs(
    marker: Positions,
    speeds: Float64[np.ndarray, "T"],
    floor: float,
    leg: float,
    fps: float,
    slow: tuple[float, float] = (SPEED_ON, SPEED_OFF),
) -> Bool[np.ndarray, "T"]:
    """Runs that stay within the loose thresholds, reach the strict ones, last and do not slide; short gaps are closed.

    Args:
        marker: Places of a point, metres, world.
        speeds: Its speeds, m/s.
        floor: Its height at rest, metres.
        leg: Leg length, metres.
        fps: Frames per second.
        slow: Strict and loose threshold of speed, leg lengths per second.
    """
    still = Stillness(
        strict_height=HEIGHT_ON * leg,
        loose_height=HEIGHT_OFF * leg,
        strict_speed=slow[0] * leg,
        loose_speed=slow[1] * leg,
        shortest=max(2, round(SHORTEST_STANCE * fps)),
        slide=max(1, round(SLIDE_TIME * fps)),
        drift=SLIDE_SPEED / fps,
    )
    stance, work = np.empty(len(marker), bool), np.empty(len(marker), bool)
    find_stance(
        np.ascontiguousarray(marker), np.ascontiguousarray(speeds), floor, still, work, stance
    )
    return stance
