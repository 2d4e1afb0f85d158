"""Hands face what they hold with their palms, and what they do not hold leaves them as they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from retarget import take
from retarget.evaluation import evaluate_result
from retarget.motion.segments import SEGMENTS, SIDES
from retarget.pipeline import retarget_motion
from retarget.result import RetargetingResult
from retarget.robots import RobotModel, load_robot
from retarget.robots.shapes.hulls import balls_within
from retarget.robots.shapes.touch import palm_point
from retarget.scenes import TOUCH_POINTS, Shape
from retarget.scenes.posed import Thing
from retarget.scenes.touches import Contact
from retarget.scenes.tracked import robot_things
from retarget.solver.kinematics.forward import forward_kinematics
from retarget.targets.lying_hands import lying_hands
from retarget.targets.palms import palm_turns, turn_hands
from retarget.targets.robot_frames import robot_anatomy
from retarget.targets.robot_pose import Pose
from scene_clips import carry, needs_clips, on_floor, walk_with_crate

LEFT = TOUCH_POINTS.index("left_palm")


@pytest.fixture(scope="module")
def robot() -> RobotModel:
    return load_robot("unitree_g1")


def _palms(robot: RobotModel, side: int) -> np.ndarray:
    """Where a palm faces, in the frame of its body."""
    anatomy = robot_anatomy(robot)
    angle = anatomy.palms[side]
    return anatomy.frames[f"{SIDES[side]}_hand"] @ [np.cos(angle), np.sin(angle), 0.0]


def _facing(result: RetargetingResult, robot: RobotModel) -> np.ndarray:
    """Cosines between where a palm faces and into what it holds, of all frames and hands that hold something."""
    assert result.scene is not None
    positions, rotations = forward_kinematics(result.qpos, robot)
    things, cosines = robot_things(result.scene), []
    for k, side in enumerate(SIDES):
        body = robot.roles[f"{side}_wrist"]
        touched = result.scene.touches[:, result.scene.touch_names.index(f"{side}_palm")]
        for o in range(1, len(things)):
            normal = things[o].directed(things[o].nearest(positions[:, body]).normal)
            towards = rotations[:, body] @ _palms(robot, k)
            cosines.append(-np.einsum("ti,ti->t", normal, towards)[touched == o])
    return np.concatenate(cosines)


@pytest.mark.parametrize(
    ("name", "spread"),
    [("unitree_g1", False), ("pal_talos", False), ("unitree_h1", False), ("booster_t1_29", True)],
)
def test_palms_of_arms_at_ease_face_each_other_and_of_spread_ones_the_floor(
    name: str, spread: bool
) -> None:
    robot = load_robot(name)
    pose = Pose.of(robot, robot.neutral)
    for k, side in enumerate(SIDES):
        faced = pose.rotations[robot.roles[f"{side}_wrist"]] @ _palms(robot, k)
        inward = [0.0, -1.0 if side == "left" else 1.0, 0.0]
        assert faced @ ([0.0, 0.0, -1.0] if spread else inward) > 0.9, faced


def test_a_hand_turns_its_palm_to_a_wall_beside_it_and_back(robot: RobotModel) -> None:
    _, anatomy, _ = on_floor("humanoid_walk")
    wall = Thing(
        "wall", (Shape.box((1, 1, 1)),), np.zeros((1, 3)), np.eye(3)[None], False, True, 1.0
    )
    hands = anatomy.segment_frames(["left_hand"])[:, 0]
    palm = robot_anatomy(robot).palms
    middle, reach = len(hands) // 2, round(0.6 * anatomy.fps)
    for asked, given in (
        (0.15, 0.0),
        (3.1, 0.03),
        (1.5, np.radians(60.0)),
        (-0.9, -0.9),
        (0.5, 0.5),
    ):
        away = np.array([np.cos(palm[0] + asked), np.sin(palm[0] + asked), 0.0])
        into = hands[middle] @ away
        held = [Contact(LEFT, 0, middle, middle + 1, np.zeros(3), -into)]
        turns = palm_turns(anatomy, held, [wall], palm, np.zeros(2))
        assert turns[middle, 0] == pytest.approx(given, abs=0.03)
        assert not turns[:, 1].any()
        assert not turns[: middle - reach].any() and not turns[middle + reach :].any()
        assert np.abs(np.diff(turns[:, 0])).max() < 3.0 / anatomy.fps  # rad/s
    turned = turn_hands(anatomy.segment_frames(), turns, np.zeros((len(hands), 2, 3)))
    before, after = (
        s[middle, SEGMENTS.index("left_hand")] for s in (anatomy.segment_frames(), turned)
    )
    np.testing.assert_allclose(before[:, 2], after[:, 2], atol=1e-12)  # about the long axis
    away = np.array([np.cos(palm[0]), np.sin(palm[0]), 0.0])
    was, now = ((frame @ away) @ into for frame in (before, after))
    assert was < 0.9 and now > 0.99


def test_who_holds_nothing_keeps_its_hands_as_they_are() -> None:
    _, anatomy, _ = on_floor("humanoid_walk")
    segments = anatomy.segment_frames()
    turns = palm_turns(anatomy, [], [], np.zeros(2), np.zeros(2))
    level = np.zeros((len(anatomy), 2, 3))
    assert not turns.any() and turn_hands(segments, turns, level) is segments


def _filled(robot: RobotModel) -> RobotModel:
    """The robot with hands that are slabs whose fingers curl inwards by 14 degrees."""
    corners = np.stack(np.meshgrid([-1, 1], [-1, 1], [-1, 1]), -1).reshape(-1, 3)
    bodies, balls = [], []
    for side, sign in (("left", -1.0), ("right", 1.0)):
        c, s = np.cos(0.25), sign * np.sin(0.25)
        turn = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
        own = balls_within([(corners * [0.08, 0.012, 0.04] + [0.1, 0.0, 0.0]) @ turn.T])
        bodies += [robot.roles[f"{side}_wrist"]] * len(own)
        balls.append(own)
    return replace(robot, ball_bodies=np.array(bodies), balls=np.concatenate(balls))


@needs_clips
@pytest.mark.parametrize("name", ["sub3_largebox_003", "sub10_largebox_049"])
def test_boxes_are_carried_between_palms_and_not_between_thumbs(
    name: str, robot: RobotModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    motion, scene, _ = carry(name)
    faced = _facing(retarget_motion(motion, robot, scene=scene), robot)
    assert faced.mean() > 0.9 and np.quantile(faced, 0.05) > 0.7
    monkeypatch.setattr(take, "palm_turns", lambda anatomy, *_: np.zeros((len(anatomy), 2)))
    left = _facing(retarget_motion(motion, robot, scene=scene), robot)
    assert left.mean() < 0.8


@needs_clips
def test_hands_whose_shape_is_known_are_on_a_box_and_not_in_it(robot: RobotModel) -> None:
    motion, scene, _ = carry("sub10_largebox_049")
    filled = _filled(robot)
    result = retarget_motion(motion, filled, scene=scene)
    report = evaluate_result(result, filled)
    assert report["hand_gap_mean"] < 0.002 and report["hands_kept_share"] > 0.98
    assert report["scene_depth_max"] < 0.002
    # Capsules that are as the robot's file has them are not.
    assert evaluate_result(result, robot)["hand_gap_mean"] > 2 * report["hand_gap_mean"]


def test_a_crate_is_faced_too(robot: RobotModel) -> None:
    motion, scene = walk_with_crate()
    assert _facing(retarget_motion(motion, robot, scene=scene), robot).mean() > 0.85


@pytest.mark.parametrize("slope", [0.0, 0.35, 0.7])
def test_a_hand_lies_flat_on_what_its_fingers_point_into(robot: RobotModel, slope: float) -> None:
    robot = _filled(robot)
    _, anatomy, _ = on_floor("humanoid_walk")
    shape = robot_anatomy(robot)
    hands = anatomy.segment_frames(["left_hand"])[:, 0]
    middle, palm = len(hands) // 2, shape.palms[0]
    into = hands[middle] @ [
        np.cos(slope) * np.cos(palm),
        np.cos(slope) * np.sin(palm),
        np.sin(slope),
    ]
    wall = Thing(
        "wall", (Shape.box((1, 1, 1)),), np.zeros((1, 3)), np.eye(3)[None], False, True, 1.0
    )
    held = [Contact(LEFT, 0, middle, middle + 1, np.zeros(3), -into)]
    turns = np.zeros((len(hands), 2))
    lying = lying_hands(anatomy, held, [wall], robot, shape.frames, shape.palms, turns)
    assert not lying.tilts[:, 1].any() and list(lying.reaches) == [0]
    frame = turn_hands(anatomy.segment_frames(), turns, lying.tilts)[
        middle, SEGMENTS.index("left_hand")
    ]
    body = robot.roles["left_wrist"]
    balls = robot.balls[robot.ball_bodies == body]

    def reach(hand: np.ndarray) -> float:
        way = shape.frames["left_hand"] @ hand.T @ into
        return float((balls[:, :3] @ way + balls[:, 3]).max() - palm_of(robot) @ way)

    assert reach(frame) <= reach(hands[middle]) + 1e-9
    assert reach(frame) < 0.02  # metres; 12 mm where it lies flat
    assert palm_radius(robot) <= lying.reaches[0][middle] <= max(reach(frame), palm_radius(robot))


def palm_of(robot: RobotModel) -> np.ndarray:
    palm = palm_point(robot, "left")
    assert palm is not None
    return palm.point


def palm_radius(robot: RobotModel) -> float:
    palm = palm_point(robot, "left")
    assert palm is not None
    return palm.radius


def test_hands_of_unknown_shape_are_not_tilted(robot: RobotModel) -> None:
    plain = robot
    _, anatomy, _ = on_floor("humanoid_walk")
    shape = robot_anatomy(plain)
    wall = Thing(
        "wall", (Shape.box((1, 1, 1)),), np.zeros((1, 3)), np.eye(3)[None], False, True, 1.0
    )
    held = [Contact(LEFT, 0, 3, 30, np.zeros(3), np.array([0.0, 0.0, 1.0]))]
    turns = np.zeros((len(anatomy), 2))
    lying = lying_hands(anatomy, held, [wall], plain, shape.frames, shape.palms, turns)
    assert not lying.tilts.any() and not lying.reaches
