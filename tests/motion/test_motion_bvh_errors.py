"""What is said about broken BVH files: one line with the place and the cause."""

from pathlib import Path

import numpy as np
import pytest
from bvh_files import (
    JOINTS,
    PLACE,
    TEXT,
    Joint,
    bvh_text,
    hierarchy_text,
    read,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from retarget.errors import FileFormatError
from retarget.motion.formats.bvh import read_bvh


def complaint(text: str | bytes) -> FileFormatError:
    with pytest.raises(FileFormatError) as caught:
        read(text)
    assert str(caught.value).startswith("some/clip.bvh")
    assert "\n" not in str(caught.value)
    return caught.value


def test_an_error_behind_a_known_hierarchy_names_its_own_file_and_line() -> None:
    read_bvh(TEXT.encode(), PLACE)
    lines = TEXT.splitlines()
    lines[-1] = lines[-1].rsplit(" ", 1)[0]
    with pytest.raises(FileFormatError, match=r"other\.bvh") as caught:
        read_bvh("\n".join(lines).encode(), Path("other.bvh"))
    assert caught.value.line == len(lines)


def test_a_rotation_at_rest_that_no_channel_holds_names_the_line() -> None:
    text = TEXT.replace("OFFSET 0.0 -41.0 0.0", "OFFSET 0.0 -41.0 0.0 10.0 20.0 30.0", 1)
    lines = text.splitlines()
    at = next(k for k, line in enumerate(lines) if "10.0 20.0 30.0" in line)
    lines[at + 1] = lines[at + 1].replace(
        "CHANNELS 3 Zrotation Xrotation Yrotation", "CHANNELS 1 Xrotation"
    )
    assert "CHANNELS 1" in lines[at + 1]
    error = complaint("\n".join(lines))
    assert error.line == at + 1
    assert "no three rotation channels" in error.cause


def test_a_file_cut_short_within_a_row_names_the_line() -> None:
    lines = TEXT.splitlines()
    cut = "\n".join(lines)[: -len(lines[-1]) // 2]
    error = complaint(cut)
    assert error.line == len(lines)
    assert "frame 4 has" in error.cause
    assert "cut short" in error.remedy


def test_a_half_row_in_the_middle_names_the_line() -> None:
    lines = TEXT.splitlines()
    lines[-3] = " ".join(lines[-3].split()[:7])
    error = complaint("\n".join(lines))
    assert error.line == len(lines) - 2
    assert "frame 2 has 7 of 66 values" in error.cause


@pytest.mark.parametrize("word", ["nan", "inf", "1,5", "x"])
def test_a_value_that_is_no_number_names_line_value_and_joint(word: str) -> None:
    lines = TEXT.splitlines()
    values = lines[-2].split()
    values[7] = word
    lines[-2] = " ".join(values)
    error = complaint("\n".join(lines))
    assert error.line == len(lines) - 1
    assert f"frame 3, value 8 (joint Spine) is '{word}'" in error.cause


@pytest.mark.parametrize("kept", range(0, 60, 4))
def test_a_file_cut_short_anywhere_in_the_head_is_one_clear_line(kept: int) -> None:
    lines = hierarchy_text(JOINTS).splitlines()
    error = complaint("\n".join(lines[:kept]))
    assert ("cut short" in error.remedy) == (kept > 0)


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        ("MOTION\n", "", "'Frames: 5' does not belong here"),
        ("Frame Time: 0.0333333\n", "", "where 'Frame Time:' and a number should"),
        ("Frame Time: 0.0333333", "Frame Time: 0", "a frame time of 0 s"),
        ("Frame Time: 0.0333333", "Frame Time: -0.1", "a frame time of -0.1 s"),
        ("Frame Time: 0.0333333", "Frame Time: nan", "not a finite number"),
        ("Frame Time: 0.0333333", "Frame Time: 0,0333", "not a finite number"),
        ("Frames: 5", "Frames: -5", "-5 frames are impossible"),
        ("Frames: 5", "Frames: many", "not a finite number"),
        ("CHANNELS 3 Zrotation", "CHANNELS 4 Zrotation", "CHANNELS announces 4 and names 3"),
        ("CHANNELS 3 Zrotation", "CHANNELS 3 Wrotation", "unknown channel 'Wrotation'"),
        ("OFFSET 0.0 12.0 -1.0", "OFFSET 0.0 12.0", "OFFSET has 2 of 3 values"),
        ("OFFSET 0.0 12.0 -1.0", "OFFSET 0.0 nan 1", "not a finite number"),
        ("OFFSET 0.0 12.0 -1.0", "OFSET 0.0 12.0 1", "does not belong here"),
    ],
)
def test_a_wrong_head_names_line_and_cause(old: str, new: str, cause: str) -> None:
    assert old in TEXT
    error = complaint(TEXT.replace(old, new, 1))
    assert error.line is not None
    assert cause in error.cause


def test_braces_that_do_not_match_are_located() -> None:
    head, _, motion = TEXT.partition("MOTION")
    error = complaint(head.rstrip().removesuffix("}") + "MOTION" + motion)
    assert "closing brace" in error.cause


def test_no_frames_is_said() -> None:
    assert "holds no frames" in complaint(bvh_text(JOINTS, np.empty((0, 66)))).cause


def test_no_channels_is_said() -> None:
    joints = [Joint("Root", -1, [0, 0, 0], ())]
    assert (
        "no channels"
        in complaint(hierarchy_text(joints) + "MOTION\nFrames: 0\nFrame Time: 1\n").cause
    )


@given(st.binary(max_size=400))
@settings(deadline=None)
def test_binary_garbage_is_one_clear_line(data: bytes) -> None:
    complaint(data)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_damaged_file_is_either_read_or_one_clear_line(data: st.DataObject) -> None:
    damaged = bytearray(TEXT.encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    try:
        recording = read(bytes(damaged))
    except FileFormatError as error:
        assert "\n" not in str(error)
    else:
        assert np.isfinite(recording.positions).all()
