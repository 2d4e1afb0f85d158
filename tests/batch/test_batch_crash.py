"""Nothing is lost: kill -9, signals and full disks, done to real runs."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from batch_workers import is_running, make_jobs, runs, wait_until, worker_pids, write

from retarget.batch import BatchJob, BatchManifest, BatchRunner, read_status
from retarget.errors import OutputError

HERE = Path(__file__).parent
ENGINES = pytest.mark.parametrize("max_workers", [1, 2], ids=["in-process", "local"])


def start_driver(folder: Path, **options: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, str(HERE / "batch_driver.py"), str(folder), json.dumps(options)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[bytes]) -> int:
    _, errors = process.communicate(timeout=60)
    assert process.returncode in {0, 1, 130, -signal.SIGKILL}, errors.decode()
    return process.returncode


@ENGINES
def test_kill_9_of_the_driver_loses_and_repeats_nothing(tmp_path: Path, max_workers: int) -> None:
    """At random instants, over and over, until the batch is done."""
    ids = [f"j{number}" for number in range(24)]
    options = {"ids": ids, "seconds": 0.01, "max_workers": max_workers}
    dice = random.Random(max_workers)
    finished: set[str] = set()
    kills = 0
    while len(finished) < len(ids) and kills < 5:
        before = Counter(runs(tmp_path))
        target = len(runs(tmp_path)) + dice.randrange(1, 7)
        process = start_driver(tmp_path, **options)
        wait_until(
            lambda target=target, process=process: (
                len(runs(tmp_path)) >= target or process.poll() is not None
            )
        )
        process.kill()
        finish(process)
        kills += 1
        ran = Counter(runs(tmp_path)) - before
        assert not finished & set(ran), "a finished job was repeated"
        now = {
            r.job_id
            for r in BatchManifest.load(tmp_path / "m.json").records
            if r.status != "failed"
        }
        assert finished <= now, "a finished job was forgotten"
        finished = now
        assert all(wait_until(lambda pid=pid: not is_running(pid)) for pid in worker_pids(tmp_path))
    assert kills >= 3
    assert finish(start_driver(tmp_path, **options)) == 0
    manifest = BatchManifest.load(tmp_path / "m.json")
    assert [record.job_id for record in manifest.records] == ids
    assert manifest.success_count + manifest.skipped_count == len(ids)
    assert all(record.provenance == {"seconds": 0.01} for record in manifest.records)
    assert all(record.output.read_text() == "complete" for record in manifest.records)


@ENGINES
def test_a_job_in_flight_is_redone_though_a_file_lies_at_its_output(
    tmp_path: Path, max_workers: int
) -> None:
    process = start_driver(tmp_path, ids=["a"], seconds=60, max_workers=max_workers)
    output = tmp_path / "out" / "a.out"
    assert wait_until(output.exists)
    process.kill()
    finish(process)
    status = read_status(tmp_path / "m.json")
    assert (status.state, [job.job_id for job in status.in_flight]) == ("crashed", ["a"])
    assert status.manifest.records == ()
    (plan,) = BatchRunner().plan(make_jobs(tmp_path, "a"), manifest_path=tmp_path / "m.json")
    assert (plan.action, plan.reason) == ("run", "was in flight when the last run ended")
    manifest = BatchRunner().run(make_jobs(tmp_path, "a"), write, manifest_path=tmp_path / "m.json")
    assert manifest.success_count == 1
    assert output.read_text() == "input of a"


def test_a_job_in_flight_is_on_record_though_it_is_no_longer_in_the_batch(tmp_path: Path) -> None:
    process = start_driver(tmp_path, ids=["a"], seconds=60)
    assert wait_until((tmp_path / "out" / "a.out").exists)
    process.kill()
    finish(process)
    BatchRunner().run(make_jobs(tmp_path, "b"), write, manifest_path=tmp_path / "m.json")
    record = BatchManifest.load(tmp_path / "m.json").records_by_id()["a"]
    assert (record.status, record.error_type) == ("failed", "Interrupted")


def test_a_busy_worker_dies_with_its_driver(tmp_path: Path) -> None:
    process = start_driver(
        tmp_path, ids=["loop-1", "loop-2"], worker="misbehave_noted", max_workers=2
    )
    assert wait_until(lambda: len(runs(tmp_path)) == 2)
    pids = worker_pids(tmp_path)
    assert process.pid not in pids
    process.kill()
    finish(process)
    assert all(wait_until(lambda pid=pid: not is_running(pid)) for pid in pids)


@ENGINES
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_waits_for_the_jobs_in_flight(
    tmp_path: Path, number: signal.Signals, max_workers: int
) -> None:
    ids = [f"j{n}" for n in range(9)]
    process = start_driver(tmp_path, ids=ids, seconds=0.5, max_workers=max_workers)
    assert wait_until(lambda: len(runs(tmp_path)) >= max_workers)
    process.send_signal(number)
    assert finish(process) == 130
    manifest = BatchManifest.load(tmp_path / "m.json")
    assert manifest.success_count == len(manifest.records) == len(runs(tmp_path))
    assert 0 < manifest.success_count < len(ids) == manifest.total
    assert all(record.output.read_text() == "complete" for record in manifest.records)
    assert not (tmp_path / "m.json.journal").exists()
    assert read_status(tmp_path / "m.json").state == "stopped"
    assert not any(is_running(pid) for pid in worker_pids(tmp_path))


@ENGINES
def test_after_the_grace_time_jobs_are_stopped_and_redone(tmp_path: Path, max_workers: int) -> None:
    process = start_driver(
        tmp_path, ids=["a", "b", "c"], seconds=60, max_workers=max_workers, runner={"grace_s": 0.2}
    )
    assert wait_until(lambda: len(runs(tmp_path)) == max_workers)
    process.send_signal(signal.SIGTERM)
    assert finish(process) == 130
    manifest = BatchManifest.load(tmp_path / "m.json")
    assert [r.error_type for r in manifest.records] == ["Interrupted"] * max_workers
    assert not any(is_running(pid) for pid in worker_pids(tmp_path))
    again = BatchRunner().run(
        make_jobs(tmp_path, "a", "b", "c"), write, manifest_path=tmp_path / "m.json"
    )
    assert again.success_count == 3


@ENGINES
def test_the_second_signal_ends_at_once_and_loses_nothing(tmp_path: Path, max_workers: int) -> None:
    process = start_driver(
        tmp_path, ids=["quick-1", "a", "b"], worker="quick_or_long", max_workers=max_workers
    )
    assert wait_until(lambda: len(runs(tmp_path)) == max_workers + 1)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    assert wait_until(lambda: process.poll() is not None, 5.0)
    assert finish(process) == 130
    records = BatchManifest.load(tmp_path / "m.json").records_by_id()
    assert records["quick-1"].status == "success"
    assert not any(is_running(pid) for pid in worker_pids(tmp_path))
    plan = BatchRunner().plan(
        make_jobs(tmp_path, "quick-1", "a", "b"), manifest_path=tmp_path / "m.json"
    )
    assert [planned.action for planned in plan] == ["skip", "run", "run"]


def test_a_full_disk_found_by_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only space taken ahead can be written: the outcome in flight is kept, no further job is started."""
    real = os.pwrite
    full: list[bool] = []

    def pwrite(descriptor: int, data: bytes, offset: int) -> int:
        if full and offset + len(data) > os.fstat(descriptor).st_size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, data, offset)

    def fill(job: BatchJob) -> Any:
        if job.id == "j30":
            full.append(True)
        return {**write(job), "pad": "x" * 2500}

    ids = [f"j{n}" for n in range(90)]
    monkeypatch.setattr(os, "pwrite", pwrite)
    with pytest.raises(OutputError, match=r"No space left.*start the batch again"):
        BatchRunner().run(make_jobs(tmp_path, *ids), fill, manifest_path=tmp_path / "m.json")
    monkeypatch.undo()
    done = runs(tmp_path)
    assert 31 <= len(done) < 90
    assert [r.job_id for r in BatchManifest.load(tmp_path / "m.json").records] == done
    manifest = BatchRunner().run(
        make_jobs(tmp_path, *ids), write, manifest_path=tmp_path / "m.json"
    )
    assert manifest.success_count == 90 - len(done)
    assert Counter(runs(tmp_path)).most_common(1)[0][1] == 1


@pytest.mark.skipif(
    not shutil.which("unshare")
    or subprocess.run(
        ["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
        capture_output=True,
        check=False,
    ).returncode,
    reason="needs Linux user namespaces to mount a small file system",
)
@ENGINES
def test_a_disk_that_is_really_full(tmp_path: Path, max_workers: int) -> None:
    """The manifest on a file system of 1 MB that a job fills up; then there is space again."""
    script = textwrap.dedent(
        f"""
        import sys
        sys.path.insert(0, {str(HERE)!r})
        from pathlib import Path
        from batch_full_disk import main
        if __name__ == "__main__":
            main(Path({str(tmp_path)!r}), {max_workers})
        """
    )
    (tmp_path / "small").mkdir()
    (tmp_path / "script.py").write_text(script)
    command = f"mount -t tmpfs -o size=1m tmpfs small && exec {sys.executable} script.py"
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert "No space left" in said["error"]
    assert said["recorded_when_full"] == said["ran_when_full"]
    assert said["total"] == said["stand"] == 60
    assert said["most_runs_of_a_job"] == 1
    assert said["torn_files"] == []
