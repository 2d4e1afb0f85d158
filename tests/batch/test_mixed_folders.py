"""Folders of motion and other things: what is taken, what is passed over and why, and data sets by name."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from retarget.batch import jobs_from_folder
from retarget.demo import embedded_clips
from retarget.errors import OptionsError, UnknownNameError
from retarget.jobs.datasets import DATASETS, dataset_named
from retarget.jobs.mixed import PassedOver, motion_among


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    for clip in embedded_clips():
        (folder / "deep" / clip.name).write_bytes(clip.read_bytes())
    np.savez(
        folder / "poses.npz", poses=np.zeros((5, 156)), trans=np.zeros((5, 3)), mocap_framerate=30
    )
    np.savez(folder / "weights.npz", layers=np.zeros(4))
    (folder / "07.asf").write_text(":version 1.10\n:bonedata\n")
    (folder / "README.txt").write_text("The motions of our laboratory.")
    (folder / "labels.json").write_text(json.dumps({"walk": [1, 2]}))
    (folder / "more.zip").write_bytes(b"PK\x03\x04" + b"walk.bvh" * 20)
    (folder / "rig.fbx").write_bytes(b"; FBX 7.7.0 project file\n" + b";\n" * 50)
    (folder / ".DS_Store").write_bytes(b"Bud1")
    (folder / "empty.npz").write_bytes(b"")
    return folder


def test_motion_is_told_by_content_and_the_rest_is_passed_over_with_a_reason(
    mixed: Path, tmp_path: Path
) -> None:
    found = list(motion_among(jobs_from_folder(mixed, "**/*", tmp_path / "out")))
    taken = {one.id for one in found if not isinstance(one, PassedOver)}
    assert taken == {"poses.npz", *(f"deep/{clip.name}" for clip in embedded_clips())}
    reasons = {one.job_id: one.reason for one in found if isinstance(one, PassedOver)}
    assert set(reasons) == {
        "07.asf", "README.txt", "labels.json", "more.zip", "rig.fbx", "weights.npz", "empty.npz", ".DS_Store",
    }  # fmt: skip
    assert reasons["07.asf"].startswith("is a skeleton")
    assert reasons["more.zip"] == "is a ZIP archive; unpack it first"
    assert reasons["rig.fbx"].startswith("is FBX that holds no animation; export it")
    assert reasons["empty.npz"].startswith("is empty")
    assert "not of any known motion format" in reasons["weights.npz"]


def test_a_folder_of_frames_is_one_recording(tmp_path: Path) -> None:
    body = {
        "id": 0,
        "Rh": [[0, 0, 0]],
        "Th": [[0, 0, 0]],
        "poses": [[0] * 72],
        "shapes": [[0] * 10],
    }
    for number in range(7, 10):
        (tmp_path / f"{number:06d}.json").write_text(json.dumps([body]))
    first, *others = motion_among(jobs_from_folder(tmp_path, "**/*", tmp_path / "out"))
    assert first.motion.name == "000007.json"  # type: ignore[union-attr]
    assert [one.reason for one in others if isinstance(one, PassedOver)] == [
        "is a frame, which is read with the first one of its folder"
    ] * 2


@pytest.mark.parametrize(
    ("name", "path", "split", "reason"),
    [
        ("amass", "CMU/01/01_01_poses.npz", "train", ""),
        ("amass", "CMU/01/01_01_poses.npz", "val", "is of another split than val"),
        ("amass", "SFU/0005/0005_Walking001_poses.npz", "val", ""),
        ("amass", "SSM_synced/20160330_03333/a.npz", "test", ""),
        ("amass", "CMU/01/shape.npz", None, "holds a body's shape and no motion"),
        ("amass", "CMU/01/neutral_shape.npz", None, "holds a body's shape and no motion"),
        ("lafan1", "dance1_subject5.bvh", "test", ""),
        ("lafan1", "dance1_subject1.bvh", "test", "is of another split than test"),
        ("omomo", "data/sub16_largebox_003.pt", "test", ""),
        ("omomo", "data/sub1_largebox_003.pt", "train", ""),
    ],
)
def test_data_sets_know_their_splits_and_what_is_no_motion(
    name: str, path: str, split: str | None, reason: str
) -> None:
    assert dataset_named(name).why_left_out(path, split) == reason


def test_a_split_or_a_data_set_that_there_is_not_is_named_with_those_there_are() -> None:
    with pytest.raises(OptionsError, match="amass has no split 'dev'; it has val, test, train"):
        dataset_named("amass").why_left_out("a.npz", "dev")
    with pytest.raises(OptionsError, match="100style has no split 'train'; its makers define none"):
        dataset_named("100style").why_left_out("a.bvh", "train")
    with pytest.raises(UnknownNameError, match="unknown data set 'kit'"):
        dataset_named("kit")


def test_every_preset_has_a_format_that_is_read_and_states_its_terms() -> None:
    from retarget.motion.formats import format_names

    for preset in DATASETS.values():
        assert preset.format in format_names()
        assert ": " in preset.terms
