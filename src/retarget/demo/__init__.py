"""Motion that travels with the package, for a first look and for tests; sources in ``clips/README.md``."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["clip_names", "clips_folder", "embedded_clip", "embedded_clips"]


def clips_folder() -> Path:
    """Folder of the embedded clips; read only."""
    return Path(__file__).parent / "clips"


def embedded_clips() -> tuple[Path, ...]:
    """The embedded motion files, sorted by name."""
    return tuple(
        sorted(path for path in clips_folder().iterdir() if path.suffix in {".bvh", ".npz"})
    )


def clip_names() -> tuple[str, ...]:
    """Names by which the embedded clips can be asked for: those of their files without suffix."""
    return tuple(path.stem for path in embedded_clips())


def embedded_clip(name: str) -> Path | None:
    """The embedded clip of a name; None if there is none, or a file of that name in the working folder.

    Example:
        >>> embedded_clip("humanoid_walk").name
        'humanoid_walk.npz'
    """
    if not name or os.path.lexists(name):
        return None
    return next((path for path in embedded_clips() if path.stem == name), None)
