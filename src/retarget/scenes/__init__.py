"""Things with shape and path, around a motion: what is carried, climbed and sat on.

`load_scene` reads ``scene.toml``; `retarget.retarget_motion` takes the scene. A scene is in the world of its motion:
metres, z up, the floor at z = 0. See docs/scenes.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retarget.lazily import names_of

if TYPE_CHECKING:
    from retarget.scenes.read import SceneSpec, load_scene
    from retarget.scenes.scene import (
        TOUCH_POINTS,
        ObjectTrajectory,
        Scene,
        SceneObject,
        TaskKind,
        Terrain,
        Touch,
    )
    from retarget.scenes.shapes import Shape
    from retarget.scenes.specs import ObjectSpec, TerrainSpec
    from retarget.scenes.trajectories import read_trajectory

__all__ = [
    "TOUCH_POINTS",
    "ObjectSpec",
    "ObjectTrajectory",
    "Scene",
    "SceneObject",
    "SceneSpec",
    "Shape",
    "TaskKind",
    "Terrain",
    "TerrainSpec",
    "Touch",
    "load_scene",
    "read_trajectory",
]

_HOMES = {
    "TOUCH_POINTS": "retarget.scenes.scene",
    "ObjectSpec": "retarget.scenes.specs",
    "ObjectTrajectory": "retarget.scenes.scene",
    "Scene": "retarget.scenes.scene",
    "SceneObject": "retarget.scenes.scene",
    "SceneSpec": "retarget.scenes.read",
    "Shape": "retarget.scenes.shapes",
    "TaskKind": "retarget.scenes.scene",
    "Terrain": "retarget.scenes.scene",
    "TerrainSpec": "retarget.scenes.specs",
    "Touch": "retarget.scenes.scene",
    "load_scene": "retarget.scenes.read",
    "read_trajectory": "retarget.scenes.trajectories",
}

__getattr__, __dir__ = names_of(__name__, _HOMES)
