"""Robot to robot: a motion of the G1 onto the T1 and back, beside retargeting twice from the human.

Usage: python benchmarks/robot_to_robot.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from measure import CLIPS, clip_files, on_one_core, table, write_section

on_one_core()

import numpy as np  # noqa: E402

from retarget.evaluation import ClipReport, evaluate_result  # noqa: E402
from retarget.exchange.robot_motion import read_robot_motion  # noqa: E402
from retarget.foreign_result import foreign_result  # noqa: E402
from retarget.motion import read_motion  # noqa: E402
from retarget.pipeline import retarget_motion  # noqa: E402
from retarget.result import RetargetingResult  # noqa: E402
from retarget.robot_recording import read_robot_recording  # noqa: E402
from retarget.robots import RobotModel, load_robot  # noqa: E402

COMMAND = "make bench (benchmarks/robot_to_robot.py)"
ROBOTS = ("unitree_g1", "booster_t1")
OTHERS = ("unitree_h1",)  # there and back, too
SOURCES = {
    "walk": CLIPS / "misc_bvh" / "mixamo_Walk-In-Circle.bvh",
    "LAFAN1 dance": CLIPS / "lafan1_bvh" / "bvhTools_test2_3945f.bvh",
    "CMU 01_01": CLIPS / "cmu_bvh" / "01_01.bvh",
}
_COLUMNS = (
    "clip",
    "motion",
    "limb mean / p95 deg",
    "trunk lean deg",
    "slide mm/s",
    "deepest mm",
    "scuff %",
    "self-collision %",
    "jerk rad/s3",
    "joints off G1's own: mean / p95 deg",
    "base off: mean mm",
)


def main() -> None:
    clip_files()
    first = load_robot(ROBOTS[0])
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, path in SOURCES.items():
            human = read_motion(path)
            own = retarget_motion(human, first)
            rows.append(_row(name, "human -> G1", evaluate_result(own, first), own, own))
            for other in (*ROBOTS[1:], *OTHERS):
                there = load_robot(other)
                back = _there_and_back(own, first, there, Path(folder))
                made = Path(folder) / "back.npz"
                back.save_npz(made)
                beside, _ = foreign_result(read_robot_motion(made, first), first, human)
                short = other.split("_")[1].upper()
                told = f"human -> G1 -> {short} -> G1"
                rows.append(_row(name, told, evaluate_result(beside, first), back, own))
                direct = retarget_motion(human, there)
                rows.append(
                    _row(name, f"human -> {short}", evaluate_result(direct, there), None, own)
                )
                leg = _onto(own, first, there, Path(folder))
                leg.save_npz(made)
                by_way, _ = foreign_result(read_robot_motion(made, there), there, human)
                rows.append(
                    _row(name, f"human -> G1 -> {short}", evaluate_result(by_way, there), None, own)
                )
    body = (
        "A result of the G1 is the recording for another robot, and that one's result the recording for the G1 again; "
        "each is judged beside the human that it all began with, as a robot that is retargeted from the human is. "
        "Joints and base are compared with the G1's own motion, frame by frame, the base after its mean offset is "
        "taken off.\n\n" + table(_COLUMNS, rows)
    )
    write_section("robot-to-robot", "Robot to robot", COMMAND, body)


def _onto(
    result: RetargetingResult, robot: RobotModel, other: RobotModel, folder: Path
) -> RetargetingResult:
    path = folder / "from.npz"
    result.save_npz(path)
    return retarget_motion(read_robot_recording(path, robot), other)


def _there_and_back(
    result: RetargetingResult, robot: RobotModel, other: RobotModel, folder: Path
) -> RetargetingResult:
    return _onto(_onto(result, robot, other, folder), other, robot, folder)


def _row(
    clip: str, told: str, report: ClipReport, back: RetargetingResult | None, own: RetargetingResult
) -> list[str]:
    off = ["-", "-"]
    if back is not None:
        joints = np.abs(np.rad2deg(back.qpos[:, 7:] - own.qpos[:, 7:]))
        base = back.qpos[:, :3] - own.qpos[:, :3]
        away = np.linalg.norm(base - base.mean(axis=0), axis=1)
        off = [
            f"{joints.mean():.2f} / {np.percentile(joints, 95):.1f}",
            f"{1000 * away.mean():.0f}",
        ]
    return [
        clip,
        told,
        f"{_text(report, 'limb_error_mean', 2)} / {_text(report, 'limb_error_p95', 1)}",
        _text(report, "trunk_lean_error_mean", 1),
        _text(report, "toe_slide_mean", 1, 1000),
        _text(report, "sole_penetration_max", 1, 1000),
        _text(report, "swing_scuff_share", 0, 100),
        _text(report, "self_collision_share", 1, 100),
        _text(report, "jerk_mean", 0),
        *off,
    ]


def _text(report: ClipReport, name: str, digits: int, factor: float = 1.0) -> str:
    value = report[name]
    return "-" if value is None else f"{value * factor:.{digits}f}"


if __name__ == "__main__":
    main()
