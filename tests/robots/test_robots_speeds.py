"""Joint speeds that no robot has are examples that were left in a file."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from robot_files import as_urdf

from retarget.robots import RobotModel, load_robot


def with_speeds(tmp_path: Path, joints: str, speed: float) -> RobotModel:
    """The H1 as URDF, with another speed of some joints."""
    text = as_urdf(load_robot("unitree_h1"))
    pattern = rf'(<joint name="{joints}".*?velocity=")[^"]*'
    path = tmp_path / "slow.urdf"
    path.write_text(re.sub(pattern, rf"\g<1>{speed}", text))
    return load_robot(path)


def test_a_joint_as_slow_as_no_walker_has_the_speed_of_the_others(tmp_path: Path) -> None:
    robot = with_speeds(tmp_path, "left_hip_yaw", 0.3)
    k = robot.joint_names.index("left_hip_yaw")
    others = np.delete(robot.velocity_limits, k)
    assert robot.velocity_limits[k] == pytest.approx(np.median(others))
    (note,) = (note for note in robot.notes if "nothing walks" in note)
    assert "left_hip_yaw" in note and "right_hip_yaw" not in note


def test_where_all_are_too_slow_none_has_a_limit(tmp_path: Path) -> None:
    robot = with_speeds(tmp_path, '[^"]*', 0.5)
    assert np.isinf(robot.velocity_limits).all()
    assert any("none is taken" in note for note in robot.notes)


def test_slow_motors_stay_slow(tmp_path: Path) -> None:
    robot = with_speeds(tmp_path, '[^"]*', 1.8)
    assert (robot.velocity_limits == 1.8).all()
    assert not any("nothing walks" in note for note in robot.notes)


def test_what_an_importer_copied_from_the_file_is_looked_at_as_the_file_is(tmp_path: Path) -> None:
    (tmp_path / "slow.urdf").write_text(as_urdf(load_robot("unitree_h1")))
    limits = {}
    for source in ("the model file", "a data sheet"):
        (tmp_path / "robot.toml").write_text(
            'model = "slow.urdf"\n'
            f'[source]\nvelocity_limits = "{source}"\n'
            '[velocity_limits]\n"*_hip_yaw" = 0.3\n"*" = 12.0\n'
        )
        robot = load_robot(tmp_path / "robot.toml")
        limits[source] = robot.velocity_limits[robot.joint_names.index("left_hip_yaw")]
    assert limits == {"the model file": 12.0, "a data sheet": 0.3}
