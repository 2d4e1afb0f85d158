"""Tracks: poses and velocities of joints and links as MuJoCo has them."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np
import pytest
from robot_motions import EMBEDDED, mujoco_model, smooth_motion, unitree_dance

from retarget.errors import OptionsError, RobotError, UnknownNameError
from retarget.robots import load_robot, robot_names
from retarget.tracks import Tracks, link_set, make_tracks

FPS = 50.0


def mujoco_links(model: mujoco.MjModel, tracks: Tracks, t: int, names: tuple[str, ...]) -> dict:
    """Poses and velocities of links in one frame, from MuJoCo's kinematics of base and joints."""
    data = mujoco.MjData(model)
    data.qpos[:3], data.qpos[3:7] = tracks.root_position[t], tracks.root_rotation[t]
    data.qvel[:3], data.qvel[3:6] = tracks.root_velocity[t], tracks.root_spin_local[t]
    for joint, name in enumerate(tracks.links.joint_names):
        data.qpos[model.joint(name).qposadr[0]] = tracks.joint_position[t, joint]
        data.qvel[model.joint(name).dofadr[0]] = tracks.joint_velocity[t, joint]
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    mujoco.mj_comVel(model, data)
    found: dict[str, list] = {
        "position": [],
        "rotation": [],
        "velocity": [],
        "centre": [],
        "spin": [],
    }
    buffer = np.zeros(6)
    for name in names:
        body = model.body(name).id
        found["position"].append(data.xpos[body].copy())
        found["rotation"].append(data.xquat[body].copy())
        mujoco.mj_objectVelocity(model, data, mujoco.mjtObj.mjOBJ_XBODY, body, buffer, 0)
        found["velocity"].append(buffer[3:].copy())
        found["spin"].append(buffer[:3].copy())
        mujoco.mj_objectVelocity(model, data, mujoco.mjtObj.mjOBJ_BODY, body, buffer, 0)
        found["centre"].append(buffer[3:].copy())
    return {key: np.array(values) for key, values in found.items()}


