"""What a running batch knows, and how it gets to disk.

Every event goes to the journal at once. The manifest is rewritten after each record as long as rewriting has
cost under 2 % of the run so far; beyond that a background thread lets the file follow within seconds.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from retarget.batch.journal import JOURNAL_VERSION, Journal, encode_event, journal_path
from retarget.batch.manifest import BatchManifest
from retarget.batch.manifest_file import ManifestHead, encode_record, write_manifest_file
from retarget.batch.models import BatchJob, BatchRunRecord, utc_now
from retarget.batch.plain import printable
from retarget.batch.stopping import leave_signals_to_main_thread
from retarget.errors import OutputError
from retarget.files import remove_temporaries

__all__ = ["Ledger"]

_log = logging.getLogger("retarget.batch")

_SHARE = 0.02  # of the run's time that rewriting the manifest, or syncing the journal, may cost
_FOLLOW_S = 1.0  # the file follows within this many seconds, or 50 times what a rewrite costs, ...
_FOLLOW_AT_MOST_S = 10.0  # ... but within these
_PLAN_LINE = 1000  # job ids a journal line


class _Budget:
    """Time spent on one kind of upkeep, held to a share of the run."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._spent = 0.0
        self.last_cost = 0.0

    def allows(self) -> bool:
        """Whether what was spent so far is within the share."""
        return self._spent <= _SHARE * (time.monotonic() - self._began)

    @contextlib.contextmanager
    def spend(self) -> Any:
        """Count the time of a block."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.last_cost = time.monotonic() - began
            self._spent += self.last_cost


class Ledger:
    """The records of one run, in the order of submission, always also on disk.

    Safe to use from the run's thread while its own background thread writes.

    Args:
        path: The manifest, absolute.
        head: What the manifest says besides its records.
        order: Job ids of this run's definition, in submission order.
        records: Earlier records to keep, by job id; they must hold no record that cannot be trusted.
        tick: Called four times a second from the background thread.

    Example:
        >>> ledger = Ledger(path, head, order, {}, tick=lock.touch)  # doctest: +SKIP
        >>> ledger.started(job, attempt=1, notes={})  # doctest: +SKIP
        >>> ledger.finished(record)  # doctest: +SKIP
        >>> manifest = ledger.finish()  # doctest: +SKIP
    """

    def __init__(
        self,
        path: Path,
        head: ManifestHead,
        order: Sequence[str],
        records: dict[str, BatchRunRecord],
        tick: Callable[[], None],
    ) -> None:
        self._path = path
        self._head = head
        known = set(order)
        # Earlier jobs that are not part of this run come first: they were there first.
        self._order = [*(job_id for job_id in records if job_id not in known), *order]
        self._records = dict(records)
        self._lines = {job_id: encode_record(record) for job_id, record in records.items()}
        self._counts = Counter(str.__str__(record.status) for record in records.values())
        self._lock = threading.RLock()
        self._behind_since: float | None = None
        self._rewriting, self._syncing = _Budget(), _Budget()
        self._tick = tick
        for written in (path, journal_path(path)):
            remove_temporaries(written)
        self._write()  # the new definition; also all that an older journal knew
        self._journal = Journal.create(journal_path(path), self._journal_head(order))
        self._closing = threading.Event()
        self._follower = threading.Thread(
            target=self._follow, name="retarget-batch-ledger", daemon=True
        )
        self._follower.start()

    def _journal_head(self, order: Sequence[str]) -> list[dict[str, Any]]:
        run = {"e": "run", "journal": JOURNAL_VERSION, "at": utc_now().isoformat()}
        plan = [
            {"e": "plan", "ids": list(order[at : at + _PLAN_LINE])}
            for at in range(0, len(order), _PLAN_LINE)
        ]
        return [run | self._head.to_json(), *plan]

    @property
    def total(self) -> int:
        """Number of jobs of the manifest."""
        return len(self._order)

    def reserve(self, jobs_in_flight: int) -> None:
        """Make sure that the outcomes of the jobs in flight can be recorded even on a full disk.

        Raises:
            OutputError: There is no space: hand nothing out.
        """
        with self._lock:
            self._journal.reserve(jobs_in_flight)

    def started(self, job: BatchJob, *, attempt: int, notes: Mapping[str, Any]) -> None:
        """Note that a job is about to be handed out; from now on its output is not to be trusted.

        Raises:
            OutputError: It cannot be noted: do not hand the job out.
        """
        event: dict[str, Any] = {
            "e": "start",
            "id": job.id,
            "at": utc_now().isoformat(),
            "attempt": attempt,
            "motion": printable(str(job.motion)),
            "output": printable(str(job.output)),
        }
        if notes:
            event["notes"] = notes
        payload = encode_event(event)
        with self._lock:
            self._journal.append(payload)
            if self._syncing.allows():
                with self._syncing.spend():
                    self._journal.sync()

    def retrying(self, job_id: str, notes: Mapping[str, Any]) -> None:
        """Note that an attempt has failed and another will be made."""
        with self._lock, contextlib.suppress(OutputError):
            self._journal.append(encode_event({"e": "retry", "id": job_id, "notes": notes}))

    def finished(self, record: BatchRunRecord) -> None:
        """Record an outcome."""
        line = encode_record(record)
        with self._lock:
            try:
                self._journal.append(b'{"e":"end","record":' + line + b"}")
            except OutputError:
                # The space set aside holds any ordinary record: keep the outcome without its history.
                notes = {"batch": {"left_out": "provenance: the disk was full"}}
                record = record.model_copy(update={"provenance": notes})
                line = encode_record(record)
                self._journal.append(b'{"e":"end","record":' + line + b"}")
            before = self._records.get(record.job_id)
            if before is not None:
                self._counts[str.__str__(before.status)] -= 1
            self._counts[str.__str__(record.status)] += 1
            self._records[record.job_id] = record
            self._lines[record.job_id] = line
            if self._rewriting.allows():
                self._try_write()
            elif self._behind_since is None:
                self._behind_since = time.monotonic()

    def finish(self) -> BatchManifest:
        """Write the complete manifest, drop the journal, and return the manifest.

        Raises:
            OutputError: The manifest cannot be written; the journal stays and holds everything.
        """
        self._stop_following()
        with self._lock:
            self._write()
            self._journal.close()
            with contextlib.suppress(OSError):
                self._journal.path.unlink()
            return self.manifest()

    def abandon(self) -> None:
        """Stop at once; the journal stays for the next run."""
        self._stop_following()
        with self._lock:
            with contextlib.suppress(OSError):
                self._journal.sync()
            self._journal.close()

    def manifest(self) -> BatchManifest:
        """The manifest as it is now."""
        with self._lock:
            return BatchManifest.from_records(
                records=self._ordered(self._records),
                total=len(self._order),
                created_at=self._head.created_at,
                input_dir=self._head.input_dir,
                output_dir=self._head.output_dir,
                pattern=self._head.pattern,
            )

    def _ordered(self, by_id: dict[str, Any]) -> list[Any]:
        return [by_id[job_id] for job_id in self._order if job_id in by_id]

    def _write(self) -> None:
        counts = self._counts
        with self._rewriting.spend():
            write_manifest_file(
                self._path,
                head=self._head,
                updated_at=utc_now(),
                total=len(self._order),
                counts=(counts["success"], counts["skipped"], counts["failed"]),
                records=self._ordered(self._lines),
            )
        self._behind_since = None

    def _try_write(self) -> None:
        """Rewrite the manifest; when that fails the journal still knows, and the run goes on."""
        try:
            self._write()
        except OutputError as error:
            _log.warning("the manifest lags behind its journal: %s", error)
            self._behind_since = time.monotonic()

    def _follow(self) -> None:
        """In the background: let the file follow, force the journal to disk, and tick."""
        leave_signals_to_main_thread()
        while not self._closing.wait(_FOLLOW_S / 4):
            with self._lock:
                if self._closing.is_set():
                    return
                lag = min(max(_FOLLOW_S, self._rewriting.last_cost / _SHARE), _FOLLOW_AT_MOST_S)
                if self._behind_since is not None and time.monotonic() - self._behind_since > lag:
                    self._try_write()
                if self._syncing.allows():
                    with self._syncing.spend(), contextlib.suppress(OSError):
                        self._journal.sync()
            self._tick()

    def _stop_following(self) -> None:
        self._closing.set()
        if self._follower.is_alive():
            self._follower.join()
