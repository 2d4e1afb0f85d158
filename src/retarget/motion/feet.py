"""Feet on the ground: marker noise, stance heights, and how a foot's axes lie to its sole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from retarget.geometry import (
    constant_offset,
    cross,
    frame_from_z,
    unit,
)
from retarget.motion.spans import spans

__all__ = [
    "HEIGHT_OFF",
    "HEIGHT_ON",
    "SPEED_OFF",
    "SPEED_ON",
    "FootMarkers",
    "fit_foot",
    "lowpass",
    "marker_noise",
    "speed",
    "stance_height",
    "stance_runs",
    "toe_speeds",
    "without_torsion",
]

# Hysteresis of ground contact, in leg lengths and leg lengths a second. Chosen on the dance, walk and jump clips;
# anything within a third of these values gives the same stances.
HEIGHT_ON, HEIGHT_OFF = 0.045, 0.065
SPEED_ON, SPEED_OFF = 0.35, 0.55
# Of toes, which rest while a foot rolls and are slower: one that is faster than this turns or slides, and held it
# would turn the leg. Chosen on the LAFAN1 and Bandai dances.
TOE_ON, TOE_OFF = 0.3, 0.4
SHORTEST_STANCE = 0.08  # seconds; shorter touches and gaps are noise
# A foot that travels faster than this (m/s) on average over this time (seconds) slides. Touch-down and roll-over are
# faster, but only for an instant.
SLIDE_SPEED, SLIDE_TIME = 0.25, 0.17

# Without flat stance: ankle to toe slopes about 30 degrees down on a human foot.
ANKLE_TOE_SLOPE = np.radians(30.0)
# An offset further than this from that guess was fitted to a foot that was not on the floor.
LARGEST_SLOPE_ERROR = np.radians(40.0)
# The shank's torsion is 15 degrees in most people, hardly ever more than twice that.
LARGEST_TORSION = np.radians(30.0)
# Marker speed noise in leg lengths a second, below which it cannot flip a contact.
HARMLESS_SPEED_NOISE = 0.08

Positions = Float64[np.ndarray, "T 3"]
Frames = Float64[np.ndarray, "T 3 3"]


@dataclass(frozen=True, slots=True, eq=False)
class FootMarkers:
    """Ankle and toe joint of one foot over time, metres, world."""

    ankle: Positions
    toe: Positions


def marker_noise(markers: list[Positions]) -> float:
    """White noise of markers in metres: robust, from third differences, which a smooth motion hardly has."""
    levels = [
        1.4826 * np.median(np.abs(np.diff(marker, n=3, axis=0))) / np.sqrt(20)
        for marker in markers
        if len(marker) > 8
    ]
    return float(np.median(levels)) if levels else 0.0


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
    """Strict and loose threshold of a toe's speed in stance, leg lengths a second.

    What noise is left after `lowpass` must not end a stance.
    """
    left = min(noise / leg_length * fps / np.sqrt(2), HARMLESS_SPEED_NOISE)
    return TOE_ON, min(TOE_OFF + 2 * float(left), SPEED_OFF)


def speed(positions: Positions, fps: float) -> Float64[np.ndarray, "T"]:
    """Speed in metres a second by central differences; zero for a single frame."""
    if len(positions) < 2:
        return np.zeros(len(positions))
    return np.asarray(np.linalg.norm(np.gradient(positions, axis=0), axis=1) * fps)


def stance_height(
    height: Float64[np.ndarray, "T"], speeds: Float64[np.ndarray, "T"], leg_length: float
) -> float:
    """Height of a marker while it rests on the ground, metres.

    The densest height among its slow samples near its lowest ones; a low percentile where it hardly ever rests.
    """
    lowest = float(np.percentile(height, 2))
    resting = height[(speeds < SPEED_ON * leg_length) & (height < lowest + 0.12 * leg_length)]
    if len(resting) < 10:
        return lowest
    width = 0.004 * leg_length
    bins = lowest - 0.02 * leg_length + width * np.arange(38)
    counts, edges = np.histogram(resting, bins=bins)
    smooth = np.convolve(counts, [1, 2, 3, 2, 1], "same")
    return float(edges[int(np.argmax(smooth))] + width / 2)


def fit_foot(
    markers: FootMarkers,
    recorded: Frames,
    shank: Frames,
    *,
    every: int,
    leg_length: float,
    fps: float,
    noise: float,
) -> tuple[tuple[Float64[np.ndarray, "3 3"], float], Bool[np.ndarray, "T"]]:
    """A foot's constant offset and its mean misfit in rad, and the frames in which the foot stands flat.

    The constant offset makes the sole's normal point up in flat stance, with x from ankle to toe seen from above. It
    is fitted on each ``every``-th frame, for which ``recorded`` and ``shank`` are given.
    """
    ankle, toe = (
        lowpass(m, fps=fps, noise=noise, leg_length=leg_length)
        for m in (markers.ankle, markers.toe)
    )
    along = unit(markers.toe - markers.ankle)
    flat = _low_and_slow(toe, fps, leg_length) & _low_and_slow(ankle, fps, leg_length)
    flat &= np.hypot(along[:, 0], along[:, 1]) > 0.5  # a foot on tiptoe has no level sole
    level_frames = flat[::every]
    offset, misfit = constant_offset(
        recorded, _sloped(along[::every], shank), np.ones(len(recorded))
    )
    if level_frames.sum() >= 3:
        forward = (toe - ankle)[::every] * [1.0, 1.0, 0.0]
        up = np.tile([0.0, 0.0, 1.0], (len(forward), 1))
        level = frame_from_z(up, cross(up, forward))
        fitted, fitted_misfit = constant_offset(recorded, level, level_frames.astype(np.float64))
        if np.trace(offset.T @ fitted) > 1 + 2 * np.cos(LARGEST_SLOPE_ERROR):
            offset, misfit = fitted, fitted_misfit
    return (offset, misfit), flat


def without_torsion(
    offset: Float64[np.ndarray, "3 3"], recorded: Frames, shank: Frames
) -> Float64[np.ndarray, "3 3"]:
    """A foot's constant offset, turned about the sole's normal so that x is where the knee bends to.

    Human feet point outwards from there by a constant torsion of the shank (about 15 degrees). Robots have none, and
    no ankle that turns about the shank: a foot that stands turned out would turn the whole leg.
    """
    feet = recorded @ offset
    ahead = np.einsum("tij,ti->tj", feet, shank[..., 0])
    torsion = float(np.median(np.arctan2(ahead[:, 1], ahead[:, 0])))
    torsion = min(max(torsion, -LARGEST_TORSION), LARGEST_TORSION)
    cosine, sine = np.cos(torsion), np.sin(torsion)
    turn = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    return np.asarray(offset @ turn)


def _low_and_slow(marker: Positions, fps: float, leg_length: float) -> Bool[np.ndarray, "T"]:
    speeds = speed(marker, fps)
    floor = stance_height(marker[:, 2], speeds, leg_length)
    return (marker[:, 2] < floor + HEIGHT_ON * leg_length) & (speeds < SPEED_ON * leg_length)


def _sloped(along: Positions, shank: Frames) -> Frames:
    """Foot frames guessed from the slope of the line from ankle to toe and the knee's hinge."""
    hinge = shank[..., 1]
    hinge = unit(hinge - np.einsum("ti,ti->t", hinge, along)[:, None] * along)
    above = cross(along, hinge)
    z = np.cos(ANKLE_TOE_SLOPE) * above - np.sin(ANKLE_TOE_SLOPE) * along
    return frame_from_z(z, hinge)


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
        slow: Strict and loose threshold of speed, leg lengths a second.
    """
    height = marker[:, 2] - floor
    strict = (height < HEIGHT_ON * leg) & (speeds < slow[0] * leg)
    loose = (height < HEIGHT_OFF * leg) & (speeds < slow[1] * leg)
    reached = spans(loose)
    stance = np.zeros(len(height), bool)
    stance[loose] = reached.by_frame(reached.means(strict) > 0)
    shortest = max(2, round(SHORTEST_STANCE * fps))
    stance = _without_short_runs(~_without_short_runs(~stance, shortest), shortest)
    return _without_short_runs(_without_slides(stance, marker[:, :2], fps), shortest)


def _without_slides(
    stance: Bool[np.ndarray, "T"], place: Float64[np.ndarray, "T 2"], fps: float
) -> Bool[np.ndarray, "T"]:
    """Stances without the frames that lie in no stretch of `SLIDE_TIME` in which the place hardly moves on.

    A stance shorter than that is one stretch.
    """
    stances = spans(stance)
    lengths = stances.last - stances.first
    frames = np.flatnonzero(stance)
    steps = stances.by_frame(np.minimum(max(1, round(SLIDE_TIME * fps)), lengths - 1))
    inside = frames + steps < stances.by_frame(stances.last)
    first, steps = frames[inside], steps[inside]
    travelled = np.linalg.norm(place[first + steps] - place[first], axis=1)
    slow = travelled < SLIDE_SPEED * steps / fps
    # How many slow stretches are under way in each frame.
    changes = np.zeros(len(stance) + 1, np.int64)
    np.add.at(changes, first[slow], 1)
    np.add.at(changes, (first + steps)[slow] + 1, -1)
    return np.asarray(np.cumsum(changes[:-1]) > 0)


def _without_short_runs(mask: Bool[np.ndarray, "T"], shortest: int) -> Bool[np.ndarray, "T"]:
    held = spans(mask)
    kept = mask.copy()
    kept[mask] = held.by_frame(held.last - held.first >= shortest)
    return kept
