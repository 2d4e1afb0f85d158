"""A batch in a folder, as most tests run it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from batch_workers import make_jobs, write

from retarget.batch import BatchManifest, BatchRunner


def run(folder: Path, *ids: str, worker: Any = write, **options: Any) -> BatchManifest:
    """Run the jobs of these ids; ``max_workers`` and ``force`` go to the run, the rest to the runner."""
    call = {name: options.pop(name) for name in ("max_workers", "force") if name in options}
    jobs = make_jobs(folder, *ids)
    return BatchRunner(**options).run(jobs, worker, manifest_path=folder / "m.json", **call)


def statuses(manifest: BatchManifest) -> list[str]:
    """How each job ended, in the order of the manifest."""
    return [record.status.value for record in manifest.records]


def fingerprint(version: int) -> Any:
    """A fingerprint of a job's input and a solver's version."""
    return lambda job: {"input": job.motion.read_text(), "solver": version}
