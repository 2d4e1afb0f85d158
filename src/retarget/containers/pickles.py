"""A pickle, joblib's too, as plain data."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from retarget.containers.allowance import BUILTINS, Allowance, plain
from retarget.containers.arrays import NUMPY
from retarget.containers.joblib_files import JOBLIB, decompressed
from retarget.containers.limits import LIMIT_BYTES, Budget, reading
from retarget.containers.machine import Machine

__all__ = ["PLAIN", "read_pickle", "unpickled"]

PLAIN: Final = BUILTINS | NUMPY | JOBLIB
"""Lists, dictionaries, sets, numbers, text, bytes and NumPy's arrays: what every caller lets a file hold."""


def unpickled(data: bytes, at: int, allowance: Allowance, budget: Budget) -> object:
    """The plain data of a pickle that begins at some byte.

    Raises:
        Refused, LookupError, TypeError, ValueError: See `Machine.run`.
    """
    machine = Machine(data, at, allowance, budget)
    found = machine.run()
    return plain(found, budget) if machine.records else found


def read_pickle(
    data: bytes,
    path: str | Path,
    allowance: Allowance = PLAIN,
    *,
    limit_bytes: int = LIMIT_BYTES,
) -> object:
    """The plain data of a pickle of protocol 0 to 5 or of joblib, packed or not. No code of it is ever run.

    Args:
        data: The file.
        path: Where it is from, for messages.
        allowance: Names of classes and functions that it may use.
        limit_bytes: What it may take in memory.

    Returns:
        Lists, dictionaries, tuples, sets, text, numbers, bytes and arrays; text and bytes of Python 2 are both text of
        one character a byte. Arrays may be read-only.

    Raises:
        FileFormatError: It is torn, asks for a name that is not allowed, or for more memory than it may have.

    Example:
        >>> import pickle
        >>> read_pickle(pickle.dumps({"fps": 30}), "walk.pkl")
        {'fps': 30}
    """
    with reading(path, "pickle"):
        budget = Budget(limit_bytes)
        return unpickled(decompressed(data, budget), 0, allowance, budget)
