"""A stage at one frame as bodies to paint: figures, and what is marked on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from jaxtyping import Float32, Float64

from retarget.drawing.figures import sides_of_bodies
from retarget.drawing.look import (
    LEFT,
    RIGHT,
    STATE_COLOURS,
    SUPPORT,
    TARGET,
    THING,
    TRAILS,
    WEIGHT,
    ContactState,
    rgb,
)
from retarget.drawing.marks import Marks
from retarget.drawing.painter import Bodies, Outline, Surface
from retarget.drawing.stage import Actor, Stage

__all__ = ["Overlays", "bodies_at", "contact_bodies", "figure_bodies", "foot_ways"]

_TOUCH_RADIUS: Final = 0.017
_WEIGHT_RADIUS: Final = 0.03
_TARGET_RADIUS: Final = 0.06  # as thick as limbs: what is met would be hidden inside
_THREAD: Final = 0.005  # metres; lines are thin capsules
_TRAIL_S: Final = 1.2  # seconds of a foot's way before and after
_TRAIL_STEPS: Final = 40
_NEAR_TARGET: Final = 0.02  # metres: a target that is met is not drawn
_ON_FLOOR: Final = 0.01  # metres: what is higher lies on a thing


@dataclass(frozen=True, slots=True)
class Overlays:
    """Which marks are drawn.

    Attributes:
        contacts: Heels and toes, coloured by how they stand.
        trails: The way of the feet.
        balance: Centre of mass, and what stands below it.
        targets: Where limbs would be if they pointed as the human's do.

    Example:
        >>> Overlays(trails=False).contacts
        True
    """

    contacts: bool = True
    trails: bool = True
    balance: bool = True
    targets: bool = False


def bodies_at(stage: Stage, frame: int, overlays: Overlays) -> Bodies:
    """All that is seen in a frame of a stage."""
    parts = [figure_bodies(actor, frame) for actor in stage.actors]
    parts += [
        _mark_bodies(actor, actor.marks, actor.frame(frame), stage.fps, overlays)
        for actor in stage.actors
        if actor.marks is not None
    ]
    return replace(Bodies.joined(parts), surfaces=(*_seen(stage, frame), *_skins(parts)))


def _skins(parts: Sequence[Bodies]) -> Iterator[Surface]:
    return (surface for part in parts for surface in part.surfaces)


def _seen(stage: Stage, frame: int) -> Iterator[Surface]:
    """The surfaces of things in a frame."""
    for prop in stage.props:
        place, turn = prop.pose(frame)
        paint = np.append(rgb(THING), np.float32(1))
        yield Surface(prop.points @ turn.T + place, prop.normals @ turn.T, prop.triangles, paint)


def figure_bodies(actor: Actor, frame: int) -> Bodies:
    """An actor's capsules in a frame."""
    capsules = actor.shape(np.array([actor.frame(frame)]))
    tones = {side: rgb(colour) for side, colour in actor.colours.items()}
    paints = np.empty((len(capsules.radii), 4), np.float32)
    paints[:, :3] = [tones[side] for side in capsules.sides]
    paints[:, 3] = 0 if actor.faint else 1 if actor.cast is not None else 2
    weighty = np.full(len(paints), not actor.faint)
    surfaces: tuple[Surface, ...] = ()
    if actor.cast is not None and actor.cast.meshes:
        paints[:, 3] = -1  # but they cast its shadow
        surfaces = _surfaces(actor, frame)
    return Bodies(
        capsules.starts[0], capsules.ends[0], capsules.radii, paints, weighty, (), surfaces
    )


def _surfaces(actor: Actor, frame: int) -> tuple[Surface, ...]:
    assert actor.cast is not None
    places, turns = actor.poses(actor.frame(frame))
    sides = sides_of_bodies(actor.cast.robot)
    return tuple(
        Surface(
            mesh.points @ turns[mesh.body].T + places[mesh.body],
            mesh.normals @ turns[mesh.body].T,
            mesh.triangles,
            np.append(rgb(actor.colours[sides[mesh.body]]), np.float32(1)),
        )
        for mesh in actor.cast.meshes
    )


