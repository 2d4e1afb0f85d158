"""Showing a batch while it runs: a live display on a terminal, plain lines otherwise."""

from __future__ import annotations

import sys
import time
from collections import Counter
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from retarget.cli.support.common import say
from retarget.wording import counted, shown

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from retarget.batch import BatchEvent, BatchRunRecord

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
        self.total = self.finished = self.frames = self.stale = 0
        self._compiling_s = 0.0  # of all jobs together
        self._running: set[str] = set()
        self._side_by_side = 1  # jobs at once, at most so far
        self.failures: Counter[str] = Counter()
        self._started: float | None = None

    def count(self, event: BatchEvent) -> None:
        if event.kind == "planned":
            self.total = event.total
        if event.kind == "started" and event.job is not None:
            self._started = time.monotonic() if self._started is None else self._started
            self._running.add(event.job.id)
            self._side_by_side = max(self._side_by_side, len(self._running))
        if event.kind == "finished" and event.record is not None:
            self._running.discard(event.record.job_id)
            self.finished += 1
            if event.record.status == "success":
                self.frames += int(event.record.provenance.get("frames", 0))
                self._compiling_s += _compiling_s(event.record)
            elif event.record.batch_notes.get("stale"):
                self.stale += 1
            elif event.record.status == "failed":
                self.failures[event.record.error_type or "unknown"] += 1

    @property
    def frames_per_second(self) -> float:
        """Frames per second of the time that jobs took side by side, without what compiling took of it."""
        if self._started is None or not self.frames:
            return 0.0
        compiling = self._compiling_s / self._side_by_side
        return self.frames / max(time.monotonic() - self._started - compiling, 1e-3)

    @property
    def begun(self) -> bool:
        """Whether a worker has begun with a job."""
        return self._started is not None

    @property
    def stale_words(self) -> str:
        """How many outputs stand though they would come out otherwise now, and what to do about that."""
        if not self.stale:
            return ""
        verb = "stands though its" if self.stale == 1 else "stand though their"
        return (
            f"note: {counted(self.stale, 'result')} {verb} input, robot or options have changed; "
            "add --stale rerun to make them again"
        )

    @property
    def failed(self) -> str:
        """Failures by type, such as ``2 failed (1 FileFormatError, 1 WorkerDied)``."""
        if not self.failures:
            return ""
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.failures.most_common(3))
        return f"{sum(self.failures.values())} failed ({kinds})"


def _compiling_s(record: BatchRunRecord) -> float:
    """Seconds of a job that went into compiling, or waiting for another process that compiles."""
    seconds = record.provenance.get("seconds")
    return float(seconds.get("compile", 0.0)) if isinstance(seconds, dict) else 0.0


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
            say(
                f"{counted(event.total, 'job')}: {event.to_run:,} to run, {event.to_skip:,} done before"
            )
        elif event.kind in ("retrying", "stopping"):
            say(_words_of(event))
        elif event.kind == "ended" and self._tally.stale:
            say(self._tally.stale_words)
        elif event.record is not None and event.record.status != "skipped":
            say(f"[{self._tally.finished}/{self._tally.total}] {_line_of(event)}")


def _words_of(event: BatchEvent) -> str:
    """What to say of a job that is tried again, or of a run that comes to its end before its jobs do."""
    if event.kind == "retrying" and event.job is not None:
        return f"trying {event.job.id} again after {event.message}"
    return f"no more jobs are handed out: {event.message}"


def _line_of(event: BatchEvent) -> str:
    record = event.record
    assert record is not None
    if record.status == "failed":
        return f"failed {record.job_id}: {record.message}"
    frames = record.provenance.get("frames", 0)
    seconds = record.duration_s - _compiling_s(record)
    rate = f", {frames / seconds:,.0f} frames/s" if frames and seconds > 0 else ""
    return f"done {record.job_id}: {counted(frames, 'frame')} in {seconds:.2f} s{rate}"


class _LiveDisplay:
    """A bar over all jobs, a line with rate and failures, and a line for the job of each worker."""

    def __init__(self) -> None:
        from rich.console import Console, Group
        from rich.live import Live
        from rich.text import Text

        self._tally = _Tally()
        self._console = Console(stderr=True)
        self._overall, self._workers = _progress_bars(self._console.width)
        self._bar: TaskID = self._overall.add_task("batch", total=None)
        self._detail = Text(no_wrap=True, overflow="ellipsis")
        self._of_worker: dict[str, TaskID] = {}
        self._live = Live(
            Group(self._overall, self._detail, self._workers),
            console=self._console,
            refresh_per_second=8,
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
            self._console.print(shown(_words_of(event)), markup=False, highlight=False)
        elif event.kind == "finished" and event.record is not None:
            if event.record.status == "failed":
                line = shown(_line_of(event))
                self._console.print(line, style="red", markup=False, highlight=False)
            if event.worker in self._of_worker:
                self._workers.update(self._of_worker[event.worker], visible=False)
        elif event.kind == "ended" and self._tally.stale:
            self._console.print(self._tally.stale_words, markup=False, highlight=False)
        if event.kind != "ended":  # workers take a moment to end, which is none of the rate's
            self._detail.plain = self._words_below(event)
        self._overall.update(
            self._bar, total=self._tally.total or None, completed=self._tally.finished
        )

    def _words_below(self, event: BatchEvent) -> str:
        if event.to_run and not self._tally.begun:
            return "  starting the workers"
        rate = self._tally.frames_per_second
        words = [f"{rate:,.0f} frames/s" if rate else "", self._tally.failed]
        return f"  {', '.join(filter(None, words))}"

    def _show_worker(self, worker: str, label: str, attempt: int) -> None:
        words = shown(label) if attempt == 1 else shown(f"{label} (attempt {attempt})")
        if worker not in self._of_worker:
            self._of_worker[worker] = self._workers.add_task(
                f"  worker {worker}", total=None, detail=words
            )
        self._workers.reset(self._of_worker[worker], detail=words, visible=True)


_WIDEST_BAR, _LEAST_BAR = 30, 4  # characters
_BESIDE_BAR = 42  # characters that name, counts and times take at most


def _progress_bars(width: int) -> tuple[Progress, Progress]:
    """The bar over all jobs, and the lines of the workers below it; counts and times are whole at any width."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.table import Column

    detail = TextColumn(
        "{task.fields[detail]}",
        markup=False,
        table_column=Column(no_wrap=True, overflow="ellipsis"),
    )
    overall = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=max(_LEAST_BAR, min(_WIDEST_BAR, width - _BESIDE_BAR))),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    return overall, Progress(TextColumn("{task.description}"), TimeElapsedColumn(), detail)
