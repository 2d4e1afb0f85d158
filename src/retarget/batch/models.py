"""The facts of a batch: a job, its record, and what a manifest holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Protocol, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
)

from retarget.batch.plain import on_disk, printable, to_plain
from retarget.errors import ManifestError
from retarget.kinds import MotionFormatKind, RobotKind, RunStatus

__all__ = [
    "SCHEMA_VERSION",
    "BatchJob",
    "BatchRunRecord",
    "BatchWorker",
    "ManifestContent",
    "as_utc",
    "slimmed",
    "time_of",
    "trusted_record",
    "utc_now",
]

SCHEMA_VERSION = 1


def utc_now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


def as_utc(time: datetime) -> datetime:
    """A time in UTC; one without a zone is taken to be in UTC."""
    try:
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time before the year 1 or after 9999") from None


def time_of(text: str) -> datetime:
    """A time as manifests and journals write it, in UTC.

    Raises:
        ValueError: It is none, or lies outside the years 1 to 9999.
    """
    return as_utc(datetime.fromisoformat(text))


def _plain_dict(value: Any) -> Any:
    return to_plain(value) if isinstance(value, Mapping) else value


# Written as datetime.isoformat has it, in records as in a manifest's head and a journal's events.
UtcTime = Annotated[
    datetime,
    AfterValidator(as_utc),
    PlainSerializer(datetime.isoformat, str, when_used="json"),
]
# A path that UTF-8 cannot hold is written with escapes: a readable stand-in, not the path.
PortablePath = Annotated[
    Path, PlainSerializer(lambda path: printable(str(path)), str, when_used="json")
]
# Workers return anything; records hold only what JSON can.
PlainDict = Annotated[dict[str, Any], BeforeValidator(_plain_dict)]
LiveDict = Annotated[dict[str, Any], PlainSerializer(to_plain, when_used="json")]


class BatchJob(BaseModel):
    """One independent piece of work: a motion to read, an output to write.

    It cannot be changed, and refuses fields that it does not have: a misspelt ``robott`` would otherwise run the
    default robot.

    Attributes:
        id: Stable job identifier used in manifests and resume logic; not empty.
        motion: Input motion artifact path for the worker.
        output: Expected output artifact path; an existing file may be skipped.
        name: Optional display name; it stays ``None`` where none was given, so that a job reads back as it was
            written, and :attr:`label` has the default: the stem of ``motion``.
        motion_format: Typed source motion format override.
        robot: Typed robot registry override.
        config_path: Optional declarative experiment config.
        provenance: Origin and scheduling history for the job; copied into its record.

    Example:
        >>> job = BatchJob(id="walk", motion=Path("in/walk.bvh"), output=Path("out/walk.npz"))
        >>> BatchJob.model_validate_json(job.model_dump_json()) == job
        True
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(min_length=1)]
    motion: PortablePath
    output: PortablePath
    name: str | None = None
    motion_format: MotionFormatKind | None = None
    robot: RobotKind | None = None
    config_path: PortablePath | None = None
    provenance: LiveDict = Field(default_factory=dict)

    def __hash__(self) -> int:
        """A hash of the fields that can be hashed: jobs may be members of sets and keys."""
        return hash((self.id, self.motion, self.output))

    @property
    def label(self) -> str:
        """The name to show to people."""
        return self.name or printable(self.motion.stem)


class BatchWorker(Protocol):
    """What a batch runs: a callable that writes ``job.output`` and returns provenance.

    It must be pickleable to run in other processes. An optional method ``warm_up()`` is called once in
    each worker process before its first job, to load and compile what every job needs.

    Example:
        >>> def copy(job: BatchJob) -> dict[str, int]:
        ...     return {"bytes": job.output.write_bytes(job.motion.read_bytes())}
    """

    def __call__(self, job: BatchJob, /) -> Mapping[str, Any] | None:
        """Do the job; whatever it raises is recorded as the job's failure."""
        ...


