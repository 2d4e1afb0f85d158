"""Models as people write them for themselves: few joints, half an inertia, arms on the world, a scene around them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from robot_files import EMBEDDED, edited, embedded_xml

from retarget.errors import FileFormatError, RobotError, RoleError
from retarget.robots import load_robot
from retarget.robots.held import moving_part
from retarget.targets.robot_frames import robot_anatomy

FULL = '<mass value="2"/><inertia ixx="0.02" iyy="0.02" izz="0.01" ixy="0" ixz="0" iyz="0"/>'


def link(name: str, size: str, place: str = "0 0 0", inertial: str = FULL) -> str:
    return (
        f'<link name="{name}"><inertial>{inertial}</inertial><collision><origin xyz="{place}"/>'
        f'<geometry><box size="{size}"/></geometry></collision></link>'
    )


def hinge(name: str, parent: str, child: str, place: str, axis: str, limits: str) -> str:
    low, high = limits.split()
    return (
        f'<joint name="{name}" type="revolute"><parent link="{parent}"/><child link="{child}"/>'
        f'<origin xyz="{place}"/><axis xyz="{axis}"/>'
        f'<limit lower="{low}" upper="{high}" effort="50" velocity="6"/></joint>'
    )


def box_figure(tmp_path: Path, axis: str = "0 1 0", inertial: str = FULL) -> Path:
    """A figure of boxes with hip, knee, ankle, shoulder and elbow, one hinge each."""
    parts = [link("torso", "0.2 0.3 0.5", "0 0 0.25", inertial)]
    for side, y in (("left", 1), ("right", -1)):
        parts += [
            hinge(f"{side}_hip", "torso", f"{side}_thigh", f"0 {0.1 * y} 0", axis, "-2 1"),
            link(f"{side}_thigh", "0.1 0.1 0.4", "0 0 -0.2", inertial),
            hinge(f"{side}_knee", f"{side}_thigh", f"{side}_shin", "0 0 -0.4", axis, "0 2.4"),
            link(f"{side}_shin", "0.1 0.1 0.4", "0 0 -0.2", inertial),
            hinge(f"{side}_ankle", f"{side}_shin", f"{side}_foot", "0 0 -0.4", axis, "-1 1"),
            link(f"{side}_foot", "0.2 0.1 0.04", "0.05 0 -0.02", inertial),
            hinge(
                f"{side}_shoulder", "torso", f"{side}_upper_arm", f"0 {0.2 * y} 0.45", axis, "-3 1"
            ),
            link(f"{side}_upper_arm", "0.08 0.08 0.3", "0 0 -0.15", inertial),
            hinge(
                f"{side}_elbow",
                f"{side}_upper_arm",
                f"{side}_forearm",
                "0 0 -0.3",
                axis,
                "-2.4 0",
            ),
            link(f"{side}_forearm", "0.08 0.08 0.25", "0 0 0", inertial),  # around its joint
        ]
    path = tmp_path / "figure.urdf"
    path.write_text(f'<robot name="figure">{"".join(parts)}</robot>')
    return path


def test_arms_of_two_joints_are_arms_if_they_are_called_so(tmp_path: Path) -> None:
    robot = load_robot(box_figure(tmp_path))
    names = {role: robot.body_names[body] for role, body in robot.roles.items()}
    assert names["left_shoulder"] == "left_upper_arm"
    assert names["left_elbow"] == names["left_wrist"] == "left_forearm"
    assert robot.role_points["left_wrist"][2] == pytest.approx(-0.27, abs=0.01)
    assert not robot.held.any()
    text = (tmp_path / "figure.urdf").read_text()
    for part in ("shoulder", "elbow", "upper_arm", "forearm"):
        text = text.replace(part, "antenna" if part == "shoulder" else f"part_{len(part)}")
    (tmp_path / "ears.urdf").write_text(text)
    assert not load_robot(tmp_path / "ears.urdf").has("arm")


def test_a_knee_that_bends_aside_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(RoleError, match="'left_knee' is called a knee and bends the leg aside"):
        load_robot(box_figure(tmp_path, axis="1 0 0"))


@pytest.mark.parametrize(
    "inertial",
    [
        '<mass value="2"/><inertia ixx="0.02" iyy="0.02" izz="0.01"/>',
        '<mass value="2"/>',
        '<inertia ixx="0.02" iyy="0.02" izz="0.01"/>',
        "",
    ],
)
def test_what_an_inertia_does_not_state_is_zero_and_told(inertial: str, tmp_path: Path) -> None:
    robot = load_robot(box_figure(tmp_path, inertial=inertial))
    assert any("not stated count as zero: of torso, left_thigh" in note for note in robot.notes)
    assert robot.masses[1] == pytest.approx(2.0 if "mass" in inertial else 0.0, abs=1e-6)


def test_a_model_of_which_nothing_moves_says_so(tmp_path: Path) -> None:
    path = box_figure(tmp_path)
    path.write_text(path.read_text().replace('"revolute"', '"fixed"'))
    with pytest.raises(RobotError, match="holds no body with joints: its 11 bodies are all fixed"):
        load_robot(path)


def test_a_scene_with_lights_tendons_and_mocap_bodies_is_no_hindrance(tmp_path: Path) -> None:
    scene = """<worldbody><light mode="targetbody" target="ball" pos="0 0 3"/>
      <camera name="c" mode="targetbody" target="ball" pos="3 0 1"/>
      <body name="ball" pos="1 0 1"><freejoint/><geom type="sphere" size="0.1"/></body>
      <body name="aim" mocap="true"><geom type="box" size="0.1 0.1 0.1"/></body>"""
    path = edited(tmp_path, "<worldbody>", scene)
    bare = tmp_path / "bare"
    bare.mkdir()
    rest = """<tendon><fixed name="both_knees"><joint joint="left_knee_joint" coef="1"/>
      <joint joint="right_knee_joint" coef="1"/></fixed></tendon>
      <actuator><position name="knees" tendon="both_knees" kp="10"/>
      <general name="wind" body="torso_link"/></actuator></mujoco>"""
    path.write_text(path.read_text().replace("</mujoco>", rest))
    robot = load_robot(path)
    assert robot.sha256 == load_robot(edited(bare, "<worldbody>", "<worldbody>")).sha256
    path.write_text(
        path.read_text().replace('<body name="pelvis"', '<body name="pelvis" mocap="true"')
    )
    path.write_text(re.sub(r'<freejoint name="floating_base_joint" ?/>', "", path.read_text()))
    assert load_robot(path).joint_count == 29


def test_arms_that_are_fastened_to_the_world_get_one_base(tmp_path: Path) -> None:
    path = tmp_path / "arms.xml"
    path.write_text(two_arms())
    robot = load_robot(path)
    assert not robot.has("leg") and robot.body_names[0] == "base"
    assert {robot.body_names[robot.roles[f"{s}_elbow"]] for s in ("left", "right")} == {
        "left_forearm",
        "right_forearm",
    }
    assert any("are fastened to the world: one base was put under them" in n for n in robot.notes)


def two_arms() -> str:
    """Two arms that hang on the world, and a door that is no arm."""

    def arm(side: str, y: float) -> str:
        return f"""<body name="{side}_arm" pos="0 {y} 1.4"><joint name="{side}_shoulder_pitch" axis="0 1 0"/>
          <geom type="sphere" size="0.05"/>
          <body name="{side}_upper_arm"><joint name="{side}_shoulder_roll" axis="1 0 0"/>
            <geom type="capsule" size="0.04" fromto="0 0 0 0 0 -0.3"/>
            <body name="{side}_forearm" pos="0 0 -0.3"><joint name="{side}_elbow" axis="0 1 0" range="-2.4 0"/>
              <geom type="capsule" size="0.03" fromto="0 0 0 0 0 -0.25"/></body></body></body>"""

    door = '<body name="door" pos="2 0 1"><joint axis="0 0 1"/><geom type="box" size="0.5 0.02 1"/></body>'
    return (
        '<mujoco><compiler angle="radian"/><default><joint range="-2 2"/></default><worldbody>'
        f"{door}{arm('left', 0.2)}{arm('right', -0.2)}</worldbody></mujoco>"
    )


def test_a_shank_that_slides_a_little_in_its_knee_is_part_of_the_leg(tmp_path: Path) -> None:
    """Models of the human body have knees that roll and slide, and kneecaps that slide beside them."""
    text = embedded_xml("booster_t1")
    for side in ("Left", "Right"):
        body = re.search(rf'<body name="Shank_{side}"[^>]*>', text)
        assert body is not None
        slide = f'<joint name="{side}_knee_slides" type="slide" axis="1 0 0" range="-0.01 0.01"/>'
        text = text.replace(body[0], f"{cap(side)}{body[0]}{slide}")
    path = tmp_path / "kneecaps.xml"
    path.write_text(text)
    robot, plain = load_robot(path), load_robot(EMBEDDED / "booster_t1/model.xml")
    for role in ("left_hip", "left_knee", "left_ankle", "right_knee"):
        name = robot.body_names[robot.roles[role]].split("/")[0]
        assert name == plain.body_names[plain.roles[role]], role


def cap(side: str) -> str:
    return (
        f'<body name="cap_{side}" pos="0.05 0 -0.1"><joint name="cap_{side}_slides" type="slide" range="-0.01 0.01"/>'
        '<geom type="sphere" size="0.01" mass="0.05"/></body>'
    )


def test_arms_that_are_copies_turned_about_keep_their_ranges(tmp_path: Path) -> None:
    """Beyond an upper arm that turns all the way round, an elbow may bend either way at zero angles."""

    def arm(side: str, y: float, turn: str) -> str:
        return f"""<body name="{side}_clavicle" pos="0 {y} 0.5" euler="{turn}">
          <body name="{side}_shoulder"><joint name="{side}_shoulder_1" axis="1 0 0" range="-2 2"/>
            <geom type="sphere" size="0.05"/>
            <body name="{side}_upper"><joint name="{side}_shoulder_2" axis="0 1 0" range="-2 2"/>
              <geom type="sphere" size="0.05"/>
              <body name="{side}_upper_arm"><joint name="{side}_twist" axis="0 0 1"/>
                <geom type="capsule" size="0.04" fromto="0 0 0 0 0 -0.3"/>
                <body name="{side}_forearm" pos="0 0 -0.3"><joint name="{side}_elbow" axis="0 1 0" range="-2.4 0"/>
                  <geom type="capsule" size="0.03" fromto="0 0 0 0 0 -0.25"/></body></body></body></body></body>"""

    path = tmp_path / "copies.xml"
    path.write_text(
        '<mujoco><compiler angle="radian"/><worldbody><body name="base"><geom type="box" size="0.1 0.1 0.5"/>'
        f"{arm('left', 0.2, '0 0 0')}{arm('right', -0.2, '0 0 3.14159265')}</body></worldbody></mujoco>"
    )
    robot = load_robot(path)
    for side in ("left", "right"):
        elbow = robot.joint_names.index(f"{side}_elbow")
        assert (robot.lower[elbow], robot.upper[elbow]) == pytest.approx((-2.4, 0.0))
    frames = robot_anatomy(moving_part(robot).robot).frames
    left, right = (frames[f"{side}_forearm"] for side in ("left", "right"))
    assert left == pytest.approx(right, abs=1e-6)  # in bodies that are turned about, so are they


def test_the_play_of_gears_is_no_joint_of_the_robot(tmp_path: Path) -> None:
    """Simulators model it as a hinge of half a degree beside each real one."""

    def with_play(joint: re.Match[str]) -> str:
        name, axis = (re.search(rf'{key}="([^"]+)"', joint[0]) for key in ("name", "axis"))
        assert name is not None
        about = axis[1] if axis is not None else "0 0 1"
        play = f'<joint name="{name[1]}_backlash" axis="{about}" range="-0.0087 0.0087"/>'
        return f"{joint[0]}{play}"

    path = tmp_path / "play.xml"
    path.write_text(re.sub(r"<joint name=[^>]*/>", with_play, embedded_xml("unitree_g1")))
    robot = load_robot(path)
    assert robot.joint_count == 58 and robot.held.sum() == 29
    assert all(
        "_backlash" in name
        for name, held in zip(robot.joint_names, robot.held, strict=True)
        if held
    )
    plain = load_robot(EMBEDDED / "unitree_g1/model.xml")
    ours, theirs = (robot_anatomy(moving_part(one).robot) for one in (robot, plain))
    assert ours.lengths == pytest.approx(theirs.lengths)


def test_a_ball_for_an_elbow_leaves_the_shoulder_where_its_hinges_meet(tmp_path: Path) -> None:
    """Models of the human body have arms drawn a little crooked, and elbows of three hinges."""

    def ball(name: str) -> str:
        axes = zip("xyz", ("1 0 0", "0 1 0", "0 0 1"), strict=True)
        return "".join(f'<joint name="{name}_{k}" axis="{axis}"/>' for k, axis in axes)

    def arm(side: str, y: float) -> str:
        return f"""<body name="{side}_shoulder" pos="0 {y} 0.4">{ball(f"{side}_shoulder")}
          <geom type="capsule" size="0.05" fromto="0 0 0 -0.04 {1.2 * y} -0.07"/>
          <body name="{side}_elbow" pos="-0.04 {1.2 * y} -0.07">{ball(f"{side}_elbow")}
            <geom type="capsule" size="0.04" fromto="0 0 0 0 {1.2 * y} 0.02"/>
            <body name="{side}_wrist" pos="0 {1.2 * y} 0.02">{ball(f"{side}_wrist")}
              <geom type="box" size="0.04 0.05 0.01" pos="0 {y / 5} 0"/></body></body></body>"""

    path = tmp_path / "crooked.xml"
    path.write_text(
        '<mujoco><compiler angle="radian"/><worldbody><body name="trunk"><geom type="box" size="0.1 0.1 0.4"/>'
        f"{arm('left', 0.2)}{arm('right', -0.2)}</body></worldbody></mujoco>"
    )
    robot = load_robot(path)
    for side in ("left", "right"):
        body = robot.body_names[robot.roles[f"{side}_shoulder"]]
        assert (
            body.startswith(f"{side}_shoulder") and not robot.role_points[f"{side}_shoulder"].any()
        )
    assert not any("collarbones" in note and "shoulder" in note for note in robot.notes)


def test_a_robot_that_a_scene_attaches_is_found(tmp_path: Path) -> None:
    robot = edited(tmp_path, "<worldbody>", "<worldbody>")
    scene = tmp_path / "scene.xml"
    scene.write_text(
        f'<mujoco><asset><model name="g1" file="{robot.name}"/><model name="unused" file="gone.xml"/></asset>'
        "<worldbody>"
        '<geom type="plane" size="1 1 1"/><frame pos="0 0 0.1"><attach model="g1" body="pelvis" prefix="a_"/></frame>'
        "</worldbody></mujoco>"
    )
    found = load_robot(scene)
    assert found.joint_count == 29 and found.body_names[0] == "a_pelvis"
    text = scene.read_text().replace(robot.name, "absent.xml")
    scene.write_text(text)
    with pytest.raises(FileFormatError, match=r"attaches 'absent\.xml', which is not there"):
        load_robot(scene)


def test_of_what_a_joint_states_twice_the_first_counts(tmp_path: Path) -> None:
    path = box_figure(tmp_path)
    axis = '<axis xyz="0 1 0"/>'
    path.write_text(path.read_text().replace(axis, f'{axis}<axis xyz="1 0 0"/>'))
    assert any("states twice the first counts: of left_hip" in n for n in load_robot(path).notes)


def test_legs_that_are_bent_by_joints_that_do_not_mirror_each_other_are_refused(
    tmp_path: Path,
) -> None:
    """An axis that was forgotten is x in URDF: the ankle, the next that bends the leg, is no knee."""
    path = box_figure(tmp_path)
    text = path.read_text().replace("knee", "joint")  # names do not tell
    axis = text.index("<axis", text.index('<joint name="left_joint"'))
    path.write_text(f"{text[:axis]}{text[text.index('/>', axis) + 2 :]}")
    with pytest.raises(RoleError, match=r"left knee would be 'left_ankle'.*'left_joint'; correct"):
        load_robot(path)
