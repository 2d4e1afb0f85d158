"""Where a robot's points are held on things.

A hold is a place in the frame of a thing, so that it moves along; frames stay uncoupled, as anchors are given by frame.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float64, Int64

from retarget.scenes.place import RobotWorld
from retarget.scenes.posed import Thing
from retarget.scenes.scene import FEET, TOUCH_POINTS
from retarget.scenes.touches import Contact, Touches
from retarget.targets.holds import Holds
from retarget.targets.nearness import stay_near
from retarget.targets.thing_points import ThingPoints

__all__ = [
    "APPROACHING",
    "FIRM",
    "PROPPED",
    "RISING",
    "Ride",
    "Slope",
    "ThingTargets",
    "thing_targets",
]

FIRM: Final = 1500.0
"""Weight of a palm's anchor, 1/m^2, a thirtieth of a toe's: firmer ones jerk, and gain nothing."""

PROPPED: Final = 500.0
"""That of a knee's or the seat's: robots' shanks and thighs have other proportions, and nothing slips there."""

_APPROACH: Final = (
    0.3  # seconds before and after a hold in which its point keeps its way to its place
)
APPROACHING: Final = 0.3  # of the hold's weight at its ends, falling to nothing
RISING: Final = 0.2  # seconds from its ends in which a hold comes to its weight
_LEVEL: Final = 0.7  # least z of a surface's normal on which a foot stands as on the floor
_FLAT: Final = 1.0 - 1e-6  # least z of that of a level surface


@dataclass(frozen=True, slots=True, eq=False)
class Ride:
    """A stance of a heel or toe on a thing that moves, or is steep.

    Attributes:
        point: Which of the feet's points.
        first: First frame.
        last: The frame after the last.
        thing: Index of the thing.
        place: Where on it the point's middle is held as the human's foot is, its frame, metres.
        normal: Of the surface there, in its frame.
    """

    point: int
    first: int
    last: int
    thing: int
    place: Float64[np.ndarray, "3"]
    normal: Float64[np.ndarray, "3"]


@dataclass(frozen=True, slots=True, eq=False)
class Slope:
    """A stance of a heel or toe on what lies still and is not quite level.

    Attributes:
        point: Which of the feet's points.
        first: First frame.
        last: The frame after the last.
        place: Where the point's middle is when the point touches, in the robot's world, metres.
        normal: Of the surface there.
    """

    point: int
    first: int
    last: int
    place: Float64[np.ndarray, "3"]
    normal: Float64[np.ndarray, "3"]


@dataclass(frozen=True, slots=True, eq=False)
class ThingTargets:
    """Anchors of all points, on the ground and on things, over a clip.

    Attributes:
        weights: Of each point's anchor, 1/m^2.
        anchors: Where each point is held, metres; its height is that above which the point touches.
        fixed: Anchors that stay where they are, wherever the start has their points.
        things: Which thing each point is held on, -1 for none.
        rides: Stances that are placed in the frame of a thing, once the start is known.
        slopes: Stances whose height follows from where along a slope they are placed.
        normals: Of what each palm is held on where that lies still, world; 0 of other points, and elsewhere.
        grounds: Normal of what each foot stands on, world; upward where it stands on nothing.
    """

    weights: Float64[np.ndarray, "T K"]
    anchors: Float64[np.ndarray, "T K 3"]
    fixed: Bool[np.ndarray, "T K"]
    things: Int64[np.ndarray, "T K"]
    rides: list[Ride]
    slopes: list[Slope]
    normals: Float64[np.ndarray, "T K 3"]
    grounds: Float64[np.ndarray, "T 2 3"]


def thing_targets(
    holds: Holds,
    strengths: Float64[np.ndarray, "K"],
    radii: Float64[np.ndarray, "K"],
    points: ThingPoints,
    world: RobotWorld,
    human: Sequence[Thing],
    body: Mapping[str, Float64[np.ndarray, "T 3"]],
    touches: Touches,
    contacts: Sequence[Contact],
    reaches: Mapping[int, Float64[np.ndarray, "T"]],
    fps: float,
) -> ThingTargets:
    """Place all holds of a clip.

    Args:
        holds: Of feet and other parts, as on the ground.
        strengths: Weights of their anchors, 1/m^2.
        radii: How far the surface of each of all points is from it, metres.
        points: The robot's points for things.
        world: The things in the robot's world.
        human: In the human's.
        body: Points of the human's body, metres.
        touches: When they touch things.
        contacts: Where they do.
        reaches: How far the surface is from its point in each frame where not by ``radii``, by number of the contact,
            metres.
        fps: Frames per second.
    """
    frames, ground = holds.shares.shape
    total = ground + len(points.bodies)
    found = ThingTargets(
        np.zeros((frames, total)),
        np.zeros((frames, total, 3)),
        np.zeros((frames, total), bool),
        np.full((frames, total), -1),
        [],
        [],
        np.zeros((frames, total, 3)),
        np.tile([0.0, 0.0, 1.0], (frames, 2, 1)),
    )
    found.weights[:, :ground] = holds.shares * strengths
    found.anchors[:, :ground] = holds.anchors()
    _place_feet(found, holds, radii, world, contacts)
    for number, contact in enumerate(contacts):
        column = int(points.columns[contact.point])
        if contact.point >= FEET and column >= 0:
            point = TOUCH_POINTS[contact.point]
            rest = touches.rest_of(point)
            radius = float(radii[column])
            reach = reaches.get(number, np.full(frames, radius))
            way = body[point]
            _hold(found, contact, column, way, rest, radius, reach, world, human, fps)
    stay_near(found.weights, found.anchors, found.fixed, points, radii, world, touches.nearest)
    return found


