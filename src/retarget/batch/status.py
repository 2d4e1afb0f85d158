"""What a batch is doing, seen from outside: while it runs, after it ended, and after a crash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from retarget.batch.lock import LockOwner, lock_owner
from retarget.batch.manifest import BatchManifest
from retarget.batch.manifest_file import real_path
from retarget.batch.models import utc_now
from retarget.batch.store import StartedJob, as_manifest, read_stored
from retarget.errors import ManifestError

__all__ = ["BatchStatus", "read_status"]

_RECENT_S = 120.0  # the rate is that of the jobs that ended within this time, or of the last ones


@dataclass(frozen=True, slots=True)
class BatchStatus:
    """The state of a batch at one moment.

    Attributes:
        state: ``running``; ``finished``: nothing is left; ``stopped``: jobs are left and no run is at
            work on them; ``crashed``: the same, and the last run did not end in order.
        manifest: All outcomes so far.
        in_flight: Jobs handed out and not ended; after a crash those that will be redone.
        owner: The run that is at work, if one is.
        jobs_per_s: Rate of the jobs that ended of late in this run; 0 when unknown.
        eta_s: Seconds that the rest will take at this rate; ``None`` when unknown.

    Example:
        >>> status = read_status("out/batch_manifest.json")  # doctest: +SKIP
        >>> status.state, status.remaining  # doctest: +SKIP
        ('running', 812)
    """

    state: Literal["running", "finished", "stopped", "crashed"]
    manifest: BatchManifest
    in_flight: tuple[StartedJob, ...]
    owner: LockOwner | None
    jobs_per_s: float
    eta_s: float | None

    @property
    def remaining(self) -> int:
        """Jobs without an outcome."""
        return self.manifest.total - len(self.manifest.records)

    @property
    def failures_by_type(self) -> dict[str, int]:
        """How many jobs failed of each type of error, the most frequent first."""
        counts: dict[str, int] = {}
        for record in self.manifest.records:
            if record.status == "failed":
                kind = record.error_type or "unknown"
                counts[kind] = counts.get(kind, 0) + 1
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def read_status(manifest_path: str | Path) -> BatchStatus:
    """Read the state of a batch from its files; changes nothing, and disturbs no run.

    Raises:
        ManifestError: There is no such manifest, or it is not usable.
    """
    path = real_path(manifest_path)
    owner = lock_owner(path)
    stored = read_stored(path)
    if stored is None:
        raise ManifestError(f"{manifest_path}: no such batch manifest; check the path")
    manifest = as_manifest(BatchManifest, stored)
    left = manifest.total - len(manifest.records)
    state: Literal["running", "finished", "stopped", "crashed"]
    if owner is not None:
        state = "running"
    elif stored.has_journal:
        state = "crashed"
    else:
        state = "stopped" if left else "finished"
    ends = [] if stored.run_began is None else _ends_since(manifest, stored.run_began)
    rate = _rate(ends, stored.run_began)
    return BatchStatus(
        state=state,
        manifest=manifest,
        in_flight=tuple(stored.unfinished.values()),
        owner=owner,
        jobs_per_s=rate,
        eta_s=left / rate if rate > 0 and state == "running" else None,
    )


def _ends_since(manifest: BatchManifest, began: datetime) -> list[datetime]:
    return sorted(
        record.finished_at
        for record in manifest.records
        if record.finished_at >= began and record.status != "skipped"
    )


def _rate(ends: list[datetime], began: datetime | None) -> float:
    if not ends or began is None:
        return 0.0
    now = utc_now()
    recent = [end for end in ends if (now - end).total_seconds() < _RECENT_S] or ends[-1:]
    since = began if len(recent) == len(ends) else recent[0]
    return len(recent) / max((now - since).total_seconds(), 1e-3)
