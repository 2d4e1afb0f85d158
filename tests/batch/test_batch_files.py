"""Provenance, journal, lock, manifest versions and schemas."""

from __future__ import annotations

import datetime
import json
import math
import os
import socket
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from batch_runs import run
from batch_workers import make_jobs, write
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from retarget.batch import (
    SCHEMA_VERSION,
    BatchJob,
    BatchManifest,
    BatchRunner,
    BatchRunRecord,
)
from retarget.batch.journal import Journal, encode_event, read_journal
from retarget.batch.lock import STALE_AFTER_S, ManifestLock, lock_owner
from retarget.batch.plain import to_plain
from retarget.errors import BatchError, ManifestError
from retarget.kinds import MotionFormatKind, RobotKind, RunStatus

HERE = Path(__file__).parent

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=20,
)
anything = st.recursive(
    st.none()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.complex_numbers()
    | st.datetimes()
    | st.dates()
    | st.timedeltas()
    | st.uuids()
    | st.decimals()
    | st.just(object())
    | st.just(np.float32(1.5))
    | st.just(np.array([[1, 2]])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.integers() | st.text() | st.none(), inner, max_size=3)
        | st.frozensets(st.integers() | st.text(), max_size=3)
    ),
    max_leaves=10,
)


@given(json_values)
def test_what_json_holds_stays_as_it_is(value: Any) -> None:
    assert to_plain(value) == value


@given(anything)
def test_anything_becomes_json(value: Any) -> None:
    text = json.dumps(to_plain(value), allow_nan=False).encode()
    assert to_plain(json.loads(text)) == json.loads(text)


class Hostile:
    def __str__(self) -> str:
        raise RuntimeError

    @property
    def tolist(self) -> Any:
        raise RuntimeError


def test_any_provenance_is_recorded(tmp_path: Path) -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    deep: Any = 0
    for _ in range(5000):
        deep = [deep]
    returned = {
        "scalar": np.float64(0.5),
        "int": np.int32(3),
        "array": np.arange(6).reshape(2, 3),
        "huge": np.zeros(1_000_000),
        "when": datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC),
        "set": {3, 1, 2},
        "path": Path("a/b"),
        "nan": math.nan,
        "inf": -math.inf,
        "bytes": b"\xff\x00ok",
        "cycle": cycle,
        "deep": deep,
        "surrogate": "\udcff",
        "big": 10**5000,
        "kind": RobotKind.UNITREE_G1,
        "hostile": Hostile(),
        ("a", 1): "tuple key",
        None: "no key",
        "function": write,
    }
    manifest = BatchRunner().run(
        make_jobs(tmp_path, "a"),
        lambda job: {**write(job), **returned},
        manifest_path=tmp_path / "m.json",
    )
    assert manifest.success_count == 1
    said = json.loads((tmp_path / "m.json").read_text())["records"][0]["provenance"]
    assert said == manifest.records[0].provenance
    assert (said["scalar"], said["int"], said["array"]) == (0.5, 3, [[0, 1, 2], [3, 4, 5]])
    assert (said["when"], said["set"]) == ("2026-01-02T00:00:00+00:00", [1, 2, 3])
    assert (said["path"], said["nan"], said["inf"]) == ("a/b", "nan", "-inf")
    assert (said["cycle"], said["surrogate"]) == (["<cycle>"], "\\udcff")
    assert said["bytes"] == "\\xff\x00ok"
    assert said["huge"] == "<ndarray of shape (1000000,)>"
    assert said["hostile"] == "<Hostile: cannot be read>"
    assert "nested too deep" in json.dumps(said["deep"])


class LabFormat(MotionFormatKind):
    LAB_V3 = "lab_v3_for_batch_tests"


def test_jobs_round_trip_through_json_with_any_kind() -> None:
    job = BatchJob(
        id="a",
        motion=Path("a.lab"),
        output=Path("a.npz"),
        motion_format=LabFormat.LAB_V3,
        robot=RobotKind.UNITREE_G1,
        provenance={"when": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), "n": np.int64(3)},
    )
    again = BatchJob.model_validate_json(job.model_dump_json())
    assert (again.motion_format, again.robot) == (LabFormat.LAB_V3, RobotKind.UNITREE_G1)
    assert isinstance(again.motion_format, LabFormat)
    assert again.provenance == {"when": "2026-01-01T00:00:00+00:00", "n": 3}


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION + 1))
def test_manifests_of_every_version_can_be_read(version: int) -> None:
    manifest = BatchManifest.load(HERE / "manifests" / f"version_{version}.json")
    assert (manifest.schema_version, manifest.total) == (SCHEMA_VERSION, 3)
    assert [r.status for r in manifest.records] == [
        RunStatus.SUCCESS,
        RunStatus.SKIPPED,
        RunStatus.FAILED,
    ]
    assert manifest.records[2].error_type == "FileFormatError"


