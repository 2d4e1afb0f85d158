"""A folder of recordings onto a robot, in parallel and resumable; run it again and only what is missing is done.

Workers are processes of their own, which import this file: what starts the batch stands under the guard at its end.
"""

import sys
from pathlib import Path

from retarget import BatchRunner, RetargetOptions
from retarget.batch import BatchEvent, jobs_from_folder
from retarget.config import RunConfig
from retarget.demo import clips_folder
from retarget.worker import RetargetWorker


def show(event: BatchEvent) -> None:
    """Say how each job ended."""
    if event.kind == "finished" and event.record is not None:
        record = event.record
        print(f"{record.job_id}: {record.status} {record.message}".rstrip(), flush=True)


def main(folder: Path) -> None:
    """Retarget the clips that come with the package into a folder."""
    config = RunConfig(robot="unitree_g1", options=RetargetOptions(fps=50))
    worker = RetargetWorker(config)
    jobs = jobs_from_folder(clips_folder(), "*.npz", folder)
    runner = BatchRunner(
        fingerprint=worker.fingerprint,  # results of other inputs, robots or options are stale ...
        stale="rerun",  # ... and made again
        timeout_s=600,
        on_event=show,
    )
    manifest = runner.run(jobs, worker, manifest_path=folder / "batch_manifest.json", max_workers=2)
    for record in manifest.records:
        quality = record.provenance.get("quality", {})
        print(record.job_id, "limb error", quality.get("limb_error_mean"), "degrees")
    print(manifest.success_count, "done,", manifest.skipped_count, "done before,", end=" ")
    print(manifest.failed_count, "failed")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "example_output"))
