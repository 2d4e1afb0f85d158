"""Robots on four legs have two pairs of limbs, and are no humanoids."""

from __future__ import annotations

import re
from copy import deepcopy
from pathlib import Path
from xml.etree import ElementTree

import pytest
from robot_files import embedded_xml

from retarget.errors import RoleError
from retarget.robots import load_robot


def leg(name: str, x: float, y: float) -> str:
    """Three hinges, thigh and shank, as quadrupeds have them."""
    return f"""<body name="{name}_hip" pos="{x} {y} 0"><inertial pos="0 0 0" mass="0.6" diaginertia="1e-3 1e-3 1e-3"/>
      <joint name="{name}_abduction" axis="1 0 0" range="-0.8 0.8"/>
      <body name="{name}_thigh" pos="0 {y / 2} 0"><inertial pos="0 0 -0.1" mass="1" diaginertia="5e-3 5e-3 1e-3"/>
        <joint name="{name}_pitch" axis="0 1 0" range="-1 3"/>
        <body name="{name}_calf" pos="0 0 -0.2"><inertial pos="0 0 -0.1" mass="0.2" diaginertia="2e-3 2e-3 1e-4"/>
          <joint name="{name}_knee" axis="0 1 0" range="-2.7 -0.9"/>
          <geom type="sphere" size="0.02" pos="0 0 -0.2"/></body></body></body>"""


def test_a_quadruped_is_refused(tmp_path: Path) -> None:
    legs = "".join(
        leg(f"{end}{side}", x, y)
        for end, x in (("F", 0.2), ("H", -0.2))
        for side, y in (("L", 0.08), ("R", -0.08))
    )
    path = tmp_path / "dog.xml"
    path.write_text(
        '<mujoco><compiler angle="radian"/><worldbody><body name="trunk" pos="0 0 0.4"><freejoint/>'
        f'<inertial pos="0 0 0" mass="6" diaginertia="0.1 0.1 0.1"/>{legs}</body></worldbody></mujoco>'
    )
    with pytest.raises(RoleError, match="stands on more than two legs"):
        load_robot(path)


def test_legs_that_are_copies_are_no_arms_however_they_stretch(tmp_path: Path) -> None:
    legs = "".join(
        leg(f"n{number}", x, y).replace('pos="0 0 -0.2"', 'pos="-0.2 0 0"')
        for number, (x, y) in enumerate(((0.2, 0.08), (0.2, -0.08), (-0.2, 0.08), (-0.2, -0.08)))
    )
    path = tmp_path / "flat.xml"
    path.write_text(
        '<mujoco><compiler angle="radian"/><worldbody><body name="trunk" pos="0 0 0.4"><freejoint/>'
        f'<inertial pos="0 0 0" mass="6" diaginertia="0.1 0.1 0.1"/>{legs}</body></worldbody></mujoco>'
    )
    with pytest.raises(RoleError, match="copies of each other"):
        load_robot(path)


def test_a_dog_whose_fore_legs_have_more_joints_than_the_hind_ones_is_refused(
    tmp_path: Path,
) -> None:
    hind, fore = (
        "".join(leg(f"{end}_{side}", x, y) for side, y in (("L", 0.08), ("R", -0.08)))
        for end, x in (("leg", -0.2), ("arm", 0.2))
    )
    hind = hind.replace('pos="0 0 -0.2"', 'pos="-0.08 0 -0.18"')  # leaning back
    paw = """<body name="{0}_paw" pos="0.03 0 -0.06"><joint name="{0}_paw" axis="0 1 0" range="-1 1"/>
      <geom type="sphere" size="0.02"/></body></body></body></body>"""
    halves = fore.split("</body></body></body>")
    fore = halves[0] + paw.format("arm_L") + halves[1] + paw.format("arm_R")
    path = tmp_path / "dog.xml"
    path.write_text(
        '<mujoco><compiler angle="radian"/><worldbody><body name="trunk" pos="0 0 0.4"><freejoint/>'
        f'<inertial pos="0 0 0" mass="6" diaginertia="0.1 0.1 0.1"/>{hind}{fore}</body></worldbody></mujoco>'
    )
    with pytest.raises(RoleError, match="stands on more than two legs"):
        load_robot(path)


def test_a_centaur_is_refused(tmp_path: Path) -> None:
    root = ElementTree.fromstring(embedded_xml("unitree_g1"))
    (base,) = root.findall("worldbody/body")
    for own in [body for body in base.findall("body") if "hip" in body.get("name", "")]:
        hind = deepcopy(own)
        x, y, z = map(float, own.get("pos", "").split())
        hind.set("pos", f"{x - 0.5} {y} {z}")
        for element in hind.iter():
            if "name" in element.attrib:
                element.set("name", f"hind_{element.get('name')}")
        base.append(hind)
    path = tmp_path / "centaur.xml"
    path.write_text(ElementTree.tostring(root, encoding="unicode"))
    with pytest.raises(RoleError, match="stands on more than two legs"):
        load_robot(path)


def test_arms_that_do_not_hang_are_told(tmp_path: Path) -> None:
    text = embedded_xml("unitree_g1")
    for joint, ends in (
        ("left_shoulder_roll_joint", "0.6 2.2515"),
        ("right_shoulder_roll_joint", "-2.2515 -0.6"),
        ("left_shoulder_pitch_joint", "-2 -0.8"),
        ("right_shoulder_pitch_joint", "-2 -0.8"),
    ):
        text, count = re.subn(rf'(<joint name="{joint}"[^>]*? range=")[^"]*', rf"\g<1>{ends}", text)
        assert count == 1
    path = tmp_path / "aloof.xml"
    path.write_text(text)
    (note,) = (note for note in load_robot(path).notes if "hang" in note)
    degrees = int(re.search(r"nearer than (\d+) degrees", note)[1])  # type: ignore[index]
    assert "left, right upper arms" in note and 15 < degrees < 60
    assert not any("hang" in note for note in load_robot("unitree_g1").notes)
