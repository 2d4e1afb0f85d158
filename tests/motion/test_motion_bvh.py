"""BVH files as they really are, and what is read of them."""

from pathlib import Path

import numpy as np
import pytest
from bvh_files import (
    CLIPS,
    EMBEDDED,
    JOINTS,
    PLACE,
    ROOT_CHANNELS,
    ROTATIONS,
    TEXT,
    Joint,
    bvh_text,
    column,
    hierarchy_text,
    human,
    read,
    walking,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from retarget.motion.formats.bvh import read_bvh
from retarget.motion.recording import Recording


def reference_poses(
    joints: list[Joint], rows: np.ndarray
) -> tuple[np.ndarray, list[list[Rotation]]]:
    """Forward kinematics with SciPy's rotations, one channel at a time."""
    positions = np.zeros((len(rows), len(joints), 3))
    rotations: list[list[Rotation]] = []
    for t, row in enumerate(rows):
        values = iter(row)
        turned: list[Rotation] = []
        for j, joint in enumerate(joints):
            place, turn = np.array(joint.offset, float), Rotation.identity()
            for channel in joint.channels:
                axis, value = "XYZ".index(channel[0].upper()), next(values)
                if channel.lower().endswith("position"):
                    place[axis] = value
                else:
                    turn = turn * Rotation.from_euler("xyz"[axis], value, degrees=True)
            if joint.parent >= 0:
                place = positions[t, joint.parent] + turned[joint.parent].apply(place)
                turn = turned[joint.parent] * turn
            positions[t, j] = place
            turned.append(turn)
        rotations.append(turned)
    return positions, rotations


CHANNELS = st.lists(
    st.sampled_from(
        ["Xposition", "Yposition", "Zposition", "Xrotation", "Yrotation", "Zrotation", "XROTATION"]
    ),
    unique_by=str.lower,
    max_size=6,
)


@st.composite
def files(draw: st.DrawFn) -> tuple[list[Joint], np.ndarray]:
    """Any forest in depth-first order, with end sites on some leaves."""
    number = st.floats(-300, 300, allow_subnormal=False)
    value = number.filter(bool)  # position channels that are all zero mean something else
    count = draw(st.integers(1, 7))
    joints: list[Joint] = []
    path: list[int] = []
    for j in range(count):
        depth = draw(st.integers(0, len(path)))
        path = path[:depth]
        channels = draw(CHANNELS) if j else ["Xposition", *draw(st.permutations(list(ROTATIONS)))]
        offset = draw(st.lists(number, min_size=3, max_size=3))
        joints.append(Joint(f"J{j}", path[-1] if path else -1, offset, channels))
        path.append(len(joints) - 1)
        if draw(st.booleans()) and j == count - 1:
            joints.append(Joint("", len(joints) - 1, [1.0, 2.0, 3.0], (), is_end=True))
    width = sum(len(joint.channels) for joint in joints)
    rows = draw(st.lists(st.lists(value, min_size=width, max_size=width), min_size=1, max_size=3))
    return joints, np.array(rows)


@given(files())
@settings(max_examples=60, deadline=None)
def test_any_hierarchy_and_channel_order_gives_the_poses_of_an_independent_computation(
    file: tuple[list[Joint], np.ndarray],
) -> None:
    joints, rows = file
    recording = read(bvh_text(joints, rows))
    positions, rotations = reference_poses(joints, rows)
    assert recording.parents.tolist() == [joint.parent for joint in joints]
    np.testing.assert_allclose(recording.positions, positions, rtol=0, atol=1e-9)
    for t, turned in enumerate(rotations):
        for j, rotation in enumerate(turned):
            w, x, y, z = recording.rotations[t, j]
            assert (Rotation.from_quat([x, y, z, w]).inv() * rotation).magnitude() < 1e-9


def test_quaternions_are_continuous_along_time() -> None:
    joints = [Joint("Root", -1, [0, 0, 0], ["Yrotation"])]
    recording = read(bvh_text(joints, np.linspace(0, 2000, 300)[:, None] % 360))
    steps = np.sum(recording.rotations[1:, 0] * recording.rotations[:-1, 0], axis=-1)
    assert steps.min() > 0.99


def test_a_long_clip_is_read_in_parts_that_go_on_from_one_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = walking(JOINTS, 700)
    turning = column(JOINTS, "LeftArm", "Xrotation")
    rows[:, turning] = 7.0 * np.arange(700) % 360  # at each 0 the sign has to be changed
    text = bvh_text(JOINTS, rows)
    whole = read(text)
    monkeypatch.setattr("retarget.motion.formats.bvh.BLOCK", 64)
    monkeypatch.setattr("retarget.motion.formats.bvh._PART", 200 * rows.shape[1] * 8)
    parts = read(text)
    assert parts.rotations.dtype == np.float32
    np.testing.assert_array_equal(parts.positions, whole.positions)
    np.testing.assert_allclose(parts.rotations, whole.rotations, atol=1e-7)


def assert_same(first: Recording, second: Recording) -> None:
    assert first.joint_names == second.joint_names
    assert np.array_equal(first.positions, second.positions)
    assert np.array_equal(first.rotations, second.rotations)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_marks_make_no_difference(newline: str, mark: bytes) -> None:
    assert_same(read(mark + TEXT.replace("\n", newline).encode()), read(TEXT))


def test_utf16_text_is_read() -> None:
    assert_same(read(TEXT.encode("utf-16")), read(TEXT))


def test_braces_may_share_a_line_and_blanks_may_be_anywhere() -> None:
    joined = TEXT.replace("\n\t{", " {").replace("\t", "   ").replace(" {", "{")
    spread = joined.replace("MOTION\n", "\n \nMOTION  \n\n") + "\n\n  \n"
    assert_same(read(spread), read(TEXT))
    assert_same(read(TEXT.rstrip("\n")), read(TEXT))


def test_exponents_and_signs_are_numbers() -> None:
    joints = [Joint("Root", -1, [0, 0, 0], ["Xposition", "Yposition", "Zposition"])]
    text = f"{hierarchy_text(joints)}MOTION\nFrames: 1\nFrame Time: 1e-1\n+1.5E+1 -2.5e-3 .5\n"
    assert read(text).positions[0, 0].tolist() == [15.0, -0.0025, 0.5]
    assert read(text).fps == 10


def test_end_sites_are_joints_named_after_their_parent() -> None:
    names = read(TEXT).joint_names
    assert "LeftToe#end" in names
    assert "Head#end" in names
    assert len(set(names)) == len(names)


def test_names_may_hold_blanks_and_bytes_of_any_encoding() -> None:
    text = TEXT.replace("LeftArm", "Left Arm").encode().replace(b"JOINT Spine", b"JOINT Sp\xefne")
    names = read(text).joint_names
    assert "Left Arm" in names
    assert "Sp\\xefne" in names


def test_two_joints_of_one_name_are_told_apart_and_said() -> None:
    recording = read(TEXT.replace("RightToe", "LeftToe"))
    assert "LeftToe#2" in recording.joint_names
    assert any("LeftToe#2" in note for note in recording.notes)


def test_several_roots_are_several_trees() -> None:
    joints = [*human(), Joint("Prop", -1, [0, 0, 0], ["Xposition"])]
    rows = np.hstack([walking(human(), 3), [[1.0], [2.0], [3.0]]])
    recording = read(bvh_text(joints, rows))
    assert recording.parents.tolist().count(-1) == 2
    assert recording.positions[:, -1, 0].tolist() == [1, 2, 3]


def test_position_channels_replace_offsets_but_not_when_they_are_always_zero() -> None:
    six = [
        Joint(j.name, j.parent, j.offset, () if j.is_end else ROOT_CHANNELS, j.is_end)
        for j in JOINTS
    ]
    rows = walking(six, 5)
    recording = read(bvh_text(six, rows))
    np.testing.assert_allclose(recording.positions, read(TEXT).positions, atol=1e-12)
    assert "20 joints have position channels that are always zero" in recording.notes[0]
    rows[:, column(six, "Head", "Yposition")] = 30
    moved = read(bvh_text(six, rows))
    head, neck = moved.joint_names.index("Head"), moved.joint_names.index("Neck")
    distance = np.linalg.norm(moved.positions[:, head] - moved.positions[:, neck], axis=-1)
    np.testing.assert_allclose(distance, 30)
    assert "19 joints" in moved.notes[0]


@pytest.mark.parametrize("said", [3, 9])
def test_a_wrong_frame_count_is_noted_and_all_whole_rows_are_read(said: int) -> None:
    recording = read(bvh_text(JOINTS, walking(JOINTS, 5), frames=said))
    assert len(recording.positions) == 5
    assert recording.notes == (f"the file says {said} frames and holds 5; all of those were read",)


@pytest.mark.parametrize(
    ("written", "rate"),
    [
        ("0.033333", 30),
        (".0083333", 120),
        ("0.0333", 30),
        ("0.016667", 60),
        ("0.016666", 60),
        ("0.0417", 24),
        ("0.04", 25),
        ("0.01", 100),
        ("1", 1),
        ("0.001", 1000),
        ("0.0333667", 30 / 1.001),
        ("0.03", 1 / 0.03),
        ("0.4", 2.5),
    ],
)
def test_the_rate_is_the_one_whose_rounded_period_is_written(written: str, rate: float) -> None:
    recording = read(bvh_text(JOINTS, walking(JOINTS, 2), frame_time=written))
    assert recording.fps == pytest.approx(rate, rel=1e-12)


@pytest.mark.parametrize("frames", [1, 2])
def test_one_and_two_frames_are_read(frames: int) -> None:
    assert len(read(bvh_text(JOINTS, walking(JOINTS, frames))).positions) == frames


def test_frames_at_rest_are_counted() -> None:
    rows = walking(JOINTS, 5)
    rows[:2, 3:] = 0
    assert read(bvh_text(JOINTS, rows)).rest_frames == 2
    assert read(TEXT).rest_frames == 0


@pytest.mark.parametrize(
    "clip", sorted(CLIPS.glob("*/*.bvh")) or [EMBEDDED / "cmu_01_01.bvh"], ids=lambda p: p.name
)
def test_real_clips_give_the_poses_of_an_independent_computation(clip: Path) -> None:
    data = clip.read_bytes()
    recording = read_bvh(data, clip)
    joints, rows = independently_parsed(data.decode())
    assert len(recording.positions) == len(rows)
    some = np.linspace(0, len(rows) - 1, 5).astype(int)
    positions, _ = reference_poses(joints, rows[some])
    np.testing.assert_allclose(recording.positions[some], positions, rtol=0, atol=1e-9)
    norms = np.linalg.norm(recording.rotations, axis=-1)
    np.testing.assert_allclose(norms, 1, rtol=0, atol=1e-12)


def independently_parsed(text: str) -> tuple[list[Joint], np.ndarray]:
    head, _, motion = text.partition("MOTION")
    joints: list[Joint] = []
    stack: list[int] = []
    words = head.split()
    for at, word in enumerate(words):
        if word in ("ROOT", "JOINT", "End"):
            parent = stack[-1] if stack else -1
            offset = [float(v) for v in words[at + 4 : at + 7]]
            keyword = (
                words.index("CHANNELS", at) if word != "End" else 0
            )  # three or six numbers stand before
            count = int(words[keyword + 1]) if keyword else 0
            channels = words[keyword + 2 : keyword + 2 + count]
            joints.append(Joint(words[at + 1], parent, offset, channels, is_end=word == "End"))
        elif word == "{":
            stack.append(len(joints) - 1)
        elif word == "}":
            stack.pop()
    lines = [line for line in motion.splitlines() if line.strip()]
    return joints, np.array([[float(v) for v in line.split()] for line in lines[2:]])


def test_a_hierarchy_that_is_known_from_another_file_gives_the_same() -> None:
    first = read_bvh(TEXT.encode(), PLACE)
    other = bvh_text(JOINTS, walking(JOINTS, 9) + 1.0)
    again, alone = read_bvh(other.encode(), PLACE), read_bvh(b"\n" + other.encode(), PLACE)
    assert again.joint_names == first.joint_names
    assert np.array_equal(again.positions, alone.positions)
    assert np.array_equal(again.rotations, alone.rotations)
    assert len(again.positions) == 9


def test_a_rotation_at_rest_behind_the_offset_is_in_the_channels_too() -> None:
    text = TEXT.replace("OFFSET 0.0 -41.0 0.0", "OFFSET 0.0 -41.0 0.0 10.0 20.0 30.0")
    assert text != TEXT
    plain, longer = read_bvh(TEXT.encode(), PLACE), read_bvh(text.encode(), PLACE)
    assert np.array_equal(plain.positions, longer.positions)
    assert "2 joints have a rotation at rest" in longer.notes[0]
    assert plain.rest is not None
    assert longer.rest is None
