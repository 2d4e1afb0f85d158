"""Single precision, parts and mirror images of motions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from bvh_files import EMBEDDED

from retarget.motion import Motion, Recording, find_anatomy, motion_from_recording, read_motion
from retarget.motion.edit import compact, mirrored
from retarget.motion.motion import BLOCK, MotionSource


def jump() -> Motion:
    return read_motion(next(EMBEDDED.glob("*.bvh")))


def test_single_precision_halves_a_motion_and_moves_nothing_by_a_micrometre() -> None:
    motion = jump()
    single = compact(motion)
    assert single.positions.dtype == single.rotations.dtype == np.float32
    assert np.abs(single.positions - motion.positions).max() < 1e-6
    assert single.role_positions("left_toe").dtype == np.float64
    assert mirrored(single).positions.dtype == np.float32


def test_a_motion_far_from_the_origin_stays_in_double_precision() -> None:
    motion = jump()
    away = replace(motion, positions=motion.positions + np.array([200.0, 0.0, 0.0]))
    assert compact(away) is away


@pytest.mark.parametrize(("frames", "dtype"), [(BLOCK, np.float64), (BLOCK + 1, np.float32)])
def test_long_clips_are_read_in_single_precision(frames: int, dtype: type) -> None:
    motion = jump()
    index = np.arange(frames) % len(motion)
    recording = Recording(
        motion.joint_names,
        motion.parents,
        motion.positions[index],
        motion.rotations[index],
        motion.fps,
        metres_per_unit=1.0,
        up_axis="z",
    )
    read = motion_from_recording(recording, MotionSource())
    assert len(read) >= frames - 1
    assert read.positions.dtype == read.rotations.dtype == dtype


def test_a_value_that_is_no_number_is_found_in_every_block() -> None:
    motion = jump()
    index = np.arange(2 * BLOCK + 5) % len(motion)
    long = replace(motion, positions=motion.positions[index], rotations=motion.rotations[index])
    assert long.is_finite()
    assert [len(part) for _, part in long.blocks()] == [BLOCK, BLOCK, 5]
    long.rotations[-1, 3, 0] = np.nan
    assert not long.is_finite()


def test_parts_of_an_anatomy_are_those_of_the_whole() -> None:
    anatomy = find_anatomy(jump())
    part = anatomy.part(20, 60)
    assert np.array_equal(part.segment_frames(), anatomy.segment_frames()[20:60])
    assert np.array_equal(part.point("hips"), anatomy.point("hips")[20:60])
    offset = np.array([-0.05, 0.0, -0.08])
    heel = anatomy.fixed_point("left_foot", "left_ankle", offset)
    frames = anatomy.segment_frames(["left_foot"])[:, 0]
    np.testing.assert_allclose(heel, anatomy.point("left_ankle") + frames @ offset, atol=1e-12)
