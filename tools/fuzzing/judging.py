"""What a reader may do with a damaged file: take it as finite numbers, or refuse it in one line that names it."""

from __future__ import annotations

import logging
import math
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

from retarget.errors import RetargetError

__all__ = ["ACCEPTED", "REFUSED", "Nonsense", "assert_finite", "fault_of", "quiet_batches"]

ACCEPTED: Final = "accepted"
REFUSED: Final = "refused"
_LONGEST_LINE: Final = 1200  # characters of an error
_FOREIGN_ADVICE: Final = re.compile(
    "allow_pickle|max_header_size|load it unsafely|pydantic.dev", re.I
)


class Nonsense(Exception):  # noqa: N818 - a verdict, which is counted
    """A file was taken that gives no finite, possible answer."""


def assert_finite(name: str, value: Any) -> None:
    """Check all numbers of arrays, lists, mappings and JSON-like values.

    Raises:
        Nonsense: One is NaN or infinite.
    """
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            raise Nonsense(f"{name} is not finite")
    elif isinstance(value, float) and not math.isfinite(value):
        raise Nonsense(f"{name} is {value}")
    elif isinstance(value, dict):
        for key, inner in value.items():
            assert_finite(f"{name}.{key}", inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            assert_finite(name, inner)


def fault_of(
    check: Callable[[Path], object], file: Path, allowed: Iterable[str] = ()
) -> tuple[str, str]:
    """Run a check of a file.

    Args:
        check: Reads the file and does with it what users do; raises `Nonsense` where the answer is none.
        file: The file, alone in its folder.
        allowed: Names of files that may appear beside it.

    Returns:
        `ACCEPTED`, `REFUSED` or the kind of fault; and what was said.
    """
    before = file.read_bytes()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            check(file)
            outcome = (ACCEPTED, "")
        except RetargetError as error:
            outcome = _judged(str(error), file)
        except Nonsense as nonsense:
            outcome = ("nonsense", str(nonsense))
        except Exception as error:
            outcome = ("traceback", f"{type(error).__name__}: {error}"[:300])
    if warned:
        return ("warning", f"{warned[0].category.__name__}: {warned[0].message}"[:300])
    if not file.exists() or file.read_bytes() != before:
        return ("input changed", "")
    beside = {other.name for other in file.parent.iterdir()} - {file.name, *allowed}
    stray = sorted(other.name for other in Path.cwd().iterdir()) or sorted(beside)
    return ("stray file", ", ".join(stray)) if stray else outcome


def _judged(line: str, file: Path) -> tuple[str, str]:
    if len(line.splitlines()) > 1:
        return ("many lines", line[:300])
    if len(line) > _LONGEST_LINE:
        return ("long line", f"{len(line)} characters: {line[:200]}")
    if str(file.parent) not in line:
        return ("file not named", line[:300])
    if _FOREIGN_ADVICE.search(line):
        return ("foreign advice", line[:300])
    return (REFUSED, line)


@contextmanager
def quiet_batches() -> Iterator[None]:
    """Nothing is logged of jobs that fail on purpose."""
    log = logging.getLogger("retarget.batch")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)
