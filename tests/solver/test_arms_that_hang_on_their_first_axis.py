"""Arms that hang along their first axis swing as far as their ranges let them."""

from __future__ import annotations

from dataclasses import replace

from clips import robot

from retarget.demo import embedded_clip
from retarget.evaluation import evaluate_result
from retarget.motion import read_motion
from retarget.pipeline import retarget_motion
from retarget.robots import RobotModel
from retarget.robots.plausibility.shoulders import hangs_on_first_axis
from retarget.solver.problem import TaskWeights


def gain_error(model: RobotModel, weights: TaskWeights) -> float:
    path = embedded_clip("humanoid_walk")
    assert path is not None
    report = evaluate_result(retarget_motion(read_motion(path), model, weights=weights), model)
    error = report["limb_gain_error_max"]
    assert error is not None
    return error


def test_they_are_not_kept_from_swinging_by_turns_of_elbow_and_chest() -> None:
    model = robot("pal_talos")
    assert hangs_on_first_axis(model)
    ours = TaskWeights()
    as_others = replace(
        ours,
        hanging_shoulder_line=ours.shoulder_line,
        hanging_arm=1.0,
        hanging_turns=ours.arm_hinge,
    )
    assert gain_error(model, ours) < 0.95 * gain_error(model, as_others)
