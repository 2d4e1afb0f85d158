"""Joints for which nobody has said how far they turn move as a human's."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from robot_files import embedded_xml

from retarget.robots import RobotModel, load_robot


def rewritten(tmp_path: Path, changes: dict[str, str]) -> RobotModel:
    """The G1 with patterns of its model replaced, each found at least once."""
    text = embedded_xml("unitree_g1")
    for pattern, new in changes.items():
        text, count = re.subn(pattern, new, text)
        assert count
    path = tmp_path / "robot.xml"
    path.write_text(text)
    return load_robot(path)


def reach(robot: RobotModel, joint: str) -> tuple[float, float]:
    index = robot.joint_names.index(joint)
    return float(robot.lower[index]), float(robot.upper[index])


def test_a_whole_turn_says_no_more_of_a_knee_than_no_range(tmp_path: Path) -> None:
    robot = rewritten(
        tmp_path,
        {r'(<joint name="left_knee_joint"[^>]*?) range="[^"]+"': r'\1 range="-3.1416 3.1416"'},
    )
    lower, upper = reach(robot, "left_knee_joint")
    known = reach(load_robot("unitree_g1"), "left_knee_joint")
    assert lower == pytest.approx(known[0], abs=0.3) and upper == pytest.approx(known[1], abs=0.5)


def test_a_waist_without_range_turns_as_a_back_does(tmp_path: Path) -> None:
    robot = rewritten(tmp_path, {r'(<joint name="waist_\w+"[^>]*?) range="[^"]+"': r"\1"})
    for joint in ("waist_yaw_joint", "waist_roll_joint", "waist_pitch_joint"):
        np.testing.assert_allclose(reach(robot, joint), (-1.2, 1.2))
    note = next(note for note in robot.notes if "turn as backs do" in note)
    assert "waist_yaw_joint" in note
    # A range that is stated is kept, however far it goes.
    np.testing.assert_allclose(reach(load_robot("unitree_g1"), "waist_yaw_joint"), (-2.618, 2.618))


@pytest.mark.parametrize("stated", [None, (-1.5, 1.5)])
def test_collarbones_without_range_do_not_go_round_with_the_arm(
    stated: tuple[float, float] | None, tmp_path: Path
) -> None:
    # The first joint of the arm is put into the middle of the chest, and turns about the vertical.
    said = "" if stated is None else ' range="{} {}"'.format(*stated)
    robot = rewritten(
        tmp_path,
        {
            rf'<joint name="{side}_shoulder_pitch_joint" axis="0 1 0" range="[^"]+"': (
                f'<joint name="{side}_shoulder_pitch_joint" axis="0 0 1" pos="0 {inwards} 0"{said}'
            )
            for side, inwards in (("left", -0.1), ("right", 0.1))
        },
    )
    for side in ("left", "right"):
        found = reach(robot, f"{side}_shoulder_pitch_joint")
        np.testing.assert_allclose(found, stated or (-0.5, 0.5))
    told = any("move as collarbones do" in note for note in robot.notes)
    assert told == (stated is None)


def test_an_arms_own_joints_without_range_turn_all_the_way(tmp_path: Path) -> None:
    robot = rewritten(
        tmp_path, {r'(<joint name="\w+_shoulder_pitch_joint"[^>]*?) range="[^"]+"': r"\1"}
    )
    np.testing.assert_allclose(reach(robot, "left_shoulder_pitch_joint"), (-np.pi, np.pi))
