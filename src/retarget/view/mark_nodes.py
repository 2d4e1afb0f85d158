"""What is marked on a robot, in the browser: rings, ways of the feet, balance, and where limbs should be."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from jaxtyping import Float32, Float64, UInt8

from retarget.drawing.look import (
    STATE_COLOURS,
    SUPPORT,
    TARGET,
    TRAILS,
    WEIGHT,
    ContactState,
)
from retarget.drawing.marks import Marks
from retarget.drawing.scene import Overlays, foot_ways
from retarget.drawing.stage import Actor
from retarget.view.copies import Batch, colour_bytes
from retarget.view.shapes import BALL, DISC, ROD, Instances, balls, fan, rods

__all__ = ["MarkNodes"]

_CORNERS: Final = 24  # of a support polygon
_ABOVE: Final = 0.006  # metres by which marks lie above the floor, or a thing


class MarkNodes:
    """The nodes of a robot's marks."""

    def __init__(self, scene: Any, path: str, actor: Actor, marks: Marks, fps: float) -> None:
        """Make them for the first frame."""
        self._actor, self._marks, self._fps = actor, marks, fps
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
        self._ways = [
            scene.add_line_segments(
                f"{path}/way{foot}",
                segments,
                colour_bytes(TRAILS[foot]),
                thickness=0.008,
            )
            for foot, segments in enumerate(self._trails(0))
        ]
        self._sent_hull = self._hull(0)

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
            hull = self._hull(own)
            if not np.array_equal(hull, self._sent_hull):
                self._support.vertices = self._sent_hull = hull
        self._aims.show_at_all(overlays.targets)
        if overlays.targets:
            self._aims.send(self._targets(own))
        for way, segments in zip(self._ways, self._trails(own), strict=True):
            way.visible = overlays.trails
            if overlays.trails:
                way.points = segments

    def _contacts(self, frame: int) -> tuple[Instances, UInt8[np.ndarray, "C 3"]]:
        """A disc under each heel and toe; of what is in the air none."""
        marks = self._marks
        count = 2 * marks.feet
        states = marks.states[frame].reshape(count)
        halos = [marks.halo(frame, foot, end) for foot in range(marks.feet) for end in range(2)]
        centres = np.array([halo.mean(axis=0) for halo in halos]) + self._actor.offset[:2]
        radii = np.array([np.linalg.norm(halo[0] - halo.mean(axis=0)) for halo in halos])
        radii = np.where(states == ContactState.FREE, 1e-5, radii)
        height = marks.grounds[frame].reshape(count) + _ABOVE * (1 + np.arange(count) / count)
        turns = np.tile(np.array([1.0, 0, 0, 0], np.float32), (count, 1))
        sizes = np.repeat(radii[:, None], 3, axis=1)
        colours = np.array([colour_bytes(STATE_COLOURS[ContactState(s)]) for s in states], np.uint8)
        places = np.column_stack([centres, height])
        return Instances(places.astype(np.float32), turns, sizes.astype(np.float32)), colours

    def _weight(self, frame: int) -> Instances:
        """The centre of mass, and the place below it."""
        mass = self._marks.mass[frame].astype(np.float64) + self._actor.offset
        ground = self._ground(frame)
        one = balls(mass[None], ground[None], np.ones(1))
        sizes = np.array([[0.03] * 3, [0.014] * 3], np.float32)
        return Instances(one.places, one.turns, sizes)

    def _line(self, frame: int) -> Instances:
        mass = self._marks.mass[frame].astype(np.float64) + self._actor.offset
        return rods(mass[None], self._ground(frame)[None], np.array([0.004]))

    def _ground(self, frame: int) -> Float64[np.ndarray, "3"]:
        """The place below the centre of mass."""
        mass = self._marks.mass[frame] + self._actor.offset
        return np.array([mass[0], mass[1], self._marks.ground(frame)])

    def _targets(self, frame: int) -> Instances:
        places = self._marks.targets[frame].astype(np.float64) + self._actor.offset
        aims = balls(places, places[:0], np.full(len(places), 0.06))
        count = len(places)
        return Instances(aims.places, aims.turns[:count], aims.sizes[:count])

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

    def _trails(self, frame: int) -> list[np.ndarray]:
        ways = foot_ways(self._marks, frame, self._fps)
        return [
            np.stack([way[:-1], way[1:]], axis=1) + self._actor.offset.astype(np.float32)
            for way in ways
        ]


def _tinted(colour: str, count: int) -> UInt8[np.ndarray, "K 3"]:
    return np.tile(np.array(colour_bytes(colour), np.uint8), (count, 1))
