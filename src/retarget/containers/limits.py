"""What may go wrong while a foreign file is read, as one line; and how much memory it may take."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from retarget.errors import FileFormatError
from retarget.inputs import MOST_BYTES, binary_size, understanding

__all__ = ["LIMIT_BYTES", "Budget", "Refused", "reading"]

LIMIT_BYTES: Final = MOST_BYTES
"""What one file may take in memory, unpacked, unless a caller says otherwise."""


class Refused(Exception):  # noqa: N818 - a verdict on a file, which a FileFormatError then tells
    """What a file holds is not read: a cause and a remedy, without the file's name."""

    def __init__(self, cause: str, remedy: str) -> None:
        self.cause, self.remedy = cause, remedy
        super().__init__(cause)


@contextlib.contextmanager
def reading(path: str | Path, what: str) -> Iterator[None]:
    """Turn whatever a hostile or torn file brings about into one line that names it.

    Args:
        path: The file, for the message.
        what: What it should be, such as ``pickle``.

    Raises:
        FileFormatError: Something went wrong in the block.
    """
    with understanding(path, what, "copy or export it again"):
        try:
            yield
        except Refused as refused:
            raise FileFormatError(path, refused.cause, refused.remedy) from None


class Budget:
    """Memory that one file may still take; asked before it is taken.

    Example:
        >>> budget = Budget(1000)
        >>> budget.take(600, "an array")
        >>> budget.left
        400
    """

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self.limit_bytes = limit_bytes
        self.left = limit_bytes

    def take(self, size_bytes: int, what: str) -> None:
        """Count what is about to be made.

        Raises:
            Refused: It is more than is left.
        """
        if not 0 <= size_bytes <= self.left:
            raise Refused(
                f"{what} of {binary_size(size_bytes)} goes beyond the {binary_size(self.limit_bytes)} that one file "
                "may take",
                "divide the file, or raise the limit if you trust it",
            )
        self.left -= size_bytes
