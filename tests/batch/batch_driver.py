"""A batch run in a process of its own, for tests that kill it. Arguments: folder, JSON options."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import batch_workers

from retarget.batch import BatchJob, BatchRunner


class Paced:
    """Writes the output at once, then takes its time: a kill finds files of unfinished jobs."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __call__(self, job: BatchJob) -> dict[str, float]:
        batch_workers.note_run(job)
        job.output.write_text("complete?")
        time.sleep(self.seconds)
        job.output.write_text("complete")
        return {"seconds": self.seconds}


def main() -> int:
    folder, said = Path(sys.argv[1]), json.loads(sys.argv[2])
    jobs = batch_workers.make_jobs(folder, *said["ids"])
    (folder / "driver.pid").write_text(str(os.getpid()))
    worker = getattr(batch_workers, said["worker"]) if "worker" in said else Paced(said["seconds"])
    try:
        manifest = BatchRunner(**said.get("runner", {})).run(
            jobs,
            worker,
            manifest_path=folder / "m.json",
            max_workers=said.get("max_workers", 1),
        )
    except KeyboardInterrupt:
        return 130
    return 1 if manifest.failed_count else 0


if __name__ == "__main__":
    sys.exit(main())
