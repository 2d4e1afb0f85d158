"""The things of a result, in the robot's world and the human's, as things that points can be held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float64

from retarget.geometry import matrix_from_quaternion, quaternion_from_matrix, without_flips
from retarget.scene_track import SceneTrack, StandIn
from retarget.scenes.meeting import Meeting
from retarget.scenes.place import RobotWorld
from retarget.scenes.posed import Thing, floor_thing
from retarget.scenes.scene import FEET, TOUCH_POINTS
from retarget.scenes.shapes import Shape

__all__ = ["robot_things", "source_things", "track_of"]


def track_of(meeting: Meeting, world: RobotWorld) -> SceneTrack:
    """The things and touches of a human among things, and of a robot in its world, as a result keeps them."""
    human, own = meeting.things[1:], world.things[1:]
    frames = len(meeting.touches.things)
    held = [c for c in meeting.held if c.point >= FEET]
    weights = {thing.name: thing.mass_kg for thing in meeting.scene.objects}
    return SceneTrack(
        names=tuple(thing.name for thing in human),
        poses=_poses(own, frames),
        sizes=np.array(world.sizes[1:]),
        moves=np.array([thing.moves for thing in human], bool),
        source_poses=_poses(human, frames),
        scale=world.scale,
        shapes=tuple(tuple(s.as_json() for s in thing.shapes) for thing in human),
        touch_names=TOUCH_POINTS,
        touches=meeting.touches.things.astype(np.int16),
        hold_runs=np.array([(c.point, c.thing, c.first, c.last) for c in held], np.int32).reshape(
            -1, 4
        ),
        hold_places=np.array([c.place for c in held], np.float64).reshape(-1, 3),
        masses=tuple(weights.get(thing.name) for thing in human),
        stand_ins=tuple(
            None
            if thing.stand_in is None
            else StandIn(tuple(s.as_json() for s in thing.stand_in), thing.height)
            for thing in human
        ),
    )


def _poses(things: Sequence[Thing], frames: int) -> Float64[np.ndarray, "T O 7"]:
    out = np.zeros((frames, len(things), 7))
    for o, thing in enumerate(things):
        out[:, o, :3] = thing.places
        out[:, o, 3:] = without_flips(quaternion_from_matrix(thing.turns))
    return out


def robot_things(track: SceneTrack) -> list[Thing]:
    """The floor and all things in the robot's world."""
    made_of = [
        shapes if other is None else other.shapes
        for shapes, other in zip(track.shapes, track.stand_ins, strict=True)
    ]
    return [
        floor_thing(),
        *(
            _thing(track, o, track.poses, made_of[o], float(size))
            for o, size in enumerate(track.sizes)
        ),
    ]


def source_things(track: SceneTrack) -> list[Thing]:
    """The floor and all things in the human's world, with what stands for them in the robot's."""
    found = [floor_thing()]
    for o, other in enumerate(track.stand_ins):
        thing = _thing(track, o, track.source_poses, track.shapes[o], 1.0)
        if other is not None:
            stand_in = tuple(Shape.from_json(dict(said)) for said in other.shapes)
            thing = replace(thing, stand_in=stand_in, height=other.height)
        found.append(thing)
    return found


def _thing(
    track: SceneTrack,
    o: int,
    poses: Float64[np.ndarray, "T O 7"],
    made_of: Sequence[Mapping[str, Any]],
    size: float,
) -> Thing:
    shapes = tuple(Shape.from_json(dict(said)).scaled(size) for said in made_of)
    rows = slice(None) if track.moves[o] else slice(0, 1)
    places, turns = poses[rows, o, :3], matrix_from_quaternion(poses[rows, o, 3:])
    return Thing(track.names[o], shapes, places, turns, bool(track.moves[o]), False, size)
