"""``retarget export``: a result in a file that other tools read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from retarget.cli.common import JsonFlag, UsageError, print_json, require_file, say, tell
from retarget.cli.outputs import Output, check_outputs

__all__ = ["export"]


def export(
    result: Annotated[Path, typer.Option("--result", help="Result file (.npz).")],
    output: Annotated[Path, typer.Option("--output", help="File or folder to write.")],
    consumer: Annotated[
        str, typer.Option("--for", help="Who reads it: see 'retarget formats --exports'.")
    ] = "unitree_csv",
    fps: Annotated[
        float | None,
        typer.Option("--fps", help="Rate to write.", show_default="what the reader wants"),
    ] = None,
    joints: Annotated[
        str | None,
        typer.Option(
            "--joints",
            help="A joint set of the robot, names or patterns between commas, all, or the model file of another "
            "robot of the family.",
            show_default="what the reader wants",
        ),
    ] = None,
    quaternion: Annotated[
        str | None,
        typer.Option("--quaternion", help="wxyz or xyzw.", show_default="what the reader wants"),
    ] = None,
    fixed_links: Annotated[
        str | None,
        typer.Option(
            "--fixed-links",
            help="Group of fixed links of the robot's description to list too, such as urdf.",
            show_default="what the reader wants",
        ),
    ] = None,
    clip: Annotated[
        str | None,
        typer.Option("--clip", help="Name of the clip in the file.", show_default="the file's"),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Write a result as another tool reads it; beside it a .json says what the file holds."""
    from retarget.config import RunConfig
    from retarget.exchange.registry import export_table
    from retarget.export import ExportOptions, export_result
    from retarget.result import RetargetingResult

    options = ExportOptions(fps, joints, _quaternion(quaternion), fixed_links, clip)
    table = export_table(consumer)
    require_file(result, "a result (.npz)")
    check_outputs([Output(output, "an export", folder=not table.suffix)], [result])
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
