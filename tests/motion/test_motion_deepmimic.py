"""DeepMimic files: rows become joints, toes are added, and wrong files are one clear line."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bvh_files import CLIPS, EMBEDDED
from scipy.spatial.transform import Rotation

from retarget.errors import FileFormatError
from retarget.motion.formats.deepmimic import looks_like_deepmimic, read_deepmimic
from retarget.motion.read import read_motion

FILES = sorted(CLIPS.glob("deepmimic_txt/*.txt"))
PLACE = Path("some/motion.txt")
STANDING = [0.02, 0.0, 0.9, 0.0, *[1.0, 0, 0, 0] * 4, 0.0, *[1.0, 0, 0, 0] * 2, 0.0]
STANDING += [*[1.0, 0, 0, 0], 0.0, *[1.0, 0, 0, 0] * 2, 0.0]


def packed(frames: Any) -> bytes:
    return json.dumps({"Loop": "none", "Frames": frames}).encode()


def rows(count: int = 5) -> list[list[float]]:
    return [[*STANDING] for _ in range(count)]


def complaint(data: bytes) -> str:
    with pytest.raises(FileFormatError) as caught:
        read_deepmimic(data, PLACE)
    message = str(caught.value)
    assert message.startswith("some/motion.txt: ")
    assert "\n" not in message
    return message


def test_a_standing_row_is_a_standing_human_in_metres() -> None:
    recording = read_deepmimic(packed(rows()), PLACE)
    place = dict(zip(recording.joint_names, recording.positions[0], strict=True))
    assert recording.fps == pytest.approx(50.0)
    np.testing.assert_allclose(place["left_knee"], [0, 0.9 - 0.421546, -0.084887])
    np.testing.assert_allclose(place["left_ankle#toe"], [0.1335, 0.018584, -0.084887])
    assert place["neck"][1] > place["right_shoulder"][1] - 0.1 > place["chest"][1]


def test_knees_bend_backwards_and_elbows_forwards() -> None:
    bent = rows()
    for row in bent:
        row[20] = row[34] = -1.0  # knees
        row[29] = row[43] = 1.0  # elbows
    recording = read_deepmimic(packed(bent), PLACE)
    place = dict(zip(recording.joint_names, recording.positions[0], strict=True))
    for side in ("left", "right"):
        assert place[f"{side}_ankle"][0] < place[f"{side}_knee"][0] - 0.3
        assert place[f"{side}_wrist"][0] > place[f"{side}_elbow"][0] + 0.2


@pytest.mark.skipif(not FILES, reason="no clips beside this checkout")
@pytest.mark.parametrize("file", FILES, ids=lambda p: p.stem)
def test_real_clips_are_rigid_humans_on_their_floor(file: Path) -> None:
    motion = read_motion(file)
    assert motion.source.format == "deepmimic"
    assert motion.source.up_axis == "y"
    for joint, parent in enumerate(motion.parents):
        if parent >= 0:
            turned = Rotation.from_quat(motion.rotations[:, parent], scalar_first=True)
            offset = turned.inv().apply(motion.positions[:, joint] - motion.positions[:, parent])
            assert np.ptp(offset, axis=0).max() < 1e-9
    assert -0.1 < motion.positions[:, :, 2].min() < 0.1


@pytest.mark.skipif(not FILES, reason="no clips beside this checkout")
def test_a_dropped_frame_is_interpolated() -> None:
    roll = next(file for file in FILES if "roll" in file.name)
    motion = read_motion(roll)
    frames = json.loads(roll.read_text())["Frames"]
    assert len(motion) == len(frames) + 1
    assert any("interpolated" in note for note in motion.source.notes)
    height = motion.positions[:, motion.joint_names.index("root"), 2]
    np.testing.assert_allclose(height[:6], [row[2] for row in frames[:6]], atol=1e-9)
    assert height[6] == pytest.approx((frames[5][2] + frames[6][2]) / 2, abs=1e-3)
    assert height[-1] == pytest.approx(frames[-1][2], abs=1e-3)


def test_quaternions_blended_linearly_are_made_unit() -> None:
    short = rows()
    short[2][4:8] = [0.85, 0, 0, 0]
    recording = read_deepmimic(packed(short), PLACE)
    np.testing.assert_allclose(np.linalg.norm(recording.rotations, axis=-1), 1.0)


def test_a_single_frame_is_read() -> None:
    assert len(read_deepmimic(packed(rows(1)), PLACE).positions) == 1


def test_other_formats_are_not_taken_for_it() -> None:
    for file in EMBEDDED.iterdir():
        assert not looks_like_deepmimic(file.read_bytes())
    assert not looks_like_deepmimic(b'{"frames": []}')
    assert looks_like_deepmimic(packed(rows()))


def changed(frame: int, column: int, value: Any) -> bytes:
    content: list[list[Any]] = [[*row] for row in rows()]
    content[frame][column] = value
    return packed(content)


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (packed(rows())[:-20], "is not whole JSON (line 1"),
        (b"\xff\xfe{}", "is not text"),
        (b'{"Frames": 1' + b"0" * 5000 + b"}", "not JSON that can be read"),
        (b'{"Frames": ' + b"[" * 200_000, "JSON"),
        (b"[1, 2]", 'has no list of "Frames"'),
        (b'{"Loop": "none"}', 'has no list of "Frames"'),
        (packed([]), "holds no frames"),
        (packed(3), 'has no list of "Frames"'),
        (packed([*rows(), 7]), "frame 5 is no row of numbers"),
        (packed([*rows(), STANDING[:-1]]), "frame 5 has 43 numbers, expected 44"),
        (changed(1, 9, "0.5"), 'frame 1 holds "0.5", which is no number'),
        (changed(1, 9, None), "frame 1 holds null, which is no number"),
        (changed(1, 9, True), "frame 1 holds true, which is no number"),
        (changed(1, 9, float("nan")), "holds NaN"),
        (changed(1, 9, float("inf")), "holds Infinity"),
        (packed(rows()).replace(b"0.9", b"1e999", 1), "frame 0 holds a number that is not finite"),
        (packed(rows()).replace(b"0.9", b"9" * 400, 1), "not finite"),
        (changed(3, 4, 0.0), "frame 3, joint root: the rotation is no unit quaternion"),
        (changed(2, 0, 0.0), "frame 2 lasts 0 s"),
        (changed(2, 0, -0.02), "frame 2 lasts -0.02 s"),
        (changed(2, 0, 5.0), "frame 2 lasts 5 s, most others 0.02 s"),
    ],
)
def test_a_wrong_file_is_one_line_that_names_the_cause(data: bytes, cause: str) -> None:
    assert cause in complaint(data)
