"""How low orientation errors can get at the limits of limb direction, jerk and slide, by a search over the weights.

Successive linear programmes: each measures how every weight changes every measure, and moves all weights to where the
linear prediction is best within the limits. Without contacts, floor, collisions and speed limits only the robot's
kinematics and smoothness are left, so that nothing else can be what stands in the way.

Usage: python benchmarks/front.py
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64
from scipy.optimize import linprog

from measure import clip_files, table, write_section
from retarget import (
    Motion,
    RetargetOptions,
    evaluate_result,
    load_robot,
    read_motion,
    retarget_motion,
)
from retarget.evaluation import ClipReport
from retarget.robots import RobotModel
from retarget.solver.problem import TaskWeights

COMMAND = "make bench (benchmarks/front.py)"
DANCE = "bvhTools_test2_3945f.bvh"
LIMITS = {
    "limb_error_mean": 1.9,
    "limb_error_p95": 5.3,
    "jerk_mean": 520.0,
    "toe_slide_mean": 0.006,
    "toe_slide_p95": 0.02,
    "heel_slide_mean": 0.012,
    "heel_slide_p95": 0.03,
}
AIM = "orientation_error_mean"
FOLLOWING = (
    "long_axis",
    "arm_axis",
    "hinge",
    "arm_hinge",
    "twist",
    "foot",
    "hand",
    "trunk",
)
MOVING = tuple(f"{part}_acceleration" for part in ("trunk", "leg", "ankle", "arm", "wrist"))
HOLDING = ("anchor", "heel")
PROBE = 0.25  # logarithm of the factor by which a weight is changed to see what it does
STRIDE, SHRINK, ROUNDS = 0.4, 0.85, 12  # largest step of a weight's logarithm, what becomes of it
AIMED = 0.995  # share of a limit aimed at
DEAR = 50.0  # degrees; what a limit exceeded by its own size costs, more than it is worth


@dataclass(frozen=True, slots=True)
class Case:
    """What is on, which weights may change, and which of `LIMITS` hold."""

    name: str
    options: RetargetOptions
    free: tuple[str, ...]
    limits: tuple[str, ...]


def _cases() -> list[Case]:
    def bare(smoothness: float) -> RetargetOptions:
        return RetargetOptions(
            smoothness=smoothness,
            contacts=False,
            floor=False,
            self_collision=False,
            speed_limits=False,
        )

    limb, jerk = ("limb_error_mean", "limb_error_p95"), ("jerk_mean",)
    return [
        Case("joint limits only, any jerk", bare(0.01), FOLLOWING, limb),
        Case("joint limits only", bare(1.0), FOLLOWING + MOVING, limb + jerk),
        Case("everything on", RetargetOptions(), FOLLOWING + MOVING + HOLDING, tuple(LIMITS)),
    ]


def main() -> None:
    robot = load_robot("unitree_g1")
    motion = read_motion(next(path for path in clip_files() if path.name == DANCE))
    rows = [_row("default weights", evaluate_result(retarget_motion(motion, robot), robot))]
    for case in _cases():
        weights, report = _best(motion, robot, case)
        rows.append(_row(f"{case.name}: best weights found", report))
        print(case.name, {name: f"{getattr(weights, name):.3g}" for name in case.free}, flush=True)
    head = ["case", "limb deg", "orient deg", "jerk rad/s3", "toe slide m/s", "heel slide m/s"]
    body = (
        f"`{DANCE}`, Unitree G1; weights that make orientation errors least at limb errors of 1.9 / 5.3 degrees, a "
        "jerk of 520 and the limits of slide, as far as a row's case has them. Pelvis and chest, which no measure here "
        "sees, are left as free as it takes.\n\n" + table(head, rows)
    )
    write_section("front", "How low orientation errors can get", COMMAND, body)


def _best(motion: Motion, robot: RobotModel, case: Case) -> tuple[TaskWeights, ClipReport]:
    """The best weights met on the way from the default ones, and their report.

    The way goes on where a step was bad: measures such as a 95th percentile jump, and the next slopes know more.
    """

    def look(weights: TaskWeights) -> tuple[ClipReport, Float64[np.ndarray, "1+L"]]:
        report = evaluate_result(
            retarget_motion(motion, robot, case.options, weights=weights), robot
        )
        return report, _values(report, case)

    weights, stride = TaskWeights(), STRIDE
    best = math.inf, weights, look(weights)[0]
    for _ in range(ROUNDS):
        report, here = look(weights)
        grade = here[0] + DEAR * float(np.maximum(here[1:] - 1.0, 0.0).sum())
        best = min(best, (grade, weights, report), key=lambda found: found[0])
        probes = [look(_scaled(weights, name, PROBE))[1] - here for name in case.free]
        step = _step(here, np.stack(probes, axis=1) / PROBE, stride)
        for name, change in zip(case.free, step.tolist(), strict=True):
            weights = _scaled(weights, name, change)
        stride *= SHRINK
    return best[1], best[2]


def _step(
    here: Float64[np.ndarray, "1+L"], slopes: Float64[np.ndarray, "1+L W"], stride: float
) -> Float64[np.ndarray, "W"]:
    """The step within the stride that the linear prediction likes best; limits give way at a price."""
    limits, free = slopes.shape[0] - 1, slopes.shape[1]
    found = linprog(
        np.concatenate([slopes[0], np.full(limits, DEAR)]),
        A_ub=np.hstack([slopes[1:], -np.eye(limits)]),
        b_ub=AIMED - here[1:],
        bounds=[(-stride, stride)] * free + [(0.0, None)] * limits,
    )
    return np.asarray(found.x[:free])


def _scaled(weights: TaskWeights, name: str, change: float) -> TaskWeights:
    return replace(weights, **{name: getattr(weights, name) * math.exp(change)})


def _values(report: ClipReport, case: Case) -> Float64[np.ndarray, "1+L"]:
    """What is to be least, degrees, and each measure as a share of its limit."""
    shares = [(report[name] or 0.0) / LIMITS[name] for name in case.limits]
    return np.array([report[AIM] or 0.0, *shares])


def _row(name: str, report: ClipReport) -> list[str]:
    return [
        name,
        f"{report['limb_error_mean']:.2f} / {report['limb_error_p95']:.1f}",
        f"{report[AIM]:.2f}",
        f"{report['jerk_mean']:.0f}",
        f"{report['toe_slide_mean']:.4f} / {report['toe_slide_p95']:.3f}",
        f"{report['heel_slide_mean']:.4f} / {report['heel_slide_p95']:.3f}",
    ]


if __name__ == "__main__":
    main()
