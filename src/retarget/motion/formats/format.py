"""What a motion format is: how its files are recognised and read."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from retarget.kinds import MotionFormatKind
from retarget.motion.formats.asked import Asked
from retarget.motion.recording import Recording

__all__ = ["AskedReader", "MotionFormat", "Reader", "Recogniser", "for_one", "found_in"]

Reader: TypeAlias = Callable[[bytes, Path], Recording]
"""Turns a file's bytes into a recording; the path is for messages and for files beside it."""

AskedReader: TypeAlias = Callable[[bytes, Path, Asked], Recording]
"""A reader of a format in which a user may ask for something."""

Recogniser: TypeAlias = Callable[[bytes], bool]
"""Tells from a file's bytes whether they are of a format."""


@dataclass(frozen=True, slots=True)
class MotionFormat:
    """A motion file format.

    Attributes:
        kind: Its name.
        description: One line for people.
        suffixes: File name ends in lower case, such as ``.bvh``.
        functions: Returns what recognises the format and what reads it, imported when they are first needed.
        layouts: Variants that are told apart by content, each with what is read of it.
        by_suffix: Whether nothing but its suffix tells a file of this format.

    Example:
        >>> [str(format.kind) for format in motion_formats()][:2]
        ['bvh', 'amp_npz']
    """

    kind: MotionFormatKind
    description: str
    suffixes: tuple[str, ...]
    functions: Callable[[], tuple[Recogniser, AskedReader]]
    layouts: tuple[tuple[str, str], ...] = ()
    by_suffix: bool = False

    @property
    def recognises(self) -> Recogniser:
        """Tells from a file's bytes whether they are of this format."""
        return self.functions()[0]

    @property
    def read(self) -> AskedReader:
        """Reads a file's bytes, with where they are from and what a user asks for.

        It is called with nothing else between, so that who calls it can let go of the bytes.
        """
        return self.functions()[1]


def for_one(read: Reader) -> AskedReader:
    """A reader of files that hold one person each, as one that may be asked for a person."""

    def asked_reader(data: bytes, path: Path, asked: Asked) -> Recording:
        asked.index_of(["the only one"], path)
        held = [data]
        del data  # the reader lets go of it when it has its numbers
        return read(held.pop(), path)

    return asked_reader


def found_in(
    read: str, recognises: str, *, asked: bool = True
) -> Callable[[], tuple[Recogniser, AskedReader]]:
    """Functions of modules of this package, imported when they are first needed.

    Args:
        read: Module and function that reads the format, such as ``bvh.read_bvh``.
        recognises: Module and function that recognises it.
        asked: The reader takes what a user asks for.
    """

    def function(place: str) -> Any:
        module, _, name = place.rpartition(".")
        return getattr(importlib.import_module(f"retarget.motion.formats.{module}"), name)

    def functions() -> tuple[Recogniser, AskedReader]:
        reader = function(read)
        return function(recognises), reader if asked else for_one(reader)

    return functions
