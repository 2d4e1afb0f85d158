"""Motion formats: how each is recognised and read. Users add their own."""

from __future__ import annotations

from pathlib import Path

from retarget.errors import FileFormatError, UnknownNameError
from retarget.kinds import MotionFormatKind
from retarget.motion.formats.format import MotionFormat, Reader, Recogniser, for_one
from retarget.motion.formats.known import KNOWN

__all__ = [
    "MotionFormat",
    "Reader",
    "format_names",
    "format_of",
    "motion_formats",
    "register_reader",
    "sniff_format",
]


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
    _registry[kind] = MotionFormat(kind, description, suffixes, lambda: (recognises, for_one(read)))


def format_of(kind: MotionFormatKind) -> MotionFormat:
    """The format with this name.

    Raises:
        UnknownNameError: No reader is registered for it.
    """
    if kind not in _registry:
        raise UnknownNameError("motion format", str(kind), list(format_names()))
    return _registry[kind]


def sniff_format(data: bytes, path: Path) -> MotionFormat:
    """The format that recognises a file's content, else the only one that has its suffix.

    Raises:
        FileFormatError: There is none; the message lists the formats.
    """
    for candidate in motion_formats():
        if candidate.recognises(data):
            return candidate
    named = [one for one in motion_formats() if path.name.lower().endswith(one.suffixes)]
    if (
        len(named) == 1
    ):  # its reader says best what is wrong; containers of arrays may be of several formats
        return named[0]
    known = ", ".join(f"{one.kind} ({' '.join(one.suffixes)})" for one in motion_formats())
    raise FileFormatError(path, "is of no known motion format", f"known are: {known}")


_registry: dict[MotionFormatKind, MotionFormat] = {one.kind: one for one in KNOWN}
