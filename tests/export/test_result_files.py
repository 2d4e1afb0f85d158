"""Result files: plain npz that anything reads, equal for equal results, exact but for packed rotations."""

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from retarget.errors import FileFormatError
from retarget.result import RetargetingResult, SourceClip, packed_rotations

FRAMES, JOINTS = 7, 3


@pytest.fixture
def result() -> RetargetingResult:
    rng = np.random.default_rng(1)
    qpos = rng.normal(size=(FRAMES, 7 + JOINTS))
    qpos[:, 3:7] /= np.linalg.norm(qpos[:, 3:7], axis=1, keepdims=True)
    rotations = Rotation.random(FRAMES * 2, random_state=1).as_quat(scalar_first=True)
    return RetargetingResult(
        qpos=qpos,
        fps=30.0,
        joint_names=tuple(f"joint_{i}" for i in range(JOINTS)),
        robot="unitree_g1",
        contacts=rng.random((FRAMES, 2, 2)) > 0.5,
        frame_cost=rng.random(FRAMES).astype(np.float32).astype(np.float64),
        source=SourceClip(
            ("pelvis", "chest"),
            # A view that is not contiguous, as cutting and mirroring leave behind.
            rng.normal(size=(FRAMES, 3, 2)).astype(np.float32).swapaxes(1, 2),
            ("pelvis", "chest"),
            packed_rotations(rotations.reshape(FRAMES, 2, 4)),
        ),
        residuals={"anchor_m": rng.random(FRAMES).astype(np.float32)},
    )


def test_what_is_loaded_is_what_was_saved(result: RetargetingResult, tmp_path: Path) -> None:
    result.save_npz(tmp_path / "a.npz")
    loaded = RetargetingResult.load_npz(tmp_path / "a.npz")
    for name in ("qpos", "contacts", "frame_cost"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(result, name))
    np.testing.assert_array_equal(loaded.source.positions, result.source.positions)
    np.testing.assert_array_equal(loaded.source.rotations, result.source.rotations)
    assert loaded.source.rotation_roles == result.source.rotation_roles
    np.testing.assert_array_equal(loaded.residuals["anchor_m"], result.residuals["anchor_m"])


def test_equal_results_are_equal_files_that_other_readers_find_whole(
    result: RetargetingResult, tmp_path: Path
) -> None:
    for name in ("a.npz", "b.npz"):
        result.save_npz(tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        assert archive.testzip() is None
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["qpos"], result.qpos)
        assert str(arrays["robot"]) == "unitree_g1"


def test_a_packed_rotation_is_off_by_less_than_any_recording() -> None:
    rotations = Rotation.random(1000, random_state=2)
    packed = packed_rotations(rotations.as_quat(scalar_first=True))
    source = SourceClip((), np.zeros((1000, 0, 3), np.float32), ("hip",), packed[:, None])
    kept = Rotation.from_quat(source.rotation("hip"), scalar_first=True)
    assert np.degrees((rotations.inv() * kept).magnitude().max()) < 0.004


def test_an_empty_result_is_saved_and_loaded(result: RetargetingResult, tmp_path: Path) -> None:
    source = replace(
        result.source, positions=result.source.positions[:0], rotations=result.source.rotations[:0]
    )
    empty = replace(
        result,
        qpos=result.qpos[:0],
        contacts=result.contacts[:0],
        frame_cost=result.frame_cost[:0],
        source=source,
        residuals={},
    )
    empty.save_npz(tmp_path / "empty.npz")
    assert len(RetargetingResult.load_npz(tmp_path / "empty.npz")) == 0


def test_rotations_of_another_type_are_refused(result: RetargetingResult, tmp_path: Path) -> None:
    result.save_npz(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as archive:
        arrays = {**archive, "source_rotations": np.zeros((FRAMES, 2, 4), np.float32)}
    np.savez(tmp_path / "other.npz", **arrays)
    with pytest.raises(FileFormatError, match="source_rotations are float32, not int16"):
        RetargetingResult.load_npz(tmp_path / "other.npz")
