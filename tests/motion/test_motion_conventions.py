"""Unit and up axis are found from the skeleton, and the result is in metres, z up, whatever the file used."""

from pathlib import Path

import numpy as np
import pytest
from bvh_files import bvh_text, human, walking
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from retarget.errors import RoleError
from retarget.motion.formats.bvh import read_bvh
from retarget.motion.motion import Motion, MotionSource
from retarget.motion.recording import Recording
from retarget.motion.understand import motion_from_recording
from retarget.motion.world.conventions import UNITS, axis_rotation, find_unit

AXES = ["x", "y", "z", "-x", "-y", "-z"]


def stroll(frames: int = 60) -> Recording:
    joints = human()
    return read_bvh(bvh_text(joints, walking(joints, frames)).encode(), Path("walk.bvh"))


def in_another_world(recording: Recording, turn: Rotation, scale: float) -> Recording:
    shape = recording.positions.shape
    x, y, z, w = np.moveaxis(
        (
            turn * Rotation.from_quat(recording.rotations[..., [1, 2, 3, 0]].reshape(-1, 4))
        ).as_quat(),
        -1,
        0,
    )
    return Recording(
        recording.joint_names,
        recording.parents,
        turn.apply(recording.positions.reshape(-1, 3)).reshape(shape) * scale,
        np.stack([w, x, y, z], axis=-1).reshape(*shape[:2], 4),
        recording.fps,
    )


def brought_home(recording: Recording) -> Motion:
    return motion_from_recording(recording, MotionSource())


def height(motion: Motion) -> float:
    return float(np.ptp(motion.positions[0, :, 2]))


@pytest.mark.parametrize(
    ("metres", "unit"),
    [
        (1.0, "metre"),
        (0.1, "decimetre"),
        (0.01, "centimetre"),
        (0.001, "millimetre"),
        (0.0254, "inch"),
        (0.3048, "foot"),
        (0.0254 / 0.45, "cmu"),
    ],
)
@pytest.mark.parametrize("leg", [0.62, 0.82, 0.98])
def test_the_unit_is_the_one_that_makes_the_leg_human(metres: float, unit: str, leg: float) -> None:
    found, doubts = find_unit(leg / metres)
    assert found.name == unit
    assert found.metres == pytest.approx(metres)
    assert doubts == []


def test_a_leg_of_no_plausible_unit_is_scaled_and_said() -> None:
    found, doubts = find_unit(31000.0)
    assert found.name == "unknown"
    assert found.metres * 31000.0 == pytest.approx(0.82)
    assert [doubt.name for doubt in doubts] == ["unit"]
    assert "no known unit" in doubts[0].reason


@pytest.mark.parametrize("metres", [1.0, 0.01, 0.001])
@pytest.mark.parametrize("leg", [0.48, 0.58])
def test_legs_of_a_child_are_kept_and_doubted(metres: float, leg: float) -> None:
    found, doubts = find_unit(leg / metres)
    assert found.metres * leg / metres == pytest.approx(leg)
    assert [doubt.name for doubt in doubts] == ["unit"]
    assert "a child, or another unit" in doubts[0].reason


@pytest.mark.parametrize("unit", ["inch", "foot", "decimetre"])
def test_an_odd_unit_is_not_believed_for_the_sake_of_small_legs(unit: str) -> None:
    found, doubts = find_unit(0.5 / UNITS[unit])
    assert found.name != unit
    assert doubts


@pytest.mark.parametrize(
    ("leg", "own", "unit"),
    [
        (9.6, "mikucell", "mikucell"),  # MikuMikuDance's first model
        (9.6, "", "decimetre"),  # a unit that only some rigs are in is no other's
        (12.5, "mikucell", "mikucell"),
        (0.77, "mikucell", "metre"),  # as Blender's importer scales them
        (77.0, "mikucell", "centimetre"),
    ],
)
def test_a_rigs_own_unit_is_taken_for_its_bones_names_and_doubted(
    leg: float, own: str, unit: str
) -> None:
    found, doubts = find_unit(leg, own)
    assert found.name == unit
    assert [doubt.name for doubt in doubts] == (["unit"] if unit == "mikucell" else [])


@pytest.mark.parametrize("leg", [0.0, float("nan")])
def test_legs_without_length_are_refused(leg: float) -> None:
    with pytest.raises(RoleError, match="no length"):
        find_unit(leg)


