"""What meets things is as large as the hands that a model's meshes show."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import mujoco
import numpy as np
import pytest
from robot_files import embedded_xml
from scipy.spatial import ConvexHull
from typer.testing import CliRunner

from retarget.cli.main import app
from retarget.errors import RobotError
from retarget.exchange.mujoco_scene import scene_model
from retarget.robots import load_robot, robot_files
from retarget.robots.held import moving_part
from retarget.robots.shapes.hulls import balls_within, most_reaching
from retarget.robots.shapes.spheres import EXACT, SOLVED, covering_spheres
from retarget.robots.shapes.touch import palm_point

HALF = np.array([0.09, 0.012, 0.04])  # metres: a flat hand
MIDDLE = np.array([0.1, 0.0, 0.0])


def _directions(count: int) -> np.ndarray:
    found = np.random.default_rng(0).normal(size=(count, 3))
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True))


def _corners(half: np.ndarray) -> np.ndarray:
    return np.stack(np.meshgrid([-1, 1], [-1, 1], [-1, 1]), -1).reshape(-1, 3) * half


@pytest.mark.parametrize("kind", ["slab", "lens", "wedge"])
def test_balls_fill_a_hull_and_none_stands_out_of_it(kind: str) -> None:
    rng = np.random.default_rng(1)
    points = {
        "slab": _corners(HALF) + MIDDLE,
        "lens": rng.normal(size=(4000, 3)) * 0.0 + _directions(4000) * [0.08, 0.02, 0.05],
        "wedge": rng.uniform(-1, 1, (200, 3)) * np.array([0.07, 0.03, 0.03]),
    }[kind]
    balls = balls_within([points])
    hull = ConvexHull(points)
    out = balls[:, :3] @ hull.equations[:, :3].T + hull.equations[:, 3] + balls[:, 3:]
    assert out.max() < 1e-9
    ways = _directions(2000)
    reach, own = (points @ ways.T).max(axis=0), (balls[:, :3] @ ways.T + balls[:, 3:]).max(axis=0)
    assert (reach - own).max() < 0.003 and (reach - own).mean() < 0.0005
    few = most_reaching(balls, 16)
    some = (few[:, :3] @ ways.T + few[:, 3:]).max(axis=0)
    assert (reach - some).max() < 0.008 and (reach - some).mean() < 0.002
    assert not len(balls_within([points * [1.0, 0.0, 1.0]]))  # no volume


def _with_meshes(folder: Path) -> Path:
    """The G1's embedded model whose hands look like slabs, in binary STL."""
    hull = ConvexHull(_corners(HALF))
    faces = _corners(HALF)[hull.simplices].astype(np.float32)
    content = bytes(80) + struct.pack("<I", len(faces))
    content += b"".join(bytes(12) + face.tobytes() + bytes(2) for face in faces)
    (folder / "slab.stl").write_bytes(content)
    text = embedded_xml("unitree_g1").replace(
        "<worldbody>", '<asset><mesh name="slab" file="slab.stl" /></asset><worldbody>', 1
    )
    for side in ("left", "right"):
        collision = f'<geom name="{side}_hand_collision"'
        assert text.count(collision) == 1
        look = '<geom type="mesh" mesh="slab" pos="0.1 0 0" contype="0" conaffinity="0" />'
        text = text.replace(collision, look + collision)
    path = folder / "slabs.xml"
    path.write_text(text)
    return path


def test_a_robot_that_is_added_knows_how_large_its_hands_are(tmp_path: Path) -> None:
    path, toml = _with_meshes(tmp_path), tmp_path / "slabs.toml"
    plain = load_robot(path)
    assert not len(plain.balls)
    said = CliRunner().invoke(
        app, ["robots", "add", str(path), "--name", "slabs", "--output", str(toml)]
    )
    assert said.exit_code == 0, said.output
    robot = load_robot(toml)
    assert robot.sha256 != plain.sha256
    hands = {robot.roles[f"{side}_wrist"] for side in ("left", "right")}
    assert set(robot.ball_bodies.tolist()) == hands
    for hand, side in zip(sorted(hands), ("left", "right"), strict=True):
        balls = robot.balls[robot.ball_bodies == hand]
        out = np.abs(balls[:, :3] - MIDDLE) + balls[:, 3:] - HALF
        assert -0.001 < out.max() < 2e-4  # as large as the mesh, to the rounding of the file
        spheres = covering_spheres(robot, EXACT)
        assert set(map(tuple, balls)) == {
            (*point, radius)
            for body, point, radius in zip(
                spheres.bodies, spheres.points, spheres.radii, strict=True
            )
            if body == hand
        }
        assert 0 < (covering_spheres(robot, SOLVED).bodies == hand).sum() < len(balls)
        palm = palm_point(robot, side)
        assert palm is not None and palm.body == hand
        assert palm.radius == pytest.approx(HALF[1], abs=1e-3)
        assert 0.05 < palm.point[0] < 0.13


def test_balls_of_held_bodies_go_with_what_carries_them() -> None:
    robot = load_robot("unitree_g1")
    hand = robot.roles["left_wrist"]
    balls = np.array([[0.1, 0.0, 0.01, 0.02], [0.15, 0.0, 0.0, 0.01]])
    robot = replace(robot, ball_bodies=np.array([hand, hand]), balls=balls)
    held = robot.held.copy()
    held[robot.joint_names.index("left_wrist_yaw_joint")] = True
    part = moving_part(replace(robot, held=held)).robot
    carrier = part.body_names.index("left_wrist_pitch_link")
    yaw = robot.body_names.index("left_wrist_yaw_link")
    own = robot.balls[robot.ball_bodies == yaw][0]
    assert len(part.balls) == len(robot.balls)
    moved = part.balls[part.ball_bodies == carrier]
    expected = [*(own[:3] + robot.offsets[yaw]), own[3]]
    assert np.abs(moved - expected).max(axis=1).min() < 1e-9


def test_a_body_that_is_not_there_is_told(tmp_path: Path) -> None:
    toml = tmp_path / "robot.toml"
    (tmp_path / "robot.xml").write_text(embedded_xml("unitree_g1"))
    toml.write_text('model = "robot.xml"\n[hands]\nleft_paw = [[0.1, 0.0, 0.0, 0.02]]\n')
    with pytest.raises(RobotError, match=r"no moving body is called 'left_paw' as \[hands\]"):
        load_robot(toml)


def test_balls_collide_in_place_of_capsules_in_an_exported_scene() -> None:
    robot = load_robot("unitree_g1")
    hand = robot.roles["left_wrist"]
    balls = np.array([[0.1, 0.0, 0.01, 0.02], [0.15, 0.0, 0.0, 0.0]])
    filled = replace(robot, ball_bodies=np.array([hand, hand]), balls=balls)
    model = mujoco.MjModel.from_xml_string(scene_model(robot_files("unitree_g1")[0], filled, None))
    ball = model.geom("left_wrist_yaw_link_ball_0")
    np.testing.assert_allclose(ball.pos, balls[0, :3])
    assert ball.size[0] == pytest.approx(0.02) and ball.contype[0]
    assert not model.geom("left_hand_collision").contype[0]
    assert model.geom("right_hand_collision").contype[0]
    plain = mujoco.MjModel.from_xml_string(scene_model(robot_files("unitree_g1")[0], robot, None))
    np.testing.assert_allclose(model.body_mass, plain.body_mass)
    assert model.ngeom == plain.ngeom + 1  # a corner without a size is no sphere
