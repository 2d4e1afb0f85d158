"""What a running batch tells whoever watches it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from retarget.batch.models import BatchJob, BatchRunRecord

__all__ = ["JOB_LOG", "BatchEvent", "EventSink"]

JOB_LOG = "retarget.batch.jobs"
"""Name of the logger of what happens to single jobs, for those who watch neither events nor records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchEvent:
    """One thing that happened, for a live display.

    Attributes:
        kind: ``planned`` once before the first job, then ``started``, ``retrying`` and ``finished`` per
            job (skipped jobs are ``finished`` only), ``stopping`` when no more jobs are handed out, and
            ``ended`` once.
        at: When, in UTC.
        job: The job it is about.
        worker: Name of the worker that has the job, such as ``"2"``.
        attempt: Which attempt at the job, from 1.
        record: The job's record; with ``finished``.
        message: One line for people.
        total: Jobs in the definition; with ``planned``.
        to_run: Of these, jobs that will run; with ``planned``.
        to_skip: Of these, jobs whose output stands; with ``planned``.

    Example:
        >>> def show(event: BatchEvent) -> None:
        ...     print(event.kind, event.job.label if event.job else event.message)
        >>> BatchRunner(on_event=show)  # doctest: +SKIP
    """

    kind: Literal["planned", "started", "retrying", "finished", "stopping", "ended"]
    at: datetime
    job: BatchJob | None = None
    worker: str = ""
    attempt: int = 1
    record: BatchRunRecord | None = None
    message: str = ""
    total: int = 0
    to_run: int = 0
    to_skip: int = 0


EventSink = Callable[[BatchEvent], None]
