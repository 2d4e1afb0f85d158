"""``retarget compare`` and ``retarget diff``: several tools on the same clips, and two results of one clip."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import typer

from retarget.cli.support import flags, options
from retarget.cli.support.common import (
    JsonFlag,
    UsageError,
    print_json,
    require_file,
    say,
    steps,
    tell,
)
from retarget.cli.support.outputs import Output, check_outputs
from retarget.cli.support.tables import print_table
from retarget.wording import counted

if TYPE_CHECKING:
    from retarget.comparison import Comparison, Difference
    from retarget.comparison.sides import Entry

__all__ = ["compare", "diff"]

_Told = TypeVar("_Told")
_MOST_JOINTS, _MOST_PARTINGS, _MOST_LEFT = 10, 20, 10

_Robot = Annotated[
    str | None,
    typer.Option("--robot", metavar="ROBOT", help="Robot that other tools' files are of."),
]


def compare(
    sides: Annotated[
        list[str],
        typer.Argument(
            metavar="A B [C ...]",
            help="Batches by manifest, folders or files, of any tool; LABEL=PATH names one.",
        ),
    ],
    robot: _Robot = None,
    robot_description: flags.RobotDescription = None,
    sources: Annotated[
        Path | None,
        typer.Option(
            "--sources",
            metavar="PATH",
            help="Human motion that other tools' files were made from, or a folder of such.",
            show_default="what our result of the clip was made from",
        ),
    ] = None,
    source_fps: Annotated[
        list[str] | None,
        typer.Option(
            "--source-fps",
            metavar="[SIDE=]NUMBER",
            help="Frames per second of other tools' files that do not say it; may be repeated.",
            rich_help_panel=flags.READING,
        ),
    ] = None,
    read_as: Annotated[
        list[str] | None,
        typer.Option(
            "--read-as",
            metavar="[SIDE=]FORMAT",
            help="Format of other tools' files, see 'retarget formats --exports'; may be repeated.",
            show_default="told from each file",
            rich_help_panel=flags.READING,
        ),
    ] = None,
    scene: flags.SceneFile = None,
    world_scale: flags.WorldScale = None,
    measure: Annotated[
        list[str] | None,
        typer.Option(
            "--measure",
            metavar="NAME",
            help="Measure to show; may be repeated.",
            show_default="those with a gate, and those of score tables",
        ),
    ] = None,
    gate: Annotated[
        str,
        typer.Option(
            "--gate", metavar="GATES", help="Gates to count passes by: a profile, or a TOML file."
        ),
    ] = "train-ready",
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", min=0, help="Seed of the bootstrap.")
    ] = 0,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", help="File to write the comparison to."),
    ] = None,
    form: Annotated[
        Literal["md", "html", "json"] | None,
        typer.Option(
            "--format",
            metavar="md|html|json",
            help="Format of that file.",
            show_default="its suffix'",
        ),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE", help="File for the picture (.svg).")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Compare batches, folders or files of any tool on the clips that all have, with intervals, wins and losses."""
    from retarget.comparison import compare as compared
    from retarget.comparison import comparison_svg
    from retarget.evaluation import MEASURES, Gates
    from retarget.files import write_text

    for name in measure or []:
        if name not in MEASURES:
            raise UsageError(f"there is no measure {name!r}; docs/measures.md lists them")
    kind = _form(output, form)
    outputs = [] if output is None else [Output(output, "a comparison", (f".{kind}",))]
    outputs += [] if picture is None else [Output(picture, "a picture", (".svg",))]
    if world_scale is not None and scene is None:
        raise UsageError("--world-scale is for things around the robot; give them with --scene")
    if scene is not None and "{stem}" not in str(scene):
        require_file(scene, "the things around the motion (.toml)")
    check_outputs(outputs, [*(Path(side.rpartition("=")[2]) for side in sides), scene])
    _require_robot(robot, robot_description)
    found = compared(
        sides,
        robot=robot,
        robot_description=robot_description,
        sources=sources,
        source_fps=_by_side("--source-fps", source_fps, _rate),
        read_as=_by_side("--read-as", read_as, str),
        scene=scene,
        world_scale=world_scale,
        gates=Gates.named(gate),
        seed=seed,
        progress=_with_progress,
    )
    if output is not None:
        write_text(output, _written(found, kind, measure))
    if picture is not None:
        write_text(picture, comparison_svg(found, measure))
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    _tell(found, measure)
    for path in (output, picture):
        if path is not None:
            tell(f"written: {path}")


