"""Gears, mimics and closed loops are obeyed in every frame, or the model is refused with the reason."""

from __future__ import annotations

import re
from pathlib import Path

import mujoco
import numpy as np
import pytest
from robot_files import embedded_xml

from retarget.errors import RobotError
from retarget.evaluation.frames.standing.feet import robot_soles
from retarget.robots import RobotModel, load_robot
from retarget.robots.held import moving_part

FINGER = (
    '<body name="{name}" pos="0.1 0 0"><inertial pos="0 0 0" mass="0.01" diaginertia="1e-6 1e-6 1e-6"/>'
    '<joint name="{name}" axis="0 0 1" range="-2 2" {more}/>{inner}</body>'
)
CRANK = (
    '<body name="crank" pos="-0.05 0 -0.1"><inertial pos="0 0 0" mass="0.05" diaginertia="1e-5 1e-5 1e-5"/>'
    '<joint name="crank" axis="0 1 0" range="-2 2"/>'
    '<body name="rod" pos="-0.05 0 0"><inertial pos="0 0 -0.1" mass="0.02" diaginertia="1e-5 1e-5 1e-5"/>'
    '<joint name="rod" type="ball"/></body></body>'
)


def with_parts(tmp_path: Path, carrier: str, part: str, equality: str) -> Path:
    """A G1 with something more on a body, and an equality constraint."""
    text, count = re.subn(
        rf'(<body name="{carrier}"[^>]*>)', rf"\1{part}", embedded_xml("unitree_g1")
    )
    assert count == 1
    path = tmp_path / "robot.xml"
    path.write_text(text.replace("<contact>", f"<equality>{equality}</equality><contact>"))
    return path


def random_postures(robot: RobotModel, count: int = 20) -> np.ndarray:
    """Configurations with all joints of the solve somewhere within their limits."""
    part = moving_part(robot)
    random = np.random.default_rng(3)
    joints = part.robot.neutral + random.uniform(-0.3, 0.3, (count, part.robot.joint_count)) * (
        part.robot.upper - part.robot.lower
    )
    qpos = np.zeros((count, part.robot.qpos_size))
    qpos[:, 3] = 1
    qpos[:, 7:] = np.clip(joints, part.robot.lower, part.robot.upper)
    return part.whole(qpos)


def joint(robot: RobotModel, name: str) -> int:
    return 7 + robot.joint_names.index(name)


def test_fingers_follow_fingers_and_stand_with_them(tmp_path: Path) -> None:
    inner = FINGER.format(name="tip", more="", inner="")
    part = FINGER.format(name="root", more='ref="0.2"', inner=inner)
    equality = '<joint joint1="tip" joint2="root" polycoef="0.3 2 0.5 0 0"/>'
    robot = load_robot(with_parts(tmp_path, "left_wrist_yaw_link", part, equality))
    qpos = random_postures(robot)
    root = qpos[:, joint(robot, "root")] - 0.2  # from its reference, as MuJoCo has it
    expected = 0.3 + 2 * root + 0.5 * root**2
    np.testing.assert_allclose(qpos[:, joint(robot, "tip")], expected, atol=1e-12)


def test_a_gear_turns_with_the_joint_that_a_role_needs(tmp_path: Path) -> None:
    gear = FINGER.format(name="gear", more="", inner="")
    equality = '<joint joint1="left_elbow_joint" joint2="gear" polycoef="0 -0.5 0 0 0"/>'
    robot = load_robot(with_parts(tmp_path, "left_shoulder_yaw_link", gear, equality))
    assert robot.held[joint(robot, "gear") - 7]
    assert not robot.held[joint(robot, "left_elbow_joint") - 7]
    qpos = random_postures(robot)
    elbow, turned = (qpos[:, joint(robot, name)] for name in ("left_elbow_joint", "gear"))
    np.testing.assert_allclose(elbow, -0.5 * turned, atol=1e-12)
    assert np.abs(turned).max() <= 2.0  # the gear's own range bounds the elbow
    assert np.ptp(elbow) > 0.5


def test_hips_that_share_a_motor_stand_still(tmp_path: Path) -> None:
    equality = (
        '<joint joint1="left_hip_yaw_joint" joint2="right_hip_yaw_joint" polycoef="0 1 0 0 0"/>'
    )
    robot = load_robot(with_parts(tmp_path, "pelvis", "", equality))
    qpos = random_postures(robot)
    for name in ("left_hip_yaw_joint", "right_hip_yaw_joint"):
        assert robot.held[joint(robot, name) - 7]
        assert not qpos[:, joint(robot, name)].any()
    assert any("both are held" in note for note in robot.notes)


