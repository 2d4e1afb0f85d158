"""What a batch says: each failure once, all that was left out, how it stands, at any width of a terminal."""

from __future__ import annotations

import errno
import io
import os
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cli_helpers import Command
from rich.console import Console

from retarget.batch import BatchEvent, BatchJob, BatchManifest, BatchRunner, BatchRunRecord
from retarget.batch.journal import encode_event, encode_line
from retarget.batch.models import utc_now
from retarget.cli.support import progress
from retarget.demo import clips_folder
from retarget.kinds import RunStatus

RUN = clips_folder() / "humanoid_run.npz"


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """One good clip under two names, one torn, and a link that leads nowhere."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "good.npz").write_bytes(RUN.read_bytes())
    (folder / "UPPER.NPZ").write_bytes(RUN.read_bytes())
    (folder / "torn.npz").write_bytes(RUN.read_bytes()[:4000])
    (folder / "dead.npz").symlink_to("nowhere.npz")
    return folder


def batch(clips: Path, *more: str) -> list[str | Path]:
    out = clips.parent / "out"
    said = ["batch", "--input-dir", clips, "--output-dir", out, "--pattern", "*.npz"]
    return [*said, "--max-workers", "1", *more]


def test_every_match_has_a_record_and_every_failure_is_told_once(
    command: Command, clips: Path
) -> None:
    outcome = command(*batch(clips))
    assert outcome.code == 1
    records = BatchManifest.load(clips.parent / "out" / "batch_manifest.json").records
    assert [record.job_id for record in records] == [
        "UPPER.NPZ",
        "dead.npz",
        "good.npz",
        "torn.npz",
    ]
    for name in ("dead.npz", "torn.npz"):
        lines = [line for line in outcome.err.splitlines() if name in line]
        assert len(lines) == 1, outcome.err
        assert re.match(rf"\[\d/4\] failed {name}: ", lines[0])
    assert "2 done, 2 failed of 4 jobs" in outcome.out
    assert "what failed, and why: retarget manifest failed " in outcome.err


def test_a_second_run_says_what_was_done_before(command: Command, clips: Path) -> None:
    (clips / "dead.npz").unlink()
    (clips / "torn.npz").unlink()
    command(*batch(clips))
    again = command(*batch(clips))
    assert again.code == 0
    assert "0 done, 2 done before, 0 failed of 2 jobs" in again.out
    assert "2 jobs: 0 to run, 2 done before" in again.err


def test_stale_results_are_told_together(command: Command, clips: Path) -> None:
    (clips / "dead.npz").unlink()
    (clips / "torn.npz").unlink()
    command(*batch(clips))
    other = command(*batch(clips, "--smoothness", "2"))
    assert "2 results stand though their input, robot or options have changed" in other.err
    assert "--stale rerun" in other.err
    assert len(other.err.splitlines()) == 2


def test_a_dry_run_is_grouped_by_reason(command: Command, clips: Path) -> None:
    outcome = command(*batch(clips, "--dry-run"))
    assert re.search(r"^4 +run +no output yet +UPPER.NPZ, \.\.\.$", outcome.out, re.MULTILINE)
    assert "4 of 4 jobs would run; nothing was changed" in outcome.out
    assert len(command(*batch(clips, "--dry-run", "--json")).json) == 4


def test_a_folder_that_cannot_be_read_is_told_and_is_a_failure(
    command: Command, clips: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (clips / "dead.npz").unlink()
    (clips / "torn.npz").unlink()
    (clips / "private").mkdir()
    scandir = os.scandir

    def refused(path: Any) -> Any:
        if Path(path).name == "private":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    outcome = command(*batch(clips))
    assert outcome.code == 1
    assert f"{clips / 'private'}: cannot be read (Permission denied)" in outcome.err
    assert "1 folder could not be read" in outcome.err
    assert "2 done, 0 failed of 2 jobs" in outcome.out


@pytest.mark.parametrize("read", ["config", "roles"])
def test_a_batch_writes_over_none_of_its_inputs(command: Command, clips: Path, read: str) -> None:
    out = clips.parent / "out"
    out.mkdir()
    settings = out / "good.npz"  # where a result is to go
    settings.write_text({"config": "[options]\n", "roles": '[roles]\nhead = "head"\n'}[read])
    before = settings.read_text()
    outcome = command(*batch(clips, f"--{read}", str(settings), "--force"))
    assert outcome.code == 2
    assert "the output is the input" in outcome.error
    assert settings.read_text() == before


def write(job: BatchJob) -> dict[str, Any]:
    job.output.write_text("x")
    return {}


def test_the_status_after_a_kill_is_in_plain_words(command: Command, tmp_path: Path) -> None:
    names = ("a", "b")
    jobs = [BatchJob(id=n, motion=RUN, output=tmp_path / f"{n}.out") for n in names]
    path = tmp_path / "m.json"
    BatchRunner().run(jobs[:1], write, manifest_path=path)
    now = utc_now().isoformat()
    events = [
        {"e": "run", "journal": 1, "at": now, "created_at": now},
        {"e": "plan", "ids": list(names)},
        {"e": "start", "id": "b", "at": now, "motion": "b", "output": "b.out"},
    ]
    journal = path.with_name("m.json.journal")
    journal.write_bytes(b"".join(encode_line(encode_event(event)) for event in events))
    said = command("status", path).out
    assert said == (
        "1 done, 0 failed of 2 jobs, 1 left; the run was killed; "
        "run the same command again to go on, nothing recorded is lost\n"
        "  in flight then, to be done again: b\n"
    )
    path.unlink()
    assert command("status", path).code == 0  # the journal alone tells, too


def test_both_signals_are_told_once_with_what_to_do(
    command: Command, clips: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import signal

    from retarget.batch.stopping import StopSignals

    with StopSignals(10.0) as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.requested
        assert "10 s to end, the same signal again stops them at once" in stop.hint
        with pytest.raises(KeyboardInterrupt, match="received SIGINT again, stopped at once"):
            signal.raise_signal(signal.SIGINT)

    def stopped(self: BatchRunner, *_: object, **__: object) -> BatchManifest:
        assert self.on_event is not None
        self.on_event(BatchEvent(kind="stopping", at=utc_now(), message="received SIGINT; wait"))
        raise KeyboardInterrupt("received SIGINT; 1 of 4 jobs are recorded")

    monkeypatch.setattr(BatchRunner, "run", stopped)
    outcome = command(*batch(clips))
    assert outcome.code == 130
    assert outcome.err.splitlines() == [
        "no more jobs are handed out: received SIGINT; wait",
        "interrupted: received SIGINT; 1 of 4 jobs are recorded; run the same command again to go on",
    ]


def shown_at(width: int, monkeypatch: pytest.MonkeyPatch, act: Callable[[Any], None]) -> str:
    """What the live display leaves on a terminal of some width."""
    page = io.StringIO()
    console = Console(file=page, width=width, force_terminal=True, color_system=None)
    monkeypatch.setattr("rich.console.Console", lambda **_: console)
    with progress._LiveDisplay() as display:
        act(display)
        display._live.refresh()
        return page.getvalue()


@pytest.mark.parametrize("width", [46, 60, 80, 120])
def test_counts_and_times_are_whole_on_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    job = BatchJob(id="a", motion=Path("a_clip_with_a_name_that_is_long.bvh"), output=Path("a.npz"))
    now = utc_now()
    record = BatchRunRecord(
        job_id="a",
        motion=job.motion,
        output=job.output,
        status=RunStatus.SUCCESS,
        started_at=now,
        finished_at=now + timedelta(seconds=1),
        provenance={"frames": 3945, "seconds": {"compile": 0.0}},
    )

    def act(display: Any) -> None:
        display(BatchEvent(kind="planned", at=now, total=2978, to_run=2978))
        assert "starting the workers" in display._detail.plain
        display(BatchEvent(kind="started", at=now, job=job, worker="1"))
        display(BatchEvent(kind="finished", at=now, job=job, worker="1", record=record))

    page = shown_at(width, monkeypatch, act)
    assert re.search(r"1/2978 \d:\d\d:\d\d left -:--:--", page), page
    assert (
        max(len(line) for line in re.sub(r"\x1b\[[^A-Za-z]*[A-Za-z]", "", page).splitlines())
        <= width
    )
