"""A base that jumps and frames that were lost fail by name, with their time; spins, jumps and falls pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import motions
import numpy as np
import pytest

from retarget.evaluation import ClipReport, evaluate_result
from retarget.motion import read_motion
from retarget.pipeline import retarget_motion
from retarget.result import RetargetingResult
from retarget.robots import RobotModel, load_robot

OF_CONTINUITY = {
    *("base_speed_max", "base_turn_max", "human_base_speed_max"),
    *("repeated_share", "repeated_time_max", "human_repeated_share", "human_repeated_time_max"),
}


@pytest.fixture(scope="module")
def robot() -> RobotModel:
    return load_robot("unitree_g1")


def failed(report: ClipReport) -> set[str]:
    return OF_CONTINUITY & {gate.measure for gate in report.gates if not gate.passed}


def moved(frames: slice, metres: float) -> Callable[[RetargetingResult], RetargetingResult]:
    def fault(result: RetargetingResult) -> RetargetingResult:
        qpos = result.qpos.copy()
        qpos[frames, 0] += metres
        return motions.with_qpos(result, qpos)

    return fault


def turned_about(frames: slice) -> Callable[[RetargetingResult], RetargetingResult]:
    """Half a turn about the vertical."""

    def fault(result: RetargetingResult) -> RetargetingResult:
        qpos = result.qpos.copy()
        w, x, y, z = qpos[frames, 3:7].T.copy()
        qpos[frames, 3:7] = np.stack([-z, -y, x, w], -1)
        return motions.with_qpos(result, qpos)

    return fault


def hanging(frames: slice) -> Callable[[RetargetingResult], RetargetingResult]:
    def fault(result: RetargetingResult) -> RetargetingResult:
        qpos = result.qpos.copy()
        qpos[frames] = qpos[frames.start]
        return motions.with_qpos(result, qpos)

    return fault


def lost(frames: slice) -> Callable[[RetargetingResult], RetargetingResult]:
    """Frames of the recording that were lost, and filled with the one before."""

    def fault(result: RetargetingResult) -> RetargetingResult:
        positions = result.source.positions.copy()
        positions[frames] = positions[frames.start - 1]
        return replace(result, source=replace(result.source, positions=positions))

    return fault


def zeros(frames: slice) -> Callable[[RetargetingResult], RetargetingResult]:
    """Zeros in the recording: one posture at the origin."""

    def fault(result: RetargetingResult) -> RetargetingResult:
        positions = result.source.positions.copy()
        positions[frames] = positions[0] - positions[0].mean(axis=0) + [30.0, 0.0, 0.0]
        return replace(result, source=replace(result.source, positions=positions))

    return fault


FAULTS = {
    "a teleport for a frame": (moved(slice(100, 101), 5.0), {"base_speed_max"}, "base_speed"),
    "a teleport for good": (moved(slice(100, None), 5.0), {"base_speed_max"}, "base_speed"),
    "half a turn": (turned_about(slice(100, 101)), {"base_turn_max"}, "base_turn"),
    "half a turn for good": (turned_about(slice(100, None)), {"base_turn_max"}, "base_turn"),
    "a robot that hangs": (hanging(slice(60, 75)), {"repeated_share", "repeated_time_max"}, "repeats"),
    "lost frames": (
        lost(slice(60, 75)),
        {"human_repeated_share", "human_repeated_time_max"},
        "human_repeats",
    ),
    "a second of zeros": (
        zeros(slice(60, 90)),
        {"human_base_speed_max", "human_repeated_share", "human_repeated_time_max"},
        "human_repeats",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_break_in_the_motion_fails_by_name_and_says_when(name: str, robot: RobotModel) -> None:
    fault, gates, kind = FAULTS[name]
    report = evaluate_result(fault(motions.jumps()), robot)
    assert failed(report) >= gates
    (first, *_) = [one for one in report.diagnostics if one.kind == kind]
    at = 100 / 30 if "base" in kind else 60 / 30
    assert first.start_s == pytest.approx(at, abs=0.05)
    assert first.text.endswith(" s")


def test_the_sound_motion_has_no_break(robot: RobotModel) -> None:
    for result in (motions.jumps(), motions.walk()):
        report = evaluate_result(result, robot)
        assert not failed(report)
        assert not {"base_speed", "base_turn", "repeats"} & {one.kind for one in report.diagnostics}
        assert report["repeated_share"] == report["human_repeated_share"] == 0


@pytest.mark.parametrize(
    "clip",
    [
        "bandai_bvh/dataset-1_kick_normal_001.bvh",  # a spin of 11.5 rad/s
        "deepmimic_txt/humanoid3d_roll.txt",
        "deepmimic_txt/humanoid3d_jump.txt",
        "deepmimic_txt/humanoid3d_getup_facedown.txt",
        "amp_npz/humanoid_run.npz",
    ],
)
def test_spins_rolls_jumps_runs_and_getting_up_are_no_breaks(clip: str, robot: RobotModel) -> None:
    report = evaluate_result(retarget_motion(read_motion(motions.shared(clip)), robot), robot)
    assert not failed(report)


def test_who_stands_still_repeats_nothing(robot: RobotModel) -> None:
    """A held pose with a soft beginning and end is no lost frame, and a still robot beside a still human hangs not."""
    walk = motions.walk()
    still = replace(
        motions.frozen(walk),
        source=replace(
            walk.source,
            positions=np.repeat(walk.source.positions[:1], len(walk), 0),
        ),
    )
    report = evaluate_result(still, robot)
    assert report["human_repeated_share"] == report["repeated_share"] == 0


def test_a_frozen_robot_repeats_while_the_human_moves(robot: RobotModel) -> None:
    report = evaluate_result(motions.frozen(motions.walk()), robot)
    assert report["repeated_share"] > 0.9
    assert "repeated_share" in failed(report)


def test_the_same_turn_with_the_other_sign_of_quaternion_is_none(robot: RobotModel) -> None:
    result = motions.jumps()
    qpos = result.qpos.copy()
    qpos[50:60, 3:7] *= -1
    report = evaluate_result(motions.with_qpos(result, qpos), robot)
    assert report["base_turn_max"] == pytest.approx(evaluate_result(result, robot)["base_turn_max"])