@pytest.mark.parametrize("axis", AXES)
def test_the_rotation_of_an_axis_is_proper_and_turns_it_up(axis: str) -> None:
    matrix, (w, x, y, z) = axis_rotation(axis)
    up = np.eye(3)["xyz".index(axis[-1])] * (-1 if axis.startswith("-") else 1)
    assert (matrix @ up).tolist() == [0, 0, 1]
    assert np.linalg.det(matrix) == pytest.approx(1)
    np.testing.assert_allclose(Rotation.from_quat([x, y, z, w]).as_matrix(), matrix, atol=1e-15)


def test_y_up_facing_z_becomes_z_up_facing_x() -> None:
    motion = brought_home(stroll())
    assert motion.source.up_axis == "y"
    walked = motion.role_positions("pelvis")[-1] - motion.role_positions("pelvis")[0]
    assert np.argmax(np.abs(walked)) == 0
    assert walked[0] > 1.5
    left = motion.role_positions("left_hip") - motion.role_positions("right_hip")
    assert (left[:, 1] > 0.15).all()
    assert (motion.role_positions("head")[:, 2] > motion.role_positions("left_toe")[:, 2] + 1).all()


@given(
    st.sampled_from(AXES),
    st.sampled_from([1.0, 0.01, 0.001, 0.0254, 0.0254 / 0.45]),
    st.floats(-3, 3),
)
@settings(max_examples=40, deadline=None)
def test_unit_up_axis_and_heading_of_the_file_do_not_matter(
    axis: str, metres: float, heading: float
) -> None:
    home = brought_home(stroll(20))
    matrix, _ = axis_rotation(axis)
    y_up, _ = axis_rotation("y")
    turn = (
        Rotation.from_matrix(matrix.T)
        * Rotation.from_euler("z", heading)
        * Rotation.from_matrix(y_up)
    )
    motion = brought_home(in_another_world(stroll(20), turn, 0.01 / metres))
    assert motion.source.up_axis == axis
    assert motion.source.metres_per_unit == pytest.approx(metres)
    expected = Rotation.from_euler("z", heading).apply(home.positions.reshape(-1, 3))
    np.testing.assert_allclose(motion.positions.reshape(-1, 3), expected, atol=1e-9)
    # One rotation turns every joint's frame, so relative rotations are those of the file.
    one = Rotation.from_quat(motion.rotations[3][:, [1, 2, 3, 0]])
    other = Rotation.from_euler("z", heading) * Rotation.from_quat(
        home.rotations[3][:, [1, 2, 3, 0]]
    )
    assert (one.inv() * other).magnitude().max() < 1e-7


def test_a_body_that_is_tilted_all_the_time_has_a_doubtful_up_axis() -> None:
    tilted = in_another_world(stroll(), Rotation.from_euler("xz", [30, 45], degrees=True), 1.0)
    motion = brought_home(tilted)
    assert [doubt.name for doubt in motion.source.doubts] == ["up_axis"]
    assert motion.source.doubts[0].weight > 0.5


def test_upside_down_on_the_floor_is_not_taken_for_another_up_axis() -> None:
    recording = in_another_world(stroll(10), Rotation.from_euler("x", 180, degrees=True), 1.0)
    recording.positions[..., 1] -= recording.positions[..., 1].min() - 3.0  # on the floor
    recording.positions[..., 2] += 250.0  # somewhere in the room
    assert brought_home(recording).source.up_axis == "y"


def test_a_mirrored_file_is_doubted() -> None:
    recording = stroll()
    recording.positions[..., 0] *= -1
    doubts = brought_home(recording).source.doubts
    assert [doubt.name for doubt in doubts] == ["mirrored"]
    assert brought_home(stroll()).source.doubts == ()


def test_what_a_format_defines_is_not_guessed() -> None:
    walk = stroll()
    declared = Recording(
        walk.joint_names,
        walk.parents,
        walk.positions,
        walk.rotations,
        walk.fps,
        metres_per_unit=0.02,
        up_axis="y",
    )
    motion = brought_home(declared)
    assert motion.source.metres_per_unit == 0.02
    assert height(motion) == pytest.approx(2 * height(brought_home(stroll())))
