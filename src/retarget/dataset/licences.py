"""Under which licence recordings are: what people say, else the licence file that lies with them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from retarget.files import sha256_of

__all__ = ["UNKNOWN", "licence_of"]

UNKNOWN = "unknown"

_FILE = re.compile(r"(licen[cs]e|copying)([._-].*)?", re.IGNORECASE)
_LONGEST = 120  # characters of a licence's first line


def licence_of(folder: str, input_dir: Path | None, said: Mapping[str, str]) -> str:
    """The licence of a source folder, in a line.

    Args:
        folder: Path relative to the input folder, with ``/``; ``.`` is the input folder itself.
        input_dir: Where the recordings were, if known.
        said: Folder -> licence, as somebody said; a folder's counts for those inside it.
    """
    for place in (PurePosixPath(folder), *PurePosixPath(folder).parents):
        if str(place) in said:
            return said[str(place)]
        found = None if input_dir is None else _licence_file(input_dir / place)
        if found is not None:
            return _first_line(found)
    return UNKNOWN


def _licence_file(folder: Path) -> Path | None:
    try:
        files = sorted(path for path in folder.iterdir() if _FILE.fullmatch(path.name))
    except OSError:
        return None
    return next((path for path in files if path.is_file()), None)


def _first_line(path: Path) -> str:
    try:
        text = path.read_text("utf-8", "replace")
        told = next((line.strip() for line in text.splitlines() if line.strip()), "empty")
        return f"{path.name}: {told[:_LONGEST]} (sha256 {sha256_of(path)[:16]})"
    except OSError as error:
        return f"{path.name}: cannot be read ({error.strerror})"
