"""Jobs one after another in the calling process: no isolation, no overhead."""

from __future__ import annotations

from collections import deque

from retarget.batch.attempt import attempt
from retarget.batch.engines.base import Ended, EngineEvent, Started, Task
from retarget.batch.models import BatchWorker

__all__ = ["InProcessEngine"]


class InProcessEngine:
    """Runs each task inside :meth:`next_event`.

    A job that ends the process ends the batch; the journal knows which one it was.

    Example:
        >>> engine = InProcessEngine(worker)  # doctest: +SKIP
        >>> engine.submit(Task(0, job))  # doctest: +SKIP
    """

    def __init__(self, worker: BatchWorker) -> None:
        self._worker = worker
        self._waiting: deque[Task] = deque()
        self._announced = False

    @property
    def free(self) -> int:
        """One task at a time."""
        return 1 - len(self._waiting)

    def submit(self, task: Task) -> None:
        """Take a task."""
        self._waiting.append(task)
        self._announced = False

    def next_event(self, timeout_s: float) -> EngineEvent | None:
        """Announce the task, then do it; it takes as long as it takes."""
        if not self._waiting:
            return None
        task = self._waiting[0]
        if not self._announced:
            self._announced = True
            return Started(task.key, "1")
        outcome = attempt(self._worker, task.job)
        self._waiting.popleft()
        return Ended(task.key, outcome)

    def cancel(self, key: int) -> None:
        """Forget a task that has not begun."""
        self._waiting = deque(task for task in self._waiting if task.key != key)

    def close(self) -> None:
        """Forget all tasks."""
        self._waiting.clear()
