"""A human among things: which of its points touch what, where they stay, and where its feet stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float64

from retarget.motion.contacts import FEWEST_FLAT, HEEL, LOWEST, TOE, Contacts
from retarget.motion.fitting.anatomy import Anatomy
from retarget.motion.numeric.quantiles import quantile_of
from retarget.motion.segments import SIDES
from retarget.scenes.body import body_points, heel_points
from retarget.scenes.posed import Surroundings, Thing, posed_things
from retarget.scenes.scene import TOUCH_POINTS, Scene
from retarget.scenes.touches import Contact, Touches, find_touches, held_places

__all__ = ["Meeting", "meet"]


@dataclass(frozen=True, slots=True, eq=False)
class Meeting:
    """A human among things, before any robot.

    Attributes:
        scene: The things.
        things: The floor and all things over the clip's frames, in its world.
        body: Points of the human's body, metres.
        touches: Which touch what.
        held: Where they stay.
        contacts: As on the ground, with stances on things among them.
        fps: Frames per second.
    """

    scene: Scene
    things: list[Thing]
    body: Mapping[str, Float64[np.ndarray, "T 3"]]
    touches: Touches
    held: list[Contact]
    contacts: Contacts
    fps: float


def meet(anatomy: Anatomy, contacts: Contacts, scene: Scene) -> Meeting:
    """Find how a human meets the things of a scene.

    Args:
        anatomy: The human, in the scene's world: its floor is at z = 0.
        contacts: With that floor alone.
        scene: The things.
    """
    things = posed_things(scene, len(anatomy), anatomy.fps)
    body = body_points(anatomy)
    near = Surroundings(things, body)
    contacts = replace(contacts, heel_points=_heels(anatomy.leg_length, near))
    body |= heel_points(anatomy, contacts)
    touches = find_touches(near, scene, anatomy.fps, anatomy.leg_length)
    stance = np.zeros((len(anatomy), len(SIDES), 2), bool)
    for foot, side in enumerate(SIDES):
        for column, point in ((HEEL, "heel"), (TOE, "toe")):
            touched = touches.things[:, TOUCH_POINTS.index(f"{side}_{point}")]
            stance[:, foot, column] = touched >= 0
    heights = _ankle_heights(touches.nearest, stance)
    found = replace(
        contacts, stance=stance, body=np.zeros_like(contacts.body), ankle_heights=heights
    )
    return Meeting(
        scene, things, body, touches, held_places(touches, len(things)), found, anatomy.fps
    )


def _heels(leg: float, near: Surroundings) -> Float64[np.ndarray, "2 3"]:
    """Heels from the ankles, in the feet's anatomical frames, metres; as `find_contacts` has them on a floor.

    What feet stand on tells how far below its ankle a heel is, wherever that may be.
    """
    rests = [
        quantile_of(np.concatenate([_above(f"{side}_{joint}", near) for side in SIDES]), LOWEST)
        for joint in ("ankle", "toe")
    ]
    drop = max(0.04 * leg, rests[0] - rests[1] + 0.02 * leg)
    return np.tile([-0.06 * leg, 0.0, -drop], (2, 1))


def _above(point: str, near: Surroundings) -> Float64[np.ndarray, "T"]:
    """How far a point is from the nearest thing, metres."""
    return np.asarray(np.min([near[point, o].distance for o in range(len(near.things))], axis=0))


def _ankle_heights(
    near: Surroundings,
    stance: Bool[np.ndarray, "T 2 2"],
) -> Float64[np.ndarray, "2"]:
    """Height of the ankles above what their feet stand flat on, metres."""
    found = []
    for foot, side in enumerate(SIDES):
        flat = stance[:, foot].all(axis=1)
        above = _above(f"{side}_ankle", near)
        found.append(
            float(
                np.median(above[flat]) if flat.sum() >= FEWEST_FLAT else np.quantile(above, LOWEST)
            )
        )
    return np.full(2, np.mean(found))
