"""One text file per failed job beside the manifest: what happened, the traceback, the end of its output."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import re
from pathlib import Path

from retarget.batch.attempt import Outcome
from retarget.batch.models import BatchJob
from retarget.batch.plain import printable
from retarget.errors import OutputError
from retarget.files import write_text

__all__ = ["log_name", "readable_name", "remove_log", "write_log"]

_log = logging.getLogger("retarget.batch")


def readable_name(job_id: str) -> str:
    """A file's name for a job, without suffix: readable, and unique to the id.

    Example:
        >>> readable_name("day 1/walk")
        'day_1_walk-2747c313'
    """
    readable = re.sub(r"[^A-Za-z0-9._-]+", "_", job_id)[-80:].strip("._") or "job"
    digest = hashlib.sha256(job_id.encode("utf-8", "backslashreplace")).hexdigest()[:8]
    return f"{readable}-{digest}"


def log_name(job_id: str) -> str:
    """Where the log of a job lies, relative to the manifest's folder.

    Example:
        >>> log_name("day 1/walk")
        'logs/day_1_walk-2747c313.log'
    """
    return f"logs/{readable_name(job_id)}.log"


def write_log(manifest_path: Path, job: BatchJob, outcome: Outcome, attempt: int) -> str | None:
    """Write the log of a failed attempt; its name, or ``None`` when it cannot be written."""
    name = log_name(job.id)
    parts = [
        f"job       {job.id}",
        f"motion    {printable(str(job.motion))}",
        f"output    {printable(str(job.output))}",
        f"attempt   {attempt}",
        f"started   {outcome.started_at}",
        f"finished  {outcome.finished_at}",
        f"error     {outcome.error_type}: {outcome.message}",
    ]
    if outcome.traceback:
        parts += ["", "--- traceback ---", outcome.traceback.rstrip()]
    if outcome.output_tail:
        parts += ["", "--- end of its output ---", outcome.output_tail.rstrip()]
    try:
        write_text(manifest_path.parent / name, "\n".join(parts) + "\n")
    except OutputError as error:
        _log.warning("the log of job %s was not kept: %s", job.id, error)
        return None
    return name


def remove_log(manifest_path: Path, job_id: str) -> None:
    """Remove the log of a job that has succeeded since."""
    with contextlib.suppress(OSError):
        (manifest_path.parent / log_name(job_id)).unlink()
