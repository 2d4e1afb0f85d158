"""Single precision, parts, mirror images and other speeds of motions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from bvh_files import EMBEDDED

from retarget.motion import Motion, Recording, find_anatomy, motion_from_recording, read_motion
from retarget.motion.edit import compact, mirrored, retimed
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


def bones(motion: Motion) -> np.ndarray:
    """Length of every bone in every frame, metres."""
    children = np.flatnonzero(motion.parents >= 0)
    return np.linalg.norm(
        motion.positions[:, children] - motion.positions[:, motion.parents[children]], axis=2
    )


def test_a_motion_at_half_speed_passes_through_every_recorded_frame_at_its_own_rate() -> None:
    motion = jump()
    slow = retimed(motion, 2.0)
    assert slow.fps == motion.fps
    assert len(slow) == 2 * len(motion) - 1
    np.testing.assert_allclose(slow.positions[::2], motion.positions, atol=1e-12)
    same = np.abs(np.sum(slow.rotations[::2] * motion.rotations, axis=2))
    np.testing.assert_allclose(same, 1.0, atol=1e-9)
    assert np.percentile(np.abs(bones(slow) - bones(motion)[0]), 99.9) < 2e-3
    assert retimed(motion, 1.0) is motion


def test_a_body_that_falls_falls_at_another_speed_by_the_square_of_the_time() -> None:
    motion = jump()
    fall = -4.9 * (np.arange(len(motion)) / motion.fps) ** 2
    falling = replace(motion, positions=np.zeros_like(motion.positions) + fall[:, None, None])
    for time_scale in (0.5, 0.83, 1.7):
        heights = retimed(falling, time_scale).positions[:, 0, 2]
        inner = np.diff(heights, 2)[3:-3] * motion.fps**2
        np.testing.assert_allclose(inner, -9.8 / time_scale**2, rtol=1e-6)


def test_a_long_motion_at_another_speed_is_the_same_as_in_one_piece() -> None:
    motion = jump()
    index = np.arange(BLOCK + 300) % len(motion)
    long = replace(motion, positions=motion.positions[index], rotations=motion.rotations[index])
    slow = retimed(compact(long), 2.0)
    assert slow.positions.dtype == slow.rotations.dtype == np.float32
    middle = BLOCK // 2  # is where the second block of the slow motion begins
    around = retimed(long.frames(middle - 20, middle + 20), 2.0)
    same = slow.frames(BLOCK - 30, BLOCK + 30)
    np.testing.assert_allclose(same.positions, around.positions[10:70], atol=1e-6)
    np.testing.assert_allclose(same.rotations, around.rotations[10:70], atol=1e-6)


def test_parts_of_an_anatomy_are_those_of_the_whole() -> None:
    anatomy = find_anatomy(jump())
    part = anatomy.part(20, 60)
    assert np.array_equal(part.segment_frames(), anatomy.segment_frames()[20:60])
    assert np.array_equal(part.point("hips"), anatomy.point("hips")[20:60])
    offset = np.array([-0.05, 0.0, -0.08])
    heel = anatomy.fixed_point("left_foot", "left_ankle", offset)
    frames = anatomy.segment_frames(["left_foot"])[:, 0]
    np.testing.assert_allclose(heel, anatomy.point("left_ankle") + frames @ offset, atol=1e-12)
