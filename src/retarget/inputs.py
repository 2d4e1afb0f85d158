"""Files that come from outside: sizes are looked at before memory is taken, and whatever goes wrong becomes one line.

Every reader and loader works within `understanding`: an exception that nobody has foreseen is an error about the file,
not a traceback.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Final

from retarget.errors import FileFormatError, MissingFileError, RetargetError
from retarget.wording import shortened, shown

__all__ = [
    "MOST_BYTES",
    "binary_size",
    "complaint",
    "open_input",
    "read_bytes",
    "read_toml",
    "understanding",
]

MOST_BYTES: Final = 2**30
"""What one file may take, in bytes: a BVH of 16 hours at 30 frames a second, or a result of 11."""

_PIECE: Final = 2**20  # bytes of a stream that are read at once
_MOST_TOML: Final = 2**24  # bytes of settings
_MOST_WORDS: Final = 200  # characters of a foreign exception's text that are quoted
_STREAMS: Final = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")  # what a shell pipes in


@contextlib.contextmanager
def understanding(path: str | Path, what: str, remedy: str) -> Iterator[None]:
    """Turn any exception but ours into one about a file.

    Args:
        path: The file.
        what: What it should hold, as in "is torn, or no motion".
        remedy: What to do.

    Raises:
        FileFormatError: In place of what was raised within, which is its cause.

    Example:
        >>> with understanding("walk.npz", "archive", "copy it again"):
        ...     raise KeyError("fps")
        Traceback (most recent call last):
        ...
        retarget.errors.FileFormatError: walk.npz: is torn, or no archive (KeyError: 'fps'); copy it again
    """
    try:
        yield
    except RetargetError:
        raise
    except MemoryError as error:
        cause = f"takes more memory than there is, as {what}"
        raise FileFormatError(path, cause, "cut it into parts") from error
    except RecursionError as error:
        cause = f"is nested too deep to be read as {what}"
        raise FileFormatError(path, cause, remedy) from error
    except Exception as error:
        cause = f"is torn, or no {what} ({_in_words(error)})"
        raise FileFormatError(path, cause, remedy) from error


def _in_words(error: Exception) -> str:
    """An exception on one line of some length, without another library's advice, which is not about our commands."""
    text = " ".join(str(error).split()).partition(". ")[0]
    text = shown(shortened(text, _MOST_WORDS))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def complaint(said: Mapping[str, Any], known: str) -> str:
    """One of pydantic's complaints about what a file says, with its place, in words of ours.

    Args:
        said: One of ``ValidationError.errors()``.
        known: What to do about a key that there is not.

    Example:
        >>> complaint({"loc": ("sizes", "crate", 0), "type": "x", "msg": "Input should be a finite number"}, "")
        'sizes.crate.0: must be a finite number'
    """
    place = ".".join(shortened(str(part)) for part in said["loc"])
    text = shortened(said["msg"].removeprefix("Value error, "), 200)
    if said["type"] == "extra_forbidden":
        text = f"there is no such key; {known}"
    elif said["type"] == "missing":
        text = "is missing"
    return f"{place}{': ' if place else ''}{text.replace('Input should be', 'must be')}"


@contextlib.contextmanager
def open_input(
    path: str | Path, remedy: str, *, most: int = MOST_BYTES, empty: bool = False
) -> Iterator[IO[bytes]]:
    """Open a file of at most some size; pipes and devices, which have no end, are refused.

    What a shell pipes in (``/dev/stdin``, ``/dev/fd/63``) can be read.

    Args:
        path: The file.
        remedy: What to give instead of what is missing, a folder or no file.
        most: Bytes that it may have.
        empty: Whether it may have none.

    Raises:
        FileFormatError: It cannot be opened, is larger, or is no file.
    """
    path = Path(path)
    piped = str(path).startswith(_STREAMS)
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise FileFormatError(path, "is a folder", remedy)
        if not (stat.S_ISREG(status.st_mode) or piped):
            raise FileFormatError(path, "is not a file but a pipe or a device", remedy)
        if status.st_size > most:
            cause = (
                f"has {binary_size(status.st_size)}; files of up to {binary_size(most)} are read"
            )
            raise FileFormatError(path, cause, "cut it into parts")
        if not (status.st_size or empty or piped):
            raise FileFormatError(path, "is empty", "export or copy it again")
        # Should it have become a pipe meanwhile, opening does not wait.
        flags = os.O_RDONLY | (0 if piped else getattr(os, "O_NONBLOCK", 0))
        stream = os.fdopen(os.open(path, flags | getattr(os, "O_BINARY", 0)), "rb")
    except FileFormatError:
        raise
    except FileNotFoundError:
        raise MissingFileError(path, "does not exist", remedy) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FileFormatError(
            path, f"cannot be read ({reason})", "check its name and permissions"
        ) from None
    with stream:
        yield stream


def read_bytes(
    path: str | Path, remedy: str, *, most: int = MOST_BYTES, empty: bool = False
) -> bytes:
    """All of a file; see `open_input`.

    Raises:
        FileFormatError: It cannot be read, or is larger than ``most``.
    """
    with open_input(path, remedy, most=most, empty=empty) as stream:
        try:
            # Asked for so many bytes Python makes room for them at once; a file's own size is known to be less.
            regular = stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
            data = stream.read() if regular else _all_of(stream, most)
        except OSError as error:
            cause = f"cannot be read ({error.strerror or error})"
            raise FileFormatError(path, cause, "check its permissions") from None
    if len(data) > most:
        raise FileFormatError(path, f"has more than {binary_size(most)}", "cut it into parts")
    return data


def _all_of(stream: IO[bytes], most: int) -> bytes:
    """What a stream holds, and no more than a little beyond the most that it may hold."""
    parts, size = [], 0
    while size <= most and (part := stream.read(_PIECE)):
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def read_toml(path: str | Path, remedy: str) -> dict[str, Any]:
    """The content of a TOML file.

    Raises:
        FileFormatError: It cannot be read, or is no TOML; the message names line and column.
    """
    data = read_bytes(path, remedy, most=_MOST_TOML, empty=True)
    with understanding(path, "TOML", remedy):
        try:
            return tomllib.loads(data.decode("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise FileFormatError(
                path, f"is not TOML: {error}", "correct the place named"
            ) from None


def binary_size(size: int) -> str:
    """A number of bytes for people.

    Example:
        >>> binary_size(5 * 2**30), binary_size(2**20)
        ('5 GiB', '1 MiB')
    """
    for power, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if size >= 1 << power:
            return f"{size / (1 << power):.3g} {unit}"
    return f"{size} bytes"
