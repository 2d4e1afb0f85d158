"""Manifest files: reading them together with their journal, and writing them whole.

The manifest says what was known when it was last written; the journal what happened since. Only both
together are the state of a batch, and this module is the only one that puts them together.
"""

from __future__ import annotations

import io
import json
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, StrictInt, TypeAdapter, ValidationError

from retarget.batch.journal import (
    JournalContent,
    events_in,
    journal_identity,
    journal_path,
    read_journal,
)
from retarget.batch.models import SCHEMA_VERSION, BatchManifest, BatchRunRecord, slimmed, utc_now
from retarget.batch.plain import printable
from retarget.errors import ManifestError
from retarget.files import atomic_write

__all__ = [
    "ManifestHead",
    "StartedJob",
    "StoredBatch",
    "as_manifest",
    "encode_record",
    "load_manifest",
    "read_stored",
    "real_path",
    "save_manifest",
    "write_manifest_file",
]

_log = logging.getLogger("retarget.batch")
_Manifest = TypeVar("_Manifest", bound=BatchManifest)

_READ_AGAIN = 10  # times, when runs begin and end while their files are read
_RECORDS_BEGIN, _RECORDS_END = b',\n "records": [\n', b"\n]}\n"

# How to turn the JSON object of one schema version into that of the next.
_MIGRATIONS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


