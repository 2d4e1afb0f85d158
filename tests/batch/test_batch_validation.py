"""What is refused before the first job, and leaves everything as it was."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType

import pytest
from batch_workers import Weighty, make_jobs, runs, write
from pydantic import ValidationError

from retarget.batch import BatchJob, BatchManifest, BatchRunner
from retarget.errors import BatchError, OptionsError, OutputError, UnknownNameError


@pytest.mark.parametrize("max_workers", [0, -1, 1.0, "2", True, None])
def test_max_workers_must_be_a_positive_int(tmp_path: Path, max_workers: object) -> None:
    with pytest.raises(ValueError, match="max_workers"):
        BatchRunner().run(
            make_jobs(tmp_path, "a"),
            write,
            manifest_path=tmp_path / "m.json",
            max_workers=max_workers,  # type: ignore[arg-type]
        )
    assert not (tmp_path / "m.json").exists()


def refused(folder: Path, jobs: list[BatchJob], error: type[Exception], match: str) -> None:
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    with pytest.raises(error, match=match):
        BatchRunner().run(jobs, write, manifest_path=folder / "m.json")
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
    assert runs(folder) == []


def test_duplicate_ids_are_refused(tmp_path: Path) -> None:
    jobs = make_jobs(tmp_path, "a", "a", "b")
    refused(tmp_path, jobs, BatchError, "two jobs have the id 'a'")


def test_two_jobs_with_one_output_are_refused(tmp_path: Path) -> None:
    a, b = make_jobs(tmp_path, "a", "b")
    same = b.model_copy(update={"output": tmp_path / "in" / ".." / "out" / "a.out"})
    refused(tmp_path, [a, same], BatchError, "'a' and 'b' would both write")


def test_two_outputs_through_a_linked_folder_are_refused(tmp_path: Path) -> None:
    a, b = make_jobs(tmp_path, "a", "b")
    (tmp_path / "out").mkdir()
    (tmp_path / "link").symlink_to("out")
    same = b.model_copy(update={"output": tmp_path / "link" / "a.out"})
    refused(tmp_path, [a, same], BatchError, "would both write")


@pytest.mark.parametrize("name", ["m.json", "m.json.journal", "m.json.lock"])
@pytest.mark.parametrize("role", ["motion", "output", "config_path"])
def test_the_batch_files_among_the_jobs_files_are_refused(
    tmp_path: Path, name: str, role: str
) -> None:
    (job,) = make_jobs(tmp_path, "a")
    job = job.model_copy(update={role: tmp_path / "in" / ".." / name})
    refused(tmp_path, [job], OutputError, "belongs to the batch")


@pytest.mark.parametrize("how", ["same", "dots", "symlink", "hardlink", "linked folder", "config"])
def test_an_output_that_is_any_jobs_input_is_refused(tmp_path: Path, how: str) -> None:
    a, b = make_jobs(tmp_path, "a", "b")
    (tmp_path / "out").mkdir()
    victim, output = a.motion, tmp_path / "out" / "b.out"
    match how:
        case "same":
            output = victim
        case "dots":
            output = tmp_path / "out" / ".." / "in" / victim.name
        case "symlink":
            output.symlink_to(victim)
        case "hardlink":
            os.link(victim, output)
        case "linked folder":
            (tmp_path / "link").symlink_to(victim.parent)
            output = tmp_path / "link" / victim.name
        case "config":
            a = a.model_copy(update={"config_path": output})
    refused(tmp_path, [a, b.model_copy(update={"output": output})], OutputError, "an input of this")


def test_a_link_that_appears_during_the_run_is_refused(tmp_path: Path) -> None:
    jobs = make_jobs(tmp_path, "a", "b")

    def link_then_write(job: BatchJob) -> dict[str, int]:
        if job.id == "a":
            jobs[1].output.symlink_to(jobs[0].motion)
        return write(job)

    manifest = BatchRunner().run(
        jobs, link_then_write, manifest_path=tmp_path / "m.json", force=True
    )
    assert jobs[0].motion.read_text() == "input of a"
    assert [r.status for r in manifest.records] == ["success", "failed"]
    assert manifest.records[1].error_type == "OutputError"


class Holder:
    def __init__(self) -> None:
        self.settings = {"depth": [1, threading.Lock()]}

    def __call__(self, job: BatchJob) -> dict[str, int]:
        return {}


def test_a_worker_that_cannot_be_pickled_is_refused_and_its_part_named(tmp_path: Path) -> None:
    jobs = make_jobs(tmp_path, "a")
    with pytest.raises(BatchError, match=r"Holder\.settings\['depth'\]\[1\] cannot be pickled"):
        BatchRunner().run(jobs, Holder(), manifest_path=tmp_path / "m.json", max_workers=2)
    with pytest.raises(BatchError, match=r"the function .*<lambda> cannot be pickled"):
        BatchRunner().run(jobs, lambda job: {}, manifest_path=tmp_path / "m.json", max_workers=2)
    assert not (tmp_path / "m.json").exists()


def test_a_worker_that_cannot_be_pickled_runs_in_process(tmp_path: Path) -> None:
    manifest = BatchRunner().run(
        make_jobs(tmp_path, "a"), lambda job: write(job), manifest_path=tmp_path / "m.json"
    )
    assert manifest.success_count == 1


def test_an_unwritable_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OutputError, match="file"):
        BatchRunner().run(
            make_jobs(tmp_path, "a"), write, manifest_path=tmp_path / "file" / "m.json"
        )
    assert runs(tmp_path) == []


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("timeout_s", 0),
        ("timeout_s", float("nan")),
        ("timeout_s", "5"),
        ("retries", -1),
        ("retries", 1.5),
        ("retry_delay_s", "1"),
        ("grace_s", -1),
        ("stale", "maybe"),
        ("stale", ["skip"]),
        ("limit", -1),
        ("limit", True),
        ("max_failures", 0),
        ("recycle_after", 0),
        ("memory_limit", 0),
        ("memory_limit", "4 GiB"),
        ("engine", 3),
        ("retry_on", "OSError"),
    ],
)
def test_a_wrong_argument_is_named_with_its_value(option: str, value: object) -> None:
    with pytest.raises(OptionsError, match=rf"^{option}: must be .*, not .") as caught:
        BatchRunner(**{option: value})  # type: ignore[arg-type]
    assert caught.value.option == option
    assert repr(value) in str(caught.value)


def test_a_memory_limit_in_the_wrong_unit_is_refused_with_what_it_comes_to() -> None:
    with pytest.raises(OptionsError, match=r"memory_limit: 7\.63e-06 MiB is less than any worker"):
        BatchRunner(memory_limit=8)


def test_a_memory_limit_that_no_worker_can_keep_stops_the_run_before_its_first_job(
    tmp_path: Path,
) -> None:
    runner = BatchRunner(memory_limit=32 << 20)
    with pytest.raises(OptionsError, match=r"memory_limit: a worker process takes .* MiB before"):
        runner.run(make_jobs(tmp_path, "a"), Weighty(), manifest_path=tmp_path / "m.json")
    assert runs(tmp_path) == []


def test_the_in_process_engine_cannot_hold_a_job_to_limits() -> None:
    with pytest.raises(OptionsError, match="timeout_s: only a process of its own"):
        BatchRunner(engine="in-process", timeout_s=5.0)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [({"robott": "unitree_g1"}, "robott"), ({"id": ""}, "id\n.*at least 1 character")],
)
def test_a_job_with_a_misspelt_field_or_without_an_id_is_refused(
    fields: dict[str, object], complaint: str
) -> None:
    with pytest.raises(ValidationError, match=complaint):
        BatchJob.model_validate({"id": "a", "motion": "a.bvh", "output": "a.npz", **fields})


def test_jobs_can_be_members_of_sets(tmp_path: Path) -> None:
    a, b = make_jobs(tmp_path, "a", "b")
    noted = a.model_copy(update={"provenance": {"subject": [1]}})
    assert {a, b, a.model_copy()} == {a, b}
    assert hash(a) == hash(noted) and a != noted


def test_an_unknown_engine_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="in-process, local, ray"):
        BatchRunner(engine="slurm")


def test_in_process_has_one_worker(tmp_path: Path) -> None:
    with pytest.raises(OptionsError, match="in-process"):
        BatchRunner(engine="in-process").run(
            make_jobs(tmp_path, "a"), write, manifest_path=tmp_path / "m.json", max_workers=2
        )


def test_an_empty_batch_writes_an_empty_manifest(tmp_path: Path) -> None:
    manifest = BatchRunner().run([], write, manifest_path=tmp_path / "m.json", pattern="*.bvh")
    assert manifest.total == 0
    assert BatchManifest.load(tmp_path / "m.json") == manifest.model_copy(
        update={"updated_at": BatchManifest.load(tmp_path / "m.json").updated_at}
    )


CALLING = """
import sys
from pathlib import Path
from batch_workers import make_jobs, write
from retarget.batch import BatchRunner

