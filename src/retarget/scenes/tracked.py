"""The things of a result, in the robot's world and the human's, as things that points can be held against."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from retarget.geometry import matrix_from_quaternion
from retarget.scene_track import SceneTrack
from retarget.scenes.posed import Thing, floor_thing
from retarget.scenes.shapes import Shape

__all__ = ["robot_things", "source_things"]


def robot_things(track: SceneTrack) -> list[Thing]:
    """The floor and all things in the robot's world."""
    return _things(track, track.poses, track.sizes)


def source_things(track: SceneTrack) -> list[Thing]:
    """The floor and all things in the human's world."""
    return _things(track, track.source_poses, np.ones(len(track.names)))


def _things(
    track: SceneTrack, poses: Float64[np.ndarray, "T O 7"], sizes: Float64[np.ndarray, "O"]
) -> list[Thing]:
    found = [floor_thing()]
    for o, name in enumerate(track.names):
        shapes = tuple(
            Shape.from_json(dict(said)).scaled(float(sizes[o])) for said in track.shapes[o]
        )
        rows = slice(None) if track.moves[o] else slice(0, 1)
        places, turns = poses[rows, o, :3], matrix_from_quaternion(poses[rows, o, 3:])
        found.append(
            Thing(name, shapes, places, turns, bool(track.moves[o]), False, float(sizes[o]))
        )
    return found
