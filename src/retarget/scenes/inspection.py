"""How a motion meets a scene, before anything is done with it; a scene that does not fit its motion shows here."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from retarget.motion.anatomy import Anatomy
from retarget.motion.contacts import Contacts
from retarget.scenes.meeting import Meeting, meet
from retarget.scenes.scene import TOUCH_POINTS, Scene

__all__ = ["misalignment", "scene_facts"]

_INSIDE: Final = 0.05  # metres that a human's joint is in a thing of a scene that does not fit
_APART: Final = 0.3  # metres that all of a human stays off a thing of a scene that does not fit
_INSIDE_SHARE: Final = 0.08  # of the frames; jumps and falls are recorded through edges
_JOINTS: Final = (*(p for p in TOUCH_POINTS if p != "seat"), "pelvis", "chest")


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
    nearest = np.min([thing.nearest(met.body[name]).distance for name in _JOINTS], axis=0)
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


def misalignment(met: Meeting) -> list[str]:
    """What says that a scene is not where its motion has it, in words."""
    found = []
    for o in range(1, len(met.things)):
        facts = _thing_facts(met, o)
        name = facts["name"]
        if facts["inside_share"] > _INSIDE_SHARE:
            found.append(
                f"{name}: the human is over {_INSIDE * 100:.0f} cm inside it in {facts['inside_share']:.0%} of the "
                f"frames, {-facts['nearest_m'] * 100:.0f} cm at most: check where it is, its unit and its up axis"
            )
        if facts["nearest_m"] > _APART:
            found.append(
                f"{name}: the human never comes nearer than {facts['nearest_m'] * 100:.0f} cm: check where it is, its "
                "unit and its up axis"
            )
        if facts["lowest_m"] < -0.2 and thing_is_carried(met, o):
            found.append(
                f"{name}: it goes {-facts['lowest_m'] * 100:.0f} cm below the floor at z = 0"
            )
    return found


def thing_is_carried(met: Meeting, o: int) -> bool:
    """Whether a thing is on a path."""
    return met.things[o].moves
