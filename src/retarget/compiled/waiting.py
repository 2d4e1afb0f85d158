"""What compiling costs: said once where it begins, and measured, so that rates can leave it out."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

__all__ = ["COMPILE_LOG", "CompileTime", "begin_compiling", "compile_time", "end_compiling"]

COMPILE_LOG = "retarget.compiled"
"""Name of the logger that says that compiling begins."""

_log = logging.getLogger(COMPILE_LOG)


class CompileTime:
    """Seconds that were spent compiling, or waiting for another process that compiles.

    Attributes:
        seconds: Wall-clock time so far.

    Example:
        >>> with compile_time() as compiling:
        ...     pass
        >>> compiling.seconds
        0.0
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._depth = 0  # kernels compile those that they call
        self._began = 0.0

    def begin(self) -> None:
        """A kernel is compiled from here on."""
        if self._depth == 0:
            self._began = time.perf_counter()
        self._depth += 1

    def end(self) -> None:
        """It is there."""
        self._depth -= 1
        if self._depth == 0:
            self.seconds += time.perf_counter() - self._began


_watching: ContextVar[tuple[CompileTime, ...]] = ContextVar("watching", default=())


@contextmanager
def compile_time() -> Iterator[CompileTime]:
    """Measure what compiling costs in a block, in this thread."""
    measured = CompileTime()
    token = _watching.set((*_watching.get(), measured))
    try:
        yield measured
    finally:
        _watching.reset(token)


def begin_compiling() -> None:
    """Called where a kernel is about to be compiled."""
    _say_once()
    for measured in _watching.get():
        measured.begin()


def end_compiling() -> None:
    """Called where it has been, or could not be."""
    for measured in _watching.get():
        measured.end()


@cache
def _say_once() -> None:
    _log.warning(
        "compiling for this machine, once: up to a minute where nothing has been compiled yet"
    )
