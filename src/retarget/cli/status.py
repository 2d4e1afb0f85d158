"""``retarget status``: how a batch stands, from any terminal, also after a crash."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retarget.cli.batch import outcome
from retarget.cli.support.common import JsonFlag, print_json, require_manifest, tell
from retarget.wording import listed

if TYPE_CHECKING:
    from retarget.batch import BatchStatus

__all__ = ["status"]


def status(
    manifest: Annotated[
        Path, typer.Argument(metavar="MANIFEST", help="The batch's manifest (.json).")
    ],
    watch: Annotated[
        bool, typer.Option("--watch", help="Print again until the batch ends.")
    ] = False,
    interval: Annotated[
        float,
        typer.Option(
            "--interval", metavar="SECONDS", min=0.1, help="Time between two looks, with --watch."
        ),
    ] = 2.0,
    as_json: JsonFlag = False,
) -> None:
    """Say how a batch stands; reads its files and disturbs no run."""
    from retarget.batch import read_status

    require_manifest(manifest)
    while True:
        now = read_status(manifest)
        if as_json:
            print_json(_facts(now))
        else:
            tell("\n".join(_lines(now)))
        if not watch or now.state != "running":
            return
        time.sleep(interval)


def _facts(status: BatchStatus) -> dict[str, Any]:
    manifest = status.manifest
    return {
        "state": status.state,
        "total": manifest.total,
        "success": manifest.success_count,
        "skipped": manifest.skipped_count,
        "failed": manifest.failed_count,
        "remaining": status.remaining,
        "in_flight": [job.job_id for job in status.in_flight],
        "failures_by_type": status.failures_by_type,
        "jobs_per_s": status.jobs_per_s,
        "eta_s": status.eta_s,
        "updated_at": manifest.updated_at.isoformat(),
    }


def _lines(status: BatchStatus) -> list[str]:
    manifest = status.manifest
    words = {
        "running": "running",
        "finished": "finished",
        "stopped": "the run was stopped; run the same command again to go on",
        "crashed": "the run was killed; run the same command again to go on, nothing recorded is lost",
    }[status.state]
    lines = [f"{outcome(manifest)}, {status.remaining:,} left; {words}"]
    if status.eta_s is not None:
        lines.append(f"  {status.jobs_per_s:.2f} jobs/s, about {_span(status.eta_s)} left")
    if status.in_flight:
        when = "in flight" if status.state == "running" else "in flight then, to be done again"
        lines.append(f"  {when}: {listed(job.job_id for job in status.in_flight)}")
    if status.failures_by_type:
        kinds = ", ".join(f"{count} {kind}" for kind, count in status.failures_by_type.items())
        lines.append(f"  failures: {kinds}")
    return lines


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
