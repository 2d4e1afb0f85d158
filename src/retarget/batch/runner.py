"""``BatchRunner``: the one entry point that puts validation, lock, plan, engine and ledger together."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from retarget.batch.arguments import check_count, check_memory_limit, check_seconds
from retarget.batch.dispatch import Dispatcher, Policy
from retarget.batch.engines.base import Engine, Limits
from retarget.batch.engines.choice import ENGINES, EngineChoice, EngineFactory
from retarget.batch.events import BatchEvent, EventSink
from retarget.batch.ledger import Ledger
from retarget.batch.lock import ManifestLock
from retarget.batch.manifest import BatchManifest
from retarget.batch.manifest_file import ManifestHead, real_path
from retarget.batch.models import (
    BatchJob,
    BatchRunRecord,
    BatchWorker,
    utc_now,
)
from retarget.batch.plan import Fingerprint, PlannedJob, Selection, StalePolicy, plan_jobs
from retarget.batch.stopping import StopSignals
from retarget.batch.store import StartedJob, StoredBatch, read_stored
from retarget.batch.validation import (
    Inputs,
    check_folder_writable,
    check_jobs,
    check_main,
    check_max_workers,
    check_picklable,
)
from retarget.errors import BatchError, OptionsError, UnknownNameError
from retarget.kinds import RunStatus

__all__ = ["DEFAULT_RETRY_ON", "BatchRunner", "EngineFactory"]

_log = logging.getLogger("retarget.batch")

DEFAULT_RETRY_ON = ("OSError", "MemoryError", "WorkerDied")


@dataclass(frozen=True, slots=True)
class BatchRunner:
    """Execute jobs with resume-aware manifest updates.

    The worker must be pickleable when it runs in other processes: with ``max_workers`` greater than one,
    with any of the limits, or with an engine other than ``in-process``.

    Attributes:
        engine: ``in-process``, ``local`` (processes), ``ray``, or a factory called with worker, number of
            workers, limits and number of jobs to come. ``None``: ``in-process`` for one worker without
            limits, else ``local``.
        timeout_s: Seconds an attempt may take; its process is killed then.
        retries: Further attempts at a job whose error is one of ``retry_on``.
        recycle_after: Jobs after which a worker process is replaced by a fresh one. One that keeps
            half a gigabyte more than when it was warm is replaced in any case.
        memory_limit: Bytes of resident memory a worker process may use.
        on_record: Called with each record once it is safe on disk. What it raises is logged.
        fingerprint: What a job's output depends on, as a mapping of names to values (or one string). It is
            kept with the record; an output whose job has another one now is stale.
        on_event: Called with each event, for a live display.
        stale: Stale outputs are skipped with a warning (``skip``), made again (``rerun``), or keep the run
            from starting (``fail``).
        only_failed: Run only jobs that failed, or were in flight when a run ended.
        limit: Run at most this many jobs.
        max_failures: Stop handing out jobs after this many have failed.
        retry_on: Names of exception classes, or of their bases.
        retry_delay_s: Seconds before the second attempt; doubled for each further one, up to a minute.
        grace_s: Seconds that jobs in flight get after the first Ctrl-C or SIGTERM.

    Raises:
        OptionsError: An option has an invalid value.

    Example:
        >>> runner = BatchRunner(timeout_s=600.0, retries=1)
        >>> manifest = runner.run(  # doctest: +SKIP
        ...     jobs, worker, manifest_path="out/batch_manifest.json", max_workers=8
        ... )
    """

    engine: str | EngineFactory | None = None
    timeout_s: float | None = None
    retries: int = 0
    recycle_after: int | None = None
    memory_limit: int | None = None
    on_record: Callable[[BatchRunRecord], None] | None = None
    fingerprint: Fingerprint | None = None
    on_event: EventSink | None = None
    stale: StalePolicy = "skip"
    only_failed: bool = False
    limit: int | None = None
    max_failures: int | None = None
    retry_on: Collection[str] = DEFAULT_RETRY_ON
    retry_delay_s: float = 1.0
    grace_s: float = 10.0

    def __post_init__(self) -> None:
        if isinstance(self.engine, str) and self.engine not in ENGINES:
            raise UnknownNameError("engine", self.engine, list(ENGINES))
        if (
            self.engine is not None
            and not isinstance(self.engine, str)
            and not callable(self.engine)
        ):
            raise OptionsError(f"must be a name or a factory, not {self.engine!r}", option="engine")
        if self.stale not in ("skip", "rerun", "fail"):
            raise OptionsError(f"must be skip, rerun or fail, not {self.stale!r}", option="stale")
        check_seconds("timeout_s", self.timeout_s, zero=False, may_be_none=True)
        check_seconds("retry_delay_s", self.retry_delay_s, zero=True)
        check_seconds("grace_s", self.grace_s, zero=True)
        check_memory_limit("memory_limit", self.memory_limit)
        check_count("retries", self.retries, least=0, may_be_none=False)
        check_count("recycle_after", self.recycle_after, least=1)
        check_count("limit", self.limit, least=0)
        check_count("max_failures", self.max_failures, least=1)
        if isinstance(self.retry_on, str):
            raise OptionsError(
                f"must be a collection of names of exceptions, not {self.retry_on!r}",
                option="retry_on",
            )
        if self.engine == "in-process":
            for name in ("timeout_s", "memory_limit", "recycle_after"):
                if getattr(self, name) is not None:
                    raise OptionsError(
                        "only a process of its own can be held to it; use the engine 'local'",
                        option=name,
                    )

    def run(
        self,
        jobs: Iterable[BatchJob],
        worker: BatchWorker,
        *,
        manifest_path: str | Path,
        max_workers: int = 1,
        force: bool = False,
        input_dir: Path | None = None,
        output_dir: Path | None = None,
        pattern: str = "",
    ) -> BatchManifest:
        """Run jobs, skip existing outputs, and update a manifest incrementally.

        An existing manifest at ``manifest_path`` is taken up again. Jobs whose output exists are skipped
        unless ``force``; those that failed last time, or never ended, are redone also where a file lies at their
        output, as what lies there may be what they left half done. Outcomes are safe on disk before anything else
        happens, in a journal beside the manifest: a run that is killed goes on where it was. The manifest itself is
        rewritten after each record as long as that costs under 2 % of the run, and else follows within seconds, as
        writing 100,000 records 100,000 times would be most of the work; `BatchManifest.load` reads both.

        Args:
            jobs: The jobs, with ids and outputs of their own.
            worker: Called with each job; see :class:`BatchWorker`.
            manifest_path: JSON file that is updated as jobs end; journal, lock and ``logs/`` go beside it.
            max_workers: How many jobs may run at a time; 1 runs in this process.
            force: Run jobs whose output exists, too.
            input_dir: Root of the inputs, kept in the manifest.
            output_dir: Root of the outputs, kept in the manifest.
            pattern: Filter of the inputs, kept in the manifest.

        Returns:
            All records: of these jobs in the order given, after those of jobs the manifest knew before.
            With ``max_failures``, ``limit`` or ``only_failed`` some jobs may have none.

        Raises:
            ValueError: Something is wrong with the arguments; no job was touched. It is one of
                :class:`OptionsError`, :class:`BatchError`, :class:`OutputError`, :class:`ManifestError`.
            OutputError: The disk is full; what has ended is recorded.
            KeyboardInterrupt: Ctrl-C or SIGTERM; what has ended is recorded.
        """
        jobs = list(jobs)
        make_engine = self._engine_factory(worker, check_max_workers(max_workers))
        path = real_path(manifest_path)
        inputs = check_jobs(jobs, path)
        check_folder_writable(path.parent)
        if output_dir is not None:
            check_folder_writable(Path(output_dir))
        with (
            ManifestLock.acquire(path) as lock,
            StopSignals(self.grace_s, interrupts=make_engine.in_process) as stop,
        ):
            stored = read_stored(path)
            records = _settled(stored)
            plan = deque(plan_jobs(jobs, records, self._selection(force), self.fingerprint))
            head = ManifestHead(
                stored.head.created_at if stored else utc_now(), input_dir, output_dir, pattern
            )

            def tick() -> None:
                lock.touch()
                stop.tick()

            ledger = Ledger(path, head, [job.id for job in jobs], records, tick)
            del stored, records  # the ledger has them
            return self._work(plan, make_engine, ledger, inputs, path, stop)

    def plan(
        self, jobs: Iterable[BatchJob], *, manifest_path: str | Path, force: bool = False
    ) -> list[PlannedJob]:
        """What :meth:`run` would do with each job, and why; changes nothing.

        Raises:
            ValueError: As :meth:`run`.
        """
        jobs = list(jobs)
        path = real_path(manifest_path)
        check_jobs(jobs, path)
        return plan_jobs(
            jobs, _settled(read_stored(path)), self._selection(force), self.fingerprint
        )

    def _work(
        self,
        plan: deque[PlannedJob],
        make_engine: EngineChoice,
        ledger: Ledger,
        inputs: Inputs,
        path: Path,
        stop: StopSignals,
    ) -> BatchManifest:
        to_run = sum(planned.action == "run" for planned in plan)
        to_skip = sum(planned.action == "skip" for planned in plan)
        self._tell("planned", total=len(plan), to_run=to_run, to_skip=to_skip)
        engine: Engine | None = None
        try:
            engine = make_engine(to_run)
            if not make_engine.in_process:
                # The longest first: none is left over when all others are done.
                _sort(plan)
            dispatcher = Dispatcher(engine, ledger, inputs, path, self._policy(), stop)
            dispatcher.run(plan)
            engine.close()
            manifest = ledger.finish()
        except BaseException:
            if engine is not None:
                engine.close()
            ledger.abandon()
            raise
        self._tell("ended", message=dispatcher.stop_reason)
        if stop.requested or dispatcher.stop_reason == "interrupted":
            raise KeyboardInterrupt(
                f"{dispatcher.stop_reason or f'received {stop.name}'}; "
                f"{len(manifest.records)} of {manifest.total} jobs are recorded"
            )
        return manifest

    def _engine_factory(self, worker: BatchWorker, max_workers: int) -> EngineChoice:
        limits = self._limits()
        name = self.engine
        if name is None:
            name = "local" if max_workers > 1 or limits.any() else "in-process"
        if name == "in-process" and max_workers > 1:
            raise OptionsError(
                f"the in-process engine has one worker, not {max_workers}; use the engine 'local'",
                option="max_workers",
            )
        if not callable(worker):
            raise BatchError(f"the worker must be callable, not {type(worker).__name__}")
        if name != "in-process":
            check_main()
            check_picklable(worker)
        return EngineChoice(name, worker, max_workers, limits)

    def _limits(self) -> Limits:
        return Limits(self.timeout_s, self.memory_limit, self.recycle_after)

    def _selection(self, force: bool) -> Selection:
        return Selection(bool(force), self.only_failed, self.limit, self.stale)

    def _policy(self) -> Policy:
        return Policy(
            retries=self.retries,
            retry_on=frozenset(self.retry_on),
            retry_delay_s=self.retry_delay_s,
            max_failures=self.max_failures,
            fingerprint=self.fingerprint,
            on_record=self.on_record,
            on_event=self.on_event,
        )

    def _tell(
        self,
        kind: Literal["planned", "ended"],
        *,
        message: str = "",
        total: int = 0,
        to_run: int = 0,
        to_skip: int = 0,
    ) -> None:
        if self.on_event is None:
            return
        event = BatchEvent(
            kind=kind, at=utc_now(), message=message, total=total, to_run=to_run, to_skip=to_skip
        )
        try:
            self.on_event(event)
        except Exception:
            _log.exception("a callback of the batch failed")


def _sort(plan: deque[PlannedJob]) -> None:
    """The largest inputs first, in place."""
    ordered = sorted(plan, key=lambda planned: (-planned.size, planned.position))
    plan.clear()
    plan.extend(ordered)


def _settled(stored: StoredBatch | None) -> dict[str, BatchRunRecord]:
    """The records of earlier runs; jobs that were in flight when one ended have failed."""
    if stored is None:
        return {}
    interrupted = {job_id: _cut_short(job) for job_id, job in stored.unfinished.items()}
    return stored.records | interrupted


def _cut_short(job: StartedJob) -> BatchRunRecord:
    return BatchRunRecord(
        job_id=job.job_id,
        motion=Path(job.motion),
        output=Path(job.output),
        status=RunStatus.FAILED,
        started_at=job.at,
        finished_at=utc_now(),
        message="the run ended before the job did",
        error_type="Interrupted",
        provenance={"batch": job.notes} if job.notes else {},
    )
