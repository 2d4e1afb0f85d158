"""Which engine does the jobs of a run, and how it is made once there are any."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass

from retarget.batch.engines.base import Engine, Limits
from retarget.batch.models import BatchWorker

__all__ = ["ENGINES", "EngineChoice", "EngineFactory"]

ENGINES = ("in-process", "local", "ray")

EngineFactory = Callable[[BatchWorker, int, Limits, int], Engine]
"""Makes an engine from worker, number of workers, limits and number of jobs to come."""


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """An engine that has been checked and is not made yet.

    Example:
        >>> EngineChoice("in-process", print, 1, Limits()).in_process
        True
    """

    name: str | EngineFactory
    worker: BatchWorker
    max_workers: int
    limits: Limits

    @property
    def in_process(self) -> bool:
        """Whether jobs run in this process."""
        return self.name == "in-process"

    def __call__(self, expected: int) -> Engine:
        """Make the engine for so many jobs."""
        if callable(self.name):
            return self.name(self.worker, self.max_workers, self.limits, expected)
        if self.name == "in-process":
            from retarget.batch.engines.in_process import InProcessEngine

            return InProcessEngine(self.worker)
        if self.name == "ray":
            from retarget.batch.engines.ray import RayCluster

            return RayCluster()(self.worker, self.max_workers, self.limits, expected)
        from retarget.batch.engines.local import LocalEngine

        pickled = pickle.dumps(self.worker)
        return LocalEngine(pickled, self.max_workers, self.limits, expected=expected)
