"""The loop of a run: hand jobs out, take outcomes in, record each before anything else happens to it."""

from __future__ import annotations

import heapq
import itertools
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any, Literal

from retarget.batch.attempt import Outcome, died
from retarget.batch.engines.base import Ended, Engine, EngineEvent, Started, Task
from retarget.batch.events import JOB_LOG, BatchEvent, EventSink
from retarget.batch.ledger import Ledger
from retarget.batch.logs import remove_log, write_log
from retarget.batch.models import BatchJob, BatchRunRecord, trusted_record, utc_now
from retarget.batch.plain import to_plain
from retarget.batch.plan import QUARANTINE_AFTER, Fingerprint, PlannedJob, take_fingerprint
from retarget.batch.stopping import StopSignals
from retarget.batch.validation import Inputs, refusal
from retarget.errors import OutputError
from retarget.files import remove_temporaries
from retarget.kinds import RunStatus

__all__ = ["Dispatcher", "Policy"]

_log = logging.getLogger("retarget.batch")
_job_log = logging.getLogger(JOB_LOG)

_PATIENCE_S = 0.2  # how long to wait for the engine before looking at signals and retries again
_MAX_RETRY_DELAY_S = 60.0
_MAX_LOSSES = 3  # times a job is taken up again because the machine under it was lost


@dataclass(frozen=True, slots=True)
class Policy:
    """How failures are dealt with, and who is told."""

    retries: int = 0
    retry_on: frozenset[str] = frozenset()
    retry_delay_s: float = 1.0
    max_failures: int | None = None
    fingerprint: Fingerprint | None = None
    on_record: Callable[[BatchRunRecord], None] | None = None
    on_event: EventSink | None = None


@dataclass(slots=True)
class _Active:
    """A job on its way through its attempts."""

    planned: PlannedJob
    attempt: int = 0
    losses: int = 0
    deaths: int = 0
    since: datetime = field(default_factory=utc_now)
    worker: str = ""
    fingerprint: dict[str, Any] | None = None
    attempts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def job(self) -> BatchJob:
        return self.planned.job

    def notes(self) -> dict[str, Any]:
        """What is to be known of it if the run ends now."""
        notes: dict[str, Any] = {}
        if self.attempts:
            notes["attempts"] = self.attempts
        if self.deaths:
            notes["worker_deaths"] = self.deaths
        return notes


