"""Workers that behave in every way a job can; what one does is in the first word of the job's id."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from retarget.batch import BatchJob


def make_jobs(folder: Path, *ids: str, subfolder: str = "out") -> list[BatchJob]:
    """One job per id, with an input that exists."""
    (folder / "in").mkdir(parents=True, exist_ok=True)
    jobs = []
    for job_id in ids:
        motion = folder / "in" / f"{job_id}.txt"
        if not motion.exists():
            motion.write_text(f"input of {job_id}")
        jobs.append(BatchJob(id=job_id, motion=motion, output=folder / subfolder / f"{job_id}.out"))
    return jobs


def write(job: BatchJob) -> dict[str, Any]:
    """A good worker: notes that it ran, and copies."""
    note_run(job)
    job.output.write_bytes(job.motion.read_bytes())
    return {"bytes": job.output.stat().st_size}


def note_run(job: BatchJob) -> None:
    """Append job and process to a file that survives any death."""
    line = f"{job.id} {os.getpid()}\n".encode()
    descriptor = os.open(
        job.motion.parent / "ran.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644
    )
    os.write(descriptor, line)
    os.close(descriptor)


def runs(folder: Path) -> list[str]:
    """Ids of all runs so far, in order."""
    log = folder / "in" / "ran.log"
    return [line.split()[0] for line in log.read_text().splitlines()] if log.exists() else []


def worker_pids(folder: Path) -> set[int]:
    """Processes that jobs ran in."""
    return {int(line.split()[1]) for line in (folder / "in" / "ran.log").read_text().splitlines()}


def is_running(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Whether a condition comes true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return condition()


class Unprintable(Exception):
    """Can be neither printed nor pickled."""

    def __init__(self) -> None:
        super().__init__(threading.Lock())

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


def misbehave(job: BatchJob) -> Any:
    """Do what the first word of the id says, then the job."""
    word = job.id.partition("-")[0]
    match word:
        case "sigkill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "segfault":
            ctypes.string_at(0)
        case "exit0":
            os._exit(0)
        case "sysexit":
            sys.exit(7)
        case "loop":
            while True:
                pass
        case "deafloop":
            while True:
                try:
                    while True:
                        time.sleep(0.01)
                except BaseException:
                    pass
        case "raise":
            raise ValueError("no good")
        case "unprintable":
            raise Unprintable
        case "unpicklable":
            return {**write(job), "lock": threading.Lock()}
        case "nomapping":
            write(job)
            return 42
        case "nothing":
            return {}
        case "chatty":
            for _ in range(20_000):
                print("x" * 99)
            print("the last words")
            raise ValueError("chatted")
        case "child":
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            note_run(job)
            os.abort()
        case "forkdie":
            if os.fork() == 0:
                time.sleep(600)
                os._exit(0)
            os.kill(os.getpid(), signal.SIGKILL)
        case "chdir":
            os.chdir("/")
        case "leak":
            globals()["leaked"] = bytearray(1 << 30)
        case "hog":
            hog = bytearray(400 << 20)
            time.sleep(30)
            del hog
        case "slow":
            time.sleep(0.3)
        case "closefds":
            os.closerange(3, 64)
    result: dict[str, Any] = write(job)
    return result


def fail_until_third_run(job: BatchJob) -> Any:
    """Fails twice with a connection error."""
    note_run(job)
    if runs(job.motion.parent.parent).count(job.id) < 3:
        raise ConnectionResetError("the server has gone away")
    job.output.write_text("at last")
    return {}


def die_twice(job: BatchJob) -> Any:
    """Kills its process, the first two times."""
    note_run(job)
    if runs(job.motion.parent.parent).count(job.id) < 3:
        os.kill(os.getpid(), signal.SIGKILL)
    job.output.write_text("at last")
    return {}


class Warm:
    """Notes its warm-up and counts threads that libraries may use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.warm = False

    def warm_up(self) -> None:
        self.warm = True

    def __call__(self, job: BatchJob) -> dict[str, Any]:
        job.output.write_text("x")
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
        return {
            "warm": self.warm,
            "pid": os.getpid(),
            "threads": [os.environ.get(n) for n in names],
        }


class Weighty:
    """Takes more than 32 MiB once it is warm."""

    def warm_up(self) -> None:
        self.ballast = b"x" * (40 << 20)

    def __call__(self, job: BatchJob) -> dict[str, Any]:
        return write(job)


class ColdStart:
    """Cannot be warmed up."""

    def warm_up(self) -> None:
        raise RuntimeError("no model at hand")

    def __call__(self, job: BatchJob) -> dict[str, Any]:
        return {}


def misbehave_noted(job: BatchJob) -> Any:
    """Notes the run, then misbehaves."""
    note_run(job)
    return misbehave(job)


def quick_or_long(job: BatchJob) -> Any:
    """Takes a minute unless its id says quick."""
    result = write(job)
    if not job.id.startswith("quick"):
        time.sleep(60)
    return result