class BatchRunRecord(BaseModel):
    """Recorded outcome for one batch job.

    It cannot be changed. Fields that it does not have are left out when a record is read: a later version may
    have written more.

    Attributes:
        job_id: Identifier matching :attr:`BatchJob.id`.
        motion: Input path from the job definition.
        output: Output path from the job definition.
        status: Terminal status (success, skipped, or failed).
        started_at: UTC timestamp when execution began.
        finished_at: UTC timestamp when execution completed.
        message: Human-readable summary or error text.
        error_type: Exception class name when ``status`` is failed. Where a job ended without an exception there is
            no class to name, and it is ``WorkerDied``, ``TimeoutError``, ``MemoryLimitExceeded``, ``NodeLost`` or
            ``Interrupted``.
        provenance: Worker-returned processing history or resume information, as plain JSON. What the
            batch itself has to add (attempts, fingerprint, log file, staleness) is under ``"batch"``.

    Example:
        >>> now = utc_now()
        >>> BatchRunRecord(
        ...     job_id="walk", motion=Path("walk.bvh"), output=Path("walk.npz"),
        ...     status=RunStatus.SUCCESS, started_at=now, finished_at=now,
        ... ).duration_s
        0.0
    """

    model_config = ConfigDict(frozen=True)

    job_id: str
    motion: PortablePath
    output: PortablePath
    status: RunStatus
    started_at: UtcTime
    finished_at: UtcTime
    message: str = ""
    error_type: str | None = None
    provenance: PlainDict = Field(default_factory=dict)

    def __hash__(self) -> int:
        """A hash of the fields that can be hashed."""
        return hash((self.job_id, self.output, self.status, self.finished_at))

    @property
    def output_file(self) -> Path:
        """The output on disk: a manifest spells bytes of names that are not UTF-8 in another way."""
        return on_disk(self.output)

    @property
    def duration_s(self) -> float:
        """Seconds from start to finish."""
        return (self.finished_at - self.started_at).total_seconds()

    @property
    def batch_notes(self) -> dict[str, Any]:
        """What the batch itself noted under ``provenance["batch"]``; empty when there is nothing."""
        notes = self.provenance.get("batch")
        return notes if isinstance(notes, dict) else {}


_RECORD_FIELDS = set(BatchRunRecord.model_fields)  # shared: a set each is a quarter of a record


def slimmed(record: BatchRunRecord) -> BatchRunRecord:
    """The same record, without a set of field names of its own: a quarter of its memory."""
    object.__setattr__(record, "__pydantic_fields_set__", _RECORD_FIELDS)
    return record


def trusted_record(
    job: BatchJob,
    status: RunStatus,
    *,
    started_at: datetime,
    finished_at: datetime,
    message: str,
    error_type: str | None = None,
    provenance: dict[str, Any],
) -> BatchRunRecord:
    """A record from values that are known to be valid: UTC times, and provenance of plain JSON."""
    return BatchRunRecord.model_construct(
        _RECORD_FIELDS,
        job_id=job.id,
        motion=job.motion,
        output=job.output,
        status=status,
        started_at=started_at,
        finished_at=finished_at,
        message=message,
        error_type=error_type,
        provenance=provenance,
    )


class ManifestContent(BaseModel):
    """What a manifest holds, apart from its files: see :class:`retarget.batch.BatchManifest`."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    schema_version: int = SCHEMA_VERSION
    created_at: UtcTime
    updated_at: UtcTime
    input_dir: PortablePath | None = None
    output_dir: PortablePath | None = None
    pattern: str = ""
    total: int
    success_count: int = 0
    skipped_count: int = 0
    failed_count: int = 0
    records: tuple[BatchRunRecord, ...] = ()

    @classmethod
    def from_records(
        cls,
        *,
        records: Iterable[BatchRunRecord],
        total: int,
        created_at: datetime,
        input_dir: Path | None = None,
        output_dir: Path | None = None,
        pattern: str = "",
    ) -> Self:
        """Build a manifest and derive summary counts from records.

        Raises:
            ManifestError: Two records are of one job, or there are more than ``total``.
        """
        records = tuple(records)
        _check_records(records, total)
        # One pass over plain strings; building the model anew would validate every record again.
        count = Counter(str.__str__(record.status) for record in records)
        manifest = cls(
            created_at=created_at,
            updated_at=utc_now(),
            input_dir=input_dir,
            output_dir=output_dir,
            pattern=pattern,
            total=total,
            success_count=count["success"],
            skipped_count=count["skipped"],
            failed_count=count["failed"],
        )
        return manifest.model_copy(update={"records": records})

    def records_by_id(self) -> dict[str, BatchRunRecord]:
        """Return records keyed by job id."""
        return {record.job_id: record for record in self.records}


def _check_records(records: tuple[BatchRunRecord, ...], total: int) -> None:
    ids = {record.job_id for record in records}
    if len(ids) < len(records):
        twice = next(job_id for job_id, n in Counter(r.job_id for r in records).items() if n > 1)
        raise ManifestError(f"two records are of the job {twice!r}; a job has one record")
    if total < len(records):
        raise ManifestError(
            f"total is {total}, and there are {len(records)} records; give the number of jobs of the batch"
        )
