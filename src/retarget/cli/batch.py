"""``retarget batch``: every motion file of a folder, resumable."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retarget.cli.common import (
    INTERRUPTED,
    SOME_FAILED,
    JsonFlag,
    UsageError,
    print_json,
    print_table,
    require_folder,
    say,
    tell,
)
from retarget.cli.options import RunOptions, with_run_options
from retarget.cli.progress import batch_display
from retarget.errors import UnknownNameError

if TYPE_CHECKING:
    from retarget.batch import BatchJob, BatchManifest, BatchRunner
    from retarget.batch.plan import StalePolicy
    from retarget.batch.runner import EngineFactory

__all__ = ["MANIFEST_NAME", "batch", "report_batch", "usable_cores"]

MANIFEST_NAME = "batch_manifest.json"
_MOST_FAILURES = 10  # listed at the end; the manifest holds all


@with_run_options
def batch(
    input_dir: Annotated[Path, typer.Option("--input-dir", help="Folder of motion files.")],
    output_dir: Annotated[
        Path, typer.Option("--output-dir", help="Folder for results and manifest.")
    ],
    chosen: RunOptions,
    pattern: Annotated[str, typer.Option("--pattern", help="Which files, as a glob.")] = "**/*.bvh",
    max_workers: Annotated[
        int | None,
        typer.Option(
            "--max-workers", help="How many jobs at once.", show_default="all usable cores"
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Run again where a result exists.")
    ] = False,
    stale: Annotated[
        str,
        typer.Option(
            "--stale", help="Results of another input, robot or options: skip, rerun or fail."
        ),
    ] = "skip",
    only_failed: Annotated[
        bool, typer.Option("--only-failed", help="Run only what failed last time.")
    ] = False,
    limit: Annotated[int | None, typer.Option("--limit", help="Run at most so many jobs.")] = None,
    shard: Annotated[
        str | None,
        typer.Option("--shard", help="Do part i of n (i/n, from 1), with its own manifest."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would run, and why.")
    ] = False,
    engine: Annotated[
        str | None,
        typer.Option(
            "--engine", help="Where jobs run: in-process, local or ray.", show_default="local"
        ),
    ] = None,
    address: Annotated[
        str | None, typer.Option("--address", help="Ray cluster to join, such as auto.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option("--timeout", help="Seconds after which a job is killed.")
    ] = None,
    retries: Annotated[int, typer.Option("--retries", help="Further attempts at a job.")] = 0,
    memory_limit: Annotated[
        float | None, typer.Option("--memory-limit", help="GiB that one worker may use.")
    ] = None,
    recycle_after: Annotated[
        int | None, typer.Option("--recycle-after", help="Jobs after which a worker is replaced.")
    ] = None,
    max_failures: Annotated[
        int | None, typer.Option("--max-failures", help="Stop after so many failed jobs.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Retarget every matching file of a folder; run it again to go on where it stopped."""
    from retarget.batch import (
        BatchRunner,
        jobs_from_folder,
        parse_shard,
        shard_jobs,
        shard_manifest_path,
    )
    from retarget.worker import RetargetWorker

    require_folder(input_dir, "motion files")
    settings = chosen.settings()
    settings.load_robot()  # a wrong robot is wrong usage, not a failure of every job
    worker = RetargetWorker(settings)
    jobs = jobs_from_folder(input_dir, pattern, output_dir)
    if not jobs:
        raise UsageError(f"{input_dir}: no file matches {pattern!r}; give another --pattern")
    manifest_path = output_dir / MANIFEST_NAME
    if shard is not None:
        index, count = parse_shard(shard)
        jobs = shard_jobs(jobs, index, count)
        manifest_path = shard_manifest_path(manifest_path, index, count)
    with batch_display(quiet=dry_run) as display:
        runner = BatchRunner(
            engine=_engine(engine, address),
            timeout_s=timeout,
            retries=retries,
            memory_limit=None if memory_limit is None else int(memory_limit * 2**30),
            recycle_after=recycle_after,
            fingerprint=worker.fingerprint,
            on_event=display,
            stale=_stale_policy(stale),
            only_failed=only_failed,
            limit=limit,
            max_failures=max_failures,
        )
        if dry_run:
            _print_plan(runner, jobs, manifest_path, force, as_json)
            return
        try:
            manifest = runner.run(
                jobs,
                worker,
                manifest_path=manifest_path,
                max_workers=usable_cores() if max_workers is None else max_workers,
                force=force,
                input_dir=input_dir,
                output_dir=output_dir,
                pattern=pattern,
            )
        except KeyboardInterrupt as interrupt:
            say(f"interrupted: {interrupt}; run the same command again to go on")
            raise typer.Exit(INTERRUPTED) from None
    report_batch(manifest, manifest_path, as_json=as_json)


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def report_batch(manifest: BatchManifest, manifest_path: Path, *, as_json: bool) -> None:
    """Print how a batch ended; exit 1 if a job failed.

    Raises:
        typer.Exit: A job failed.
    """
    if as_json:
        print_json({"manifest": str(manifest_path), **json.loads(manifest.model_dump_json())})
    else:
        failed = [record for record in manifest.records if record.status == "failed"]
        for record in failed[:_MOST_FAILURES]:
            say(f"failed: {record.job_id}: {record.message}")
        if len(failed) > _MOST_FAILURES:
            say(
                f"... and {len(failed) - _MOST_FAILURES} more; see: retarget manifest failed {manifest_path}"
            )
        tell(
            f"{manifest.success_count} done, {manifest.skipped_count} skipped, "
            f"{manifest.failed_count} failed of {manifest.total} jobs; manifest: {manifest_path}"
        )
    if manifest.failed_count:
        raise typer.Exit(SOME_FAILED)


def _engine(name: str | None, address: str | None) -> str | EngineFactory | None:
    """The engine asked for; an address is that of a Ray cluster."""
    if address is None:
        return name
    if name != "ray":
        raise UsageError("--address is that of a Ray cluster; add --engine ray")
    from retarget.batch.engines.ray import RayCluster

    return RayCluster(address)


def _stale_policy(text: str) -> StalePolicy:
    from typing import get_args

    from retarget.batch.plan import StalePolicy

    policies: tuple[StalePolicy, ...] = get_args(StalePolicy)
    for policy in policies:
        if text == policy:
            return policy
    raise UnknownNameError("--stale policy", text, list(policies))


def _print_plan(
    runner: BatchRunner, jobs: list[BatchJob], manifest_path: Path, force: bool, as_json: bool
) -> None:
    plan = runner.plan(jobs, manifest_path=manifest_path, force=force)
    if as_json:
        print_json([{"job": p.job.id, "action": p.action, "reason": p.reason} for p in plan])
        return
    print_table(["job", "action", "reason"], [[p.job.id, p.action, p.reason] for p in plan])
    to_run = sum(planned.action == "run" for planned in plan)
    tell(f"{to_run} of {len(plan)} jobs would run; nothing was changed")
