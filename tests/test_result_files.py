"""Result files: plain npz that anything reads, equal for equal results, exact but for packed rotations."""

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from retarget.errors import FileFormatError, OutputError, RetargetError
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


def test_an_empty_result_is_not_written(result: RetargetingResult, tmp_path: Path) -> None:
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
    with pytest.raises(OutputError, match="no frames; nothing was written"):
        empty.save_npz(tmp_path / "empty.npz")
    assert not list(tmp_path.iterdir())


NOT_A_NUMBER = np.full(FRAMES, np.nan)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"source_rotations": np.zeros((FRAMES, 2, 4), np.float32)}, "source_rotations holds float32"),
        ({"source_rotations": np.zeros((FRAMES, 2, 4), np.int16)}, "frame 0, rotation 0 is no unit"),
        ({"contacts": np.zeros((FRAMES, 2, 1), bool)}, "contacts is of shape (7, 2, 1), not of (7 frames, 2, 2)"),
        ({"contacts": np.zeros((FRAMES, 2, 2))}, "contacts holds float64"),
        ({"qpos": np.zeros((FRAMES, 10), "<c16")}, "qpos holds complex128"),
        ({"qpos": np.zeros((FRAMES, 10))}, "base rotations are not unit quaternions"),
        ({"qpos": np.full((FRAMES, 10), 1e300)}, "qpos: frame 0, value (0,) is 1e+300"),
        ({"qpos": np.zeros(FRAMES)}, "qpos is of shape (7,)"),
        ({"qpos": np.array([None] * FRAMES)}, "qpos holds objects"),
        ({"frame_cost": NOT_A_NUMBER}, "frame_cost: frame 0, value () is nan"),
        ({"residual_anchor_m": NOT_A_NUMBER}, "residual_anchor_m: frame 0"),
        ({"source_positions": np.full((FRAMES, 2, 3), np.nan)}, "source_positions: frame 0, value (0, 0) is nan"),
        ({"source_position_roles": np.array(["a"])}, "not of (7 frames, 1 places, 3)"),
        ({"joint_names": np.array(["a"])}, "expected (T, 7 + 1 joints)"),
        ({"fps": np.array(1e12)}, "a rate of 1e+12 frames a second is not between"),
        ({"fps": np.array([30.0])}, "fps is of shape (1,)"),
        ({"fps": np.array("fast")}, "fps holds <U4"),
        ({"manifest_json": np.array("[]")}, "manifest_json is not a JSON object"),
        ({"manifest_json": np.array("{")}, "manifest_json is not JSON ("),
        ({"manifest_json": np.array('{"a": NaN}')}, "manifest_json holds NaN"),
        ({"manifest_json": np.array("[" * 100_000)}, "nested too deep"),
        ({"manifest_json": np.array('{"run": {"robot": 3}}')}, "run.robot is 3, not of type str"),
        ({"manifest_json": np.array('{"options": "none"}')}, "options is 'none', not of type dict"),
        ({"manifest_json": np.array('{"schema_version": 99}')}, "is of schema version 99"),
        ({"manifest_json": np.array(7.0)}, "manifest_json holds float64"),
        ({"yielded_json": np.array("{}")}, "yielded_json is no list"),
        ({"yielded_json": np.array('[{"point": "left_toe"}]')}, "yielded_json: entry 0 is no hold"),
        ({"body_contacts": np.zeros((FRAMES, 3), bool)}, "body_contact_names is of shape (0,)"),
        ({"qpos": np.zeros((0, 10))}, "not of (0 frames, 2, 2)"),
        ({"frame_cost": None}, "has no array 'frame_cost'; another version of retarget wrote it"),
        ({"manifest_json": None}, "it is no retargeting result"),
    ],
)  # fmt: skip
def test_what_is_damaged_is_one_line_that_names_file_and_place(
    result: RetargetingResult, tmp_path: Path, changes: dict[str, np.ndarray | None], complaint: str
) -> None:
    result.save_npz(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as archive:
        arrays = {**archive, **changes}
    file = tmp_path / "other.npz"
    np.savez(file, **{name: array for name, array in arrays.items() if array is not None})
    with pytest.raises(FileFormatError) as caught:
        RetargetingResult.load_npz(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_archive_is_told_without_anybody_s_advice(tmp_path: Path) -> None:
    file = tmp_path / "walk.npz"
    for content in (b"HIERARCHY\n", b"PK\x03\x04 torn", b"\x93NUMPY\x01\x00"):
        file.write_bytes(content)
        with pytest.raises(FileFormatError, match="is torn, or no NumPy archive") as caught:
            RetargetingResult.load_npz(file)
        assert "pickle" not in str(caught.value)


def test_a_role_that_the_result_does_not_keep_is_named(result: RetargetingResult) -> None:
    with pytest.raises(RetargetError, match="keeps no 'left_knee' of the human, but pelvis, chest"):
        result.source.position("left_knee")


def test_numbers_of_half_precision_are_judged_in_their_own_range(
    result: RetargetingResult, tmp_path: Path
) -> None:
    result.save_npz(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as archive:
        arrays = {name: archive[name] for name in archive.files}
    arrays["frame_cost"] = arrays["frame_cost"].astype(np.float16)
    np.savez(tmp_path / "b.npz", **arrays)
    with np.errstate(all="raise"):
        assert RetargetingResult.load_npz(tmp_path / "b.npz").frame_cost.max() < 1
    arrays["frame_cost"][3] = np.inf
    np.savez(tmp_path / "c.npz", **arrays)
    with pytest.raises(FileFormatError, match=r"frame_cost: frame 3, value \(\) is inf"):
        RetargetingResult.load_npz(tmp_path / "c.npz")
