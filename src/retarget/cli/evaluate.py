"""``retarget evaluate``: scores of a result, or of all results of a batch."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retarget.cli import flags, options
from retarget.cli.common import (
    SOME_FAILED,
    GatesFlag,
    JsonFlag,
    UsageError,
    counted,
    gates_in_words,
    print_json,
    print_table,
    require_file,
    require_manifest,
    say,
    steps,
    tell,
)
from retarget.cli.evaluate_foreign import Foreign, is_own, judge_foreign
from retarget.cli.outputs import Output, check_outputs
from retarget.errors import OutputError, RetargetError

if TYPE_CHECKING:
    from retarget.evaluation import ClipReport, Summary, Unjudged
    from retarget.result import RetargetingResult
    from retarget.robots import RobotModel

__all__ = ["evaluate", "print_scores", "report_lines"]

_MOST_ROWS = 10  # of the table of a batch: all clips, or the worst
_MOST_UNJUDGED = 10  # told one by one; the summary holds all


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
    robot_description: flags.RobotDescription = None,
    source: Annotated[
        Path | None,
        typer.Option("--source", help="Human motion that another tool's file was made from."),
    ] = None,
    source_fps: flags.SourceRate = None,
    save_result: Annotated[
        Path | None,
        typer.Option(
            "--save-result", help="Write another tool's file as a result (.npz), to go on with."
        ),
    ] = None,
    fail_on_gates: GatesFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Measure results, or another tool's robot motion, against their human source; exit 1 if one cannot be judged."""
    if (result is None) == (batch_manifest is None):
        raise UsageError("give either --result or --batch-manifest")
    unjudged: list[Unjudged] = []
    if batch_manifest is not None:
        inputs, unjudged = _of_batch(batch_manifest)
    else:
        assert result is not None
        inputs = {result.stem: result}
    foreign = Foreign(source, robot, robot_description, source_fps, save_result)
    other = result is not None and (source is not None or not is_own(result))
    if not other and (source_fps is not None or save_result is not None):
        raise UsageError("--source-fps and --save-result are for robot motions of other tools")
    if result is not None and not other:
        require_file(result, "a result (.npz)")
    _check_outputs(output, output_dir, [batch_manifest, *inputs.values(), robot_description])

    def judge(name: str, path: Path) -> ClipReport:
        report = (
            judge_foreign(path, foreign)
            if other
            else _evaluate(name, path, robot, robot_description)
        )
        if output_dir is not None:
            report.write(output_dir / f"{name}.json")
        return report

    if result is not None:
        missed = _tell_one(judge(result.stem, result), output, as_json)
    else:
        missed = _tell_all(inputs, judge, unjudged, output, output_dir, as_json)
    if (fail_on_gates and missed) or any(clip.has_result for clip in unjudged):
        raise typer.Exit(SOME_FAILED)


def _check_outputs(
    output: Path | None, output_dir: Path | None, inputs: Sequence[Path | None]
) -> None:
    outputs = []
    if output is not None:
        outputs.append(Output(output, "a report", (".json",)))
    if output_dir is not None:
        outputs.append(Output(output_dir, "a folder of reports", folder=True))
    check_outputs(outputs, inputs)


def _of_batch(manifest: Path) -> tuple[dict[str, Path], list[Unjudged]]:
    """A batch's result files by job, and its jobs without one."""
    from retarget.batch import BatchManifest
    from retarget.evaluation import Unjudged

    records = BatchManifest.load(require_manifest(manifest)).records
    return {record.job_id: record.output_file for record in records if record.status != "failed"}, [
        Unjudged(clip=record.job_id, reason=record.message, has_result=False)
        for record in records
        if record.status == "failed"
    ]


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
    if model.name == result.robot and model.sha256 != made_with:
        say(f"note: the description of {model.name} has changed since the result was made")
    return model


def _tell_one(report: ClipReport, output: Path | None, as_json: bool) -> bool:
    """Write and print the report of one clip; whether it misses a gate."""
    if output is not None:
        report.write(output)
    if as_json:
        print_json(json.loads(report.model_dump_json()))
    else:
        print_scores([report], None)
        for line in report_lines(report):
            tell(f"{report.clip}: {line}")
        if output is not None:
            tell(f"written: {output}")
    return not report.passed


