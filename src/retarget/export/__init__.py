"""Writers of the formats that robots' controllers and simulators read; one module each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from retarget.errors import UnknownNameError
from retarget.export.csv import write_csv

if TYPE_CHECKING:
    from retarget.result import RetargetingResult

__all__ = ["write_csv", "writer_of"]

_WRITERS: dict[str, Callable[[RetargetingResult, str | Path], None]] = {"csv": write_csv}


def writer_of(name: str) -> Callable[[RetargetingResult, str | Path], None]:
    """The writer of an export format.

    Raises:
        UnknownNameError: No such format.
    """
    if name not in _WRITERS:
        raise UnknownNameError("export format", name, list(_WRITERS))
    return _WRITERS[name]
