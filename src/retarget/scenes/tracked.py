"""The things of a result, in the robot's world and the human's, as things that points can be held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float64

from retarget.geometry import matrix_from_quaternion
from retarget.scene_track import SceneTrack
from retarget.scenes.posed import Thing, floor_thing
from retarget.scenes.shapes import Shape

__all__ = ["robot_things", "source_things"]


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
