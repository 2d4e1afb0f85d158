"""Physics, swing and trunk: what contacts can push, and how feet and trunk move beside the human's.

The robot maker's own retarget of one of the clips is judged by the same measures, on the same human.

Usage: python benchmarks/physics.py
"""

from __future__ import annotations

from pathlib import Path

from measure import CLIPS, clip_files, median_seconds, on_one_core, table, write_section

on_one_core()

import numpy as np  # noqa: E402

from retarget.config import RunConfig  # noqa: E402
from retarget.evaluation import ClipReport, contact_forces, evaluate_result  # noqa: E402
from retarget.exchange.robot_motion import read_robot_motion  # noqa: E402
from retarget.foreign_result import foreign_result  # noqa: E402
from retarget.motion import Motion  # noqa: E402
from retarget.pipeline import retarget_motion  # noqa: E402
from retarget.result import RetargetingResult  # noqa: E402
from retarget.robots import RobotModel  # noqa: E402

COMMAND = "make bench (benchmarks/physics.py)"
DANCE = "lafan1_bvh/bvhTools_test2_3945f.bvh"
PEER = "robot_unitree_csv/lafan1_g1_dance1_subject2.csv"  # the same take
CLIPS_SHOWN = {  # and how many of their frames
    DANCE: None,
    "bandai_bvh/dataset-1_walk_normal_001.bvh": None,
    "misc_bvh/mixamo_Walk-In-Circle.bvh": None,
    "cmu_bvh/01_01.bvh": 1800,
    "bandai_bvh/dataset-1_dance-short_normal_001.bvh": None,
    "misc_bvh/test_mocapbank.bvh": None,
}
WIDE = 0.02  # m: the height alone that published comparisons let a sole push at
PEER_FPS = 30.0


def main() -> None:
    clip_files()
    robot = RunConfig().load_robot()
    judged: list[tuple[str, RetargetingResult]] = []
    for name, count in CLIPS_SHOWN.items():
        motion = RunConfig().read_motion(CLIPS / name)
        result = retarget_motion(motion.frames(0, count or len(motion)), robot)
        judged.append((Path(name).name, result))
        if name == DANCE:
            judged.append(("Unitree's own of the same take", _peers(result, robot, motion)))
    reports = [(name, result, evaluate_result(result, robot)) for name, result in judged]
    seconds, _ = median_seconds(
        lambda: contact_forces(judged[0][1].qpos, robot, judged[0][1].fps), repeats=5
    )
    body = (
        "Unitree G1, default options; definitions and units: `retarget.evaluation.MEASURES`. Force left: by inverse "
        "dynamics, less the best forces in friction cones (0.8) at points lower than 2 cm, whether they stand or slide "
        "(wide), and at points within 5 mm of the floor that stand (strict). Unitree's file of the take "
        f"is laid beside the same human in time. {len(judged[0][1]) / seconds:,.0f} "
        "frames/s on the dance.\n\n"
        + table(_FORCE_COLUMNS, [_forces(*each, robot) for each in reports])
        + "\n\nFeet in swing, beside the human's own in the robot's size, and the trunk:\n\n"
        + table(_SWING_COLUMNS, [_swing(name, report) for name, _, report in reports])
        + "\n\nEvery measure of the dance, ours beside Unitree's:\n\n"
        + table(["measure", "unit", "ours", "Unitree's"], _all(reports[0][2], reports[1][2]))
    )
    write_section("physics", "Physics, swing and trunk", COMMAND, body)


def _peers(own: RetargetingResult, robot: RobotModel, human: Motion) -> RetargetingResult:
    """The other retarget of the take, beside the same human, at the frames of ours that both have."""
    motion = read_robot_motion(CLIPS / PEER, robot, fps=PEER_FPS)
    return foreign_result(motion, robot, human)[0]


_FORCE_COLUMNS = (
    "clip",
    "force left, wide: mean / p95",
    "over 10 %",
    "torque",
    "strict: mean / p95",
    "over 10 %",
    "com x, y, z m/s2",
    "level / human",
    "upright / human",
    "not ballistic %",
    "outside %",
    "effort p95 / max",
)
_SWING_COLUMNS = ("clip", "scuff %", "clear mm", "both down %", "lean deg", "hip line", "shoulders")


def _forces(
    name: str, result: RetargetingResult, report: ClipReport, robot: RobotModel
) -> list[str]:
    wide = contact_forces(result.qpos, robot, result.fps, height=WIDE, speed=np.inf)
    acceleration = np.diff(wide.centre, 2, axis=0) * result.fps**2
    x, y, z = np.sqrt(np.square(acceleration).mean(axis=0))
    return [
        name,
        f"{wide.force_left.mean():.3f} / {np.percentile(wide.force_left, 95):.2f}",
        f"{(wide.force_left > 0.1).mean():.0%}",
        f"{wide.torque_left.mean():.4f}",
        f"{_text(report['force_left_mean'], 3)} / {_text(report['force_left_p95'], 2)}",
        _text(report["force_left_share"], 0, 100) + "%",
        f"{x:.1f} {y:.1f} {z:.1f}",
        _pair(report, "com_acceleration_horizontal", "human_acceleration_horizontal", 1),
        _pair(report, "com_acceleration_vertical", "human_acceleration_vertical", 1),
        _text(report["flight_not_ballistic_share"], 0, 100),
        _text(report["com_outside_share"], 0, 100),
        _pair(report, "joint_effort_p95", "joint_effort_max", 2),
    ]


def _swing(name: str, report: ClipReport) -> list[str]:
    return [
        name,
        _pair(report, "swing_scuff_share", "human_swing_scuff_share", 0, 100),
        _pair(report, "swing_clearance", "human_swing_clearance", 0, 1000),
        _pair(report, "both_soles_down_share", "human_both_soles_down_share", 0, 100),
        *(
            _pair(report, f"{error}_error_mean", f"{error}_error_p95", 1)
            for error in ("trunk_lean", "hip_line", "shoulder_line")
        ),
    ]


def _all(ours: ClipReport, theirs: ClipReport) -> list[list[str]]:
    return [
        [name, measure.unit, _text(measure.value, 4), _text(theirs[name], 4)]
        for name, measure in ours.measures.items()
    ]


def _pair(report: ClipReport, first: str, second: str, digits: int, factor: float = 1.0) -> str:
    return f"{_text(report[first], digits, factor)} / {_text(report[second], digits, factor)}"


def _text(value: float | None, digits: int, factor: float = 1.0) -> str:
    return "-" if value is None else f"{value * factor:.{digits}f}"


if __name__ == "__main__":
    main()
