"""Motion formats: how each is recognised and read. Users add their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from retarget.errors import FileFormatError, UnknownNameError
from retarget.kinds import MotionFormatKind
from retarget.motion.recording import Recording

__all__ = [
    "MotionFormat",
    "Reader",
    "format_names",
    "format_of",
    "motion_formats",
    "register_reader",
    "sniff_format",
]

Reader: TypeAlias = Callable[[bytes, Path], Recording]
"""Turns a file's bytes into a recording; the path is for messages and for files beside it."""

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

    Example:
        >>> [str(format.kind) for format in motion_formats()][:2]
        ['bvh', 'amp_npz']
    """

    kind: MotionFormatKind
    description: str
    suffixes: tuple[str, ...]
    functions: Callable[[], tuple[Recogniser, Reader]]

    @property
    def recognises(self) -> Recogniser:
        """Tells from a file's bytes whether they are of this format."""
        return self.functions()[0]

    @property
    def read(self) -> Reader:
        """Reads a file's bytes."""
        return self.functions()[1]


def motion_formats() -> tuple[MotionFormat, ...]:
    """All formats that can be read, in the order in which they are tried."""
    return tuple(_registry.values())


def format_names() -> tuple[str, ...]:
    """Names of all formats that can be read."""
    return tuple(str(kind) for kind in _registry)


def register_reader(
    kind: MotionFormatKind,
    read: Reader,
    *,
    description: str = "",
    suffixes: tuple[str, ...] = (),
    recognises: Recogniser = lambda data: False,
) -> None:
    """Add a format, or replace the reader of one.

    Args:
        kind: A member of `MotionFormatKind` or of a subclass of it.
        read: Turns a file's bytes and path into a `Recording`; it raises `FileFormatError` on bad input.
        description: One line for people.
        suffixes: File name ends in lower case, such as ``.bvh``.
        recognises: Tells from a file's bytes whether they are of this format.

    Worker processes know the format only if they import the module that registers it.

    Example:
        >>> class LabFormat(MotionFormatKind):
        ...     LAB = "lab"
        >>> register_reader(LabFormat.LAB, read_lab, suffixes=(".lab",))  # doctest: +SKIP
    """
    _registry[kind] = MotionFormat(kind, description, suffixes, lambda: (recognises, read))


def format_of(kind: MotionFormatKind) -> MotionFormat:
    """The format with this name.

    Raises:
        UnknownNameError: No reader is registered for it.
    """
    if kind not in _registry:
        raise UnknownNameError("motion format", str(kind), list(format_names()))
    return _registry[kind]


def sniff_format(data: bytes, path: Path) -> MotionFormat:
    """The format that recognises a file's content, else the one that has its suffix.

    Raises:
        FileFormatError: There is none; the message lists the formats.
    """
    for candidate in motion_formats():
        if candidate.recognises(data):
            return candidate
    for candidate in motion_formats():
        if path.name.lower().endswith(candidate.suffixes):
            return candidate
    known = ", ".join(f"{one.kind} ({' '.join(one.suffixes)})" for one in motion_formats())
    raise FileFormatError(path, "is of no known motion format", f"known are: {known}")


def _bvh() -> tuple[Recogniser, Reader]:
    from retarget.motion.formats.bvh import read_bvh
    from retarget.motion.formats.bvh_hierarchy import looks_like_bvh

    return looks_like_bvh, read_bvh


def _amp_npz() -> tuple[Recogniser, Reader]:
    from retarget.motion.formats.amp_npz import looks_like_amp_npz, read_amp_npz

    return looks_like_amp_npz, read_amp_npz


def _deepmimic() -> tuple[Recogniser, Reader]:
    from retarget.motion.formats.deepmimic import looks_like_deepmimic, read_deepmimic

    return looks_like_deepmimic, read_deepmimic


_registry: dict[MotionFormatKind, MotionFormat] = {
    one.kind: one
    for one in (
        MotionFormat(
            MotionFormatKind.BVH,
            "Biovision Hierarchy: any skeleton, unit and up axis",
            (".bvh",),
            _bvh,
        ),
        MotionFormat(
            MotionFormatKind.AMP_NPZ,
            "NumPy archive of the 15-body AMP humanoid: metres, z up",
            (".npz",),
            _amp_npz,
        ),
        MotionFormat(
            MotionFormatKind.DEEPMIMIC,
            "JSON rows of DeepMimic's 15-joint humanoid: metres, y up",
            (".txt", ".json"),
            _deepmimic,
        ),
    )
}
