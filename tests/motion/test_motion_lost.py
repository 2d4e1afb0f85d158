"""Frames of zeros, and frames that repeat, are told with their times and their share, whatever the format."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import lossy_files
import numpy as np
import pytest
from bvh_files import CLIPS, EMBEDDED
from lossy_files import Loss
from worlds import recording_of

from retarget.motion import Doubt, Motion, read_motion
from retarget.motion.faults.lost import frames_and_times, repeated_frames, zero_frames
from retarget.motion.formats.gaps import unturned_where_zero
from retarget.motion.motion import MotionSource
from retarget.motion.recording import Recording
from retarget.motion.understand import motion_from_recording

SHARED = (lossy_files.deepmimic, lossy_files.mvnx)
FORMATS = [lossy_files.bvh, lossy_files.amp, lossy_files.smpl, lossy_files.places, *SHARED]


@pytest.fixture(params=FORMATS, ids=lambda make: make.__name__)
def make(request: pytest.FixtureRequest) -> Loss:
    if request.param in SHARED and not CLIPS.is_dir():
        pytest.skip("needs ../shared/clips")
    return request.param


def lost(motion: Motion) -> list[Doubt]:
    return [doubt for doubt in motion.source.doubts if doubt.name == "lost_frames"]


def test_a_second_of_zeros_is_told_with_its_time_and_share(make: Loss, tmp_path: Path) -> None:
    rate = read_motion(lossy_files.plain(tmp_path, make)).fps
    motion = read_motion(make(tmp_path, slice(40, 40 + round(rate / 2)), True))
    (doubt,) = lost(motion)
    assert f"at zero in frames 40 to {39 + round(rate / 2)} ({40 / rate:.4g} to " in doubt.reason
    assert "% of all)" in doubt.reason
    assert doubt.weight > 0.5


def test_a_frame_of_zeros_is_filled_from_those_around_it(make: Loss, tmp_path: Path) -> None:
    whole = read_motion(lossy_files.plain(tmp_path, make))
    motion = read_motion(make(tmp_path, slice(50, 51), True))
    assert len(motion) == len(whole)
    off = np.linalg.norm(motion.positions - whole.positions, axis=-1).max(axis=1)
    assert off.max() < 0.1
    assert (off > 0).sum() == 1
    (doubt,) = lost(motion)
    assert "at zero in frame 50 " in doubt.reason
    assert "filled" in doubt.reason


def test_frames_that_repeat_for_a_while_are_told(make: Loss, tmp_path: Path) -> None:
    rate = read_motion(lossy_files.plain(tmp_path, make)).fps
    motion = read_motion(make(tmp_path, slice(50, 50 + round(rate / 2)), False))
    (doubt,) = lost(motion)
    assert f"stops dead amid motion in frames 50 to {49 + round(rate / 2)} " in doubt.reason
    assert "left as they are" in doubt.reason
    assert doubt.weight > 0.3


def test_some_frames_that_repeat_are_filled_from_those_around_them(
    make: Loss, tmp_path: Path
) -> None:
    whole = read_motion(lossy_files.plain(tmp_path, make))
    motion = read_motion(make(tmp_path, slice(50, 54), False))
    off = np.linalg.norm(motion.positions - whole.positions, axis=-1)
    assert off.max() < 0.15
    assert np.linalg.norm(motion.positions[52] - motion.positions[51], axis=-1).max() > 1e-3
    (doubt,) = lost(motion)
    assert "frames 50 to 53 " in doubt.reason
    assert "filled" in doubt.reason


def test_nothing_is_told_of_a_whole_file(make: Loss, tmp_path: Path) -> None:
    assert not lost(read_motion(lossy_files.plain(tmp_path, make)))


def test_zeros_at_an_end_are_cut_off(tmp_path: Path) -> None:
    motion = read_motion(lossy_files.bvh(tmp_path, slice(600, 689), True))
    assert len(motion) == 599  # the T-pose at the start is no part of the motion either
    assert "frames 600 to 688 " in lost(motion)[0].reason


def test_zeros_are_kept_when_asked_for(tmp_path: Path) -> None:
    file = lossy_files.bvh(tmp_path, slice(300, 303), True)
    motion = read_motion(file, keep_glitches=True)
    assert np.ptp(motion.positions[299], axis=0).max() > 1.0  # the arms of a T-pose
    assert np.linalg.norm(motion.positions[299] - motion.positions[298], axis=-1).max() > 0.3
    assert lost(motion)[0].reason.endswith("they were kept")


def moving(frames: int = 200) -> Recording:
    recording = recording_of(EMBEDDED / "cmu_01_01.bvh")
    return replace(
        recording,
        positions=recording.positions[100 : 100 + frames].copy(),
        rotations=recording.rotations[100 : 100 + frames].copy(),
        rest_frames=0,
    )


def test_who_stands_still_and_sets_out_is_not_lost() -> None:
    rest = moving()
    pace = np.concatenate([np.zeros(60), np.linspace(0, 40, 120) ** 2 / 40, [41, 42, 43]])
    at = np.floor(pace).astype(int)
    share = (pace - at)[:, None, None]
    positions = (1 - share) * rest.positions[at] + share * rest.positions[at + 1]
    still = replace(rest, positions=positions, rotations=rest.rotations[at])
    assert not lost(motion_from_recording(still, MotionSource()))


def test_a_body_that_passes_through_its_pose_at_rest_is_not_lost() -> None:
    recording = moving()
    pose = replace(recording, rotations=recording.rotations.copy())
    pose.rotations[100] = [1.0, 0.0, 0.0, 0.0]
    assert not zero_frames(pose, 0.056444).any()  # no joint jumps there


def test_single_frames_that_repeat_are_told_where_they_are_many() -> None:
    recording = moving()
    twice = np.sort(np.concatenate([np.arange(200), np.arange(5, 200, 10)]))
    stuttering = replace(
        recording, positions=recording.positions[twice], rotations=recording.rotations[twice]
    )
    (doubt,) = lost(motion_from_recording(stuttering, MotionSource()))
    assert "and 10 more places" in doubt.reason  # where the body is slow nothing is lost
    assert "filled" in doubt.reason


def test_a_lost_frame_is_told_by_a_dead_stop_on_either_side() -> None:
    along = np.concatenate([np.arange(10), np.full(5, 9), [9.01, 9.02]]) * 0.1
    positions = np.zeros((len(along), 2, 3))
    positions[:, 1, 0] = along
    backwards = positions[::-1].copy()
    assert np.flatnonzero(repeated_frames(positions, 30.0)).tolist() == [10, 11, 12, 13, 14]
    assert np.flatnonzero(repeated_frames(backwards, 30.0)).tolist() == [3, 4, 5, 6, 7]
    assert not repeated_frames(0.01 * positions, 30.0).any()


def test_times_are_those_of_the_file() -> None:
    which = np.zeros(100, bool)
    which[[10, 11, 50]] = True
    assert (
        frames_and_times(which, 20.0, begin=1)
        == "frames 11 to 12, 51 (within 0.55 to 2.6 s, 3% of all)"
    )


def test_only_frames_of_nothing_but_zeros_are_unturned() -> None:
    rotations = np.zeros((3, 2, 4))
    rotations[0, :, 1] = rotations[1, 0, 2] = 1.0
    filled = unturned_where_zero(rotations)
    assert filled[2].tolist() == [[1, 0, 0, 0], [1, 0, 0, 0]]
    assert np.array_equal(filled[:2], rotations[:2])
    assert not rotations[2].any()
    nothing = np.zeros((3, 2, 4))
    assert unturned_where_zero(nothing) is nothing  # refused by whoever reads them