def assert_as_mujoco(tracks: Tracks, model: mujoco.MjModel) -> None:
    bodies, names = tracks.bodies, tracks.links.names
    for t in (0, 1, len(tracks) // 2, len(tracks) - 1):
        expected = mujoco_links(model, tracks, t, names)
        np.testing.assert_allclose(bodies.position[t], expected["position"], atol=1e-10)
        same = np.abs(np.sum(bodies.rotation[t] * expected["rotation"], axis=1))
        np.testing.assert_allclose(same, 1.0, atol=1e-12)
        np.testing.assert_allclose(bodies.velocity[t], expected["velocity"], atol=1e-9)
        np.testing.assert_allclose(bodies.spin[t], expected["spin"], atol=1e-9)
        np.testing.assert_allclose(bodies.centre_velocity[t], expected["centre"], atol=1e-9)


@pytest.mark.parametrize("name", robot_names())
def test_links_are_and_move_where_mujoco_has_them(name: str) -> None:
    robot = load_robot(name)
    tracks = make_tracks(smooth_motion(robot), FPS, robot, links=link_set(robot, fixed=True))
    assert_as_mujoco(tracks, mujoco_model(name))


def test_links_with_offset_joints_several_hinges_and_welds_keep_the_frames_of_their_file(
    tmp_path: Path,
) -> None:
    text = (EMBEDDED / "unitree_g1" / "model.xml").read_text()
    hinge = '<joint name="left_hip_roll_joint" axis="1 0 0"'
    assert text.count(hinge) == 1
    text = text.replace(hinge, hinge + ' pos="0.02 -0.03 0.04"')
    hinge = '<joint name="left_wrist_yaw_joint"'
    extra = '<joint name="left_wrist_extra" axis="1 0 0" pos="0.01 0 0" range="-1 1" />'
    text = text.replace(hinge, extra + hinge)
    place = '<body name="right_wrist_yaw_link" pos="0.046 0 0">'
    hand = (
        '<body name="right_hand" pos="0.05 0.01 -0.02" quat="0.8 0 0.6 0"><inertial pos="0.03 0 0" mass="0.4" '
        'diaginertia="0.001 0.001 0.001" /></body>'
    )
    assert text.count(place) == 1
    text = text.replace(place, place + hand)
    (tmp_path / "g1.xml").write_text(text)
    robot = load_robot(tmp_path / "g1.xml", description=EMBEDDED / "unitree_g1" / "robot.toml")
    tracks = make_tracks(smooth_motion(robot), FPS, robot, links=link_set(robot, fixed=True))
    assert "right_hand" in tracks.links.names
    assert_as_mujoco(tracks, mujoco.MjModel.from_xml_path(str(tmp_path / "g1.xml")))
    yaw = tracks.links.names.index("left_wrist_yaw_link")
    assert [robot.joint_names[j] for j in tracks.links.joints[yaw]] == [
        "left_wrist_extra",
        "left_wrist_yaw_joint",
    ]
    # Where the hand is not listed it is part of what it is welded to, as importers merge it.
    merged = link_set(robot)
    at = merged.names.index("right_wrist_yaw_link")
    np.testing.assert_allclose(
        merged.mass_centres[at], robot.mass_centres[merged.bodies[at]], atol=1e-12
    )


def test_velocities_are_those_of_mujocos_differences() -> None:
    robot, model = load_robot("unitree_g1"), mujoco_model("unitree_g1")
    qpos = unitree_dance()
    qpos[:, 3:7] /= np.linalg.norm(qpos[:, 3:7], axis=1, keepdims=True)  # six decimals in the file
    tracks = make_tracks(qpos, 30.0, robot)
    for t in range(1, len(tracks) - 1, 23):
        velocity = np.zeros(model.nv)
        mujoco.mj_differentiatePos(model, velocity, 2 / 30.0, qpos[t - 1], qpos[t + 1])
        before = np.zeros(9)
        mujoco.mju_quat2Mat(before, qpos[t - 1, 3:7])
        np.testing.assert_allclose(tracks.root_velocity[t], velocity[:3], atol=1e-9)
        np.testing.assert_allclose(
            tracks.root_spin[t], before.reshape(3, 3) @ velocity[3:6], atol=1e-9
        )
        np.testing.assert_allclose(tracks.joint_velocity[t], velocity[6:], atol=1e-9)


def test_velocities_carried_on_return_the_poses() -> None:
    robot, model = load_robot("unitree_g1"), mujoco_model("unitree_g1")
    fps = 500.0
    tracks = make_tracks(smooth_motion(robot, 600, fps), fps, robot)
    qpos = np.concatenate(
        [tracks.root_position[0], tracks.root_rotation[0], tracks.joint_position[0]]
    )
    for t in range(len(tracks) - 1):  # half a step at the velocities of either end of the interval
        for at in (t, t + 1):
            local = np.zeros(3)
            inverse = np.zeros(4)
            mujoco.mju_negQuat(inverse, qpos[3:7])
            mujoco.mju_rotVecQuat(local, tracks.root_spin[at], inverse)
            velocity = np.concatenate([tracks.root_velocity[at], local, tracks.joint_velocity[at]])
            mujoco.mj_integratePos(model, qpos, velocity, 0.5 / fps)
    np.testing.assert_allclose(qpos[:3], tracks.root_position[-1], atol=1e-4)
    assert abs(qpos[3:7] @ tracks.root_rotation[-1]) > 1 - 1e-7
    np.testing.assert_allclose(qpos[7:], tracks.joint_position[-1], atol=2e-4)


def test_no_rotation_jumps_to_its_negative_though_the_configurations_do() -> None:
    robot = load_robot("unitree_g1")
    qpos = smooth_motion(robot, 200)
    qpos[::3, 3:7] *= -1
    tracks = make_tracks(qpos, FPS, robot)
    assert tracks.root_rotation[0, 0] >= 0
    assert np.sum(tracks.root_rotation[1:] * tracks.root_rotation[:-1], axis=1).min() > 0.9
    rotation = tracks.bodies.rotation
    assert (rotation[0, :, 0] >= 0).all()
    assert np.sum(rotation[1:] * rotation[:-1], axis=2).min() > 0.9


def test_parts_of_a_motion_are_the_motion(monkeypatch: pytest.MonkeyPatch) -> None:
    robot = load_robot("unitree_g1")
    whole = make_tracks(smooth_motion(robot, 200), FPS, robot)
    monkeypatch.setattr("retarget.tracks.tracks._BLOCK_FRAMES", 37)
    covered = 0
    for frames, part in whole.blocks():
        covered += len(part)
        np.testing.assert_array_equal(part.root_spin, whole.root_spin[frames])
        for name in ("position", "rotation", "velocity", "centre_velocity", "spin"):
            of_whole = getattr(whole.bodies, name)[frames]
            np.testing.assert_array_equal(getattr(part.bodies, name), of_whole, err_msg=name)
    assert covered == 200


def test_joints_that_are_left_out_are_locked_at_zero() -> None:
    robot = load_robot("unitree_g1")
    kept = robot.joint_sets["g1_23"]
    qpos = smooth_motion(robot)
    locked = qpos.copy()
    dropped = [7 + i for i, name in enumerate(robot.joint_names) if name not in kept]
    assert len(dropped) == 6
    locked[:, dropped] = 0
    tracks = make_tracks(qpos, FPS, robot, links=link_set(robot, joints=kept))
    whole = make_tracks(locked, FPS, robot)
    assert tracks.joint_position.shape[1] == 23
    assert tracks.bodies.position.shape[1] == 24
    places = [whole.links.names.index(name) for name in tracks.links.names]
    np.testing.assert_allclose(tracks.bodies.position, whole.bodies.position[:, places], atol=1e-12)
    # The hand weighs on the elbow once its wrist is locked.
    elbow = tracks.links.names.index("left_elbow_link")
    own = robot.mass_centres[robot.body_names.index("left_elbow_link")]
    assert tracks.links.mass_centres[elbow][0] > own[0] + 0.01


def test_a_single_frame_has_no_velocity() -> None:
    robot = load_robot("unitree_h1")
    tracks = make_tracks(smooth_motion(robot, 1), FPS, robot)
    assert not tracks.joint_velocity.any()
    assert not tracks.bodies.velocity.any()


def test_configurations_of_another_robot_or_without_numbers_are_refused() -> None:
    robot = load_robot("unitree_g1")
    with pytest.raises(OptionsError, match=r"\(T, 36\)"):
        make_tracks(smooth_motion(load_robot("unitree_h1")), FPS, robot)
    broken = smooth_motion(robot)
    broken[3, 9] = np.nan
    with pytest.raises(OptionsError, match="NaN"):
        make_tracks(broken, FPS, robot)


def test_unknown_joints_are_named() -> None:
    with pytest.raises(UnknownNameError, match="no_such_joint"):
        link_set(load_robot("unitree_g1"), joints=["no_such_joint"])
    with pytest.raises(OptionsError, match="no joint"):
        link_set(load_robot("unitree_g1"), joints=[])


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('[links.lab]\ncamera = { parent = "no_such_link" }', "hangs on 'no_such_link'"),
        ('[links.lab]\npelvis = { parent = "torso_link" }', "has already"),
    ],
)
def test_links_added_in_the_wrong_place_are_refused(tmp_path: Path, lines: str, told: str) -> None:
    (tmp_path / "g1.toml").write_text(lines)
    with pytest.raises(RobotError, match=told):
        load_robot(EMBEDDED / "unitree_g1" / "model.xml", description=tmp_path / "g1.toml")


def test_links_may_be_added_to_added_links(tmp_path: Path) -> None:
    (tmp_path / "g1.toml").write_text(
        '[links.lab]\nmast = { parent = "torso_link", position = [0, 0, 0.5] }\n'
        'camera = { parent = "mast", position = [0.1, 0, 0], rotation = [2, 0, 0, 0] }\n'
        'light = { parent = "torso_link" }\n'
    )
    robot = load_robot(EMBEDDED / "unitree_g1" / "model.xml", description=tmp_path / "g1.toml")
    links = link_set(robot, group="lab")
    torso = links.names.index("torso_link")
    assert links.names[torso : torso + 4] == ("torso_link", "mast", "camera", "light")
    tracks = make_tracks(smooth_motion(robot), FPS, robot, links=links)
    at = tracks.bodies.position
    np.testing.assert_allclose(
        np.linalg.norm(at[:, torso + 2] - at[:, torso], axis=1), np.hypot(0.5, 0.1), atol=1e-9
    )
    assert len(link_set(robot)) == 30
