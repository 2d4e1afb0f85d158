"""What is constant about a skeleton is found whatever its joints' axes are, and few bad frames do not matter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from bvh_files import JOINTS, ROTATIONS, bvh_text, column, read, walking
from scipy.spatial.transform import Rotation

from kernels import callable_kernel
from retarget.demo import embedded_clips
from retarget.geometry import matrix_from_quaternion
from retarget.motion import Motion, MotionSource, Recording, motion_from_recording, read_motion
from retarget.motion.fitting.anatomy import find_anatomy
from retarget.motion.numeric.mean_rotation import mean_rotation, room_for_samples
from retarget.motion.numeric.quantiles import median, median_of, quantile, quantile_of, row_medians
from retarget.motion.segments import SEGMENTS, segment_joints

middle_of, share_of = callable_kernel(median), callable_kernel(quantile)
mean_of = callable_kernel(mean_rotation)


def jump() -> Motion:
    return read_motion(next(p for p in embedded_clips() if p.suffix == ".bvh"))


@pytest.mark.parametrize("count", [1, 2, 3, 10, 77, 1000])
def test_quantiles_are_numpys(count: int) -> None:
    rng = np.random.default_rng(count)
    for values in (rng.normal(size=count), np.round(rng.normal(size=count), 1), np.zeros(count)):
        assert middle_of(values.copy(), count) == median_of(values) == np.median(values)
        for share in (0.0, 0.02, 0.5, 0.77, 1.0):
            right = pytest.approx(np.percentile(values, 100 * share), abs=1e-14)
            assert share_of(values.copy(), count, share) == quantile_of(values, share) == right
    rows = rng.normal(size=(3, count))
    np.testing.assert_array_equal(row_medians(rows), np.median(rows, axis=1))


def procrustes(rotations: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, float]:
    """The same by singular values."""
    robust = weights
    for _ in range(4):
        u, _, vt = np.linalg.svd(np.einsum("t,tij->ij", robust, rotations))
        mean = (u * [1.0, 1.0, np.linalg.det(u @ vt)]) @ vt
        trace = np.einsum("tij,ij->t", rotations, mean)
        apart = np.arccos(np.clip((trace - 1) / 2, -1, 1))
        robust = weights / (1 + (apart / np.radians(10.0)) ** 2)
    return mean, float(weights @ apart / weights.sum())


@pytest.mark.parametrize("spread", [0.0, 0.05, 0.5, 3.0])
def test_the_mean_rotation_is_the_one_by_singular_values(spread: float) -> None:
    rng = np.random.default_rng(7)
    turns = Rotation.random(rng=rng) * Rotation.from_rotvec(rng.normal(0, spread, (60, 3)))
    weights = rng.uniform(0, 1, 60)
    samples, found = room_for_samples(60), np.empty((3, 3))
    samples.rotations[:], samples.weights[:] = turns.as_matrix().reshape(-1, 9), weights
    angle = mean_of(samples, 60, found)
    mean, expected = procrustes(turns.as_matrix(), weights)
    assert np.abs(found - mean).max() < 1e-9
    assert angle == pytest.approx(expected, abs=1e-6)


def test_a_quarter_of_bad_samples_hardly_moves_the_mean_rotation() -> None:
    rng = np.random.default_rng(3)
    truth = Rotation.random(rng=rng)
    turns = (truth * Rotation.from_rotvec(rng.normal(0, 0.02, (80, 3)))).as_matrix()
    turns[:20] = (truth * Rotation.from_rotvec([0.0, 0.0, 1.5])).as_matrix()
    samples, found = room_for_samples(80), np.empty((3, 3))
    samples.rotations[:], samples.weights[:] = turns.reshape(-1, 9), 1.0
    mean_of(samples, 80, found)
    assert (Rotation.from_matrix(found) * truth.inv()).magnitude() < np.radians(2.0)


def test_no_weight_means_no_rotation() -> None:
    found = np.empty((3, 3))
    assert mean_of(room_for_samples(5), 5, found) == 0.0
    assert np.array_equal(found, np.eye(3))


def test_other_joint_axes_are_another_offset_and_the_same_segments() -> None:
    motion = jump()
    offsets = Rotation.random(len(motion.joint_names), rng=np.random.default_rng(5))
    turned = np.stack(
        [
            (Rotation.from_quat(motion.rotations[:, j], scalar_first=True) * offsets[j]).as_quat(
                scalar_first=True
            )
            for j in range(len(motion.joint_names))
        ],
        axis=1,
    )
    plain, other = find_anatomy(motion), find_anatomy(replace(motion, rotations=turned))
    carriers = segment_joints(motion.roles)[:, 0]
    expected = np.swapaxes(offsets.as_matrix()[carriers], 1, 2) @ plain.calibration.offsets
    assert np.abs(other.calibration.offsets - expected).max() < 1e-9
    assert np.abs(other.segment_frames() - plain.segment_frames()).max() < 1e-9
    assert other.calibration.residuals == pytest.approx(plain.calibration.residuals, abs=1e-7)


def test_an_upright_standing_human_has_an_upright_trunk_and_level_feet() -> None:
    anatomy = find_anatomy(jump())
    up = anatomy.point("shoulders") - anatomy.point("hips")
    upright = up[:, 2] > 0.99 * np.linalg.norm(up, axis=1)
    assert upright.sum() > 100
    for segment in ("pelvis", "chest"):
        rise = anatomy.segment_frames([segment])[upright, 0, 2, 2]
        assert np.degrees(np.arccos(np.median(rise))) < 8.0
    for side, flat in anatomy.flat.items():
        rise = anatomy.segment_frames([f"{side}_foot"])[flat, 0, 2, 2]
        assert np.degrees(np.arccos(np.median(rise))) < 5.0


def test_one_frame_calibrates_and_every_offset_is_a_rotation() -> None:
    calibration = find_anatomy(jump().frames(0, 1)).calibration
    assert calibration.offsets.shape == (len(SEGMENTS), 3, 3)
    product = calibration.offsets @ np.swapaxes(calibration.offsets, 1, 2)
    assert np.abs(product - np.eye(3)).max() < 1e-12
    assert np.linalg.det(calibration.offsets) == pytest.approx(np.ones(len(SEGMENTS)))


def test_the_hand_lies_along_the_forearm_on_average() -> None:
    motion = jump()
    anatomy = find_anatomy(motion)
    frames = anatomy.segment_frames(["left_forearm", "left_hand"])
    between = Rotation.from_matrix(np.swapaxes(frames[:, 0], 1, 2) @ frames[:, 1])
    assert np.degrees(between.mean().magnitude()) < 2.0
    recorded = matrix_from_quaternion(motion.rotations[:, motion.roles["left_wrist"]])
    own = recorded @ anatomy.calibration.offsets[SEGMENTS.index("left_hand")]
    assert np.abs(own - frames[:, 1]).max() < 1e-12


def test_knees_that_are_stretched_beyond_straight_do_not_turn_the_shank() -> None:
    """A walk of which joint centres are a little off bends backwards in stance; only real bends tell the hinge."""
    motion = jump()
    right = find_anatomy(motion).calibration.offsets
    knee, hip, ankle = (motion.roles[f"left_{joint}"] for joint in ("knee", "hip", "ankle"))
    straight = sine_of_bend(motion, "left") < 0.35
    assert 20 < straight.sum() < len(motion)
    beyond = motion.frames(0, len(motion))
    positions = beyond.positions.copy()
    middle = (positions[:, hip] + positions[:, ankle]) / 2
    positions[:, knee] = 2 * middle - positions[:, knee]  # the same bend, the other way
    spoiled = replace(beyond, positions=positions[straight], rotations=beyond.rotations[straight])
    found = find_anatomy(spoiled).calibration.offsets
    for segment in ("left_thigh", "left_shank"):
        s = SEGMENTS.index(segment)
        trace = float(np.sum(found[s] * right[s]))
        assert np.degrees(np.arccos(min((trace - 1) / 2, 1.0))) < 30.0, segment


def sine_of_bend(motion: Motion, side: str) -> np.ndarray:
    hip, knee, ankle = (
        motion.role_positions(f"{side}_{joint}") for joint in ("hip", "knee", "ankle")
    )
    upper, lower = knee - hip, ankle - knee
    area = np.linalg.norm(np.cross(upper, lower), axis=1)
    return np.asarray(area / np.linalg.norm(upper, axis=1) / np.linalg.norm(lower, axis=1))


@pytest.mark.parametrize("rotations", ["recorded", "found from places"])
def test_straight_arms_held_sideways_would_bend_forwards(rotations: str) -> None:
    """A T-pose says nothing of elbows: palms must not come to face up."""
    rows = walking(JOINTS, 30)
    for name in ("LeftArm", "RightArm", "LeftForeArm", "RightForeArm"):
        for channel in ROTATIONS:
            rows[:, column(JOINTS, name, channel)] = 0.0
    motion = motion_from_recording(
        read(bvh_text(JOINTS, rows)), MotionSource(), skip_bind_pose=False
    )
    if rotations == "found from places":
        places = Recording.of_places(
            motion.joint_names, motion.parents, np.array(motion.positions, np.float64), motion.fps,
            up_axis="z", metres_per_unit=1.0,
        )  # fmt: skip
        motion = motion_from_recording(places, MotionSource(), skip_bind_pose=False)
    anatomy = find_anatomy(motion)
    forward = anatomy.segment_frames(["chest"])[0, 0, :, 0]
    for side in ("left", "right"):
        for segment in ("upper_arm", "forearm", "hand"):
            hinge, long = anatomy.segment_frames([f"{side}_{segment}"])[0, 0, :, 1:].T
            # Elbows bend against the hinge: what points away from the trunk goes forwards then.
            assert np.cross(hinge, long) @ forward > 0.9, (side, segment)
