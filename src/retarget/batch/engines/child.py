"""The life of a local worker process: warm up once, then one job after another, until told to end.

Outcomes go back as framed JSON text, never as pickles: nothing that a worker returns or raises can fail to
arrive. Standard output and error go down a pipe of which the driver keeps the end.
"""

from __future__ import annotations

import ctypes
import faulthandler
import logging
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, TextIO

from retarget.batch.attempt import attempt

__all__ = ["ChildPipes", "FrameReader", "child_main", "resident_bytes", "write_frame"]

_PR_SET_PDEATHSIG = 1  # prctl(2)
_WATCH_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class ChildPipes:
    """The child's ends of its three pipes."""

    jobs: Connection
    results: Connection
    output: Connection


def child_main(pipes: ChildPipes, worker_pickle: bytes, driver: int) -> None:
    """Be a worker process; returns when the driver has no more jobs."""
    _die_with(driver)
    _settle(pipes.output.fileno())
    results = pipes.results.fileno()
    try:
        worker: Any = pickle.loads(worker_pickle)
        warm_up = getattr(worker, "warm_up", None)
        if callable(warm_up):
            with _warnings_sent(results):
                warm_up()
    except BaseException:
        write_frame(results, b"x" + traceback.format_exc().encode("utf-8", "backslashreplace"))
        return
    _flush()
    write_frame(results, b"r%d" % resident_bytes())
    while True:
        try:
            job = pickle.loads(pipes.jobs.recv_bytes())
        except EOFError:
            return
        outcome = attempt(worker, job)
        _flush()
        text = outcome.to_json()
        del outcome, job
        write_frame(results, b"o%d " % resident_bytes() + text)


@contextmanager
def _warnings_sent(results: int) -> Iterator[None]:
    """Let the driver log what is logged here, before there is a job in whose output it could be found."""
    handler, logger = _ToDriver(results), logging.getLogger()
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


class _ToDriver(logging.Handler):
    def __init__(self, results: int) -> None:
        super().__init__(logging.WARNING)
        self._results = results

    def emit(self, record: logging.LogRecord) -> None:
        text = f"{record.name}\n{record.getMessage()}"
        write_frame(self._results, b"l" + text.encode("utf-8", "backslashreplace"))


def write_frame(descriptor: int, payload: bytes) -> None:
    """Write a length and a payload, all of it."""
    data = memoryview(len(payload).to_bytes(8, "little") + payload)
    while data:
        data = data[os.write(descriptor, data) :]


class FrameReader:
    """Collects frames from a non-blocking descriptor: a writer killed mid-frame cannot block the reader."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._data = bytearray()
        self.ended = False

    def frames(self) -> Iterator[bytes]:
        """Read what there is and return the frames that are complete."""
        chunk = read_available(self._descriptor)
        if chunk is None:
            self.ended = True
        else:
            self._data += chunk
        while len(self._data) >= 8:
            end = 8 + int.from_bytes(self._data[:8], "little")
            if len(self._data) < end:
                return
            payload = bytes(self._data[8:end])
            del self._data[:end]
            yield payload


def read_available(descriptor: int, at_most: int = 1 << 20) -> bytes | None:
    """What can be read without waiting: ``b""`` when nothing yet, ``None`` at the end."""
    try:
        return os.read(descriptor, at_most) or None
    except BlockingIOError:
        return b""
    except OSError:
        return None


def resident_bytes(pid: int | None = None) -> int:
    """Resident memory of a process: now on Linux; elsewhere the own peak, and 0 for others."""
    try:
        with open(f"/proc/{pid or 'self'}/statm", "rb") as stream:  # noqa: PTH123 - polled often
            return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        pass
    if pid is not None:
        return 0
    try:
        import resource
    except ImportError:  # pragma: no cover - Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _settle(output: int) -> None:
    """Make this process one that the driver alone ends, with its output in the driver's hands."""
    with suppress(OSError, AttributeError):
        # The terminal's Ctrl-C is for the driver, and jobs' children die with the group.
        os.setpgid(0, 0)
    for name in ("SIGINT", "SIGTERM"):
        # A handler, not SIG_IGN: programs that a job starts must not inherit deafness.
        with suppress(AttributeError, ValueError):
            signal.signal(getattr(signal, name), _ignore)
    with suppress(AttributeError):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
    os.dup2(output, 1)
    os.dup2(output, 2)
    # New streams: the inherited ones may believe that they write to a file that can be sought in.
    sys.stdout, sys.stderr = (_text_stream(descriptor) for descriptor in (1, 2))
    with suppress(AttributeError, ValueError, OSError):
        faulthandler.enable(file=2)  # a segmentation fault leaves its stack in the output


def _text_stream(descriptor: int) -> TextIO:
    return open(descriptor, "w", 1, "utf-8", "backslashreplace", closefd=False)


def _ignore(*_: object) -> None:
    """Do nothing on a signal."""


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()


def _die_with(driver: int) -> None:
    """Never outlive the driver, however busy: by the kernel on Linux, by a watching thread elsewhere."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=_watch, args=(driver,), daemon=True).start()
    if os.getppid() != driver:  # it died before that took hold
        os._exit(1)


def _watch(driver: int) -> None:  # pragma: no cover - not on Linux
    while os.getppid() == driver:
        time.sleep(_WATCH_EVERY_S)
    os._exit(1)
