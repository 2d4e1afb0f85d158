"""Whether what carries the body was recorded: who sits on a chair or leans on a wall is not above the feet."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from jaxtyping import Bool, Float64

from retarget.motion.doubts import Doubt
from retarget.motion.ground.body_mass import centre_of_mass
from retarget.motion.ground.floor import leg_length
from retarget.motion.motion import Motion
from retarget.motion.segments import SIDES, needed_roles

__all__ = ["supported"]

_DIRECTIONS: Final = 16  # along which the body may be beside its feet
_SPAN: Final = 0.1  # seconds to both sides over which speeds are taken
_HIPS_STILL: Final = 0.3  # m/s of the hips of a body of which that may be so
_STILL: Final = 0.1  # m/s of the centre of mass: slower, it is above what carries it
# Leg lengths: from joints of the feet to which the body is beside them, as soles reach beyond and centres are guessed;
# above the lowest twentieth of a foot's heights, from which on it is up; and above the lower foot's, up to which other
# joints may be on the ground.
_BESIDE, _UP, _NEAR = 0.2, 0.06, 0.25
_SHORTEST: Final = 1.0  # seconds of it
_LONG: Final = 0.2  # share of the clip
_SOME_WEIGHT, _LONG_WEIGHT = 0.3, 0.55
_EVERY: Final = 30.0  # Hz at which it is looked at


def supported(motion: Motion) -> Motion:
    """The motion, with a doubt if the body is at rest beside its feet, where nothing that was recorded carries it.

    Args:
        motion: On a level floor, without things.
    """
    if not set(needed_roles()) <= set(motion.roles) or motion.duration < _SHORTEST:
        return motion
    every = max(1, round(motion.fps / _EVERY))
    fps = motion.fps / every
    if _rests(motion, every, fps) < _SHORTEST:  # as in most short clips
        return motion
    leg = leg_length(motion)
    if not leg > 0.0:
        return motion
    beside = _beside_feet(motion, leg, every, fps)
    seconds, share = float(beside.sum()) / fps, float(beside.mean())
    if seconds < _SHORTEST:
        return motion
    reason = (
        f"the body rests beside its feet for {seconds:.1f} s, as on a seat or against a wall that was not recorded; "
        "give what carries it with --scene, or choose other frames by --start and --end"
    )
    doubt = Doubt("support", _LONG_WEIGHT if share > _LONG else _SOME_WEIGHT, reason)
    return replace(motion, source=replace(motion.source, doubts=(*motion.source.doubts, doubt)))


def _rests(motion: Motion, every: int, fps: float) -> float:
    """Seconds in which the middle between the hips is as slow as somebody's at rest can be."""
    hips = (
        motion.positions[::every, motion.roles["left_hip"], :2]
        + motion.positions[::every, motion.roles["right_hip"], :2]
    )
    reach = max(1, round(_SPAN * fps))
    steps = hips[2 * reach :] - hips[: -2 * reach]
    most = 2 * _HIPS_STILL * 2 * reach / fps
    return float((np.einsum("ti,ti->t", steps, steps) < most * most).sum()) / fps


def _beside_feet(motion: Motion, leg: float, every: int, fps: float) -> Bool[np.ndarray, "n"]:
    """When a body at rest, of which nothing else is near the ground, is beside the feet that are down."""
    positions, roles = motion.positions[::every], motion.roles
    beside = np.zeros(len(positions), bool)
    centre = centre_of_mass(positions, roles, slice(2))
    at = np.flatnonzero(_still(centre, fps))
    if not at.size:
        return beside
    feet = [roles[f"{side}_{joint}"] for side in SIDES for joint in ("ankle", "toe")]
    others = [
        roles[f"{side}_{joint}"]
        for side in SIDES
        for joint in ("hip", "knee", "shoulder", "elbow", "wrist")
    ]
    heights = positions[:, feet, 2].astype(np.float64)
    low = len(heights) // 20
    rest = np.partition(heights, low, axis=0)[low]
    rest = np.minimum(rest, np.tile(rest.reshape(2, 2).min(axis=0), 2) + _UP * leg)
    down = heights[at] - rest < _UP * leg
    up = positions[at[:, None], others, 2].min(axis=1) > rest.min() + _NEAR * leg
    on_feet = down.any(axis=1) & up
    at, down = at[on_feet], down[on_feet]
    places, middle = positions[at[:, None], feet, :2].astype(np.float64), centre[at]
    turns = 2 * np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS
    gaps = np.full(len(at), -np.inf)
    for way in np.stack(
        [np.cos(turns), np.sin(turns)], axis=1
    ):  # one by one: long clips have many frames
        along = np.where(down, places @ way, -np.inf).max(axis=1, initial=-np.inf)
        np.maximum(gaps, middle @ way - along, out=gaps)
    beside[at] = gaps > _BESIDE * leg
    return beside


def _still(centre: Float64[np.ndarray, "n 2"], fps: float) -> Bool[np.ndarray, "n"]:
    """When the centre of mass is so slow that it is above what carries it."""
    reach = max(1, round(_SPAN * fps))
    still = np.zeros(len(centre), bool)
    steps = centre[2 * reach :] - centre[: -2 * reach]
    still[reach : len(centre) - reach] = np.hypot(*steps.T) * (fps / (2 * reach)) < _STILL
    return still
