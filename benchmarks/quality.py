"""Quality: every readable clip on the Unitree G1, and on the other robots, by the definitions of `retarget.evaluation`.

Usage: python benchmarks/quality.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from measure import CLIPS, clip_files, on_one_core, table, write_section

on_one_core()

from retarget.config import RunConfig  # noqa: E402
from retarget.evaluation import COLUMNS, ClipReport, evaluate_result, summarise  # noqa: E402
from retarget.evaluation.thresholds import ORIENTED_SEGMENTS  # noqa: E402
from retarget.pipeline import retarget_motion  # noqa: E402
from retarget.report.scores import score_cells  # noqa: E402
from retarget.result import RetargetingResult  # noqa: E402
from retarget.robots import robot_names  # noqa: E402
from retarget.worker import retarget_file  # noqa: E402

COMMAND = "make bench (benchmarks/quality.py)"
DANCE = "bvhTools_test2_3945f.bvh"


def main() -> None:
    files = clip_files()
    robot = RunConfig().load_robot()
    reports: list[ClipReport] = []
    rates: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "result.npz"
        for path in files:
            retarget_file(path, output, RunConfig())  # warms up
            record = retarget_file(path, output, RunConfig())
            rates.append(f"{record['frames'] / record['seconds']['total']:,.0f}")
            name = str(path.relative_to(CLIPS))
            reports.append(evaluate_result(RetargetingResult.load_npz(output), robot, clip=name))
    rows = [
        [
            report.clip,
            f"{report.frames} @ {report.fps:.4g}",
            *score_cells(report),
            *_safety(report),
            rate,
        ]
        for report, rate in zip(reports, rates, strict=True)
    ]
    summary = summarise(reports)
    rows.append(["all, weighted by duration", "", *score_cells(summary), "", "", ""])
    columns = [
        "clip",
        "frames @ fps",
        *(column.title for column in COLUMNS),
        "beyond limits rad",
        "gates",
        "whole run frames/s",
    ]
    body = (
        "Unitree G1, default options, roles found automatically. Limb error and slide are mean / p95; "
        "definitions and units: `retarget.evaluation.MEASURES`.\n\n"
        + table(columns, rows)
        + "\n\nOrientation error by segment, degrees, after one constant offset per joint:\n\n"
        + table(["clip", *ORIENTED_SEGMENTS], [_orientations(report) for report in reports])
    )
    write_section("quality", "Quality of every clip", COMMAND, body)
    _other_robots(files)


def _other_robots(files: list[Path]) -> None:
    rows = []
    for name in robot_names():
        robot = RunConfig(robot=name).load_robot()
        reports = {}
        for path in files:
            result = retarget_motion(RunConfig().read_motion(path), robot)
            reports[path.name] = evaluate_result(result, robot, clip=path.name)
        summary = summarise(list(reports.values()))
        deepest = max(report["self_collision_max"] or 0.0 for report in reports.values())
        rows.append([name, "all", *score_cells(summary), f"{deepest * 1e3:.1f}"])
        dance = reports[DANCE]
        own = f"{(dance['self_collision_max'] or 0.0) * 1e3:.1f}"
        rows.append([name, f"`{DANCE}`", *score_cells(dance), own])
    body = (
        "Every clip on every embedded robot, with the same options and weights, weighted by duration, and the dance by "
        "itself. Overlap is that of the two bodies that are deepest inside each other in any frame.\n\n"
        + table(["robot", "clip", *(column.title for column in COLUMNS), "overlap mm"], rows)
    )
    write_section("robots", "Other robots", COMMAND, body)


def _safety(report: ClipReport) -> list[str]:
    excess = report["position_limit_excess_max"]
    failed = [gate.measure for gate in report.gates if not gate.passed]
    return [f"{excess or 0:.1g}", "pass" if not failed else ", ".join(failed)]


def _orientations(report: ClipReport) -> list[str]:
    values = [report[f"orientation_error_{segment}"] for segment in ORIENTED_SEGMENTS]
    return [report.clip, *("-" if value is None else f"{value:.1f}" for value in values)]


if __name__ == "__main__":
    main()
