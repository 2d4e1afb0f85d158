"""Motion formats: how each is recognised and read. Programs and installed packages add their own."""

from __future__ import annotations

import inspect
import logging
from functools import lru_cache
from pathlib import Path
from typing import Final

from retarget import plugins
from retarget.errors import FileFormatError, PluginError, UnknownNameError
from retarget.kinds import MotionFormatKind
from retarget.motion.formats.foreign import what_it_is
from retarget.motion.formats.format import MotionFormat, Reader, Recogniser, for_one
from retarget.motion.formats.known import KNOWN

__all__ = [
    "MotionFormat",
    "Reader",
    "format_by_name_alone",
    "format_names",
    "format_of",
    "motion_format",
    "motion_formats",
    "recognised_format",
    "register_reader",
    "sniff_format",
]


_log = logging.getLogger("retarget.motion")


def motion_formats() -> tuple[MotionFormat, ...]:
    """All formats that can be read, in the order in which they are tried; those of installed packages last.

    What a package offers and does not keep is left out with a warning: other files can still be read.
    """
    return (*_registry.values(), *(one for name in _offered() if (one := _usable(name))))


def format_names() -> tuple[str, ...]:
    """Names of all formats that can be read; imports no package that offers one."""
    return (*(str(kind) for kind in _registry), *_offered())


def register_reader(
    kind: MotionFormatKind,
    read: Reader,
    *,
    description: str = "",
    suffixes: tuple[str, ...] = (),
    recognises: Recogniser | None = None,
) -> None:
    """Add a format, or replace the reader of one.

    Args:
        kind: A member of `MotionFormatKind` or of a subclass of it.
        read: Turns a file's bytes and path into a `Recording`; it raises `FileFormatError` on bad input.
        description: One line for people.
        suffixes: File name ends in lower case, such as ``.bvh``.
        recognises: Tells from a file's bytes whether they are of this format; without it, the suffix does, whatever
            other formats recognise in the file.

    A format that is registered in a program is known in that program, and in worker processes that import the module
    which registers it. For the command line, install a package with an entry point in the group ``retarget.formats``
    whose object is a reader like ``read``, or a `MotionFormat` (made by `motion_format`)::

        [project.entry-points."retarget.formats"]
        lab_v2 = "my_lab.motion:read_lab"

    Example:
        >>> class LabFormat(MotionFormatKind):
        ...     LAB = "lab"
        >>> register_reader(LabFormat.LAB, read_lab, suffixes=(".lab",))  # doctest: +SKIP
    """
    _registry[kind] = motion_format(
        kind, read, description=description, suffixes=suffixes, recognises=recognises
    )


def motion_format(
    kind: MotionFormatKind | str,
    read: Reader,
    *,
    description: str = "",
    suffixes: tuple[str, ...] = (),
    recognises: Recogniser | None = None,
) -> MotionFormat:
    """A format from its reader, as packages offer it; arguments as those of `register_reader`.

    Example:
        >>> LAB_V2 = motion_format("lab_v2", read_lab, suffixes=(".lab",))  # doctest: +SKIP
        >>> LAB_V2.suffixes  # doctest: +SKIP
        ('.lab',)
    """
    if not isinstance(kind, MotionFormatKind):
        kind = MotionFormatKind.register(kind)
    tells, by_suffix = recognises or (lambda data: False), recognises is None
    return MotionFormat(
        kind, description, suffixes, lambda: (tells, for_one(read)), by_suffix=by_suffix
    )


def format_of(kind: MotionFormatKind) -> MotionFormat:
    """The format with this name.

    Raises:
        UnknownNameError: No reader is registered for it.
        PluginError: The package that offers it cannot be used.
    """
    if kind in _registry:
        return _registry[kind]
    if str(kind) in _offered():
        return _of_package(str(kind))
    raise UnknownNameError("motion format", str(kind), list(format_names()))


def format_by_name_alone(path: Path) -> MotionFormat | None:
    """The only format with a file's suffix, unless that is one of plain text; None where there is none."""
    name = path.name.lower()
    named = [one for one in motion_formats() if name.endswith(one.suffixes)]
    return named[0] if len(named) == 1 and not name.endswith(_LOOKED_INTO) else None


def recognised_format(data: bytes, path: Path) -> MotionFormat:
    """The format that recognises a file's content, whatever its name.

    Raises:
        FileFormatError: There is none; the message says what the file is, where that is known.
    """
    for candidate in motion_formats():
        if candidate.recognises(data):
            return candidate
    if (foreign := what_it_is(data)) is not None:
        raise FileFormatError(path, *foreign)
    raise FileFormatError(path, "is not of any known motion format", "see 'retarget formats'")


def sniff_format(data: bytes, path: Path) -> MotionFormat:
    """The format that only its suffix tells, else that which recognises the content, else the only one with the suffix.

    Raises:
        FileFormatError: There is none; the message lists the formats.
    """
    name = path.name.lower()
    named = [one for one in motion_formats() if name.endswith(one.suffixes)]
    if len(named) == 1 and named[0].by_suffix:
        return named[0]
    try:
        return recognised_format(data, path)
    except FileFormatError:
        if what_it_is(data) is not None:
            raise
        # The reader of the only format with this suffix says best what is wrong; containers may be of several.
        if len(named) == 1:
            return named[0]
        known = ", ".join(f"{one.kind} ({' '.join(one.suffixes)})" for one in motion_formats())
        cause = "is not of any known motion format"
        raise FileFormatError(path, cause, f"known are: {known}") from None


def _offered() -> list[str]:
    """Names of formats that installed packages offer, and nobody has registered himself."""
    return [name for name in plugins.FORMATS.names() if MotionFormatKind(name) not in _registry]


@lru_cache
def _of_package(name: str) -> MotionFormat:
    """What an installed package's entry point offers: a format, or a reader."""
    found = plugins.FORMATS.load(name)
    if isinstance(found, MotionFormat):
        return found
    if not callable(found):
        raise plugins.FORMATS.refuse(name, found, "a MotionFormat, or a reader of bytes and path")
    summary = (inspect.getdoc(found) or "").partition("\n")[0]
    return motion_format(MotionFormatKind(name), found, description=summary)


def _usable(name: str) -> MotionFormat | None:
    try:
        return _of_package(name)
    except PluginError as error:
        _log.warning("%s", error)
        return None


_LOOKED_INTO: Final = (".txt", ".json", ".csv", ".fbx")
"""Suffixes of much else: texts, rigs and meshes."""


_registry: dict[MotionFormatKind, MotionFormat] = {one.kind: one for one in KNOWN}
