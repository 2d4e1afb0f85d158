"""Reading any motion file: formats found and added, provenance filled in, bad input named in one line."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from bvh_files import CLIPS, EMBEDDED, bvh_text, human, walking

from retarget.errors import FileFormatError, RetargetError, RoleError, UnknownNameError
from retarget.kinds import MotionFormatKind
from retarget.motion import (
    Recording,
    format_names,
    motion_formats,
    read_motion,
    register_reader,
)
from retarget.motion.formats import registry
from retarget.motion.formats.bvh import read_bvh
from retarget.motion.skeleton.roles import REQUIRED_ROLES

CLIPS_HERE = sorted(
    [*CLIPS.glob("*/*.bvh"), *CLIPS.glob("amp_npz/*.npz"), *EMBEDDED.glob("*.[bn][vp][hz]")]
)


def walk_file(
    folder: Path, frames: int = 5, frame_time: str = "0.0333333", name: str = "walk.bvh"
) -> Path:
    file = folder / name
    file.write_text(bvh_text(human(), walking(human(), frames), frame_time=frame_time))
    return file


@pytest.mark.parametrize("clip", CLIPS_HERE, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_every_real_clip_is_a_human_of_human_size_above_its_floor(clip: Path) -> None:
    before = clip.stat()
    motion = read_motion(clip)
    assert np.isfinite(motion.positions).all()
    assert motion.positions.flags.c_contiguous
    assert motion.rotations.flags.c_contiguous
    np.testing.assert_allclose(np.linalg.norm(motion.rotations, axis=-1), 1, atol=1e-6)
    assert set(REQUIRED_ROLES) | {"left_toe", "right_toe", "head"} <= set(motion.roles)
    pelvis, toe = motion.role_positions("pelvis")[:, 2], motion.role_positions("left_toe")[:, 2]
    assert 0.3 < np.median(pelvis) - np.percentile(toe, 2) < 1.2
    assert motion.source.sha256 == hashlib.sha256(clip.read_bytes()).hexdigest()
    assert motion.source.path == str(clip)
    assert motion.source.rig != "unknown"
    expected = ("no toes", "T-pose", "stored 2 times", "a rotation at rest")
    assert all(any(words in note for words in expected) for note in motion.source.notes)
    after = clip.stat()
    assert (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)


def test_reading_twice_gives_the_same_bits() -> None:
    clip = EMBEDDED / "cmu_01_01.bvh"
    first, second = read_motion(clip), read_motion(clip)
    assert first.positions.tobytes() == second.positions.tobytes()
    assert first.rotations.tobytes() == second.rotations.tobytes()
    assert first.source == second.source


@pytest.mark.parametrize(("frame_time", "fps"), [("1", 1), ("0.001", 1000)])
@pytest.mark.parametrize("frames", [1, 2, 40])
def test_any_rate_and_few_frames_are_fine(
    tmp_path: Path, frames: int, frame_time: str, fps: float
) -> None:
    motion = read_motion(walk_file(tmp_path, frames, frame_time))
    assert (len(motion), motion.fps) == (frames, fps)
    assert motion.duration == pytest.approx(frames / fps)


def test_a_rate_at_which_nobody_can_move_is_doubted(tmp_path: Path) -> None:
    assert not read_motion(walk_file(tmp_path, 40)).source.doubts
    doubts = read_motion(walk_file(tmp_path, 40, "0.001")).source.doubts
    assert [doubt.name for doubt in doubts] == ["rate"]


def test_content_decides_over_the_suffix(tmp_path: Path) -> None:
    assert read_motion(walk_file(tmp_path, name="walk.txt")).source.format == "bvh"
    misnamed = tmp_path / "motion.bvh"
    misnamed.write_bytes((EMBEDDED / "humanoid_run.npz").read_bytes())
    assert read_motion(misnamed).source.format == "amp_npz"


def test_a_format_that_is_asked_for_is_not_guessed(tmp_path: Path) -> None:
    assert read_motion(walk_file(tmp_path), format="bvh").source.format == "bvh"
    with pytest.raises(FileFormatError, match="not a BVH file"):
        read_motion(EMBEDDED / "humanoid_run.npz", format=MotionFormatKind.BVH)


def test_roles_can_be_given(tmp_path: Path) -> None:
    motion = read_motion(walk_file(tmp_path), roles={"left_toe": "LeftToe#end"})
    assert motion.joint_names[motion.roles["left_toe"]] == "LeftToe#end"


# ------------------------------------------------------------------------------------------ bad input


def complaint(path: Path | str, **options: str) -> str:
    with pytest.raises(RetargetError) as caught:
        read_motion(path, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_an_unknown_format_lists_those_known(tmp_path: Path) -> None:
    with pytest.raises(
        UnknownNameError, match=r"unknown MotionFormatKind 'bvx'; known: .*amp_npz.*bvh"
    ):
        read_motion(walk_file(tmp_path), format="bvx")


def test_a_file_of_no_known_format_lists_those_known(tmp_path: Path) -> None:
    (tmp_path / "clip.xyz").write_bytes(os.urandom(500))
    message = complaint(tmp_path / "clip.xyz")
    assert message.startswith(str(tmp_path / "clip.xyz"))
    assert "bvh (.bvh), amp_npz (.npz)" in message


def test_a_missing_file_a_folder_and_an_empty_file_are_named(tmp_path: Path) -> None:
    assert "does not exist" in complaint(tmp_path / "none.bvh")
    assert "is a folder" in complaint(tmp_path)
    for content in (b"", b" \r\n\n"):
        (tmp_path / "empty.bvh").write_bytes(content)
        assert complaint(tmp_path / "empty.bvh").startswith(f"{tmp_path / 'empty.bvh'}: is empty")


@pytest.mark.parametrize("name", ["garbage.bvh", "garbage.npz"])
def test_binary_garbage_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(np.random.default_rng(0).bytes(5000))
    assert complaint(tmp_path / name).startswith(str(tmp_path / name))


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    file = walk_file(tmp_path)
    file.chmod(0)
    assert "cannot be read" in complaint(file)


def test_a_skeleton_without_legs_names_file_and_roles(tmp_path: Path) -> None:
    file = tmp_path / "arms.bvh"
    joints = human()
    text = bvh_text(joints, walking(joints, 3))
    for part in ("UpLeg", "Leg", "Foot", "Toe"):
        for side in ("Left", "Right"):
            text = text.replace(f"JOINT {side}{part}\n", f"JOINT Strap{side[0]}\n")
    file.write_text(text.replace("-41.0", "-1.0").replace("-40.0", "-0.5"))
    with pytest.raises(RoleError) as caught:
        read_motion(file)
    assert str(caught.value).startswith(f"{file}: no joint found for left_hip")


def test_legs_without_length_are_refused(tmp_path: Path) -> None:
    file = walk_file(tmp_path)
    file.write_text(file.read_text().replace("-41.0", "0.0"))
    assert "are at the same place" in complaint(file)


@pytest.mark.parametrize("value", ["1e13", "-1e308"])
def test_an_impossible_distance_is_located(tmp_path: Path, value: str) -> None:
    file = walk_file(tmp_path)
    file.write_text(file.read_text().replace("OFFSET 0.0 9.0 1.0", f"OFFSET 0.0 {value} 1.0"))
    assert "frame 0, joint Head has an impossible position" in complaint(file)


# ------------------------------------------------------------------------------------------ formats of users


class LabFormat(MotionFormatKind):
    POINTS = "lab_points"


@pytest.fixture
def lab_format() -> Iterator[LabFormat]:
    def read(data: bytes, path: Path) -> Recording:
        scale = float(data.split()[1])
        joints = human()
        recording = read_bvh(bvh_text(joints, walking(joints, 9)).encode(), path)
        recording.positions[:] *= scale
        if scale < 0:
            recording.positions[3, 4] = np.nan
        return recording

    register_reader(
        LabFormat.POINTS, read, suffixes=(".lab",), recognises=lambda data: data.startswith(b"LAB")
    )
    yield LabFormat.POINTS
    del registry._registry[LabFormat.POINTS]


def test_a_user_s_format_is_read_like_any_other(tmp_path: Path, lab_format: LabFormat) -> None:
    file = tmp_path / "clip.lab"
    file.write_text("LAB 10")
    assert "lab_points" in format_names()
    assert lab_format in [one.kind for one in motion_formats()]
    for wanted in (lab_format, "lab_points", "auto"):
        motion = read_motion(file, format=wanted)
        assert motion.source.format == "lab_points"
        assert motion.source.unit == "millimetre"


def test_a_reader_that_returns_no_number_is_caught(tmp_path: Path, lab_format: LabFormat) -> None:
    file = tmp_path / "clip.lab"
    file.write_text("LAB -1")
    assert "frame 3, joint Head has an impossible position" in complaint(file, format=lab_format)
