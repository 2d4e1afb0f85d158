"""Xacro is expanded in this process, SDF is refused with the way out, and meshes that MuJoCo does not read count."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
import trimesh
from robot_files import as_urdf

from retarget.errors import FileFormatError, MissingExtraError
from retarget.robots import load_robot

MACRO = (
    '<robot xmlns:xacro="http://www.ros.org/wiki/xacro"><xacro:macro name="antenna" params="at:=0.1 *origin">'
    '<link name="antenna"><inertial><mass value="${2 * at}"/>'
    '<inertia ixx="0.01" iyy="0.01" izz="0.01" ixy="0" ixz="0" iyz="0"/></inertial></link>'
    '<joint name="antenna" type="fixed"><parent link="pelvis"/><child link="antenna"/>'
    '<xacro:insert_block name="origin"/></joint></xacro:macro></robot>'
)


def package(folder: Path, call: str) -> Path:
    """A description of the G1 as packages have them: macros in one file, used in another."""
    robot = folder / "g1_description" / "urdf" / "robot.urdf.xacro"
    robot.parent.mkdir(parents=True)
    (robot.parent / "antenna.xacro").write_text(MACRO)
    text = as_urdf(load_robot("unitree_g1")).replace(
        '<robot name="from_mjcf">',
        '<robot name="from_mjcf" xmlns:xacro="http://www.ros.org/wiki/xacro">'
        f'<xacro:include filename="$(find g1_description)/urdf/antenna.xacro"/>{call}',
    )
    robot.write_text(text)
    return robot


CALL = '<xacro:antenna at="0.25"><origin xyz="0 0 ${0.1 + 0.2}"/></xacro:antenna>'


def test_xacro_is_the_robot_that_it_stands_for(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    robot = load_robot(package(tmp_path, CALL))
    plain = load_robot("unitree_g1")
    assert robot.roles == plain.roles
    assert float(robot.masses.sum() - plain.masses.sum()) == pytest.approx(0.5)
    assert any("expanded its xacro macros" in note for note in robot.notes)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("call", "cause"),
    [
        ('<xacro:include filename="$(find elsewhere)/a.xacro"/>', "'elsewhere' is not in a folder"),
        ('<xacro:include filename="$(env HOME)/a.xacro"/>', "'HOME' is not looked at"),
        ('<xacro:include filename="nowhere.xacro"/>', "nowhere.xacro"),
        ("<xacro:no_such_macro/>", "no_such_macro"),
        ('<link name="${1/0}"/>', "division by zero"),
    ],
)
def test_what_cannot_be_expanded_is_told_in_one_line(
    call: str, cause: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(FileFormatError, match=cause) as caught:
        load_robot(package(tmp_path, call))
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_without_the_extra_the_way_to_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xacro", None)
    with pytest.raises(MissingExtraError, match=r"retarget\[xacro\]"):
        load_robot(package(tmp_path, CALL))


def test_a_namespace_alone_needs_no_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xacro", None)
    path = tmp_path / "robot.urdf"
    path.write_text(
        as_urdf(load_robot("unitree_g1")).replace(
            "<robot ", '<robot xmlns:xacro="http://www.ros.org/wiki/xacro" ', 1
        )
    )
    assert load_robot(path).joint_count == 29


def test_sdf_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "robot.sdf"
    path.write_text('<sdf version="1.6"><model name="a"/></sdf>')
    with pytest.raises(FileFormatError, match=r"is SDF; give the robot's URDF or MJCF instead"):
        load_robot(path)


@pytest.mark.parametrize(("suffix", "unit"), [("dae", 0.01), ("dae", 1.0), ("stl", 1.0)])
def test_feet_of_meshes_that_mujoco_does_not_read_stand_on_their_hulls(
    suffix: str, unit: float, tmp_path: Path
) -> None:
    box = trimesh.creation.box(np.array([0.2, 0.08, 0.03]) / unit)
    file = tmp_path / f"foot.{suffix}"
    if suffix == "stl":
        file.write_text(trimesh.exchange.stl.export_stl_ascii(box))
    else:
        data = trimesh.exchange.dae.export_collada(box).decode()
        if "<unit" in data:
            data = re.sub(r'(<unit[^>]*meter=)"[^"]*"', rf'\1"{unit}"', data)
        else:
            data = data.replace("<up_axis>", f'<unit name="u" meter="{unit}"/><up_axis>', 1)
        file.write_text(data)
    text = as_urdf(load_robot("unitree_g1"))
    sphere = r'<collision><origin xyz="[^"]+"/><geometry><sphere[^>]*/></geometry></collision>'
    text, count = re.subn(rf"({sphere}\s*)+", "@", text)
    assert count == 2
    mesh = (
        '<collision><origin xyz="0.03 0 -0.02"/><geometry><mesh filename="package://g1/foot.'
        f'{suffix}"/></geometry></collision>'
    )
    path = tmp_path / "robot.urdf"
    path.write_text(text.replace("@", mesh).replace("package://g1/", ""))
    robot = load_robot(path)
    assert any("convex hulls of 2 meshes" in note for note in robot.notes)
    np.testing.assert_allclose(np.ptp(robot.soles[0], axis=0)[:2], [0.2, 0.08], atol=1e-4)
    np.testing.assert_allclose(robot.soles[0][:, 2], -0.035, atol=1e-4)
