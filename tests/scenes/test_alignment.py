"""A scene that is not where its motion is, or of another size or axis, is warned of; one that fits is not."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from retarget.config import RunConfig
from retarget.geometry import quaternion_from_matrix, quaternion_product
from retarget.motion import Motion, find_anatomy, find_contacts
from retarget.motion.contacts import Contacts
from retarget.motion.fitting.anatomy import Anatomy
from retarget.scenes import ObjectTrajectory, Scene, Touch
from retarget.scenes.inspection import scene_facts
from retarget.scenes.made import stepping_up
from retarget.worker import retarget_file
from scene_clips import carry, climb, needs_clips, on_floor, walk_with_crate


def _yaw(degrees: float) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])


SAME, NOWHERE = np.eye(3), np.zeros(3)
Y_UP = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
WRONG = {
    "20 cm higher": (SAME, np.array([0, 0, 0.2]), 1.0),
    "20 cm lower": (SAME, np.array([0, 0, -0.2]), 1.0),
    "20 cm beside": (SAME, np.array([0, 0.2, 0]), 1.0),
    "a quarter round": (_yaw(90), NOWHERE, 1.0),
    "half round": (_yaw(180), NOWHERE, 1.0),
    "in centimetres": (SAME, NOWHERE, 0.01),
    "too large": (SAME, NOWHERE, 1.3),
    "too small": (SAME, NOWHERE, 0.7),
    "y up": (Y_UP, NOWHERE, 1.0),
}
CARRIES, CLIMBS = ("sub3_largebox_003", "sub10_largebox_049"), ("0", "1", "4")
# Lengthwise of a ramp and of wide steps nobody can tell, nor of a box that is lifted from where nothing else is.
UNSEEN = {("4", "20 cm beside"), ("sub3_largebox_003", "20 cm higher")}


def _moved(scene: Scene, turn: np.ndarray, shift: np.ndarray, size: float) -> Scene:
    objects = []
    for thing in scene.objects:
        path = thing.trajectory
        assert path is not None
        turned = np.broadcast_to(quaternion_from_matrix(turn), path.rotations.shape)
        rotations = quaternion_product(turned, path.rotations)
        there = ObjectTrajectory(size * path.positions @ turn.T + shift, rotations, path.fps)
        shapes = tuple(shape.scaled(size) for shape in thing.shapes)
        objects.append(replace(thing, shapes=shapes, trajectory=there))
    terrains = tuple(
        replace(one, shapes=tuple(s.scaled(size).at(shift, turn) for s in one.shapes))
        for one in scene.terrains
    )
    return Scene(tuple(objects), terrains)


@lru_cache(maxsize=8)
def _take(name: str) -> tuple[Anatomy, Contacts, Scene]:
    motion: Motion
    if name == "crate":
        motion, scene = walk_with_crate()
    elif name == "step":
        motion, scene = stepping_up(on_floor("humanoid_walk")[0], height=0.15)
    else:
        motion, scene = climb(int(name)) if name.isdigit() else carry(name)[:2]
    anatomy = find_anatomy(replace(motion, source=replace(motion.source, floor_m=0.0)))
    return anatomy, find_contacts(anatomy), scene


@needs_clips
@pytest.mark.parametrize("name", [*CARRIES, *CLIMBS])
def test_wrong_scenes_of_real_takes_are_warned_of_and_right_ones_are_not(name: str) -> None:
    anatomy, contacts, scene = _take(name)
    assert scene_facts(anatomy, contacts, scene)["warnings"] == []
    silent = {
        how
        for how, change in WRONG.items()
        if not scene_facts(anatomy, contacts, _moved(scene, *change))["warnings"]
    }
    assert silent == {how for clip, how in UNSEEN if clip == name}


@pytest.mark.parametrize(
    ("name", "how", "said"),
    [
        ("crate", "a quarter round", "crate: nobody touches it in 100%"),
        ("crate", "too small", "crate: nobody touches it in 100%"),
        ("crate", "20 cm beside", "cm inside it in 100% of the frames"),
        ("crate", "in centimetres", "never comes nearer"),
        ("step", "20 cm lower", "nothing is within 10 cm of the human in"),
        ("step", "too small", "touches none of the things"),
        ("step", "20 cm higher", "platform: the human is over 5 cm inside it"),
    ],
)
def test_what_is_wrong_is_said(name: str, how: str, said: str) -> None:
    anatomy, contacts, scene = _take(name)
    assert scene_facts(anatomy, contacts, scene)["warnings"] == []
    warnings = scene_facts(anatomy, contacts, _moved(scene, *WRONG[how]))["warnings"]
    assert any(said in text for text in warnings), warnings


def test_a_box_that_rests_in_the_air_is_told() -> None:
    anatomy, contacts, scene = _take("crate")
    (crate,) = scene.objects
    still = np.tile([3.0, 3.0, 0.8], (len(anatomy), 1))
    still[-2:, 0] += [0.2, 0.4]  # it is moved in the end
    path = ObjectTrajectory(
        still, ObjectTrajectory.identity(len(still), 1.0).rotations, anatomy.fps
    )
    floating = Scene((replace(crate, trajectory=path),))
    warnings = scene_facts(anatomy, contacts, floating)["warnings"]
    assert any("above the floor, on nothing" in text for text in warnings), warnings


def test_paths_and_touches_outside_the_motions_time_are_told() -> None:
    anatomy, contacts, scene = _take("crate")
    (crate,) = scene.objects
    path = crate.trajectory
    assert path is not None
    lasts = len(anatomy) / anatomy.fps
    for seconds, said in ((lasts - 1.0, "then it stays"), (lasts - 0.1, "")):
        short = Scene((replace(crate, trajectory=path.between(0.0, seconds - 1 / path.fps)),))
        warnings = scene_facts(anatomy, contacts, short)["warnings"]
        told = [text for text in warnings if "its path lasts" in text]
        assert len(told) == bool(said) and all(said in text for text in told)
    slower = Scene((replace(crate, trajectory=replace(path, fps=path.fps / 2)),))
    warnings = scene_facts(anatomy, contacts, slower)["warnings"]
    assert any("both are taken to begin together" in text for text in warnings), warnings
    late = replace(scene, touches=(Touch("left_palm", "crate", 100.0, 200.0),))
    warnings = scene_facts(anatomy, contacts, late)["warnings"]
    assert any("a touch of left_palm from 100 s is given" in text for text in warnings), warnings


def test_a_run_says_so_too(tmp_path: Path) -> None:
    from retarget.demo import embedded_clips

    clip = next(path for path in embedded_clips() if path.stem == "humanoid_walk")
    text = "[[terrain]]\nname = 'step'\nboxes = [{ center = [40, 0, 0.1], size_m = [1, 1, 0.2] }]\n"
    (tmp_path / "scene.toml").write_text(text)
    record = retarget_file(clip, tmp_path / "a.npz", RunConfig(scene=tmp_path / "scene.toml"))
    assert any("never comes nearer" in note for note in record["notes"])
