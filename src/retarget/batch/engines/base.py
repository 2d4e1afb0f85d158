"""The protocol between a run and the engine that does its jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from retarget.batch.attempt import Outcome
from retarget.batch.models import BatchJob

__all__ = ["Ended", "Engine", "EngineEvent", "Limits", "PickledTask", "Started", "Task"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a job, or the process it runs in, may use.

    Attributes:
        timeout_s: Seconds one attempt may take.
        memory_limit: Bytes of resident memory of one worker process.
        recycle_after: Jobs after which a worker process is replaced by a fresh one.
    """

    timeout_s: float | None = None
    memory_limit: int | None = None
    recycle_after: int | None = None

    def any(self) -> bool:
        """Whether anything is limited: only a process of its own can be held to that."""
        return self != Limits()


@dataclass(frozen=True, slots=True)
class Task:
    """One attempt that an engine is asked to make; ``key`` is unique within the run."""

    key: int
    job: BatchJob


@dataclass(frozen=True, slots=True)
class PickledTask:
    """A task on its way to another process."""

    key: int
    job: bytes


@dataclass(frozen=True, slots=True)
class Started:
    """A worker has begun with a task."""

    key: int
    worker: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A task has ended, one way or another."""

    key: int
    outcome: Outcome


EngineEvent = Started | Ended


class Engine(Protocol):
    """Does tasks, each on its own; a task given is a task ended, until the engine is closed.

    Example:
        >>> engine = InProcessEngine(worker)  # doctest: +SKIP
        >>> engine.submit(Task(0, job))  # doctest: +SKIP
        >>> engine.next_event(timeout_s=1.0)  # doctest: +SKIP
        Ended(key=0, outcome=Outcome(succeeded=True, ...))
    """

    @property
    def free(self) -> int:
        """How many more tasks can be submitted now."""
        ...

    def submit(self, task: Task) -> None:
        """Take a task; only while :attr:`free` is positive."""
        ...

    def next_event(self, timeout_s: float) -> EngineEvent | None:
        """The next thing that happened, waiting for it at most this long.

        Raises:
            BatchError: No worker can be started: no task will ever end.
        """
        ...

    def cancel(self, key: int) -> None:
        """Stop a task at once; no event follows."""
        ...

    def close(self) -> None:
        """Stop everything at once and leave no process behind; may be called twice."""
        ...
