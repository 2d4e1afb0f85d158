"""The journal keeps what is finished: cut, damaged, foreign, without its manifest, and while it is read."""

from __future__ import annotations

import json
import os
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from batch_workers import make_jobs, wait_until, write

from retarget.batch import BatchJob, BatchManifest, BatchRunner, read_status, store
from retarget.batch.journal import encode_event, encode_line, read_journal
from retarget.batch.lock import lock_owner
from retarget.errors import ManifestError


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


@pytest.mark.parametrize(
    "event",
    [
        {"e": "start", "id": -1, "at": "2026-01-01T00:00:00", "motion": "m", "output": "o"},
        {"e": "start", "id": "", "at": "2026-01-01T00:00:00", "motion": "m", "output": "o"},
        {"e": "start", "id": "x", "at": 7, "motion": "m", "output": "o"},
        {"e": "start", "id": "x", "at": "2026-01-01T00:00:00", "motion": ["m"], "output": "o"},
        {"e": "plan", "ids": ["a", None]},
        {"e": "plan", "ids": 3},
        {"e": "retry", "id": ["a"], "notes": 1},
        {"e": "end", "record": {"job_id": 5}},
        {"e": "run", "at": "yesterday"},
        {"e": "run", "at": "0001-01-01T00:00:00+14:00"},
        {
            "e": "start",
            "id": "x",
            "at": "2026-01-01T00:00:00",
            "motion": "m",
            "output": "o",
            "attempt": 1e999,
        },
        {"e": "start", "id": "\ud800", "at": "2026-01-01T00:00:00", "motion": "m", "output": "o"},
        {"e": "start", "id": "b", "at": "2026-01-01T00:00:00", "motion": "\ud800", "output": "o"},
    ],
)
def test_events_that_are_whole_and_of_another_kind_cost_nothing_else(
    tmp_path: Path, event: dict[str, Any]
) -> None:
    folder = tmp_path / "batch"
    journal = crashed(folder).rstrip(b"\n") + b"\n"
    (folder / "m.json.journal").write_bytes(journal + encode_line(encode_event(event)))
    assert read_status(folder / "m.json").state == "crashed"
    manifest = BatchRunner().run(
        make_jobs(folder, "a", "b", "c"), write, manifest_path=folder / "m.json"
    )
    ended = {record.job_id: str(record.status) for record in manifest.records}
    assert {ended[job_id] for job_id in "abc"} <= {"success", "skipped"}


@pytest.mark.parametrize(
    "time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "0001-01-01", "then", 7]
)
def test_a_journal_that_began_at_no_time_loses_no_job(tmp_path: Path, time: object) -> None:
    folder = tmp_path / "batch"
    first, _, rest = crashed(folder).partition(b"\n")
    event = json.loads(first.partition(b" ")[2])
    assert event["e"] == "run"
    (folder / "m.json").unlink()
    damaged = encode_line(encode_event(event | {"created_at": time}))
    (folder / "m.json.journal").write_bytes(damaged.rstrip(b"\n") + b"\n" + rest)
    assert read_status(folder / "m.json").state == "crashed"
    done = BatchManifest.load(folder / "m.json")
    assert [record.job_id for record in done.records] == ["a", "b"]
    assert done.created_at.utcoffset() == timedelta(0)


def test_records_and_manifests_write_times_alike(tmp_path: Path) -> None:
    crashed(tmp_path / "batch")
    folder = tmp_path / "batch"
    BatchRunner().run(make_jobs(folder, "a"), write, manifest_path=folder / "m.json")
    said = json.loads((folder / "m.json").read_text())
    times = [said["created_at"], said["updated_at"], said["records"][0]["started_at"]]
    assert all(time.endswith("+00:00") for time in times)


@pytest.mark.parametrize("payload", [b"[" * 100_000, b'{"e":' * 5000])
def test_a_line_that_nests_without_end_is_damage_like_any_other(
    tmp_path: Path, payload: bytes
) -> None:
    folder = tmp_path / "batch"
    journal = crashed(folder).rstrip(b"\n") + b"\n"
    first, _, rest = journal.partition(b"\n")
    (folder / "m.json.journal").write_bytes(first + b"\n" + encode_line(payload) + rest)
    content = read_journal(folder / "m.json.journal")
    assert content is not None
    assert content.damaged_lines == 1
    assert [record.job_id for record in BatchManifest.load(folder / "m.json").records] == ["a", "b"]


@pytest.mark.parametrize("name", ["m.json", "m.json.journal"])
def test_a_pipe_in_a_manifest_s_place_is_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(ManifestError, match="a pipe or a device"):
        read_status(tmp_path / "m.json")


@pytest.mark.parametrize(
    "content", [b"[" * 5000, b'{"host": 3}', b'{"host": "a", "pid": 1e999, "since": ""}', b"\xff"]
)
def test_a_lock_file_of_any_content_is_no_lock(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.json.lock").write_bytes(content)
    assert lock_owner(tmp_path / "m.json") is None


@pytest.mark.parametrize("version", ["two", None, [[1]] * 2000, {"a": 1}])
def test_a_version_that_is_no_number_is_told_in_a_line(version: Any, tmp_path: Path) -> None:
    (tmp_path / "m.json.journal").write_bytes(
        encode_line(json.dumps({"journal": version}).encode())
    )
    with pytest.raises(ManifestError, match="which is no number") as caught:
        read_status(tmp_path / "m.json")
    assert len(str(caught.value)) < 300 + len(str(tmp_path))
