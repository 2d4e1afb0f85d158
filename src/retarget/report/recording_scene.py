"""A recording as pictures of it show it: on its floor, seen by a camera, with sides and touches told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float64

from retarget.drawing.camera import Camera
from retarget.drawing.look import CENTRE, LEFT, RIGHT
from retarget.motion.body_contacts import CONTACT_JOINTS
from retarget.motion.contacts import Contacts
from retarget.motion.motion import Motion

__all__ = ["RecordingScene"]

_AZIMUTH, _ELEVATION = np.radians(40.0), np.radians(8.0)  # from the direction faced
_SAMPLED: Final = 200  # frames that tell where the body faces, and among which the one that shows most is looked for
_ENDS: Final = {"heel": "ankle", "toe": "toe"}  # joints that show what of a foot is on the ground

Places = Float64[np.ndarray, "n 2"]


@dataclass(frozen=True, slots=True, eq=False)
class RecordingScene:
    """A motion on its floor, seen by a camera.

    Attributes:
        motion: The motion.
        floor: Height of the floor, metres.
        camera: A three-quarter view.
        sides: Side of each joint, None of those without a role on or beyond them.
        touches: Name of what touches the ground -> joints that show it, and when.
    """

    motion: Motion
    floor: float
    camera: Camera
    sides: tuple[int | None, ...]
    touches: dict[str, tuple[tuple[int, ...], Bool[np.ndarray, "T"]]]

    @classmethod
    def of(cls, motion: Motion, contacts: Contacts) -> RecordingScene:
        """A recording on its floor, seen from before and beside it."""
        every = slice(None, None, max(1, len(motion) // _SAMPLED))
        across = (motion.role_positions("left_hip") - motion.role_positions("right_hip"))[every, :2]
        x, y = across.mean(axis=0)
        camera = Camera.looking(float(np.arctan2(-x, y)) + _AZIMUTH, _ELEVATION)
        return cls(motion, contacts.floor, camera, _sides(motion), _touches(motion, contacts))

    def seen(self, frame: int) -> Places:
        """Joints of a frame in the picture, metres, from a point on the floor below them."""
        places = self.motion.positions[frame].astype(np.float64)
        roles = [*self.motion.roles.values()]
        below = np.array([*places[roles, :2].mean(axis=0), self.floor])
        return np.asarray(self.camera.picture(places - below))

    def ground(self, half: float) -> Places:
        """Corners of a square of floor around where a figure stands."""
        corners = half * np.array([[-1.0, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]])
        return np.asarray(self.camera.picture(corners))

    def clearest(self) -> int:
        """The frame in which joints that play roles are farthest apart in the picture."""
        frames = np.arange(0, len(self.motion), max(1, len(self.motion) // _SAMPLED))
        roles = [*self.motion.roles.values()]
        spreads = [float(self.seen(int(frame))[roles].std(axis=0).prod()) for frame in frames]
        return int(frames[int(np.argmax(spreads))])


def _sides(motion: Motion) -> tuple[int | None, ...]:
    """Sides of joints by their own role, or by that of the nearest joint above that has one."""
    own: dict[int, int] = {}
    for role, joint in motion.roles.items():
        own[joint] = {"left": LEFT, "right": RIGHT}.get(role.partition("_")[0], CENTRE)
    used: list[int | None] = [own.get(joint) for joint in range(len(motion.joint_names))]
    # A joint between two that have roles belongs to their limb.
    for joint in range(len(used) - 1, -1, -1):
        parent = int(motion.parents[joint])
        if parent >= 0 and used[joint] is not None and used[parent] is None:
            used[parent] = used[joint]
    return tuple(used)


def _touches(
    motion: Motion, contacts: Contacts
) -> dict[str, tuple[tuple[int, ...], Bool[np.ndarray, "T"]]]:
    found: dict[str, tuple[tuple[int, ...], Bool[np.ndarray, "T"]]] = {}
    for foot, side in enumerate(("left", "right")):
        for point, (end, joint) in enumerate(_ENDS.items()):
            joints = (motion.roles[f"{side}_{joint}"],)
            found[f"{side} {end}"] = (joints, contacts.stance[:, foot, point])
    for index, (part, shown) in enumerate(CONTACT_JOINTS.items()):
        names = (
            (shown,)
            if shown in motion.roles
            else tuple(f"{s}_{shown[:-1]}" for s in ("left", "right"))
        )
        if contacts.body[:, index].any():
            shown_by = tuple(motion.roles[name] for name in names)
            found[part.replace("_", " ")] = (shown_by, contacts.body[:, index])
    return found
