"""Contacts with things: what counts as one, and what does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from retarget.motion.motion import Motion
from retarget.scenes import Scene, SceneObject, Shape, Terrain, Touch
from retarget.scenes.inspection import scene_facts
from retarget.scenes.meeting import meet
from retarget.scenes.posed import Surroundings, posed_things
from retarget.scenes.scene import TOUCH_POINTS, ObjectTrajectory
from retarget.scenes.touches import find_touches, held_places
from scene_clips import carry, climb, needs_clips, on_floor

FPS, LEG = 60.0, 0.8
PALM = TOUCH_POINTS.index("left_palm")


def touched_by(way: np.ndarray, scene: Scene) -> np.ndarray:
    """What a palm touches whose way is given, all else being far away."""
    far = np.tile([50.0, 50.0, 50.0], (len(way), 1))
    points = dict.fromkeys(TOUCH_POINTS, far) | {"left_palm": way}
    things = posed_things(scene, len(way), FPS)
    return find_touches(Surroundings(things, points), scene, FPS, LEG).things[:, PALM]


def box(*, height: float = 1.0) -> Scene:
    return Scene(terrains=(Terrain("box", (Shape.box((1, 1, height)).at((0, 0, height / 2)),)),))


def resting(x: float, seconds: float = 1.0, above: float = 1.02) -> np.ndarray:
    return np.tile([x, 0.0, above], (round(seconds * FPS), 1))


def test_a_hand_that_rests_on_a_box_touches_it() -> None:
    way = np.concatenate([np.linspace([0, 0, 2], [0, 0, 1.02], 20), resting(0.0)])
    found = touched_by(way, box())
    assert (found[30:] == 1).all() and (found[:10] == -1).all()


def test_a_hand_that_passes_two_centimetres_away_does_not() -> None:
    way = np.linspace([-2, 0, 1.04], [2, 0, 1.04], 60)  # 4 m/s
    assert (touched_by(way, box()) == -1).all()


def test_a_hand_on_a_moving_box_touches_it_and_beside_it_does_not() -> None:
    path = np.linspace([0, 0, 0.5], [3, 0, 0.5], 120)
    turned = np.tile([1.0, 0, 0, 0], (120, 1))
    crate = SceneObject("crate", (Shape.box((1, 1, 1)),), ObjectTrajectory(path, turned, FPS))
    on = path + np.array([0.0, 0.0, 0.52])
    assert (touched_by(on, Scene(objects=(crate,))) == 1).all()
    assert (touched_by(np.tile(on[60], (120, 1)), Scene(objects=(crate,))) == -1).all()


def test_a_hold_is_split_where_a_hand_moves_along() -> None:
    places = [resting(-0.3), np.linspace([-0.3, 0, 1.02], [0.3, 0, 1.02], 180), resting(0.3)]
    way = np.concatenate(places)  # 0.2 m/s: no slide, but no place either
    far = np.tile([50.0, 50.0, 50.0], (len(way), 1))
    scene = box()
    things = posed_things(scene, len(way), FPS)
    points = dict.fromkeys(TOUCH_POINTS, far) | {"left_palm": way}
    held = held_places(find_touches(Surroundings(things, points), scene, FPS, LEG), len(things))
    assert len(held) >= 4
    assert held[0].place[0] == pytest.approx(-0.3, abs=0.06)
    assert held[-1].place[0] == pytest.approx(0.3, abs=0.06)
    np.testing.assert_allclose(held[0].normal, [0, 0, 1], atol=1e-6)


def test_touches_that_are_given_are_taken() -> None:
    scene = Scene(terrains=box().terrains, touches=(Touch("left_palm", "box", 0.2, 0.5),))
    found = touched_by(np.linspace([-2, 0, 1.04], [2, 0, 1.04], 60), scene)
    assert (np.flatnonzero(found == 1) == np.arange(12, 31)).all()


def test_standing_on_the_floor_is_the_stance_of_a_clip_without_things() -> None:
    _, anatomy, contacts = on_floor("humanoid_walk")
    found = meet(anatomy, contacts, box_far_away()).contacts
    assert (found.stance == contacts.stance).mean() > 0.95


def box_far_away() -> Scene:
    return Scene(terrains=(Terrain("box", (Shape.box((1, 1, 1)).at((100, 0, 0.5)),)),))


def test_a_foot_beside_a_wall_stands_on_the_floor_alone() -> None:
    _, anatomy, contacts = on_floor("humanoid_walk")
    toe = anatomy.point("left_toe")
    walls = [
        Shape.box((0.02, 6, 3)).at((x, 0, 1.5)) for x in np.unique(np.round(toe[:, 0] + 0.06, 1))
    ]
    scene = Scene(terrains=(Terrain("walls", tuple(walls)),))
    found = meet(anatomy, contacts, scene).touches
    heels = [TOUCH_POINTS.index(name) for name in ("left_heel", "right_heel")]
    assert set(np.unique(found.things[:, heels])) <= {-1, 0}


def standing_on_a_ride(motion: Motion, ride: np.ndarray) -> np.ndarray:
    return motion.positions + ride[:, None]


def test_standing_on_a_platform_that_drives_is_a_stance() -> None:
    from retarget.motion import find_anatomy, find_contacts

    motion, _, contacts = on_floor("humanoid_walk")
    time = np.arange(len(motion)) / motion.fps
    ride = np.stack([1.0 * time, 0.2 * np.sin(time), np.full(len(time), 0.3)], axis=1)
    deck = ObjectTrajectory(
        ride + np.array([0, 0, -0.05]), np.tile([1.0, 0, 0, 0], (len(time), 1)), motion.fps
    )
    scene = Scene(objects=(SceneObject("deck", (Shape.box((20, 20, 0.1)),), deck),))
    moved = replace(motion, positions=standing_on_a_ride(motion, ride))
    anatomy = find_anatomy(moved)
    found = meet(anatomy, find_contacts(anatomy), scene)
    toes = found.touches.things[
        :, [TOUCH_POINTS.index(f"{side}_toe") for side in ("left", "right")]
    ]
    assert ((toes == 1) == contacts.stance[..., 1]).mean() > 0.9


@needs_clips
@pytest.mark.parametrize("name", ["sub3_largebox_003", "sub10_largebox_049"])
def test_hands_on_a_carried_box_agree_with_the_labels_of_the_data_set(name: str) -> None:
    from retarget.motion import find_anatomy, find_contacts

    motion, scene, labels = carry(name)
    anatomy = find_anatomy(motion)
    found = meet(anatomy, find_contacts(anatomy), scene).touches
    palms = [TOUCH_POINTS.index(f"{side}_palm") for side in ("left", "right")]
    agree = ((found.things[:, palms] == 1) == labels).mean(axis=0)
    assert agree.mean() > 0.95 and agree.min() > 0.9


@needs_clips
def test_a_scene_that_is_not_where_its_motion_is_is_warned_of() -> None:
    from retarget.motion import find_anatomy, find_contacts

    motion, scene = climb(1)
    anatomy = find_anatomy(replace(motion, source=replace(motion.source, floor_m=0.0)))
    contacts = find_contacts(anatomy)
    assert scene_facts(anatomy, contacts, scene)["warnings"] == []
    (steps,) = scene.terrains
    for away, said in (((0.0, 0.0, 0.2), "inside"), ((30.0, 0.0, 0.0), "never comes nearer")):
        shapes = tuple(replace(shape, place=shape.place + away) for shape in steps.shapes)
        wrong = Scene(terrains=(replace(steps, shapes=shapes),))
        assert any(said in text for text in scene_facts(anatomy, contacts, wrong)["warnings"])
