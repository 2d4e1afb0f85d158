"""What compiling costs: said once where it begins and as it goes on, and measured, so that rates can leave it out."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

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


_BEAT_S = 30  # between two signs of life


class _Signs:
    """Says that compiling begins, once in a process, and every half minute that it goes on.

    Words are the same in all processes, so that a batch tells those of its workers once.
    """

    def __init__(self, beat_s: float = _BEAT_S) -> None:
        self._beat_s = beat_s
        self._lock = threading.Lock()
        self._at_work = 0  # kernels that are compiled or waited for
        self._begun = self._watched = False

    def begin(self) -> None:
        """A kernel is compiled, or waited for, from here on."""
        with self._lock:
            self._at_work += 1
            first, self._begun = not self._begun, True
            watch, self._watched = not self._watched, True
        if first:
            _log.warning(
                "compiling what has not been compiled on this machine yet, once: "
                "up to half a minute on idle cores, minutes on busy ones"
            )
        if watch:
            threading.Thread(target=self._watch, name="retarget-compiling", daemon=True).start()

    def end(self) -> None:
        """It is there, or could not be compiled."""
        with self._lock:
            self._at_work -= 1

    def _watch(self) -> None:
        waited = 0.0
        while True:
            time.sleep(self._beat_s)
            with self._lock:
                if not self._at_work:
                    self._watched = False
                    return
            waited += self._beat_s
            _log.warning("still compiling after %.0f s", waited)


_signs = _Signs()


def begin_compiling() -> None:
    """Called where a kernel is about to be compiled."""
    _signs.begin()
    for measured in _watching.get():
        measured.begin()


def end_compiling() -> None:
    """Called where it has been, or could not be."""
    _signs.end()
    for measured in _watching.get():
        measured.end()
