"""Files with many clips, or with a mapping for each frame: none could be had, they are written from their readers."""

from __future__ import annotations

import io
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from body_points import assert_same_body, points
from clip_files import babel, human_act, sam_body, video_pose
from smpl_files import amass, npz, walk, written

from retarget.errors import FileFormatError
from retarget.motion import Motion, read_motion
from retarget.motion.formats.arrays.keypoints import keypoint_orders

_SEEN = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0.0]]).T  # z up as a camera sees it, y down


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Motion:
    return read_motion(written(tmp_path_factory.mktemp("clips"), "walk.npz", amass(walk(60))))


def in_order(motion: Motion, name: str) -> np.ndarray:
    order = next(order for order in keypoint_orders() if order.name == name)
    return points(motion, order.points)


def test_clips_of_human_act_are_its_places(steps: Motion, tmp_path: Path) -> None:
    file = written(tmp_path, "humanact12poses.pkl", human_act(steps.positions[:, :22] @ _SEEN))
    assert len(read_motion(file, source_fps=30)) == 40
    found = read_motion(f"{file}#2", source_fps=30, up="-y")
    assert found.source.format == "arrays"
    assert_same_body(found, steps)
    assert found.positions[:, 0, :2].std() > 0.1, "it travels"


def test_clips_by_subject_and_action_have_both_names(steps: Motion, tmp_path: Path) -> None:
    places = in_order(steps, "Human3.6M")
    file = written(tmp_path, "data_3d_h36m.npz", video_pose(places))
    found = read_motion(file, source_fps=30)
    assert "#3 S9 Eating" in " ".join(found.source.notes)
    assert_same_body(found, steps)
    assert len(read_motion(f"{file}#S9 Eating", source_fps=30)) == 30
    with pytest.raises(FileFormatError, match="has no clip 'S11'"):
        read_motion(f"{file}#S11", source_fps=30)


def saved(frames: list[Any], how: str) -> tuple[str, bytes]:
    if how == "npz":
        keys = ("pred_keypoints_3d", "pred_cam_t")
        return "body.npz", npz(**{key: np.stack([one[key] for one in frames]) for key in keys})
    if how == "npy":
        stream = io.BytesIO()
        np.save(stream, np.array(frames, dtype=object), allow_pickle=True)
        return "body.npy", stream.getvalue()
    return "body.pkl", pickle.dumps(frames)


@pytest.mark.parametrize("how", ["npz", "npy", "pkl"])
def test_frames_of_sam_are_where_the_camera_sees_them(
    how: str, steps: Motion, tmp_path: Path
) -> None:
    frames = sam_body(in_order(steps, "MHR") @ _SEEN + np.array([0, 0, 4.0]))
    found = read_motion(written(tmp_path, *saved(frames, how)), source_fps=30)
    assert found.source.up_axis == "-y"
    assert_same_body(found, steps, atol=0.01)


def test_a_frame_in_which_nobody_was_seen_is_filled(steps: Motion, tmp_path: Path) -> None:
    frames = sam_body(in_order(steps, "MHR") @ _SEEN, listed=True)
    frames[20] = []
    found = read_motion(written(tmp_path, "body.pkl", pickle.dumps(frames)), source_fps=30)
    assert len(found) == 60
    assert any("were missing" in doubt.reason for doubt in found.source.doubts)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda frames: frames[7] * 2, "frame 7 shows 2 persons"),
        (lambda frames: [{**frames[7][0], "pred_keypoints_3d": np.zeros((69, 3))}], "of 2 shapes"),
        (lambda frames: [{**frames[7][0], "pred_keypoints_3d": "none"}], "frame 7: pred_keypoints"),
    ],
)
def test_lists_that_are_no_motion_say_why(
    change: Any, cause: str, steps: Motion, tmp_path: Path
) -> None:
    frames = sam_body(in_order(steps, "MHR") @ _SEEN, listed=True)
    frames[7] = change(frames)
    with pytest.raises(FileFormatError, match=cause):
        read_motion(written(tmp_path, "body.pkl", pickle.dumps(frames)), source_fps=30)


def test_clips_of_babel_are_named_by_their_files(tmp_path: Path) -> None:
    file = written(tmp_path, "babel.pkl", babel(walk(30), walk(50)))
    first, second = read_motion(file), read_motion(f"{file}#KIT/1/walk.npz")
    assert (len(first), len(second), first.fps) == (30, 50, 30.0)
    assert "#2 KIT/1/walk.npz" in " ".join(first.source.notes)


def test_labels_of_babel_name_the_files_that_move(tmp_path: Path) -> None:
    label = {"babel_sid": 12906, "feat_p": "KIT/KIT/3/kick_poses.npz", "dur": 4.0, "seq_ann": None}
    (tmp_path / "train.json").write_text(json.dumps({"12906": label}))
    with pytest.raises(FileFormatError, match=r"BABEL's labels.*feat_p"):
        read_motion(tmp_path / "train.json")


def test_three_numbers_a_frame_are_no_body(tmp_path: Path) -> None:
    np.save(tmp_path / "human_transl.npy", np.zeros((90, 3), np.float32))
    with pytest.raises(FileFormatError, match="three numbers a frame"):
        read_motion(tmp_path / "human_transl.npy")
