"""Records, retries, callbacks, one run at a time, manifests and names of any kind: what a run does with each job."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from batch_runs import fingerprint, run, statuses
from batch_workers import die_twice, fail_until_third_run, make_jobs, misbehave, runs, write

from retarget.batch import (
    BatchEvent,
    BatchJob,
    BatchManifest,
    BatchRunner,
    BatchRunRecord,
)
from retarget.errors import BatchError, ManifestError

ENGINES = pytest.mark.parametrize("max_workers", [1, 2], ids=["in-process", "local"])


@ENGINES
def test_every_job_has_one_record_in_submission_order(tmp_path: Path, max_workers: int) -> None:
    ids = ["slow-b", "a", "raise-c", "slow-a", "nothing-d", "e"]
    manifest = run(tmp_path, *ids, worker=misbehave, max_workers=max_workers)
    assert [record.job_id for record in manifest.records] == ids
    assert statuses(manifest) == ["success", "success", "failed", "success", "failed", "success"]
    assert (manifest.success_count, manifest.skipped_count, manifest.failed_count) == (4, 0, 2)
    assert manifest.total == 6
    assert BatchManifest.load(tmp_path / "m.json").records == manifest.records
    assert not (tmp_path / "m.json.journal").exists()
    assert not (tmp_path / "m.json.lock").exists()


def test_the_file_says_what_the_page_says(tmp_path: Path) -> None:
    jobs = make_jobs(tmp_path, "a")
    BatchRunner().run(
        jobs,
        write,
        manifest_path=tmp_path / "m.json",
        input_dir=tmp_path / "in",
        output_dir=tmp_path / "out",
        pattern="**/*.txt",
    )
    said = json.loads((tmp_path / "m.json").read_text())
    assert set(said) == set(BatchManifest.model_fields)
    assert set(said["records"][0]) == set(BatchRunRecord.model_fields)
    assert (said["input_dir"], said["pattern"]) == (str(tmp_path / "in"), "**/*.txt")
    assert said["records"][0]["provenance"] == {"bytes": 10}


def test_job_provenance_goes_into_the_record(tmp_path: Path) -> None:
    (job,) = make_jobs(tmp_path, "a")
    job = job.model_copy(update={"provenance": {"subject": 7}})
    manifest = BatchRunner().run([job], write, manifest_path=tmp_path / "m.json")
    assert manifest.records[0].provenance == {"subject": 7, "bytes": 10}


@pytest.mark.parametrize("said", ["my batch", {"number": 3}])
def test_a_worker_may_say_batch_itself(tmp_path: Path, said: Any) -> None:
    def worker(job: BatchJob) -> dict[str, Any]:
        return {**write(job), "batch": said}

    first = run(tmp_path, "a", worker=worker)
    assert first.records[0].provenance == {"bytes": 10, "batch": said}
    assert run(tmp_path, "a").records[0].provenance == {"bytes": 10, "batch": said}
    forced = run(tmp_path, "a", worker=worker, force=True, fingerprint=fingerprint(1))
    notes = forced.records[0].batch_notes
    assert notes["fingerprint"]["solver"] == 1
    assert said in (notes.get("said"), {"number": notes.get("number")})


@ENGINES
def test_retries_until_it_works_with_each_attempt_on_record(
    tmp_path: Path, max_workers: int
) -> None:
    manifest = run(
        tmp_path,
        "a",
        worker=fail_until_third_run,
        retries=2,
        retry_delay_s=0.01,
        max_workers=max_workers,
    )
    assert statuses(manifest) == ["success"]
    attempts = manifest.records[0].batch_notes["attempts"]
    assert [a["error_type"] for a in attempts] == ["ConnectionResetError"] * 2 + [None]


def test_retries_are_for_chosen_errors_only(tmp_path: Path) -> None:
    options: dict[str, Any] = {"worker": fail_until_third_run, "retry_delay_s": 0.0}
    assert statuses(run(tmp_path, "a", retries=5, retry_on=("MemoryError",), **options)) == [
        "failed"
    ]
    assert runs(tmp_path) == ["a"]


def test_no_more_retries_than_asked(tmp_path: Path) -> None:
    manifest = run(tmp_path, "a", worker=fail_until_third_run, retries=1, retry_delay_s=0.0)
    assert statuses(manifest) == ["failed"]
    assert len(manifest.records[0].batch_notes["attempts"]) == 2


def test_a_job_that_killed_its_worker_twice_is_quarantined_until_forced(tmp_path: Path) -> None:
    options: dict[str, Any] = {"worker": die_twice, "retry_delay_s": 0.0}
    manifest = run(tmp_path, "a", "b-2", retries=9, engine="local", **options)
    assert statuses(manifest) == ["failed"] * 2
    assert "quarantined" in manifest.records[0].message
    assert runs(tmp_path).count("a") == 2
    assert "quarantined" in run(tmp_path, "a", "b-2", engine="local", **options).records[0].message
    assert runs(tmp_path).count("a") == 2
    forced = run(tmp_path, "a", "b-2", only_failed=True, force=True, engine="local", **options)
    assert statuses(forced) == ["success"] * 2


def test_max_failures_stops_a_hopeless_run(tmp_path: Path) -> None:
    ids = [f"raise-{number}" for number in range(9)]
    events: list[BatchEvent] = []
    manifest = run(tmp_path, *ids, worker=misbehave, max_failures=3, on_event=events.append)
    assert statuses(manifest) == ["failed"] * 3
    assert manifest.total == 9
    assert [e.message for e in events if e.kind == "stopping"] == ["3 jobs failed"]


def test_callbacks_see_everything_and_cannot_hurt(tmp_path: Path) -> None:
    seen: list[str] = []
    events: list[tuple[str, str]] = []

    def on_record(record: BatchRunRecord) -> None:
        seen.append(record.job_id)
        assert record.job_id in BatchManifest.load(tmp_path / "m.json").records_by_id()
        raise RuntimeError("in the callback")

    def on_event(event: BatchEvent) -> None:
        events.append((event.kind, event.job.id if event.job else ""))

    run(tmp_path, "a")
    manifest = run(tmp_path, "a", "b", on_record=on_record, on_event=on_event)
    assert statuses(manifest) == ["skipped", "success"]
    assert seen == ["a", "b"]
    assert events == [
        ("planned", ""),
        ("finished", "a"),
        ("started", "b"),
        ("finished", "b"),
        ("ended", ""),
    ]


def test_the_longest_are_handed_out_first(tmp_path: Path) -> None:
    jobs = make_jobs(tmp_path, "a", "b", "c")
    for job, size in zip(jobs, (1, 300, 20), strict=True):
        job.motion.write_bytes(b"x" * size)
    started: list[str] = []
    BatchRunner(
        engine="local",
        on_event=lambda event: started.append(event.job.id) if event.kind == "started" else None,
    ).run(jobs, write, manifest_path=tmp_path / "m.json")
    assert started == ["b", "c", "a"]


def test_one_run_at_a_time(tmp_path: Path) -> None:
    def run_again(job: BatchJob) -> dict[str, Any]:
        with pytest.raises(BatchError, match=f"another run is using this manifest.*{os.getpid()}"):
            run(tmp_path, "b")
        return write(job)

    assert statuses(run(tmp_path, "a", worker=run_again)) == ["success"]
    assert "b" not in runs(tmp_path)
    assert statuses(run(tmp_path, "b")) == ["success", "success"]


def test_it_runs_outside_the_main_thread(tmp_path: Path) -> None:
    done: list[BatchManifest] = []
    thread = threading.Thread(target=lambda: done.append(run(tmp_path, "a", "b", max_workers=2)))
    thread.start()
    thread.join()
    assert statuses(done[0]) == ["success", "success"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"  \n",
        b"{",
        b"[]",
        b'{"records": []}',
        b'{"schema_version": 1, "records": 5}',
        b'{"schema_version": true, "records": []}',
        b'{"schema_version": 0, "records": []}',
        b'{"schema_version": 99, "records": [], "total": 0}',
        b'{"name": "package.json", "version": 2}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
    ],
)
def test_foreign_corrupt_empty_and_newer_manifests_are_refused_and_kept(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "m.json").write_bytes(content)
    with pytest.raises(ManifestError, match=r"m\.json"):
        run(tmp_path, "a")
    with pytest.raises(ManifestError, match=r"m\.json"):
        BatchManifest.load(tmp_path / "m.json")
    assert (tmp_path / "m.json").read_bytes() == content
    assert runs(tmp_path) == []


def test_any_corrupt_byte_in_a_manifest_is_survived(tmp_path: Path) -> None:
    """Whatever one flipped byte makes of the file: it is refused, or it still loads; nothing else."""
    run(tmp_path, "a", "b")
    good = (tmp_path / "m.json").read_bytes()
    for at in range(0, len(good), 7):
        (tmp_path / "m.json").write_bytes(good[:at] + bytes([good[at] ^ 0x15]) + good[at + 1 :])
        try:
            BatchManifest.load(tmp_path / "m.json")
        except ManifestError as error:
            assert "m.json" in str(error)


def test_a_linked_manifest_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "m.json").symlink_to(tmp_path / "elsewhere" / "real.json")
    run(tmp_path, "a")
    run(tmp_path, "a")
    assert (tmp_path / "m.json").is_symlink()
    assert BatchManifest.load(tmp_path / "elsewhere" / "real.json").skipped_count == 1


def test_file_names_that_are_not_utf8(tmp_path: Path) -> None:
    motion = Path(os.fsdecode(os.fsencode(tmp_path) + b"/walk_\xff.bvh"))
    output = Path(os.fsdecode(os.fsencode(tmp_path) + b"/walk_\xff.out"))
    motion.write_text("x")

    def copy(job: BatchJob) -> dict[str, Any]:
        job.output.write_bytes(job.motion.read_bytes())
        return {"from": job.motion, "raw": os.fsencode(job.motion)}

    job = BatchJob(id="a", motion=motion, output=output)
    for expected in ("success", "skipped"):
        manifest = BatchRunner().run([job], copy, manifest_path=tmp_path / "m.json")
        assert statuses(manifest) == [expected]
    said = json.loads((tmp_path / "m.json").read_text())
    assert said["records"][0]["output"].endswith("walk_\\udcff.out")


def test_paths_that_no_file_can_have_fail_their_job_only(tmp_path: Path) -> None:
    good = make_jobs(tmp_path, "a")
    bad = [
        BatchJob(id="nul", motion=Path("x"), output=tmp_path / "a\0b"),
        BatchJob(id="long", motion=Path("x"), output=tmp_path / ("n" * 300)),
        BatchJob(id="under-a-file", motion=Path("x"), output=good[0].motion / "deeper"),
    ]
    manifest = BatchRunner().run([*bad, *good], write, manifest_path=tmp_path / "m.json")
    assert statuses(manifest) == ["failed"] * 3 + ["success"]
