"""A scene in the robot's world: things of their own size, where they go, and how far bodies go with them.

The world is as much smaller as the robot's legs are shorter. Things have sizes of their own: they stand where the
scaled world has them, on what they stand on there, as their lowest points are as high as the scaled ones. What then
is nearer to the body than it was, or farther, is made up for: carried things give way, and static ones move the body.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.scenes.posed import Nearest, Surroundings, Thing
from retarget.scenes.scene import FEET, TOUCH_POINTS
from retarget.scenes.touches import Contact

__all__ = ["Fit", "RobotWorld", "placed_scene", "scaled_thing"]

Points = Mapping[str, Float64[np.ndarray, "T 3"]]

_NEAR = 0.3  # metres (of the human) over which a surface loses its say in where the body goes
_SMOOTH, _WIDE, _WIDE_SHARE = 0.15, 0.6, 0.02  # seconds; share
_LEAST = 1e-4  # of a surface's say, for what nothing is near to
_ON_FLOOR = 20.0  # say of the floor beneath a thing that is on it
_HANDS = 0.3  # say of palms in where a carried thing goes: they can follow it
_FEET = 4.0  # say of feet's holds in where the body goes
_ASKED = (*(p for p in TOUCH_POINTS if p != "seat"), "pelvis", "chest", "left_hip", "right_hip")


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Where on a robot's thing a place on the human's is.

    Attributes:
        factor: On coordinates in its frame.
        surface: The robot's thing in its own frame, where its shapes are others: on it, places are the nearest ones.
    """

    factor: Float64[np.ndarray, "3"]
    surface: Thing | None = None

    @classmethod
    def of(cls, thing: Thing, own: Thing, size: float) -> Fit:
        """That of a human's thing on a robot's of ``size`` times its real size."""
        factor = size * np.array([1.0, 1.0, thing.height])
        if thing.stand_in is None:
            return cls(factor)
        return cls(factor, replace(own, places=np.zeros((1, 3)), turns=np.eye(3)[None]))

    def place(self, on: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, "n 3"]:
        """Places on the human's thing as places on the robot's, their frames, metres."""
        there = on * self.factor
        return there if self.surface is None else self.surface.nearest(there).place

    def contact(
        self, contact: Contact
    ) -> tuple[Float64[np.ndarray, "3"], Float64[np.ndarray, "3"]]:
        """Place of a contact on the robot's thing, and the normal there."""
        if self.surface is None:
            return contact.place * self.factor, contact.normal
        near = self.surface.nearest((contact.place * self.factor)[None])
        return near.place[0], near.normal[0]


@dataclass(frozen=True, slots=True, eq=False)
class RobotWorld:
    """A scene as the robot meets it.

    Attributes:
        things: The floor and all things, in the robot's world.
        sizes: How large each is, over its real size.
        scale: Robot metres per human metre.
        moved: How far the body goes from where the scaled world has it, metres.
        shifts: How far each thing gave way at most, metres.
        fits: Where on each the human's places are.
    """

    things: list[Thing]
    sizes: list[float]
    scale: float
    moved: Float64[np.ndarray, "T 3"]
    shifts: list[float]
    fits: list[Fit]


def placed_scene(
    human: Sequence[Thing],
    points: Points,
    contacts: Sequence[Contact],
    scale: float,
    fps: float,
    near: Surroundings | None = None,
) -> RobotWorld:
    """Place a scene in the world of a robot.

    Args:
        human: The floor and all things, in the human's world.
        points: Points of the human's body over time, metres.
        contacts: Where they touch things.
        scale: Robot metres per human metre.
        fps: Frames per second.
        near: What is nearest to the points, where it has been looked for.
    """
    near = Surroundings(human, points) if near is None else near
    frames = len(points["pelvis"])
    sizes = [
        thing.stretch * (scale if thing.size == "scaled" else float(thing.size)) for thing in human
    ]
    middle = _middle_of_terrain(human)
    own = [
        _scaled_terrain(thing, scale, size, middle)
        if thing.terrain
        else scaled_thing(thing, scale, size)
        for thing, size in zip(human, sizes, strict=True)
    ]
    fits = [Fit.of(*each) for each in zip(human, own, sizes, strict=True)]
    shifts = [0.0] * len(human)
    for o, thing in enumerate(human):
        if thing.moves and _is_other(thing, sizes[o], scale):
            shift = _giving_way(near, o, own[o], fits[o], scale, frames, fps)
            own[o] = replace(own[o], places=own[o].places + shift)
            shifts[o] = float(np.linalg.norm(shift, axis=1).max())
    moved = np.zeros((frames, 3))
    others = [_is_other(thing, size, scale) for thing, size in zip(human, sizes, strict=True)]
    if any(other and not thing.moves for other, thing in zip(others, human, strict=True)):
        moved = _displacement(near, own, fits, contacts, scale, frames, fps)
    return RobotWorld(own, sizes, scale, moved, shifts, fits)


def _is_other(thing: Thing, size: float, scale: float) -> bool:
    """Whether a thing is another for the robot than the world's scale makes it."""
    return size != scale or thing.stand_in is not None


def scaled_thing(thing: Thing, scale: float, size: float) -> Thing:
    """A thing of ``size`` times its real size where a world ``scale`` times as large has it, before it gives way.

    Its lowest point is as high as the scaled one: what rests on the floor still does.
    """
    own = replace(thing, shapes=tuple(s.scaled(size) for s in thing.stand_in or thing.shapes))
    places = scale * thing.places
    places[:, 2] = scale * thing.lowest() + thing.places[:, 2] - own.lowest()
    return replace(own, places=places)


