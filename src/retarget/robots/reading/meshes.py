"""Mesh files: where they are, and whether MuJoCo reads them."""

from __future__ import annotations

from pathlib import Path

from retarget.robots.reading.text import is_lfs_pointer

__all__ = ["find_mesh"]

_SUFFIXES = (".stl", ".obj", ".msh")  # what MuJoCo reads
_STL_HEAD = 84  # bytes of a binary STL's header and count, before 50 for each face


def find_mesh(name: str, folders: list[Path], model: Path) -> Path | None:
    """The readable file of a mesh, given relative to one of some folders, absolutely, or by a URL with its package."""
    if not name.lower().endswith(_SUFFIXES):
        return None
    found = (c for c in _candidates(name.replace("\\", "/"), folders, model) if _readable(c))
    return next(found, None)


def _candidates(name: str, folders: list[Path], model: Path) -> list[Path]:
    """Places of a mesh: in the folders, or in its package, found among the folders above the model."""
    scheme, separator, rest = name.rpartition("://")
    if not separator:
        return [folder / name for folder in folders]
    if scheme == "file":
        return [Path(rest)]
    package, _, inside = rest.lstrip("/").partition("/")
    above = model.resolve().parents
    return [
        *(folder / package / inside for folder in above),
        *(folder / inside for folder in above),
    ]


def _readable(mesh: Path) -> bool:
    """Whether MuJoCo reads a mesh file: of STL only the binary kind (80 bytes, a count, 50 bytes a face)."""
    try:
        if not mesh.is_file():
            return False
        with mesh.open("rb") as stream:
            head = stream.read(_STL_HEAD)
        if is_lfs_pointer(head):
            return False
        faces = int.from_bytes(head[80:], "little")
        whole = len(head) == _STL_HEAD and mesh.stat().st_size == _STL_HEAD + 50 * faces
    except (OSError, ValueError):
        return False
    return mesh.suffix.lower() != ".stl" or (whole and faces > 0)