def _mark_bodies(actor: Actor, marks: Marks, frame: int, fps: float, overlays: Overlays) -> Bodies:
    brush = _Brush(actor.offset)
    hulls: list[Outline] = []
    if overlays.balance:
        hull = marks.support(frame)
        if len(hull) > 2 and hull[:, 2].max() > _ON_FLOOR:
            brush.path(np.concatenate([hull, hull[:1]]), SUPPORT)
        elif len(hull) > 2:
            hulls.append((hull[:, :2] + actor.offset[:2], SUPPORT))
    if overlays.trails:
        for side, way in zip((LEFT, RIGHT), foot_ways(marks, frame, fps), strict=False):
            brush.path(way, TRAILS[side])
    if overlays.balance:
        mass = marks.mass[frame].astype(np.float64)
        ground = np.array([mass[0], mass[1], marks.ground(frame) + _THREAD])
        brush.dot(mass, _WEIGHT_RADIUS, WEIGHT)
        brush.line(mass, ground, WEIGHT)
        brush.dot(ground, 0.5 * _WEIGHT_RADIUS, WEIGHT)
    if overlays.targets:
        for place, target in zip(marks.joints[frame], marks.targets[frame], strict=True):
            if np.linalg.norm(place - target) > _NEAR_TARGET:
                brush.line(place, target, TARGET)
            brush.dot(target, _TARGET_RADIUS, TARGET, solid=False)
    parts = [brush.bodies(tuple(hulls))]
    if overlays.contacts:
        parts.append(contact_bodies(marks, frame, actor.offset))
    return Bodies.joined(parts)


def contact_bodies(marks: Marks, frame: int, offset: Float64[np.ndarray, "3"]) -> Bodies:
    """Heels and toes with rings around them, coloured by how they stand; those in the air have no rings."""
    brush = _Brush(offset)
    rings: list[Outline] = []
    for foot in range(marks.feet):
        for end in range(2):
            state = ContactState(int(marks.states[frame, foot, end]))
            brush.dot(marks.points[frame, foot, end], _TOUCH_RADIUS, STATE_COLOURS[state])
            if state == ContactState.FREE:
                continue
            ring, height = marks.halo(frame, foot, end), float(marks.grounds[frame, foot, end])
            if height > _ON_FLOOR:  # the floor alone is filled
                places = np.column_stack([ring, np.full(len(ring), height + _THREAD)])
                brush.path(np.concatenate([places, places[:1]]), STATE_COLOURS[state])
            else:
                rings.append((ring + offset[:2], STATE_COLOURS[state]))
    return brush.bodies(tuple(rings))


def foot_ways(marks: Marks, frame: int, fps: float) -> list[Float32[np.ndarray, "n 3"]]:
    """Where the left and right foot go around a frame: the middle of heel and toe, always as many places."""
    reach = _TRAIL_S * fps
    times = np.linspace(frame - reach, frame + reach, _TRAIL_STEPS).round().astype(np.int64)
    frames = np.clip(times, 0, len(marks.points) - 1)
    return [np.asarray(marks.points[frames, foot].mean(axis=1)) for foot in range(marks.feet)]


class _Brush:
    """Collects dots and lines as capsules that cast no shadow."""

    def __init__(self, offset: Float64[np.ndarray, "3"]) -> None:
        self._offset = offset
        self._starts: list[np.ndarray] = []
        self._ends: list[np.ndarray] = []
        self._radii: list[float] = []
        self._paints: list[np.ndarray] = []

    def dot(self, place: np.ndarray, radius: float, colour: str, *, solid: bool = True) -> None:
        self._add(place, place, radius, colour, solid)

    def line(self, start: np.ndarray, end: np.ndarray, colour: str) -> None:
        self._add(start, end, _THREAD, colour, True)

    def path(self, places: np.ndarray, colour: str) -> None:
        for start, end in pairwise(places):
            self._add(start, end, 0.7 * _THREAD, colour, True)

    def _add(
        self, start: np.ndarray, end: np.ndarray, radius: float, colour: str, solid: bool
    ) -> None:
        self._starts.append(np.asarray(start, np.float64) + self._offset)
        self._ends.append(np.asarray(end, np.float64) + self._offset)
        self._radii.append(radius)
        self._paints.append(np.append(rgb(colour), np.float32(solid)))

    def bodies(self, hulls: tuple[Outline, ...]) -> Bodies:
        count = len(self._radii)
        return Bodies(
            np.array(self._starts).reshape(count, 3),
            np.array(self._ends).reshape(count, 3),
            np.array(self._radii),
            np.array(self._paints, np.float32).reshape(count, 4),
            np.zeros(count, bool),
            hulls,
        )
