"""Robots from files: what is accepted, what is noted, what is refused and how."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from robot_files import EMBEDDED, as_urdf, edited, embedded_xml

from retarget.errors import FileFormatError, RetargetError, RobotError, UnknownNameError
from retarget.kinds import RobotKind
from retarget.robots import RobotSpec, load_robot, read_robot_spec, robot_names
from retarget.robots.kinematics import body_poses

G1_XML = EMBEDDED / "unitree_g1/model.xml"


def test_an_unknown_name_lists_the_known_and_hints_at_paths() -> None:
    with pytest.raises(
        UnknownNameError, match=r"'g2'; known: aldebaran_romeo, .*path of an existing"
    ):
        load_robot("g2")


def test_a_robot_is_loaded_once_and_again_when_its_file_changes(tmp_path: Path) -> None:
    path = tmp_path / "robot.xml"
    path.write_text(embedded_xml("unitree_g1"))
    first = load_robot(path)
    assert load_robot(path) is first
    path.write_text(embedded_xml("unitree_h1"))
    assert load_robot(path).joint_count == 19


def test_the_hash_is_of_the_content_not_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "model.xml"
    path.write_text(embedded_xml("unitree_g1").replace("</worldbody>", "</worldbody><!-- a -->"))
    toml = (EMBEDDED / "unitree_g1/robot.toml").read_text()
    (tmp_path / "robot.toml").write_text(toml)
    same = load_robot(tmp_path / "robot.toml")
    assert same.sha256 == load_robot("unitree_g1").sha256
    (tmp_path / "robot.toml").write_text(toml.replace('"*" = 37.0', '"*" = 36.0'))
    assert load_robot(tmp_path / "robot.toml").sha256 != same.sha256


def test_a_urdf_moves_as_the_mjcf_and_keeps_its_speed_limits(tmp_path: Path) -> None:
    expected = load_robot("unitree_g1")
    path = tmp_path / "robot.urdf"
    path.write_text(as_urdf(expected))
    robot = load_robot(path)
    assert robot.joint_names == expected.joint_names
    assert robot.roles == expected.roles
    assert "added a free joint to 'pelvis'" in robot.notes
    np.testing.assert_allclose(robot.velocity_limits, expected.velocity_limits)
    np.testing.assert_allclose(robot.effort_limits, expected.effort_limits)
    assert robot.sole_radius == expected.sole_radius
    rng = np.random.default_rng(2)
    for _ in range(10):
        joints = rng.uniform(-2, 2, 29)
        for ours, theirs in zip(
            body_poses(robot, joints), body_poses(expected, joints), strict=True
        ):
            np.testing.assert_allclose(ours, theirs, atol=1e-9)


def test_a_urdf_link_with_an_impossible_inertia_is_mended(tmp_path: Path) -> None:
    good = '<inertia ixx="0.01" iyy="0.01" izz="0.01" ixy="0" ixz="0" iyz="0"/>'
    bad = good.replace('ixy="0"', 'ixy="0.02"')  # an eigenvalue below zero
    text = as_urdf(load_robot("unitree_g1"))
    assert good in text
    path = tmp_path / "robot.urdf"
    path.write_text(text.replace(good, bad))
    assert load_robot(path).joint_count == 29


def test_collinear_hinges_are_no_fault(tmp_path: Path) -> None:
    """MuJoCo warns that their inertia is singular, which is of no matter to kinematics."""
    text = embedded_xml("unitree_g1")
    start = text.index('<joint name="waist_yaw_joint"')
    path = tmp_path / "robot.xml"
    path.write_text(f'{text[:start]}<joint name="twin" axis="0 0 1"/>{text[start:]}')
    assert load_robot(path).joint_count == 30  # warnings are errors in these tests


CUBE_MESH = b"solid".ljust(80) + (12).to_bytes(4, "little")


def cube_stl() -> bytes:
    """A binary STL of a cube of 4 cm."""
    corners = np.stack(np.meshgrid(*[[-0.02, 0.02]] * 3, indexing="ij"), -1).reshape(8, 3)
    faces = [(0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1)]
    faces += [(2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3)]
    record = np.zeros(12, dtype=[("v", "<f4", 12), ("a", "<u2")])
    for k, face in enumerate(faces):
        record["v"][k, 3:] = corners[list(face)].ravel()
    return CUBE_MESH + record.tobytes()


def urdf_with_mesh(mesh: str) -> str:
    urdf = as_urdf(load_robot("unitree_g1"))
    collision = f'<collision><geometry><mesh filename="{mesh}"/></geometry></collision>'
    return urdf.replace('<link name="torso_link">', f'<link name="torso_link">{collision}')


@pytest.mark.parametrize("mesh", ["../meshes/cube.stl", "package://my_robot/meshes/cube.stl"])
def test_urdf_meshes_are_found_beside_the_file_and_in_its_package(
    mesh: str, tmp_path: Path
) -> None:
    folder = tmp_path / "my_robot"
    for name in ("urdf", "meshes"):
        (folder / name).mkdir(parents=True)
    (folder / "meshes/cube.stl").write_bytes(cube_stl())
    (folder / "urdf/robot.urdf").write_text(urdf_with_mesh(mesh))
    robot = load_robot(folder / "urdf/robot.urdf")
    torso = robot.roles["chest"]
    assert torso in robot.capsule_bodies
    assert robot.capsule_radii[robot.capsule_bodies == torso] == pytest.approx([0.02], abs=1e-6)


@pytest.mark.parametrize("mesh", ["package://elsewhere/meshes/torso.stl", "torso.dae"])
def test_missing_and_unreadable_meshes_are_left_out_and_noted(mesh: str, tmp_path: Path) -> None:
    path = tmp_path / "robot.urdf"
    path.write_text(urdf_with_mesh(mesh))
    robot = load_robot(path)
    assert any(
        "left out 1 collision meshes" in n and n.endswith("of torso_link") for n in robot.notes
    )


def test_missing_mjcf_meshes_are_left_out_and_noted(tmp_path: Path) -> None:
    path = tmp_path / "robot.xml"
    text = embedded_xml("unitree_g1").replace(
        "<worldbody>", '<asset><mesh name="m" file="gone.stl"/></asset><worldbody>', 1
    )
    geom = '<geom type="mesh" mesh="m"/><geom type="mesh" mesh="m" contype="0" conaffinity="0"/>'
    path.write_text(text.replace('<body name="torso_link"', f'{geom}<body name="torso_link"', 1))
    robot = load_robot(path)
    assert [n for n in robot.notes if "collision meshes" in n] == [
        "left out 1 collision meshes whose files are missing or unreadable: of waist_roll_link"
    ]


def with_waist(kind: str, tmp_path: Path) -> Path:
    """A G1 whose waist turns by a joint of another kind."""
    hinge = next(
        line.strip()
        for line in embedded_xml("unitree_g1").splitlines()
        if "waist_yaw_joint" in line
    )
    return edited(tmp_path, hinge, f'<joint name="waist" type="{kind}"/>')


def test_what_slides_is_left_where_it_is_and_noted(tmp_path: Path) -> None:
    robot = load_robot(with_waist("slide", tmp_path))
    waist = robot.joint_names.index("waist")
    assert robot.held[waist] and robot.neutral[waist] == 0 and not robot.axes[waist + 1].any()
    assert any(note.startswith("waist cannot turn") for note in robot.notes)


def test_a_ball_joint_becomes_three_hinges_and_is_noted(tmp_path: Path) -> None:
    robot = load_robot(with_waist("ball", tmp_path))
    assert robot.joint_count == 31
    assert [n for n in robot.joint_names if "waist_" in n][:3] == ["waist_x", "waist_y", "waist_z"]
    assert any("three hinges" in note for note in robot.notes)


def test_a_base_on_a_hinge_is_refused(tmp_path: Path) -> None:
    path = edited(
        tmp_path, '<freejoint name="floating_base_joint" />', '<joint name="root" axis="0 0 1"/>'
    )
    with pytest.raises(RobotError, match=r"base body 'pelvis' is moved by joint 'root'"):
        load_robot(path)


def test_things_beside_the_robot_are_ignored_and_noted(tmp_path: Path) -> None:
    ball = '<body name="ball"><freejoint/><geom type="sphere" size="0.1"/></body>'
    robot = load_robot(edited(tmp_path, "<worldbody>", f"<worldbody>{ball}"))
    assert robot.joint_count == 29
    assert "ignored 'ball', which is not part of the robot" in robot.notes


def test_soles_of_a_description_may_have_different_counts(tmp_path: Path) -> None:
    toml = tmp_path / "robot.toml"
    toml.write_text(
        "[soles]\nradius = 0.005\nleft = [[0.1, 0.0, -0.03], [-0.1, 0.0, -0.03]]\n"
        "right = [[0.1, 0.0, -0.03]]\n"
    )
    robot = load_robot(EMBEDDED / "booster_t1/model.xml", description=toml)
    assert robot.soles.shape == (2, 2, 3)
    assert robot.soles[1, 0].tolist() == robot.soles[1, 1].tolist()
    assert robot.sole_radius == 0.005


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gone.xml", None, "gone.xml: no such file"),
        ("empty.xml", "", "empty.xml:1: not XML"),
        ("half.xml", "<mujoco><worldbody>", "half.xml:1: not XML"),
        ("page.xml", "<html/>", "page.xml: the outermost element is <html>"),
        ("arm.xml", "<mujoco><worldbody/></mujoco>", "arm.xml: holds no body with joints"),
        ("typo.xml", "<mujoco><worlbody/></mujoco>", "typo.xml: .*worlbody"),
    ],
)
def test_files_that_are_no_robots_get_one_clear_line(
    name: str, content: str | None, message: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    with pytest.raises(RetargetError, match=message) as caught:
        load_robot(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name = ", "robot.toml: is not TOML"),
        ("weight = 3", r"unknown key 'weight'; keys there are name, display_name, maker"),
        ("[source]\nauthor = 'me'", r"unknown key 'source.author'; keys there are package"),
        ("[roles]\ntail = 'x'", r"unknown role 'tail'; roles are pelvis, chest, left_hip"),
        ("[velocity_limits]\nknee = -1", r"velocity_limits.knee: .*greater than 0"),
        ("[velocity_limits]\nknee = inf", r"velocity_limits.knee: .*finite"),
        ("[acceleration_limits]\nknee = 0", r"acceleration_limits.knee: .*greater than 0"),
        ("[soles]\nleft = []\nright = []", r"soles.left: .*at least 1"),
    ],
)
def test_a_description_is_validated(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "robot.toml"
    path.write_text(content)
    with pytest.raises(FileFormatError, match=message):
        read_robot_spec(path)


def test_a_pattern_that_matches_no_joint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "robot.toml"
    for table in ("velocity_limits", "acceleration_limits", "effort_limits", "neutral"):
        path.write_text(f'[{table}]\n"*_kne_joint" = 3.0\n')
        with pytest.raises(RobotError, match=r"no joint matches '\*_kne_joint'"):
            load_robot(G1_XML, description=path)


def test_acceleration_limits_are_those_of_the_description_and_unlimited_without(
    tmp_path: Path,
) -> None:
    path = tmp_path / "robot.toml"
    path.write_text('[acceleration_limits]\n"*_knee_joint" = 150.0\n')
    robot = load_robot(G1_XML, description=path)
    knees = [name.endswith("_knee_joint") for name in robot.joint_names]
    assert robot.acceleration_limits.tolist() == [150.0 if knee else np.inf for knee in knees]
    assert robot.sha256 != load_robot("unitree_g1").sha256
    assert np.isinf(load_robot("unitree_g1").acceleration_limits).all()


def test_of_several_patterns_the_first_counts() -> None:
    spec = RobotSpec(velocity_limits={"left_*": 1.0, "*_knee": 2.0})
    assert spec.velocity_limit("left_knee") == 1.0
    assert spec.velocity_limit("right_knee") == 2.0
    assert spec.velocity_limit("torso") == float("inf")


def test_a_description_without_model_cannot_be_loaded_alone(tmp_path: Path) -> None:
    path = tmp_path / "robot.toml"
    path.write_text('name = "x"\n')
    with pytest.raises(FileFormatError, match="names no model file"):
        load_robot(path)


def test_where_the_robot_stands_in_its_file_does_not_matter(tmp_path: Path) -> None:
    old = '<body name="pelvis" pos="0 0 0.793">'
    robot = load_robot(edited(tmp_path, old, old.replace(">", ' quat="0.5 0.5 0.5 0.5">')))
    assert robot.soles.tolist() == load_robot("unitree_g1").soles.tolist()


@pytest.mark.parametrize("turn", ["1.5707963 0 0", "0 0 3.1415927", "0 0.4 1.1", "1.5707963 0 2"])
def test_a_base_with_any_frame_stands_with_it_turned(turn: str, tmp_path: Path) -> None:
    text = embedded_xml("unitree_g1").replace('<freejoint name="floating_base_joint" />', "", 1)
    start, stop = text.index('<body name="pelvis"'), text.index("</worldbody>")
    path = tmp_path / "turned.xml"
    path.write_text(
        f'{text[:start]}<body name="base"><freejoint/><body name="within" euler="{turn}">'
        f"{text[start:stop]}</body></body>{text[stop:]}"
    )
    robot, plain = load_robot(path), load_robot(EMBEDDED / "unitree_g1/model.xml")
    assert robot.roles == plain.roles
    assert any("base's frame is not x ahead" in note for note in robot.notes)
    np.testing.assert_allclose(robot.soles, plain.soles, atol=2e-3)
    ours, _ = body_poses(robot, robot.neutral, robot.upright)
    theirs, _ = body_poses(plain, plain.neutral)
    # The base's own origin is elsewhere; all that moves is where it was.
    np.testing.assert_allclose((ours - ours[1])[1:], (theirs - theirs[1])[1:], atol=2e-3)


def test_every_embedded_robot_is_a_kind_and_loads_by_it() -> None:
    assert {str(kind) for kind in RobotKind.members()} >= set(robot_names())
    for name in robot_names():
        assert load_robot(RobotKind(name)).name == name