@pytest.mark.parametrize("shared", ["yaw", "all"])
def test_soles_have_a_front_where_hips_stand_still(shared: str, tmp_path: Path) -> None:
    hips = ("pitch", "roll", "yaw") if shared == "all" else ("pitch", "roll")
    equality = "".join(
        f'<joint joint1="left_hip_{hip}_joint" joint2="right_hip_{hip}_joint"/>' for hip in hips
    )
    robot = moving_part(load_robot(with_parts(tmp_path, "pelvis", "", equality))).robot
    assert robot.roles["left_hip"] == robot.roles["right_hip"]
    soles = robot_soles(robot)
    assert np.allclose(soles.ends, robot_soles(load_robot("unitree_g1")).ends, atol=1e-3)
    assert (np.linalg.norm(soles.ends[:, 0] - soles.ends[:, 1], axis=1) > 0.15).all()


def test_knees_that_are_not_free_are_refused(tmp_path: Path) -> None:
    equality = (
        '<joint joint1="left_knee_joint" joint2="left_hip_pitch_joint" polycoef="0 1 0 0 0"/>'
    )
    with pytest.raises(RobotError, match="'left_knee_joint' follows 'left_hip_pitch_joint'"):
        load_robot(with_parts(tmp_path, "pelvis", "", equality))


def parallel_ankle(tmp_path: Path) -> Path:
    """A crank at the shank and a rod from it to the foot."""
    return with_parts(
        tmp_path,
        "left_knee_link",
        CRANK,
        '<connect body1="left_ankle_roll_link" body2="rod" anchor="-0.08 0 0.01"/>',
    )


def test_rods_of_a_parallel_ankle_are_where_mujoco_has_them(tmp_path: Path) -> None:
    path = parallel_ankle(tmp_path)
    robot = load_robot(path)
    assert any("left_ankle_roll_link to rod" in note for note in robot.notes)
    for name in ("left_ankle_pitch_joint", "left_ankle_roll_joint"):
        assert not robot.held[joint(robot, name) - 7]
    qpos = random_postures(robot)
    assert np.ptp(qpos[:, joint(robot, "crank")]) > 0.05
    model = mujoco.MjModel.from_xml_path(str(path))
    data = mujoco.MjData(model)
    address = {model.joint(j).name: int(model.jnt_qposadr[j]) for j in range(model.njnt)}
    for configuration in qpos:
        data.qpos[:7] = configuration[:7]
        for name, angle in zip(robot.joint_names, configuration[7:], strict=True):
            if name in address:
                data.qpos[address[name]] = angle
        x, y, z = (configuration[joint(robot, f"rod_{axis}")] for axis in "xyz")
        turn = np.array([1.0, 0, 0, 0])
        for axis, angle in zip(np.eye(3), (x, y, z), strict=True):
            step = np.zeros(4)
            mujoco.mju_axisAngle2Quat(step, axis, angle)
            product = np.zeros(4)
            mujoco.mju_mulQuat(product, turn, step)
            turn = product
        data.qpos[address["rod"] : address["rod"] + 4] = turn
        mujoco.mj_forward(model, data)
        own = data.efc_type == mujoco.mjtConstraint.mjCNSTR_EQUALITY
        assert own.sum() == 3
        np.testing.assert_allclose(data.efc_pos[own], 0.0, atol=1e-4)


def test_a_loop_that_binds_joints_of_roles_is_refused(tmp_path: Path) -> None:
    bar = CRANK.replace('type="ball"', 'axis="0 1 0" range="-0.05 0.05"').replace(
        "-2 2", "-0.05 0.05"
    )
    path = with_parts(
        tmp_path,
        "left_knee_link",
        bar,
        '<connect body1="left_ankle_roll_link" body2="rod" anchor="-0.08 0 0.01"/>',
    )
    with pytest.raises(RobotError, match=r"cannot move by itself: the closed loop"):
        load_robot(path)


def test_models_without_any_are_as_they_were() -> None:
    robot = load_robot("unitree_g1")
    assert not len(robot.couplings.dependents) and not len(robot.loops.bodies)
    assert not moving_part(robot).follows