def _by_side(
    option: str, given: list[str] | None, read: Callable[[str], _Told]
) -> dict[str, _Told] | None:
    """What is said of sides, by label; without one it is said of all others."""
    from retarget.comparison.sides import ALL

    found: dict[str, _Told] = {}
    for text in given or []:
        label, mark, value = text.rpartition("=")
        label = label if mark else ALL
        if label in found:
            raise UsageError(f"{option}: says two things of {label or 'all sides'}; say one")
        found[label] = read(value)
    return found or None


def _rate(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"--source-fps must be a number, not {text!r}") from None


def _form(output: Path | None, form: str | None) -> str:
    if output is None:
        if form is not None:
            raise UsageError("--format is that of the file that --output names")
        return ""
    found = form or output.suffix.lower().removeprefix(".")
    if found not in ("md", "html", "json"):
        raise UsageError(f"{output}: give a name that ends with .md, .html or .json")
    return found


def _require_robot(robot: str | None, description: Path | None) -> None:
    from retarget.config import RunConfig

    if robot is not None:
        options.require_robot_files(RunConfig(robot=robot, robot_description=description))


def _with_progress(
    clips: Iterable[tuple[str, list[Entry]]],
) -> Iterator[tuple[str, list[Entry]]]:
    yield from steps(list(clips), "comparing")


def _written(found: Comparison, form: str, measures: list[str] | None) -> str:
    from retarget.comparison import comparison_html, comparison_markdown

    if form == "json":
        return found.model_dump_json(indent=2) + "\n"
    return (
        comparison_html(found, measures) if form == "html" else comparison_markdown(found, measures)
    )


def _tell(found: Comparison, measures: list[str] | None) -> None:
    from retarget.comparison.text import comparison_rows, doubtful

    print_table(*comparison_rows(found, measures))
    tell(
        f"{counted(len(found.clips), 'clip')}, paired; intervals of 95 % by bootstrap over clips, seed {found.seed}"
    )
    for side in found.sides:
        if side.unmatched:
            tell(f"{side.label}: {counted(len(side.unmatched), 'clip')} that not all sides have")
    for doubt in doubtful(found)[:_MOST_LEFT]:
        say(f"note: {doubt}")
    for clip, why in list(found.unjudged.items())[:_MOST_LEFT]:
        say(f"not compared: {clip}: {why}")
    if len(found.unjudged) > _MOST_LEFT:
        say(f"... and {len(found.unjudged) - _MOST_LEFT:,} more; --json has all")


def diff(
    first: Annotated[Path, typer.Argument(metavar="R1", help="A result, or another tool's file.")],
    second: Annotated[Path, typer.Argument(metavar="R2", help="Another of the same clip.")],
    robot: _Robot = None,
    robot_description: flags.RobotDescription = None,
    source: Annotated[
        Path | None,
        typer.Option(
            "--source", metavar="FILE", help="Human motion that another tool's file was made from."
        ),
    ] = None,
    source_fps: flags.SourceRate = None,
    read_as: flags.ReadAs = None,
    as_json: JsonFlag = False,
) -> None:
    """Say where two results of one clip differ, frame by frame: in which joint, and by how much."""
    from retarget.comparison import diff as differ

    for path in (first, second):
        require_file(path, "a result (.npz) or another tool's file")
    _require_robot(robot, robot_description)
    found = differ(
        first,
        second,
        robot=robot,
        robot_description=robot_description,
        source=source,
        source_fps=source_fps,
        read_as=read_as,
    )
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        _tell_difference(found)


def _tell_difference(found: Difference) -> None:
    import numpy as np

    if found.note:
        say(f"note: {found.note}")
    if found.identical:
        tell(f"identical: {found.frames} frames at {found.fps:g} fps")
        return
    rows = [
        [
            joint.joint,
            *(f"{np.degrees(value):.2f}" for value in (joint.mean, joint.p95, joint.most)),
            f"{joint.at_s:.2f}",
        ]
        for joint in found.joints[:_MOST_JOINTS]
    ]
    print_table(["joint", "mean deg", "p95 deg", "most deg", "at s"], rows)
    tell(
        f"{found.frames} frames at {found.fps:g} fps; the second turned by {found.yaw_deg:.2f} degrees and shifted by "
        f"{100 * found.shift_m:.1f} cm onto the first, {found.offset_s:+.3f} s later"
    )
    tell(
        f"bases {1000 * found.base_mean_m:.1f} mm apart on average, {1000 * found.base_most_m:.1f} at most; bodies "
        f"{1000 * found.body_mean_m:.1f}, most of all {found.worst_body}"
    )
    for parting in found.partings[:_MOST_PARTINGS]:
        tell(parting.text)
    if len(found.partings) > _MOST_PARTINGS:
        tell(f"... and {len(found.partings) - _MOST_PARTINGS} times more; --json has all")
    if not found.partings:
        tell("they never part by more than 6 degrees in a joint or 3 cm of the base")
