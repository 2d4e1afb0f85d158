"""Standard output and error as commands need them: there, able to print any name, and with the library's log lines."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from retarget.cli.support.common import say

__all__ = ["flush", "forget_output", "log_lines", "prepare"]


def prepare() -> None:
    """Make sure that there are streams, and that names which the terminal's encoding cannot show are escaped."""
    if sys.stdout is None or sys.stderr is None:
        _open_missing()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _open_missing() -> None:
    """Give a process that was started without standard output or error one that leads nowhere.

    The numbers 0 to 2 are taken first: a result must not get one of them, as other libraries print there.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def flush() -> None:
    """Write what was printed.

    Raises:
        OSError: It cannot be written, as on a full disk.
    """
    if sys.stdout is not None:
        sys.stdout.flush()


def forget_output() -> None:
    """Print no more: what is left could not be written either, and Python would complain at its end."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Lines(logging.Handler):
    """Says what the library logs, as a line for people; that compiling goes on is told of all processes together."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._of_compiling: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        from retarget.batch.events import JOB_LOG
        from retarget.compiled.waiting import COMPILE_LOG

        if record.name == COMPILE_LOG:
            said = record.getMessage()
            if said not in self._of_compiling:
                self._of_compiling.add(said)
                say(said)
        elif record.name != JOB_LOG:  # the display of a batch tells of its jobs
            say(f"{record.levelname.lower()}: {record.getMessage()}")


@contextmanager
def log_lines() -> Iterator[None]:
    """Show the library's warnings as lines on standard error while a command runs."""
    handler = _Lines()
    logger = logging.getLogger("retarget")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
