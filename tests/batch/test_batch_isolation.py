"""A job cannot hurt another: each dies in its own way among innocents."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest
from batch_workers import (
    ColdStart,
    Warm,
    is_running,
    make_jobs,
    misbehave,
    runs,
    wait_until,
    worker_pids,
    write,
)

from retarget.batch import BatchJob, BatchManifest, BatchRunner
from retarget.errors import BatchError
from retarget.kinds import RobotKind

INNOCENT = ["ok-1", "ok-2", "ok-3", "ok-4"]


def run_among_innocents(folder: Path, culprit: str, **options: object) -> BatchManifest:
    jobs = make_jobs(folder, *INNOCENT[:2], culprit, *INNOCENT[2:])
    manifest = BatchRunner(engine="local", **options).run(  # type: ignore[arg-type]
        jobs, misbehave, manifest_path=folder / "m.json", max_workers=2
    )
    assert [record.job_id for record in manifest.records] == [job.id for job in jobs]
    for record in manifest.records:
        if record.job_id in INNOCENT:
            assert record.status == "success", record
            assert record.output.read_text() == f"input of {record.job_id}"
    assert sorted(set(runs(folder)) & set(INNOCENT)) == sorted(INNOCENT)
    assert sum(runs(folder).count(name) for name in INNOCENT) == len(INNOCENT)  # none was redone
    assert all(wait_until(lambda pid=pid: not is_running(pid)) for pid in worker_pids(folder))
    return manifest


@pytest.mark.parametrize(
    ("culprit", "error_type", "message"),
    [
        ("sigkill", "WorkerDied", "SIGKILL"),
        ("segfault", "WorkerDied", "SIGSEGV"),
        ("exit0", "WorkerDied", "status 0"),
        ("sysexit", "SystemExit", "7"),
        ("raise", "ValueError", "no good"),
        ("unprintable", "Unprintable", "cannot be printed"),
        ("nomapping", "TypeError", "must return a mapping"),
        ("nothing", "OutputError", "wrote no output"),
        ("child", "WorkerDied", "SIGABRT"),
        ("forkdie", "WorkerDied", "SIGKILL"),
        ("closefds", "WorkerDied", "status"),
    ],
)
def test_only_the_culprit_fails(
    tmp_path: Path, culprit: str, error_type: str, message: str
) -> None:
    record = run_among_innocents(tmp_path, culprit).records[2]
    assert (record.status, record.error_type) == ("failed", error_type)
    assert message in record.message
    log = (tmp_path / record.batch_notes["log"]).read_text()
    assert culprit in log
    assert message in log


@pytest.mark.parametrize("culprit", ["unpicklable", "chdir"])
def test_strange_but_good(tmp_path: Path, culprit: str) -> None:
    assert run_among_innocents(tmp_path, culprit).failed_count == 0


@pytest.mark.parametrize("culprit", ["loop", "deafloop"])
def test_an_endless_loop_is_killed(tmp_path: Path, culprit: str) -> None:
    record = run_among_innocents(tmp_path, culprit, timeout_s=0.5).records[2]
    assert (record.error_type, record.message) == ("TimeoutError", "timed out after 0.5 s")


def test_the_traceback_and_the_end_of_the_output_are_kept(tmp_path: Path) -> None:
    record = run_among_innocents(tmp_path, "chatty").records[2]
    log = (tmp_path / record.batch_notes["log"]).read_text()
    assert "the last words" in log
    assert 'raise ValueError("chatted")' in log
    assert len(log) < 40_000


def test_a_segmentation_fault_leaves_its_stack(tmp_path: Path) -> None:
    record = run_among_innocents(tmp_path, "segfault").records[2]
    log = (tmp_path / record.batch_notes["log"]).read_text()
    assert "Segmentation fault" in log
    assert "in misbehave" in log


def test_a_child_process_that_a_job_leaves_behind_is_ended(tmp_path: Path) -> None:
    run_among_innocents(tmp_path, "child")
    me = os.getpid()
    groups = worker_pids(tmp_path)
    assert wait_until(lambda: not any(_group_members(group) for group in groups)), me


def _group_members(group: int) -> list[int]:
    members = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            members.append(int(stat.parent.name))
    return members


def test_memory_over_the_limit_is_the_culprits_fault_only(tmp_path: Path) -> None:
    record = run_among_innocents(tmp_path, "hog", memory_limit=300 << 20).records[2]
    assert (record.status, record.error_type) == ("failed", "MemoryLimitExceeded")
    assert "limit of 300 MiB" in record.message


def test_leaked_memory_is_recycled(tmp_path: Path) -> None:
    manifest = run_among_innocents(tmp_path, "leak")
    assert manifest.failed_count == 0
    lines = (tmp_path / "in" / "ran.log").read_text().splitlines()
    leaker = next(line.split()[1] for line in lines if line.startswith("leak"))
    after = lines[lines.index(f"leak {leaker}") + 1 :]
    assert all(line.split()[1] != leaker for line in after)


def test_workers_are_recycled_on_request(tmp_path: Path) -> None:
    jobs = make_jobs(tmp_path, *"abcdef")
    BatchRunner(recycle_after=2).run(jobs, write, manifest_path=tmp_path / "m.json")
    assert len(worker_pids(tmp_path)) == 3


def test_workers_are_warm_and_use_one_thread_each(tmp_path: Path) -> None:
    jobs = make_jobs(tmp_path, *"abcd")
    manifest = BatchRunner().run(
        jobs, Warm(tmp_path), manifest_path=tmp_path / "m.json", max_workers=2
    )
    assert {record.provenance["warm"] for record in manifest.records} == {True}
    assert {thread for r in manifest.records for thread in r.provenance["threads"]} == {"1"}
    assert "NUMBA_NUM_THREADS" not in os.environ
    assert len({record.provenance["pid"] for record in manifest.records}) <= 2


def test_a_worker_that_cannot_be_warmed_up_ends_the_run_and_says_why(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match="no model at hand"):
        BatchRunner().run(
            make_jobs(tmp_path, "a"), ColdStart(), manifest_path=tmp_path / "m.json", max_workers=2
        )
    manifest = BatchManifest.load(tmp_path / "m.json")
    assert manifest.records == ()


class LabRobot(RobotKind):
    LAB_ONE = "lab_one_for_batch_tests"


def test_kinds_of_the_user_reach_the_worker(tmp_path: Path) -> None:
    (job,) = make_jobs(tmp_path, "a")
    job = job.model_copy(update={"robot": LabRobot.LAB_ONE})
    manifest = BatchRunner(engine="local").run([job], tell_robot, manifest_path=tmp_path / "m.json")
    assert manifest.records[0].provenance == {"robot": "lab_one_for_batch_tests"}
    assert BatchJob.model_validate_json(job.model_dump_json()) == job


def tell_robot(job: BatchJob) -> dict[str, object]:
    job.output.write_text("x")
    return {"robot": job.robot}


def test_a_huge_return_value_arrives(tmp_path: Path) -> None:
    manifest = BatchRunner(engine="local").run(
        make_jobs(tmp_path, "a"), return_much, manifest_path=tmp_path / "m.json"
    )
    assert len(manifest.records[0].provenance["numbers"]) == 300_000
    assert BatchManifest.load(tmp_path / "m.json").records == manifest.records


def return_much(job: BatchJob) -> dict[str, object]:
    job.output.write_text("x")
    return {"numbers": list(range(300_000))}


def test_an_idle_worker_that_dies_costs_nothing(tmp_path: Path) -> None:
    manifest = BatchRunner().run(
        make_jobs(tmp_path, "bomb", "b"), die_idle, manifest_path=tmp_path / "m.json", max_workers=2
    )
    assert manifest.failed_count == 0


def die_idle(job: BatchJob) -> dict[str, object]:
    """End this process shortly after its job is done, while it idles and the other works."""
    result = write(job)
    if job.id == "bomb":
        assert wait_until(lambda: "b" in runs(job.motion.parent.parent))
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGKILL)).start()
    else:
        time.sleep(1.0)
    return result


def test_a_system_that_refuses_processes_ends_the_run_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("multiprocessing.context.SpawnProcess.start", refuse)
    monkeypatch.setattr("retarget.batch.engines.local._SPAWN_AGAIN_S", 0.01)
    with pytest.raises(BatchError, match=r"no worker process can be started.*fewer workers"):
        BatchRunner().run(
            make_jobs(tmp_path, "a"), write, manifest_path=tmp_path / "m.json", max_workers=2
        )
