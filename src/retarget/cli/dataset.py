"""``retarget dataset``: a batch's results as one data set, and smaller or otherwise split ones of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retarget.cli.support.common import (
    SOME_FAILED,
    JsonFlag,
    UsageError,
    print_json,
    require_folder,
    require_manifest,
    say,
    steps,
    tell,
)
from retarget.cli.support.helping import HelpfulCommand, HelpfulGroup
from retarget.cli.support.outputs import Output, check_outputs
from retarget.cli.support.picking import OnlyOption, chosen_clips
from retarget.cli.support.tables import print_table
from retarget.wording import counted

if TYPE_CHECKING:
    from retarget.dataset.description import Description

__all__ = ["app"]

app = typer.Typer(
    cls=HelpfulGroup, help="Pack a batch's results into one data set; filter, split and verify it."
)

_DEFAULT_SHARES = "train=0.8,validation=0.1,test=0.1"
_Folder = Annotated[Path, typer.Argument(metavar="DATASET", help="Folder of a packed data set.")]
_Output = Annotated[Path, typer.Option("--output", metavar="FOLDER", help="Folder to write.")]
_Shares = Annotated[
    str, typer.Option("--splits", metavar="SHARES", help="Splits and their shares of frames.")
]
_Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Seed of the splits.")]


@app.command(cls=HelpfulCommand)
def pack(
    manifest: Annotated[
        Path, typer.Argument(metavar="MANIFEST", help="The batch's manifest (.json).")
    ],
    output: _Output,
    fps: Annotated[
        float, typer.Option("--fps", metavar="NUMBER", help="Rate of all clips.")
    ] = 50.0,
    joints: Annotated[
        str,
        typer.Option(
            "--joints",
            metavar="JOINTS",
            help="A joint set of the robot, or names and patterns between commas.",
        ),
    ] = "all",
    splits: _Shares = _DEFAULT_SHARES,
    seed: _Seed = 0,
    title: Annotated[
        str, typer.Option("--title", metavar="TEXT", help="Its name.", show_default="the folder's")
    ] = "",
    licence: Annotated[
        list[str] | None,
        typer.Option(
            "--licence",
            metavar="FOLDER=TEXT",
            help="Licence of a source folder, as the batch's input folder has it ('.' is all); may be "
            "repeated.",
            show_default="licence files that lie there",
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also pack clips that do not pass the gates.")
    ] = False,
    only: OnlyOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Pack results that pass the gates: Parquet with all tracks, an index with scores, splits, a card."""
    from retarget.batch import located_manifest
    from retarget.dataset import PackOptions, Shares
    from retarget.dataset import pack as pack_batch

    batch = located_manifest(require_manifest(manifest))
    check_outputs(
        [Output(output, "a data set", folder=True)],
        [manifest, batch.output_dir, batch.input_dir, *(r.output for r in batch.records)],
    )
    options = PackOptions(
        title,
        fps,
        joints,
        chosen_clips(manifest, batch, everything, only),
        Shares.parsed(splits),
        seed,
        _licences(licence or []),
    )
    description = pack_batch(
        batch, output, options, progress=lambda records: steps(records, "packing")
    )
    unread = {c: why for c, why in description.left_out.items() if why.startswith("cannot be read")}
    for clip, why in unread.items():
        say(f"error: {clip}: {why}")
    _report(output, description, as_json)
    if unread:
        raise typer.Exit(SOME_FAILED)


@app.command("filter", cls=HelpfulCommand)
def filter_(
    data: _Folder,
    output: _Output,
    where: Annotated[
        list[str],
        typer.Option(
            "--where",
            metavar="CONDITION",
            help="'MEASURE <= NUMBER'; may be repeated, all must hold.",
        ),
    ],
    as_json: JsonFlag = False,
) -> None:
    """Write a data set of the clips whose measures are within bounds; they stay in their splits."""
    from retarget.dataset import Dataset, filtered
    from retarget.dataset.derive import Condition

    conditions = [Condition.parsed(text) for text in where]
    _required(data)
    check_outputs([Output(output, "a data set", folder=True)], [data])
    _report(output, filtered(Dataset.open(data), output, conditions), as_json)


@app.command(cls=HelpfulCommand)
def split(
    data: _Folder,
    output: _Output,
    splits: _Shares = _DEFAULT_SHARES,
    seed: _Seed = 0,
    as_json: JsonFlag = False,
) -> None:
    """Write the same clips with other splits; no take is in two of them."""
    from retarget.dataset import Dataset, Shares, resplit

    shares = Shares.parsed(splits)
    _required(data)
    check_outputs([Output(output, "a data set", folder=True)], [data])
    _report(output, resplit(Dataset.open(data), output, shares, seed), as_json)


@app.command(cls=HelpfulCommand)
def show(data: _Folder, as_json: JsonFlag = False) -> None:
    """List the clips with their frames, source folders and splits."""
    from retarget.dataset import Dataset

    opened = Dataset.open(_required(data))
    if as_json:
        print_json({**json.loads(opened.description.text()), "clips": list(opened.rows)})
        return
    columns = ("clip", "frames", "source_folder", "split_by_clip", "split_by_folder")
    print_table(columns, [[str(row[column]) for column in columns] for row in opened.rows])


@app.command(cls=HelpfulCommand)
def verify(data: _Folder, as_json: JsonFlag = False) -> None:
    """Compare every file with its hash; exit 1 if one is missing or has changed."""
    from retarget.dataset import Dataset

    opened = Dataset.open(_required(data))
    problems = list(opened.problems())
    if as_json:
        print_json({"files": len(opened.description.files), "problems": problems})
    else:
        for problem in problems:
            say(f"error: {problem}")
        whole = len(opened.description.files) - len(problems)
        tell(f"{whole} of {counted(len(opened.description.files), 'file')} as packed")
    if problems:
        raise typer.Exit(SOME_FAILED)


def _required(data: Path) -> Path:
    """The folder of a packed data set.

    Raises:
        UsageError: It is none.
    """
    from retarget.dataset.description import DESCRIPTION

    require_folder(data, "a packed data set")
    if not (data / DESCRIPTION).is_file():
        raise UsageError(
            f"{data}: holds no data set ({DESCRIPTION}); make one: retarget dataset pack"
        )
    return data


def _licences(said: list[str]) -> dict[str, str]:
    licences = {}
    for text in said:
        folder, separator, licence = text.partition("=")
        if not separator or not licence.strip():
            raise UsageError(f"--licence is FOLDER=TEXT, not {text!r}")
        licences[Path(folder.strip() or ".").as_posix()] = licence.strip()
    return licences


def _report(output: Path, description: Description, as_json: bool) -> None:
    from retarget.dataset import Dataset

    rows = Dataset.open(output).rows
    if as_json:
        print_json({"output": str(output), "clips": len(rows), **json.loads(description.text())})
        return
    frames = sum(row["frames"] for row in rows)
    tell(
        f"{output}: {counted(len(rows), 'clip')}, {counted(frames, 'frame')} at {description.fps:g} fps of "
        f"{description.robot}; {counted(len(description.left_out), 'clip')} left out; see {output / 'card.md'}"
    )
