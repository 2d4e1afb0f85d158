"""What the batch engine costs: jobs that do next to nothing, in every engine, beside the obvious alternative.

    python benchmarks/batch_scaling.py [--jobs 100000] [--local-jobs 20000] [--ray-jobs 5000]

Each measurement runs in a process of its own, so that peak memory is its own, and prints one line. Files go to
memory (/dev/shm) where there is one: a disk takes longer to make a file than all the rest together.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from measure import table, write_section
from retarget.batch import BatchJob, BatchManifest, BatchRunner


def touch(job: BatchJob) -> dict[str, Any]:
    """The least a job can do: write its output."""
    os.close(os.open(job.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644))
    return {"frames": 1}


def wait_10ms(job: BatchJob) -> dict[str, Any]:
    """A short job, for the share of overhead."""
    time.sleep(0.01)
    return touch(job)


def make_jobs(folder: Path, count: int) -> list[BatchJob]:
    return [
        BatchJob(
            id=f"{number % 100:02d}/{number}",
            motion=folder / "in" / f"{number}.bvh",
            output=folder / "out" / f"{number % 100:02d}" / f"{number}.npz",
        )
        for number in range(count)
    ]


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def naive(jobs: list[BatchJob], manifest_path: Path, max_workers: int) -> None:
    """What one writes first: a pool, and a manifest at the end. It keeps none of the promises."""
    for job in jobs:
        job.output.parent.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(max_workers) as pool:
        futures = {pool.submit(touch, job): job for job in jobs}
        records = [
            {"id": futures[future].id, "provenance": future.result()}
            for future in as_completed(futures)
        ]
    manifest_path.write_text(json.dumps(records))


def measure(what: str, count: int) -> dict[str, Any]:
    """One measurement; in the process that was started for it."""
    with tempfile.TemporaryDirectory(dir=_memory()) as name:
        folder = Path(name)
        path = folder / "m.json"
        jobs = make_jobs(folder, count)
        if what in {"resume", "load"}:
            first = [sys.executable, __file__, "--prepare", str(folder), str(count)]
            subprocess.run(first, check=True)
        began, began_cpu = time.perf_counter(), time.process_time()
        match what:
            case "in-process" | "resume":
                BatchRunner().run(jobs, touch, manifest_path=path)
            case "local-2":
                BatchRunner().run(jobs, touch, manifest_path=path, max_workers=2)
            case "ray-2" | "ray-2-10ms":
                import ray

                from retarget.batch.engines.ray import RayCluster

                ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
                began, began_cpu = time.perf_counter(), time.process_time()
                worker = wait_10ms if what.endswith("10ms") else touch
                BatchRunner(engine=RayCluster()).run(
                    jobs, worker, manifest_path=path, max_workers=2
                )
            case "local-2-10ms":
                BatchRunner().run(jobs, wait_10ms, manifest_path=path, max_workers=2)
            case "load":
                BatchManifest.load(path)
            case "naive-2":
                naive(jobs, path, 2)
        seconds, cpu = time.perf_counter() - began, time.process_time() - began_cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return {
            "what": what,
            "jobs": count,
            "seconds": round(seconds, 3),
            "ms_a_job": round(seconds / count * 1e3, 4),
            "driver_cpu_ms_a_job": round(cpu / count * 1e3, 4),
            "peak_mb": round(peak / 1024),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--local-jobs", type=int, default=20_000)
    parser.add_argument("--ray-jobs", type=int, default=5_000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--measure", nargs=2, metavar=("WHAT", "JOBS"), help=argparse.SUPPRESS)
    parser.add_argument("--prepare", nargs=2, metavar=("FOLDER", "JOBS"), help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.prepare:
        folder = Path(said.prepare[0])
        jobs = make_jobs(folder, int(said.prepare[1]))
        BatchRunner().run(jobs, touch, manifest_path=folder / "m.json")
        return
    if said.measure:
        print(json.dumps(measure(said.measure[0], int(said.measure[1]))))
        return
    plan = [
        *(("in-process", said.jobs // share) for share in (100, 10, 1)),
        ("resume", said.jobs),
        ("load", said.jobs),
        ("local-2", said.local_jobs),
        ("naive-2", said.local_jobs),
        ("local-2-10ms", 1000),
    ]
    try:
        import ray  # noqa: F401

        plan += [("ray-2", said.ray_jobs), ("ray-2-10ms", 1000)]
    except ImportError:
        print("ray is not installed: left out", file=sys.stderr)
    measured = []
    for what, count in plan:
        command = [sys.executable, __file__, "--measure", what, str(count)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        line = done.stdout.splitlines()[-1]
        if said.json:
            print(line, flush=True)
        else:
            row = json.loads(line)
            measured.append(row)
            print(
                f"{row['what']:14s} {row['jobs']:7d} jobs {row['seconds']:8.2f} s "
                f"{row['ms_a_job']:8.3f} ms per job ({row['driver_cpu_ms_a_job']:.3f} of the driver's CPU) "
                f"{row['peak_mb']:5d} MB peak",
                flush=True,
            )
    if measured:
        _write_results(measured)


def _write_results(measured: list[dict[str, Any]]) -> None:
    columns = ["engine", "jobs", "s", "ms per job", "driver's CPU ms per job", "peak memory MB"]
    keys = ["what", "jobs", "seconds", "ms_a_job", "driver_cpu_ms_a_job", "peak_mb"]
    body = (
        "Jobs that only create their output. `resume` runs them again when all is done, `load` reads the "
        "manifest, `naive` is a `ProcessPoolExecutor` with a manifest written at the end, a number is that of "
        "worker processes, `10ms` jobs sleep for 10 ms.\n\n"
        + table(columns, [[str(row[key]) for key in keys] for row in measured])
    )
    write_section("batch", "What a batch costs", "make bench (benchmarks/batch_scaling.py)", body)


if __name__ == "__main__":
    main()
