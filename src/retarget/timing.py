"""Seconds that stages of a job take."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

__all__ = ["timed"]

_T = TypeVar("_T")


def timed(seconds: dict[str, float], stage: str, work: Callable[[], _T]) -> _T:
    """Do some work and add its wall-clock seconds under the stage's name."""
    started = time.perf_counter()
    done = work()
    seconds[stage] = seconds.get(stage, 0.0) + time.perf_counter() - started
    return done
