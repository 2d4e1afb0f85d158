"""Things are on the stage: as large and where the robot and the human meet them, moving along, and under their feet."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from retarget import RetargetingResult, load_robot
from retarget.drawing.film import Film, Shot
from retarget.drawing.look import STATE_COLOURS, THING, ContactState, rgb
from retarget.drawing.marks import find_marks
from retarget.drawing.props import Strip, props_of, wide_across
from retarget.drawing.scene import Overlays, bodies_at
from retarget.drawing.stage import Cast, set_stage
from retarget.pipeline import retarget_motion
from retarget.scenes import Shape
from retarget.scenes.made import stepping_up
from retarget.scenes.posed import Thing, floor_thing
from retarget.scenes.tracked import robot_things
from scene_clips import on_floor, walk_with_crate

G1 = load_robot("unitree_g1")
STILL = np.zeros((1, 3)), np.eye(3)[None]


@lru_cache(maxsize=1)
def carry() -> RetargetingResult:
    motion, scene = walk_with_crate()
    return retarget_motion(motion, G1, scene=scene)


@lru_cache(maxsize=1)
def step() -> RetargetingResult:
    motion, scene = stepping_up(on_floor("humanoid_walk")[0], height=0.15)
    return retarget_motion(motion, G1, scene=scene)


def test_a_carried_thing_goes_along_with_robot_and_human() -> None:
    stage = set_stage("carry", [Cast("g1", carry(), G1)])
    robot, human = stage.actors
    assert [prop.name for prop in stage.props] == ["crate", "crate"]
    own, theirs = stage.props
    assert carry().scene is not None
    np.testing.assert_allclose(own.places, carry().scene.poses[:, 0, :3] + robot.offset)
    for prop, actor in ((own, robot), (theirs, human)):
        away = np.array([prop.pose(f)[0] for f in range(stage.frames)]) - actor.path
        assert np.linalg.norm(away[:, :2], axis=1).max() < 0.7  # at arm's length
        assert np.ptp(np.linalg.norm(away[:, :2], axis=1)) < 0.2
    surfaces = bodies_at(stage, 40, Overlays()).surfaces
    place, turn = own.pose(40)
    np.testing.assert_allclose(surfaces[0].points, own.points @ turn.T + place)
    np.testing.assert_allclose(np.ptp(own.points, axis=0).min(), 0.34, atol=0.15)


def test_things_are_seen_in_films_and_move(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("PIL.Image")
    stage = set_stage("carry", [Cast("g1", carry(), G1)])
    shot = Shot(width=320, height=180, words=False)

    def wood(picture: np.ndarray) -> np.ndarray:
        tone = rgb(THING) / rgb(THING).sum()
        share = picture / np.maximum(picture.sum(axis=2, keepdims=True), 1)
        return np.abs(share - tone).max(axis=2) < 0.015

    film = Film(stage, shot)
    without = Film(replace(stage, props=()), shot)
    seen = [wood(film.picture(k)) for k in (5, 60)]
    bare = [wood(without.picture(k)) for k in (5, 60)]
    assert all(a.sum() > b.sum() + 400 for a, b in zip(seen, bare, strict=True))
    assert (seen[0] != seen[1]).sum() > 200


def test_who_stands_on_a_step_stands() -> None:
    result = step()
    assert result.scene is not None
    around = robot_things(result.scene)[1:]
    aware = find_marks(result.qpos, result.contacts, result.fps, G1, result.source, things=around)
    blind = find_marks(result.qpos, result.contacts, result.fps, G1, result.source)
    assert (blind.states == ContactState.LIFTED).mean() > 0.1
    assert (aware.states == ContactState.LIFTED).mean() < 0.03
    assert (aware.states == ContactState.SUNK).mean() == 0
    stage = set_stage("step", [Cast("g1", result, G1)])
    marks = stage.actors[0].marks
    assert marks is not None and np.array_equal(marks.states, aware.states)


def test_rings_and_what_carries_lie_on_the_step_that_is_stood_on() -> None:
    result = step()
    assert result.scene is not None
    things = robot_things(result.scene)[1:]
    marks = find_marks(result.qpos, result.contacts, result.fps, G1, result.source, things=things)
    held = marks.states == ContactState.HELD
    np.testing.assert_allclose(marks.grounds[held], marks.points[held][:, 2], atol=0.01)
    top = marks.grounds[held].max()
    assert top > 0.08  # the step, in the robot's size
    on_it = held & (marks.grounds > 0.9 * top)
    frame = int(on_it.any(axis=2).all(axis=1).nonzero()[0][0])
    assert marks.support(frame)[:, 2].min() > 0.8 * top and marks.ground(frame) > 0.8 * top
    stage = set_stage("step", [Cast("g1", result, G1)], with_human=False)
    bodies = bodies_at(stage, frame, Overlays(trails=False, balance=False))
    green = np.flatnonzero((bodies.paints[:, :3] == rgb(STATE_COLOURS[ContactState.HELD])).all(1))
    rings = bodies.starts[green][bodies.radii[green] < 0.01]
    assert len(rings) >= 16 and not bodies.hulls
    assert (np.abs(rings[:, 2] - top) < 0.03).all()


def test_feet_that_ride_do_not_slide() -> None:
    raft = Shape.box((20, 20, 0.2)).at((0, 0, -0.1))
    result = carry().resampled(30.0)
    frames = len(result)
    ride = np.linspace(0, 3.0, frames)[:, None] * np.array([1.0, 0, 0])
    ride[:, 2] = 0.5
    qpos = result.qpos.copy()
    qpos[:, :3] += ride
    turns = np.broadcast_to(np.eye(3), (frames, 3, 3))
    thing = Thing("raft", (raft,), ride, turns, True, False, 1.0)
    marks = [
        find_marks(qpos, result.contacts, result.fps, G1, result.source, things=around)
        for around in ((), (thing,))
    ]
    sliding = [(one.states == ContactState.SLIDING).mean() for one in marks]
    held = [(one.states == ContactState.HELD).mean() for one in marks]
    assert held[0] == 0 and held[1] > 0.3
    assert sliding[1] < 0.05


def test_what_stays_is_cut_where_the_next_figure_begins_and_the_floor_is_no_thing() -> None:
    wide = Thing("steps", (Shape.box((1, 12, 0.4)).at((0, 0, 0.2)),), *STILL, False, True, 1.0)
    ground = Thing("slab", (Shape.box((90, 90, 2)).at((0, 0, -1)),), *STILL, False, True, 1.0)
    across = np.array([0.0, 1.0, 0.0])
    (prop,) = props_of(
        [floor_thing(), wide, ground], "g1", np.zeros(3), strip=Strip(across, 1.0, 2.0)
    )
    assert prop.points[:, 1].min() == pytest.approx(-1.0)
    assert prop.points[:, 1].max() == pytest.approx(3.0)
    np.testing.assert_allclose(np.ptp(prop.points[:, [0, 2]], axis=0), [1, 0.4])
    a, b, c = (prop.points[prop.triangles[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2
    assert area == pytest.approx(2 * 4 * 1 + 2 * 4 * 0.4 + 2 * 0)  # the ends are gone
    assert wide_across([floor_thing(), wide, ground], across) == pytest.approx(12.0)


def test_those_on_wide_terrain_stand_farther_apart() -> None:
    near, far = (set_stage("x", [Cast("g1", result, G1)]) for result in (carry(), step()))
    gaps = [np.linalg.norm(s.actors[1].offset - s.actors[0].offset) for s in (near, far)]
    paths = [
        np.linalg.norm((s.actors[1].path - s.actors[0].path).mean(axis=0)) for s in (near, far)
    ]
    assert paths[1] > paths[0] + 0.1 or gaps[1] > gaps[0] + 0.1
