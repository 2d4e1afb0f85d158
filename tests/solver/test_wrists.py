"""The human's wrist bends about the axis that the robot's bends best about."""

from __future__ import annotations

import numpy as np
import pytest
from clips import SHARED, dance, jump, robot

from retarget.motion import Motion, read_motion
from retarget.motion.fitting.anatomy import find_anatomy
from retarget.pipeline import make_targets, retarget_motion
from retarget.targets.robot_frames import robot_anatomy
from retarget.targets.wrists import hand_twists

ALONG_X = np.array([[1.0, 0.0], [1.0, 0.0]])


def moments(degrees: float, about: float) -> np.ndarray:
    """Of wrists that bend so much (root mean square), about one axis, which lies so many degrees from x."""
    axis = np.array([np.cos(np.radians(about)), np.sin(np.radians(about))])
    return np.stack([np.radians(degrees) ** 2 * np.outer(axis, axis)] * 2)


def test_hands_are_turned_as_far_as_the_wrists_axis_lies_from_the_robots() -> None:
    assert np.degrees(hand_twists(moments(60.0, 25.0), ALONG_X)) == pytest.approx(
        [25.0, 25.0], abs=0.5
    )
    turned = np.array([[np.cos(0.2), np.sin(0.2)]] * 2)
    assert np.degrees(hand_twists(moments(60.0, 25.0), turned)) == pytest.approx(
        [25.0 - np.degrees(0.2)] * 2, abs=0.5
    )


def test_wrists_that_hardly_bend_or_bend_any_way_turn_no_hand() -> None:
    assert np.abs(np.degrees(hand_twists(moments(1.0, 25.0), ALONG_X))).max() < 1.0
    assert np.abs(hand_twists(moments(40.0, 0.0) + moments(40.0, 90.0), ALONG_X)).max() < 1e-9


def test_a_robot_without_a_better_axis_turns_no_hand() -> None:
    for name in ("unitree_h1", "booster_t1"):
        assert not robot_anatomy(robot(name)).wrists.any()
    assert not hand_twists(moments(60.0, 25.0), np.zeros((2, 2))).any()


def test_the_g1s_wrist_bends_best_about_its_last_axis_which_leaves_the_wrist_where_it_is() -> None:
    for x, y in robot_anatomy(robot()).wrists:
        assert abs(x) > 0.99
        assert abs(y) < 0.1


def test_targets_turn_hands_about_their_long_axes_only() -> None:
    motion = dance().frames(0, 900)
    _, _, targets, _ = make_targets(motion, robot())
    recorded = find_anatomy(motion).segment_frames(["left_hand", "right_hand"])
    for side, name in enumerate(("left_hand", "right_hand")):
        between = np.swapaxes(recorded[:, side], 1, 2) @ targets.frames[name]
        assert between[:, 2, 2] == pytest.approx(np.ones(len(motion)))
        assert np.ptp(np.arctan2(between[:, 1, 0], between[:, 0, 0])) < 1e-9
    still = find_anatomy(jump()).calibration.wrists
    assert np.degrees(np.sqrt(still.max())) < 30.0


@pytest.mark.parametrize(
    "clip",
    [
        "lafan1_bvh/bvhTools_test2_3945f.bvh",
        "bandai_bvh/dataset-1_dance-short_normal_001.bvh",
        "bvh_more/fair1_dab.bvh",
    ],
)
def test_the_robots_wrists_bend_more_about_the_axis_that_leaves_the_wrist_where_it_is(
    clip: str,
) -> None:
    path = SHARED / clip
    if not path.exists():
        pytest.skip(f"needs {path.name} of the shared clips")
    motion: Motion = read_motion(path)
    joints = retarget_motion(motion.frames(0, min(len(motion), 600)), robot()).qpos[:, 7:]
    bend = {
        axis: np.sqrt(
            np.mean(
                [
                    joints[:, robot().joint_names.index(f"{side}_wrist_{axis}_joint")] ** 2
                    for side in ("left", "right")
                ]
            )
        )
        for axis in ("pitch", "yaw")
    }
    assert bend["yaw"] > 1.2 * bend["pitch"]
