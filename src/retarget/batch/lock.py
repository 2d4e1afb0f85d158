"""One run at a time per manifest, also across hosts, and no lock outlives its run for long.

On one host the kernel's file lock decides: it vanishes with its process, however that ended. A shared file
system may not carry such locks between hosts, so the file also says who holds it and is touched every few
seconds; one that another host has not touched for :data:`STALE_AFTER_S` is taken to be left by a dead run.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retarget.errors import BatchError, OutputError

if sys.platform != "win32":
    import fcntl

__all__ = ["STALE_AFTER_S", "TOUCH_EVERY_S", "LockOwner", "ManifestLock", "lock_owner", "lock_path"]

TOUCH_EVERY_S = 10.0
STALE_AFTER_S = 120.0


def lock_path(manifest_path: Path) -> Path:
    """Where the lock of a manifest lies."""
    return manifest_path.with_name(manifest_path.name + ".lock")


@dataclass(frozen=True, slots=True)
class LockOwner:
    """Who holds a lock: what the lock file says."""

    host: str
    pid: int
    since: str
    process_start: str = ""

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, since {self.since}"


class ManifestLock:
    """The right to change one manifest, held until closed.

    Example:
        >>> with ManifestLock.acquire(Path("batch_manifest.json")):  # doctest: +SKIP
        ...     ...  # a second run that tries now ends with a BatchError
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor
        self._touched = time.monotonic()

    @classmethod
    def acquire(cls, manifest_path: Path) -> ManifestLock:
        """Take the lock, also one left behind by a dead run.

        Raises:
            BatchError: Another run holds it; the message says which.
            OutputError: The lock file cannot be written.
        """
        path = lock_path(manifest_path)
        while True:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            except OSError as error:
                raise OutputError(
                    f"{path}: cannot be written ({error.strerror}); choose a writable folder for the manifest"
                ) from error
            try:
                if _take(descriptor, path, manifest_path):
                    return cls(path, descriptor)
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)  # it was released and removed in between: try again

    def __enter__(self) -> ManifestLock:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def touch(self) -> None:
        """Say that this run is alive; cheap enough to be called often."""
        if time.monotonic() - self._touched < TOUCH_EVERY_S:
            return
        self._touched = time.monotonic()
        with contextlib.suppress(OSError):
            os.utime(self._descriptor)

    def release(self) -> None:
        """Give the lock back and remove its file."""
        if self._descriptor < 0:
            return
        with contextlib.suppress(OSError):
            self._path.unlink()
        os.close(self._descriptor)
        self._descriptor = -1


def lock_owner(manifest_path: Path) -> LockOwner | None:
    """The live run that holds a manifest, or ``None``; changes nothing."""
    path = lock_path(manifest_path)
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        owner = _read_owner(descriptor)
        if _flock(descriptor, shared=True) is False:
            return owner or LockOwner("an unknown host", 0, "an unknown time")
        return owner if owner and _alive_elsewhere(owner, descriptor, path) else None
    finally:
        os.close(descriptor)


def _take(descriptor: int, path: Path, manifest_path: Path) -> bool:
    """Lock an open lock file; ``False`` when the file is no longer the one at ``path``."""
    granted = _flock(descriptor)
    owner = _read_owner(descriptor)
    if granted is False:
        raise _busy(manifest_path, owner)
    if not _is_still_at(descriptor, path):
        return False
    if owner and (
        _alive_elsewhere(owner, descriptor, path)
        or (granted is None and owner.host == socket.gethostname() and _alive_here(owner))
    ):
        raise _busy(manifest_path, owner)
    me: dict[str, Any] = {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "since": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "process_start": _process_start(os.getpid()),
    }
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(me).encode(), 0)
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror}); make space and start the batch again"
        ) from error
    return True


def _flock(descriptor: int, *, shared: bool = False) -> bool | None:
    """Try the kernel's lock: granted, refused, or ``None`` where there is none to be had."""
    if sys.platform == "win32":  # the owner recorded in the file decides alone
        return None
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in {errno.EAGAIN, errno.EACCES}:
            return False
        return None
    return True


def _is_still_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False


def _read_owner(descriptor: int) -> LockOwner | None:
    try:
        said = json.loads(os.pread(descriptor, 4096, 0))
        return LockOwner(
            str(said["host"]),
            int(said["pid"]),
            str(said["since"]),
            str(said.get("process_start", "")),
        )
    except (
        OSError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        OverflowError,
        RecursionError,
    ):
        return None


def _alive_elsewhere(owner: LockOwner, descriptor: int, path: Path) -> bool:
    """Whether another host holds the lock and has shown itself lately, by the file system's own clock."""
    if owner.host == socket.gethostname():
        return False
    return _file_system_time(path.parent) - os.fstat(descriptor).st_mtime < STALE_AFTER_S


def _file_system_time(folder: Path) -> float:
    """The present by the clock that stamps files there: hosts' clocks differ."""
    probe = folder / f".clock-{os.getpid()}-{time.monotonic_ns()}.tmp"
    try:
        probe.touch()
        return probe.stat().st_mtime
    except OSError:
        return time.time()
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()


def _alive_here(owner: LockOwner) -> bool:
    try:
        os.kill(owner.pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    # A recycled process id started at another time.
    start = _process_start(owner.pid)
    return not (start and owner.process_start and start != owner.process_start)


def _process_start(pid: int) -> str:
    """The kernel's start time of a process in clock ticks since boot (proc(5), field 22), where known."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
        return stat.rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _busy(manifest_path: Path, owner: LockOwner | None) -> BatchError:
    who = str(owner) if owner else "a run that has just started"
    return BatchError(
        f"{manifest_path}: another run is using this manifest ({who}); "
        "wait for it, stop it, or use another manifest"
    )
