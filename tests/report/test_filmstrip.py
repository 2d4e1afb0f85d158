"""Film strips: what is drawn where, and that any result can be drawn."""

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from retarget import RetargetingResult, load_robot, read_motion, retarget_motion
from retarget.demo import clips_folder
from retarget.drawing.camera import Camera
from retarget.drawing.figures import facing, human_capsules, robot_capsules
from retarget.drawing.lettering import drawable
from retarget.drawing.look import CENTRE, LEFT, RIGHT
from retarget.errors import OutputError
from retarget.evaluation import COLUMNS
from retarget.report.filmstrip import draw_filmstrip
from retarget.report.scores import headline, score_cells
from retarget.robots import robot_names
from retarget.solver.kinematics.forward import forward_kinematics


@pytest.fixture(scope="module")
def walk() -> RetargetingResult:
    motion = read_motion(clips_folder() / "humanoid_walk.npz")
    return retarget_motion(motion, load_robot("unitree_g1"))


def size_of(png: Path) -> tuple[int, int]:
    data = png.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", data[16:24])
    return width, height


@pytest.mark.parametrize("frames", [1, 2, 7, 77])
def test_a_clip_of_any_length_is_drawn(tmp_path: Path, frames: int) -> None:
    picture = tmp_path / "strip.png"
    motion = read_motion(clips_folder() / "humanoid_walk.npz").frames(0, frames)
    robot = load_robot("unitree_g1")
    draw_filmstrip(retarget_motion(motion, robot), robot, picture, title="walk")
    width, height = size_of(picture)
    assert width == 1540
    assert 300 < height < 1700


@pytest.mark.parametrize("name", ["unitree_h1", "unitree_g1_hands", "berkeley_humanoid"])
def test_robots_without_wrists_with_fingers_and_of_legs_alone_are_drawn(
    name: str, tmp_path: Path
) -> None:
    robot = load_robot(name)
    motion = read_motion(clips_folder() / "humanoid_run.npz")
    draw_filmstrip(retarget_motion(motion, robot), robot, tmp_path / f"{name}.png", title=name)
    assert size_of(tmp_path / f"{name}.png")[0] == 1540


def test_a_source_without_spine_neck_head_and_toes_is_drawn(
    walk: RetargetingResult, tmp_path: Path
) -> None:
    keep = [
        index
        for index, role in enumerate(walk.source.position_roles)
        if role not in {"spine", "neck", "head", "left_toe", "right_toe"}
    ]
    source = replace(
        walk.source,
        position_roles=tuple(walk.source.position_roles[index] for index in keep),
        positions=walk.source.positions[:, keep],
    )
    picture = tmp_path / "strip.png"
    draw_filmstrip(replace(walk, source=source), load_robot("unitree_g1"), picture, title="walk")
    assert size_of(picture)[0] == 1540


def test_a_folder_that_cannot_be_written_is_named(walk: RetargetingResult, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"strip\.png"):
        draw_filmstrip(
            walk, load_robot("unitree_g1"), tmp_path / "file" / "strip.png", title="walk"
        )


def test_the_camera_keeps_lengths_across_the_view_and_heights_above_the_floor() -> None:
    camera = Camera.looking(azimuth=0.7, elevation=0.0)
    axes = np.stack([camera.right, camera.up, camera.towards])
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1)
    np.testing.assert_allclose(camera.picture(np.array([0.0, 0.0, 1.3])), [0.0, 1.3], atol=1e-12)
    above = Camera.looking(azimuth=0.7, elevation=0.5)
    assert above.towards[2] > 0


def test_the_walker_faces_where_it_goes(walk: RetargetingResult) -> None:
    pelvis = walk.source.position("pelvis")[:, :2]
    way = (pelvis[-1] - pelvis[0]) / np.linalg.norm(pelvis[-1] - pelvis[0])
    assert (facing(walk.source) @ way).min() > 0.8


def test_robot_capsules_sit_on_their_bodies(walk: RetargetingResult) -> None:
    robot = load_robot("unitree_g1")
    capsules = robot_capsules(walk.qpos[:3], robot)
    positions, rotations = forward_kinematics(walk.qpos[:3], robot)
    links = len(robot.body_names) - 1
    np.testing.assert_allclose(capsules.ends[:, :links], positions[:, 1:])
    body, last = robot.capsule_bodies[-1], links + len(robot.capsule_radii) - 1
    np.testing.assert_allclose(
        capsules.ends[1, last], positions[1, body] + rotations[1, body] @ robot.capsule_ends[-1]
    )


@pytest.mark.parametrize("name", robot_names())
def test_left_limbs_are_left_and_the_trunk_is_neither(name: str) -> None:
    robot = load_robot(name)
    qpos = np.concatenate([[0, 0, 1, 1, 0, 0, 0], robot.neutral])[None]
    capsules = robot_capsules(qpos, robot)
    middle = (capsules.starts[0, :, 1] + capsules.ends[0, :, 1]) / 2
    sides = np.array(capsules.sides)
    assert middle[sides == LEFT].min() > 0 > middle[sides == RIGHT].max()
    assert np.abs(middle[sides == CENTRE]).max() < 0.25
    assert {LEFT, RIGHT, CENTRE} == set(sides)


def test_human_limbs_run_from_joint_to_joint(walk: RetargetingResult) -> None:
    capsules = human_capsules(walk.source)
    knee, ankle = walk.source.position("left_knee"), walk.source.position("left_ankle")
    shins = [
        k
        for k in range(len(capsules.radii))
        if np.allclose(capsules.starts[:, k], knee) and np.allclose(capsules.ends[:, k], ankle)
    ]
    assert len(shins) == 1
    assert capsules.sides[shins[0]] == LEFT


def test_scores_show_a_dash_where_there_is_nothing_to_measure() -> None:
    measures: dict[str, float | None] = dict.fromkeys(
        (name for column in COLUMNS for name in column.measures), 0.5
    )
    measures["toe_slide_mean"] = measures["toe_slide_p95"] = None
    cells = dict(zip((column.title for column in COLUMNS), score_cells(measures), strict=True))
    assert cells["slide mm/s"] == "- / -"
    assert cells["lifted %"] == "50.0"
    assert cells["deepest mm"] == "500.0"
    assert "limb direction error 0.5 / 0.5°" in headline(measures)


@pytest.mark.parametrize(
    "title",
    ["\u8d70\u308b", "caf\udce9", "$x^$ and $", "a\nb\tc", "\x1b[31mred", "walk \U0001f600", ""],
)
def test_any_name_can_be_written_above_a_picture(
    walk: RetargetingResult, tmp_path: Path, title: str
) -> None:
    picture = tmp_path / "strip.png"
    draw_filmstrip(walk, load_robot("unitree_g1"), picture, title=title, subtitle=title)
    assert size_of(picture)[0] == 1540


def test_letters_that_no_font_has_are_escaped_and_others_stay() -> None:
    assert drawable("walk_01 $x$ \u00e9") == ("walk_01 $x$ \u00e9", ["DejaVu Sans"])
    assert drawable("\udce9\n")[0] == "\\udce9\\n"