def _scaled_terrain(
    thing: Thing, scale: float, size: float, middle: Float64[np.ndarray, "3"]
) -> Thing:
    """Terrain is one piece, scaled about its middle on the floor: what adjoins goes on adjoining."""
    shapes = tuple(shape.scaled(size) for shape in thing.stand_in or thing.shapes)
    if thing.name == "floor":
        shapes = thing.shapes
    return replace(thing, shapes=shapes, places=scale * thing.places + (scale - size) * middle)


def _middle_of_terrain(things: Sequence[Thing]) -> Float64[np.ndarray, "3"]:
    places = [shape.place for thing in things[1:] if thing.terrain for shape in thing.shapes]
    if not places:
        return np.zeros(3)
    return np.asarray(np.mean(places, axis=0) * [1.0, 1.0, 0.0])


def _giving_way(
    near: Surroundings,
    o: int,
    own: Thing,
    fit: Fit,
    scale: float,
    frames: int,
    fps: float,
) -> Float64[np.ndarray, "T 3"]:
    """How far a moving thing of another size goes, so that it stays as far from trunk, knees, hands and floor."""
    a, b = np.zeros((frames, 3, 3)), np.zeros((frames, 3))
    thing = near.things[o]
    for name in _ASKED:
        share = _HANDS if name.endswith("palm") else 1.0
        _ask(a, b, thing, own, near[name, o], fit, scale, share, -1.0)
    low = np.exp(-((np.maximum(thing.lowest(), 0.0) / (_NEAR / 3)) ** 2))
    a[:, 2, 2] += _ON_FLOOR * low
    return _settled(a, b, fps)


def _displacement(
    near: Surroundings,
    own: Sequence[Thing],
    fits: Sequence[Fit],
    contacts: Sequence[Contact],
    scale: float,
    frames: int,
    fps: float,
) -> Float64[np.ndarray, "T 3"]:
    """How far the body goes from where a scaled world has it, so that it stays as far from each surface.

    Least squares in information form: a surface near a point of the body asks for its own displacement along its
    normal, a place that is held for all of it. The sums are smoothed over time before they are solved.
    """
    a, b = np.zeros((frames, 3, 3)), np.zeros((frames, 3))
    human = near.things
    for o, (thing, mine, fit) in enumerate(zip(human, own, fits, strict=True)):
        if thing.moves:
            continue
        for name in _ASKED:
            _ask(a, b, thing, mine, near[name, o], fit, scale, 1.0, 1.0)
    for contact in contacts:
        thing, mine, fit = human[contact.thing], own[contact.thing], fits[contact.thing]
        if thing.moves:
            continue
        rows = slice(contact.first, contact.last)
        there = scale * thing.to_world(contact.place[None])
        share = _FEET if contact.point < FEET else 1.0
        a[rows] += share * np.eye(3)
        b[rows] += share * (mine.to_world(fit.place(contact.place[None])) - there)
    return _settled(a, b, fps)


def _ask(
    a: Float64[np.ndarray, "T 3 3"],
    b: Float64[np.ndarray, "T 3"],
    thing: Thing,
    own: Thing,
    near: Nearest,
    fit: Fit,
    scale: float,
    share: float,
    sign: float,
) -> None:
    """Add to the sums, in place, what the surface that is nearest to a point asks for."""
    places, turns, own_places, own_turns = map(
        np.ascontiguousarray, (thing.places, thing.turns, own.places, own.turns)
    )
    distance, on, normal = near
    _add_asked(
        a, b, places, turns, own_places, own_turns, distance, on, fit.place(on), normal, scale, share, sign
    )  # fmt: skip


@jit(fastmath=True)
def _add_asked(
    a: Float64[np.ndarray, "T 3 3"],
    b: Float64[np.ndarray, "T 3"],
    places: Float64[np.ndarray, "S 3"],
    turns: Float64[np.ndarray, "S 3 3"],
    own_places: Float64[np.ndarray, "S 3"],
    own_turns: Float64[np.ndarray, "S 3 3"],
    distance: Float64[np.ndarray, "T"],
    on: Float64[np.ndarray, "T 3"],
    own_on: Float64[np.ndarray, "T 3"],
    normal: Float64[np.ndarray, "T 3"],
    scale: float,
    share: float,
    sign: float,
) -> None:
    n = scratch(3, np.float64)
    for t in range(a.shape[0]):
        away = max(distance[t], 0.0) / _NEAR
        weight = share * math.exp(-away * away)
        s = t if places.shape[0] > 1 else 0
        o = t if own_places.shape[0] > 1 else 0
        moved = 0.0
        for i in range(3):
            n[i] = 0.0
            apart = own_places[o, i] - scale * places[s, i]
            for k in range(3):
                n[i] += turns[s, i, k] * normal[t, k]
                apart += own_turns[o, i, k] * own_on[t, k] - scale * turns[s, i, k] * on[t, k]
            moved += n[i] * apart
        for i in range(3):
            b[t, i] += sign * weight * moved * n[i]
            for k in range(3):
                a[t, i, k] += weight * n[i] * n[k]


def _settled(
    a: Float64[np.ndarray, "T 3 3"], b: Float64[np.ndarray, "T 3"], fps: float
) -> Float64[np.ndarray, "T 3"]:
    from scipy.ndimage import gaussian_filter1d

    sums = np.concatenate([a.reshape(-1, 9), b], axis=1)
    smooth = gaussian_filter1d(sums, _SMOOTH * fps, axis=0)
    smooth += _WIDE_SHARE * gaussian_filter1d(sums, _WIDE * fps, axis=0)
    matrix = smooth[:, :9].reshape(-1, 3, 3) + _LEAST * np.eye(3)
    return np.asarray(np.linalg.solve(matrix, smooth[:, 9:, None])[..., 0])
