"""Frames in which no body can be are filled where few, refused where many, and always doubted; real motion is left."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bvh_files import CLIPS, EMBEDDED
from worlds import recording_of

from retarget.errors import FileFormatError
from retarget.motion.doubts import total_doubt
from retarget.motion.motion import Motion, MotionSource
from retarget.motion.read import read_motion
from retarget.motion.recording import Recording
from retarget.motion.understand import motion_from_recording

REAL = sorted(
    [
        *CLIPS.glob("*/*.bvh"),
        *CLIPS.glob("amp_npz/*.npz"),
        *CLIPS.glob("deepmimic_txt/*.txt"),
        *EMBEDDED.glob("*.[bn][vp][hz]"),
    ]
)
FAR = 1460.0 / 0.056444  # metres, in the unit of the clip


def jumps() -> Recording:
    return recording_of(EMBEDDED / "cmu_01_01.bvh")


def understood(recording: Recording, *, keep_glitches: bool = False) -> Motion:
    return motion_from_recording(
        recording, MotionSource(path="jumps.bvh"), keep_glitches=keep_glitches
    )


def thrown(frames: slice, change: Callable[[np.ndarray], None]) -> Recording:
    recording = jumps()
    positions = recording.positions.copy()
    change(positions[frames])
    return replace(recording, positions=positions)


def far_away(positions: np.ndarray) -> None:
    positions[: len(positions) // 2 + 1] += FAR
    positions[len(positions) // 2 + 1 :] -= FAR


@pytest.mark.parametrize("path", REAL, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_no_frame_of_a_real_motion_is_taken_for_a_glitch(path: Path) -> None:
    assert not [doubt for doubt in read_motion(path).source.doubts if doubt.name == "glitches"]


@pytest.mark.parametrize("count", [1, 2, 7])
def test_a_few_frames_far_away_are_filled_from_those_around_them(count: int) -> None:
    right = understood(jumps())
    # The T-pose that is frame 0 is dropped.
    motion = understood(thrown(slice(301, 301 + count), far_away))
    assert len(motion) == len(right)
    off = np.linalg.norm(motion.positions - right.positions, axis=-1)
    assert off.max() < 0.06
    assert off[:299].max() == off[301 + count :].max() == 0.0
    np.testing.assert_allclose(np.linalg.norm(motion.rotations, axis=-1), 1, atol=1e-9)
    doubt = motion.source.doubts[0]
    assert doubt.name == "glitches"
    assert f"frames 301{f' to {300 + count}' if count > 1 else ''};" in doubt.reason


def test_bones_keep_their_lengths_in_filled_frames() -> None:
    motion = understood(thrown(slice(301, 308), far_away))
    child, parent = motion.roles["left_knee"], motion.roles["left_hip"]
    lengths = np.linalg.norm(motion.positions[:, child] - motion.positions[:, parent], axis=1)
    np.testing.assert_allclose(lengths, lengths[0], rtol=1e-6)


def test_a_limb_that_flips_for_one_frame_is_filled() -> None:
    right = understood(jumps())
    hand = right.roles["left_wrist"]

    def flip(positions: np.ndarray) -> None:
        positions[:, hand] += 0.3 / 0.056444

    motion = understood(thrown(slice(301, 302), flip))
    assert np.linalg.norm(motion.positions[300, hand] - right.positions[300, hand]) < 0.01


@pytest.mark.parametrize("frames", [slice(300, 450), slice(1, 100), slice(600, 689)])
def test_many_frames_far_away_are_refused_by_number(frames: slice) -> None:
    with pytest.raises(FileFormatError, match=r"jumps\.bvh: .*no body can be in frames") as caught:
        understood(thrown(frames, far_away))
    assert f"{frames.start} to " in str(caught.value)
    assert "--keep-glitches" in caught.value.remedy


@pytest.mark.parametrize(("frames", "left"), [(slice(1, 7), 6), (slice(-6, None), 6)])
def test_a_few_frames_far_away_at_an_end_are_cut_off(frames: slice, left: int) -> None:
    motion = understood(thrown(frames, far_away))
    assert len(motion) == len(understood(jumps())) - left
    assert np.abs(motion.positions).max() < 10


def test_glitches_are_kept_when_asked_for_and_doubted_much() -> None:
    motion = understood(thrown(slice(300, 450), far_away), keep_glitches=True)
    assert np.abs(motion.positions).max() > 1000
    assert motion.source.doubts[0].weight > 0.5


@pytest.mark.parametrize("fps", [500.0, 1000.0])
@pytest.mark.parametrize("frames", [60, 400])
def test_at_a_wrong_rate_nothing_is_cut_out(frames: int, fps: float) -> None:
    whole = jumps()
    part = replace(
        whole,
        positions=whole.positions[1 : 1 + frames],
        rotations=whole.rotations[1 : 1 + frames],
        fps=fps,
    )
    motion = understood(part)
    assert len(motion) == frames
    assert "glitches" not in {doubt.name for doubt in motion.source.doubts}


def test_clips_that_were_joined_are_left_whole_and_doubted() -> None:
    one = jumps()
    joined = replace(
        one,
        positions=np.concatenate([one.positions[1:], one.positions[1:]]),
        rotations=np.concatenate([one.rotations[1:], one.rotations[1:]]),
    )
    motion = understood(joined)
    assert len(motion) == 2 * (len(one.positions) - 1)
    assert [doubt.name for doubt in motion.source.doubts] == ["glitches"]
    assert "jumps at frame" in motion.source.doubts[0].reason


@pytest.mark.parametrize("frames", [slice(300, None), slice(300, 420)])
def test_a_body_that_is_another_way_around_at_once_is_doubted(frames: slice) -> None:
    recording = jumps()
    positions = recording.positions.copy()
    middle = positions[frames, :1] * [1, 0, 1]
    positions[frames] = (positions[frames] - middle) * [-1, 1, -1] + middle
    doubts = understood(replace(recording, positions=positions)).source.doubts
    assert any("the hips turn faster than anybody can before frame" in one.reason for one in doubts)
    assert any(" 300 " in one.reason or " 300," in one.reason for one in doubts)
    assert total_doubt(doubts) > 0.5
