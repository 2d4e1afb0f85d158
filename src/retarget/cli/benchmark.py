"""``retarget benchmark``: any tool's output scored on a named list of public clips."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retarget.cli.support import flags, options
from retarget.cli.support.common import JsonFlag, UsageError, print_json, say, steps, tell
from retarget.cli.support.outputs import Output, check_outputs
from retarget.cli.support.tables import print_table

if TYPE_CHECKING:
    from retarget.suites import BenchmarkCard, SuiteClip

__all__ = ["benchmark"]

_MOST_TOLD = 10  # clips that failed; the card has all


def benchmark(
    suite: Annotated[
        str | None,
        typer.Option(
            "--suite",
            metavar="SUITE",
            help="Suite by name, or a TOML file; without it, suites are listed.",
        ),
    ] = None,
    clips: Annotated[
        Path | None,
        typer.Option(
            "--clips",
            metavar="FOLDER",
            help="Folder of the suite's recordings, as deep as need be.",
        ),
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(
            "--results",
            metavar="PATH",
            help="The tool's robot motions: a folder, or a batch's manifest.",
        ),
    ] = None,
    tool: Annotated[
        str, typer.Option("--tool", metavar="TEXT", help="Name and version of the tool.")
    ] = "unnamed",
    robot: Annotated[
        str | None,
        typer.Option(
            "--robot", metavar="ROBOT", help="Robot that they are of.", show_default="the suite's"
        ),
    ] = None,
    robot_description: flags.RobotDescription = None,
    source_fps: flags.SourceRate = None,
    read_as: flags.ReadAs = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", metavar="FILE", help="Card to write: .md, or .json with all values."
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Score any tool's output on a suite of public clips, and write a card that others can reproduce."""
    from retarget.config import RunConfig
    from retarget.files import write_text
    from retarget.suites import Suite, card_markdown, score_suite

    if suite is None:
        _list_suites(as_json)
        return
    chosen = Suite.named(suite)
    if clips is None or results is None:
        raise UsageError(
            "give --clips, the suite's recordings, and --results, the tool's robot motions"
        )
    if output is not None:
        check_outputs([Output(output, "a card", (".md", ".json"))], [clips, results])
    options.require_robot_files(
        RunConfig(robot=robot or chosen.robot, robot_description=robot_description)
    )
    card = score_suite(
        chosen,
        clips,
        results,
        tool=tool,
        robot=robot,
        robot_description=robot_description,
        fps=source_fps,
        kind=read_as,
        progress=_with_progress,
    )
    if output is not None:
        plain = output.suffix.lower() == ".json"
        write_text(output, card.model_dump_json(indent=1) + "\n" if plain else card_markdown(card))
    if as_json:
        print_json(card.model_dump(mode="json"))
        return
    _tell(card)
    if output is not None:
        tell(f"written: {output}")


def _list_suites(as_json: bool) -> None:
    from retarget.suites import Suite, suite_names

    suites = [Suite.named(name) for name in suite_names()]
    if as_json:
        print_json([suite.model_dump(mode="json") for suite in suites])
        return
    rows = [[suite.name, str(len(suite.clips)), suite.robot, suite.title] for suite in suites]
    print_table(["suite", "clips", "robot", "title"], rows)


def _with_progress(clips: Iterable[SuiteClip]) -> Iterator[SuiteClip]:
    yield from steps(list(clips), "scoring")


def _tell(card: BenchmarkCard) -> None:
    from retarget.evaluation import COLUMNS

    print_table(
        ["tool", "pass", *(column.title for column in COLUMNS)],
        [
            [
                card.tool,
                f"{card.passed}/{card.asked}",
                *(column.cell(card.means) for column in COLUMNS),
            ]
        ],
    )
    missing = card.count("no clip")
    if missing:
        say(
            f"note: {missing} of the suite's {len(card.clips)} clips are not at hand: this is not its score"
        )
    without = card.count("no result")
    if without:
        tell(f"{without} clips at hand have no result, and count as not passed")
    failed = [clip for clip in card.clips if clip.status == "failed"]
    for clip in failed[:_MOST_TOLD]:
        say(f"not judged: {clip.name}: {clip.reason}")
    if len(failed) > _MOST_TOLD:
        say(f"... and {len(failed) - _MOST_TOLD} more; the card has all")
