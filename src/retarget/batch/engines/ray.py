"""Jobs on a Ray cluster: one small actor per worker, which runs the local engine on its node.

Ray places the actors and carries messages; isolation, deadlines, memory and blame are those of
:class:`~retarget.batch.engines.local.LocalEngine`, so that every promise holds in the same way. Nothing is
retried by Ray. Short jobs travel in groups of about half a second of work.
"""

from __future__ import annotations

import contextlib
import logging
import math
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from retarget.batch.attempt import died
from retarget.batch.engines.base import Ended, EngineEvent, Limits, PickledTask, Started, Task
from retarget.batch.engines.local import LocalEngine
from retarget.batch.models import BatchWorker, utc_now
from retarget.errors import BatchError, MissingExtraError

__all__ = ["RayCluster", "RayEngine"]

_log = logging.getLogger("retarget.batch")

_GROUP_S = 0.5  # work that is handed to a worker at once
_MAX_GROUP = 256  # jobs, however short
_REPORT_S = 5.0  # a worker reports at least this often, also in a long job
_MAX_FAILED_STARTS = 5  # in a row
_WARN_S = 30.0  # without a single worker


@dataclass(frozen=True, slots=True)
class RayCluster:
    """Which cluster to use; give it to ``BatchRunner(engine=...)``.

    Attributes:
        address: Of the cluster; ``auto`` for the running one, ``None`` to start one on this machine. A
            connection that the calling program has already made is used as it is.
        num_cpus: Cores that one worker takes.

    Example:
        >>> BatchRunner(engine=RayCluster("auto"))  # doctest: +SKIP
    """

    address: str | None = None
    num_cpus: float = 1.0

    def __call__(
        self, worker: BatchWorker, max_workers: int, limits: Limits, expected: int
    ) -> RayEngine:
        """Make the engine.

        Raises:
            MissingExtraError: Ray is not installed.
            BatchError: The cluster cannot be reached.
        """
        return RayEngine(self, worker, max_workers, limits, expected=expected)


class RayEngine:
    """N workers, wherever the cluster has room for them.

    A worker that is lost with its node is replaced; its jobs end as ``lost``, through no fault of theirs.

    Example:
        >>> engine = RayEngine(RayCluster("auto"), worker, 64, Limits(), expected=1000)  # doctest: +SKIP
    """

    def __init__(
        self,
        cluster: RayCluster,
        worker: BatchWorker,
        max_workers: int,
        limits: Limits,
        *,
        expected: int,
    ) -> None:
        self._ray = _import_ray()
        self._limits = limits
        self._own_connection = not self._ray.is_initialized()
        if self._own_connection:
            self._connect(cluster.address)
        # By value where need be: the nodes cannot import the calling script.
        self._worker_pickle: bytes = self._ray.cloudpickle.dumps(worker)
        self._actor = self._ray.remote(
            num_cpus=cluster.num_cpus, max_restarts=0, max_task_retries=0, max_concurrency=1
        )(_Agent)
        self._agents: dict[Any, _AgentState] = {}  # by the call that is out
        self._events: deque[EngineEvent] = deque()
        self._waiting: deque[PickledTask] = deque()
        self._seconds_a_job: float | None = None
        self._failed_starts = 0
        self._started = 0
        self._idle_since = time.monotonic()
        self._max_workers = max_workers
        self._to_come = expected
        for _ in range(min(max_workers, expected)):
            self._start_agent()

    @property
    def free(self) -> int:
        """Tasks that fit: a group for each worker."""
        out = len(self._waiting) + sum(len(agent.tasks) for agent in self._agents.values())
        return max(0, len(self._agents) * self._group() - out)

    def submit(self, task: Task) -> None:
        """Queue a task for the next worker that reports."""
        self._to_come -= 1
        self._waiting.append(PickledTask(task.key, self._ray.cloudpickle.dumps(task.job)))

    def next_event(self, timeout_s: float) -> EngineEvent | None:
        """The next thing that happened."""
        deadline = time.monotonic() + timeout_s
        while not self._events:
            self._hand_out()
            self._listen(max(0.0, deadline - time.monotonic()))
            if not self._events and time.monotonic() >= deadline:
                return None
        return self._events.popleft()

    def cancel(self, key: int) -> None:
        """Kill the worker that has the task; what else it had ends as lost."""
        self._waiting = deque(task for task in self._waiting if task.key != key)
        for call, agent in list(self._agents.items()):
            if key in agent.tasks:
                del agent.tasks[key]
                self._lose(call, "its worker was stopped with another job")

    def close(self) -> None:
        """Kill all workers; leave a cluster that was running before."""
        self._waiting.clear()
        for agent in self._agents.values():
            self._kill(agent)
        self._agents.clear()
        if self._own_connection:
            self._own_connection = False
            self._ray.shutdown()

    def _connect(self, address: str | None) -> None:
        with _handlers_kept():
            try:
                self._ray.init(
                    address=address,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                    **({} if address else {"include_dashboard": False}),
                )
            except Exception as error:
                where = f"the Ray cluster {address!r}" if address else "a local Ray"
                raise BatchError(
                    f"{where} cannot be reached ({error}); start one with: ray start --head"
                ) from error

    def _start_agent(self) -> None:
        self._started += 1
        handle = self._actor.remote(self._worker_pickle, self._limits)
        state = _AgentState(str(self._started), handle)
        self._agents[handle.exchange.remote([], 0.0)] = state  # answers once it runs

    def _hand_out(self) -> None:
        """Give waiting tasks to idle workers, evenly."""
        for call, agent in list(self._agents.items()):
            if agent.idle and self._waiting:
                del self._agents[call]
                share = math.ceil(len(self._waiting) / max(1, self._idle_agents() + 1))
                count = min(self._group(), share)
                group = [self._waiting.popleft() for _ in range(count)]
                agent.tasks = dict.fromkeys((task.key for task in group), utc_now())
                agent.idle = False
                self._agents[agent.handle.exchange.remote(group, _REPORT_S)] = agent

    def _idle_agents(self) -> int:
        return sum(agent.idle for agent in self._agents.values())

    def _listen(self, timeout_s: float) -> None:
        calls = [call for call, agent in self._agents.items() if not agent.idle]
        if not calls:
            time.sleep(min(timeout_s, 0.01))
            return
        done, _ = self._ray.wait(calls, num_returns=1, timeout=timeout_s)
        if not done and not any(agent.ready for agent in self._agents.values()):
            self._warn_idle()
        if done:  # what else has come in the meantime, too
            done, _ = self._ray.wait(calls, num_returns=len(calls), timeout=0)
        for call in done:
            self._take_in(call)

    def _take_in(self, call: Any) -> None:
        try:
            events: list[EngineEvent] = self._ray.get(call)
        except self._ray.exceptions.RayActorError as error:
            self._lose(call, _gist(error))
            return
        except self._ray.exceptions.RayTaskError as error:
            raise BatchError(
                f"a worker on the cluster cannot do its work: {error.cause or error}"
            ) from error
        agent = self._agents.pop(call)
        agent.ready, self._failed_starts = True, 0
        for event in events:
            self._events.append(agent.named(event))
            if isinstance(event, Ended):
                agent.tasks.pop(event.key, None)
                self._note_duration(event)
        if agent.tasks:
            self._agents[agent.handle.exchange.remote([], _REPORT_S)] = agent
        else:
            agent.idle = True
            self._agents[object()] = agent

    def _lose(self, call: Any, why: str) -> None:
        """A worker is gone: its tasks are lost, and another takes its place."""
        agent = self._agents.pop(call)
        self._kill(
            agent
        )  # it may only be out of reach, and must not go on with jobs that are redone
        _log.warning("worker %s was lost: %s", agent.name, why)
        if not agent.ready:
            self._failed_starts += 1
            if self._failed_starts >= _MAX_FAILED_STARTS:
                raise BatchError(f"workers cannot be started on the Ray cluster: {why}")
        for key, since in agent.tasks.items():
            message = f"the worker's node or process was lost: {why}"
            self._events.append(Ended(key, died(since, "NodeLost", message, lost=True)))
        if len(self._agents) < self._max_workers:
            self._start_agent()

    def _kill(self, agent: _AgentState) -> None:
        with contextlib.suppress(Exception):
            self._ray.kill(agent.handle, no_restart=True)

    def _group(self) -> int:
        """How many jobs make up about half a second."""
        if self._seconds_a_job is None:
            return 1
        return max(1, min(_MAX_GROUP, round(_GROUP_S / max(self._seconds_a_job, 1e-4))))

    def _note_duration(self, event: Ended) -> None:
        outcome = event.outcome
        span = datetime.fromisoformat(outcome.finished_at) - datetime.fromisoformat(
            outcome.started_at
        )
        seconds = span.total_seconds() + 1e-3  # the worker's own overhead
        before = self._seconds_a_job
        # Quick to learn that jobs are long, slow to believe that they are short.
        weight = 1.0 if before is None else 0.5 if seconds > before else 0.1
        self._seconds_a_job = (before or 0.0) * (1 - weight) + seconds * weight

    def _warn_idle(self) -> None:
        if time.monotonic() - self._idle_since > _WARN_S:
            self._idle_since = time.monotonic()
            _log.warning("the Ray cluster has had no free core for %d s", _WARN_S)


