"""Points of a human's body that touch things, stay clear of them, or say on which side of them the body is."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.motion.contacts import Contacts
from retarget.motion.fitting.anatomy import Anatomy
from retarget.motion.segments import SIDES

__all__ = ["SIDE_POINTS", "body_points", "heel_points", "side_points"]

_NEARER = 0.7  # of the farthest finger's distance from the wrist: the thumb is nearer than that
_SHORTEST = 0.02  # metres from wrist to knuckles; what is nearer is no hand
# Leg lengths from the wrist to the middle of the palm along the forearm, for skeletons without hands: a hand is 0.108
# of the stature long, thigh and shank 0.491 (Winter 2009), and the palm's middle lies at about 0.4 of the hand.
_PALM: Final = 0.09

SIDE_POINTS: Final = (
    "pelvis",
    "chest",
    *(f"{side}_{part}" for side in SIDES for part in ("thigh", "shank", "foot", "hand")),
)
"""What `side_points` gives, in order."""


def body_points(anatomy: Anatomy) -> dict[str, Float64[np.ndarray, "T 3"]]:
    """Places over time, metres, world: `retarget.scenes.TOUCH_POINTS` but heels, and the joints around them by role."""
    points = {
        "seat": anatomy.point("hips"),
        "pelvis": anatomy.point("pelvis"),
        "chest": anatomy.point("shoulders"),
    }
    for side in SIDES:
        for role in ("toe", "ankle", "knee", "hip", "shoulder", "elbow", "wrist"):
            points[f"{side}_{role}"] = anatomy.point(f"{side}_{role}")
        points[f"{side}_palm"] = _palm(anatomy, side)
    return {name: np.ascontiguousarray(places, np.float64) for name, places in points.items()}


def heel_points(anatomy: Anatomy, contacts: Contacts) -> dict[str, Float64[np.ndarray, "T 3"]]:
    """Likewise of the heels, which lie where contacts have them."""
    return {
        f"{side}_heel": anatomy.fixed_point(
            f"{side}_foot", f"{side}_ankle", contacts.heel_points[foot]
        )
        for foot, side in enumerate(SIDES)
    }


def _palm(anatomy: Anatomy, side: str) -> Float64[np.ndarray, "T 3"]:
    """Middle between wrist and knuckles; of skeletons without fingers a little beyond the wrist."""
    motion = anatomy.motion
    joint = motion.roles[f"{side}_wrist"]
    wrist = anatomy.point(f"{side}_wrist")
    children = np.flatnonzero(motion.parents == joint)
    if len(children):
        away = np.linalg.norm(motion.positions[:, children] - wrist[:, None], axis=2)
        lengths = np.median(away, axis=0)
        fingers = children[lengths > max(_NEARER * float(lengths.max()), _SHORTEST)]
        if len(fingers):
            return np.asarray((wrist + motion.positions[:, fingers].mean(axis=1)) / 2)
    along = wrist - anatomy.point(f"{side}_elbow")
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    return np.asarray(wrist + _PALM * anatomy.leg_length * along)


def side_points(
    points: dict[str, Float64[np.ndarray, "T 3"]],
) -> Float64[np.ndarray, "T G 3"]:
    """Where the human's parts are that say on which side of a thing a robot's body is to be, metres."""
    found = [points["pelvis"], points["chest"]]
    for side in SIDES:
        hip, knee, heel, toe = (points[f"{side}_{name}"] for name in ("hip", "knee", "heel", "toe"))
        found += [(hip + knee) / 2, (knee + heel) / 2, (heel + toe) / 2, points[f"{side}_palm"]]
    return np.stack(found, axis=1)
