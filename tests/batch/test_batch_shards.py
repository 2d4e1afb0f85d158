"""Shards and their merging, status and verification."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from batch_workers import make_jobs, misbehave, runs, write
from hypothesis import given
from hypothesis import strategies as st

from retarget.batch import (
    BatchJob,
    BatchManifest,
    BatchRunner,
    merge_manifests,
    parse_shard,
    read_status,
    shard_jobs,
    shard_manifest_path,
    verify_manifest,
)
from retarget.errors import ManifestError, OptionsError


@given(st.lists(st.integers(0, 2000), max_size=40), st.integers(1, 7))
def test_shards_part_the_jobs_and_balance_their_sizes(sizes: list[int], count: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        jobs = make_jobs(Path(name), *(f"j{number}" for number in range(len(sizes))))
        for job, size in zip(jobs, sizes, strict=True):
            job.motion.write_bytes(b"x" * size)
        shards = [shard_jobs(jobs, index, count) for index in range(1, count + 1)]
        assert sorted(job.id for shard in shards for job in shard) == sorted(j.id for j in jobs)
        assert shards == [shard_jobs(jobs, index, count) for index in range(1, count + 1)]
        loads = [sum(max(job.motion.stat().st_size, 1) for job in shard) for shard in shards]
        assert max(loads) - min(loads) <= max([*sizes, 1])


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "a/b", "1/0", "-1/2", ""])
def test_shards_that_do_not_exist_are_refused(text: str) -> None:
    with pytest.raises(OptionsError, match="shard"):
        parse_shard(text)


def test_shards_run_apart_and_merge_into_one_manifest(tmp_path: Path) -> None:
    jobs = make_jobs(tmp_path, "a", "raise-b", "c", "d", "e")
    whole = tmp_path / "m.json"
    parts = [shard_manifest_path(whole, index, 3) for index in (1, 2, 3)]
    for index, part in enumerate(parts, 1):
        BatchRunner().run(shard_jobs(jobs, index, 3), misbehave, manifest_path=part)
    manifest = merge_manifests(parts, whole)
    assert (manifest.total, manifest.success_count, manifest.failed_count) == (5, 4, 1)
    assert sorted(runs(tmp_path)) == ["a", "c", "d", "e"]
    assert BatchManifest.load(whole).records == manifest.records
    # The merged manifest is one to go on with, and merging again changes nothing.
    again = BatchRunner().run(jobs, write, manifest_path=whole)
    assert (again.skipped_count, again.success_count) == (4, 1)
    merged = merge_manifests(parts, whole)
    assert (merged.total, merged.failed_count) == (5, 0)


def test_manifests_of_other_batches_do_not_merge(tmp_path: Path) -> None:
    a, b = make_jobs(tmp_path, "a", "b")
    BatchRunner().run([a], write, manifest_path=tmp_path / "1.json")
    other = b.model_copy(update={"output": a.output})
    BatchRunner().run([other], write, manifest_path=tmp_path / "2.json", force=True)
    with pytest.raises(ManifestError, match="both wrote"):
        merge_manifests([tmp_path / "1.json", tmp_path / "2.json"], tmp_path / "m.json")
    assert not (tmp_path / "m.json").exists()


def test_status_while_running_and_after(tmp_path: Path) -> None:
    seen = []

    def look(job: BatchJob) -> Any:
        seen.append(read_status(tmp_path / "m.json"))
        return misbehave(job)

    BatchRunner().run(
        make_jobs(tmp_path, "a", "raise-b", "c"), look, manifest_path=tmp_path / "m.json"
    )
    last = seen[-1]
    assert (last.state, last.remaining) == ("running", 1)
    assert [job.job_id for job in last.in_flight] == ["c"]
    assert last.failures_by_type == {"ValueError": 1}
    assert last.jobs_per_s > 0
    assert last.eta_s is not None
    after = read_status(tmp_path / "m.json")
    assert (after.state, after.remaining, after.in_flight, after.eta_s) == ("finished", 0, (), None)


def test_status_of_no_batch_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="no such batch manifest"):
        read_status(tmp_path / "m.json")
    assert list(tmp_path.iterdir()) == []


def test_verify_opens_every_output(tmp_path: Path) -> None:
    jobs = make_jobs(tmp_path, "good", "gone", "empty", "changed", "raise-failed", "torn")
    BatchRunner().run(jobs, misbehave, manifest_path=tmp_path / "m.json")
    assert verify_manifest(tmp_path / "m.json") == []
    out = tmp_path / "out"
    (out / "gone.out").unlink()
    (out / "empty.out").write_text("")
    (out / "torn.out").write_text("torn")

    def opener(record: Any) -> None:
        if record.output.stat().st_size != record.provenance["bytes"]:
            raise ValueError("not the size it had")

    problems = verify_manifest(tmp_path / "m.json", opener)
    assert [str(problem).partition(f"{out}/")[2] for problem in problems] == [
        "gone.out: the file is gone",
        "empty.out: the file is empty",
        "torn.out: ValueError: not the size it had",
    ]
