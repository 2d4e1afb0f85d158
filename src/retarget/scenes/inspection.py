"""How a motion meets a scene, before anything is done with it; a scene that does not fit its motion shows here."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from jaxtyping import Bool, Float64

from retarget.motion.contacts import Contacts
from retarget.motion.fitting.anatomy import Anatomy
from retarget.scenes.meeting import Meeting, meet
from retarget.scenes.scene import TOUCH_POINTS, Scene

__all__ = ["misalignment", "scene_facts"]

_INSIDE: Final = 0.05  # metres that a human's joint is in a thing of a scene that does not fit
_APART: Final = 0.3  # metres that all of a human stays off a thing of a scene that does not fit
_INSIDE_SHARE: Final = 0.08  # of the frames; jumps and falls are recorded through edges
_LOOSE: Final = 0.1  # metres beyond its rest at which a point touches and carries nothing
_MOVING, _STILL = 0.15, 0.05  # m/s of a thing that moves, and of one that rests
_ALONE_SHARE: Final = 0.5  # of a thing's time of moving; what is thrown and rolls goes by itself
_HANGING_SHARE: Final = 0.15  # of the frames; runs and jumps are shorter in the air
_FLOATING_SHARE: Final = 0.1  # of the frames
_OTHER_TIME: Final = (
    0.25  # seconds by which a path may end before or after its motion: cameras are stopped by hand
)
_TRUNK: Final = ("pelvis", "chest")
_CHECK: Final = "check where things are, their unit and their up axis"


def scene_facts(anatomy: Anatomy, contacts: Contacts, scene: Scene) -> dict[str, Any]:
    """What `retarget inspect --scene` tells, JSON-ready.

    Args:
        anatomy: The human, in the scene's world.
        contacts: Its contacts with the floor alone.
        scene: The things.
    """
    met = meet(anatomy, contacts, scene)
    fps = anatomy.fps
    names = [thing.name for thing in met.things]
    touches = [
        {
            "point": TOUCH_POINTS[held.point],
            "thing": names[held.thing],
            "from_s": held.first / fps,
            "to_s": held.last / fps,
            "place_m": np.round(held.place, 4).tolist(),
        }
        for held in met.held
    ]
    return {
        "kind": str(scene.kind),
        "things": [_thing_facts(met, o) for o in range(1, len(met.things))],
        "rest_m": {kind: round(value, 4) for kind, value in met.touches.rest.items()},
        "touches": touches,
        "notes": list(scene.notes),
        "warnings": misalignment(met),
    }


def _thing_facts(met: Meeting, o: int) -> dict[str, Any]:
    thing = met.things[o]
    nearest = _nearest_joint(met, o)
    touched = (met.touches.things == o).any(axis=1)
    return {
        "name": thing.name,
        "shapes": len(thing.shapes),
        "moves": thing.moves,
        "size": thing.size,
        "nearest_m": float(nearest.min()),
        "inside_share": float((nearest < -_INSIDE).mean()),
        "touched_share": float(touched.mean()),
        "lowest_m": float(thing.lowest().min()),
    }


def _nearest_joint(met: Meeting, o: int) -> Float64[np.ndarray, "T"]:
    """Distance of the nearest joint of the human from a thing, metres."""
    joints = [point for point in (*TOUCH_POINTS, *_TRUNK) if point != "seat"]
    return np.asarray(np.min([met.touches.nearest[name, o].distance for name in joints], axis=0))


def _nearest_rest(met: Meeting, o: int) -> Float64[np.ndarray, "T"]:
    """Distance of the nearest point of the human from a thing beyond what it has at rest, metres."""
    own = [
        met.touches.nearest[point, o].distance - met.touches.rest_of(point)
        for point in TOUCH_POINTS
    ]
    trunk = [met.touches.nearest[name, o].distance for name in _TRUNK]
    return np.asarray(np.min([*own, *trunk], axis=0))


def misalignment(met: Meeting) -> list[str]:
    """What says that a scene is not where its motion has it, in words."""
    found = []
    loose = [_nearest_rest(met, o) > _LOOSE for o in range(len(met.things))]
    for o in range(1, len(met.things)):
        found += _of_thing(met, o, loose[o])
    hanging = np.all(loose, axis=0)
    if (share := float(hanging.mean())) > _HANGING_SHARE:
        found.append(
            f"nothing is within {_LOOSE * 100:.0f} cm of the human in {share:.0%} of the frames: {_CHECK}"
        )
    if not found and len(met.things) > 1 and not (met.touches.things > 0).any():
        found.append(f"the human touches none of the things: {_CHECK}")
    return found + _of_times(met)


def _of_times(met: Meeting) -> list[str]:
    """What of a scene lies outside the motion's time, or does not fill it, in words."""
    lasts = len(met.touches.things) / met.fps
    found = []
    for thing in met.scene.objects:
        path = thing.trajectory
        if path is None or not thing.moves or abs(len(path) / path.fps - lasts) < _OTHER_TIME:
            continue
        own = len(path) / path.fps
        then = "then it stays" if own < lasts else "both are taken to begin together"
        found.append(f"{thing.name}: its path lasts {own:.2f} s, the motion {lasts:.2f} s: {then}")
    found += [
        f"{touch.thing}: a touch of {touch.point} from {touch.first_s:g} s is given, the motion lasts {lasts:.2f} s"
        for touch in met.scene.touches
        if touch.first_s >= lasts
    ]
    return found


