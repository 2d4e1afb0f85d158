"""Sizes: the world by the robot's legs, things by themselves, and what rests goes on resting."""

from __future__ import annotations

import numpy as np
import pytest

from retarget.scenes import ObjectTrajectory, Scene, SceneObject, Shape, Terrain
from retarget.scenes.place import placed_scene
from retarget.scenes.posed import posed_things

FRAMES, FPS = 40, 30.0
FAR = np.tile([30.0, 30.0, 1.0], (FRAMES, 1))
NAMES = [f"{s}_{p}" for s in ("left", "right") for p in ("heel", "toe", "knee", "palm", "hip")]
BODY = dict.fromkeys([*NAMES, "pelvis", "chest"], FAR)


def tumbling(height: float) -> ObjectTrajectory:
    """The path of a crate of 0.4 x 0.3 x 0.2 m that is turned about and keeps its lowest point at a height."""
    rng = np.random.default_rng(0)
    turns = rng.normal(size=(FRAMES, 4))
    turns /= np.linalg.norm(turns, axis=1, keepdims=True)
    path = ObjectTrajectory(np.zeros((FRAMES, 3)), turns, FPS)
    (thing,) = posed_things(crate(path), FRAMES, FPS)[1:]
    places = np.zeros((FRAMES, 3))
    places[:, 0] = np.linspace(0, 1, FRAMES)
    places[:, 2] = height - thing.lowest()
    return ObjectTrajectory(places, turns, FPS)


def crate(path: ObjectTrajectory, size: float = 1.0) -> Scene:
    return Scene(objects=(SceneObject("crate", (Shape.box((0.4, 0.3, 0.2)),), path, size),))


@pytest.mark.parametrize("size", [0.5, 0.75, 1.0, 2.0])
def test_what_rests_on_the_floor_rests_on_it_in_every_size_and_pose(size: float) -> None:
    human = posed_things(crate(tumbling(0.0), size), FRAMES, FPS)
    world = placed_scene(human, BODY, [], 0.75, FPS)
    np.testing.assert_allclose(world.things[1].lowest(), 0.0, atol=1e-6)


def test_the_height_of_what_is_carried_is_scaled() -> None:
    human = posed_things(crate(tumbling(1.0), 1.0), FRAMES, FPS)
    world = placed_scene(human, BODY, [], 0.75, FPS)
    np.testing.assert_allclose(world.things[1].lowest(), 0.75, atol=1e-6)
    np.testing.assert_allclose(
        world.things[1].places[:, 0], 0.75 * np.linspace(0, 1, FRAMES), atol=1e-6
    )


def test_terrain_of_another_size_is_one_piece() -> None:
    steps = tuple(Shape.box((1, 1, h)).at((0, y, h / 2)) for y, h in ((0, 0.2), (1, 0.4)))
    human = posed_things(Scene(terrains=(Terrain("steps", steps, 1.0),)), FRAMES, FPS)
    (_, own) = placed_scene(human, BODY, [], 0.75, FPS).things
    places = [own.poses_of(shape)[0][0] for shape in own.shapes]
    np.testing.assert_allclose(places[1] - places[0], [0, 1, 0.1], atol=1e-9)  # they still adjoin
    np.testing.assert_allclose(own.lowest(), 0.0, atol=1e-9)


def test_the_order_of_things_changes_nothing() -> None:
    one = SceneObject("one", (Shape.sphere(0.2),), tumbling(0.5))
    two = SceneObject("two", (Shape.box((0.1, 0.1, 0.1)),), tumbling(0.0))
    ways = [
        {
            t.name: t.places
            for t in placed_scene(posed_things(scene, FRAMES, FPS), BODY, [], 0.7, FPS).things
        }
        for scene in (Scene(objects=(one, two)), Scene(objects=(two, one)))
    ]
    for name, places in ways[0].items():
        np.testing.assert_array_equal(ways[1][name], places)
