"""Feet that stand are held, however the whole recording moves slowly; feet that slide are not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from jaxtyping import Bool

from retarget.demo import embedded_clips
from retarget.geometry import matrix_from_quaternion, quaternion_product
from retarget.motion import Motion, read_motion
from retarget.motion.contacts import find_contacts
from retarget.motion.fitting.anatomy import find_anatomy
from retarget.motion.ground.feet import SPEED_OFF, SPEED_ON, toe_speeds

CLIPS = Path(__file__).resolve().parents[3] / "shared" / "clips"
WALK = CLIPS / "misc_bvh" / "xia_neutral_01.bvh"
KNEEL = CLIPS / "misc_bvh" / "test_mocapbank.bvh"

needs_clips = pytest.mark.skipif(not WALK.exists(), reason="no clips beside this checkout")


def jump() -> Motion:
    return read_motion(next(p for p in embedded_clips() if p.suffix == ".bvh"))


def carried(motion: Motion, metres_a_second: float) -> Motion:
    """The motion on a band that moves along x."""
    drift = metres_a_second * np.arange(len(motion)) / motion.fps
    return replace(motion, positions=motion.positions + drift[:, None, None] * [1.0, 0.0, 0.0])


def stance(motion: Motion) -> Bool[np.ndarray, "T 2 2"]:
    return find_contacts(find_anatomy(motion)).stance


@needs_clips
@pytest.mark.parametrize("clip", [WALK, KNEEL], ids=["walk", "kneel"])
def test_a_slide_of_30_cm_a_second_stays_a_slide(clip: Path) -> None:
    motion = read_motion(clip)
    assert stance(motion).mean() > 0.4
    assert stance(carried(motion, 0.3)).mean() < 0.05


@needs_clips
@pytest.mark.parametrize("clip", [WALK, KNEEL], ids=["walk", "kneel"])
def test_a_slow_drift_changes_hardly_any_stance(clip: Path) -> None:
    motion = read_motion(clip)
    assert np.mean(stance(carried(motion, 0.1)) != stance(motion)) < 0.03


def test_a_fast_band_leaves_no_stance_and_a_slow_one_all() -> None:
    motion = jump()
    standing = stance(motion)
    assert standing.mean() > 0.7
    assert stance(carried(motion, 0.4)).mean() < 0.01
    assert np.mean(stance(carried(motion, 0.1)) != standing) < 0.03


def test_a_toe_is_let_go_before_a_heel_unless_noise_makes_it_fast() -> None:
    clean = toe_speeds(fps=30.0, noise=0.0, leg_length=0.9)
    noisy = toe_speeds(fps=30.0, noise=0.005, leg_length=0.9)
    assert clean < (SPEED_ON, SPEED_OFF)
    assert clean[1] < noisy[1] <= SPEED_OFF


def test_one_frame_and_two_frames_have_contacts() -> None:
    for count in (1, 2, 3):
        assert stance(jump().frames(0, count)).shape == (count, 2, 2)


def turned_about(motion: Motion, degrees: float, pivot: np.ndarray, joints: set[int]) -> Motion:
    """These joints turned backwards about the hips' line through a place (by frame)."""
    hips = motion.role_positions("left_hip")[0] - motion.role_positions("right_hip")[0]
    half = np.radians(degrees) / 2
    axis = hips * [1.0, 1.0, 0.0] / np.linalg.norm(hips[:2])
    turn = np.concatenate([[np.cos(half)], -np.sin(half) * axis])
    some = sorted(joints)
    positions, rotations = motion.positions.copy(), motion.rotations.copy()
    away = positions[:, some] - pivot[:, None]
    positions[:, some] = away @ matrix_from_quaternion(turn).T + pivot[:, None]
    rotations[:, some] = quaternion_product(turn, rotations[:, some])
    return replace(motion, positions=positions, rotations=rotations)


def test_a_body_that_lies_with_its_feet_up_has_its_floor_below_itself() -> None:
    """Feet that are held still in the air are on no floor: the body is below them."""
    motion = jump().frames(0, 60)
    supine = turned_about(
        motion, 90.0, motion.role_positions("pelvis"), set(range(len(motion.joint_names)))
    )
    legs = {
        supine.roles[f"{side}_{joint}"]
        for side in ("left", "right")
        for joint in ("knee", "ankle", "toe")
    }
    hips = (supine.role_positions("left_hip") + supine.role_positions("right_hip")) / 2
    raised = turned_about(supine, 70.0, hips, legs)
    toes = np.min([raised.role_positions(f"{side}_toe")[:, 2] for side in ("left", "right")])
    body = np.min([raised.role_positions(f"{side}_shoulder")[:, 2] for side in ("left", "right")])
    assert toes > body + 0.3
    contacts = find_contacts(find_anatomy(raised))
    assert contacts.floor < body + 0.05
    assert not contacts.stance.any()
