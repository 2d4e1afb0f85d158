"""Limb lines are those of the axes: where a file puts a hinge's origin along its axis says nothing."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from robot_files import embedded_xml
from test_robots_truth import robot_of

from retarget.robots import RobotModel, load_robot
from retarget.robots.kinematics import body_poses
from retarget.robots.spec import LIMBS


def straightest(robot: RobotModel, limb: str) -> float:
    """Smallest angle between the two segments of the left limb over its hinge's range, degrees."""
    chain = [f"left_{role}" for role in LIMBS[limb]]
    joint = robot.roles[chain[1]] - 1
    smallest = 180.0
    for angle in np.linspace(robot.lower[joint], robot.upper[joint], 181):
        joints = robot.neutral.copy()
        joints[joint] = angle
        positions, rotations = body_poses(robot, joints)
        a, b, c = (
            positions[robot.roles[role]] + rotations[robot.roles[role]] @ robot.role_points[role]
            for role in chain
        )
        cosine = (b - a) @ (c - b) / (np.linalg.norm(b - a) * np.linalg.norm(c - b))
        smallest = min(smallest, float(np.degrees(np.arccos(np.clip(cosine, -1, 1)))))
    return smallest


def with_origin_aside(tmp_path: Path, body: str, aside: float) -> RobotModel:
    """A G1 in whose file the origin of one body lies elsewhere on its hinge's axis."""
    root = ElementTree.fromstring(embedded_xml("unitree_g1"))
    moved = next(one for one in root.iter("body") if one.get("name") == body)
    joint = moved.find("joint")
    assert joint is not None and joint.get("axis") == "0 1 0"
    moved.set("pos", shifted(moved.get("pos", "0 0 0"), aside))
    for child in moved:
        if child.tag in ("inertial", "geom", "body"):
            child.set("pos", shifted(child.get("pos", "0 0 0"), -aside))
    path = tmp_path / "aside.xml"
    path.write_text(ElementTree.tostring(root, encoding="unicode"))
    return load_robot(path)


def shifted(numbers: str, aside: float) -> str:
    x, y, z = map(float, numbers.split())
    return f"{x} {y + aside!r} {z}"


@pytest.mark.parametrize(("body", "limb"), [("left_knee_link", "leg"), ("left_elbow_link", "arm")])
@pytest.mark.parametrize("aside", [-0.08, 0.08])
def test_a_hinges_origin_aside_leaves_the_limb_straight(
    body: str, limb: str, aside: float, tmp_path: Path
) -> None:
    robot = with_origin_aside(tmp_path, body, aside)
    plain = load_robot("unitree_g1")
    role = f"left_{LIMBS[limb][1]}"
    assert robot.body_names[robot.roles[role]] == body
    assert straightest(robot, limb) < straightest(plain, limb) + 5.0  # by origins: 15 and more


def test_a_limb_that_is_straight_by_its_origins_is_left_as_its_file_has_it() -> None:
    for name in ("unitree_h1", "booster_t1"):
        robot = load_robot(name)
        assert not robot.role_points["left_knee"].any()


@pytest.mark.parametrize(
    "name",
    ["unitree_h1_2_xml", "unitree_r1_urdf", "unitree_h2_sonic_xml", "fourier_gr1t1",
     "openloong_float_xml", "noetix_n2_urdf", "hightorque_hi_gmr"],
)  # fmt: skip
def test_arms_of_robots_that_can_be_straight_are(name: str) -> None:
    assert straightest(robot_of(name), "arm") < 8.0
