"""Robots are known by name: embedded, registered by a program, or offered by an installed package."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from robot_files import EMBEDDED, embedded_xml

from retarget.batch import BatchJob
from retarget.config import RunConfig
from retarget.errors import FileFormatError, PluginError, UnknownNameError
from retarget.kinds import RobotKind
from retarget.robots import load_robot, register_robot, robot_names, robot_spec
from retarget.worker import RetargetWorker


class LabRobot(RobotKind):
    R1 = "lab_r1"


@pytest.fixture
def lab_robot(tmp_path: Path) -> Iterator[str]:
    path = tmp_path / "model.xml"
    path.write_text(embedded_xml("unitree_h1"))
    register_robot(LabRobot.R1, path)
    yield "lab_r1"


def test_a_registered_robot_is_found_wherever_robots_are_named(lab_robot: str) -> None:
    assert lab_robot in robot_names()
    assert load_robot(LabRobot.R1).name == "lab_r1"
    assert RunConfig(robot=lab_robot).load_robot().joint_count == 19
    job = BatchJob(id="a", motion=Path("a.bvh"), output=Path("a.npz"), robot=LabRobot.R1)
    assert RetargetWorker().config_of(job).load_robot().name == "lab_r1"
    assert robot_spec(lab_robot).display_name == ""


def test_a_description_is_registered_with_the_model_that_it_names(tmp_path: Path) -> None:
    register_robot(LabRobot.R1, EMBEDDED / "booster_t1/robot.toml")
    assert load_robot("lab_r1").joint_count == 23
    assert robot_spec("lab_r1").display_name == "Booster T1 (23 joints)"
    lonely = tmp_path / "robot.toml"
    lonely.write_text('name = "x"\n')
    with pytest.raises(FileFormatError, match="names no model file"):
        register_robot(LabRobot.R1, lonely)


def test_a_file_that_is_not_there_cannot_be_registered(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match=r"gone\.urdf: no such file"):
        register_robot(LabRobot.R1, tmp_path / "gone.urdf")


@pytest.mark.parametrize("name", ["G1", "unitree-g1", "Unitree G1", "unitree_g1"])
def test_names_are_understood_as_people_write_them(name: str) -> None:
    assert load_robot(name).name == "unitree_g1"


def test_a_wrong_name_gets_the_nearest_ones() -> None:
    with pytest.raises(UnknownNameError, match="did you mean unitree_g1"):
        load_robot("unitree_g2")


PACKAGE = """
from pathlib import Path

def model():
    return Path(__file__).with_name("lab_model.xml")

NONSENSE = 3
"""


def installed(folder: Path, entry: str) -> Path:
    """A folder that Python takes for installed packages, with one that offers a robot."""
    info = folder / "my_lab-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-lab\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[retarget.robots]\nlab_r2 = {entry}\n")
    (folder / "my_lab.py").write_text(PACKAGE)
    (folder / "lab_model.xml").write_text(embedded_xml("unitree_h1"))
    return folder


def test_the_command_line_knows_robots_of_installed_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{installed(tmp_path, 'my_lab:model')}", prepend=":")
    command = [sys.executable, "-m", "retarget", "robots"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "lab_r2" in done.stdout and "19" in done.stdout


def test_a_package_that_offers_nonsense_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{installed(tmp_path, 'my_lab:NONSENSE')}", prepend=":")
    code = "import retarget; retarget.load_robot('lab_r2')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert PluginError.__name__ in done.stderr
    assert "'lab_r2' of the package my-lab: my_lab:NONSENSE is a int" in done.stderr
