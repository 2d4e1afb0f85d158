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


def held_out(low: float, high: float) -> str:
    """A figure whose arms are held out at zero; its right shoulder's range is given, its left one's is -63 to 90."""

    def limb(side: str, y: float) -> str:
        sign = 1 if y > 0 else -1
        arm = "-63 90" if side == "left" else f"{low} {high}"
        return f"""
        <body name="{side}_thigh" pos="0 {y} -0.05">
          <joint name="{side}_hip_x" axis="1 0 0" range="-40 40"/>
          <joint name="{side}_hip_z" axis="0 0 1" range="-40 40"/>
          <joint name="{side}_hip_y" axis="0 1 0" range="-110 40"/>
          <geom type="capsule" fromto="0 0 0 0 0 -0.4" size="0.05"/>
          <body name="{side}_shin" pos="0 0 -0.4"><joint name="{side}_knee" axis="0 1 0" range="0 150"/>
            <geom type="capsule" fromto="0 0 0 0 0 -0.35" size="0.04"/>
            <body name="{side}_foot" pos="0 0 -0.4"><joint name="{side}_ankle" axis="0 1 0" range="-40 40"/>
              <geom type="box" pos="0.06 0 -0.03" size="0.12 0.04 0.02"/></body></body></body>
        <body name="{side}_upper_arm" pos="0 {1.8 * y} 0.45">
          <joint name="{side}_shoulder_x" axis="-1 0 0" range="{arm}"/>
          <joint name="{side}_shoulder_y" axis="0 1 0" range="-90 90"/>
          <joint name="{side}_shoulder_z" axis="0 0 1" range="-90 90"/>
          <geom type="capsule" fromto="0 0 0 0 {0.28 * sign} 0" size="0.03"/>
          <body name="{side}_forearm" pos="0 {0.28 * sign} 0">
            <joint name="{side}_elbow" axis="0 0 {-sign}" range="-140 0"/>
            <geom type="capsule" fromto="0 0 0 0 {0.24 * sign} 0" size="0.03"/></body></body>"""

    return f"""<mujoco><compiler angle="degree"/><worldbody><body name="pelvis" pos="0 0 1"><freejoint/>
      <geom type="capsule" fromto="0 -0.08 0 0 0.08 0" size="0.08"/>{limb("left", 0.1)}{limb("right", -0.1)}
      <geom type="capsule" fromto="0 -0.1 0.4 0 0.1 0.4" size="0.1"/></body></worldbody></mujoco>"""


def test_an_arm_that_is_held_out_goes_farther_down_than_up(tmp_path: Path) -> None:
    path = tmp_path / "figure.xml"
    path.write_text(held_out(-90, 63))
    right = load_robot(path)
    k = right.joint_names.index("right_shoulder_x")
    assert np.degrees([right.lower[k], right.upper[k]]) == pytest.approx([-90, 63])
    assert not any("wrong sign" in note for note in right.notes)
    path.write_text(held_out(-63, 90))
    mended = load_robot(path)
    assert np.degrees([mended.lower[k], mended.upper[k]]) == pytest.approx([-90, 63])
    (note,) = (note for note in mended.notes if "wrong sign" in note)
    assert "right_shoulder_x" in note and "left" not in note