def test_a_manifest_in_any_layout_can_be_read(tmp_path: Path) -> None:
    said = json.loads((HERE / "manifests" / "version_1.json").read_text())
    for layout in ({"indent": 2}, {"separators": (",", ":")}, {"sort_keys": True}):
        (tmp_path / "m.json").write_text(json.dumps(said, **layout))
        assert BatchManifest.load(tmp_path / "m.json").total == 3


def test_counts_follow_the_records(tmp_path: Path) -> None:
    said = json.loads((HERE / "manifests" / "version_1.json").read_text())
    (tmp_path / "m.json").write_text(json.dumps({**said, "success_count": 77, "total": 1}))
    manifest = BatchManifest.load(tmp_path / "m.json")
    assert (manifest.success_count, manifest.total) == (1, 3)


@given(
    st.lists(st.dictionaries(st.sampled_from(["e", "id", "n"]), json_values, min_size=1)),
    st.integers(0, 3),
)
def test_a_journal_returns_what_was_appended(events: list[dict[str, Any]], jobs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal"
        with Journal.create(path, [{"e": "run", "journal": 1}]) as journal:
            for event in events:
                journal.reserve(jobs)
                journal.append(encode_event(event))
            journal.sync()
        content = read_journal(path)
        assert content is not None
        assert content.events == [{"e": "run", "journal": 1}, *events]
        assert content.damaged_lines == 0


@given(st.data())
def test_a_flipped_bit_never_changes_an_event(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal"
        events = [{"e": "run", "journal": 1}, *({"e": "start", "id": n} for n in range(9))]
        Journal.create(path, events).close()
        content = bytearray(path.read_bytes())
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] ^= 1 << data.draw(st.integers(0, 7))
        path.write_bytes(content)
        found = read_journal(path)
        assert found is not None
        assert len(found.events) >= len(events) - 2
        assert all(event in events for event in found.events)


def test_a_lock_of_a_dead_run_is_taken_over(tmp_path: Path) -> None:
    manifest = tmp_path / "m.json"
    lock = tmp_path / "m.json.lock"
    dead = {"host": socket.gethostname(), "pid": 2**22 - 3, "since": "once", "process_start": "1"}
    lock.write_text(json.dumps(dead))
    assert lock_owner(manifest) is None
    with ManifestLock.acquire(manifest):
        owner = lock_owner(manifest)
        assert owner is not None
        assert owner.pid == os.getpid()
    assert not lock.exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"host": 1}'])
def test_a_damaged_lock_is_taken_over(tmp_path: Path, content: str) -> None:
    (tmp_path / "m.json.lock").write_text(content)
    ManifestLock.acquire(tmp_path / "m.json").release()


def test_a_lock_of_another_host_holds_while_it_shows_life(tmp_path: Path) -> None:
    lock = tmp_path / "m.json.lock"
    lock.write_text(json.dumps({"host": "node17", "pid": 1, "since": "today"}))
    with pytest.raises(BatchError, match="process 1 on node17"):
        ManifestLock.acquire(tmp_path / "m.json")
    assert lock_owner(tmp_path / "m.json") is not None
    long_ago = time.time() - STALE_AFTER_S - 5
    os.utime(lock, (long_ago, long_ago))
    assert lock_owner(tmp_path / "m.json") is None
    ManifestLock.acquire(tmp_path / "m.json").release()


def test_a_manifest_has_one_record_a_job_and_no_more_records_than_jobs(tmp_path: Path) -> None:
    records = run(tmp_path, "a", "b").records
    now = records[0].started_at
    with pytest.raises(ManifestError, match="two records are of the job 'a'"):
        BatchManifest.from_records(records=[records[0], *records], total=5, created_at=now)
    for total in (-5, 1):
        with pytest.raises(ManifestError, match=f"total is {total}, and there are 2 records"):
            BatchManifest.from_records(records=records, total=total, created_at=now)
    assert BatchManifest.from_records(records=records, total=2, created_at=now).success_count == 2


@pytest.mark.parametrize("mode", ["validation", "serialization"])
@pytest.mark.parametrize("model", [BatchJob, BatchRunRecord, BatchManifest])
def test_every_model_has_a_schema(model: type[BaseModel], mode: Any) -> None:
    schema = model.model_json_schema(mode=mode)
    assert set(schema["properties"]) == set(model.model_fields)
