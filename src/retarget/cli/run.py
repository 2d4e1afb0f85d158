"""``retarget run``: one motion file to one result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retarget.cli.support.common import (
    SOME_FAILED,
    GatesFlag,
    JsonFlag,
    print_json,
    require_motion,
    say,
    tell,
    working_on,
)
from retarget.cli.support.grouped import with_options
from retarget.cli.support.options import RunOptions
from retarget.cli.support.outputs import Output, check_outputs
from retarget.wording import counted

if TYPE_CHECKING:
    from retarget.config import RunConfig

__all__ = ["run"]

_WORTH_TELLING_S = 0.5


@with_options(RunOptions)
def run(
    motion: Annotated[
        Path,
        typer.Option(
            "--motion", metavar="FILE", help="Motion file, or an embedded clip: humanoid_dance, ..."
        ),
    ],
    output: Annotated[Path, typer.Option("--output", metavar="FILE", help="Result file (.npz).")],
    chosen: RunOptions,
    picture: Annotated[
        Path | None,
        typer.Option("--picture", metavar="FILE", help="Also write a film strip (.png)."),
    ] = None,
    fail_on_gates: GatesFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Retarget one motion file onto a robot."""
    motion = require_motion(motion)
    settings = chosen.settings()
    outputs = [Output(output, "a result", (".npz",))]
    if picture is not None:
        from retarget.report import require_pictures

        require_pictures()
        outputs.append(Output(picture, "a picture", (".png",)))
    from retarget.jobs.run_files import files_beside

    check_outputs(outputs, [motion, *chosen.files, *files_beside(settings, motion)])
    with working_on(f"retargeting {motion}"):
        from retarget.ahead import compiled_ahead
        from retarget.worker import retarget_file

        with compiled_ahead():
            record = retarget_file(motion, output, settings)
    if picture is not None:
        with working_on(f"drawing {picture}"):
            _draw(output, picture, settings, motion.stem, record)
    notes = settings.load_robot().notes
    if as_json:
        paths = {"motion": str(motion), "output": str(output)}
        print_json({**paths, **record, "robot_notes": list(notes)})
    else:
        for note in notes:
            say(f"note: {settings.robot}: {note}")
        _print_summary(motion, output, picture, record)
    if fail_on_gates and record["failed_gates"]:
        raise typer.Exit(SOME_FAILED)


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
    from retarget.report.scores import headline, things_line, why_empty

    frames, compiling = record["frames"], record["seconds"]["compile"]
    seconds = record["seconds"]["total"] - compiling
    for note in record["notes"]:
        say(f"note: {motion}: {note}")
    for doubt in record["doubts"]:
        say(f"doubt: {motion}: {doubt['name']} ({doubt['weight']:.0%}): {doubt['reason']}")
    tell(
        f"{motion} -> {output}: {counted(frames, 'frame')} at {record['fps']:g} fps on {record['robot']} "
        f"in {seconds:.2f} s ({frames / seconds:,.0f} frames/s)"
        + (f", and {compiling:.1f} s of compiling, once" if compiling >= _WORTH_TELLING_S else "")
    )
    if (scale := record["time_scale"]) != 1.0:
        tell(f"  played {1 / scale:.3f} times as fast as recorded (time scale {scale:.4f})")
    tell(f"  {headline(record['quality'])}")
    if things := things_line(record["quality"]):
        tell(f"  {things}")
    if why := why_empty(record["quality"]):
        tell(f"  {why}")
    tell(f"  {record['verdict']}")
    for diagnosis in record["diagnostics"]:
        tell(f"  {diagnosis}")
    if (more := record["diagnostics_count"] - len(record["diagnostics"])) > 0:
        tell(f"  and {more} more such places; see: retarget evaluate --result {output}")
    if picture is not None:
        tell(f"  picture: {picture}")
