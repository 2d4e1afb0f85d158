"""EasyMocap's folders of frames, written from its documentation: none could be had."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from body_points import assert_same_body, points
from scipy.spatial.transform import Rotation
from smpl_files import Walk, amass, expected_joints, walk, written

from retarget.errors import FileFormatError
from retarget.motion import Motion, read_motion
from retarget.motion.formats.arrays.keypoints import keypoint_orders
from retarget.motion.formats.smpl.body import fixed_skeleton

Frame = list[dict[str, Any]]


def bodies(motion: Walk, number: int = 0, root: bool = True) -> list[dict[str, Any]]:
    """A person's bodies: turned about their model's origin, without what turns the root in ``poses``."""
    poses = motion.poses.reshape(len(motion.trans), -1).copy()
    pelvis = fixed_skeleton("smpl")[0]
    trans = motion.trans + pelvis - Rotation.from_rotvec(motion.poses[:, 0]).apply(pelvis)
    poses[:, :3] = 0.0
    poses = poses if root else poses[:, 3:]
    return [
        {"id": number, "Rh": [turn.tolist()], "Th": [at.tolist()], "poses": [row.tolist()], "shapes": [[0.0] * 10]}
        for turn, at, row in zip(motion.poses[:, 0], trans, poses, strict=True)
    ]  # fmt: skip


def folder(place: Path, frames: list[Frame], wrapped: bool = False) -> Path:
    """Files of all frames, of which the first is returned."""
    place.mkdir(exist_ok=True)
    for number, frame in enumerate(frames):
        content = {"annots": frame} if wrapped else frame
        (place / f"{number:06d}.json").write_text(json.dumps(content, indent=4))
    (place / "000000.jpg").write_bytes(b"a picture")
    return place / "000000.json"


@pytest.mark.parametrize("root", [True, False])
def test_bodies_are_turned_about_their_origin(root: bool, tmp_path: Path) -> None:
    steps = walk(30)
    first = folder(tmp_path / "smpl", [[one] for one in bodies(steps, root=root)], wrapped=root)
    found = read_motion(first, source_fps=30)
    assert (found.source.format, len(found)) == ("easymocap", 30)
    assert "30 files" in " ".join(found.source.notes)
    expected = expected_joints(steps)
    ways = found.positions[:, 0, :2] - found.positions[0, 0, :2]
    scale = np.linalg.norm(np.diff(found.positions[0, [1, 4]], axis=0)) / np.linalg.norm(
        np.diff(expected[0, [1, 4]], axis=0)
    )
    assert scale == pytest.approx(1.0, abs=0.05)
    np.testing.assert_allclose(
        np.linalg.norm(ways, axis=1), np.linalg.norm(expected[:, 0, :2] - expected[0, 0, :2], axis=1),
        atol=5e-3,
    )  # fmt: skip


def test_a_body_that_turns_does_not_drift(tmp_path: Path) -> None:
    """About its origin a body that spins on the spot swings its pelvis, which Th makes good."""
    steps = walk(30)
    spin = Rotation.from_euler("z", np.linspace(0, 3, 30)[:, None])
    poses = steps.poses.copy()
    poses[:, 0] = (spin * Rotation.from_rotvec(poses[:, 0])).as_rotvec()
    spun = Walk(poses, np.repeat(steps.trans[:1], 30, axis=0))
    found = read_motion(folder(tmp_path / "smpl", [[one] for one in bodies(spun)]), source_fps=30)
    assert np.ptp(found.positions[:, 0, :2], axis=0).max() < 5e-3


def test_whom_the_files_show_most_is_the_first(tmp_path: Path) -> None:
    steps = walk(30)
    short, whole = bodies(steps, 7), bodies(steps, 3)
    frames = [[short[n], whole[n]] if n < 10 else [whole[n]] for n in range(30)]
    first = folder(tmp_path / "smpl", frames)
    assert len(read_motion(first, source_fps=30)) == 30
    assert len(read_motion(f"{first}#7", source_fps=30)) == 10


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Motion:
    return read_motion(written(tmp_path_factory.mktemp("easymocap"), "walk.npz", amass(walk(60))))


def seen_points(motion: Motion) -> list[Frame]:
    order = next(order for order in keypoint_orders() if order.name == "BODY_25")
    return [
        [{"id": 0, "keypoints3d": [[*map(float, at), 0.9] for at in places]}]
        for places in points(motion, order.points)
    ]


def test_points_of_a_folder_are_one_motion(steps: Motion, tmp_path: Path) -> None:
    frames = seen_points(steps)
    frames[20][0]["keypoints3d"][4] = [0.0, 0.0, 0.0, 0.0]
    frames[30] = []
    found = read_motion(folder(tmp_path / "keypoints3d", frames), source_fps=30)
    assert (found.source.format, len(found)) == ("easymocap", 60)
    assert_same_body(found, steps, atol=0.01)


def without(key: str) -> Callable[[Frame], object]:
    return lambda frame: frame[0].pop(key)


@pytest.mark.parametrize(
    ("damage", "cause"),
    [
        (without("poses"), "000005.json: its poses cannot be read"),
        (without("id"), "000005.json: is no list of persons"),
        (lambda frame: frame[0].update(poses=[[0.0] * 60]), "000005.json: has 60 numbers of poses"),
        (lambda frame: frame[0].update(Th=[["here"]]), "000005.json: its Th cannot be read"),
        (lambda frame: frame[0].update(Rh=[[float("nan")] * 3]), "rotation that is not finite"),
    ],
)
def test_a_damaged_frame_is_named(
    damage: Callable[[Frame], object], cause: str, tmp_path: Path
) -> None:
    frames = [[one] for one in bodies(walk(10))]
    damage(frames[5])
    with pytest.raises(FileFormatError, match=cause):
        read_motion(folder(tmp_path / "smpl", frames), source_fps=30)


def test_frames_but_the_first_are_no_recording_of_their_own(tmp_path: Path) -> None:
    first = folder(tmp_path / "smpl", [[one] for one in bodies(walk(10))])
    with pytest.raises(
        FileFormatError, match=r"one of 10 frames .* give the first one, 000000.json"
    ):
        read_motion(first.with_name("000004.json"), source_fps=30)


@pytest.mark.parametrize("points", [3.0, [[0.0] * 5] * 25, [0.0] * 75])
def test_points_of_other_numbers_are_refused(points: Any, tmp_path: Path) -> None:
    first = folder(tmp_path / "keypoints3d", [[{"id": 0, "keypoints3d": points}]] * 3)
    with pytest.raises(FileFormatError, match="points have"):
        read_motion(first, source_fps=30)


def test_other_bodies_are_refused(tmp_path: Path) -> None:
    frames = [[one] for one in bodies(walk(10))]
    for frame in frames:
        frame[0]["poses"] = [[0.0] * 87]
    with pytest.raises(FileFormatError, match="poses have 87 numbers a frame"):
        read_motion(folder(tmp_path / "smplx", frames), source_fps=30)
