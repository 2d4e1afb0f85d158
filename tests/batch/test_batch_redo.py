"""What a run does with what earlier ones left: skip, redo, call stale, choose, plan."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from batch_runs import fingerprint, run, statuses
from batch_workers import make_jobs, misbehave, runs

from retarget.batch import BatchJob, BatchRunner, RunStatus
from retarget.errors import BatchError

ENGINES = pytest.mark.parametrize("max_workers", [1, 2], ids=["in-process", "local"])


def test_a_second_run_skips_and_keeps_the_provenance(tmp_path: Path) -> None:
    run(tmp_path, "a", "b")
    for _ in range(2):
        manifest = run(tmp_path, "a", "b")
        assert statuses(manifest) == ["skipped", "skipped"]
        assert manifest.records[0].provenance == {"bytes": 10}
    assert runs(tmp_path) == ["a", "b"]


def test_an_output_that_no_record_knows_is_skipped(tmp_path: Path) -> None:
    (job,) = make_jobs(tmp_path, "a")
    job.output.parent.mkdir()
    job.output.write_text("made elsewhere")
    assert statuses(run(tmp_path, "a")) == ["skipped"]
    assert job.output.read_text() == "made elsewhere"


def test_a_deleted_output_is_redone_and_no_other(tmp_path: Path) -> None:
    run(tmp_path, "a", "b", "c")
    (tmp_path / "out" / "b.out").unlink()
    assert statuses(run(tmp_path, "a", "b", "c")) == ["skipped", "success", "skipped"]
    assert runs(tmp_path) == ["a", "b", "c", "b"]


@ENGINES
def test_force_redoes_everything(tmp_path: Path, max_workers: int) -> None:
    run(tmp_path, "a", "b")
    assert statuses(run(tmp_path, "a", "b", force=True, max_workers=max_workers)) == ["success"] * 2


def test_an_output_whose_job_failed_is_redone(tmp_path: Path) -> None:
    def write_then_fail(job: BatchJob) -> None:
        job.output.write_text("half")
        raise RuntimeError("after writing")

    assert statuses(run(tmp_path, "a", worker=write_then_fail)) == ["failed"]
    assert statuses(run(tmp_path, "a")) == ["success"]
    assert (tmp_path / "out" / "a.out").read_text() == "input of a"
    assert not list((tmp_path / "logs").iterdir())  # its log went with its failure


def test_a_worker_that_wrote_nothing_has_failed_also_over_an_old_output(tmp_path: Path) -> None:
    run(tmp_path, "a")
    old = (tmp_path / "out" / "a.out").stat().st_mtime - 10
    os.utime(tmp_path / "out" / "a.out", (old, old))
    manifest = run(tmp_path, "a", worker=lambda job: {}, force=True)
    assert statuses(manifest) == ["failed"]
    assert "wrote no output" in manifest.records[0].message


def test_records_of_other_jobs_are_kept(tmp_path: Path) -> None:
    run(tmp_path, "a", "b")
    manifest = run(tmp_path, "c", "b")
    assert [record.job_id for record in manifest.records] == ["a", "c", "b"]
    assert manifest.total == 3


def test_a_fingerprint_that_differs_is_reported_and_skipped(tmp_path: Path) -> None:
    run(tmp_path, "a", "b", fingerprint=fingerprint(1))
    assert [r.message for r in run(tmp_path, "a", "b", fingerprint=fingerprint(1)).records] == [
        "its output exists"
    ] * 2
    (tmp_path / "in" / "b.txt").write_text("new input")
    manifest = run(tmp_path, "a", "b", fingerprint=fingerprint(2))
    assert statuses(manifest) == ["skipped", "skipped"]
    assert manifest.records[0].batch_notes["stale"] == ["solver"]
    assert manifest.records[1].batch_notes["stale"] == ["input", "solver"]
    assert "stale" in manifest.records[0].message
    # It stays stale: skipping must not adopt the new fingerprint.
    again = run(tmp_path, "a", "b", fingerprint=fingerprint(2))
    assert again.records[0].batch_notes["stale"] == ["solver"]


def test_stale_outputs_are_rerun_on_request(tmp_path: Path) -> None:
    run(tmp_path, "a", "b", fingerprint=fingerprint(1))
    (tmp_path / "in" / "b.txt").write_text("new input")
    manifest = run(tmp_path, "a", "b", fingerprint=fingerprint(1), stale="rerun")
    assert statuses(manifest) == ["skipped", "success"]
    assert "stale" not in run(tmp_path, "a", "b", fingerprint=fingerprint(1)).records[1].batch_notes


def test_stale_outputs_stop_a_run_on_request(tmp_path: Path) -> None:
    run(tmp_path, "a", fingerprint=fingerprint(1))
    with pytest.raises(BatchError, match="1 outputs are stale"):
        run(tmp_path, "a", "b", fingerprint=fingerprint(2), stale="fail")
    assert runs(tmp_path) == ["a"]


def test_an_output_without_a_fingerprint_is_not_called_stale(tmp_path: Path) -> None:
    run(tmp_path, "a")
    manifest = run(tmp_path, "a", fingerprint=fingerprint(1), stale="fail")
    assert statuses(manifest) == ["skipped"]


def test_only_failed_runs_nothing_else(tmp_path: Path) -> None:
    run(tmp_path, "a", "raise-b", worker=misbehave)
    manifest = run(tmp_path, "a", "raise-b", "c", only_failed=True, force=True)
    assert [(r.job_id, r.status) for r in manifest.records] == [
        ("a", RunStatus.SUCCESS),
        ("raise-b", RunStatus.SUCCESS),
    ]
    assert manifest.total == 3
    assert runs(tmp_path) == ["a", "raise-b"]


def test_limit_runs_so_many(tmp_path: Path) -> None:
    assert len(run(tmp_path, "a", "b", "c", limit=2).records) == 2
    assert statuses(run(tmp_path, "a", "b", "c", limit=0)) == ["skipped", "skipped"]
    assert statuses(run(tmp_path, "a", "b", "c", limit=2)) == ["skipped", "skipped", "success"]


def test_a_dry_run_says_what_and_why_and_changes_nothing(tmp_path: Path) -> None:
    run(tmp_path, "a", "raise-b", "c", worker=misbehave)
    (tmp_path / "out" / "c.out").unlink()
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")}
    plan = BatchRunner(limit=2).plan(
        make_jobs(tmp_path, "a", "raise-b", "c", "in-d"), manifest_path=tmp_path / "m.json"
    )
    assert [(p.action, p.reason) for p in plan] == [
        ("skip", "its output exists"),
        ("run", "failed last time (ValueError)"),
        ("run", "its output is gone"),
        ("hold", "beyond the limit of 2"),
    ]
    del before[tmp_path / "in"]
    assert {p: p.stat().st_mtime_ns for p in before} == before
