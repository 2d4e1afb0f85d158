"""Whole-or-nothing files, content hashes, and which paths are the same file."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from retarget.errors import OutputError

__all__ = [
    "atomic_path",
    "atomic_write",
    "check_writable",
    "remove_temporaries",
    "same_file",
    "sha256_of",
    "split_which",
    "write_bytes",
    "write_text",
]

_BUFFER = 1 << 18  # bytes: a short clip's result is written at once


@contextlib.contextmanager
def atomic_write(path: str | Path) -> Iterator[IO[bytes]]:
    """Open a binary file that appears at ``path`` whole when the block ends, or not at all.

    The bytes go to a temporary file in the same folder, are synced to disk and renamed over ``path``; then
    the folder is synced, so that the rename survives a power cut. Missing parent folders are made.

    Raises:
        OutputError: The folder cannot be made or written, the disk is full, or a device or folder lies there;
            ``path`` is untouched.
    """
    path = Path(path)
    _refuse_other_kinds(path)
    temporary = path.with_name(f".{path.name[:80]}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            with os.fdopen(descriptor, "wb", _BUFFER) as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from error


def check_writable(path: str | Path, *, folder: bool = False) -> None:
    """Check that a file can be written, as far as that can be told beforehand; nothing is left behind.

    Missing parent folders are not made: the nearest one that exists is tried.

    Args:
        path: The file.
        folder: It is a folder that files are to be written into.

    Raises:
        OutputError: It cannot.
    """
    path = Path(path)
    if not folder:
        _refuse_other_kinds(path)
    try:
        with contextlib.suppress(FileNotFoundError):
            path.lstat()  # finds names that are too long, and folders that may not be searched
        near = path if folder else path.parent
        while not os.path.lexists(near) and near != near.parent:
            near = near.parent
        probe = near / f".probe-{os.getpid()}-{secrets.token_hex(4)}.tmp"
        probe.touch(exist_ok=False)
        probe.unlink()
    except OSError as error:
        raise _unwritable(path, error) from error


def _refuse_other_kinds(path: Path) -> None:
    """What is not a file would be replaced by one: a device too, by whoever may."""
    if os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113 - never raise
        kind = "a folder" if path.is_dir() else "a device or a pipe"
        raise OutputError(f"{path}: cannot be written (it is {kind}); give the name of a file")


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path}: cannot be written ({error.strerror or error}); "
        "check that the folder exists, is writable and has space"
    )


@contextlib.contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """A path for a file or folder that takes its place at ``path`` whole when the block ends, or not at all.

    The path given has the same name, in a temporary folder beside; so what is made can be opened and checked by its
    name before anybody sees it. A file or folder that is at ``path`` is replaced.

    Raises:
        OutputError: The folder cannot be made or written, or the disk is full; ``path`` is untouched.
    """
    path = Path(path)
    holder = path.with_name(f".{path.name[:80]}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        holder.mkdir()
        try:
            made = holder / path.name
            yield made
            for file in [made, *made.rglob("*")] if made.is_dir() else [made]:
                _sync_file(file)
            if path.is_dir():
                path.replace(holder / "replaced")
            made.replace(path)
        finally:
            shutil.rmtree(holder, ignore_errors=True)
        _sync_folder(path.parent)
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror or error}); "
            "check that the folder exists, is writable and has space"
        ) from error


def _sync_file(path: Path) -> None:
    if path.is_dir():
        _sync_folder(path)
        return
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def remove_temporaries(path: str | Path) -> None:
    """Remove what writers of ``path`` that were killed have left beside it; only when nobody writes it now."""
    path = Path(path)
    name = re.compile(re.escape(f".{path.name[:80]}.") + r"\d+-[0-9a-f]{8}\.tmp")
    with contextlib.suppress(OSError, ValueError):
        for left in path.parent.iterdir():
            if name.fullmatch(left.name):
                shutil.rmtree(left) if left.is_dir() else left.unlink()


def write_bytes(path: str | Path, data: bytes) -> None:
    """Write ``data`` to ``path`` atomically; see :func:`atomic_write`."""
    with atomic_write(path) as stream:
        stream.write(data)


def write_text(path: str | Path, text: str) -> None:
    """Write ``text`` as UTF-8 to ``path`` atomically; see :func:`atomic_write`."""
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def sha256_of(path: str | Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal.

    Raises:
        OSError: It cannot be read, or is not a file: a pipe would be waited for without end.
    """
    if not Path(path).is_file():
        found = errno.ENOENT if not os.path.lexists(path) else errno.EINVAL
        raise OSError(found, os.strerror(found), str(path))
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def same_file(first: str | Path, second: str | Path) -> bool:
    """Whether two paths name one file, through symlinks, hard links and ``..``; both may be missing."""
    try:
        return Path(first).samefile(second)
    except OSError:
        return os.path.realpath(first) == os.path.realpath(second)


def _sync_folder(folder: Path) -> None:
    """Make a rename durable; a no-op where folders cannot be opened (Windows, some network mounts)."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def split_which(path: str | Path) -> tuple[Path, str | None]:
    """A file and which of the persons in it is meant: ``walk.pkl#2`` is the second one in ``walk.pkl``.

    A file whose name holds a ``#`` goes before. Where no such file exists the path is returned as it is.

    Example:
        >>> split_which("no_such_file.pkl#2")
        (PosixPath('no_such_file.pkl#2'), None)
    """
    whole = Path(path)
    name, mark, which = str(path).rpartition("#")
    if not mark or not which or whole.exists() or not Path(name).is_file():
        return whole, None
    return Path(name), which
