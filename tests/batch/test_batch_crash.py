"""Nothing is lost: kill -9, signals, full disks and damaged journals, done to real runs."""

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

from retarget.batch import BatchJob, BatchManifest, BatchRunner, read_status, store
from retarget.batch.journal import read_journal
from retarget.errors import ManifestError, OutputError

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


def crashed(folder: Path, worker: Any = write, ids: tuple[str, ...] = ("a", "b", "c")) -> bytes:
    """A batch whose driver was killed in the middle of its last job; returns its journal."""

    def die_in_last(job: BatchJob) -> Any:
        result = worker(job)
        if job.id == ids[-1]:
            shutil.copytree(folder, folder.with_suffix(".crashed"))
        return result

    BatchRunner().run(make_jobs(folder, *ids), die_in_last, manifest_path=folder / "m.json")
    shutil.rmtree(folder)
    folder.with_suffix(".crashed").rename(folder)
    return (folder / "m.json.journal").read_bytes()


def test_a_torn_journal_tail_costs_its_last_event_only(tmp_path: Path) -> None:
    """Cut at every byte: what is finished stays finished, and no cut keeps the next run from going on."""
    folder = tmp_path / "batch"
    journal = crashed(folder).rstrip(b"\n") + b"\n"
    starts = [at for at in range(len(journal)) if journal[at - 1 : at] == b"\n"]
    seen: set[int] = set()
    for cut in sorted({*range(starts[2], len(journal), 11), *starts[2:], len(journal) - 1}):
        (folder / "m.json.journal").write_bytes(journal[:cut])
        records = BatchManifest.load(folder / "m.json").records
        ends = journal[:cut].count(b'{"e":"end"')
        assert ends - 1 <= len(records) - len(written(folder)) <= ends or len(records) >= ends - 1
        assert [r.job_id for r in records] == ["a", "b", "c"][: len(records)]
        seen.add(len(records))
    assert max(seen) == 2
    manifest = BatchRunner().run(
        make_jobs(folder, "a", "b", "c"), write, manifest_path=folder / "m.json"
    )
    assert manifest.total == len(manifest.records) == 3


def written(folder: Path) -> list[Any]:
    return list(json.loads((folder / "m.json").read_text())["records"])


def test_flipped_bytes_in_a_journal_are_found_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "batch"
    journal = crashed(folder)
    at = journal.index(b'"id":"b"') + 6
    (folder / "m.json.journal").write_bytes(journal[:at] + b"X" + journal[at + 1 :])
    stored = BatchManifest.load(folder / "m.json")
    assert [record.job_id for record in stored.records] == ["a", "b"]
    assert "1 damaged lines" in caplog.text
    manifest = BatchRunner().run(
        make_jobs(folder, "a", "b", "c"), write, manifest_path=folder / "m.json"
    )
    assert [r.status for r in manifest.records] == ["skipped", "skipped", "success"]


@pytest.mark.parametrize("content", [b"not a journal\n" * 3, b"00000000 {}\n", os.urandom(500)])
def test_a_foreign_journal_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.json.journal").write_bytes(content)
    with pytest.raises(ManifestError, match=r"m\.json\.journal"):
        BatchRunner().run(make_jobs(tmp_path, "a"), write, manifest_path=tmp_path / "m.json")
    assert (tmp_path / "m.json.journal").read_bytes() == content


def test_a_lost_manifest_is_rebuilt_from_the_journal(tmp_path: Path) -> None:
    folder = tmp_path / "batch"
    crashed(folder)
    (folder / "m.json").unlink()
    assert [r.job_id for r in BatchManifest.load(folder / "m.json").records] == ["a", "b"]
    manifest = BatchRunner().run(
        make_jobs(folder, "a", "b", "c"), write, manifest_path=folder / "m.json"
    )
    assert [r.status for r in manifest.records] == ["skipped", "skipped", "success"]


