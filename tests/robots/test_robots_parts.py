"""Robots that are legs alone, or the upper part of a body: what they lack is absent, and never made up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from robot_files import part_of_g1

from retarget.demo import embedded_clip
from retarget.drawing.scene import Overlays, bodies_at
from retarget.drawing.stage import Cast, set_stage
from retarget.errors import RobotError, RoleError
from retarget.evaluation import MEASURES, evaluate_result, frame_series
from retarget.motion import Motion, read_motion
from retarget.motion.edit import between
from retarget.pipeline import retarget_motion
from retarget.report import draw_filmstrip
from retarget.report.robot_picture import draw_robot
from retarget.robots import RobotModel, load_robot
from retarget.robots.descriptions.inspection import inspect_robot
from retarget.streaming import StreamingRetargeter


@pytest.fixture(scope="module")
def walk() -> Motion:
    clip = embedded_clip("humanoid_walk")
    assert clip is not None
    return between(read_motion(clip), 0.0, 2.0)


def made(robot: RobotModel, motion: Motion) -> dict[str, float | None]:
    report = evaluate_result(retarget_motion(motion, robot), robot)
    return {name: report[name] for name in MEASURES}


def test_legs_alone_follow_the_humans_legs_and_stand(walk: Motion, tmp_path: Path) -> None:
    robot = load_robot(part_of_g1(tmp_path, "legs"))
    assert set(robot.roles) == {
        "pelvis",
        *(f"{side}_{joint}" for side in ("left", "right") for joint in ("hip", "knee", "ankle")),
    }
    assert any("has no arms" in note for note in robot.notes)
    values = made(robot, walk)
    assert values["limb_error_thigh"] < 5 and values["limb_error_shank"] < 5
    assert values["toe_slide_mean"] < 0.02 and values["sole_penetration_max"] < 1e-3
    for name, value in values.items():
        if any(word in name for word in ("arm", "forearm", "hand", "chest", "shoulder", "trunk")):
            assert value is None, name


@pytest.mark.parametrize("turn", ["0 0 0", "1.5707963 0 0"])
def test_an_upper_body_stays_level_at_its_height_and_follows_the_arms(
    turn: str, walk: Motion, tmp_path: Path
) -> None:
    robot = load_robot(part_of_g1(tmp_path, "torso", turn))
    assert not robot.has("leg") and robot.has("arm")
    assert len(robot.feet) == 0 and robot.soles.shape[0] == 0
    assert any("has no legs" in note for note in robot.notes)
    result = retarget_motion(walk, robot)
    assert np.ptp(result.qpos[:, 2]) == 0
    up = robot.upright[2]  # of the world, in the base's frame
    quaternions = result.qpos[:, 3:7]
    w, vector = quaternions[:, :1], quaternions[:, 1:]
    cross = np.cross(vector, up)
    turned = up + 2 * (w * cross + np.cross(vector, cross))
    np.testing.assert_allclose(turned, np.tile([0, 0, 1.0], (len(turned), 1)), atol=1e-6)
    assert np.ptp(result.qpos[:, :2], axis=0).max() > 0.3  # it goes along
    values = made(robot, walk)
    assert values["limb_error_upper_arm"] < 5 and values["limb_error_forearm"] < 5
    measured = {name for name, value in values.items() if value is not None}
    assert not any("sole" in name or "toe" in name or "force" in name for name in measured)
    assert "limb_error_thigh" not in measured and "limb_error_mean" in measured
    assert not any("sole" in name for name in frame_series(result, robot))


def test_nothing_of_an_upper_body_is_held_on_the_ground(walk: Motion, tmp_path: Path) -> None:
    robot = load_robot(part_of_g1(tmp_path, "torso"))
    result = retarget_motion(walk, robot)
    assert result.contacts.any()  # a fact of the clip
    assert result.yielded == ()


@pytest.mark.parametrize("part", ["one_arm", "one_leg"])
def test_a_limb_without_mirror_image_is_no_reason_to_leave_the_other_out(
    part: str, tmp_path: Path
) -> None:
    with pytest.raises(RoleError, match="begins a limb that has no mirror image"):
        load_robot(part_of_g1(tmp_path, part))


def test_inspection_tells_of_what_there_is(tmp_path: Path) -> None:
    torso = inspect_robot(load_robot(part_of_g1(tmp_path, "torso")))
    assert torso.sole_cm is None
    assert [one.name for one in torso.lengths] == ["upper arm", "forearm", "shoulder width"]
    legs = inspect_robot(load_robot(part_of_g1(tmp_path, "legs")))
    assert [one.name for one in legs.lengths] == ["thigh", "shank", "hip width"]


@pytest.mark.parametrize("part", ["legs", "torso"])
def test_a_stream_says_that_it_needs_a_whole_robot(part: str, walk: Motion, tmp_path: Path) -> None:
    with pytest.raises(RobotError, match="legs and arms"):
        StreamingRetargeter(load_robot(part_of_g1(tmp_path, part)), walk)


@pytest.mark.parametrize("part", ["legs", "torso"])
def test_what_is_understood_of_a_part_of_a_robot_is_drawn(part: str, tmp_path: Path) -> None:
    draw_robot(load_robot(part_of_g1(tmp_path, part)), tmp_path / "look.png")
    assert (tmp_path / "look.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("part", ["legs", "torso"])
def test_a_part_of_a_robot_is_drawn_as_it_is(part: str, walk: Motion, tmp_path: Path) -> None:
    robot = load_robot(part_of_g1(tmp_path, part))
    result = retarget_motion(walk, robot)
    stage = set_stage("walk", [Cast("part", result, robot)], layout="over")
    marks = stage.actors[0].marks
    assert marks is not None
    assert (marks.feet, marks.targets.shape[1]) == ((2, 4) if part == "legs" else (0, 4))
    bodies = bodies_at(stage, 5, Overlays(targets=True))
    assert np.isfinite(bodies.starts).all()
    near = np.linalg.norm(stage.actors[1].path - stage.actors[0].path, axis=1)
    assert near.max() < 1.0
    draw_filmstrip(result, robot, tmp_path / "strip.png", title=part)
    assert (tmp_path / "strip.png").stat().st_size > 10_000


def manipulator(tmp_path: Path, fifth: str) -> Path:
    """Two limbs of seven joints, as heavy as legs, under a light base; nothing has a name that says what it is."""
    axes = ("0 1 0", "1 0 0", "0 0 1", "0 1 0", fifth, "0 1 0", "1 0 0")
    steps = (0.0, 0.0, -0.05, -0.25, -0.1, -0.2, -0.02)
    limbs = ""
    for side, y in (("a", 0.15), ("b", -0.15)):
        limb = ""
        for k in reversed(range(7)):
            place = f"0 {y} 0" if k == 0 else f"0 0 {steps[k]}"
            limb = (
                f'<body name="{side}{k}" pos="{place}"><joint name="j{side}{k}" axis="{axes[k]}" range="-2 2"/>'
                f'<geom type="box" size="0.04 0.04 0.04" mass="3"/>{limb}</body>'
            )
        limbs += limb
    path = tmp_path / "manipulator.xml"
    path.write_text(
        '<mujoco><compiler angle="radian"/><worldbody><body name="base">'
        f'<geom type="box" size="0.1 0.1 0.1" mass="5"/>{limbs}</body></worldbody></mujoco>'
    )
    return path


def test_limbs_that_twist_below_where_they_bend_are_arms(tmp_path: Path) -> None:
    assert not load_robot(manipulator(tmp_path, "0 0 1")).has("leg")
    assert load_robot(manipulator(tmp_path, "0 1 0")).has("leg")