def _place_feet(
    found: ThingTargets,
    holds: Holds,
    radii: Float64[np.ndarray, "K"],
    world: RobotWorld,
    contacts: Sequence[Contact],
) -> None:
    """Put stances on what they stand on: as high as it on what is level and still, else at the human's place there."""
    by_point = [[c for c in contacts if c.point == k] for k in range(FEET)]
    for point, first, last in zip(holds.points, holds.first, holds.last, strict=True):
        near = [
            c
            for c in (by_point[point] if point < FEET else ())
            if c.first < last + 2 and c.last > first - 2
        ]
        if not near:
            continue
        contact = max(near, key=lambda c: min(c.last, last) - max(c.first, first))
        found.things[first:last, point] = contact.thing
        thing = world.things[contact.thing]
        if contact.thing == 0:
            continue
        place, normal = world.fits[contact.thing].contact(contact)
        local = place + radii[point] * normal
        places = np.broadcast_to(thing.to_world(local[None]), (len(found.weights), 3))[first:last]
        middle = places[0]
        places = places - np.array([0.0, 0.0, radii[point]])
        part = thing.part(first, last)
        normals = part.directed(np.broadcast_to(normal, (last - first, 3)))
        found.grounds[first:last, point // 2] = normals
        if not thing.moves and normals[0, 2] > _LEVEL:
            found.anchors[first:last, point, 2] = places[:, 2]
            if normals[0, 2] < _FLAT:
                slope = Slope(int(point), int(first), int(last), middle, normals[0])
                found.slopes.append(slope)
        else:
            found.anchors[first:last, point] = places
            found.fixed[first:last, point] = True
            ride = Ride(int(point), int(first), int(last), contact.thing, local, normal)
            found.rides.append(ride)


def _hold(
    found: ThingTargets,
    contact: Contact,
    column: int,
    way: Float64[np.ndarray, "T 3"],
    rest: float,
    radius: float,
    away: Float64[np.ndarray, "T"],
    world: RobotWorld,
    human: Sequence[Thing],
    fps: float,
) -> None:
    """Hold a point where the human has it on a thing, and keep its way there and from there."""
    frames = len(found.weights)
    thing, theirs = world.things[contact.thing], human[contact.thing]
    place, normal = world.fits[contact.thing].contact(contact)
    reach = round(_APPROACH * fps)
    first, last = max(0, contact.first - reach), min(frames, contact.last + reach)
    local = place + away[first:last, None] * normal
    places = thing.part(first, last).to_world(local)
    there = (contact.place + rest * contact.normal)[None]
    beside = way[first:last] - theirs.part(first, last).to_world(there)
    times = np.arange(first, last)
    outside = np.maximum(contact.first - times, times - (contact.last - 1)).clip(0)
    fading = APPROACHING * (1.0 - outside / (reach + 1)) ** 2
    inside = np.minimum(times - contact.first, contact.last - 1 - times).clip(0)
    rising = APPROACHING + (1.0 - APPROACHING) * (inside + 1) / (RISING * fps)
    firm = PROPPED
    if TOUCH_POINTS[contact.point].endswith("palm"):
        firm = FIRM
        if not thing.moves:
            found.normals[contact.first : contact.last, column] = thing.directed(normal[None])
    weight = firm * np.where(outside == 0, np.minimum(rising, 1.0), fading)
    places = places + world.scale * beside * (outside > 0)[:, None]
    better = weight > found.weights[first:last, column]
    rows = times[better]
    found.weights[rows, column] = weight[better]
    found.anchors[rows, column] = places[better] - np.array([0.0, 0.0, radius])
    found.fixed[rows, column] = True
    found.things[contact.first : contact.last, column] = contact.thing