def _of_thing(met: Meeting, o: int, alone: Bool[np.ndarray, "T"]) -> list[str]:
    """What says so of one thing; ``alone`` is when nobody is at it."""
    facts, thing = _thing_facts(met, o), met.things[o]
    name = facts["name"]
    found = []
    if facts["inside_share"] > _INSIDE_SHARE:
        found.append(
            f"{name}: the human is over {_INSIDE * 100:.0f} cm inside it in {facts['inside_share']:.0%} of the "
            f"frames, {-facts['nearest_m'] * 100:.0f} cm at most: {_CHECK}"
        )
    if facts["nearest_m"] > _APART:
        found.append(
            f"{name}: the human never comes nearer than {facts['nearest_m'] * 100:.0f} cm: {_CHECK}"
        )
    if not thing.moves:
        return found
    if facts["lowest_m"] < -0.2:
        found.append(f"{name}: it goes {-facts['lowest_m'] * 100:.0f} cm below the floor at z = 0")
    speed = _speed(thing.places, met.fps)
    touched = (met.touches.things == o).any(axis=1)
    moving = speed > _MOVING
    if moving.any() and (share := float((~touched)[moving].mean())) > _ALONE_SHARE:
        found.append(
            f"{name}: nobody touches it in {share:.0%} of the time in which it moves: {_CHECK}"
        )
    resting = alone & (speed < _STILL) & ~_beside_others(met, o)
    floating = resting & (np.broadcast_to(thing.lowest(), speed.shape) > _INSIDE)
    if floating.mean() > _FLOATING_SHARE:
        height = float(np.median(thing.lowest()[floating]))
        found.append(
            f"{name}: it rests {height * 100:.0f} cm above the floor, on nothing: {_CHECK}"
        )
    return found


def _speed(places: Float64[np.ndarray, "T 3"], fps: float) -> Float64[np.ndarray, "T"]:
    """How fast a thing goes, m/s."""
    if len(places) < 2:
        return np.zeros(len(places))
    steps = np.linalg.norm(np.gradient(places, axis=0), axis=1)
    return np.asarray(steps * fps)


def _beside_others(met: Meeting, o: int) -> Bool[np.ndarray, "T"]:
    """When another thing than the floor may carry a thing."""
    thing = met.things[o]
    reach = max(shape.bound + float(np.linalg.norm(shape.place)) for shape in thing.shapes)
    near = np.zeros(len(thing.places), bool)
    for k, other in enumerate(met.things):
        if k not in (0, o):
            near |= other.nearest(thing.places).distance < reach + _INSIDE
    return near
