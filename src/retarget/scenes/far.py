"""Scenes that nothing of a body comes near: their take is that of the motion alone, and they stand around it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
from jaxtyping import Bool, Float64

from retarget.motion.contacts import find_contacts
from retarget.motion.fitting.anatomy import find_anatomy
from retarget.motion.motion import Motion
from retarget.scene_track import NOTHING, SceneTrack
from retarget.scenes.inspection import misalignment
from retarget.scenes.meeting import meet
from retarget.scenes.place import placed_scene
from retarget.scenes.posed import Thing, posed_things
from retarget.scenes.scene import FEET, Scene
from retarget.scenes.tracked import track_of

__all__ = ["LEFT_OUT", "far_track", "is_far"]

_REACH: Final = 1.0
"""Metres of the human beyond its joints in which a thing may matter.

Hands and feet end within a quarter of a metre of the last joints, a robot's limbs are as much longer or shorter than
the human's, scaled, and things have a say from 0.3 m on (`retarget.scenes.place`).
"""

LEFT_OUT: Final = (
    f"nothing comes within {_REACH:g} m of the body: solved as without a scene, and shown around it"
)


def is_far(motion: Motion, scene: Scene, scale: float) -> bool:
    """Whether no thing comes within reach of any joint in any frame, in the human's world or the robot's.

    Contacts that are given are as good as being near.

    Args:
        motion: The human's, in the scene's world.
        scene: The things.
        scale: Robot metres per human metre.
    """
    if scene.touches:
        return False
    things = posed_things(scene, len(motion), motion.fps)[1:]
    middle = _middle(things)
    reaches = [_REACH + _larger(thing, scale, middle) for thing in things]
    joints = sorted(
        motion.roles, key=lambda role: role != "pelvis"
    )  # most scenes are near this one
    for block, part in motion.blocks():
        here = [thing.part(block.start, block.stop) for thing in things]
        for joint in joints:
            places = part.role_positions(joint)
            for thing, reach in zip(here, reaches, strict=True):
                if thing.nearest(places).distance.min(initial=np.inf) < reach:
                    return False
    return True


def _middle(things: list[Thing]) -> Float64[np.ndarray, "3"]:
    """About where terrain of another size is made larger or smaller, see `placed_scene`."""
    places = [shape.place for thing in things if thing.terrain for shape in thing.shapes]
    return np.mean(places, axis=0) if places else np.zeros(3)


def _larger(thing: Thing, scale: float, middle: Float64[np.ndarray, "3"]) -> float:
    """By how much a thing's surface may be nearer in the robot's world, over that world's scale, metres."""
    size = thing.stretch * (scale if thing.size == "scaled" else float(thing.size)) / scale
    shapes = (*thing.shapes, *(thing.stand_in or ()))
    about = middle if thing.terrain else np.zeros(3)
    radius = max(float(np.linalg.norm(shape.place - about)) + shape.bound for shape in shapes)
    if thing.stand_in is not None:
        return 2 * max(size, 1.0) * radius
    return 0.0 if size == 1.0 else 2 * abs(size - 1.0) * radius


def far_track(
    motion: Motion, scene: Scene, scale: float, stance: Bool[np.ndarray, "T 2 2"]
) -> tuple[SceneTrack, dict[str, Any]]:
    """The things of a scene that is far away as a result keeps them, and what is worth recording of them.

    Args:
        motion: The human's, in the scene's world and in the time that it takes.
        scene: The things, in that time.
        scale: Robot metres per human metre.
        stance: When heels and toes of the left and right foot are on the floor.
    """
    anatomy = find_anatomy(replace(motion, source=replace(motion.source, floor_m=0.0)))
    met = meet(anatomy, find_contacts(anatomy), scene)
    world = placed_scene(met.things, met.body, met.held, scale, motion.fps, met.touches.nearest)
    track = track_of(met, world)
    touches = track.touches.copy()
    touches[:, :FEET] = np.where(stance.reshape(-1, FEET), 0, NOTHING)
    recorded = {
        **scene.as_json(),
        "left_out": LEFT_OUT,
        "warnings": misalignment(met),
    }
    return replace(track, touches=touches), recorded