class Dispatcher:
    """Takes a plan through an engine.

    Args:
        engine: Does the jobs.
        ledger: Keeps the records.
        inputs: Files that no output may touch.
        manifest_path: Beside it the logs go.
        policy: How failures are dealt with, and who is told.
        stop: Says when to stop.

    Example:
        >>> Dispatcher(engine, ledger, inputs, path, Policy(), stop).run(plan)  # doctest: +SKIP
        'complete'
    """

    def __init__(
        self,
        engine: Engine,
        ledger: Ledger,
        inputs: Inputs,
        manifest_path: Path,
        policy: Policy,
        stop: StopSignals,
    ) -> None:
        self._engine = engine
        self._ledger = ledger
        self._inputs = inputs
        self._manifest_path = manifest_path
        self._policy = policy
        self._stop = stop
        self._queue: deque[_Active] = deque()
        self._delayed: list[tuple[float, int, _Active]] = []
        self._active: dict[int, _Active] = {}
        self._keys = itertools.count()
        self._failures = 0
        self._stopping = ""
        self._disk_trouble: OutputError | None = None

    def run(self, plan: deque[PlannedJob]) -> Literal["complete", "stopped"]:
        """Work until everything is done, or until there is a reason to stop; empties the plan.

        Raises:
            OutputError: Outcomes can no longer be recorded; those of the jobs in flight have been.
            BatchError: The engine cannot start a worker.
        """
        while plan:
            # The earlier records go as the new ones come: memory stays flat.
            planned = plan.popleft()
            if planned.action == "skip" and not self._stop.requested:
                self._skip(planned)
            elif planned.action == "run":
                self._queue.append(_Active(planned, deaths=planned.worker_deaths))
        while self._hand_out():
            if self._stop.overdue:
                break
            event = self._engine.next_event(self._patience())
            if event is not None:
                self._take_in(event)
        self._give_up_active()
        if self._disk_trouble:
            raise self._disk_trouble
        return "stopped" if self._stopping else "complete"

    @property
    def stop_reason(self) -> str:
        """Why no more jobs are handed out; empty when there is no such reason."""
        return self._stopping

    def _hand_out(self) -> bool:
        """Fill the engine; ``False`` when there is nothing left to wait for."""
        if self._stop.requested:
            self._stop_handing_out(f"received {self._stop.name}", self._stop.hint)
        while not self._stopping and self._engine.free > 0:
            active = self._next()
            if active is None:
                break
            self._submit(active)
        if self._stopping:
            return bool(self._active)
        return bool(self._active or self._queue or self._delayed)

    def _next(self) -> _Active | None:
        if self._delayed and self._delayed[0][0] <= monotonic():
            return heapq.heappop(self._delayed)[2]
        return self._queue.popleft() if self._queue else None

    def _patience(self) -> float:
        if not self._delayed or self._stopping or self._engine.free <= 0:
            return _PATIENCE_S
        return min(_PATIENCE_S, max(0.0, self._delayed[0][0] - monotonic()))

    def _submit(self, active: _Active) -> None:
        active.since = utc_now()
        if self._inputs.hold(active.job.output):  # a link may have appeared since the start
            error = refusal(active.job)
            self._record(active, died(active.since, "OutputError", str(error)))
            return
        active.attempt += 1
        if active.attempts or (
            active.planned.earlier and active.planned.earlier.status == "failed"
        ):
            remove_temporaries(active.job.output)
        if active.fingerprint is None:
            active.fingerprint = take_fingerprint(self._policy.fingerprint, active.job)
        try:
            self._ledger.reserve(len(self._active) + 1)
            self._ledger.started(active.job, attempt=active.attempt, notes=active.notes())
        except OutputError as error:
            self._disk_trouble = error
            self._stop_handing_out("the disk is full")
            return
        key = next(self._keys)
        self._active[key] = active
        self._engine.submit(Task(key, active.job))

    def _take_in(self, event: EngineEvent) -> None:
        match event:
            case Started(key, worker):
                active = self._active.get(key)
                if active:
                    active.worker = worker
                    self._tell("started", active)
            case Ended(key, outcome):
                active = self._active.pop(key, None)
                if active:
                    self._judge(active, outcome)

    def _judge(self, active: _Active, outcome: Outcome) -> None:
        """Record an outcome, or try again."""
        if outcome.succeeded:
            self._record(active, outcome)
        elif outcome.interrupted:
            self._record(active, _interrupted(active))
            self._stop_handing_out("interrupted")
        else:
            active.deaths += outcome.killed_worker
            if self._deserves_retry(active, outcome):
                self._retry(active, outcome)
            else:
                self._record(active, outcome)

    def _deserves_retry(self, active: _Active, outcome: Outcome) -> bool:
        if self._stopping or self._stop.requested:
            return False
        if outcome.lost:
            active.losses += 1
            active.attempt -= 1  # through no fault of its own
            return active.losses < _MAX_LOSSES
        return (
            active.attempt <= self._policy.retries
            and active.deaths < QUARANTINE_AFTER
            and not self._policy.retry_on.isdisjoint(outcome.error_kinds)
        )

    def _retry(self, active: _Active, outcome: Outcome) -> None:
        active.attempts.append(_attempt_note(outcome))
        self._ledger.retrying(active.job.id, active.notes())
        delay = self._policy.retry_delay_s * 2 ** max(0, len(active.attempts) - 1)
        due = monotonic() + min(delay, _MAX_RETRY_DELAY_S)
        heapq.heappush(self._delayed, (due, next(self._keys), active))
        self._tell("retrying", active, message=f"{outcome.error_type}: {outcome.message}")
        _job_log.info("job %s is tried again after %s", active.job.id, outcome.error_type)

    def _skip(self, planned: PlannedJob) -> None:
        job, earlier, now = planned.job, planned.earlier, utc_now()
        provenance = dict(earlier.provenance if earlier else to_plain(job.provenance))
        notes = dict(earlier.batch_notes) if earlier else {}
        notes.pop("stale", None)
        if planned.stale:
            notes["stale"] = list(planned.stale)
            _job_log.warning("job %s is skipped although %s", job.id, planned.reason)
        if earlier is not None and earlier.batch_notes:
            del provenance["batch"]
        record = trusted_record(
            job,
            RunStatus.SKIPPED,
            started_at=now,
            finished_at=now,
            message=planned.reason,
            provenance=_with_notes(provenance, notes),
        )
        self._keep(record, _Active(planned))

    def _record(self, active: _Active, outcome: Outcome) -> None:
        job = active.job
        notes = active.notes()
        if active.attempts:
            notes["attempts"] = [*active.attempts, _attempt_note(outcome)]
        if active.fingerprint is not None:
            notes["fingerprint"] = active.fingerprint
        message = outcome.message
        if outcome.succeeded:
            notes.pop("worker_deaths", None)
            earlier = active.planned.earlier
            if active.attempts or (earlier and earlier.status == "failed"):
                remove_log(self._manifest_path, job.id)
        else:
            log = outcome.error_type != "Interrupted" and write_log(
                self._manifest_path, job, outcome, active.attempt
            )
            if log:
                notes["log"] = log
            if active.deaths >= QUARANTINE_AFTER:
                notes["quarantined"] = True
                message = (
                    f"quarantined after killing {active.deaths} worker processes ({message}); it is left "
                    "alone until it is forced"
                )
        provenance = {**to_plain(job.provenance), **outcome.provenance}
        record = trusted_record(
            job,
            RunStatus.SUCCESS if outcome.succeeded else RunStatus.FAILED,
            started_at=datetime.fromisoformat(outcome.started_at),
            finished_at=datetime.fromisoformat(outcome.finished_at),
            message=message,
            error_type=outcome.error_type,
            provenance=_with_notes(provenance, notes),
        )
        self._keep(record, active)
        if not outcome.succeeded and outcome.error_type != "Interrupted":
            _job_log.warning("job %s failed: %s: %s", job.id, outcome.error_type, message)
            self._count_failure()

    def _keep(self, record: BatchRunRecord, active: _Active) -> None:
        self._ledger.finished(record)
        if self._policy.on_record is not None:
            _call(self._policy.on_record, record)
        self._tell("finished", active, record=record, message=record.message)

    def _count_failure(self) -> None:
        self._failures += 1
        limit = self._policy.max_failures
        if limit is not None and self._failures >= limit:
            self._stop_handing_out(f"{self._failures} jobs failed")

    def _stop_handing_out(self, reason: str, hint: str = "") -> None:
        if not self._stopping:
            self._stopping = reason
            _job_log.warning("no more jobs are handed out: %s%s", reason, hint)
            self._tell("stopping", message=reason + hint)

    def _give_up_active(self) -> None:
        """What is still at work after the grace time is stopped, and waits for the next run."""
        for key in self._active:
            self._engine.cancel(key)
        unfinished = [*self._active.values(), *(active for _, _, active in self._delayed)]
        self._active.clear()
        self._delayed.clear()
        for active in unfinished:
            self._record(active, _interrupted(active))

    def _tell(self, kind: Any, active: _Active | None = None, **what: Any) -> None:
        if self._policy.on_event is None:
            return
        if active is not None:
            what |= {"job": active.job, "worker": active.worker, "attempt": max(1, active.attempt)}
        _call(self._policy.on_event, BatchEvent(kind=kind, at=utc_now(), **what))


def _interrupted(active: _Active) -> Outcome:
    return died(active.since, "Interrupted", "the run was stopped before the job had ended")


def _with_notes(provenance: dict[str, Any], notes: dict[str, Any]) -> dict[str, Any]:
    """Provenance with what the batch has to add, beside what a worker may have put in the same place."""
    if not notes:
        return provenance
    present = provenance.get("batch", {})
    return {
        **provenance,
        "batch": {**(present if isinstance(present, dict) else {"said": present}), **notes},
    }


def _attempt_note(outcome: Outcome) -> dict[str, Any]:
    return {
        "started_at": outcome.started_at,
        "finished_at": outcome.finished_at,
        "error_type": outcome.error_type,
        "message": outcome.message,
    }


def _call(callback: Callable[[Any], None], argument: object) -> None:
    """Call back; what goes wrong there must not cost the batch."""
    try:
        callback(argument)
    except Exception:
        _log.exception("a callback of the batch failed")
