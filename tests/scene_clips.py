"""Motions and things that the tests of scenes share: embedded clips, and real carries and climbs where they are."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from retarget.motion import Motion, find_anatomy, find_contacts, read_motion
from retarget.motion.contacts import Contacts
from retarget.motion.fitting.anatomy import Anatomy
from retarget.scenes import Scene, SceneObject, Shape, Terrain
from retarget.scenes.made import at_floor_height, carrying
from retarget.scenes.meshes import read_mesh, shapes_of

CLIPS = Path(__file__).parents[2] / "shared" / "clips" / "scenes"

needs_clips = pytest.mark.skipif(not CLIPS.is_dir(), reason="no ../shared/clips/scenes")


@lru_cache(maxsize=4)
def on_floor(name: str, frames: int = 150) -> tuple[Motion, Anatomy, Contacts]:
    """An embedded clip with its floor at z = 0."""
    from retarget.demo import embedded_clips

    path = next(path for path in embedded_clips() if path.stem == name)
    motion = at_floor_height(read_motion(path).frames(0, frames))
    anatomy = find_anatomy(motion)
    return motion, anatomy, find_contacts(anatomy)


@lru_cache(maxsize=4)
def climb(number: int) -> tuple[Motion, Scene]:
    """A climb at 30 frames a second, and its terrain."""
    folder = CLIPS / f"climb_seq_{number}"
    motion = read_motion(next(folder.glob("*.npy")), source_fps=120.0)
    motion = replace(
        motion,
        positions=np.ascontiguousarray(motion.positions[::4]),
        rotations=np.ascontiguousarray(motion.rotations[::4]),
        fps=30.0,
    )
    shapes, _ = shapes_of(read_mesh(folder / "multi_boxes.obj"), "steps")
    return motion, Scene(terrains=(Terrain("steps", shapes),))


@lru_cache(maxsize=4)
def carry(name: str, size: float = 1.0) -> tuple[Motion, Scene, np.ndarray]:
    """A box carried, and OMOMO's labels of its hands."""
    from retarget.containers import read_data
    from retarget.scenes.trajectories import read_trajectory

    path = CLIPS / f"{name}.pt"
    rows = np.asarray(read_data(path.read_bytes(), path))
    labels = np.stack([(rows[:, 331 + a : 347 + a] > 0).any(axis=1) for a in (17, 36)], axis=1)
    box = SceneObject("largebox", (largebox(),), read_trajectory(path), size)
    return read_motion(path), Scene(objects=(box,)), labels


@lru_cache(maxsize=1)
def largebox() -> Shape:
    """The box that OMOMO's mesh is."""
    (shape,), _ = shapes_of(read_mesh(CLIPS / "largebox.obj"), "largebox")
    return shape


@lru_cache(maxsize=4)
def walk_with_crate(frames: int = 150) -> tuple[Motion, Scene]:
    """An embedded walk whose hands carry a crate."""
    return carrying(on_floor("humanoid_walk", frames)[0])
