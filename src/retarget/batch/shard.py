"""Shares of one job list for schedulers without a cluster engine, and their manifests made one again."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from retarget.batch.lock import ManifestLock
from retarget.batch.manifest import BatchManifest
from retarget.batch.manifest_file import real_path
from retarget.batch.models import BatchJob, BatchRunRecord
from retarget.errors import BatchError, ManifestError, OptionsError
from retarget.kinds import RunStatus

__all__ = ["merge_manifests", "parse_shard", "shard_jobs", "shard_manifest_path"]


def parse_shard(text: str) -> tuple[int, int]:
    """``"2/8"`` as (2, 8): the second of eight shares.

    Raises:
        OptionsError: It is not i/n with 1 <= i <= n.
    """
    match = re.fullmatch(r"\s*(\d+)\s*/\s*(\d+)\s*", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise OptionsError(f"a shard is i/n with i from 1 to n, such as 2/8, not {text!r}")
    return int(match[1]), int(match[2])


def shard_jobs(jobs: Iterable[BatchJob], index: int, count: int) -> list[BatchJob]:
    """The jobs of one share of ``count``, in the order given; ``index`` counts from 1.

    The same on every machine that sees the same inputs, and balanced by their sizes: the largest first,
    each to the share with the least so far (the longest-processing-time rule of Graham 1969).

    Raises:
        OptionsError: ``index`` is not from 1 to ``count``.
    """
    parse_shard(f"{index}/{count}")
    jobs = list(jobs)
    sizes = [_size(job) for job in jobs]
    largest_first = sorted(range(len(jobs)), key=lambda at: (-sizes[at], jobs[at].id))
    # A job costs something however small its input: without a floor all empty ones would go together.
    loads = [(0, share) for share in range(count)]
    mine: list[int] = []
    for at in largest_first:
        load, share = loads[0]
        heapq.heapreplace(loads, (load + max(sizes[at], 1), share))
        if share == index - 1:
            mine.append(at)
    return [jobs[at] for at in sorted(mine)]


def shard_manifest_path(manifest_path: str | Path, index: int, count: int) -> Path:
    """The manifest of one share, beside that of the whole.

    Example:
        >>> shard_manifest_path("batch_manifest.json", 2, 16).name
        'batch_manifest.shard-02-of-16.json'
    """
    path = Path(manifest_path)
    return path.with_name(f"{path.stem}.shard-{index:0{len(str(count))}}-of-{count}{path.suffix}")


def merge_manifests(sources: Sequence[str | Path], target: str | Path) -> BatchManifest:
    """Write one manifest with the records of several, and return it.

    A job that several of them know keeps its best record: one whose output stands before a failed one, and
    the newest of equals. An existing manifest at ``target`` takes part like a source.

    Raises:
        BatchError: There are no sources, a run holds the target, or two jobs of different ids have one output.
        ManifestError: A source is missing or not a usable manifest.
        OutputError: The target cannot be written; it is untouched.
    """
    if not sources:
        raise BatchError("no manifests to merge")
    path = real_path(target)
    with ManifestLock.acquire(path):
        parts = [BatchManifest.load(source) for source in sources if real_path(source) != path]
        if path.exists():
            parts.insert(0, BatchManifest.load(path))
        records: dict[str, BatchRunRecord] = {}
        for part in parts:
            for record in part.records:
                known = records.get(record.job_id)
                if known is None or _rank(record) > _rank(known):
                    records[record.job_id] = record
        _check_outputs(records.values())
        unrecorded = sum(part.total - len(part.records) for part in parts)
        first = parts[0]
        merged = BatchManifest.from_records(
            records=records.values(),
            total=len(records) + unrecorded,
            created_at=min(part.created_at for part in parts),
            input_dir=_common(part.input_dir for part in parts),
            output_dir=_common(part.output_dir for part in parts),
            pattern=first.pattern if all(p.pattern == first.pattern for p in parts) else "",
        )
        merged.save_json(path)
    return merged


def _rank(record: BatchRunRecord) -> tuple[bool, float]:
    return record.status != RunStatus.FAILED, record.finished_at.timestamp()


def _common(folders: Iterable[Path | None]) -> Path | None:
    distinct = set(folders)
    return distinct.pop() if len(distinct) == 1 else None


def _check_outputs(records: Iterable[BatchRunRecord]) -> None:
    writers: dict[Path, str] = {}
    for record in records:
        other = writers.setdefault(record.output, record.job_id)
        if other != record.job_id:
            raise ManifestError(
                f"jobs {other!r} and {record.job_id!r} of these manifests both wrote {record.output}; "
                "they are not shares of one batch"
            )


def _size(job: BatchJob) -> int:
    try:
        return job.motion.stat().st_size
    except (OSError, ValueError):
        return 0
