"""``retarget report``: a verdict on every clip of a batch, and pictures, in one page for a browser."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retarget.cli.report_pages import evaluate_results, make_pages
from retarget.cli.support.common import (
    MANIFEST_NAME,
    SOME_FAILED,
    JsonFlag,
    UsageError,
    print_json,
    require_file,
    require_folder,
    steps,
    tell,
)
from retarget.cli.support.outputs import Output, check_outputs, refuse_inputs
from retarget.errors import UnknownNameError
from retarget.wording import counted

if TYPE_CHECKING:
    from retarget.evaluation import Gates
    from retarget.report.pages import Batch

__all__ = ["report"]

_DETAILS = ("none", "worst", "unfit", "all")


def report(
    manifests: Annotated[
        list[Path],
        typer.Argument(
            metavar="BATCH...", help="A batch's folder or manifest; several are set side by side."
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            metavar="FILE",
            help="File to write.",
            show_default="report.html in the batch's folder, of several in this one",
        ),
    ] = None,
    file_format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="html|md|csv|parquet",
            help="html, md, csv or parquet.",
            show_default="the suffix's",
        ),
    ] = None,
    reports: Annotated[
        list[Path] | None,
        typer.Option(
            "--reports",
            metavar="FOLDER",
            help="Folder of the reports by 'retarget evaluate --output-dir', with all measures; of several batches, "
            "one each in their order.",
        ),
    ] = None,
    gate: Annotated[
        str | None,
        typer.Option(
            "--gate",
            metavar="GATES",
            help="Judge anew by these: train-ready, strict, look-only or a TOML file.",
            show_default="as the batch was judged",
        ),
    ] = None,
    evaluate: Annotated[
        bool,
        typer.Option(
            "--evaluate",
            help="Judge all results first, into --reports or a folder beside the report; resumable.",
        ),
    ] = False,
    details: Annotated[
        str,
        typer.Option(
            "--details",
            metavar="none|worst|unfit|all",
            help="Clips to make pages of, with film strip and time lines.",
        ),
    ] = "none",
    clip: Annotated[
        list[str] | None,
        typer.Option("--clip", metavar="NAME", help="Make the page of this clip; may be repeated."),
    ] = None,
    strips: Annotated[
        int,
        typer.Option(
            "--strips", metavar="N", min=0, help="How many of the worst clips get a film strip."
        ),
    ] = 12,
    title: Annotated[
        str, typer.Option("--title", metavar="TEXT", help="Heading of the report.")
    ] = "",
    max_workers: Annotated[
        int | None,
        typer.Option(
            "--max-workers",
            metavar="N",
            help="How many pages or evaluations at once.",
            show_default="all usable cores",
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Say which clips of a batch are fit to train on and why the others are not; exit 1 if a page cannot be made."""
    from retarget.report.pages import ReportOptions, read_batch, write_report
    from retarget.report.pages.write import FORMATS, format_of

    if details not in _DETAILS:
        raise UnknownNameError("--details", details, list(_DETAILS))
    folders = _report_folders(reports, manifests)
    for folder in folders:
        if folder is not None and not evaluate:
            require_folder(folder, "reports by 'retarget evaluate --output-dir'")
    gates = _gates(gate)
    sources = [_manifest_of(path) for path in manifests]
    kind = format_of(output or Path("report.html"), file_format)
    if output is None:
        suffix = FORMATS[kind]
        output = Path(f"report{suffix}")
        output = sources[0].parent / output if len(sources) == 1 else output
    check_outputs([Output(output, "a report", (FORMATS[kind],))], [*sources, _file_of(gate)])
    if evaluate:
        folders = [
            evaluate_results(source, folder or _folder_beside(output, number), gates, max_workers)
            for number, (source, folder) in enumerate(zip(sources, folders, strict=True), 1)
        ]
    batches = [
        read_batch(source, reports=folder, gates=gates, title=name)
        for source, folder, name in zip(sources, folders, _titles(sources), strict=True)
    ]
    refuse_inputs(
        [output],
        [path for batch in batches for one in batch.clips for path in (one.motion, one.output)],
    )
    failed = 0
    if kind == "html":
        failed = make_pages(
            batches, output, details, clip or [], gates=gates, max_workers=max_workers
        )
    elif clip or details != "none":
        raise UsageError(f"--clip and --details are for reports in HTML, not {kind}")
    write_report(
        batches,
        output,
        ReportOptions(title=title, strips=strips),
        file_format=kind,
        progress=lambda worst: steps(worst, "drawing"),
    )
    _tell(batches, output, as_json)
    if failed:
        raise typer.Exit(SOME_FAILED)


