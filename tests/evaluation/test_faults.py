"""Garbage fails: each way to spoil a motion misses the gate of the measure that should see it, on five real clips."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import motions
import pytest

from retarget.demo import clips_folder
from retarget.errors import OptionsError
from retarget.evaluation import MEASURES, Gates, evaluate_result
from retarget.evaluation.faults import FAULTS, Fault
from retarget.motion import read_motion
from retarget.pipeline import retarget_motion
from retarget.result import RetargetingResult
from retarget.robots import RobotModel, load_robot

CLIPS = {  # clip -> frames of it; people walk, dance and jump, at several rates
    "jumps": (clips_folder() / "cmu_01_01.bvh", 1000),
    "dance": (clips_folder() / "humanoid_dance.npz", 400),
    "walk": ("bandai_bvh/dataset-1_walk_normal_001.bvh", 195),
    "circle": ("misc_bvh/mixamo_Walk-In-Circle.bvh", 300),
    "video": ("smpl_npz/video_walk_level1_filter_amass.npz", 152),
}


@pytest.fixture(scope="module")
def robot() -> RobotModel:
    return load_robot("unitree_g1")


@lru_cache
def good(clip: str) -> RetargetingResult:
    path, frames = CLIPS[clip]
    motion = read_motion(motions.shared(path) if isinstance(path, str) else path)
    return retarget_motion(motion.frames(0, min(frames, len(motion))), load_robot("unitree_g1"))


def another(clip: str) -> RetargetingResult:
    return good("dance" if clip == "jumps" else "jumps")


@pytest.mark.parametrize("clip", CLIPS)
def test_the_motion_that_is_spoilt_was_good(clip: str, robot: RobotModel) -> None:
    report = evaluate_result(good(clip), robot)
    assert report.passed, report.verdict


@pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda fault: fault.name)
@pytest.mark.parametrize("clip", CLIPS)
def test_garbage_misses_the_gate_that_should_see_it(
    clip: str, fault: Fault, robot: RobotModel
) -> None:
    spoilt = fault.spoil(good(clip), robot, another(clip))
    report = evaluate_result(spoilt, robot)
    if fault.name == "earthbound" and clip != "jumps":
        assert report[fault.seen_by] is None, "who never flies cannot be kept from it"
        return
    missed = {gate.measure for gate in report.failed_gates}
    assert fault.seen_by in missed, (
        f"{MEASURES[fault.seen_by].text(report[fault.seen_by])}, {missed}"
    )
    seen = next(gate for gate in report.failed_gates if gate.measure == fault.seen_by)
    assert seen.text in report.verdict


@pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda fault: fault.name)
def test_nothing_is_spoilt_in_place(fault: Fault, robot: RobotModel) -> None:
    result = motions.walk().frames(0, 20)
    before = result.qpos.copy()
    spoilt = fault.spoil(result, robot, motions.jumps())
    assert (result.qpos == before).all()
    assert len(spoilt) == len(result)
    assert spoilt.fps != result.fps or not (spoilt.qpos == before).all()


def test_another_clips_motion_needs_another_clip(robot: RobotModel) -> None:
    with pytest.raises(OptionsError, match="another clip's result"):
        FAULTS["another clip"].spoil(motions.walk(), robot)


def test_mirrored_twice_is_the_motion_itself(robot: RobotModel) -> None:
    result = motions.walk()
    once = FAULTS["mirrored"].spoil(result, robot)
    twice = FAULTS["mirrored"].spoil(once, robot)
    assert twice.qpos[:, :3] == pytest.approx(result.qpos[:, :3])
    assert twice.qpos[:, 7:] == pytest.approx(
        result.qpos[:, 7:], abs=0.03
    )  # limits differ a little
    heights = motions.sole_heights(result, robot)
    assert motions.sole_heights(once, robot)[:, ::-1] == pytest.approx(heights, abs=0.005)


def test_every_gate_of_train_ready_names_a_measure_with_a_direction() -> None:
    for name in set(Gates.named("train-ready").gates) - {"understood"}:
        assert MEASURES[name].better != "none", name


def test_the_document_has_every_fault_with_what_is_done_and_what_sees_it() -> None:
    page = (Path(__file__).parents[2] / "docs" / "garbage.md").read_text("utf-8")
    head, _, matrices = page.partition("how many miss which gate once they are spoilt")
    rows = [line for line in head.splitlines() if line.startswith("| **")]
    assert rows == [
        f"| **{name}** | {fault.text} | `{fault.seen_by}` |" for name, fault in FAULTS.items()
    ], "run: python benchmarks/garbage.py"
    columns = [
        name
        for line in matrices.splitlines()
        if line.startswith("| gate |")
        for name in line.strip("| ").split(" | ")[1:]
    ]
    assert columns == list(FAULTS)
