"""Scaling: a batch of real clips with one worker process and with two.

Usage: python benchmarks/workers.py [--copies N]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from measure import clip_files, table, write_section
from retarget.batch import BatchJob, BatchRunner
from retarget.worker import RetargetWorker

COMMAND = "make bench (benchmarks/workers.py)"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--copies", type=int, default=20, help="how often each clip is retargeted")
    copies = parser.parse_args().copies
    files = clip_files()
    RetargetWorker().warm_up()  # so that both runs find their code compiled
    seconds, frames = {}, 0
    for workers in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            seconds[workers], frames = _run(files, copies, workers, Path(folder))
    rows = [
        [str(workers), f"{time_:.1f}", f"{frames / time_:,.0f}", f"{seconds[1] / time_:.2f}"]
        for workers, time_ in seconds.items()
    ]
    body = (
        f"{len(files) * copies} jobs, {frames:,} frames: every clip {copies} times, from the start of the run to "
        f"its end, worker processes included; {os.cpu_count()} cores.\n\n"
        + table(["workers", "s", "frames/s", "times one worker"], rows)
    )
    write_section("workers", "Two workers beside one", COMMAND, body)


def _run(files: list[Path], copies: int, workers: int, folder: Path) -> tuple[float, int]:
    jobs = [
        BatchJob(
            id=f"{copy}/{path.name}", motion=path, output=folder / str(copy) / f"{path.stem}.npz"
        )
        for copy in range(copies)
        for path in files
    ]
    started = time.perf_counter()
    manifest = BatchRunner(engine="local").run(
        jobs, RetargetWorker(), manifest_path=folder / "manifest.json", max_workers=workers
    )
    seconds = time.perf_counter() - started
    if manifest.success_count != len(jobs):
        raise SystemExit(f"{manifest.failed_count} jobs failed")
    return seconds, sum(record.provenance["frames"] for record in manifest.records)


if __name__ == "__main__":
    main()