def go():
    folder = Path(sys.argv[1])
    jobs = make_jobs(folder, "a", "b")
    return BatchRunner().run(jobs, write, manifest_path=folder / "m.json", max_workers=2)
"""


def calling(folder: Path, end: str, *, piped: bool = False) -> subprocess.CompletedProcess[str]:
    """What a script prints that starts a batch of two workers."""
    script = folder / "script.py"
    script.write_text(CALLING + end)
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    return subprocess.run(
        [sys.executable, "-" if piped else script, folder],
        input=script.read_text() if piped else None,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_script_without_a_guard_gets_one_line_of_advice(tmp_path: Path) -> None:
    done = calling(tmp_path, "go()\n")
    assert done.returncode == 1
    said = done.stderr.strip().splitlines()
    assert "put what it does under if __name__ == '__main__'" in said[-1]
    assert len([line for line in said if line.startswith("Traceback")]) == 1
    assert runs(tmp_path) == []


def test_a_guarded_script_runs(tmp_path: Path) -> None:
    done = calling(tmp_path, "if __name__ == '__main__':\n    print(go().success_count)\n")
    assert (done.returncode, done.stdout) == (0, "2\n"), done.stderr


def test_a_program_from_standard_input_is_told_so(tmp_path: Path) -> None:
    done = calling(tmp_path, "go()\n", piped=True)
    assert "worker processes cannot import a program from <stdin>; save it" in done.stderr


def test_a_worker_typed_in_a_session_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", session)
    exec("def typed(job): return {}", vars(session))
    with pytest.raises(BatchError, match="the worker typed was typed in an interactive session"):
        BatchRunner().run(
            make_jobs(tmp_path, "a"), session.typed, manifest_path=tmp_path / "m", max_workers=2
        )
