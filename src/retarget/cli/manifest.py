"""``retarget manifest``: what a batch's manifest says, and whether its outputs are what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retarget.cli.common import SOME_FAILED, JsonFlag, print_json, print_table, say, tell

if TYPE_CHECKING:
    from retarget.batch import BatchRunRecord

__all__ = ["app"]

app = typer.Typer(help="Look into a batch's manifest, check its outputs, merge those of shards.")

_ManifestFile = Annotated[Path, typer.Argument(help="The batch's manifest (.json).")]


@app.command()
def show(manifest: _ManifestFile, as_json: JsonFlag = False) -> None:
    """List every job's outcome."""
    from retarget.batch import BatchManifest

    batch = BatchManifest.load(manifest)
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
    tell(
        f"{batch.success_count} done, {batch.skipped_count} skipped, {batch.failed_count} failed "
        f"of {batch.total} jobs"
    )


@app.command()
def failed(manifest: _ManifestFile, as_json: JsonFlag = False) -> None:
    """List the jobs that failed, with their errors and logs; exit 1 if there are any."""
    from retarget.batch import BatchManifest

    records = [r for r in BatchManifest.load(manifest).records if r.status == "failed"]
    if as_json:
        print_json([json.loads(record.model_dump_json()) for record in records])
    else:
        for record in records:
            tell(f"{record.job_id}: {record.error_type}: {record.message}")
            if log := record.batch_notes.get("log"):
                tell(f"  log: {log}")
        tell(f"{len(records)} failed jobs")
    if records:
        raise typer.Exit(SOME_FAILED)


@app.command()
def verify(manifest: _ManifestFile, as_json: JsonFlag = False) -> None:
    """Open every output and check it against its record; exit 1 if one is not what it should be."""
    from retarget.batch import BatchManifest, verify_manifest

    batch = BatchManifest.load(manifest)
    problems = verify_manifest(batch, _open_result)
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


@app.command()
def merge(
    manifests: Annotated[list[Path], typer.Argument(help="Manifests of the shards.")],
    output: Annotated[Path, typer.Option("--output", help="Manifest of the whole.")],
) -> None:
    """Make one manifest of those of a batch's shards."""
    from retarget.batch import merge_manifests

    batch = merge_manifests(manifests, output)
    tell(
        f"{len(manifests)} manifests -> {output}: {batch.success_count} done, "
        f"{batch.skipped_count} skipped, {batch.failed_count} failed of {batch.total} jobs"
    )


def _open_result(record: BatchRunRecord) -> None:
    """Load a result and compare it with what its record says.

    Raises:
        ValueError: It is not a whole result, or another one.
    """
    from retarget.result import RetargetingResult

    result = RetargetingResult.load_npz(record.output)
    recorded = record.provenance.get("frames", len(result))
    if len(result) != recorded:
        raise ValueError(f"it has {len(result)} frames, its record says {recorded}")
