"""What must hold before the first job is touched."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import stat
import sys
from pathlib import Path
from typing import Any

from retarget.batch.arguments import check_count
from retarget.batch.journal import journal_path
from retarget.batch.lock import lock_path
from retarget.batch.models import BatchJob
from retarget.batch.plain import printable
from retarget.errors import BatchError, OutputError

__all__ = [
    "UNGUARDED",
    "Inputs",
    "PathResolver",
    "check_folder_writable",
    "check_jobs",
    "check_main",
    "check_max_workers",
    "check_picklable",
]


def check_max_workers(max_workers: object) -> int:
    """A number of workers, or why it is none.

    Raises:
        OptionsError: Not an int of at least 1.
    """
    check_count("max_workers", max_workers, least=1, may_be_none=False)
    assert isinstance(max_workers, int)
    return max_workers


class PathResolver:
    """Real paths of many files in few folders: each folder is resolved once.

    Example:
        >>> PathResolver().resolve(Path("out/../out/walk.npz")).endswith("out/walk.npz")
        True
    """

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}

    def resolve(self, path: Path) -> str:
        """The real path; text that no file can have stays as it is."""
        return self.look_up(path)[0]

    def look_up(self, path: Path) -> tuple[str, os.stat_result | None]:
        """The real path and, if there is a file, its status."""
        text = os.fspath(path)
        try:
            folder, name = os.path.split(text)
            if name in {"", ".", ".."}:
                folder, name = os.path.split(os.path.realpath(text))
            real = self._folders.get(folder)
            if real is None:
                real = self._folders[folder] = os.path.realpath(folder)
            joined = f"{real}{os.sep}{name}" if not real.endswith(os.sep) else real + name
            try:
                found = os.lstat(joined)
            except OSError:
                return joined, None
            if stat.S_ISLNK(found.st_mode):
                return os.path.realpath(joined), _status(joined)
            return joined, found
        except (OSError, ValueError):
            return text, None


def _status(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)  # noqa: PTH116
    except OSError:
        return None


class Inputs:
    """The files that must survive the batch: by real path, and by device and inode."""

    def __init__(self, resolver: PathResolver) -> None:
        self._resolver = resolver
        self._paths: set[str] = set()
        self._inodes: set[tuple[int, int]] = set()

    def add(self, path: Path) -> str:
        """Protect a file; returns its real path."""
        real, found = self._resolver.look_up(path)
        self._paths.add(real)
        if found is not None:
            self._inodes.add((found.st_dev, found.st_ino))
        return real

    def hold(self, output: Path) -> bool:
        """Whether writing to this path could touch an input, through links too."""
        real, found = self._resolver.look_up(output)
        if found is not None and (found.st_dev, found.st_ino) in self._inodes:
            return True
        return real in self._paths


def check_jobs(jobs: list[Any], manifest_path: Path) -> Inputs:
    """Check that the jobs are jobs, distinct, and get in the way of neither each other nor an input.

    Raises:
        BatchError: They are not; the message names the first offender.
        OutputError: An output is an input, or the manifest.
    """
    resolver = PathResolver()
    inputs = Inputs(resolver)
    own = {
        str(path) for path in (manifest_path, journal_path(manifest_path), lock_path(manifest_path))
    }
    ids: set[str] = set()
    writers: dict[str, str] = {}
    for job in jobs:
        if not isinstance(job, BatchJob):
            raise BatchError(f"jobs must be BatchJob objects, not {type(job).__name__}")
        if job.id in ids:
            raise BatchError(f"two jobs have the id {job.id!r}; give each its own")
        ids.add(job.id)
        output = resolver.resolve(job.output)
        other = writers.setdefault(output, job.id)
        if other != job.id:
            raise BatchError(
                f"jobs {other!r} and {job.id!r} would both write {printable(str(job.output))}; "
                "give each its own output"
            )
        files = [output, *(inputs.add(path) for path in (job.motion, job.config_path) if path)]
        for path in own.intersection(files):
            raise OutputError(
                f"{path}: belongs to the batch and is also a file of job {job.id!r}; "
                "choose another manifest path"
            )
    for job in jobs:
        if inputs.hold(job.output):
            raise refusal(job)
    return inputs


def refusal(job: BatchJob) -> OutputError:
    """The error for an output that is an input."""
    return OutputError(
        f"{printable(str(job.output))}: the output of job {job.id!r} is, or links to, an input of this "
        "batch; nothing was touched; choose another output"
    )


def check_folder_writable(folder: Path) -> None:
    """Make a folder if need be, and check that files can be written there.

    Raises:
        OutputError: They cannot.
    """
    probe = folder / f".probe-{os.getpid()}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OutputError(
            f"{printable(str(folder))}: cannot be written ({error.strerror}); choose a writable folder"
        ) from error


UNGUARDED = 86
"""Exit status of a worker process that has begun the batch anew, because the calling script is not guarded."""


def check_main() -> None:
    """Check that worker processes can import the program that starts them, as they do before anything else.

    Raises:
        BatchError: It was read from standard input.
        SystemExit: This is such a process, and the program starts its batch when it is imported.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise SystemExit(UNGUARDED)
    main = sys.modules.get("__main__")
    file = getattr(main, "__file__", None)
    if getattr(main, "__spec__", None) is None and file and not os.path.exists(file):  # noqa: PTH110
        raise BatchError(
            f"worker processes cannot import a program from {file}; save it as a file, "
            "or run with max_workers=1 in this process"
        )


def check_picklable(worker: Any) -> None:
    """Check that a worker can be sent to another process, and say which part of it cannot.

    Raises:
        BatchError: It cannot.
    """
    main = sys.modules.get("__main__")
    typed = getattr(worker, "__module__", "") == "__main__" and not hasattr(main, "__file__")
    if typed and getattr(main, "__spec__", None) is None:
        raise BatchError(
            f"the worker {getattr(worker, '__qualname__', type(worker).__name__)} was typed in an interactive "
            "session, which worker processes cannot import; put it into a module, "
            "or run with max_workers=1 in this process"
        )
    try:
        pickle.dumps(worker)
    except Exception as error:
        part = _unpicklable_part(worker)
        raise BatchError(
            f"the worker cannot be sent to other processes: {part} cannot be pickled "
            f"({type(error).__name__}: {error}); define it at the top level of a module, "
            "or run with max_workers=1 in this process"
        ) from error


def _unpicklable_part(worker: Any) -> str:
    """The innermost attribute that cannot be pickled."""
    name, value = type(worker).__name__, worker
    function = getattr(worker, "__qualname__", None)
    if function is not None:
        return f"the function {function}"
    for _ in range(10):
        for attribute, inner in _parts(value):
            try:
                pickle.dumps(inner)
            except Exception:
                name, value = f"{name}{attribute}", inner
                break
        else:
            break
    return f"its attribute {name}" if value is not worker else name


def _parts(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [(f"[{key!r}]", inner) for key, inner in value.items()]
    if isinstance(value, (list, tuple)):
        return [(f"[{number}]", inner) for number, inner in enumerate(value)]
    named = dict(getattr(value, "__dict__", {}))
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for slot in [slots] if isinstance(slots, str) else slots:
            if hasattr(value, slot):
                named[slot] = getattr(value, slot)
    return [(f".{attribute}", inner) for attribute, inner in named.items()]
