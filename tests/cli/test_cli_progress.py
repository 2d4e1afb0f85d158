"""The rate that a batch shows while it runs."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from retarget.batch import BatchEvent, BatchJob, BatchRunRecord, RunStatus
from retarget.cli.support import progress

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def job(name: str) -> BatchJob:
    return BatchJob(id=name, motion=Path(f"{name}.bvh"), output=Path(f"{name}.npz"))


def record(name: str, frames: int, compiling: float) -> BatchRunRecord:
    provenance: dict[str, Any] = {"frames": frames, "seconds": {"compile": compiling}}
    return BatchRunRecord(
        job_id=name,
        status=RunStatus.SUCCESS,
        motion=Path(f"{name}.bvh"),
        output=Path(f"{name}.npz"),
        started_at=NOW,
        finished_at=NOW,
        provenance=provenance,
    )


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_compiling_is_left_out_of_the_rate_once_for_all_workers(
    workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers that compile side by side, 100 s each, and then take 5 s for 600 frames."""
    clock = {"now": 0.0}
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock["now"])
    tally = progress._Tally()
    names = [f"job{at}" for at in range(workers)]
    for name in names:
        tally.count(BatchEvent(kind="started", at=NOW, job=job(name)))
    clock["now"] = 105.0
    for name in names:
        tally.count(
            BatchEvent(kind="finished", at=NOW, job=job(name), record=record(name, 600, 100.0))
        )
    assert tally.frames_per_second == pytest.approx(workers * 600 / 5.0)
