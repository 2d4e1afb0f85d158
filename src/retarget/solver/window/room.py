"""Working memory for the things that are near one window of frames."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Int64

from retarget.compiled.packs import LANES, REAL
from retarget.solver.arrays import Scene
from retarget.solver.kinematics.poses import pack_count
from retarget.solver.linear.banded import aligned_zeros

__all__ = ["FORCE", "LINEAR", "MIXED", "PARTS", "TURNED", "Things", "allocate_things"]

LINEAR, MIXED, TURNED, FORCE, PARTS = 0, 6, 15, 21, 27
"""Parts of a composite of masses that resist along one direction each, n at x, with moment t = x x n, all about the
base's origin: sums of n n', upper triangle; of t n'; of t t', upper triangle; and force and torque."""

_MOST_TOUCHED = 24  # shapes that a sphere is near at a time, on average over spheres


class Things(NamedTuple):
    """The shapes near a window, in packs of frames as `retarget.solver.kinematics.poses.Poses` are.

    Attributes:
        listed: Which of the scene's shapes are near (the first ones).
        places: Where they are, relative to where the window begins, metres.
        turns: How they are turned.
        sides: On which side of each the human's points are; see `retarget.scenes.distance.shape_distance`.
        grounds: Normal of what each foot stands on.
        near: Pairs of a sphere of the robot and one of them that come near each other (the first ones).
        shift: Multiplier of each of these pairs, metres.
        active: 1 for pairs that the system treats as touching.
        distances: Of each of these pairs' surface from the sphere's middle, as the system has seen it, metres.
        normals: Of the surface there, outward.
        composites: Room for what a pack of frames adds to its system, by body.
        weight: Of a sphere's depth in a shape, 1/m^2.
    """

    listed: Int64[np.ndarray, "O"]
    places: Float32[np.ndarray, "P O 3 L"]
    turns: Float32[np.ndarray, "P O 3 3 L"]
    sides: Float32[np.ndarray, "P G O 3 L"]
    grounds: Float32[np.ndarray, "P 2 3 L"]
    near: Int64[np.ndarray, "M"]
    shift: Float32[np.ndarray, "P M L"]
    active: Float32[np.ndarray, "P M L"]
    distances: Float32[np.ndarray, "P M L"]
    normals: Float32[np.ndarray, "P M 3 L"]
    composites: Float32[np.ndarray, "B 27 L"]
    weight: Float32[np.ndarray, "1"]


def allocate_things(frames: int, bodies: int, scene: Scene | None) -> Things | None:
    """Room for a window of so many frames of a robot of so many bodies; none where there is no scene."""
    if scene is None:
        return None
    count, shapes = pack_count(frames), len(scene.shapes.kinds)
    pairs = len(scene.bodies) * min(shapes, _MOST_TOUCHED)
    groups = scene.sides.shape[1]

    def room(*shape: int) -> Float32[np.ndarray, "..."]:
        size = int(np.prod(shape))
        return aligned_zeros(size)[:size].reshape(shape).astype(REAL, copy=False)

    return Things(
        listed=np.zeros(shapes, np.int64),
        places=room(count, shapes, 3, LANES),
        turns=room(count, shapes, 3, 3, LANES),
        sides=room(count, groups, shapes, 3, LANES),
        grounds=room(count, 2, 3, LANES),
        near=np.zeros(pairs, np.int64),
        shift=room(count, pairs, LANES),
        active=room(count, pairs, LANES),
        distances=room(count, pairs, LANES),
        normals=room(count, pairs, 3, LANES),
        composites=room(bodies, PARTS, LANES),
        weight=np.full(1, scene.weight, REAL),
    )
