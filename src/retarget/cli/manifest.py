"""``retarget manifest``: what a batch's manifest says, and whether its outputs are what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retarget.cli.batch import outcome
from retarget.cli.support.common import (
    SOME_FAILED,
    JsonFlag,
    print_json,
    require_manifest,
    say,
    tell,
)
from retarget.cli.support.helping import HelpfulCommand, HelpfulGroup
from retarget.cli.support.outputs import Output, check_outputs
from retarget.cli.support.tables import print_table
from retarget.wording import counted

if TYPE_CHECKING:
    from retarget.batch import BatchRunRecord

__all__ = ["app"]

app = typer.Typer(
    cls=HelpfulGroup, help="Look into a batch's manifest, check its outputs, merge those of shards."
)

_ManifestFile = Annotated[
    Path, typer.Argument(metavar="MANIFEST", help="The batch's manifest (.json).")
]


@app.command(cls=HelpfulCommand)
def show(manifest: _ManifestFile, as_json: JsonFlag = False) -> None:
    """List every job's outcome."""
    from retarget.batch import BatchManifest

    batch = BatchManifest.load(require_manifest(manifest))
    if as_json:
        print_json(json.loads(batch.model_dump_json()))
        return
    rows = [
        [
            r.job_id,
            str(r.status),
            f"{r.duration_s:.2f}",
            str(r.provenance.get("frames", "-")),
            r.message,
        ]
        for r in batch.records
    ]
    print_table(["job", "status", "s", "frames", "message"], rows)
    tell(outcome(batch))


@app.command(cls=HelpfulCommand)
def failed(manifest: _ManifestFile, as_json: JsonFlag = False) -> None:
    """List the jobs that failed, with their errors and logs; exit 1 if there are any."""
    from retarget.batch import BatchManifest

    records = [
        r for r in BatchManifest.load(require_manifest(manifest)).records if r.status == "failed"
    ]
    if as_json:
        print_json([json.loads(record.model_dump_json()) for record in records])
    else:
        for record in records:
            tell(f"{record.job_id}: {record.error_type}: {record.message}")
            if log := record.batch_notes.get("log"):
                tell(f"  log: {log}")
        tell(counted(len(records), "failed job"))
    if records:
        raise typer.Exit(SOME_FAILED)


@app.command(cls=HelpfulCommand)
def verify(manifest: _ManifestFile, as_json: JsonFlag = False) -> None:
    """Open every output and check it against its record; exit 1 if one is not what it should be."""
    from retarget.batch import located_manifest, verify_manifest

    batch = located_manifest(require_manifest(manifest))
    problems = verify_manifest(batch, _open_output)
    checked = sum(record.status != "failed" for record in batch.records)
    if as_json:
        print_json(
            {
                "checked": checked,
                "problems": [{"job": p.job_id, "problem": p.problem} for p in problems],
            }
        )
    else:
        for problem in problems:
            say(f"error: {problem}")
        tell(f"{checked - len(problems)} of {checked} outputs are what their records say")
    if problems:
        raise typer.Exit(SOME_FAILED)


@app.command(cls=HelpfulCommand)
def merge(
    manifests: Annotated[
        list[Path], typer.Argument(metavar="MANIFEST...", help="Manifests of the shards.")
    ],
    output: Annotated[
        Path, typer.Option("--output", metavar="FILE", help="Manifest of the whole.")
    ],
    as_json: JsonFlag = False,
) -> None:
    """Make one manifest of those of a batch's shards."""
    from retarget.batch import merge_manifests

    for manifest in manifests:
        require_manifest(manifest)
    check_outputs([Output(output, "a manifest")], [])
    batch = merge_manifests(manifests, output)
    if as_json:
        print_json({"manifest": str(output), **json.loads(batch.model_dump_json())})
    else:
        tell(f"{counted(len(manifests), 'manifest')} -> {output}: {outcome(batch)}")


def _open_output(record: BatchRunRecord) -> None:
    """Compare an output with what its record says: an exported file by its hash, a result by opening it.

    Raises:
        ValueError: It is not what was written.
    """
    if "result_sha256" in record.provenance:
        from retarget.jobs.export_worker import tree_sha256

        if tree_sha256(record.output_file) != record.provenance["output_sha256"]:
            raise ValueError("its content is not what was exported; export it again with --force")
        return
    _open_result(record)


def _open_result(record: BatchRunRecord) -> None:
    """Load a result and compare it with what its record says.

    Raises:
        ValueError: It is not a whole result, or another one.
    """
    from retarget.result import RetargetingResult

    result = RetargetingResult.load_npz(record.output_file)
    recorded = record.provenance.get("frames", len(result))
    if len(result) != recorded:
        raise ValueError(f"it has {len(result)} frames, its record says {recorded}")
