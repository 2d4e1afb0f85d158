"""Fills a small file system under a running batch; prints what came of it as JSON."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from batch_workers import make_jobs, runs, write

from retarget.batch import BatchJob, BatchManifest, BatchRunner
from retarget.errors import OutputError


class Filler:
    """Works well, and once leaves no space beside the manifest."""

    def __init__(self, ballast: Path | None) -> None:
        self.ballast = ballast

    def __call__(self, job: BatchJob) -> dict[str, Any]:
        if self.ballast and job.id == "j20":
            with self.ballast.open("wb", buffering=0) as stream:
                try:
                    while True:
                        stream.write(b"x" * 512)
                except OSError:
                    pass
        return {**write(job), "pad": "x" * 2500}


def main(folder: Path, max_workers: int) -> None:
    """Run until the disk is full, make space, run again."""
    small = folder / "small"
    manifest_path, ballast = small / "m.json", small / "ballast"
    jobs = make_jobs(folder, *(f"j{number}" for number in range(60)))
    call: dict[str, Any] = {"manifest_path": manifest_path, "max_workers": max_workers}
    said: dict[str, Any] = {"error": ""}
    try:
        BatchRunner().run(jobs, Filler(ballast), **call)
    except OutputError as error:
        said["error"] = str(error)
    said["ran_when_full"] = sorted(runs(folder))
    said["recorded_when_full"] = sorted(r.job_id for r in BatchManifest.load(manifest_path).records)
    ballast.unlink()
    manifest = BatchRunner().run(jobs, Filler(None), **call)
    said["total"] = manifest.total
    said["stand"] = manifest.success_count + manifest.skipped_count
    said["most_runs_of_a_job"] = Counter(runs(folder)).most_common(1)[0][1]
    said["torn_files"] = sorted(p.name for p in small.rglob("*") if p.name not in {"m.json"})
    print(json.dumps(said))
