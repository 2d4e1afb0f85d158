"""``retarget evaluate``: scores of a result, or of all results of a batch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retarget.cli import options
from retarget.cli.common import (
    SOME_FAILED,
    JsonFlag,
    UsageError,
    print_json,
    print_table,
    require_file,
    require_manifest,
    say,
    steps,
    tell,
)
from retarget.cli.outputs import Output, check_outputs

if TYPE_CHECKING:
    from retarget.evaluation import ClipReport, Summary
    from retarget.result import RetargetingResult
    from retarget.robots import RobotModel

__all__ = ["evaluate", "print_scores", "report_lines"]


def evaluate(
    result: Annotated[Path | None, typer.Option("--result", help="One result (.npz).")] = None,
    batch_manifest: Annotated[
        Path | None, typer.Option("--batch-manifest", help="A batch, by its manifest (.json).")
    ] = None,
    output_dir: Annotated[
        Path | None, typer.Option("--output-dir", help="Folder for a report (.json) of each clip.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", help="The clip's report, or the batch's summary (.json)."),
    ] = None,
    robot: Annotated[
        str | None,
        typer.Option("--robot", help="Robot to judge with.", show_default="the result's own"),
    ] = None,
    robot_description: options.RobotDescription = None,
    as_json: JsonFlag = False,
) -> None:
    """Measure results against their human source; exit 1 if one cannot be judged."""
    if (result is None) == (batch_manifest is None):
        raise UsageError("give either --result or --batch-manifest")
    inputs = _inputs(result, batch_manifest)
    if output is not None:
        check_outputs(
            [Output(output, "a report", (".json",))],
            [batch_manifest, *inputs.values(), robot_description],
        )
    reports: list[ClipReport] = []
    failed = 0
    for name, path in steps(inputs.items(), "evaluating"):
        try:
            reports.append(_evaluate(name, path, robot, robot_description))
        except ValueError as error:
            if result is not None:
                raise
            failed += 1
            say(f"error: {error}")
    if output_dir is not None:
        for report in reports:
            report.write(output_dir / f"{report.clip}.json")
    _finish(reports, single=result is not None, output=output, as_json=as_json)
    if failed:
        raise typer.Exit(SOME_FAILED)


def _inputs(result: Path | None, manifest: Path | None) -> dict[str, Path]:
    """Result files by the name that their report gets."""
    if result is not None:
        return {result.stem: require_file(result, "a result (.npz)")}
    from retarget.batch import BatchManifest

    assert manifest is not None
    batch = BatchManifest.load(require_manifest(manifest))
    return {record.job_id: record.output for record in batch.records if record.status != "failed"}


def _evaluate(name: str, path: Path, robot: str | None, description: Path | None) -> ClipReport:
    from retarget.evaluation import evaluate as judge
    from retarget.result import RetargetingResult

    motion = RetargetingResult.load_npz(path)
    return judge(motion, _robot_of(motion, robot, description), clip=name)


def _robot_of(result: RetargetingResult, robot: str | None, description: Path | None) -> RobotModel:
    """The robot asked for, else the one that the result was made with."""
    from retarget.config import RunConfig

    asked_for = None if robot is None else RunConfig(robot=robot, robot_description=description)
    if asked_for is not None:
        options.require_robot_files(asked_for)
    model = (asked_for or RunConfig.of_result(result)).load_robot()
    made_with = result.provenance.get("robot_sha256", model.sha256)
    if model.sha256 != made_with:
        say(f"note: the description of {model.name} has changed since the result was made")
    return model


def _finish(reports: list[ClipReport], *, single: bool, output: Path | None, as_json: bool) -> None:
    from retarget.evaluation import summarise

    whole: ClipReport | Summary = reports[0] if single else summarise(reports)
    if output is not None:
        whole.write(output)
    if as_json:
        print_json(json.loads(whole.model_dump_json()))
        return
    print_scores(reports, None if single else summarise(reports))
    for report in reports:
        for line in report_lines(report):
            tell(f"{report.clip}: {line}")
    if output is not None:
        tell(f"written: {output}")


def report_lines(report: ClipReport) -> list[str]:
    """What a person should know beyond the scores: failed gates, and where the robot could not follow."""
    gates = [gate.text for gate in report.gates if not gate.passed and gate.value is not None]
    doubts = [f"doubt: {doubt.text}" for doubt in report.doubts]
    return gates + doubts + [diagnosis.text for diagnosis in report.diagnostics]


def print_scores(reports: Sequence[ClipReport], summary: Summary | None) -> None:
    """Print a row of scores a clip, and one for all."""
    from retarget.report.scores import SCORES, score_cells

    def row(name: str, report: Any, passed: str) -> list[str]:
        return [name, f"{report.duration_s:.1f}", *score_cells(report), passed]

    rows = [row(r.clip, r, "pass" if r.passed else "FAIL") for r in reports]
    if summary is not None and len(reports) > 1:
        rows.append(row("all", summary, f"{summary.passed_share:.0%}"))
    print_table(["clip", "s", *(score.title for score in SCORES), "gates"], rows)
