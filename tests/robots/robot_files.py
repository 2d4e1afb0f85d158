"""Robot descriptions made for tests: from embedded robots, never in their place."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

import retarget.robots
from retarget.robots import RobotModel

EMBEDDED = Path(retarget.robots.__file__).parent / "embedded"


def embedded_xml(name: str) -> str:
    return (EMBEDDED / name / "model.xml").read_text()


def edited(tmp_path: Path, old: str, new: str, robot: str = "unitree_g1") -> Path:
    """A copy of an embedded model with one place changed."""
    text = embedded_xml(robot)
    assert old in text
    path = tmp_path / "robot.xml"
    path.write_text(text.replace(old, new, 1))
    return path


def anonymous(tmp_path: Path, robot: str) -> Path:
    """A copy in which bodies, joints and geoms have names that say nothing."""
    text = embedded_xml(robot)
    names = sorted(set(re.findall(r'(?:name|body1|body2)="([^"]+)"', text)), key=len, reverse=True)
    for number, name in enumerate(names):
        text = text.replace(f'"{name}"', f'"n{number}"')
    path = tmp_path / "anonymous.xml"
    path.write_text(text)
    return path


def as_urdf(robot: RobotModel) -> str:
    """The robot's kinematics as URDF, with sphere soles, limits and masses."""
    lines = ['<robot name="from_mjcf">']
    for b, body in enumerate(robot.body_names):
        lines.append(f'<link name="{body}">')
        lines.append(
            f'<inertial><mass value="{robot.masses[b]}"/>'
            '<inertia ixx="0.01" iyy="0.01" izz="0.01" ixy="0" ixz="0" iyz="0"/></inertial>'
        )
        for foot, points in zip(robot.feet, robot.soles, strict=True):
            if b == foot:
                lines += [
                    f'<collision><origin xyz="{_numbers(p)}"/><geometry>'
                    f'<sphere radius="{robot.sole_radius}"/></geometry></collision>'
                    for p in points
                ]
        lines.append("</link>")
    for j, joint in enumerate(robot.joint_names):
        b = j + 1
        lines.append(
            f'<joint name="{joint}" type="revolute">'
            f'<parent link="{robot.body_names[robot.parents[b]]}"/>'
            f'<child link="{robot.body_names[b]}"/>'
            f'<origin xyz="{_numbers(robot.offsets[b])}" '
            f'rpy="{_numbers(_roll_pitch_yaw(robot.orientations[b]))}"/>'
            f'<axis xyz="{_numbers(robot.axes[b])}"/>'
            f'<limit lower="{robot.lower[j]}" upper="{robot.upper[j]}" '
            f'effort="{robot.effort_limits[j]}" velocity="{robot.velocity_limits[j]}"/></joint>'
        )
    return "\n".join([*lines, "</robot>"])


def _numbers(values: np.ndarray) -> str:
    return " ".join(f"{v:.17g}" for v in values)


def _roll_pitch_yaw(rotation: np.ndarray) -> np.ndarray:
    """Angles about the fixed axes x, y, z, in this order (URDF's convention)."""
    return np.array(
        [
            np.arctan2(rotation[2, 1], rotation[2, 2]),
            -np.arcsin(np.clip(rotation[2, 0], -1, 1)),
            np.arctan2(rotation[1, 0], rotation[0, 0]),
        ]
    )


def part_of_g1(tmp_path: Path, part: str, turn: str = "0 0 0") -> Path:
    """The G1's legs with its pelvis, its torso with both arms, or all but one arm or leg, its base turned (euler, rad).

    Args:
        tmp_path: Where it is written.
        part: ``legs``, ``torso``, ``one_arm`` or ``one_leg``.
        turn: Of the base's frame.
    """
    root = ElementTree.fromstring(embedded_xml("unitree_g1"))
    world = root.find("worldbody")
    contact = root.find("contact")
    assert world is not None and contact is not None
    root.remove(contact)
    parents = {child: parent for parent in world.iter() for child in parent}
    bodies = {body.get("name"): body for body in world.iter("body")}
    pelvis = bodies["pelvis"]
    dropped = {
        "legs": "waist_yaw_link",
        "one_arm": "right_shoulder_pitch_link",
        "one_leg": "right_hip_pitch_link",
    }
    if part == "torso":
        torso = bodies["torso_link"]
        world.remove(pelvis)
        for joint in torso.findall("joint"):
            torso.remove(joint)
        pelvis = torso
    else:
        parents[bodies[dropped[part]]].remove(bodies[dropped[part]])
    for joint in pelvis.findall("freejoint"):
        pelvis.remove(joint)
    if pelvis in list(world):
        world.remove(pelvis)
    base = ElementTree.SubElement(world, "body", name="base")
    ElementTree.SubElement(base, "freejoint")
    ElementTree.SubElement(base, "body", name="within", euler=turn).append(pelvis)
    path = tmp_path / f"{part}.xml"
    path.write_text(ElementTree.tostring(root, encoding="unicode"))
    return path
