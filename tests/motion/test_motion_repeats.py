"""Files that store each frame several times are read at the rate of their content."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from retarget.demo import embedded_clips
from retarget.motion import Recording, read_motion
from retarget.motion.faults.repeats import without_repeats


def recording(frames: int = 40) -> Recording:
    motion = read_motion(next(p for p in embedded_clips() if p.suffix == ".bvh")).frames(0, frames)
    return Recording(
        motion.joint_names, motion.parents, motion.positions, motion.rotations, motion.fps
    )


def stored(original: Recording, times: int) -> Recording:
    return replace(
        original,
        positions=np.repeat(original.positions, times, axis=0),
        rotations=np.repeat(original.rotations, times, axis=0),
        fps=original.fps * times,
    )


@pytest.mark.parametrize("times", [2, 3, 4])
@pytest.mark.parametrize("cut", [0, 1])
def test_each_frame_is_kept_once_at_the_content_s_rate(times: int, cut: int) -> None:
    original = recording()
    repeated = stored(original, times)
    end = len(repeated.positions) - cut
    read = without_repeats(
        replace(repeated, positions=repeated.positions[:end], rotations=repeated.rotations[:end])
    )
    assert read.fps == pytest.approx(original.fps)
    assert np.array_equal(read.positions, original.positions)
    assert f"stored {times} times" in read.notes[-1]


def test_ordinary_motion_is_left_alone() -> None:
    original = recording()
    assert without_repeats(original) is original


def test_a_body_at_rest_is_left_alone() -> None:
    still = stored(recording(1), 60)
    assert without_repeats(still) is still


def test_a_pause_is_left_alone() -> None:
    original = recording()
    order = [0, 0, *range(40)]
    paused = replace(
        original, positions=original.positions[order], rotations=original.rotations[order]
    )
    assert without_repeats(paused) is paused


def test_the_embedded_walk_is_read_at_30_hz() -> None:
    motion = read_motion(next(p for p in embedded_clips() if "walk" in p.name))
    assert motion.fps == 30.0
    assert any("stored 2 times" in note for note in motion.source.notes)


def test_a_frame_that_was_lost_hides_no_repeats() -> None:
    original = recording()
    repeated = stored(original, 2)
    repeated.positions[31] = 0.0
    read = without_repeats(repeated)
    assert read.fps == pytest.approx(original.fps)
    assert np.array_equal(read.positions, original.positions)