@dataclass(frozen=True, slots=True)
class ManifestHead:
    """What a manifest says besides its records."""

    created_at: datetime
    input_dir: Path | None = None
    output_dir: Path | None = None
    pattern: str = ""

    def to_json(self) -> dict[str, Any]:
        """The head as a JSON-ready object."""
        return {
            "created_at": self.created_at.isoformat(),
            "input_dir": None if self.input_dir is None else printable(str(self.input_dir)),
            "output_dir": None if self.output_dir is None else printable(str(self.output_dir)),
            "pattern": printable(self.pattern),
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> ManifestHead:
        """The head from what :meth:`to_json` wrote."""

        def folder(name: str) -> Path | None:
            return None if said.get(name) is None else Path(str(said[name]))

        created = datetime.fromisoformat(str(said["created_at"]))
        return cls(created, folder("input_dir"), folder("output_dir"), str(said.get("pattern", "")))


@dataclass(frozen=True, slots=True)
class StartedJob:
    """A job that was handed out and has no outcome yet."""

    job_id: str
    at: datetime
    attempt: int
    worker: str
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


def real_path(path: str | Path) -> Path:
    """The file itself: absolute, links followed, so that replacing it does not replace a link."""
    return Path(os.path.realpath(path))


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
        manifest = _read_file(path)
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
    """See :meth:`BatchManifest.load`."""
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


def save_manifest(manifest: BatchManifest, path: Path) -> None:
    """See :meth:`BatchManifest.save_json`."""
    write_manifest_file(
        path,
        head=ManifestHead(
            manifest.created_at, manifest.input_dir, manifest.output_dir, manifest.pattern
        ),
        updated_at=manifest.updated_at,
        total=manifest.total,
        counts=(manifest.success_count, manifest.skipped_count, manifest.failed_count),
        records=[encode_record(record) for record in manifest.records],
    )


def encode_record(record: BatchRunRecord) -> bytes:
    """The JSON text of a record, on one line."""
    return record.model_dump_json().encode()


def write_manifest_file(
    path: Path,
    *,
    head: ManifestHead,
    updated_at: datetime,
    total: int,
    counts: tuple[int, int, int],
    records: Iterable[bytes],
) -> None:
    """Write a manifest from encoded records, atomically; ``counts`` are success, skipped, failed.

    Raises:
        OutputError: The file cannot be written; what was there is untouched.
    """
    opening = {
        "schema_version": SCHEMA_VERSION,
        "created_at": head.created_at.isoformat(),
        "updated_at": updated_at.isoformat(),
        **{name: value for name, value in head.to_json().items() if name != "created_at"},
        "total": total,
        "success_count": counts[0],
        "skipped_count": counts[1],
        "failed_count": counts[2],
    }
    with atomic_write(real_path(path)) as stream:
        stream.write(json.dumps(opening, indent=1)[:-2].encode() + _RECORDS_BEGIN)
        separator = b""
        for record in records:
            stream.write(separator)
            stream.write(record)
            separator = b",\n"
        stream.write(_RECORDS_END)


def _read_file(path: Path) -> BatchManifest | None:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ManifestError(f"{path}: cannot be read ({error.strerror})") from error
    try:
        return _parse(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        cause = f"{place}: {first['msg']}"
    except RecursionError:
        cause = "nested too deep"
    except ValueError as error:
        cause = str(error)
    raise ManifestError(
        f"{path}: not a usable batch manifest ({cause}); it was left as it is: "
        "move it away, or choose another manifest path"
    )


class _Schema(BaseModel):
    """Just enough of a manifest to tell its version."""

    schema_version: StrictInt


def _parse(data: bytes) -> BatchManifest:
    if not data.strip():
        raise ValueError("the file is empty")
    version = _Schema.model_validate_json(data).schema_version
    if version > SCHEMA_VERSION:
        raise ValueError(
            f"schema_version {version} is newer than {SCHEMA_VERSION}: update retarget to read it"
        )
    if version == SCHEMA_VERSION:
        manifest = _parse_by_line(data) or BatchManifest.model_validate_json(data)
    else:
        manifest = BatchManifest.model_validate(_migrated(json.loads(data)))
    if "records" not in manifest.model_fields_set:
        raise ValueError("it has no records")
    if len(manifest.records_by_id()) != len(manifest.records):
        raise ValueError("two records have one job id")
    return manifest


def _parse_by_line(data: bytes) -> BatchManifest | None:
    """A manifest as it is written here, one record a line; ``None`` for any other layout.

    A file of 100,000 records takes a third of the memory that parsing it as a whole does.
    """
    head, mark, rest = data.partition(_RECORDS_BEGIN)
    if not mark or not rest.endswith(_RECORDS_END):
        return None
    try:
        manifest = BatchManifest.model_validate_json(head + _RECORDS_BEGIN + _RECORDS_END)
        read = TypeAdapter(BatchRunRecord).validate_json
        lines = io.BytesIO(rest.removesuffix(_RECORDS_END))
        records = tuple(
            slimmed(read(line.removesuffix(b"\n").removesuffix(b","))) for line in lines
        )
    except ValidationError:
        return None
    return manifest.model_copy(update={"records": records})


def _migrated(said: dict[str, Any]) -> dict[str, Any]:
    """A manifest of an older version as one of the present version."""
    while (version := said["schema_version"]) < SCHEMA_VERSION:
        migrate = _MIGRATIONS.get(version)
        if migrate is None:
            raise ValueError(f"schema_version {version} was never written by retarget")
        said = migrate(said)
    return said


def _from_manifest(manifest: BatchManifest) -> StoredBatch:
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
            except (KeyError, ValueError):
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
        except (KeyError, TypeError, ValueError) as error:
            _log.warning("%s: an event was left out: %s", journal_path(path), error)
    known = set(stored.order)
    others = [job_id for job_id in stored.records if job_id not in known]
    ordered = [*others, *(job_id for job_id in stored.order if job_id in stored.records)]
    stored.records = {job_id: stored.records[job_id] for job_id in ordered}
    stored.total = max(stored.total, len(others) + len(stored.order), len(stored.records))


def _apply(stored: StoredBatch, event: dict[str, Any]) -> None:
    match event.get("e"):
        case "run":
            stored.run_began = datetime.fromisoformat(event["at"])
        case "plan":
            stored.order.extend(str(job_id) for job_id in event["ids"])
        case "start":
            stored.records.pop(event["id"], None)
            stored.unfinished[event["id"]] = StartedJob(
                job_id=event["id"],
                at=datetime.fromisoformat(event["at"]),
                attempt=int(event.get("attempt", 1)),
                worker=str(event.get("worker", "")),
                motion=str(event["motion"]),
                output=str(event["output"]),
                notes=dict(event.get("notes", {})),
            )
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