def test_a_crash_between_the_final_manifest_and_the_end_of_the_journal(tmp_path: Path) -> None:
    folder = tmp_path / "batch"
    journal = crashed(folder)
    manifest = BatchRunner().run(
        make_jobs(folder, "a", "b", "c"), write, manifest_path=folder / "m.json"
    )
    before = (folder / "m.json").read_bytes()
    (folder / "m.json.journal").write_bytes(journal.rstrip(b"\n") + b"\n")
    assert [r.job_id for r in BatchManifest.load(folder / "m.json").records] == ["a", "b"]
    assert (folder / "m.json").read_bytes() == before
    again = BatchRunner().run(
        make_jobs(folder, "a", "b", "c"), write, manifest_path=folder / "m.json"
    )
    assert again.total == manifest.total == len(again.records)


def test_the_file_follows_within_seconds_while_one_job_takes_long(tmp_path: Path) -> None:
    """In-process, where the driver itself is busy with the job."""

    def look(job: BatchJob) -> Any:
        if job.id == "last":
            return {"followed": wait_until(lambda: len(written(tmp_path)) == 50, 8.0), **write(job)}
        return write(job)

    ids = [f"j{n}" for n in range(50)]
    manifest = BatchRunner().run(
        make_jobs(tmp_path, *ids, "last"), look, manifest_path=tmp_path / "m.json"
    )
    assert manifest.records[-1].provenance["followed"] is True


def test_load_shows_every_finished_job_at_any_moment(tmp_path: Path) -> None:
    shown: list[int] = []
    BatchRunner(
        on_record=lambda _: shown.append(len(BatchManifest.load(tmp_path / "m.json").records))
    ).run(make_jobs(tmp_path, *"abcdefghij"), write, manifest_path=tmp_path / "m.json")
    assert shown == list(range(1, 11))


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


def test_the_journal_holds_what_its_documentation_says(tmp_path: Path) -> None:
    folder = tmp_path / "batch"
    crashed(folder)
    content = read_journal(folder / "m.json.journal")
    assert content is not None
    assert [event["e"] for event in content.events] == [
        *("run", "plan"),
        *("start", "end", "start", "end", "start"),
    ]
    assert content.events[0]["journal"] == 1
    assert content.events[1]["ids"] == ["a", "b", "c"]


def test_what_killed_writers_left_is_removed(tmp_path: Path) -> None:
    def killed_while_writing(job: BatchJob) -> Any:
        job.output.with_name(f".{job.output.name}.123-abcd0123.tmp").write_text("half")
        raise RuntimeError("as if killed")

    jobs = make_jobs(tmp_path, "a")
    BatchRunner().run(jobs, killed_while_writing, manifest_path=tmp_path / "m.json")
    (tmp_path / ".m.json.9-0123abcd.tmp").write_text("half")
    (tmp_path / "out" / ".a.out.b.9-0123abcd.tmp").write_text("not ours")
    BatchRunner().run(jobs, write, manifest_path=tmp_path / "m.json")
    assert sorted(p.name for p in tmp_path.rglob("*.tmp")) == [".a.out.b.9-0123abcd.tmp"]


@pytest.mark.parametrize("between", ["journal_identity", "read_manifest_file"])
def test_reading_while_a_run_ends_never_misses_a_finished_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, between: str
) -> None:
    """The run ends, and its journal goes, after a step of the reader that is not its last."""
    folder = tmp_path / "batch"
    crashed(folder)
    step = getattr(store, between)
    ended: list[bool] = []

    def step_then_end(path: Path) -> Any:
        result = step(path)
        if not ended:
            ended.append(True)
            BatchRunner().run(
                make_jobs(folder, "a", "b", "c"), write, manifest_path=folder / "m.json"
            )
        return result

    monkeypatch.setattr(store, between, step_then_end)
    records = BatchManifest.load(folder / "m.json").records
    assert [r.job_id for r in records if r.status != "failed"] == ["a", "b", "c"]
