"""Contacts of a human with things: found from distance at rest and relative speed, or given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float64, Int64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.motion.ground.feet import SPEED_OFF, SPEED_ON, TOE_OFF, TOE_ON, speed, stance_height
from retarget.motion.ground.resting import Stillness, find_stance
from retarget.motion.numeric.quantiles import quantile_of
from retarget.motion.numeric.spans import spans
from retarget.scenes.posed import Nearest, Surroundings
from retarget.scenes.scene import TOUCH_POINTS, Scene

__all__ = [
    "DRIFT",
    "NEAR_OFF",
    "NEAR_ON",
    "UPWARD",
    "Contact",
    "Touches",
    "find_touches",
    "held_places",
]

# Hysteresis in leg lengths beyond the distance at rest, as on the ground (`retarget.motion.ground.feet`).
NEAR_ON, NEAR_OFF = 0.045, 0.065
_SLOW: Final = {"toe": (TOE_ON, TOE_OFF)}
_USUAL: Final = {"toe": 0.03, "heel": 0.02, "knee": 0.06, "palm": 0.02, "seat": 0.12}
"""Metres that flesh keeps between a joint and what it touches, where a clip does not tell."""
_FARTHER: Final = 0.05  # metres by which a clip may tell that they are more
_BURIED: Final = 0.03  # metres by which recordings have points inside of what they touch
_CLOSE: Final = 0.15  # leg lengths, and leg lengths per second: samples that tell of rest
_FEWEST: Final = 10  # of these
_LOWEST: Final = 0.05  # share of the distances near something that may be below that at rest
_SHORTEST, _SLIDE_SPEED, _SLIDE_TIME = 0.08, 0.25, 0.17  # seconds, m/s, seconds; as stances of feet
UPWARD: Final = (
    0.7  # least z of the normal of what a heel or a seat is on: beside a wall is not on it
)
DRIFT: Final = 0.1  # metres from the mean place beyond which a hold begins anew


@dataclass(frozen=True, slots=True, eq=False)
class Touches:
    """When each point of the body touches which thing.

    Attributes:
        things: Index of the thing that each of `TOUCH_POINTS` touches, -1 for none; 0 is the floor.
        rest: Distance from a surface at which each kind of point rests on it, metres.
        nearest: What is nearest to points of the body, by point and thing.
    """

    things: Int64[np.ndarray, "T K"]
    rest: dict[str, float]
    nearest: Surroundings

    def rest_of(self, point: str) -> float:
        """Distance at rest of a point, metres."""
        return self.rest[_kind(point)]


@dataclass(frozen=True, slots=True, eq=False)
class Contact:
    """A time in which a point of the body stays at one place of one thing.

    Attributes:
        point: Which of `TOUCH_POINTS`.
        thing: Index of the thing; 0 is the floor.
        first: First frame.
        last: The frame after the last.
        place: Mean place on the human's thing, in its frame, metres.
        normal: Of the surface there, in its frame.
    """

    point: int
    thing: int
    first: int
    last: int
    place: Float64[np.ndarray, "3"]
    normal: Float64[np.ndarray, "3"]


def _kind(point: str) -> str:
    return point.rpartition("_")[2]


def find_touches(
    near: Surroundings,
    scene: Scene,
    fps: float,
    leg: float,
) -> Touches:
    """Find which thing each point touches in each frame; points of which a scene says it are taken at its word.

    Args:
        near: `TOUCH_POINTS`, and others, among the floor and the scene's things.
        scene: Its touches count.
        fps: Frames per second.
        leg: Length of the human's legs, metres.
    """
    things, points = near.things, near.points
    moved = _speeds(near, fps)
    rest = {kind: _rest_distance(kind, near, moved, leg) for kind in _USUAL}
    frames = len(points[TOUCH_POINTS[0]])
    touched = np.full((frames, len(TOUCH_POINTS)), -1)
    given = {touch.point for touch in scene.touches}
    for k, point in enumerate(TOUCH_POINTS):
        if point in given:
            continue
        kind = _kind(point)
        best = np.full(frames, np.inf)
        for o, thing in enumerate(things):
            found = near[point, o]
            away = found.distance - rest[kind]
            touching = _touching(away, moved[point, o], found, kind, fps, leg)
            if kind in ("heel", "seat") or (kind == "toe" and thing.moves):
                touching &= thing.directed(found.normal)[:, 2] > UPWARD
            closer = touching & (away < best)
            touched[closer, k] = o
            best[closer] = away[closer]
    names = [thing.name for thing in things]
    for touch in scene.touches:
        rows = slice(round(touch.first_s * fps), round(touch.last_s * fps) + 1)
        touched[rows, TOUCH_POINTS.index(touch.point)] = names.index(touch.thing)
    return Touches(touched, rest, near)


def _speeds(near: Surroundings, fps: float) -> dict[tuple[str, int], Float64[np.ndarray, "T"]]:
    """How fast each of `TOUCH_POINTS` moves in the frame of each thing, m/s."""
    places = np.stack([near.points[point] for point in TOUCH_POINTS])
    found = {}
    for o, thing in enumerate(near.things):
        for point, local in zip(TOUCH_POINTS, thing.to_local(places), strict=True):
            found[point, o] = speed(local, fps)
    return found


def _rest_distance(
    kind: str,
    near: Surroundings,
    moved: Mapping[tuple[str, int], Float64[np.ndarray, "T"]],
    leg: float,
) -> float:
    """How far a kind of point is from a surface that it rests on: the densest distance of slow samples."""
    own = [key for key in moved if _kind(key[0]) == kind]
    distances = np.concatenate([near[key].distance for key in own])
    speeds = np.concatenate([moved[key] for key in own])
    usual = _USUAL[kind]
    slow = (distances > -0.05) & (distances < max(_CLOSE * leg, usual + _FARTHER))
    slow &= speeds < _CLOSE * leg
    if slow.sum() >= _FEWEST:
        found = stance_height(distances[slow], speeds[slow], leg)
    else:  # what hardly ever rests, as the heel of somebody who walks, is lowest where it does
        close = distances[distances < usual + _FARTHER]
        if len(close) < _FEWEST:
            return usual
        found = quantile_of(close, _LOWEST)
    return float(np.clip(found, -_BURIED, usual + _FARTHER))


def _touching(
    away: Float64[np.ndarray, "T"],
    speeds: Float64[np.ndarray, "T"],
    found: Nearest,
    kind: str,
    fps: float,
    leg: float,
) -> Bool[np.ndarray, "T"]:
    """When a point is near a thing, slow relative to it, and does not slide along it."""
    near = away < NEAR_OFF * leg
    touching = np.zeros(len(away), bool)
    if not near.any():
        return touching
    slow = _SLOW.get(kind, (SPEED_ON, SPEED_OFF))
    still = Stillness(
        strict_height=NEAR_ON * leg,
        loose_height=NEAR_OFF * leg,
        strict_speed=slow[0] * leg,
        loose_speed=slow[1] * leg,
        shortest=max(2, round(_SHORTEST * fps)),
        slide=max(1, round(_SLIDE_TIME * fps)),
        drift=_SLIDE_SPEED / fps,
    )
    # Along the surface, which is square to the axis that its normals there mostly point along.
    across = int(np.argmax(np.abs(found.normal[near]).sum(axis=0)))
    marker = np.stack(
        [found.place[:, (across + 1) % 3], found.place[:, (across + 2) % 3], away], axis=1
    )
    find_stance(
        marker, np.ascontiguousarray(speeds), 0.0, still, np.empty(len(away), bool), touching
    )
    return touching


def held_places(touches: Touches, count: int) -> list[Contact]:
    """Runs of one point on one of ``count`` things, split where its place drifts."""
    found = []
    for k, point in enumerate(TOUCH_POINTS):
        for o in range(count):
            mask = touches.things[:, k] == o
            if not mask.any():
                continue
            near = touches.nearest[point, o]
            begins = np.zeros(len(mask), bool)
            _find_drifts(near.place, np.ascontiguousarray(mask), DRIFT, begins)
            held = spans(mask, begins)
            normals = held.means(near.normal)
            normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
            found += [
                Contact(k, o, first, last, place, normal)
                for first, last, place, normal in zip(
                    held.first.tolist(),
                    held.last.tolist(),
                    held.means(near.place),
                    normals,
                    strict=True,
                )
            ]
    return found


@jit()
def _find_drifts(
    place: Float64[np.ndarray, "T 3"],
    touched: Bool[np.ndarray, "T"],
    drift: float,
    begins: Bool[np.ndarray, "T"],
) -> None:
    """Mark the frames before which a hold is split so that each part stays within ``drift`` of its running mean."""
    count = 0
    total = scratch(3, np.float64)
    for t in range(place.shape[0]):
        if not touched[t]:
            count = 0
            continue
        squared = 0.0
        for k in range(3):
            if count > 0:
                squared += (place[t, k] - total[k] / count) ** 2
        if squared > drift * drift:
            begins[t] = True
            count = 0
        for k in range(3):
            total[k] = place[t, k] if count == 0 else total[k] + place[t, k]
        count += 1
