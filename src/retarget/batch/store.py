"""The state of a batch: its manifest and its journal, put together.

The manifest says what was known when it was last written; the journal what happened since. Only both
together are the state of a batch, and this module is the only one that puts them together.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from retarget.batch.journal import (
    JournalContent,
    events_in,
    journal_identity,
    journal_path,
    read_journal,
)
from retarget.batch.manifest_file import ManifestHead, read_manifest_file, real_path
from retarget.batch.models import BatchRunRecord, ManifestContent, time_of, utc_now
from retarget.errors import ManifestError

__all__ = [
    "StartedJob",
    "StoredBatch",
    "as_manifest",
    "load_manifest",
    "read_stored",
]

_log = logging.getLogger("retarget.batch")
_Manifest = TypeVar("_Manifest", bound=ManifestContent)

_READ_AGAIN = 10  # times, when runs begin and end while their files are read


@dataclass(frozen=True, slots=True)
class StartedJob:
    """A job that was handed out and has no outcome yet."""

    job_id: str
    at: datetime
    attempt: int
    motion: str
    output: str
    notes: dict[str, Any]


@dataclass(slots=True)
class StoredBatch:
    """The state of a batch as its files tell it.

    Attributes:
        head: What the manifest says besides its records.
        updated_at: When the state last changed.
        total: Number of jobs in the batch definition.
        records: Outcomes by job id, in submission order.
        unfinished: Jobs started and not finished; an earlier record of theirs is not among ``records``.
        order: Ids of the current definition in submission order; empty without a journal.
        has_journal: Whether a journal lies beside the manifest: the run goes on, or crashed.
        run_began: When the run of that journal began.
    """

    head: ManifestHead
    updated_at: datetime
    total: int
    records: dict[str, BatchRunRecord]
    unfinished: dict[str, StartedJob] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    has_journal: bool = False
    run_began: datetime | None = None


def read_stored(path: Path) -> StoredBatch | None:
    """Read manifest and journal; ``None`` when there is neither.

    Raises:
        ManifestError: Either is foreign, corrupt, empty or of a newer version.
    """
    path = real_path(path)
    for _ in range(_READ_AGAIN):
        # A journal holds all events of its run, so one read after the manifest completes it, if it is of the
        # same run: one may end, and another begin, in between.
        run = journal_identity(journal_path(path))
        manifest = read_manifest_file(path)
        journal = read_journal(journal_path(path))
        if (journal.identity if journal else None) == run:
            break
    if manifest is None and journal is None:
        return None
    stored = _from_manifest(manifest) if manifest else _from_journal_head(path, journal)
    if journal is not None:
        _replay(path, stored, journal)
    return stored


def load_manifest(kind: type[_Manifest], path: Path) -> _Manifest:
    """See :meth:`retarget.batch.BatchManifest.load`."""
    stored = read_stored(path)
    if stored is None:
        raise ManifestError(f"{path}: no such batch manifest; check the path")
    return as_manifest(kind, stored)


def as_manifest(kind: type[_Manifest], stored: StoredBatch) -> _Manifest:
    """The manifest of a stored state."""
    head = stored.head
    manifest = kind.from_records(
        records=stored.records.values(),
        total=stored.total,
        created_at=head.created_at,
        input_dir=head.input_dir,
        output_dir=head.output_dir,
        pattern=head.pattern,
    )
    return manifest.model_copy(update={"updated_at": stored.updated_at})


def _from_manifest(manifest: ManifestContent) -> StoredBatch:
    head = ManifestHead(
        manifest.created_at, manifest.input_dir, manifest.output_dir, manifest.pattern
    )
    records = manifest.records_by_id()
    return StoredBatch(head, manifest.updated_at, max(manifest.total, len(records)), records)


def _from_journal_head(path: Path, journal: JournalContent | None) -> StoredBatch:
    """The manifest is gone but a crashed run's journal is there: it knows enough to go on."""
    for event in events_in(journal):
        if event.get("e") == "run":
            try:
                head = ManifestHead.from_json(event)
            except (LookupError, TypeError, ValueError, OverflowError):
                break
            return StoredBatch(head, head.created_at, 0, {})
    return StoredBatch(ManifestHead(utc_now()), utc_now(), 0, {})


def _replay(path: Path, stored: StoredBatch, journal: JournalContent) -> None:
    """Apply the events of a journal, in order, to what the manifest says."""
    if journal.damaged_lines:
        _log.warning(
            "%s: %d damaged lines were left out; jobs they told of are done again",
            journal_path(path),
            journal.damaged_lines,
        )
    stored.has_journal = True
    for event in journal.events:
        try:
            _apply(stored, event)
        except (LookupError, TypeError, ValueError, OverflowError) as error:
            _log.warning("%s: an event was left out: %s", journal_path(path), error)
    known = set(stored.order)
    others = [job_id for job_id in stored.records if job_id not in known]
    ordered = [*others, *(job_id for job_id in stored.order if job_id in stored.records)]
    stored.records = {job_id: stored.records[job_id] for job_id in ordered}
    stored.total = max(stored.total, len(others) + len(stored.order), len(stored.records))


def _apply(stored: StoredBatch, event: dict[str, Any]) -> None:
    """Apply one event.

    Raises:
        KeyError, TypeError, ValueError: It is not what an event of its kind is.
    """
    match event.get("e"):
        case "run":
            stored.run_began = _time(event["at"])
        case "plan":
            stored.order.extend(_text(job_id) for job_id in event["ids"])
        case "start":
            started = StartedJob(
                job_id=_text(event["id"]),
                at=_time(event["at"]),
                attempt=int(event.get("attempt", 1)),
                motion=_text(event["motion"]),
                output=_text(event["output"]),
                notes=dict(event.get("notes", {})),
            )
            stored.records.pop(started.job_id, None)
            stored.unfinished[started.job_id] = started
        case "retry":
            started = stored.unfinished[event["id"]]
            stored.unfinished[event["id"]] = replace(started, notes=dict(event["notes"]))
        case "end":
            record = BatchRunRecord.model_validate(event["record"])
            stored.unfinished.pop(record.job_id, None)
            stored.records[record.job_id] = record
            stored.updated_at = max(stored.updated_at, record.finished_at)
        case _:
            pass  # an event of a later minor version: nothing that changes outcomes


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError(f"{value!r} stands where a text should")
    return value


def _time(value: Any) -> datetime:
    return time_of(_text(value))
