"""Ranges whose sign was forgotten on one side, as some makers' files have them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from robot_files import embedded_xml

from retarget.robots import RobotModel, load_robot


def with_range(tmp_path: Path, joint: str, low: float, high: float) -> RobotModel:
    """The G1 with another range of one joint."""
    text, count = re.subn(
        rf'(<joint name="{joint}"[^>]*? range=")[^"]*',
        rf"\g<1>{low} {high}",
        embedded_xml("unitree_g1"),
    )
    assert count == 1
    path = tmp_path / f"{joint}.xml"
    path.write_text(text)
    return load_robot(path)


@pytest.mark.parametrize(
    "joint",
    [
        "left_knee_joint",
        "right_knee_joint",
        "right_hip_roll_joint",
        "left_hip_roll_joint",
    ],
)
def test_a_range_that_is_turned_round_on_one_side_is_that_of_the_other(
    joint: str, tmp_path: Path
) -> None:
    robot = load_robot("unitree_g1")
    k = robot.joint_names.index(joint)
    other = with_range(tmp_path, joint, -robot.upper[k], -robot.lower[k])
    assert np.allclose(other.lower, robot.lower) and np.allclose(other.upper, robot.upper)
    (note,) = (note for note in other.notes if "wrong sign" in note)
    assert joint in note and note.count("_joint") == 1


@pytest.mark.parametrize("joint", ["left_knee_joint", "right_hip_roll_joint", "waist_yaw_joint"])
def test_a_range_that_only_differs_is_left_as_it_is(joint: str, tmp_path: Path) -> None:
    robot = load_robot("unitree_g1")
    k = robot.joint_names.index(joint)
    low, high = 0.6 * robot.lower[k], 0.8 * robot.upper[k]
    other = with_range(tmp_path, joint, low, high)
    assert other.lower[k] == pytest.approx(low) and other.upper[k] == pytest.approx(high)
    assert not any("wrong sign" in note for note in other.notes)


def test_the_g1_has_its_signs_right() -> None:
    assert not any("wrong sign" in note for note in load_robot("unitree_g1").notes)
