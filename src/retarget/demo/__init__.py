"""Motion that travels with the package, for a first look and for tests; sources in ``clips/README.md``."""

from __future__ import annotations

from pathlib import Path

__all__ = ["clips_folder", "embedded_clips"]


def clips_folder() -> Path:
    """Folder of the embedded clips; read only."""
    return Path(__file__).parent / "clips"


def embedded_clips() -> tuple[Path, ...]:
    """The embedded motion files, sorted by name."""
    return tuple(
        sorted(path for path in clips_folder().iterdir() if path.suffix in {".bvh", ".npz"})
    )
