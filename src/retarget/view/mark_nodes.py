"""What is marked on a robot, in the browser: rings, ways of the feet, balance, and where limbs should be."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from jaxtyping import Float32, Float64, UInt8

from retarget.drawing.look import STATE_COLOURS, SUPPORT, TARGET, WEIGHT, ContactState
from retarget.drawing.marks import Marks
from retarget.drawing.scene import Overlays
from retarget.drawing.stage import Actor
from retarget.view.copies import Batch, colour_bytes
from retarget.view.shapes import BALL, DISC, ROD, Instances, balls, fan, rods
from retarget.view.way_nodes import WayNodes

__all__ = ["MarkNodes"]

_CORNERS: Final = 24  # of a support polygon
_ABOVE: Final = 0.006  # metres by which marks lie above the floor, or a thing
_NOTHING: Final = 1e-5  # metres: a radius that nobody sees
_SEEN: Final = 1e-3  # metres by which a corner of what stands moves before it is sent again
_MASS_RADIUS: Final = 0.03  # metres
_RING_COLOURS: Final = np.array(
    [colour_bytes(STATE_COLOURS[state]) for state in sorted(ContactState)], np.uint8
)


class MarkNodes:
    """The nodes of a robot's marks."""

    def __init__(self, scene: Any, path: str, actor: Actor, marks: Marks, fps: float) -> None:
        """Make them for the first frame."""
        self._actor, self._marks = actor, marks
        count = 2 * marks.feet
        self._steps = _ABOVE * (1 + np.arange(count) / max(count, 1))  # no two rings at one height
        self._turns = np.tile(np.array([1.0, 0, 0, 0], np.float32), (count, 1))
        self._ring_places: Float32[np.ndarray, "C 3"] | None = None
        self._rings = (
            Batch(scene, f"{path}/rings", DISC, *self._contacts(0), shadow=False, opacity=0.85)
            if marks.feet
            else None
        )
        self._mass = Batch(
            scene, f"{path}/mass", BALL, self._weight(0), _tinted(WEIGHT, 2), shadow=False
        )
        self._plumb = Batch(
            scene, f"{path}/plumb", ROD, self._line(0), _tinted(WEIGHT, 1), shadow=False
        )
        self._aims = Batch(
            scene,
            f"{path}/aims",
            BALL,
            self._targets(0),
            _tinted(TARGET, marks.targets.shape[1]),
            opacity=0.55,
        )
        self._support = scene.add_mesh_simple(
            f"{path}/support",
            self._hull(0),
            fan(_CORNERS),
            color=colour_bytes(SUPPORT),
            opacity=0.7,
            side="double",
            cast_shadow=False,
            receive_shadow=False,
        )
        self._ways = WayNodes(scene, f"{path}/way", marks, actor.offset.astype(np.float32), fps)
        self._sent_hull = self._standing(0)

    def show(self, frame: int, overlays: Overlays) -> None:
        """Send what changes when a frame is shown."""
        own = self._actor.frame(frame)
        if self._rings is not None:
            self._rings.show_at_all(overlays.contacts)
            if overlays.contacts:
                self._rings.send(*self._contacts(own))
        for node in (self._mass, self._plumb):
            node.show_at_all(overlays.balance)
        self._support.visible = overlays.balance
        if overlays.balance:
            self._mass.send(self._weight(own))
            self._plumb.send(self._line(own))
            standing = self._standing(own)
            if not _alike(standing, self._sent_hull):
                self._sent_hull = standing
                self._support.vertices = self._hull(own)
        self._aims.show_at_all(overlays.targets)
        if overlays.targets:
            self._aims.send(self._targets(own))
        self._ways.show(own, overlays.trails)

    def _contacts(self, frame: int) -> tuple[Instances, UInt8[np.ndarray, "C 3"]]:
        """A disc under each heel and toe; of what is in the air none: it stays where it was, as small as nothing."""
        marks = self._marks
        count = 2 * marks.feet
        states = marks.states[frame].reshape(count)
        free = states == ContactState.FREE
        places = np.empty((count, 3), np.float32)
        places[:, :2] = marks.points[frame, ..., :2].reshape(count, 2) + self._actor.offset[:2]
        places[:, 2] = marks.grounds[frame].reshape(count) + self._steps
        if self._ring_places is not None:
            places[free] = self._ring_places[free]
        self._ring_places = places
        radii = np.where(free, _NOTHING, np.repeat(marks.halo_radii(frame), 2))
        sizes = np.repeat(radii[:, None], 3, axis=1).astype(np.float32)
        return Instances(places, self._turns, sizes), _RING_COLOURS[states]

    def _weight(self, frame: int) -> Instances:
        """The centre of mass, and the place below it."""
        mass = self._marks.mass[frame].astype(np.float64) + self._actor.offset
        ground = self._ground(frame)
        one = balls(mass[None], ground[None], np.ones(1))
        sizes = np.array([[_MASS_RADIUS] * 3, [0.014] * 3], np.float32)
        return Instances(one.places, one.turns, sizes)

    def _line(self, frame: int) -> Instances:
        """The thread to the floor, in lengths that do not change with every frame: it ends inside the ball."""
        mass, ground = self._marks.mass[frame].astype(np.float64), self._ground(frame)
        length = _MASS_RADIUS * max(round((mass[2] - ground[2]) / _MASS_RADIUS), 1)
        return rods(ground[None], ground[None] + [0.0, 0.0, length], np.array([0.004]))

    def _ground(self, frame: int) -> Float64[np.ndarray, "3"]:
        """The place below the centre of mass."""
        mass = self._marks.mass[frame] + self._actor.offset
        return np.array([mass[0], mass[1], self._marks.ground(frame)])

    def _targets(self, frame: int) -> Instances:
        places = self._marks.targets[frame].astype(np.float64) + self._actor.offset
        aims = balls(places, places[:0], np.full(len(places), 0.06))
        count = len(places)
        return Instances(aims.places, aims.turns[:count], aims.sizes[:count])

    def _standing(self, frame: int) -> Float32[np.ndarray, "n 3"]:
        """Points of the soles that stand."""
        return np.asarray(self._marks.soles[frame][self._marks.stands[frame]])

    def _hull(self, frame: int) -> Float32[np.ndarray, "24 3"]:
        """Corners of what stands, the last one repeated: the mesh keeps its triangles."""
        hull = self._marks.support(frame)[:_CORNERS]
        corners = np.zeros((_CORNERS, 3), np.float32)
        if len(hull) > 2:
            corners[: len(hull)] = hull
            corners[len(hull) :] = hull[-1]
        corners[:, :2] += self._actor.offset[:2]
        corners[:, 2] += 0.5 * _ABOVE
        return corners


def _alike(one: Float32[np.ndarray, "n 3"], other: Float32[np.ndarray, "m 3"]) -> bool:
    """Whether nobody sees a difference."""
    return one.shape == other.shape and float(np.abs(one - other).max(initial=0.0)) < _SEEN


def _tinted(colour: str, count: int) -> UInt8[np.ndarray, "K 3"]:
    return np.tile(np.array(colour_bytes(colour), np.uint8), (count, 1))
