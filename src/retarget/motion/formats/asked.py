"""What a user asks of a reader besides a file: which person in it, its rate, and where body models lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from retarget.errors import FileFormatError
from retarget.wording import listed, quoted

__all__ = ["Asked"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a user asks of a reader.

    Attributes:
        which: The person or animation of a file that holds several: its number from 1, or its name; None for the
            first one.
        source_fps: Frames per second of the file, over what it says; None if it says so.
        smpl_models: Folder of the user's own SMPL, SMPL-H and SMPL-X model files, or None.

    Example:
        >>> Asked(which="2").index_of(["anna", "bea"], "walk.pkl")
        1
    """

    which: str | None = None
    source_fps: float | None = None
    smpl_models: Path | None = None

    def index_of(
        self, names: Sequence[object], path: str | Path, what: str = "person", several: str = ""
    ) -> int:
        """Index of the one of several persons (or other things) that is asked for, the first by default.

        Args:
            names: What the file calls them, at least one.
            path: The file, for messages.
            what: What they are, in the singular.
            several: The plural, if it is not ``persons``.

        Raises:
            FileFormatError: There is no such one; the message lists those there are.
        """
        texts = [str(name) for name in names]
        if self.which is None:
            return 0
        if self.which in texts and not (self.which.isdigit() and len(texts) == 1):
            return texts.index(self.which)
        if self.which.isdigit() and 1 <= int(self.which) <= len(texts):
            return int(self.which) - 1
        known = _numbered(texts)
        raise FileFormatError(
            path,
            f"has no {what} {quoted(self.which)}",
            f"it holds {len(texts)} {several or what + 's'}: {known}",
        )

    def note_of_others(
        self, names: Sequence[object], what: str = "person", several: str = ""
    ) -> tuple[str, ...]:
        """A note that a file holds more than what was read, if it does and nobody chose."""
        if self.which is not None or len(names) < 2:
            return ()
        return (
            f"the file holds {len(names)} {several or what + 's'} ({_numbered(names)}); the first was read, "
            "add #2 to the path for the second",
        )


def _numbered(names: Sequence[object]) -> str:
    """Names as they are asked for."""
    return listed([f"#{number} {name}" for number, name in enumerate(names, 1)], 12)