def _manifest_of(path: Path) -> Path:
    """The manifest that is meant by its own path, or by that of the batch's folder.

    Raises:
        UsageError: There is none.
    """
    if not path.is_dir():
        return _existing(path)
    manifest = path / MANIFEST_NAME
    shards = sorted(path.glob(f"{manifest.stem}.shard-*.json"))
    if shards and not manifest.is_file():
        raise UsageError(
            f"{path}: has the manifests of {counted(len(shards), 'shard')}; join them first: retarget manifest merge "
            f"{path}/{manifest.stem}.shard-*.json --output {manifest}"
        )
    return _existing(manifest)


def _existing(path: Path) -> Path:
    from retarget.batch.journal import journal_path

    if not journal_path(path).is_file():
        require_file(path, "a batch's folder or manifest (.json)")
    return path


def _titles(sources: Sequence[Path]) -> list[str]:
    """Names of batches: of their folders, or as much of their paths as tells them apart."""
    if len(set(sources)) < len(sources):
        raise UsageError("a batch is given twice")
    whole = [source.absolute().parent.parts for source in sources]
    for depth in range(1, max(map(len, whole)) + 1):
        names = ["/".join(parts[-depth:]) for parts in whole]
        if len(set(names)) == len(names):
            return names
    return [source.stem for source in sources]  # manifests in one folder


def _report_folders(reports: list[Path] | None, manifests: list[Path]) -> list[Path | None]:
    if not reports:
        return [None] * len(manifests)
    if len(reports) != len(manifests):
        raise UsageError(
            f"{counted(len(reports), 'folder')} of --reports and {counted(len(manifests), 'batch', 'batches')}; "
            "give one each"
        )
    return list(reports)


def _folder_beside(output: Path, number: int) -> Path:
    """Where results of one of a report's batches are judged into."""
    return output.with_name(f"{output.stem}_evaluation{'' if number == 1 else f'_{number}'}")


def _gates(profile: str | None) -> Gates | None:
    from retarget.evaluation import Gates

    if profile is None:
        return None
    if (path := _file_of(profile)) is not None:
        require_file(path, "a profile of gates (.toml)")
    return Gates.named(profile)


def _file_of(profile: str | None) -> Path | None:
    return None if profile is None or not profile.endswith(".toml") else Path(profile)


def _tell(batches: Sequence[Batch], output: Path, as_json: bool) -> None:
    from retarget.report.pages.clips import FATES, Fate
    from retarget.report.pages.outcomes import verdict_of

    verdicts = [verdict_of(batch) for batch in batches]
    if as_json:
        print_json(
            {
                "report": str(output),
                "batches": [
                    {
                        "title": batch.title,
                        "manifest": str(batch.manifest),
                        "clips": verdict.total,
                        "fit": verdict.fit,
                        **{str(fate): verdict.counts[fate] for fate in FATES},
                        "unfinished": verdict.unfinished,
                        "fit_s": verdict.fit_seconds,
                        "all_s": verdict.all_seconds,
                    }
                    for batch, verdict in zip(batches, verdicts, strict=True)
                ],
            }
        )
        return
    for batch, verdict in zip(batches, verdicts, strict=True):
        others = ", ".join(
            f"{verdict.counts[fate]:,} {'without a result' if fate is Fate.FAILED else name}"
            for fate, (name, _) in list(FATES.items())[2:]
            if verdict.counts[fate]
        )
        tell(
            f"{batch.title}: {verdict.fit:,} of {counted(verdict.total, 'clip')} are fit to train on"
            + (f"; {others}" if others else "")
        )
    tell(f"written: {output}")
