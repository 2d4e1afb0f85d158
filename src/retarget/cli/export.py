"""``retarget export``: a result in a file that other tools read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from retarget.cli.evaluate_foreign import read_foreign
from retarget.cli.export_batch import export_batch
from retarget.cli.support.common import JsonFlag, UsageError, print_json, require_file, say, tell
from retarget.cli.support.flags import ReadAs, RobotDescription, SourceRate
from retarget.cli.support.outputs import Output, check_outputs
from retarget.cli.support.picking import OnlyOption

if TYPE_CHECKING:
    from retarget.exchange.tables import ExportTable
    from retarget.export import ExportOptions

__all__ = ["export"]

_OF_OTHERS = "--robot, --robot-description, --source-fps and --read-as are for another tool's motion (--result)"


def export(
    result: Annotated[
        Path | None,
        typer.Option(
            "--result", metavar="FILE", help="Result file (.npz), or another tool's robot motion."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="PATH", help="File or folder to write, of one result."),
    ] = None,
    batch_manifest: Annotated[
        Path | None,
        typer.Option("--batch-manifest", metavar="FILE", help="Export all results of a batch."),
    ] = None,
    output_dir: Annotated[
        Path | None,
        typer.Option("--output-dir", metavar="FOLDER", help="Folder for the files of a batch."),
    ] = None,
    consumer: Annotated[
        str,
        typer.Option(
            "--for", metavar="READER", help="Who reads it: see 'retarget formats --exports'."
        ),
    ] = "unitree_csv",
    fps: Annotated[
        float | None,
        typer.Option(
            "--fps", metavar="NUMBER", help="Rate to write.", show_default="what the reader wants"
        ),
    ] = None,
    joints: Annotated[
        str | None,
        typer.Option(
            "--joints",
            metavar="JOINTS",
            help="A joint set of the robot, names or patterns between commas, all, or the model file or name of "
            "another robot of the family.",
            show_default="what the reader wants",
        ),
    ] = None,
    quaternion: Annotated[
        str | None,
        typer.Option(
            "--quaternion",
            metavar="wxyz|xyzw",
            help="Order of quaternions.",
            show_default="what the reader wants",
        ),
    ] = None,
    fixed_links: Annotated[
        str | None,
        typer.Option(
            "--fixed-links",
            metavar="GROUP",
            help="Group of fixed links of the robot's description to list too, such as urdf.",
            show_default="what the reader wants",
        ),
    ] = None,
    clip: Annotated[
        str | None,
        typer.Option(
            "--clip",
            metavar="NAME",
            help="Name of the clip in the file.",
            show_default="the file's",
        ),
    ] = None,
    objects: Annotated[
        bool,
        typer.Option(
            "--objects",
            help="Also write poses of things on paths, where the reader does not have them anyway.",
        ),
    ] = False,
    merge: Annotated[
        bool,
        typer.Option("--merge", help="Also write the one file of all clips, beside --output-dir."),
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Also export clips that do not pass the gates.")
    ] = False,
    only: OnlyOption = None,
    max_workers: Annotated[
        int | None,
        typer.Option(
            "--max-workers",
            metavar="N",
            help="How many files at once.",
            show_default="all usable cores",
        ),
    ] = None,
    robot: Annotated[
        str | None,
        typer.Option("--robot", metavar="ROBOT", help="Robot that another tool's motion is of."),
    ] = None,
    robot_description: RobotDescription = None,
    source_fps: SourceRate = None,
    read_as: ReadAs = None,
    force: Annotated[bool, typer.Option("--force", help="Write again what exists.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Write results as another tool reads them: one, or all of a batch that pass its gates.

    Another tool's robot motion is converted likewise: name its robot.
    """
    from retarget.exchange.registry import export_table
    from retarget.export import ExportOptions
    from retarget.result_file import is_result_file

    options = ExportOptions(fps, joints, _quaternion(quaternion), fixed_links, clip, objects)
    table = export_table(consumer)
    foreign = (robot, robot_description, source_fps, read_as)
    named = any(given is not None for given in foreign)
    if batch_manifest is not None:
        if named:
            raise UsageError(_OF_OTHERS)
        if result is not None or output is not None or clip is not None or output_dir is None:
            raise UsageError(
                "--batch-manifest goes with --output-dir, and neither with --result, --output nor --clip"
            )
        export_batch(
            batch_manifest,
            output_dir,
            table,
            options,
            merge,
            everything,
            only,
            max_workers,
            force,
            as_json,
        )
        return
    if result is None or output is None or output_dir is not None or merge or everything or only:
        raise UsageError(
            "give --result and --output for one result, or --batch-manifest and --output-dir for those of a batch"
        )
    if named and is_result_file(result):
        raise UsageError(_OF_OTHERS)
    _export_one(result, output, table, options, as_json, foreign)


def _export_one(
    result: Path,
    output: Path,
    table: ExportTable,
    options: ExportOptions,
    as_json: bool,
    foreign: tuple[str | None, Path | None, float | None, str | None],
) -> None:
    from retarget.config import RunConfig
    from retarget.export import export_result
    from retarget.foreign_result import foreign_result
    from retarget.result import RetargetingResult
    from retarget.result_file import is_result_file

    if foreign == (None,) * len(foreign):
        require_file(result, "a result (.npz)")
    told = output.with_name(f"{output.name}.json")
    places = [Output(output, "an export", folder=not table.suffix), Output(told, "what it holds")]
    check_outputs(places, [result])
    if result.exists() and not is_result_file(result):
        read, robot = read_foreign(result, *foreign)
        motion, _ = foreign_result(read, robot, None)
    else:
        motion = RetargetingResult.load_npz(result)
        robot = RunConfig.of_result(motion).load_robot()
    written = export_result(motion, output, table.kind, robot=robot, options=options, sidecar=True)
    for note in written.notes:
        say(f"note: {note}")
    if as_json:
        print_json({"output": str(output), "notes": written.notes, **written.description})
    else:
        tell(
            f"{result} -> {output}: {written.frames} frames at {written.fps:g} fps, "
            f"{written.joints} joints, for {table.title}"
        )


def _quaternion(name: str | None) -> Literal["wxyz", "xyzw"] | None:
    names: tuple[Literal["wxyz", "xyzw"], ...] = ("wxyz", "xyzw")
    for known in names:
        if name == known:
            return known
    if name is not None:
        raise UsageError(f"--quaternion must be wxyz or xyzw, not {name!r}")
    return None
