"""The driver's side of one local worker process: its pipes, its task, the end of its output."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import selectors
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from multiprocessing import resource_tracker

from retarget.batch.attempt import Outcome
from retarget.batch.engines.base import PickledTask
from retarget.batch.engines.child import ChildPipes, FrameReader, child_main, read_available
from retarget.batch.models import utc_now

__all__ = ["WorkerProcess"]

_TAIL = 16_384  # bytes of a job's output that are kept
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


class WorkerProcess:
    """The driver's side of one worker process."""

    def __init__(self, name: str, worker_pickle: bytes, selector: selectors.BaseSelector) -> None:
        self.name = name
        self.task: PickledTask | None = None
        self.ready = False
        self.jobs_done = 0
        self.warm_bytes = 0
        self.deadline: float | None = None
        self.started_at: datetime = utc_now()
        context = multiprocessing.get_context("spawn")
        jobs, self._jobs = context.Pipe(duplex=False)
        self._results, results = context.Pipe(duplex=False)
        self._output, output = context.Pipe(duplex=False)
        self._process = context.Process(
            target=child_main,
            args=(ChildPipes(jobs, results, output), worker_pickle, os.getpid()),
            name=f"retarget-worker-{name}",
            daemon=False,  # a job may have processes of its own
        )
        try:
            with _one_thread_each(), _signals_held():
                self._process.start()
        except BaseException:
            for pipe in (self._jobs, self._results, self._output):
                pipe.close()
            raise
        finally:
            for pipe in (jobs, results, output):
                pipe.close()
        self._reader = FrameReader(self._results.fileno())
        os.set_blocking(self._output.fileno(), False)
        self._tail = bytearray()
        self._selector = selector
        self._watched: set[int] = set()
        for descriptor in (self._process.sentinel, self._results.fileno(), self._output.fileno()):
            self._watched.add(descriptor)
            selector.register(descriptor, selectors.EVENT_READ, self)

    @property
    def pid(self) -> int:
        """Process id, which is its group's too."""
        pid = self._process.pid
        assert pid is not None
        return pid

    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process.exitcode is None

    def exit_code(self) -> int:
        """Its exit status, negative for a signal."""
        return self._process.exitcode or 0

    def give(self, task: PickledTask, timeout_s: float | None) -> None:
        """Hand a task over; a process that has just died is noticed later."""
        self.task, self.started_at = task, utc_now()
        self.deadline = None if timeout_s is None else time.monotonic() + timeout_s
        self.drain()
        self._tail.clear()
        with contextlib.suppress(OSError):
            self._jobs.send_bytes(task.job)

    def take_back(self, outcome: Outcome) -> tuple[int, Outcome] | None:
        """The task's key and its outcome, with what it printed if it failed."""
        task, self.task, self.deadline = self.task, None, None
        self.jobs_done += 1
        if task is None:
            return None
        self.drain()
        if not outcome.succeeded:
            outcome = _with_tail(outcome, self.tail())
        return task.key, outcome

    def frames(self) -> Iterator[bytes]:
        """What it has sent; also keeps its output flowing."""
        self.drain()
        yield from self._reader.frames()
        if self._reader.ended and not self._results.closed:
            self._unwatch(self._results.fileno())

    def drain(self) -> None:
        """Take in its output, and keep the end."""
        for _ in range(4):  # a job that prints without end must not hold the driver
            if self._output.closed:
                return
            chunk = read_available(self._output.fileno())
            if chunk is None:
                self._unwatch(self._output.fileno())
                self._output.close()
                return
            if not chunk:
                return
            self._tail += chunk
            del self._tail[:-_TAIL]

    def tail(self) -> str:
        """The end of the present task's output."""
        return self._tail.decode("utf-8", "backslashreplace")

    def _unwatch(self, *descriptors: int) -> None:
        for descriptor in self._watched.intersection(descriptors):
            self._watched.remove(descriptor)
            self._selector.unregister(descriptor)

    def ask_to_end(self) -> None:
        """No more jobs for it."""
        self._unwatch(*self._watched)
        with contextlib.suppress(OSError):
            self._jobs.close()

    def kill(self) -> None:
        """Kill it, if it still runs, with all of its group, and forget it."""
        self._unwatch(*self._watched)
        if hasattr(os, "killpg"):
            with contextlib.suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)
        if self.is_alive():
            self._process.kill()
        self._process.join()
        for pipe in (self._jobs, self._results, self._output):
            with contextlib.suppress(OSError):
                pipe.close()
        self._process.close()


def _with_tail(outcome: Outcome, tail: str) -> Outcome:
    return replace(outcome, output_tail=tail, interrupted=False)


@contextlib.contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let a process started within use one thread a library, unless the user has said otherwise."""
    added = [name for name in _THREAD_VARIABLES if name not in os.environ]
    os.environ.update(dict.fromkeys(added, "1"))
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Start a process with the stop signals blocked: it opens to them once it can handle them."""
    if not hasattr(signal, "pthread_sigmask"):  # pragma: no cover - Windows
        yield
        return
    resource_tracker.ensure_running()  # it opens the signals again when it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
