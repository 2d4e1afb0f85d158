"""One attempt at one job, in whatever process: run the worker and say what came of it.

Nothing that a worker does short of ending its process gets past :func:`attempt`, and what it returns holds
plain values only, so that it can cross any boundary as JSON.
"""

from __future__ import annotations

import json
import os
import time
import traceback as traceback_module
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from retarget.batch.models import BatchJob, BatchWorker, utc_now
from retarget.batch.plain import printable, to_plain
from retarget.errors import OutputError

__all__ = ["Outcome", "attempt", "died"]

_MAX_MESSAGE = 4_000  # characters
_MAX_TRACEBACK = 64_000
_CLOCK_TICK_NS = 50_000_000  # file systems stamp files with a clock this coarse, or finer


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt.

    Attributes:
        succeeded: Whether the worker returned and its output is there.
        started_at: ISO 8601 time in UTC.
        finished_at: ISO 8601 time in UTC.
        provenance: What the worker returned, as plain JSON.
        message: One line on the failure; empty on success.
        error_type: Name of the exception's class, or of the kind of death.
        error_kinds: ``error_type`` and the names of its base classes: what retrying is chosen by.
        traceback: The exception's traceback.
        output_tail: The end of what the job printed, where it was caught.
        killed_worker: The job ended the process it ran in.
        interrupted: The job was stopped with the run, through no fault of its own.
        lost: The machine under the job went away, through no fault of the job.
    """

    succeeded: bool
    started_at: str
    finished_at: str
    provenance: dict[str, Any] = field(default_factory=dict)
    message: str = ""
    error_type: str | None = None
    error_kinds: tuple[str, ...] = ()
    traceback: str = ""
    output_tail: str = ""
    killed_worker: bool = False
    interrupted: bool = False
    lost: bool = False

    def to_json(self) -> bytes:
        """As JSON text."""
        return json.dumps(asdict(self), separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, text: bytes) -> Outcome:
        """From what :meth:`to_json` wrote."""
        said = json.loads(text)
        return cls(**{**said, "error_kinds": tuple(said["error_kinds"])})


def attempt(worker: BatchWorker, job: BatchJob) -> Outcome:
    """Run a worker on a job and judge the result; raises nothing.

    A worker that returns without having written its output has failed, also where an older output lies.
    A ``KeyboardInterrupt`` is told apart as :attr:`Outcome.interrupted`.
    """
    started = utc_now()
    try:
        with _same_folder():
            before = _stamp(job.output)
            if before is None:
                os.makedirs(os.path.dirname(job.output) or ".", exist_ok=True)  # noqa: PTH103, PTH120
            returned = worker(job)
        if returned is not None and not isinstance(returned, Mapping):
            raise TypeError(
                f"the worker returned {type(returned).__name__}; it must return a mapping or None"
            )
        if not _was_written(job.output, before, started):
            raise OutputError(f"{printable(str(job.output))}: the worker wrote no output")
        provenance = to_plain(returned) if returned else {}
    except BaseException as error:
        return _failure(error, started)
    return Outcome(True, started.isoformat(), utc_now().isoformat(), provenance)


def died(
    started: datetime, error_type: str, message: str, *, kinds: tuple[str, ...] = (), **what: Any
) -> Outcome:
    """The outcome of an attempt that left no exception behind."""
    return Outcome(
        False,
        started.isoformat(),
        utc_now().isoformat(),
        message=message,
        error_type=error_type,
        error_kinds=(error_type, *kinds),
        **what,
    )


@contextmanager
def _same_folder() -> Iterator[None]:
    """Return to the working directory that the block began in."""
    folder = _working_folder()
    try:
        yield
    finally:
        if folder is not None and _working_folder() != folder:
            with suppress(OSError):
                os.chdir(folder)


def _working_folder() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109 - Path.cwd() is the same, slower
    except OSError:  # it has been removed
        return None


_Stamp = tuple[int, int, int, int, int]


def _stamp(output: Path) -> _Stamp | None:
    """What tells one version of a file from the next."""
    try:
        s = os.stat(output)  # noqa: PTH116 - Path.stat() takes twice as long
    except FileNotFoundError:
        return None
    return s.st_dev, s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns


def _was_written(output: Path, before: _Stamp | None, started: datetime) -> bool:
    after = _stamp(output)
    if after is None or after != before:
        return after is not None
    # Rewritten in place within one tick of the file system's clock, it looks as it did: do not accuse.
    return time.time_ns() - after[3] < _CLOCK_TICK_NS or output.is_dir()


def _failure(error: BaseException, started: datetime) -> Outcome:
    return Outcome(
        False,
        started.isoformat(),
        utc_now().isoformat(),
        message=_message(error),
        error_type=type(error).__name__,
        error_kinds=tuple(kind.__name__ for kind in type(error).__mro__),
        traceback=_traceback(error),
        interrupted=isinstance(error, KeyboardInterrupt),
    )


def _message(error: BaseException) -> str:
    try:
        text = printable(str(error))
    except BaseException:
        return f"{type(error).__name__} (its text cannot be printed)"
    return text[:_MAX_MESSAGE] or type(error).__name__


def _traceback(error: BaseException) -> str:
    try:
        text = "".join(traceback_module.format_exception(error))
    except BaseException as trouble:
        return f"(the traceback cannot be printed: {type(trouble).__name__})"
    return printable(text)[-_MAX_TRACEBACK:]
