"""Backs of several joints about the same axes: one of each turns the chest, the others keep still."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from robot_files import embedded_xml

from retarget.robots import RobotModel, load_robot

_HINGE = '<joint name="{name}" axis="{axis}" range="{range}"/>'


def with_back(tmp_path: Path, ranges: dict[str, str]) -> RobotModel:
    """The G1 with further pitching joints below its torso, each a body of its own 2 cm above the one before."""
    text = embedded_xml("unitree_g1")
    start = text.index('<body name="torso_link"')
    depth, end = 0, start
    for mark in re.finditer(r"<body\b|</body>", text[start:]):
        depth += 1 if mark.group() == "<body" else -1
        if depth == 0:
            end = start + mark.end()
            break
    inner, opening, closing = text[start:end], "", ""
    for name, extent in ranges.items():
        joint = _HINGE.format(name=name, axis="0 1 0", range=extent)
        mass = '<inertial pos="0 0 0" mass="0.1" diaginertia="1e-4 1e-4 1e-4"/>'
        opening += f'<body name="{name}_link" pos="0 0 0.02">{joint}{mass}'
        closing += "</body>"
    path = tmp_path / "back.xml"
    path.write_text(text[:start] + opening + inner + closing + text[end:])
    return load_robot(path)


def moving(robot: RobotModel, *names: str) -> list[str]:
    return [name for name in names if not robot.held[robot.joint_names.index(name)]]


def test_of_joints_that_bend_a_back_the_same_way_the_middle_one_moves(tmp_path: Path) -> None:
    robot = with_back(tmp_path, {"low": "-0.5 0.5", "middle": "-0.5 0.5"})
    assert moving(robot, "low", "middle", "waist_pitch_joint") == ["middle"]
    assert moving(robot, "waist_yaw_joint", "waist_roll_joint") == [
        "waist_yaw_joint",
        "waist_roll_joint",
    ]
    (note,) = (note for note in robot.notes if "held at neutral" in note)
    assert "low" in note and "waist_pitch_joint" in note


def test_a_joint_that_hardly_turns_is_not_the_one_that_moves(tmp_path: Path) -> None:
    robot = with_back(tmp_path, {"low": "-0.1 0.1", "middle": "-0.1 0.1"})
    assert moving(robot, "low", "middle", "waist_pitch_joint") == ["waist_pitch_joint"]


def test_a_back_with_one_joint_an_axis_keeps_them_all() -> None:
    robot = load_robot("unitree_g1")
    assert not robot.held.any()
    assert (
        np.isfinite(robot.upper).all()
        and pytest.approx(0.52) == robot.upper[robot.joint_names.index("waist_pitch_joint")]
    )
