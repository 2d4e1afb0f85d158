"""Roles are found without being told, and told when they cannot be found."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from robot_files import EMBEDDED, anonymous, embedded_xml

from retarget.errors import RoleError
from retarget.robots import RobotModel, load_robot, robot_names

EQUALLY_GOOD = {
    "booster_t1": {"left_hip", "right_hip"},  # both are on the hip's flexion axis, 2 cm apart
    "booster_k1": {"left_wrist", "right_wrist"},  # a forearm without wrist ends where its mesh does
    # All axes of its hips, and of its shoulders, meet in one place.
    "jvrc1": {f"{side}_{role}" for side in ("left", "right") for role in ("hip", "shoulder")},
}


def same_roles(found: RobotModel, given: RobotModel) -> None:
    for role, body in given.roles.items():
        if role not in EQUALLY_GOOD.get(given.name, ()):
            assert found.roles[role] == body, role
            assert found.role_points[role] == pytest.approx(given.role_points[role], abs=2e-3), role


@pytest.mark.parametrize("name", robot_names())
def test_roles_proposed_for_the_bare_model_are_those_of_the_description(name: str) -> None:
    same_roles(load_robot(EMBEDDED / name / "model.xml"), load_robot(name))


@pytest.mark.parametrize("name", robot_names())
def test_geometry_alone_is_enough(name: str, tmp_path: Path) -> None:
    same_roles(load_robot(anonymous(tmp_path, name)), load_robot(name))


def test_names_that_are_swapped_are_seen_through_and_doubted(tmp_path: Path) -> None:
    """Knees, feet and the convention outvote names."""
    text = embedded_xml("unitree_g1")
    turned = text.replace("left_", "TEMP_").replace("right_", "left_").replace("TEMP_", "right_")
    path = tmp_path / "turned.xml"
    path.write_text(turned)
    robot = load_robot(path)
    assert robot.body_names[robot.roles["left_knee"]] == "right_knee_link"
    assert any("the names say otherwise" in note for note in robot.notes)
    assert (robot.upright == np.eye(3)).all()


def test_a_robot_that_looks_along_minus_x_is_turned(tmp_path: Path) -> None:
    """Names, knees and feet outvote the convention."""
    text = embedded_xml("unitree_g1").replace('<freejoint name="floating_base_joint" />', "", 1)
    start, stop = text.index('<body name="pelvis"'), text.index("</worldbody>")
    path = tmp_path / "turned.xml"
    path.write_text(
        f'{text[:start]}<body name="base"><freejoint/><body name="within" euler="0 0 3.14159265358979">'
        f"{text[start:stop]}</body></body>{text[stop:]}"
    )
    robot = load_robot(path)
    assert robot.body_names[robot.roles["left_knee"]] == "left_knee_link"
    assert robot.upright.round(9).tolist() == [[-1, 0, 0], [0, -1, 0], [0, 0, 1]]


def test_a_description_overrides_the_proposal(tmp_path: Path) -> None:
    toml = tmp_path / "robot.toml"
    toml.write_text('[roles]\nchest = { body = "pelvis", point = [0.0, 0.0, 0.2] }\n')
    robot = load_robot(EMBEDDED / "unitree_g1/model.xml", description=toml)
    assert robot.roles["chest"] == 0
    assert robot.role_points["chest"].tolist() == [0, 0, 0.2]
    assert robot.body_names[robot.roles["left_knee"]] == "left_knee_link"


def test_a_role_may_name_a_welded_body(tmp_path: Path) -> None:
    path = tmp_path / "robot.xml"
    hand = '<body name="left_palm" pos="0.1 0 0"/>'
    old = '<joint name="left_wrist_yaw_joint"'
    path.write_text(embedded_xml("unitree_g1").replace(old, hand + old))
    toml = tmp_path / "robot.toml"
    toml.write_text('[roles]\nleft_wrist = "left_palm"\n')
    robot = load_robot(path, description=toml)
    assert robot.body_names[robot.roles["left_wrist"]] == "left_wrist_yaw_link"
    assert robot.role_points["left_wrist"] == pytest.approx([0.1, 0, 0])


def test_toes_are_not_the_foot(tmp_path: Path) -> None:
    toe = (
        '<body name="{side}_front" pos="0.12 0 -0.02"><joint name="{side}_front" axis="0 1 0"/>'
        '<geom type="sphere" size="0.01"/></body>'
    )
    text = embedded_xml("unitree_g1")
    for side in ("left", "right"):
        start = text.index("<joint", text.index(f'<body name="{side}_ankle_roll_link"'))
        text = text[:start] + toe.format(side=side) + text[start:]
    path = tmp_path / "robot.xml"
    path.write_text(text)
    robot = load_robot(path)
    assert robot.joint_count == 31
    assert robot.body_names[robot.roles["left_ankle"]] == "left_ankle_roll_link"
    assert robot.body_names[robot.roles["right_knee"]] == "right_knee_link"


@pytest.mark.parametrize("named", ["body", "joint"])
def test_fingers_are_not_the_arm(named: str, tmp_path: Path) -> None:
    names = {"body": "{side}_thumb_{k}", "joint": "{side}_part_{k}"}
    joint = {"body": "{side}_j_{k}", "joint": "{side}_thumb_{k}"}[named]
    finger = (
        f'<body name="{names[named]}" pos="0.1 0.02 0"><joint name="{joint}" axis="0 1 0"/>'
        '<geom type="sphere" size="0.01"/>{inner}</body>'
    )
    text = embedded_xml("unitree_g1")
    for side in ("left", "right"):
        start = text.index("<joint", text.index(f'<body name="{side}_wrist_yaw_link"'))
        tip = finger.format(side=side, k=1, inner="")
        text = text[:start] + finger.format(side=side, k=0, inner=tip) + text[start:]
    path = tmp_path / "robot.xml"
    path.write_text(text)
    robot = load_robot(path)
    assert robot.joint_count == 33
    assert robot.body_names[robot.roles["left_wrist"]] == "left_wrist_yaw_link"
    assert robot.body_names[robot.roles["left_elbow"]] == "left_elbow_link"


def test_an_unknown_body_is_refused_with_the_bodies_there_are(tmp_path: Path) -> None:
    toml = tmp_path / "robot.toml"
    toml.write_text('[roles]\npelvis = "hips"\n')
    with pytest.raises(RoleError, match=r"role 'pelvis' names the body 'hips'.*bodies are pelvis"):
        load_robot(EMBEDDED / "unitree_g1/model.xml", description=toml)


def test_where_an_elbows_origin_lies_on_its_axis_says_nothing_about_the_wrist(
    tmp_path: Path,
) -> None:
    """Makers put it aside of the forearm, on one side more than on the other, with the twisting joint close by."""
    text, aside, near = embedded_xml("unitree_g1"), 0.06, 0.055
    moved = {}
    for body, along, beside in (
        ("left_elbow_link", 0.0, -aside),
        ("left_wrist_roll_link", near - 0.1, aside),
        ("left_wrist_pitch_link", 0.1 - near, 0.0),
        ("left_wrist_yaw_link", 0.03, 0.0),
    ):
        found = re.search(rf'<body name="{body}" pos="([^"]+)"', text)
        assert found
        x, y, z = map(float, found[1].split())
        moved[found[0]] = f'<body name="{body}" pos="{x + along} {y + beside} {z}"'
    for old, new in moved.items():
        text = text.replace(old, new)
    path = tmp_path / "robot.xml"
    path.write_text(text)
    robot = load_robot(path)
    assert robot.body_names[robot.roles["left_elbow"]] == "left_elbow_link"
    for side in ("left", "right"):
        assert robot.body_names[robot.roles[f"{side}_wrist"]] == f"{side}_wrist_yaw_link"
