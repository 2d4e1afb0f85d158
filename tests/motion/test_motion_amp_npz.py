"""AMP archives: bodies become joints, toes are added, and wrong archives are one clear line."""

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bvh_files import EMBEDDED
from scipy.spatial.transform import Rotation

from retarget.errors import FileFormatError
from retarget.motion.formats.amp_npz import looks_like_amp_npz, read_amp_npz
from retarget.motion.read import read_motion

CLIPS = sorted(EMBEDDED.glob("humanoid_*.npz"))
PLACE = Path("some/motion.npz")


def arrays() -> dict[str, Any]:
    with np.load(EMBEDDED / "humanoid_run.npz") as archive:
        return {key: archive[key].copy() for key in archive}


def packed(content: dict[str, Any]) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **content)
    return stream.getvalue()


def complaint(data: bytes) -> str:
    with pytest.raises(FileFormatError) as caught:
        read_amp_npz(data, PLACE)
    message = str(caught.value)
    assert message.startswith("some/motion.npz: ")
    assert "\n" not in message
    return message


@pytest.mark.parametrize("clip", CLIPS, ids=lambda p: p.name)
def test_bodies_are_the_files_own(clip: Path) -> None:
    motion = read_motion(clip)
    with np.load(clip) as archive:
        for body, name in enumerate(archive["body_names"]):
            joint = motion.joint_names.index(str(name))
            np.testing.assert_allclose(
                motion.positions[:, joint], archive["body_positions"][::2, body], atol=1e-12
            )
        assert motion.fps == archive["fps"] / 2  # the files store each frame twice
    assert motion.source.unit == "metre"
    assert motion.source.up_axis == "z"


@pytest.mark.parametrize("clip", CLIPS, ids=lambda p: p.name)
def test_rotations_are_wxyz_and_each_body_hangs_rigidly_on_its_parent(clip: Path) -> None:
    motion = read_motion(clip)
    for joint, parent in enumerate(motion.parents):
        if parent < 0:
            continue
        turned = Rotation.from_quat(motion.rotations[:, parent][:, [1, 2, 3, 0]])
        offset = turned.inv().apply(motion.positions[:, joint] - motion.positions[:, parent])
        assert np.ptp(offset, axis=0).max() < 2e-3, motion.joint_names[
            joint
        ]  # the files are rounded to mm


@pytest.mark.parametrize("clip", CLIPS, ids=lambda p: p.name)
def test_toes_are_the_front_ends_of_the_soles(clip: Path) -> None:
    motion = read_motion(clip)
    for side in ("left", "right"):
        assert motion.joint_names[motion.roles[f"{side}_toe"]] == f"{side}_foot#toe"
        reach = motion.role_positions(f"{side}_toe") - motion.role_positions(f"{side}_ankle")
        np.testing.assert_allclose(
            np.linalg.norm(reach, axis=-1), np.hypot(0.1335, 0.05), atol=1e-5
        )
    lowest = min(motion.role_positions(f"{side}_toe")[:, 2].min() for side in ("left", "right"))
    assert -0.12 < lowest < 0.0
    assert any("no toes" in note for note in motion.source.notes)


def test_bodies_may_come_in_any_order() -> None:
    content = arrays()
    order = np.random.default_rng(1).permutation(15)
    shuffled = {
        **content,
        **{key: content[key][:, order] for key in ("body_positions", "body_rotations")},
        "body_names": content["body_names"][order],
    }
    first, second = read_amp_npz(packed(content), PLACE), read_amp_npz(packed(shuffled), PLACE)
    assert first.joint_names == second.joint_names
    assert np.array_equal(first.positions, second.positions)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"fps": 0}, "a rate of 0 frames a second"),
        ({"fps": np.nan}, "a rate of nan frames a second"),
        ({"fps": [30, 60]}, "fps is not one number"),
        ({"fps": "fast"}, "fps holds <U4, not numbers"),
        ({"body_names": ["pelvis"]}, "the bodies are pelvis"),
        ({"body_positions": np.zeros((5, 15, 3))}, "body_positions are (5, 15, 3)"),
        ({"body_positions": np.zeros((0, 15, 3)), "body_rotations": np.zeros((0, 15, 4))}, "holds no frames"),
        ({"body_rotations": np.zeros((82, 15, 4))}, "frame 0, body pelvis: the rotation is no unit quaternion"),
        ({"body_rotations": np.float64(3)}, "body_rotations ()"),
    ],
)  # fmt: skip
def test_wrong_content_is_one_clear_line(change: dict[str, Any], cause: str) -> None:
    assert cause in complaint(packed({**arrays(), **change}))


def test_a_value_that_is_not_finite_is_located() -> None:
    content = arrays()
    content["body_positions"][7, 2, 1] = np.nan
    assert "body_positions, frame 7, body head is not a finite number" in complaint(packed(content))


def test_a_missing_key_is_named() -> None:
    content = arrays()
    del content["fps"]
    assert "has no fps" in complaint(packed(content))


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("content was unpickled",))


def test_pickled_content_is_never_run() -> None:
    content = arrays()
    content["body_names"] = np.array([Bomb()], dtype=object)
    assert "body_names holds objects" in complaint(packed(content))
    complaint(pickle.dumps(Bomb()))


@pytest.mark.parametrize("kept", [0.001, 0.3, 0.7, 0.999])
def test_a_file_cut_short_is_one_clear_line(kept: float) -> None:
    data = packed(arrays())
    complaint(data[: int(kept * len(data))])


def test_flipped_bytes_are_one_clear_line_or_read() -> None:
    data = bytearray((EMBEDDED / "humanoid_run.npz").read_bytes())
    random = np.random.default_rng(2)
    for _ in range(60):
        damaged = bytearray(data)
        for at in random.integers(0, len(data), 3):
            damaged[at] ^= 1 << int(random.integers(8))
        try:
            read_amp_npz(bytes(damaged), PLACE)
        except FileFormatError as error:
            assert "\n" not in str(error)


def test_an_archive_of_other_things_is_not_recognised() -> None:
    assert looks_like_amp_npz(packed(arrays()))
    assert not looks_like_amp_npz(packed({"qpos": np.zeros(3)}))
    assert not looks_like_amp_npz(b"PK\x03\x04 but no archive")
