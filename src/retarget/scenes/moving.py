"""Scenes somewhere else in the world, as their motions are brought to its origin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float64

from retarget.scenes.scene import ObjectTrajectory, Scene, SceneObject, Terrain

__all__ = ["moved_scene"]


def moved_scene(scene: Scene, offset: Float64[np.ndarray, "3"]) -> Scene:
    """The scene moved by an offset, metres.

    Example:
        >>> moved_scene(Scene(), np.zeros(3)).is_empty
        True
    """
    return replace(
        scene,
        objects=tuple(_moved_object(thing, offset) for thing in scene.objects),
        terrains=tuple(_moved_terrain(thing, offset) for thing in scene.terrains),
    )


def _moved_object(thing: SceneObject, offset: Float64[np.ndarray, "3"]) -> SceneObject:
    path = thing.trajectory or ObjectTrajectory.identity(1, 1.0)
    return replace(thing, trajectory=replace(path, positions=path.positions + offset))


def _moved_terrain(thing: Terrain, offset: Float64[np.ndarray, "3"]) -> Terrain:
    shapes = tuple(replace(shape, place=shape.place + offset) for shape in thing.shapes)
    return replace(thing, shapes=shapes)
