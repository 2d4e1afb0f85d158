"""A clip whose up axis is doubtful is read as others of its folder with the same skeleton are."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from bvh_files import bvh_text, column, human, walking

from retarget.batch import BatchJob
from retarget.config import RunConfig
from retarget.motion.motion import Motion
from retarget.motion.read import read_motion
from retarget.motion.world.sisters import as_its_sisters
from retarget.worker import RetargetWorker, retarget_file

JOINTS = human()


def lying(frames: int = 60) -> np.ndarray:
    """Somebody who lies on the back a metre above the file's origin, and hardly moves."""
    rows = np.zeros((frames, 66))
    rows[:, :3] = 0, 110, 0
    rows[:, column(JOINTS, "Hips", "Xrotation")] = -90
    rows[:, column(JOINTS, "LeftLeg", "Xrotation")] = 3 + 2 * np.sin(np.arange(frames) / 9)
    return rows


def written(folder: Path, name: str, rows: np.ndarray, scale: float = 1.0) -> Path:
    file = folder / f"{name}.bvh"
    file.write_text(bvh_text(human(scale=scale), rows))
    return file


def read(path: Path, up: str | None) -> Motion:
    return read_motion(path, up=up)


def weight(motion: Motion) -> float:
    return sum(doubt.weight for doubt in motion.source.doubts if doubt.name == "up_axis")


def test_alone_it_stays_doubtful(tmp_path: Path) -> None:
    path = written(tmp_path, "sleep", lying())
    alone = read(path, None)
    assert weight(alone) > 0.5
    assert as_its_sisters(path, alone, read) is alone


def test_with_an_upright_sister_it_lies(tmp_path: Path) -> None:
    path = written(tmp_path, "sleep", lying())
    written(tmp_path, "walk", walking(JOINTS, 90))
    motion = as_its_sisters(path, read(path, None), read)
    assert motion.source.up_axis == "y"
    assert (
        np.ptp(motion.role_positions("head")[:, 2] - motion.role_positions("left_ankle")[:, 2])
        < 0.3
    )
    assert 0.0 < weight(motion) < 0.5
    assert "as in 1 other file" in motion.source.doubts[-1].reason


def test_a_batch_s_worker_asks_and_a_single_run_does_not(tmp_path: Path) -> None:
    path = written(tmp_path, "sleep", lying(20))
    written(tmp_path, "walk", walking(JOINTS, 90))
    job = BatchJob(id="sleep", motion=path, output=tmp_path / "sleep.npz")
    asked = RetargetWorker()(job)
    alone = retarget_file(path, tmp_path / "alone.npz", RunConfig())
    assert [doubt["weight"] < 0.5 for doubt in asked["doubts"]] == [True]
    assert [doubt["weight"] < 0.5 for doubt in alone["doubts"]] == [False]
    assert "understood" in alone["failed_gates"]
    assert "understood" not in asked["failed_gates"]


def test_another_skeleton_is_no_sister(tmp_path: Path) -> None:
    path = written(tmp_path, "sleep", lying())
    written(tmp_path, "giant", walking(human(scale=1.2), 90, scale=1.2), scale=1.2)
    alone = read(path, None)
    assert as_its_sisters(path, alone, read) is alone


def test_sisters_that_disagree_or_cannot_be_read_say_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, "sleep", lying())
    written(tmp_path, "walk", walking(JOINTS, 90))
    (tmp_path / "broken.bvh").write_text("HIERARCHY")
    alone = read(path, None)

    def contrary(other: Path, up: str | None) -> Motion:
        motion = read(other, up)
        other_axis = "x" if other.name == "walk.bvh" else motion.source.up_axis
        return replace(motion, source=replace(motion.source, up_axis=other_axis))

    written(tmp_path, "walk2", walking(JOINTS, 80))
    assert as_its_sisters(path, alone, contrary) is alone


def test_who_is_in_no_doubt_asks_nobody(tmp_path: Path) -> None:
    path = written(tmp_path, "walk", walking(JOINTS, 60))

    def never(other: Path, up: str | None) -> Motion:
        raise AssertionError(f"{other} was read")

    upright = read(path, None)
    assert as_its_sisters(path, upright, never) is upright
