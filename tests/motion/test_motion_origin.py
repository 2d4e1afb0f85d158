"""Recordings far from their origin lose nothing: they are brought to it by whole metres, and a note says so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from bvh_files import EMBEDDED
from worlds import recording_of

from retarget.errors import FileFormatError
from retarget.motion import Motion, read_motion
from retarget.motion.motion import MotionSource
from retarget.motion.understand import motion_from_recording
from retarget.pipeline import retarget_motion
from retarget.robots import load_robot

UNIT = read_motion(EMBEDDED / "cmu_01_01.bvh").source.metres_per_unit


def moved_by(
    metres: tuple[float, float, float], *, frames: int = 90, floor_m: float | None = None
) -> Motion:
    """The embedded walk, as if it was recorded somewhere else; along the axes of the file, of which y is up."""
    recording = recording_of(EMBEDDED / "cmu_01_01.bvh")
    positions = recording.positions[100 : 100 + frames] + np.array(metres) / UNIT
    far = replace(
        recording,
        positions=positions,
        rotations=recording.rotations[100 : 100 + frames].copy(),
        rest_frames=0,
    )
    return motion_from_recording(far, MotionSource(), up="y", floor_m=floor_m)


@pytest.mark.parametrize("metres", [(5e5, 0, 0), (-3e5, 0, 4e5), (0, 5e5, 0), (6.7e6, 6.7e6, 0)])
def test_a_motion_far_off_is_brought_to_the_origin(metres: tuple[float, float, float]) -> None:
    here, there = moved_by((0, 0, 0)), moved_by(metres)
    assert np.abs(there.positions).max() < 10
    back = there.positions + np.array(there.source.origin_m)
    np.testing.assert_allclose(back - np.roll(metres, 1), here.positions, atol=1e-8 * max(metres))
    assert there.source.origin_m == tuple(np.rint(there.source.origin_m))
    assert any("km from the file's origin" in note for note in there.source.notes)
    assert there.source.as_json()["origin_m"] == list(there.source.origin_m)


def test_a_walk_of_some_hundred_metres_stays_where_it_is() -> None:
    motion = moved_by((300, 0, 0))
    assert motion.source.origin_m == (0, 0, 0)
    assert not motion.source.notes


def test_heights_stay_where_only_the_place_is_far() -> None:
    assert moved_by((5e5, 40, 0)).source.origin_m[2] == 0


def test_heights_stay_where_the_floor_is_given() -> None:
    motion = moved_by((5e5, 40, 0), floor_m=40.0)
    assert motion.source.origin_m[2] == 0
    assert 40 < motion.role_positions("pelvis")[0, 2] < 42


def test_one_frame_far_off_does_not_move_the_rest() -> None:
    recording = recording_of(EMBEDDED / "cmu_01_01.bvh")
    recording.positions[1:4] += 5e5 / UNIT
    motion = motion_from_recording(recording, MotionSource())
    assert motion.source.origin_m == (0, 0, 0)
    assert np.abs(motion.positions).max() < 10


def test_the_robot_moves_the_same_wherever_the_human_was() -> None:
    robot = load_robot("unitree_g1")
    here, there = (
        retarget_motion(moved_by(metres, frames=40), robot) for metres in ((0, 0, 0), (5e5, 0, 0))
    )
    assert np.abs(there.qpos[:, 7:] - here.qpos[:, 7:]).max() < 1e-3
    assert there.provenance["motion"]["origin_m"][1] == pytest.approx(5e5, abs=20)


def test_a_joint_far_from_the_body_is_named(tmp_path: object) -> None:
    recording = recording_of(EMBEDDED / "cmu_01_01.bvh")
    motion = read_motion(EMBEDDED / "cmu_01_01.bvh")
    spare = next(
        n for n, name in enumerate(recording.joint_names)
        if n not in motion.roles.values() and n not in recording.parents and "Thumb" in name
    )  # fmt: skip
    recording.positions[:, spare] += 6.7e6 / UNIT
    notes = motion_from_recording(recording, MotionSource()).source.notes
    assert any(
        recording.joint_names[spare] in note and "km from the body" in note for note in notes
    )


def test_a_body_that_is_torn_apart_is_refused_by_the_joint() -> None:
    recording = recording_of(EMBEDDED / "cmu_01_01.bvh")
    recording.positions[:, recording.joint_names.index("LeftForeArm")] += 50 / UNIT
    with pytest.raises(FileFormatError, match=r"joint LeftForeArm \(left_elbow\) is 50"):
        motion_from_recording(recording, MotionSource())


def test_things_around_a_motion_far_off_come_along(tmp_path: Path) -> None:
    from retarget.config import RunConfig

    (tmp_path / "scene.toml").write_text(
        "[[terrain]]\nboxes = [{ center = [3, 500001, 0.1], size_m = [1, 1, 0.2] }]\n"
        '[[object]]\nname = "crate"\nshape = "box"\nsize_m = [0.3, 0.3, 0.3]\n'
        'trajectory = "path.csv"\n'
    )
    (tmp_path / "path.csv").write_text(
        "t,x,y,z,qw,qx,qy,qz\n0,1,500002,0.15,1,0,0,0\n1,1,500003,0.15,1,0,0,0\n"
    )
    clip = moved_by((5e5, 0, 0))
    config = RunConfig(robot="unitree_g1", scene=tmp_path / "scene.toml")
    scene = config.read_scene("walk.bvh", clip)
    assert scene is not None and scene.objects[0].trajectory is not None
    origin = clip.source.origin_m
    step, crate = scene.terrains[0].shapes[0].place, scene.objects[0].trajectory.positions[0]
    np.testing.assert_allclose(step, np.subtract([3, 500001, 0.1], origin))
    np.testing.assert_allclose(crate, np.subtract([1, 500002, 0.15], origin))
