"""``retarget evaluate``: scores of a result, or of all results of a batch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retarget.cli.evaluate_foreign import Foreign, judge_foreign
from retarget.cli.support import flags, options
from retarget.cli.support.common import (
    SOME_FAILED,
    GatesFlag,
    JsonFlag,
    UsageError,
    print_json,
    require_file,
    require_manifest,
    say,
    tell,
)
from retarget.cli.support.outputs import Output, check_outputs
from retarget.cli.support.verdicts import lists_in, print_scores, report_lines, tell_all

if TYPE_CHECKING:
    from retarget.evaluation import ClipReport, Gates, Unjudged
    from retarget.jobs.evaluation_batch import BatchEvaluation
    from retarget.result import RetargetingResult
    from retarget.robots import RobotModel

__all__ = ["evaluate"]


def evaluate(
    result: Annotated[
        Path | None, typer.Option("--result", metavar="FILE", help="One result (.npz).")
    ] = None,
    batch_manifest: Annotated[
        Path | None,
        typer.Option("--batch-manifest", metavar="FILE", help="A batch, by its manifest (.json)."),
    ] = None,
    output_dir: Annotated[
        Path | None,
        typer.Option(
            "--output-dir", metavar="FOLDER", help="Folder for a report (.json) of each clip."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", metavar="FILE", help="The clip's report, or the batch's summary (.json)."
        ),
    ] = None,
    robot: Annotated[
        str | None,
        typer.Option(
            "--robot", metavar="ROBOT", help="Robot to judge with.", show_default="the result's own"
        ),
    ] = None,
    robot_description: flags.RobotDescription = None,
    source: Annotated[
        Path | None,
        typer.Option(
            "--source", metavar="FILE", help="Human motion that another tool's file was made from."
        ),
    ] = None,
    source_fps: flags.SourceRate = None,
    read_as: flags.ReadAs = None,
    scene: flags.SceneFile = None,
    world_scale: flags.WorldScale = None,
    save_result: Annotated[
        Path | None,
        typer.Option(
            "--save-result",
            metavar="FILE",
            help="Write another tool's file as a result (.npz), to go on with.",
        ),
    ] = None,
    gate: Annotated[
        str | None,
        typer.Option(
            "--gate",
            metavar="GATES",
            help="Gates to pass, and exit with 1 where one is missed: train-ready, strict, look-only or a TOML file; "
            "of a batch, train.txt and rejected.txt are written.",
            show_default="train-ready, without the exit code",
        ),
    ] = None,
    fail_on_gates: GatesFlag = False,
    max_workers: Annotated[
        int | None,
        typer.Option(
            "--max-workers",
            metavar="N",
            help="How many results of a batch to judge at once, with --output-dir.",
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Measure results, or another tool's robot motion, against their human source; exit 1 if one cannot be judged."""
    from retarget.result_file import is_result_file

    if (result is None) == (batch_manifest is None):
        raise UsageError("give either --result or --batch-manifest")
    unjudged: list[Unjudged] = []
    if batch_manifest is not None:
        inputs, unjudged = _of_batch(batch_manifest)
    else:
        assert result is not None
        inputs = {result.stem: result}
    foreign = Foreign(
        source, robot, robot_description, source_fps, read_as, save_result, scene, world_scale
    )
    other = result is not None and (source is not None or not is_result_file(result))
    theirs = (source_fps, read_as, save_result, scene, world_scale)
    if not other and any(given is not None for given in theirs):
        raise UsageError(
            "--source-fps, --read-as, --scene, --world-scale and --save-result are for robot motions of other tools, "
            "or with --source; a result of ours has its own"
        )
    if result is not None and not other:
        require_file(result, "a result (.npz)")
    gates = _gates(gate)
    lists = None if gate is None or batch_manifest is None else output_dir or batch_manifest.parent
    read = [batch_manifest, *inputs.values(), robot_description, scene, _file_of(gate)]
    _check_outputs(output, output_dir, lists, read)

    if max_workers is not None and (batch_manifest is None or output_dir is None):
        raise UsageError(
            "--max-workers is for the results of a batch that are judged into a folder"
        )
    if batch_manifest is not None and output_dir is not None:
        judged = _evaluate_all(inputs, output_dir, max_workers, gates, robot, robot_description)

    def judge(name: str, path: Path) -> ClipReport:
        if batch_manifest is not None and output_dir is not None:
            return judged.report(name)
        report = (
            judge_foreign(path, foreign, gates)
            if other
            else _evaluate(name, path, robot, robot_description, gates)
        )
        if output_dir is not None:
            report.write(output_dir / f"{name}.json")
        return report

    if result is not None:
        missed = _tell_one(judge(result.stem, result), output, as_json)
    else:
        missed = tell_all(inputs, judge, unjudged, output, output_dir, lists, as_json)
    if ((fail_on_gates or gate) and missed) or any(clip.has_result for clip in unjudged):
        raise typer.Exit(SOME_FAILED)


def _evaluate_all(
    inputs: dict[str, Path],
    output_dir: Path,
    max_workers: int | None,
    gates: Gates | None,
    robot: str | None,
    description: Path | None,
) -> BatchEvaluation:
    """Judge the results of a batch into a folder; run again it goes on where it stopped."""
    from retarget.cli.batch import interrupted
    from retarget.config import RunConfig
    from retarget.jobs.evaluation_batch import evaluate_batch

    if robot is not None:
        options.require_robot_files(RunConfig(robot=robot, robot_description=description))
    try:
        done = evaluate_batch(
            inputs,
            output_dir,
            max_workers=max_workers or 1,
            gates=gates,
            robot=robot,
            robot_description=description,
        )
    except KeyboardInterrupt as interrupt:
        raise interrupted(interrupt) from None
    notes = {
        note for record in done.manifest.records for note in record.provenance.get("notes", [])
    }
    for note in sorted(notes):
        say(f"note: {note}")
    return done


def _gates(profile: str | None) -> Gates | None:
    """The gates asked for; none where the usual ones are to be passed."""
    from retarget.evaluation import Gates

    if profile is None:
        return None
    if (path := _file_of(profile)) is not None:
        require_file(path, "a profile of gates (.toml)")
    return Gates.named(profile)


def _file_of(profile: str | None) -> Path | None:
    return None if profile is None or not profile.endswith(".toml") else Path(profile)


def _check_outputs(
    output: Path | None, output_dir: Path | None, lists: Path | None, inputs: Sequence[Path | None]
) -> None:
    outputs = [Output(path, "a list of clips", (".txt",)) for path in lists_in(lists)]
    if output is not None:
        outputs.append(Output(output, "a report", (".json",)))
    if output_dir is not None:
        outputs.append(Output(output_dir, "a folder of reports", folder=True))
    check_outputs(outputs, inputs)


def _of_batch(manifest: Path) -> tuple[dict[str, Path], list[Unjudged]]:
    """A batch's result files by job, and its jobs without one."""
    from retarget.batch import located_manifest
    from retarget.evaluation import Unjudged

    records = located_manifest(require_manifest(manifest)).records
    return {record.job_id: record.output_file for record in records if record.status != "failed"}, [
        Unjudged(clip=record.job_id, reason=record.message, has_result=False)
        for record in records
        if record.status == "failed"
    ]


def _evaluate(
    name: str, path: Path, robot: str | None, description: Path | None, gates: Gates | None
) -> ClipReport:
    from retarget.evaluation import evaluate_result as judge
    from retarget.result import RetargetingResult

    motion = RetargetingResult.load_npz(path)
    return judge(motion, _robot_of(motion, robot, description), clip=name, gates=gates)


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
