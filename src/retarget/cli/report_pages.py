"""What is made for a report as a batch, in parallel and only where missing or changed: pages of clips, evaluations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from retarget.cli.batch import interrupted, usable_cores
from retarget.cli.support.common import UsageError, say
from retarget.cli.support.outputs import refuse_inputs
from retarget.cli.support.progress import batch_display
from retarget.errors import UnknownNameError

if TYPE_CHECKING:
    from retarget.evaluation import Gates
    from retarget.report.pages import Batch, Clip

__all__ = ["evaluate_results", "make_pages"]

PAGES_MANIFEST = "pages.json"
_MOST_WORST = 12  # as many as a report shows


def evaluate_results(
    manifest: Path, folder: Path, gates: Gates | None, max_workers: int | None
) -> Path:
    """Judge a batch's results into a folder of reports; says which cannot be judged, and returns the folder."""
    from retarget.batch import located_manifest
    from retarget.jobs.evaluation_batch import evaluate_batch

    results = {
        record.job_id: record.output_file
        for record in located_manifest(manifest).records
        if record.status != "failed"
    }
    if not results:
        return folder
    workers = min(usable_cores() if max_workers is None else max_workers, len(results))
    with batch_display(quiet=False) as display:
        try:
            done = evaluate_batch(
                results, folder, gates=gates, max_workers=workers, on_event=display
            )
        except KeyboardInterrupt as interrupt:
            raise interrupted(interrupt) from None
    for name, reason in done.failed.items():
        say(f"not judged: {name}: {reason}")
    return folder


def make_pages(
    batches: Sequence[Batch],
    output: Path,
    details: str,
    names: Sequence[str] = (),
    *,
    gates: Gates | None = None,
    max_workers: int | None = None,
    quiet: bool = False,
) -> int:
    """Make the pages that are asked for and not there yet; how many could not be made.

    Args:
        batches: Of the report.
        output: The report.
        details: Which pages: ``none``, ``worst``, ``unfit`` or ``all``.
        names: Clips whose pages are wanted besides.
        gates: What clips are judged by; by those of the first batch where none are given.
        max_workers: How many at once; all usable cores where it is not said.
        quiet: Say only what fails.
    """
    from retarget.batch import BatchRunner
    from retarget.report.pages import ClipPageWorker, page_jobs
    from retarget.report.pages.clip_page import pages_folder

    wanted = _wanted(batches, details, names)
    jobs = page_jobs(output, wanted, several=len(batches) > 1)
    if not jobs:
        return 0
    folder = pages_folder(output)
    manifest_path = folder / PAGES_MANIFEST
    refuse_inputs([*(job.output for job in jobs), manifest_path], [job.motion for job in jobs])
    worker = ClipPageWorker(gates or batches[0].gates)
    with batch_display(quiet=quiet) as display:
        runner = BatchRunner(fingerprint=worker.fingerprint, on_event=display, stale="rerun")
        try:
            made = runner.run(
                jobs,
                worker,
                manifest_path=manifest_path,
                max_workers=min(usable_cores() if max_workers is None else max_workers, len(jobs)),
                output_dir=folder,
                pattern="pages",
            )
        except KeyboardInterrupt as interrupt:
            raise interrupted(interrupt) from None
    mine = {job.id for job in jobs}
    failed = [one for one in made.records if one.status == "failed" and one.job_id in mine]
    for record in failed:
        say(f"no page: {record.job_id}: {record.message}")
    if len(jobs) == 1 and not failed:
        say(f"page: {jobs[0].output}")
    return len(failed)


def _wanted(batches: Sequence[Batch], details: str, names: Sequence[str]) -> list[tuple[int, Clip]]:
    """Clips whose pages are asked for, by kind or by name."""
    from retarget.report.pages.clips import Fate
    from retarget.report.pages.outcomes import worst_of

    every = [(index, clip) for index, batch in enumerate(batches) for clip in batch.clips]
    known = {clip.name for _, clip in every}
    for name in names:
        if name not in known:
            near = [one for one in known if name in one] or list(known)
            raise UnknownNameError("clip", name, near)
        if all(clip.fate is Fate.FAILED for _, clip in every if clip.name == name):
            raise UsageError(f"{name}: has no result to make a page of; its record says why")
    chosen = {
        "none": list[tuple[int, "Clip"]](),
        "worst": worst_of(batches, _MOST_WORST),
        "unfit": [one for one in every if one[1].fate in {Fate.UNFIT, Fate.UNJUDGED}],
        "all": every,
    }[details]
    by_key = {(index, clip.name): (index, clip) for index, clip in chosen}
    by_key |= {(index, clip.name): (index, clip) for index, clip in every if clip.name in names}
    return list(by_key.values())
