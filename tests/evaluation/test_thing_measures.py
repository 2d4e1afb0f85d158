"""A robot that loses what it holds, is in it, or holds it at another time is seen by the measures and the gates."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from retarget.evaluation import ClipReport, evaluate_result, frame_series
from retarget.pipeline import retarget_motion
from retarget.result import RetargetingResult
from retarget.robots import RobotModel, load_robot
from retarget.scene_track import SceneTrack
from retarget.scenes import Scene, SceneObject
from scene_clips import walk_with_crate


@lru_cache(maxsize=1)
def _carry() -> RetargetingResult:
    motion, scene = walk_with_crate()
    return retarget_motion(motion, load_robot("unitree_g1"), scene=scene)


@pytest.fixture(scope="module")
def robot() -> RobotModel:
    return load_robot("unitree_g1")


@pytest.fixture(scope="module")
def good(robot: RobotModel) -> ClipReport:
    return evaluate_result(_carry(), robot)


def _with_poses(change: np.ndarray) -> RetargetingResult:
    """The carry with its crate moved in the robot's world, metres, as something that went wrong would have it."""
    carry = _carry()
    track = carry.scene
    assert isinstance(track, SceneTrack)
    poses = track.poses.copy()
    poses[:, 0, :3] += change
    return replace(carry, scene=replace(track, poses=poses))


def _across(carry: RetargetingResult) -> np.ndarray:
    """From the crate's middle to its left, over time: along it the hands press."""
    assert carry.scene is not None
    quaternions = carry.scene.poses[:, 0, 3:]
    from retarget.geometry import rotated

    return np.asarray(rotated(quaternions, np.tile([0.0, 1.0, 0.0], (len(quaternions), 1))))


def test_a_crate_that_is_carried_passes(good: ClipReport) -> None:
    assert good["hands_kept_share"] == 1.0 and good["unreached_holds"] == 0
    assert good["hand_gap_mean"] < 0.002 and good["hand_gap_p95"] < 0.003
    assert good["scene_depth_share"] == 0.0
    assert good["interaction_direction_mean"] < np.radians(15)
    assert good["clearance_error_p95"] > good["clearance_error_mean"] > 0
    assert not {"hands_kept_share", "scene_depth_share"} & {g.measure for g in good.failed_gates}


def test_a_crate_that_is_lost_is_off_the_hands(robot: RobotModel) -> None:
    lost = evaluate_result(_with_poses(np.array([0.0, 0.0, 1.5])), robot)
    assert lost["hands_kept_share"] == 0.0 and lost["unreached_holds"] >= 2
    assert lost["hand_gap_mean"] > 0.5
    assert "hands_kept_share" in {gate.measure for gate in lost.failed_gates}


def test_a_hand_three_centimetres_off_is_measured_to_the_millimetre(
    robot: RobotModel, good: ClipReport
) -> None:
    beside = evaluate_result(
        _with_poses(0.03 * _across(_carry())), robot
    )  # into one hand, off the other
    assert beside["hand_gap_mean"] == pytest.approx(0.03, abs=0.002)
    assert beside["hands_kept_share"] == 0.0
    assert beside["unreached_holds"] == pytest.approx(2, abs=2) and beside["unreached_holds"] > 0
    assert "hands_kept_share" in {gate.measure for gate in beside.failed_gates}


def test_two_centimetres_in_a_thing_are_measured_and_refused(robot: RobotModel) -> None:
    inside = evaluate_result(_with_poses(0.02 * _across(_carry())), robot)
    assert inside["scene_depth_max"] == pytest.approx(0.02, abs=0.002)
    assert inside["scene_depth_share"] > 0.9
    assert "scene_depth_share" in {gate.measure for gate in inside.failed_gates}
    series = frame_series(_with_poses(0.02 * _across(_carry())), robot)["scene_depth"]
    assert float(np.median(series)) == pytest.approx(0.02, abs=0.002)


def test_a_thing_that_is_late_is_not_held(robot: RobotModel, good: ClipReport) -> None:
    carry = _carry()
    assert carry.scene is not None
    late = round(0.3 * carry.fps)
    poses = carry.scene.poses[np.maximum(np.arange(len(carry)) - late, 0)]
    report = evaluate_result(replace(carry, scene=replace(carry.scene, poses=poses)), robot)
    assert report["hand_place_error_mean"] > 5 * good["hand_place_error_mean"] or (
        report["hands_kept_share"] < 0.5
    )
    failed = {gate.measure for gate in report.failed_gates}
    assert {"hands_kept_share", "scene_depth_share"} & failed


def test_a_thing_that_trembles_under_the_hands_is_seen_as_sliding(
    robot: RobotModel, good: ClipReport
) -> None:
    carry = _carry()
    ahead = 0.01 * np.sin(np.arange(len(carry)))[:, None] * np.array([0.0, 0.0, 1.0])
    shaken = evaluate_result(_with_poses(ahead), robot)
    assert shaken["hand_slide_mean"] > 0.1 > 3 * good["hand_slide_mean"]
    assert shaken["human_hand_slide_mean"] == good["human_hand_slide_mean"]


def test_how_far_a_carried_thing_gave_way_is_told(robot: RobotModel, good: ClipReport) -> None:
    moved = evaluate_result(_with_poses(np.array([0.0, 0.0, 0.1])), robot)
    assert moved["object_shift_max"] == pytest.approx(good["object_shift_max"] + 0.1, abs=0.05)
    motion, scene = walk_with_crate()
    (crate,) = scene.objects
    same = Scene((SceneObject(crate.name, crate.shapes, crate.trajectory, "scaled"),))
    report = evaluate_result(retarget_motion(motion, robot, scene=same), robot)
    assert report["object_shift_max"] == pytest.approx(0.0, abs=1e-9)


def test_a_clip_without_things_has_none_of_these(robot: RobotModel) -> None:
    plain = evaluate_result(replace(_carry(), scene=None), robot)
    for name in ("hand_gap_mean", "scene_depth_max", "object_shift_max", "unreached_holds"):
        assert plain[name] is None
