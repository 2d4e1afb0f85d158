"""Rotations found from places: what is rigid turns exactly, limbs by their hinges, and straight limbs keep theirs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import smpl_files as made
from bvh_files import CLIPS, EMBEDDED
from scipy.spatial.transform import Rotation

from retarget.motion import Motion, MotionSource, Recording, motion_from_recording, read_motion
from retarget.motion.fitting.anatomy import find_anatomy
from retarget.motion.numeric.hinges import kept_hinges
from retarget.motion.segments import SEGMENTS


def from_places(motion: Motion) -> Motion:
    recording = Recording.of_places(
        motion.joint_names, motion.parents, np.array(motion.positions, np.float64), motion.fps,
        up_axis="z", metres_per_unit=1.0,
    )  # fmt: skip
    return motion_from_recording(recording, MotionSource(), skip_bind_pose=False)


def apart(first: Motion, second: Motion) -> dict[str, np.ndarray]:
    """Degrees between the anatomical frames of each segment."""
    one, other = (find_anatomy(motion).segment_frames() for motion in (first, second))
    cosine = (np.einsum("tsij,tsij->ts", one, other) - 1) / 2
    return dict(zip(SEGMENTS, np.degrees(np.arccos(np.clip(cosine, -1, 1))).T, strict=True))


def clip() -> Path:
    long = sorted(CLIPS.glob("lafan1_bvh/*.bvh"))
    return long[0] if long else EMBEDDED / "cmu_01_01.bvh"


def test_a_real_clip_is_turned_as_it_was_recorded() -> None:
    motion = read_motion(clip()).frames(0, 1500)
    degrees = apart(motion, from_places(motion))
    assert max(degrees[name].max() for name in ("pelvis", "chest")) < 0.1
    for side in ("left", "right"):
        # Median over the clip; elbows and knees bend in most of it.
        assert np.median(degrees[f"{side}_thigh"]) < 4
        assert np.median(degrees[f"{side}_shank"]) < 8
        assert np.median(degrees[f"{side}_upper_arm"]) < 14
        assert np.median(degrees[f"{side}_foot"]) < 8


def test_rotations_found_are_unit_and_continuous_and_a_doubt_says_so() -> None:
    motion = from_places(read_motion(EMBEDDED / "cmu_01_01.bvh").frames(0, 600))
    np.testing.assert_allclose(np.linalg.norm(motion.rotations, axis=-1), 1, atol=1e-6)
    assert (np.sum(motion.rotations[1:] * motion.rotations[:-1], axis=-1) > 0).all()
    assert "rotations" in [doubt.name for doubt in motion.source.doubts]


def test_a_hand_turns_as_its_knuckles_do(tmp_path: Path) -> None:
    walk = made.walk()
    walk.poses[:, 20, 0] = np.linspace(0, 1.2, len(walk.poses))  # the left wrist rolls
    hands = np.full((len(walk.poses), 90), 0.0)
    hands[:, ::3] = 0.1 * np.sin(np.arange(len(hands)))[:, None]
    motion = read_motion(made.written(tmp_path, "walk.npz", made.stage_two(walk, pose_hand=hands)))
    wrist = motion.roles["left_wrist"]
    one, other = (
        Rotation.from_quat(np.roll(m.rotations[:, wrist], -1, axis=-1))
        for m in (motion, from_places(motion))
    )
    offset = one[0].inv() * other[0]
    assert np.degrees((one.inv() * other * offset.inv()).magnitude()).max() < 0.1


def hinges_of(
    upper: np.ndarray, lower: np.ndarray, trunk: np.ndarray, fps: float = 60.0
) -> np.ndarray:
    found = np.empty_like(upper)
    kept_hinges(
        upper, lower, trunk, np.ascontiguousarray(trunk[..., 1]), 1.0, 1 / (fps * 0.5), found
    )
    return found


def test_a_straight_limb_keeps_the_hinge_it_had_and_will_have_as_the_trunk_turns_it() -> None:
    """A leg bends about an axis turned out by 40 degrees, and is straight for a second while the body turns round."""
    frames = 180
    turn = Rotation.from_rotvec(np.linspace(0, np.pi, frames)[:, None] * [0, 0, 1.0])
    trunk = np.ascontiguousarray(turn.as_matrix())
    bend = np.where(np.abs(np.arange(frames) - 90) < 30, 0.0, 0.9)
    out = Rotation.from_euler("z", 40, degrees=True)
    upper = turn.apply([0.0, 0.0, -1.0])
    axis = (turn * out).apply([0.0, 1.0, 0.0])
    lower = Rotation.from_rotvec(axis * bend[:, None]).apply(upper)
    found = hinges_of(upper, np.ascontiguousarray(lower), trunk)
    np.testing.assert_allclose(np.abs(np.sum(found * axis, axis=1)), 1, atol=1e-6)


def test_a_limb_that_never_bends_has_the_hinge_of_the_trunk() -> None:
    trunk = np.tile(np.eye(3), (50, 1, 1))
    upper = np.tile([0.0, 0.0, -1.0], (50, 1))
    np.testing.assert_allclose(
        hinges_of(upper, upper.copy(), trunk), np.tile([0.0, 1.0, 0.0], (50, 1)), atol=1e-9
    )


@pytest.mark.parametrize("noise", [0.002, 0.005])
def test_a_nearly_straight_limb_in_noise_does_not_turn_about_itself(noise: float) -> None:
    rng, frames = np.random.default_rng(0), 240
    trunk = np.tile(np.eye(3), (frames, 1, 1))
    bend = np.where((np.arange(frames) % 120) < 40, 0.9, 0.03)
    upper = np.tile([0.0, 0.0, -1.0], (frames, 1))
    lower = Rotation.from_rotvec(bend[:, None] * [0.0, 1.0, 0.0]).apply(upper)
    lower += rng.normal(0, noise / 0.4, lower.shape)  # metres on a shank of 0.4 m
    lower /= np.linalg.norm(lower, axis=1, keepdims=True)
    found = hinges_of(upper, np.ascontiguousarray(lower), trunk)
    straight = bend < 0.1
    assert np.degrees(np.arccos(np.clip(np.abs(found[straight, 1]), 0, 1))).max() < 5