def _tell_all(
    inputs: dict[str, Path],
    judge: Callable[[str, Path], ClipReport],
    unjudged: list[Unjudged],
    output: Path | None,
    output_dir: Path | None,
    as_json: bool,
) -> bool:
    """Judge the clips of a batch one by one, write and print their summary; whether anything misses a gate.

    Clips that cannot be judged are added to ``unjudged``, with the reason.
    """
    from retarget.evaluation import summarise

    worst = _Worst()
    summary = summarise(_judged(inputs, judge, unjudged, worst), unjudged)
    if output is not None:
        summary.write(output)
    if as_json:
        print_json(json.loads(summary.model_dump_json()))
    else:
        worst.tell(summary)
        _tell_unjudged(summary)
        if output_dir is not None:
            tell(f"reports, with all measures and where robots could not follow: {output_dir}")
        if output is not None:
            tell(f"written: {output}")
    return summary.passed_share < 1 or bool(unjudged)


def _judged(
    inputs: dict[str, Path],
    judge: Callable[[str, Path], ClipReport],
    unjudged: list[Unjudged],
    worst: _Worst,
) -> Iterator[ClipReport]:
    from retarget.evaluation import Unjudged

    for name, path in steps(inputs.items(), "evaluating"):
        try:
            report = judge(name, path)
        except OutputError:  # of no clip, but of the folder of reports
            raise
        except Exception as error:
            reason = str(error) if isinstance(error, RetargetError) else repr(error)
            unjudged.append(Unjudged(clip=name, reason=" ".join(reason.split())))
            continue
        worst.add(report)
        yield report


class _Worst:
    """The clips that are farthest from passing, or all where they are few."""

    def __init__(self) -> None:
        self._count = 0
        self._kept: list[ClipReport] = []

    def add(self, report: ClipReport) -> None:
        self._count += 1
        self._kept.append(report)
        if len(self._kept) >= 2 * _MOST_ROWS:
            self._cut()

    def _cut(self) -> None:
        self._kept.sort(key=lambda one: (one.passed, -_excess(one), -len(one.failed_gates)))
        del self._kept[_MOST_ROWS:]

    def tell(self, summary: Summary) -> None:
        """Print the table, what they miss, and how many clips miss which gate."""
        if self._count > _MOST_ROWS:
            self._cut()
        if self._kept:
            print_scores(self._kept, summary)
        if self._count > len(self._kept):
            tell(f"the {len(self._kept)} worst of {counted(self._count, 'clip')}")
        for report in self._kept:
            if not report.passed:
                tell(f"{report.clip}: {report.verdict}")
        judged = gates_in_words(len(summary.clips), [c.failed_gates for c in summary.clips])
        passed = f"all of {counted(len(summary.clips), 'clip')} pass the gates"
        tell(judged or (passed if summary.clips else "no clip could be judged"))


def _excess(report: ClipReport) -> float:
    return max((gate.excess for gate in report.failed_gates), default=0.0)


def _tell_unjudged(summary: Summary) -> None:
    for has_result, one, several in (
        (True, "result cannot be judged", "results cannot be judged"),
        (False, "job has no result", "jobs have no result"),
    ):
        clips = [clip for clip in summary.unjudged if clip.has_result is has_result]
        for clip in clips[:_MOST_UNJUDGED]:
            say(f"{'error' if has_result else 'no result'}: {clip.clip}: {clip.reason}")
        if len(clips) > _MOST_UNJUDGED:
            say(f"... and {len(clips) - _MOST_UNJUDGED:,} more; --output writes all")
        if clips:
            tell(counted(len(clips), one, several))


def report_lines(report: ClipReport) -> list[str]:
    """What a person should know beyond the scores: failed gates, and where the robot could not follow."""
    from retarget.report.scores import why_empty

    gates = [gate.text for gate in report.failed_gates]
    empty = [why] if (why := why_empty(report)) else []
    doubts = [f"doubt: {doubt.text}" for doubt in report.doubts]
    return gates + empty + doubts + [diagnosis.text for diagnosis in report.diagnostics]


def print_scores(reports: Sequence[ClipReport], summary: Summary | None) -> None:
    """Print a row of scores a clip, and one for all."""
    from retarget.report.scores import SCORES, score_cells

    def row(name: str, report: Any, passed: str) -> list[str]:
        return [name, f"{report.duration_s:.1f}", *score_cells(report), passed]

    rows = [row(r.clip, r, "pass" if r.passed else "FAIL") for r in reports]
    if summary is not None and len(summary.clips) > 1:
        rows.append(row("all", summary, f"{summary.passed_share:.0%}"))
    print_table(["clip", "s", *(score.title for score in SCORES), "gates"], rows)
