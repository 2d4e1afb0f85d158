"""A fault campaign: kill -9 of drivers and workers at random instants; what was lost, repeated or torn.

    python benchmarks/batch_faults.py [--kills 200] [--seed 1]

Batches of small jobs are started in processes of their own, in both local engines. At a random instant the
driver or one of its workers is killed; then the batch is started again, until it is done. After every kill:
no finished job may be forgotten or run again, the manifest must load and agree with itself, and no worker
may outlive its driver. At the end every job must have succeeded once and its output be whole.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from measure import write_section
from retarget.batch import BatchJob, BatchManifest, BatchRunner, BatchRunRecord

JOBS = 60
JOB_S = 0.02
FULL_CAMPAIGN = 200  # kills; smaller ones are not worth a place in the results


class Worker:
    """Writes an output in two steps, with time for a kill in between, and keeps a log of its runs."""

    def __call__(self, job: BatchJob) -> dict[str, Any]:
        """Do the job."""
        log = os.open(job.motion, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.write(log, f"{job.id} {os.getpid()}\n".encode())
        os.close(log)
        with job.output.open("w") as stream:
            stream.write("begin ")
            stream.flush()
            time.sleep(JOB_S)
            stream.write("end")
        return {"said": "done"}


def drive(folder: Path, max_workers: int) -> None:
    jobs = [
        BatchJob(id=f"j{n}", motion=folder / "ran.log", output=folder / "out" / f"{n}")
        for n in range(JOBS)
    ]
    manifest_path = folder / "m.json"
    # A job that was hit in two workers by chance is left alone until somebody says that it is innocent.
    release = any(record.batch_notes.get("quarantined") for record in recorded(manifest_path))
    BatchRunner(only_failed=release).run(
        jobs, Worker(), manifest_path=manifest_path, max_workers=max_workers, force=release
    )


def recorded(manifest_path: Path) -> tuple[BatchRunRecord, ...]:
    journal = manifest_path.with_name(f"{manifest_path.name}.journal")
    if not manifest_path.exists() and not journal.exists():
        return ()
    return BatchManifest.load(manifest_path).records


@dataclass
class Tally:
    """What the campaign has seen."""

    driver_kills: int = 0
    worker_kills: int = 0
    hit_running_jobs: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def kills(self) -> int:
        """Processes killed so far."""
        return self.driver_kills + self.worker_kills

    def check(self, holds: bool, problem: str) -> None:
        """Note a problem unless all is well."""
        if not holds:
            self.problems.append(f"after kill {self.kills}: {problem}")
            print(self.problems[-1], flush=True)


def runs(folder: Path) -> list[tuple[str, int]]:
    log = folder / "ran.log"
    lines = log.read_text().splitlines() if log.exists() else []
    return [(line.split()[0], int(line.split()[1])) for line in lines]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def children(pid: int) -> list[int]:
    """The worker processes of a driver."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if stat.read_text().rpartition(")")[2].split()[1] == str(pid):
                child = int(stat.parent.name)
                command = (stat.parent / "cmdline").read_bytes()
                if b"spawn_main" in command:
                    found.append(child)
    return found


def finished(folder: Path, tally: Tally) -> set[str]:
    path = folder / "m.json"
    if not recorded(path):
        return set()
    manifest = BatchManifest.load(path)
    counts = Counter(record.status.value for record in manifest.records)
    said = {
        "success": manifest.success_count,
        "skipped": manifest.skipped_count,
        "failed": manifest.failed_count,
    }
    tally.check(counts == Counter(said), f"counts {said} do not agree with records {counts}")
    tally.check(manifest.total == JOBS, f"total is {manifest.total}")
    return {record.job_id for record in manifest.records if record.status != "failed"}


def campaign(tally: Tally, kills: int, dice: random.Random, max_workers: int) -> None:
    """Kill one batch over and over, until it is done or there were kills enough."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        done: set[str] = set()
        hits: Counter[str] = Counter()
        while True:
            before = len(runs(folder))
            command = [sys.executable, __file__, "--drive", str(folder), str(max_workers)]
            driver = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True)
            if tally.kills < kills:
                strike(tally, driver, folder, dice, max_workers)
            driver.wait()
            ran = [job_id for job_id, _ in runs(folder)[before:]]
            tally.check(not done & set(ran), f"finished jobs ran again: {done & set(ran)}")
            now = finished(folder, tally)
            tally.check(done <= now, f"finished jobs were forgotten: {done - now}")
            hits.update(set(ran) - now)
            deadline = time.monotonic() + 5
            while time.monotonic() < deadline and any(is_running(pid) for _, pid in runs(folder)):
                time.sleep(0.02)
            left = {pid for _, pid in runs(folder) if is_running(pid)}
            tally.check(not left, f"workers outlived their driver: {left}")
            done = now
            if len(done) == JOBS and driver.returncode == 0:
                break
        tally.hit_running_jobs += sum(hits.values())
        for job_id, count in Counter(job_id for job_id, _ in runs(folder)).items():
            tally.check(count == 1 + hits[job_id], f"{job_id} ran {count} times")
        outputs = [path.read_text() for path in (folder / "out").iterdir()]
        tally.check(outputs == ["begin end"] * JOBS, "an output is missing or torn")
        extra = sorted(
            p.name for p in folder.iterdir() if p.suffix in {".tmp", ".journal", ".lock"}
        )
        tally.check(not [n for n in extra if not n.endswith(".tmp")], f"left behind: {extra}")


def strike(
    tally: Tally, driver: subprocess.Popen[bytes], folder: Path, dice: random.Random, workers: int
) -> None:
    """Kill the driver, or a worker, at an instant between its birth and its end."""
    before = len(runs(folder))
    if dice.random() < 0.3:
        time.sleep(dice.random() * 1.5)  # anywhere, the start included
    else:
        first = before + dice.randrange(0, 12)
        while driver.poll() is None and len(runs(folder)) <= first:
            time.sleep(0.001)
        time.sleep(dice.random() * JOB_S)
    while workers > 1 and dice.random() < 0.6 and driver.poll() is None:
        pids = children(driver.pid)
        if pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(dice.choice(pids), signal.SIGKILL)
                tally.worker_kills += 1
        time.sleep(dice.random() * 0.2)
    if driver.poll() is None:
        driver.kill()
        tally.driver_kills += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--drive", nargs=2, help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.drive:
        drive(Path(said.drive[0]), int(said.drive[1]))
        return
    tally, dice, batches = Tally(), random.Random(said.seed), 0
    while tally.kills < said.kills:
        campaign(tally, said.kills, dice, max_workers=1 + batches % 2)
        batches += 1
    body = (
        f"{tally.driver_kills} drivers and {tally.worker_kills} workers killed in {batches} batches of {JOBS} "
        f"jobs; {tally.hit_running_jobs} jobs were hit and redone; {len(tally.problems)} problems "
        "(jobs forgotten, repeated, torn or miscounted; processes or files left behind)."
    )
    print(body)
    if tally.kills >= FULL_CAMPAIGN:
        command = f"python benchmarks/batch_faults.py --kills {said.kills} --seed {said.seed}"
        write_section("faults", "kill -9 at random instants", command, body)
    sys.exit(bool(tally.problems))


if __name__ == "__main__":
    main()