@dataclass(slots=True, eq=False)
class _AgentState:
    """The driver's view of one worker."""

    name: str
    handle: Any
    tasks: dict[int, datetime] = field(default_factory=dict)
    ready: bool = False
    idle: bool = False

    def named(self, event: EngineEvent) -> EngineEvent:
        return Started(event.key, self.name) if isinstance(event, Started) else event


class _Agent:
    """The actor: a local engine of one process, driven by messages."""

    def __init__(self, worker_pickle: bytes, limits: Limits) -> None:
        # The process that runs jobs is spawned from this one and must not run Ray's main module again.
        main = sys.modules["__main__"]
        main.__spec__ = None
        with contextlib.suppress(AttributeError):
            del main.__file__
        self._engine = LocalEngine(worker_pickle, 1, limits)
        self._open = 0

    def exchange(self, tasks: list[PickledTask], timeout_s: float) -> list[EngineEvent]:
        """Take tasks, and report once all are done, or after a while."""
        for task in tasks:
            self._engine.submit_pickled(task)
        self._open += len(tasks)
        deadline = time.monotonic() + timeout_s
        report_at = time.monotonic() + _GROUP_S
        events: list[EngineEvent] = []
        while self._open and time.monotonic() < deadline:
            event = self._engine.next_event(min(0.1, timeout_s))
            if event is not None:
                events.append(event)
                self._open -= isinstance(event, Ended)
            if time.monotonic() > report_at and any(isinstance(e, Ended) for e in events):
                break
        return events


def _import_ray() -> Any:
    try:
        import ray
        import ray.exceptions
    except ImportError as error:
        raise MissingExtraError("the engine 'ray'", "ray") from error
    return ray


def _gist(error: BaseException) -> str:
    """The line of Ray's long messages that says what happened."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    return lines[-1] if "creation task" in lines[0] else lines[0]


@contextlib.contextmanager
def _handlers_kept() -> Iterator[None]:
    """Undo what a library does to the signal handlers of the run."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:
                signal.signal(number, handler)
