"""Jumps tell at which rate a recording was made: nobody falls at a quarter of gravity, nor at four times."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bvh_files import CLIPS

from retarget.demo import clips_folder
from retarget.jobs.inspection import inspect_motion
from retarget.motion import Motion, read_motion
from retarget.motion.ground.falling import flights, rate_by_falls
from retarget.motion.ground.level_floor import on_level_floor

JUMPS = clips_folder() / "cmu_01_01.bvh"
REAL = sorted([*CLIPS.glob("*/*.bvh"), *CLIPS.glob("deepmimic_txt/*"), *CLIPS.glob("amp_npz/*"),
               *CLIPS.glob("*/*.amc"), *CLIPS.glob("omomo_pt/*.pt"), *CLIPS.glob("c3d/*"),
               *CLIPS.glob("kimodo_npz/soma*"), *CLIPS.glob("gltf/*"), *CLIPS.glob("mvnx/*")])  # fmt: skip
WITH_FLIGHTS = [
    "bandai_bvh/dataset-1_dance-short_normal_001.bvh",
    "bvh_more/cmu1_jumping_jacks.bvh",
    "deepmimic_txt/humanoid3d_jump.txt",
    "hdm05/HDM_dg_06-03_03_120.amc",
    "lafan1_bvh/bvhTools_test2_3945f.bvh",
]


def level(path: Path, fps: float | None = None) -> Motion:
    return on_level_floor(read_motion(path, source_fps=fps)).motion


def told(motion: Motion) -> list[tuple[float, str]]:
    doubts = rate_by_falls(motion).source.doubts
    return [(doubt.weight, doubt.reason) for doubt in doubts if "gravity" in doubt.reason]


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_real_clips_fall_as_bodies_do(path: Path) -> None:
    assert told(level(path)) == []


def test_flights_of_a_jumper_are_found_and_have_the_acceleration_of_gravity() -> None:
    found = flights(level(JUMPS))
    assert len(found) >= 6
    np.testing.assert_allclose(found, 1.0, atol=0.1)
    assert np.median(found) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("share", [1 / 3, 1 / 2, 2.0])
def test_another_rate_is_doubted_and_the_true_one_told(share: float) -> None:
    motion = level(JUMPS)
    ((weight, reason),) = told(replace(motion, fps=motion.fps * share))
    assert weight > 0.5
    rate = float(reason.partition("about ")[2].split()[0])
    assert rate == pytest.approx(motion.fps, rel=0.05)
    assert "--source-fps" in reason


@pytest.mark.parametrize("name", WITH_FLIGHTS)
@pytest.mark.parametrize("share", [1 / 3, 1 / 2, 2.0])
def test_a_single_jump_amid_other_motion_tells_too(name: str, share: float) -> None:
    if not (CLIPS / name).is_file():
        pytest.skip("needs the shared clips")
    motion = level(CLIPS / name)
    (doubt,) = told(replace(motion, fps=motion.fps * share))
    assert doubt[0] >= 0.35


def test_inspection_tells_it_of_a_file_read_at_the_wrong_rate() -> None:
    motion = read_motion(JUMPS, source_fps=60.0)
    doubts = [
        doubt for doubt in inspect_motion(motion).motion.source.doubts if doubt.name == "rate"
    ]
    assert ["gravity" in doubt.reason for doubt in doubts] == [True]


def raised(motion: Motion, *, feet_too: bool) -> Motion:
    """A standing body put 0.4 m up for two seconds, as on a step, where it rises and sinks along a parabola."""
    frames, fps = 180, 30.0
    positions = np.repeat(motion.positions[:1].astype(np.float64), frames, axis=0)
    time = np.linspace(-1.0, 1.0, 60)
    bump = np.zeros(frames)
    bump[60:120] = 0.3 * (1 - time**2)
    legs = [
        motion.roles[f"{side}_{joint}"] for side in ("left", "right") for joint in ("ankle", "toe")
    ]
    moved = np.tile(bump[:, None], (1, positions.shape[1]))
    if not feet_too:
        moved[:, legs] = 0.0
    moved[60:120] += 0.4
    positions[..., 2] += moved
    rotations = np.repeat(motion.rotations[:1], frames, axis=0)
    return replace(motion, positions=positions, rotations=rotations, fps=fps)


def test_who_bends_on_a_step_that_was_not_recorded_is_not_in_flight() -> None:
    standing = level(JUMPS).frames(0, 2)
    assert flights(raised(standing, feet_too=False)).tolist() == []
    (found,) = flights(raised(standing, feet_too=True))
    assert found == pytest.approx(
        2 * 0.3 / 9.81, rel=0.1
    )  # a slow flight by 0.3 m within a second each way
