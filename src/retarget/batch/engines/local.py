"""Jobs in local processes that are spawned once, kept warm, and replaced when a job has ruined one.

Each process has one job at a time and pipes of its own, so that a death is that job's and nobody else's:
pools with a shared queue lose everything in flight. Processes are spawned, as forking is unsafe with threads.
"""

from __future__ import annotations

import logging
import pickle
import selectors
import signal
import time
from collections import deque

from retarget.batch.attempt import Outcome, died
from retarget.batch.engines.base import Ended, EngineEvent, Limits, PickledTask, Started, Task
from retarget.batch.engines.child import resident_bytes
from retarget.batch.engines.process import WorkerProcess
from retarget.batch.validation import UNGUARDED
from retarget.errors import BatchError, OptionsError

__all__ = ["LocalEngine"]

_log = logging.getLogger("retarget.batch")

_TICK_S = 0.2  # how often deadlines, memory and silent deaths are looked for
_LEAK = 512 << 20  # bytes a process may have grown since it was warm before it is replaced
_MAX_FAILED_STARTS = 3  # in a row
_SPAWN_AGAIN_S = 1.0  # after the system has refused a process
_END_GRACE_S = 2.0  # for an idle process to end by itself


class LocalEngine:
    """N worker processes on this machine.

    Args:
        worker_pickle: The pickled worker.
        max_workers: Number of processes, one core each: libraries in them get one thread.
        limits: What a job may use.
        expected: Number of tasks to come: no more processes than that are started.

    Example:
        >>> engine = LocalEngine(pickle.dumps(worker), 4, Limits(timeout_s=60.0))  # doctest: +SKIP
        >>> engine.submit(Task(0, job))  # doctest: +SKIP
    """

    def __init__(
        self, worker_pickle: bytes, max_workers: int, limits: Limits, *, expected: int | None = None
    ) -> None:
        self._pickle = worker_pickle
        self._limits = limits
        self._max_workers = max_workers
        self._processes: list[WorkerProcess] = []
        self._retired: list[WorkerProcess] = []
        self._selector = selectors.DefaultSelector()
        self._events: deque[EngineEvent] = deque()
        self._waiting: deque[PickledTask] = deque()
        self._said: set[str] = set()
        self._failed_starts = 0
        self._spawned = 0
        self._spawn_after = 0.0
        self._next_tick = 0.0
        for _ in range(min(max_workers, max_workers if expected is None else expected)):
            self._spawn()

    @property
    def free(self) -> int:
        """Processes without a task."""
        busy = sum(process.task is not None for process in self._processes)
        return self._max_workers - busy - len(self._waiting)

    def submit(self, task: Task) -> None:
        """Give a task to a warm process, or to the first that will be."""
        self.submit_pickled(PickledTask(task.key, pickle.dumps(task.job)))

    def submit_pickled(self, task: PickledTask) -> None:
        """As :meth:`submit`, for a job that is pickled already."""
        self._waiting.append(task)
        self._hand_out()

    def next_event(self, timeout_s: float) -> EngineEvent | None:
        """The next thing that happened."""
        deadline = time.monotonic() + timeout_s
        while not self._events:
            self._wait(min(max(0.0, deadline - time.monotonic()), _TICK_S))
            if not self._events and time.monotonic() >= deadline:
                return None
        return self._events.popleft()

    def cancel(self, key: int) -> None:
        """Kill the process that has the task."""
        self._waiting = deque(task for task in self._waiting if task.key != key)
        for process in list(self._processes):
            if process.task is not None and process.task.key == key:
                self._drop(process)

    def close(self) -> None:
        """Let idle processes end, kill the others."""
        self._waiting.clear()
        for process in list(self._processes):
            if process.ready and process.task is None:
                self._retire(process)
            else:
                self._drop(process)
        while self._retired:
            self._check_retired()
            time.sleep(0.002)
        self._selector.close()

    def _spawn(self) -> None:
        if time.monotonic() < self._spawn_after:
            return
        try:
            process = WorkerProcess(str(self._spawned + 1), self._pickle, self._selector)
        except OSError as error:  # no more processes, memory or descriptors: perhaps later
            self._spawn_after = time.monotonic() + _SPAWN_AGAIN_S
            self._failed_starts += 1
            _log.warning("a worker process could not be started: %s", error)
            if not self._processes and self._failed_starts >= _MAX_FAILED_STARTS:
                raise BatchError(
                    f"no worker process can be started ({error}); use fewer workers, or raise the "
                    "limits on processes, memory or open files"
                ) from error
            return
        self._spawned += 1
        self._processes.append(process)

    def _hand_out(self) -> None:
        for process in list(self._processes):
            if not self._waiting:
                return
            if process.ready and process.task is None:
                task = self._waiting.popleft()
                process.give(task, self._limits.timeout_s)
                self._events.append(Started(task.key, process.name))
        starting = sum(not process.ready for process in self._processes)
        for _ in range(
            min(len(self._waiting) - starting, self._max_workers - len(self._processes))
        ):
            self._spawn()

    def _wait(self, timeout_s: float) -> None:
        if self._processes:
            ready = self._selector.select(timeout_s)
            for process in {id(key.data): key.data for key, _ in ready}.values():
                self._listen(process)
        else:
            time.sleep(min(timeout_s, 0.01))
        if time.monotonic() >= self._next_tick:
            self._next_tick = time.monotonic() + _TICK_S
            for process in list(self._processes):
                self._check(process)
            self._check_retired()
        self._hand_out()

    def _listen(self, process: WorkerProcess) -> None:
        """Take in what a process has said, and notice when it has died."""
        alive = process.is_alive()  # asked first: what it said before dying is all there to read
        for frame in process.frames():
            self._take_in(process, frame)
        if not alive and process in self._processes:
            self._bury(process)

    def _take_in(self, process: WorkerProcess, frame: bytes) -> None:
        kind, body = frame[:1], frame[1:]
        if kind == b"r":
            process.ready, process.warm_bytes = True, int(body)
            self._failed_starts = 0
            self._refuse_hopeless_limit(process.warm_bytes)
        elif kind == b"o":
            size, _, text = body.partition(b" ")
            outcome = process.take_back(Outcome.from_json(text))
            if outcome is not None:
                self._events.append(Ended(*outcome))
            if self._is_worn(process, int(size)):
                self._retire(process)
        elif kind == b"l":
            self._log_once(body.decode("utf-8", "replace"))
        elif kind == b"x":
            self._drop(process)
            raise BatchError(
                "the worker cannot be started in a process of its own:\n"
                + body.decode("utf-8", "replace").strip()
            )

    def _log_once(self, said: str) -> None:
        """Log what a worker says while it warms up; its sisters say the same."""
        if said not in self._said:
            self._said.add(said)
            name, _, text = said.partition("\n")
            logging.getLogger(name).warning("%s", text)

    def _refuse_hopeless_limit(self, warm_bytes: int) -> None:
        """No job could be done within less than a worker takes before its first one."""
        limit = self._limits.memory_limit
        if limit is not None and warm_bytes > limit:
            raise OptionsError(
                f"a worker process takes {warm_bytes >> 20} MiB before its first job, more than the limit of "
                f"{limit >> 20} MiB; give more",
                option="memory_limit",
            )

    def _is_worn(self, process: WorkerProcess, size: int) -> bool:
        """Whether a process has done its number of jobs, or keeps memory that no job should leave."""
        recycle_after, limit = self._limits.recycle_after, self._limits.memory_limit
        worn = recycle_after is not None and process.jobs_done >= recycle_after
        grown = size - process.warm_bytes > _LEAK or (limit is not None and size > limit)
        if grown:
            _log.info("worker %s kept %d MiB and is replaced", process.name, size >> 20)
        return worn or grown

    def _bury(self, process: WorkerProcess) -> None:
        """A process has ended by itself: its job, if any, did that."""
        code = process.exit_code()
        task, started, tail = process.task, process.started_at, process.tail()
        self._drop(process)
        if task is not None:
            outcome = died(
                started, "WorkerDied", _why_died(code), output_tail=tail, killed_worker=True
            )
            self._events.append(Ended(task.key, outcome))
        elif code == UNGUARDED:
            raise BatchError(
                "the calling script starts its batch when worker processes import it; put what it does under "
                "if __name__ == '__main__':"
            )
        elif not process.ready:
            self._failed_starts += 1
            _log.warning("worker %s could not start: %s\n%s", process.name, _why_died(code), tail)
            if self._failed_starts >= _MAX_FAILED_STARTS:
                raise BatchError(
                    f"worker processes cannot start ({_why_died(code)}); is there memory for a process each?"
                    + (f"\n{tail}" if tail else "")
                )

    def _check(self, process: WorkerProcess) -> None:
        """Deadlines, memory, and deaths that no pipe tells of because a job's child holds it open."""
        if not process.is_alive():
            self._listen(process)
            return
        task = process.task
        if task is None:
            return
        if process.deadline is not None and time.monotonic() > process.deadline:
            self._condemn(
                process,
                "TimeoutError",
                f"timed out after {self._limits.timeout_s:g} s",
                ("OSError",),
            )
        elif self._limits.memory_limit is not None:
            size = resident_bytes(process.pid)
            if size > self._limits.memory_limit:
                if process.jobs_done:  # earlier jobs may be to blame: once more, in a fresh process
                    self._drop(process)
                    self._waiting.appendleft(task)
                else:
                    limit = self._limits.memory_limit >> 20
                    message = f"used {size >> 20} MiB, over the limit of {limit} MiB"
                    self._condemn(process, "MemoryLimitExceeded", message, ("MemoryError",))

    def _check_retired(self) -> None:
        for process in list(self._retired):
            process.drain()  # or it could not finish what it prints
            overdue = process.deadline is not None and time.monotonic() > process.deadline
            if overdue or not process.is_alive():
                self._retired.remove(process)
                process.kill()

    def _condemn(
        self, process: WorkerProcess, error_type: str, message: str, kinds: tuple[str, ...]
    ) -> None:
        task, started = process.task, process.started_at
        assert task is not None
        process.drain()
        tail = process.tail()
        self._drop(process)
        outcome = died(started, error_type, message, kinds=kinds, output_tail=tail)
        self._events.append(Ended(task.key, outcome))

    def _retire(self, process: WorkerProcess) -> None:
        """Let an idle process end by itself, beside those at work."""
        self._processes.remove(process)
        process.ask_to_end()
        process.deadline = time.monotonic() + _END_GRACE_S
        self._retired.append(process)

    def _drop(self, process: WorkerProcess) -> None:
        """Kill a process."""
        self._processes.remove(process)
        process.kill()


def _why_died(code: int) -> str:
    if code >= 0:
        return f"the worker process exited with status {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = " (perhaps out of memory)" if name == "SIGKILL" else ""
    return f"the worker process was killed by {name}{hint}"
