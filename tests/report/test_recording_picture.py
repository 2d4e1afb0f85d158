"""Pictures of recordings: any skeleton is drawn, touches are told by the joints that show them, labels keep apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from retarget.demo import clips_folder
from retarget.drawing.look import CENTRE, LEFT, RIGHT
from retarget.errors import OutputError
from retarget.jobs.inspection import Inspection, inspect_motion
from retarget.motion import read_motion
from retarget.report import draw_recording
from retarget.report.recording_picture import _apart
from retarget.report.recording_scene import RecordingScene


@pytest.fixture(scope="module")
def jump() -> Inspection:
    return inspect_motion(read_motion(clips_folder() / "cmu_01_01.bvh"))


@pytest.mark.parametrize("frames", [1, 2, 9])
def test_a_recording_of_any_length_is_drawn(frames: int, jump: Inspection, tmp_path: Path) -> None:
    from PIL import Image

    few = inspect_motion(jump.motion.frames(0, frames))
    picture = tmp_path / "new" / "jump.png"
    draw_recording(few.motion, few.contacts, picture, title="a $jump$", subtitle="踊り")
    with Image.open(picture) as drawn:
        pixels = np.asarray(drawn.convert("RGB"), int)
    assert pixels.shape[1] == 1540
    painted = (np.abs(pixels - [0xD9, 0x82, 0x2B]).max(axis=2) < 8).sum()
    assert painted > 200  # left limbs


def test_sides_of_limbs_are_those_of_their_roles(jump: Inspection) -> None:
    scene = RecordingScene.of(jump.motion, jump.contacts)
    roles = jump.motion.roles
    assert {scene.sides[roles[f"left_{joint}"]] for joint in ("hip", "knee", "wrist")} == {LEFT}
    assert scene.sides[roles["right_ankle"]] == RIGHT
    assert scene.sides[roles["head"]] == CENTRE


def test_what_touches_is_ringed_where_it_was_found(jump: Inspection) -> None:
    scene = RecordingScene.of(jump.motion, jump.contacts)
    joints, when = scene.touches["left toe"]
    assert joints == (jump.motion.roles["left_toe"],)
    np.testing.assert_array_equal(when, jump.contacts.stance[:, 0, 1])
    lying = jump.contacts.body.copy()
    lying[:5] = True
    scene = RecordingScene.of(jump.motion, replace(jump.contacts, body=lying))
    assert len(scene.touches["pelvis"][0]) == 2  # both hips show it
    assert scene.touches["left hand"][0] == (jump.motion.roles["left_wrist"],)


def test_the_floor_lies_below_the_figure(jump: Inspection) -> None:
    scene = RecordingScene.of(jump.motion, jump.contacts)
    standing = int(np.flatnonzero(jump.contacts.stance[:, :, 1].all(axis=1))[0])
    toes = scene.seen(standing)[[jump.motion.roles[f"{side}_toe"] for side in ("left", "right")]]
    ground = scene.ground(0.5)
    assert ground[:, 1].min() < toes[:, 1].min() < ground[:, 1].max()


def test_labels_keep_apart_and_within_the_picture() -> None:
    placed = _apart([0.0, 0.01, 0.5, 0.97, 0.98, 0.99], 0.1, 0.0, 1.0)
    assert np.diff(placed).min() >= 0.1 - 1e-12
    assert placed[-1] <= 1.0
    assert placed[2] == 0.5


def test_a_picture_that_cannot_be_written_is_told(jump: Inspection, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        draw_recording(jump.motion, jump.contacts, tmp_path / "file" / "x.png", title="x")
