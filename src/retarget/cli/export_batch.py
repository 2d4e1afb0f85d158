"""``retarget export --batch-manifest``: the results of a batch for one reader."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from retarget.cli.batch import interrupted, tell_batch, usable_cores
from retarget.cli.support.common import UsageError, require_manifest, say
from retarget.cli.support.outputs import refuse_inputs
from retarget.cli.support.picking import chosen_clips
from retarget.cli.support.progress import batch_display
from retarget.wording import counted

if TYPE_CHECKING:
    from retarget.exchange.tables import ExportTable
    from retarget.export import ExportOptions
    from retarget.jobs.passing import LeftOut

__all__ = ["INDEX_NAME", "MANIFEST_NAME", "export_batch"]

INDEX_NAME = "export.json"
MANIFEST_NAME = "export_manifest.json"
_MOST_LEFT_OUT = 10  # listed at the end; the index holds all


def export_batch(
    source: Path,
    output_dir: Path,
    table: ExportTable,
    options: ExportOptions,
    merge: bool,
    everything: bool,
    only: Path | None,
    max_workers: int | None,
    force: bool,
    as_json: bool,
) -> None:
    """Write the results of a batch for one reader; run again it goes on where it stopped.

    Raises:
        UsageError: There is nothing to write, or the results would be overwritten.
        typer.Exit: A clip could not be written, or the run was interrupted.
    """
    from retarget.batch import BatchRunner, located_manifest
    from retarget.exchange.libraries import library_suffix
    from retarget.jobs.export_worker import ExportWorker, export_jobs, write_index, write_merged

    if merge:
        library_suffix(
            table
        )  # a reader without libraries is wrong usage, not a surprise at the end
    batch = located_manifest(require_manifest(source))
    jobs, left_out = export_jobs(
        batch, table, output_dir, chosen_clips(source, batch, everything, only)
    )
    if not jobs:
        raise UsageError(_nothing_left(source, left_out))
    written = [job.output for job in jobs] + [
        output_dir / name for name in (INDEX_NAME, MANIFEST_NAME)
    ]
    refuse_inputs(written, [source, *(job.motion for job in jobs)])
    worker = ExportWorker(str(table.kind), options)
    manifest_path = output_dir / MANIFEST_NAME
    with batch_display(quiet=False) as display:
        runner = BatchRunner(fingerprint=worker.fingerprint, on_event=display, stale="rerun")
        try:
            manifest = runner.run(
                jobs,
                worker,
                manifest_path=manifest_path,
                max_workers=usable_cores() if max_workers is None else max_workers,
                force=force,
                input_dir=batch.output_dir,
                output_dir=output_dir,
                pattern=str(table.kind),
            )
        except KeyboardInterrupt as interrupt:
            raise interrupted(interrupt) from None
    write_index(manifest, jobs, left_out, table, output_dir / INDEX_NAME)
    for clip in left_out[:_MOST_LEFT_OUT]:
        say(f"left out: {clip.clip}: {clip.reason}")
    if len(left_out) > _MOST_LEFT_OUT:
        say(f"... and {len(left_out) - _MOST_LEFT_OUT} more; see {output_dir / INDEX_NAME}")
    strays = _strays(output_dir, {job.output for job in jobs}, table)
    if strays:
        say(
            f"note: {counted(len(strays), 'file')} of other runs in {output_dir}, where readers of the folder find "
            f"what lies there, such as {strays[0]}; remove them, or export into a new folder"
        )
    if merge:
        say(f"library: {write_merged(manifest, jobs, table, output_dir)}")
    tell_batch(manifest, manifest_path, as_json=as_json)


def _strays(output_dir: Path, written: set[Path], table: ExportTable) -> list[Path]:
    """Files that look like the reader's and are of no clip of this run."""
    if not table.suffix:
        return []
    found = output_dir.rglob(f"*{table.stem}{table.suffix}")
    return sorted(path for path in found if path not in written)


def _nothing_left(source: Path, left_out: list[LeftOut]) -> str:
    if not left_out:
        return f"{source}: holds no results"
    clips = counted(len(left_out), "clip")
    first = f"{left_out[0].clip}: {left_out[0].reason}"
    return f"{source}: none of {clips} is to be exported ({first}); --all exports those that fail gates"
