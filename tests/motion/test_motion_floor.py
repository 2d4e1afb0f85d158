"""A floor that is tilted is levelled, stairs and steps are no slope, and what is level stays as it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from retarget import load_robot, retarget_motion
from retarget.demo import embedded_clips
from retarget.geometry import angle_between, matrix_from_quaternion, quaternion_product
from retarget.motion import Motion, read_motion
from retarget.motion.ground.floor import levelled

CLIPS = Path(__file__).resolve().parents[3] / "shared" / "clips"
CIRCLE = CLIPS / "misc_bvh" / "mixamo_Walk-In-Circle.bvh"
STRAIGHT = CLIPS / "bandai_bvh" / "dataset-1_walk_normal_001.bvh"
DANCE = CLIPS / "lafan1_bvh" / "bvhTools_test2_3945f.bvh"

needs_clips = pytest.mark.skipif(not CIRCLE.exists(), reason="no clips beside this checkout")


def jump() -> Motion:
    return read_motion(next(p for p in embedded_clips() if p.suffix == ".bvh"))


def tilted(motion: Motion, degrees: float, heading: float) -> Motion:
    """The motion turned about a level axis through the origin, which points to a heading in degrees."""
    half, heading = np.radians(degrees) / 2, np.radians(heading)
    turn = np.array(
        [np.cos(half), np.sin(half) * np.cos(heading), np.sin(half) * np.sin(heading), 0.0]
    )
    return replace(
        motion,
        positions=motion.positions @ matrix_from_quaternion(turn).T,
        rotations=quaternion_product(turn, motion.rotations),
    )


def raised(motion: Motion, heights: np.ndarray | float) -> Motion:
    up = np.zeros((len(motion), 1, 3))
    up[:, 0, 2] = heights
    return replace(motion, positions=motion.positions + up)


@needs_clips
@pytest.mark.parametrize("clip", [CIRCLE, STRAIGHT, DANCE], ids=lambda path: path.stem)
def test_what_is_level_is_left_alone(clip: Path) -> None:
    motion = read_motion(clip)
    same, slope = levelled(motion)
    assert same is motion
    assert slope == 0.0


@needs_clips
@pytest.mark.parametrize("degrees", [1.5, 3.0, 8.0])
@pytest.mark.parametrize("heading", [0.0, 50.0, 90.0])
@pytest.mark.parametrize("clip", [CIRCLE, DANCE], ids=lambda path: path.stem)
def test_a_slope_is_found_and_taken_away(clip: Path, degrees: float, heading: float) -> None:
    motion = read_motion(clip)
    level, slope = levelled(tilted(motion, degrees, heading))
    assert slope == pytest.approx(degrees, abs=0.2)
    up = np.array([0.0, 0.0, 1.0])
    was = np.swapaxes(matrix_from_quaternion(motion.rotations[:, 0]), -1, -2) @ up
    found = np.swapaxes(matrix_from_quaternion(level.rotations[:, 0]), -1, -2) @ up
    assert np.degrees(angle_between(was, found)).max() < 0.25
    assert levelled(level)[1] == 0.0


@needs_clips
def test_who_walks_straight_on_shows_no_slope_to_the_side() -> None:
    walk = read_motion(STRAIGHT)
    along = walk.role_positions("pelvis")[-1] - walk.role_positions("pelvis")[0]
    heading = float(np.degrees(np.arctan2(along[1], along[0])))
    assert levelled(tilted(walk, 3.0, heading))[1] == 0.0
    assert levelled(tilted(walk, 3.0, heading + 90))[1] == pytest.approx(3.0, abs=0.1)


@needs_clips
def test_a_tilted_walk_gives_the_motion_of_the_level_one() -> None:
    robot, walk = load_robot("unitree_g1"), read_motion(CIRCLE)
    level = retarget_motion(walk, robot)
    result = retarget_motion(tilted(walk, 3.0, 50.0), robot)
    assert level.provenance["floor_slope_deg"] == 0.0
    assert result.provenance["floor_slope_deg"] == pytest.approx(3.0, abs=0.1)
    assert np.mean(result.contacts != level.contacts) < 0.01
    assert np.abs(result.qpos[:, 7:] - level.qpos[:, 7:]).mean() < 0.005
    assert np.abs(result.qpos[:, 2] - level.qpos[:, 2]).max() < 0.005
    between = result.qpos[:, :2] - level.qpos[:, :2]
    assert np.abs(between - between.mean(axis=0)).max() < 0.02


@needs_clips
@pytest.mark.parametrize("degrees", [15.0, 25.0])
def test_a_steep_plane_is_left_and_doubted_much(degrees: float) -> None:
    steep = tilted(read_motion(DANCE).frames(0, 900), degrees, 0.0)
    same, slope = levelled(steep)
    assert slope == 0.0
    assert same.positions is steep.positions
    (doubt,) = (doubt for doubt in same.source.doubts if doubt.name == "floor")
    assert f"rises by {degrees:.0f} degrees" in doubt.reason
    assert doubt.weight > 0.5


@needs_clips
@pytest.mark.parametrize("tread", [0.5, 1.0, 2.0])
def test_stairs_and_steps_are_no_slope(tread: float) -> None:
    walk = read_motion(CIRCLE)
    x = walk.role_positions("pelvis")[:, 0]
    climbed = raised(walk, 0.15 * np.floor(x / tread))
    assert levelled(climbed)[0] is climbed


@needs_clips
def test_a_floor_at_any_height_gives_the_same_motion() -> None:
    robot, walk = load_robot("unitree_g1"), read_motion(STRAIGHT)
    low, high = retarget_motion(walk, robot), retarget_motion(raised(walk, 1.7), robot)
    assert high.provenance["floor_m"] == pytest.approx(low.provenance["floor_m"] + 1.7, abs=1e-6)
    assert np.array_equal(high.contacts, low.contacts)
    assert np.abs(high.qpos - low.qpos).max() < 1e-3


def test_who_never_stands_has_no_floor_to_level() -> None:
    motion = jump()
    toes = np.stack([motion.role_positions(f"{side}_toe")[:, 2] for side in ("left", "right")])
    top = int(toes.min(axis=0).argmax())
    airborne = motion.frames(top - 3, top + 4)
    assert levelled(airborne) == (airborne, 0.0)
    result = retarget_motion(airborne, load_robot("unitree_g1"))
    assert np.isfinite(result.qpos).all()
    assert len(result) == 7


def test_a_skeleton_without_toes_or_frames_is_left_to_others() -> None:
    motion = jump()
    roles = {role: joint for role, joint in motion.roles.items() if "toe" not in role}
    for odd in (replace(motion, roles=roles), motion.frames(0, 0), motion.frames(0, 1)):
        assert levelled(odd)[0] is odd
