"""Showing a batch while it runs: a live display on a terminal, plain lines otherwise."""

from __future__ import annotations

import sys
import time
from collections import Counter
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from retarget.cli.common import say
from retarget.wording import shown

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from retarget.batch import BatchEvent

__all__ = ["BatchDisplay", "batch_display"]


class BatchDisplay(Protocol):
    """A display is opened around a run and told what happens."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def __call__(self, event: BatchEvent) -> None:
        """Show what has happened."""
        ...


def batch_display(*, quiet: bool = False) -> BatchDisplay:
    """The display that suits standard error: live on a terminal, plain lines otherwise, or none."""
    if quiet:
        return _Quiet()
    return _LiveDisplay() if sys.stderr.isatty() else _PlainLines()


class _Tally:
    """What has been done so far."""

    def __init__(self) -> None:
        self.total = self.finished = self.frames = 0
        self.failures: Counter[str] = Counter()
        self._started: float | None = None

    def count(self, event: BatchEvent) -> None:
        if event.kind == "planned":
            self.total = event.total
        if event.kind == "started" and self._started is None:
            self._started = time.monotonic()
        if event.kind == "finished" and event.record is not None:
            self.finished += 1
            if event.record.status == "success":
                self.frames += int(event.record.provenance.get("frames", 0))
            elif event.record.status == "failed":
                self.failures[event.record.error_type or "unknown"] += 1

    @property
    def frames_per_second(self) -> float:
        if self._started is None or not self.frames:
            return 0.0
        return self.frames / max(time.monotonic() - self._started, 1e-3)

    @property
    def failed(self) -> str:
        """Failures by type, such as ``2 failed (1 FileFormatError, 1 WorkerDied)``."""
        if not self.failures:
            return ""
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.failures.most_common(3))
        return f"{sum(self.failures.values())} failed ({kinds})"


class _Quiet:
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __call__(self, event: BatchEvent) -> None:
        pass


class _PlainLines(_Quiet):
    """A line per job that ran, and one for those skipped: for logs and pipes."""

    def __init__(self) -> None:
        self._tally = _Tally()

    def __call__(self, event: BatchEvent) -> None:
        self._tally.count(event)
        if event.kind == "planned":
            say(f"{event.total} jobs: {event.to_run} to run, {event.to_skip} to skip")
        elif event.kind in ("retrying", "stopping"):
            say(event.message)
        elif event.record is not None and event.record.status != "skipped":
            say(f"[{self._tally.finished}/{self._tally.total}] {_line_of(event)}")


def _line_of(event: BatchEvent) -> str:
    record = event.record
    assert record is not None
    if record.status == "failed":
        return f"failed {record.job_id}: {record.message}"
    frames = record.provenance.get("frames", 0)
    rate = f", {frames / record.duration_s:.0f} frames/s" if frames and record.duration_s else ""
    return f"done {record.job_id}: {frames} frames in {record.duration_s:.2f} s{rate}"


class _LiveDisplay:
    """A bar over all jobs with rate and time left, and a line for the job of each worker."""

    def __init__(self) -> None:
        from rich.console import Console, Group
        from rich.live import Live

        self._tally = _Tally()
        self._console = Console(stderr=True)
        self._overall, self._workers = _progress_bars()
        self._bar: TaskID = self._overall.add_task("batch", total=None, detail="")
        self._of_worker: dict[str, TaskID] = {}
        self._live = Live(
            Group(self._overall, self._workers), console=self._console, refresh_per_second=8
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        for task in self._of_worker.values():
            self._workers.remove_task(task)
        self._live.stop()

    def __call__(self, event: BatchEvent) -> None:
        self._tally.count(event)
        if event.kind == "started" and event.job is not None:
            self._show_worker(event.worker, event.job.label, event.attempt)
        elif event.kind in ("retrying", "stopping"):
            self._console.print(shown(event.message), markup=False)
        elif event.kind == "finished" and event.record is not None:
            if event.record.status == "failed":
                self._console.print(shown(_line_of(event)), style="red", markup=False)
            if event.worker in self._of_worker:
                self._workers.update(self._of_worker[event.worker], visible=False)
        rate = self._tally.frames_per_second
        detail = [f"{rate:.0f} frames/s" if rate else "", self._tally.failed]
        self._overall.update(
            self._bar,
            total=self._tally.total or None,
            completed=self._tally.finished,
            detail="  ".join(filter(None, detail)),
        )

    def _show_worker(self, worker: str, label: str, attempt: int) -> None:
        words = shown(label) if attempt == 1 else shown(f"{label} (attempt {attempt})")
        if worker not in self._of_worker:
            self._of_worker[worker] = self._workers.add_task(
                f"  worker {worker}", total=None, detail=words
            )
        self._workers.reset(self._of_worker[worker], detail=words, visible=True)


def _progress_bars() -> tuple[Progress, Progress]:
    """The bar over all jobs, and the lines of the workers below it."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    detail = TextColumn("{task.fields[detail]}", markup=False)
    overall = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        detail,
    )
    return overall, Progress(TextColumn("{task.description}"), TimeElapsedColumn(), detail)
