"""``retarget batch``: every motion file of a folder, resumable."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retarget.cli.support.batch_options import BVH_FILES, JobOptions, WhichFiles
from retarget.cli.support.batch_report import write_report_beside
from retarget.cli.support.common import (
    INTERRUPTED,
    MANIFEST_NAME,
    SOME_FAILED,
    GatesFlag,
    JsonFlag,
    UsageError,
    gates_in_words,
    print_json,
    require_folder,
    say,
    tell,
)
from retarget.cli.support.grouped import with_options
from retarget.cli.support.options import RunOptions
from retarget.cli.support.outputs import refuse_inputs
from retarget.cli.support.picking import (
    as_preset_says,
    named_in,
    say_passed_over,
    what_is_motion,
)
from retarget.cli.support.progress import batch_display
from retarget.cli.support.tables import print_table
from retarget.jobs.subject_rules import DATASET
from retarget.wording import counted

if TYPE_CHECKING:
    from retarget.batch import BatchJob, BatchManifest, BatchRunner
    from retarget.config import RunConfig
    from retarget.scenes.variants import AugmentPlan

__all__ = [
    "batch",
    "interrupted",
    "missed_gates",
    "outcome",
    "tell_batch",
    "usable_cores",
]


@with_options(WhichFiles)
@with_options(JobOptions)
@with_options(RunOptions)
def batch(
    input_dir: Annotated[
        Path, typer.Option("--input-dir", metavar="FOLDER", help="Folder of motion files.")
    ],
    output_dir: Annotated[
        Path,
        typer.Option("--output-dir", metavar="FOLDER", help="Folder for results and manifest."),
    ],
    *,
    which: WhichFiles,
    running: JobOptions,
    with_report: Annotated[
        bool,
        typer.Option("--report", help="Write report.html at the end; see 'retarget report'."),
    ] = False,
    chosen: RunOptions,
    fail_on_gates: GatesFlag = False,
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
    settings, preset, pattern = chosen.settings(), None, which.pattern
    if which.dataset is not None:
        from retarget.jobs.datasets import dataset_named

        preset = dataset_named(which.dataset)
        pattern = preset.pattern if pattern == BVH_FILES else pattern
        settings = as_preset_says(settings, preset)
        say(f"note: {preset.terms}")
    elif settings.subject_from == DATASET:
        raise UsageError("--subject-from dataset takes a data set's rule; add --dataset NAME")
    elif which.split is not None:
        raise UsageError("--split is one of a data set; add --dataset NAME")
    robot = settings.load_robot()  # a wrong one is wrong usage, not a failure of every job
    for note in robot.notes:
        say(f"note: {settings.robot}: {note}")
    worker = RetargetWorker(settings)
    unread: list[str] = []

    def say_unread(folder: str, reason: str) -> None:
        unread.append(folder)
        say(f"error: {input_dir / folder}: cannot be read ({reason}); what it holds is left out")

    jobs = jobs_from_folder(input_dir, pattern, output_dir, unreadable=say_unread)
    if not jobs:
        raise UsageError(f"{input_dir}: no file matches {pattern!r}; give another --pattern")
    jobs, passed = what_is_motion(jobs, pattern, settings, preset, which.split)
    say_passed_over(passed, None if running.dry_run else output_dir)
    if not jobs:
        raise UsageError(
            f"{input_dir}: none of the files that match {pattern!r} is taken as motion"
        )
    if which.only is not None:
        names = named_in(which.only, (job.id for job in jobs))
        jobs = [job for job in jobs if job.id in names]
    if which.augment is not None:
        jobs = _varied(jobs, which.augment, settings)
    refuse_inputs([job.output for job in jobs], [*chosen.files, *_read_beside(settings, jobs)])
    manifest_path = output_dir / MANIFEST_NAME
    if which.shard is not None:
        index, count = parse_shard(which.shard)
        jobs = shard_jobs(jobs, index, count)
        manifest_path = shard_manifest_path(manifest_path, index, count)
    with batch_display(quiet=running.dry_run) as display:
        runner = BatchRunner(
            engine=running.engine_factory,
            timeout_s=running.timeout_s,
            retries=running.retries,
            memory_limit=running.memory_bytes,
            recycle_after=running.recycle_after,
            fingerprint=worker.fingerprint,
            on_event=display,
            stale=running.stale_policy,
            only_failed=running.only_failed,
            limit=which.limit,
            max_failures=running.max_failures,
        )
        if running.dry_run:
            _print_plan(runner, jobs, manifest_path, running.force, as_json)
            return
        try:
            manifest = runner.run(
                jobs,
                worker,
                manifest_path=manifest_path,
                max_workers=usable_cores() if running.max_workers is None else running.max_workers,
                force=running.force,
                input_dir=input_dir,
                output_dir=output_dir,
                pattern=pattern,
            )
        except KeyboardInterrupt as interrupt:
            raise interrupted(interrupt) from None
    if with_report:
        say(f"report: {write_report_beside(manifest_path)}")
    tell_batch(manifest, manifest_path, as_json=as_json, unread=unread, fail_on_gates=fail_on_gates)


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def interrupted(interrupt: KeyboardInterrupt) -> typer.Exit:
    """Say that a batch was stopped, and how to go on; what to raise."""
    say(f"interrupted: {interrupt or 'stopped'}; run the same command again to go on")
    return typer.Exit(INTERRUPTED)


def outcome(manifest: BatchManifest) -> str:
    """How many jobs ended in which way: ``3 done, 2,869 done before, 109 failed of 2,981 jobs``."""
    parts = [f"{manifest.success_count:,} done"]
    if manifest.skipped_count:
        parts.append(f"{manifest.skipped_count:,} done before")
    return (
        f"{', '.join(parts)}, {manifest.failed_count:,} failed of {counted(manifest.total, 'job')}"
    )


def missed_gates(manifest: BatchManifest) -> str:
    """How many clips miss which gates, as their records say; empty where none does."""
    judged = [
        record.provenance["failed_gates"]
        for record in manifest.records
        if record.status != "failed" and isinstance(record.provenance.get("failed_gates"), list)
    ]
    return gates_in_words(len(judged), judged)


def tell_batch(
    manifest: BatchManifest,
    manifest_path: Path,
    *,
    as_json: bool,
    unread: Sequence[str] = (),
    fail_on_gates: bool = False,
) -> None:
    """Print how a batch ended; exit 1 if a job failed, a folder could not be read or, where asked, gates are missed.

    Raises:
        typer.Exit: One did.
    """
    if as_json:
        print_json({"manifest": str(manifest_path), **json.loads(manifest.model_dump_json())})
    else:
        tell(f"{outcome(manifest)}; manifest: {manifest_path}")
        if missed := missed_gates(manifest):
            tell(f"{missed}; see: retarget evaluate --batch-manifest {manifest_path}")
    if unread:
        say(f"{counted(len(unread), 'folder')} could not be read; see above")
    if manifest.failed_count:
        say(f"what failed, and why: retarget manifest failed {manifest_path}")
    if manifest.failed_count or unread or (fail_on_gates and missed_gates(manifest)):
        raise typer.Exit(SOME_FAILED)


def _read_beside(settings: RunConfig, jobs: Sequence[BatchJob]) -> Iterator[Path]:
    """What jobs read besides motions; what cannot be read is a matter of its job."""
    from retarget.errors import RetargetError
    from retarget.jobs.run_files import files_beside

    yield from settings.robot_files()
    for motion in {job.motion: None for job in jobs}:
        with suppress(RetargetError):
            yield from files_beside(settings, motion)


def _varied(jobs: list[BatchJob], plan: Path, settings: RunConfig) -> list[BatchJob]:
    """A job for each variant of each motion's scene.

    Raises:
        UsageError: There is no scene to vary.
    """
    from retarget.scenes.variants import load_plan, variants

    if settings.scene is None:
        raise UsageError("--augment varies scenes; add --scene FILE")
    wanted = load_plan(plan)
    _check_things(wanted, jobs, plan, settings)
    for robot in wanted.robots:  # a wrong one is wrong usage here, too
        settings.with_changes({"robot": robot, "robot_description": None}).load_robot()
    found = list(variants(wanted))
    return [
        job.model_copy(
            update={
                "id": f"{job.id}__{variant.name}",
                "output": job.output.with_name(
                    f"{job.output.stem}__{variant.name}{job.output.suffix}"
                ),
                "provenance": {**job.provenance, "variant": variant.model_dump(mode="json")},
            }
        )
        for job in jobs
        for variant in found
    ]


def _check_things(
    wanted: AugmentPlan, jobs: Sequence[BatchJob], plan: Path, settings: RunConfig
) -> None:
    """Check that what a plan varies is in a scene at least; one that cannot be read is a matter of its job."""
    from retarget.errors import RetargetError
    from retarget.scenes.read import read_scene_spec
    from retarget.wording import listed

    specs = []
    for path in {settings.scene_file(job.motion): None for job in jobs}:
        with suppress(RetargetError):
            specs += [read_scene_spec(path)] if path is not None else []
    known = {name: None for spec in specs for name in spec.object_names}
    if known and (strange := sorted(wanted.things - set(known))):
        raise UsageError(
            f"{plan}: {listed(strange)}: no scene has such an object; there are {listed(known)}"
        )
    if specs and wanted.heights and not any(spec.terrain for spec in specs):
        raise UsageError(f"{plan}: {listed(wanted.heights)}: no scene has terrain; leave it out")


def _print_plan(
    runner: BatchRunner, jobs: list[BatchJob], manifest_path: Path, force: bool, as_json: bool
) -> None:
    plan = runner.plan(jobs, manifest_path=manifest_path, force=force)
    if as_json:
        print_json([{"job": p.job.id, "action": p.action, "reason": p.reason} for p in plan])
        return
    alike: dict[tuple[str, str], list[str]] = {}
    for planned in plan:
        alike.setdefault((planned.action, planned.reason), []).append(planned.job.id)
    rows = [
        [f"{len(ids):,}", action, reason, ids[0] if len(ids) == 1 else f"{ids[0]}, ..."]
        for (action, reason), ids in alike.items()
    ]
    print_table(["jobs", "action", "reason", "which"], rows)
    to_run = sum(planned.action == "run" for planned in plan)
    tell(f"{to_run:,} of {counted(len(plan), 'job')} would run; nothing was changed")
