"""``retarget run``: one motion file to one result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retarget.cli import options
from retarget.cli.common import (
    JsonFlag,
    print_json,
    refuse_overwriting_inputs,
    require_file,
    say,
    working_on,
)

if TYPE_CHECKING:
    from retarget.config import RunConfig

__all__ = ["run"]


def run(
    motion: Annotated[Path, typer.Option("--motion", help="Motion file.")],
    output: Annotated[Path, typer.Option("--output", help="Result file (.npz).")],
    motion_format: options.FormatName = None,
    robot: options.RobotName = None,
    robot_description: options.RobotDescription = None,
    config: options.ConfigFile = None,
    skip_bind_pose: options.BindPoseFlag = None,
    roles: options.RolesFile = None,
    fps: options.ResultRate = None,
    start: options.StartTime = None,
    end: options.EndTime = None,
    mirror: options.MirrorFlag = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", help="Also write a film strip (.png).")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Retarget one motion file onto a robot."""
    require_file(motion, "a motion file")
    for written in [output, picture]:
        if written is not None:
            refuse_overwriting_inputs(written, motion, config, robot_description, roles)
    settings = options.config_from(
        config=config,
        motion_format=motion_format,
        robot=robot,
        robot_description=robot_description,
        skip_bind_pose=skip_bind_pose,
        roles=roles,
        fps=fps,
        start_s=start,
        end_s=end,
        mirror=mirror,
    )
    with working_on(f"retargeting {motion}"):
        from retarget.worker import retarget_file

        record = retarget_file(motion, output, settings)
    if picture is not None:
        with working_on(f"drawing {picture}"):
            _draw(output, picture, settings, motion.stem, record)
    if as_json:
        print_json({"motion": str(motion), "output": str(output), **record})
    else:
        _print_summary(motion, output, picture, record)


def _draw(
    result: Path, picture: Path, settings: RunConfig, title: str, record: dict[str, Any]
) -> None:
    from retarget.report.filmstrip import draw_filmstrip
    from retarget.report.scores import headline
    from retarget.result import RetargetingResult

    draw_filmstrip(
        RetargetingResult.load_npz(result),
        settings.load_robot(),
        picture,
        title=title,
        subtitle=headline(record["quality"]),
    )


def _print_summary(
    motion: Path, output: Path, picture: Path | None, record: dict[str, Any]
) -> None:
    from retarget.report.scores import headline

    frames, seconds = record["frames"], record["seconds"]["total"]
    for note in record["notes"]:
        say(f"note: {motion}: {note}")
    print(
        f"{motion} -> {output}: {frames} frames at {record['fps']:g} fps on {record['robot']} "
        f"in {seconds:.2f} s ({frames / seconds:.0f} frames/s)"
    )
    print(f"  {headline(record['quality'])}")
    for diagnosis in record["diagnostics"]:
        print(f"  {diagnosis}")
    if (more := record["diagnostics_count"] - len(record["diagnostics"])) > 0:
        print(f"  and {more} more such places; see: retarget evaluate --result {output}")
    if picture is not None:
        print(f"  picture: {picture}")
