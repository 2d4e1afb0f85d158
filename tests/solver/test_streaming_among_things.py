"""Live streams among things that stay where they are: steps, tables, ramps."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from streams import assert_within_limits, streamed

from retarget import StreamingRetargeter
from retarget.errors import OptionsError
from retarget.evaluation import evaluate_result
from retarget.motion import Motion
from retarget.options import RetargetOptions
from retarget.pipeline import retarget_motion
from retarget.result import RetargetingResult
from retarget.robots import RobotModel, load_robot
from retarget.scenes import ObjectTrajectory, Scene, SceneObject, Shape, Terrain, Touch
from retarget.scenes.made import stepping_up
from scene_clips import climb, needs_clips, on_floor

STEP = Terrain("step", (Shape.box((1.0, 1.0, 0.2)).at((5.0, 0.0, 0.1)),))


@pytest.fixture(scope="module")
def robot() -> RobotModel:
    return load_robot("unitree_g1")


@cache
def step_up() -> tuple[Motion, Scene]:
    """An embedded walk that goes on on a platform."""
    return stepping_up(on_floor("humanoid_walk")[0], 0.2)


@cache
def whole(name: str) -> RetargetingResult:
    motion, scene = step_up() if name == "step" else climb(int(name))
    return retarget_motion(motion, load_robot("unitree_g1"), scene=scene)


def live(name: str, robot: RobotModel, *, knows: bool = True) -> RetargetingResult:
    """A take as a stream gives it, beside the things of the whole clip's result."""
    motion, scene = step_up() if name == "step" else climb(int(name))
    retargeter = StreamingRetargeter(robot, motion, scene=scene if knows else None)
    return replace(whole(name), qpos=streamed(retargeter, motion))


def test_a_stream_steps_onto_a_platform_and_one_that_does_not_know_it_goes_through(
    robot: RobotModel,
) -> None:
    report = evaluate_result(live("step", robot), robot)
    assert report["scene_depth_max"] < 0.005
    assert report["toe_slide_mean"] < 0.02
    blind = evaluate_result(live("step", robot, knows=False), robot)
    assert blind["scene_depth_max"] > 0.03
    assert blind["toe_slide_mean"] > 2 * (report["toe_slide_mean"] or 0.0)


def test_feet_stand_on_a_platform_when_those_of_the_whole_clip_do(robot: RobotModel) -> None:
    motion, scene = step_up()
    retargeter = StreamingRetargeter(robot, motion, scene=scene)
    stance = []
    for frame in zip(motion.positions, motion.rotations, strict=True):
        retargeter.step(*frame)
        stance.append(retargeter.stance)
    agreed = np.array(stance) == whole("step").contacts
    assert agreed.mean() > 0.9


@needs_clips
@pytest.mark.parametrize("number", ["0", "4"])
def test_streamed_climbs_keep_hands_and_stay_out_of_steps(number: str, robot: RobotModel) -> None:
    report = evaluate_result(live(number, robot), robot)
    assert report["hands_kept_share"] > 0.98
    assert report["hand_gap_mean"] < 0.002
    assert report["scene_depth_max"] < 0.01
    assert report["scene_depth_share"] < 0.005
    assert report["toe_slide_mean"] < 0.015
    assert report["limb_error_mean"] < 4.0


@needs_clips
def test_joint_limits_and_speeds_are_kept_among_things(robot: RobotModel) -> None:
    motion, _ = climb(4)
    speed = RetargetOptions().joint_speed_limit
    assert_within_limits(live("4", robot).qpos, robot, speed, motion.fps)


def test_a_table_under_a_palm_holds_it(robot: RobotModel) -> None:
    motion, scene = table()
    retargeter = StreamingRetargeter(robot, motion, scene=scene)
    qpos = streamed(retargeter, motion)
    report = evaluate_result(replace(retarget_motion(motion, robot, scene=scene), qpos=qpos), robot)
    assert report["hands_kept_share"] > 0.95
    assert report["scene_depth_max"] < 0.005
    without = streamed(StreamingRetargeter(robot, motion), motion)
    apart = evaluate_result(
        replace(retarget_motion(motion, robot, scene=scene), qpos=without), robot
    )
    assert apart["hand_gap_mean"] > 5 * report["hand_gap_mean"]


@cache
def table() -> tuple[Motion, Scene]:
    """Somebody who stands, a hand on a board that fits under it, for as long as a clip stands still."""
    motion = on_floor("humanoid_walk")[0]
    frames = np.zeros(45, np.int64)
    motion = replace(
        motion,
        positions=np.ascontiguousarray(motion.positions[frames]),
        rotations=np.ascontiguousarray(motion.rotations[frames]),
    )
    wrist = motion.role_positions("left_wrist")[0]
    top = float(wrist[2]) - 0.12
    board = Shape.box((0.25, 0.25, 0.04)).at((*wrist[:2], top - 0.02))
    return motion, Scene(objects=(SceneObject("table", (board,), size="scaled"),))


def test_a_stream_among_things_begins_anew_and_is_copied_to_the_bit(robot: RobotModel) -> None:
    motion, scene = step_up()
    retargeter = StreamingRetargeter(robot, motion, scene=scene)
    first = streamed(retargeter, motion)
    retargeter.reset()
    half = len(motion) // 2
    again = streamed(retargeter, motion.frames(0, half))
    assert np.array_equal(again, first[:half])
    other = copy.deepcopy(retargeter)
    rest = motion.frames(half, len(motion))
    assert np.array_equal(streamed(other, rest), streamed(retargeter, rest))


def test_a_scene_without_things_changes_no_bit(robot: RobotModel) -> None:
    motion = step_up()[0].frames(0, 20)
    plain = streamed(StreamingRetargeter(robot, motion), motion)
    empty = streamed(StreamingRetargeter(robot, motion, scene=Scene()), motion)
    assert np.array_equal(plain, empty)


def _moving() -> SceneObject:
    path = ObjectTrajectory.identity(3, 30.0)
    places = np.arange(9.0).reshape(3, 3)
    return SceneObject("cart", STEP.shapes, replace(path, positions=places), "scaled")


@pytest.mark.parametrize(
    ("scene", "said"),
    [
        (Scene(objects=(_moving(),)), r"'cart' moves.*path ahead: leave the thing out"),
        (Scene(objects=(SceneObject("table", STEP.shapes),)), r"'table'.*scale = \"scaled\""),
        (Scene(terrains=(replace(STEP, height=1.2),)), r"'step' is of another size"),
        (
            Scene(terrains=(STEP,), touches=(Touch("left_toe", "step", 0.0, 1.0),)),
            "touch of 'step'",
        ),
        ("climb.toml", r"scene.*read_scene"),
    ],
)
def test_what_a_stream_cannot_know_is_refused_in_one_line(
    scene: Scene, said: str, robot: RobotModel
) -> None:
    with pytest.raises((OptionsError, TypeError), match=said) as caught:
        StreamingRetargeter(robot, on_floor("humanoid_walk")[0], scene=scene)
    assert "\n" not in str(caught.value)
