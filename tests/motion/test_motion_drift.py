"""A floor that drifts is followed by what stands on it; level floors, jumps, stairs and boxes are left as they are."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bvh_files import CLIPS
from scipy.ndimage import gaussian_filter1d

from retarget.motion.contacts import find_contacts
from retarget.motion.fitting.anatomy import find_anatomy
from retarget.motion.ground.drift import followed
from retarget.motion.ground.floor import levelled
from retarget.motion.motion import Motion
from retarget.motion.read import read_motion

REAL = sorted(
    path
    for pattern in ("*/*.bvh", "amp_npz/*.npz", "deepmimic_txt/*.txt")
    for path in CLIPS.glob(pattern)
    if "rokoko" not in path.name
)
TRAVELLING = ["bandai_bvh/dataset-1_kick_normal_001.bvh", "lafan1_bvh/bvhTools_test2_3945f.bvh",
              "misc_bvh/mixamo_Walk-In-Circle.bvh", "cmu_bvh/01_01.bvh"]  # fmt: skip


def real(name: str) -> Motion:
    path = CLIPS / name
    if not path.exists():
        pytest.skip("the shared clips are not here")
    return read_motion(path)


def raised(motion: Motion, heights: np.ndarray) -> Motion:
    positions = motion.positions.copy()
    positions[..., 2] += heights[:, None]
    return replace(motion, positions=positions)


def seconds(motion: Motion) -> np.ndarray:
    return np.arange(len(motion)) / motion.fps


def floor_doubts(motion: Motion) -> list[float]:
    return [doubt.weight for doubt in motion.source.doubts if doubt.name == "floor"]


@pytest.mark.parametrize("path", REAL, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_a_level_floor_is_left_alone(path: Path) -> None:
    motion, _ = levelled(read_motion(path))
    same, drift = followed(motion)
    assert same is motion
    assert drift == 0.0


@pytest.mark.parametrize("rise", [0.1, 0.2, 0.3])
@pytest.mark.parametrize("name", TRAVELLING)
def test_a_floor_that_rises_within_eight_seconds_is_followed(name: str, rise: float) -> None:
    motion = real(name)
    drift = rise * np.minimum(seconds(motion) / 8.0, 1.0)
    back, found = followed(raised(motion, drift))
    span = rise * min(1.0, motion.duration / 8.0)
    assert found == pytest.approx(span, abs=0.03)
    left = back.positions[:, 0, 2] - motion.positions[:, 0, 2]
    assert np.ptp(left) < max(0.2 * span, 0.03)
    assert floor_doubts(back)


def test_stances_are_found_again_on_a_drifting_floor() -> None:
    motion = real("bandai_bvh/dataset-1_kick_normal_001.bvh")
    right = find_contacts(find_anatomy(motion)).stance
    drifting = raised(motion, 0.2 * seconds(motion) / 8.0)
    lost = find_contacts(find_anatomy(drifting)).stance
    found = find_contacts(find_anatomy(followed(drifting)[0])).stance
    assert (found == right).mean() > 0.97
    assert (lost == right).mean() < 0.8


def test_a_suit_that_loses_the_floor_is_followed() -> None:
    motion, drift = followed(real("bvh_more/rokoko_jesse_dance.bvh"))
    assert 0.1 < drift < 0.25
    assert floor_doubts(motion)


@pytest.mark.parametrize("kind", ["stairs", "there and back"])
def test_stairs_are_doubted_much_and_left_as_they_are(kind: str) -> None:
    motion = real("misc_bvh/mixamo_Walk-In-Circle.bvh")
    up = np.floor(seconds(motion) / 0.6)
    steps = np.minimum(up, up[::-1]) if kind == "there and back" else up
    climbed = raised(motion, gaussian_filter1d(0.17 * steps, 6))
    same, drift = followed(climbed)
    assert drift == 0.0
    assert np.array_equal(same.positions, climbed.positions)
    assert floor_doubts(same)[0] > 0.5


def test_a_floor_that_is_said_is_neither_sought_nor_followed(tmp_path: Path) -> None:
    path = CLIPS / "bandai_bvh/dataset-1_kick_normal_001.bvh"
    if not path.exists():
        pytest.skip("the shared clips are not here")
    motion = read_motion(path, floor_m=-0.03)
    drifting = raised(motion, 0.2 * seconds(motion) / 8.0)
    assert followed(drifting) == (drifting, 0.0)
    assert find_contacts(find_anatomy(motion)).floor == pytest.approx(0.043, abs=0.005)


def test_feet_on_a_thing_rest_above_a_floor_that_is_said() -> None:
    """Both feet stay on a box of 30 cm for the whole clip: only a user can know."""
    motion = real("bandai_bvh/dataset-1_kick_normal_001.bvh")
    on_a_box = raised(motion, np.full(len(motion), 0.3))
    assert find_contacts(find_anatomy(on_a_box)).floor == pytest.approx(0.343, abs=0.01)
    said = replace(on_a_box, source=replace(on_a_box.source, floor_m=0.0))
    assert find_contacts(find_anatomy(said)).floor < 0.1
