"""Numba's cache of machine code, shared by processes: one compiles a kernel, the others wait for it and load it.

A cache may fail without stopping a run. What it holds for a kernel is forgotten once a module has changed that the
kernel's module imports, directly or not: Numba itself looks only at the module of the kernel.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import pickle
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from retarget.compiled.waiting import begin_compiling, end_compiling

try:
    import fcntl
except ImportError:  # without file locks every process compiles for itself
    fcntl = None  # type: ignore[assignment]

__all__ = ["alone_ahead", "forget_sources", "is_cached", "share_cache", "sources"]

_log = logging.getLogger(__name__)
_PACKAGE = Path(__file__).parents[1]  # all of retarget


def is_cached(kernel: Any) -> bool:
    """Whether machine code of the kernel as it is now lies on disk; also where there is no place for it."""
    file = getattr(getattr(kernel, "_cache", None), "_cache_file", None)
    if file is None:
        return True
    with contextlib.suppress(OSError, AttributeError, ImportError, EOFError, pickle.PickleError):
        return bool(file._load_index())
    return False


@contextmanager
def alone_ahead(kernel: Any) -> Iterator[bool]:
    """Whether no other process has a kernel compiled ahead, which this one may then do as long as this lasts."""
    path = _lock_path(kernel, "ahead")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError:
        yield False  # nowhere to leave the machine code either
        return
    alone = False  # without file locks what is compiled ahead could not be waited for
    try:
        with contextlib.suppress(OSError, AttributeError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            alone = True
        yield alone
    finally:
        os.close(descriptor)


def _lock_path(kernel: Any, what: str) -> Path:
    cache = kernel._cache
    return Path(cache.cache_path) / f"{cache._impl.filename_base}.{what}"


@cache
def sources(module: Path) -> str:
    """A digest of a module and of every module of this package that it imports, directly or not.

    Args:
        module: File of a module of the package.
    """
    digest = hashlib.blake2b(digest_size=16)
    reached: set[Path] = set()
    ahead = [module]
    while ahead:
        path = ahead.pop()
        if path not in reached:
            reached.add(path)
            ahead.extend(_read(path).imports)
    for path in sorted(reached):
        digest.update(_read(path).digest)
    return digest.hexdigest()


class _Read(NamedTuple):
    digest: bytes
    imports: tuple[Path, ...]


_IMPORT = re.compile(rb"^from (retarget(?:\.\w+)*) import (\([^)]*\)|[^\n#]*)", re.MULTILINE)


@cache
def _read(path: Path) -> _Read:
    """A module's digest, and the modules whose values its top level takes; those for type checkers alone are none."""
    text = path.read_bytes()
    imports: list[Path] = []
    for module, names in _IMPORT.findall(text):
        place = _PACKAGE.joinpath(*module.decode().split(".")[1:])
        if not place.is_dir():
            imports.append(place.with_suffix(".py"))
            continue
        for name in re.findall(rb"\w+", names):  # a name of a package is a module in it, or its own
            own = place / f"{name.decode()}.py"
            imports.append(own if own.exists() else place / "__init__.py")
    return _Read(hashlib.blake2b(text, digest_size=16).digest(), tuple(imports))


def forget_sources() -> None:
    """Read modules anew: for those who change some while a process runs."""
    sources.cache_clear()
    _read.cache_clear()


def share_cache(kernel: Any) -> None:
    """Let a kernel's cache fail in peace, and its compilation be done by one process at a time.

    A cache that cannot be written, or that an earlier version wrote and names what is gone, stops nothing.
    """
    cache = getattr(kernel, "_cache", None)
    if cache is None:
        return
    cache._cache_file._source_stamp = (
        cache._cache_file._source_stamp,
        sources(Path(kernel.py_func.__code__.co_filename)),
    )
    save, load, compile_kernel = cache.save_overload, cache.load_overload, kernel._compiler.compile
    turn = _Turn(_lock_path(kernel, "lock"))

    def load_forgiving(*arguments: Any) -> Any:
        try:
            return load(*arguments)
        except (AttributeError, ImportError, EOFError, pickle.UnpicklingError) as error:
            # Numba unpickles an index whole before it looks whether the source has changed.
            _log.debug("compiled code of %s forgotten: %s", kernel, error)
            with contextlib.suppress(OSError):
                cache.flush()
            return None

    def load_or_take_turn(*arguments: Any) -> Any:
        found = load_forgiving(*arguments)
        if found is not None:
            return found
        turn.take()
        found = load_forgiving(*arguments)  # another process may have compiled it meanwhile
        if found is not None:
            turn.leave()
        return found

    def compile_or_leave(*arguments: Any) -> Any:
        try:
            return compile_kernel(*arguments)
        except BaseException:
            turn.leave()
            raise

    def save_and_leave(*arguments: Any) -> None:
        try:
            save(*arguments)
        except OSError as error:
            _log.debug("compiled code of %s not cached: %s", kernel, error)
        finally:
            turn.leave()

    cache.load_overload = load_or_take_turn
    cache.save_overload = save_and_leave
    kernel._compiler.compile = compile_or_leave


class _Turn:
    """A file lock that a process takes to compile a kernel; the system takes it back from a process that dies.

    Kernels wait for those that they call, which never wait for them.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1
        self._taken = 0  # a kernel is compiled for other types within its own turn

    def take(self) -> None:
        """Wait until no other process has it; without a lock where the file system knows none."""
        begin_compiling()
        self._taken += 1
        if self._taken > 1 or fcntl is None:
            return
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def leave(self) -> None:
        """Let the next process have it."""
        end_compiling()
        self._taken -= 1
        if self._taken == 0 and self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
