"""Mesh files: where they are, and whether MuJoCo reads them."""

from __future__ import annotations

import re
from pathlib import Path

from retarget.robots.reading.text import is_lfs_pointer

__all__ = ["converted_mesh", "find_mesh"]

_CONVERTED = (
    ".dae",
    ".stl",
    ".ply",
    ".glb",
    ".off",
)  # what trimesh reads, and MuJoCo does not, or not always
_LARGEST = 64 << 20  # bytes
_SUFFIXES = (".stl", ".obj", ".msh")  # what MuJoCo reads
_UNIT = re.compile(rb"""<unit[^>]*meter\s*=\s*["']([0-9.eE+-]+)["']""")
_HEAD = 4096  # bytes in which a Collada file states its unit
_STL_HEAD = 84  # bytes of a binary STL's header and count, before 50 for each face


def find_mesh(name: str, folders: list[Path], model: Path) -> Path | None:
    """The readable file of a mesh, given relative to one of some folders, absolutely, or by a URL with its package."""
    if not name.lower().endswith(_SUFFIXES):
        return None
    found = (c for c in _candidates(name.replace("\\", "/"), folders, model) if _readable(c))
    return next(found, None)


def converted_mesh(name: str, folders: list[Path], model: Path) -> bytes | None:
    """The convex hull of a mesh that MuJoCo does not read (Collada, STL as text), as binary STL.

    None where there is no such file, it cannot be read, or the extra ``meshes`` is not installed.
    """
    if not name.lower().endswith(_CONVERTED):
        return None
    files = (c for c in _candidates(name.replace("\\", "/"), folders, model) if _is_mesh_file(c))
    file = next(files, None)
    if file is None:
        return None
    try:
        import trimesh
    except ImportError:
        return None
    try:
        mesh = trimesh.load(file, force="mesh", skip_materials=True)
        mesh.apply_scale(_collada_unit(file))
        return bytes(mesh.convex_hull.export(file_type="stl"))
    except (
        Exception
    ):  # whatever is wrong with a mesh, the robot is understood without it, and a note says so
        return None


def _is_mesh_file(mesh: Path) -> bool:
    try:
        if not mesh.is_file() or mesh.stat().st_size > _LARGEST:
            return False
        with mesh.open("rb") as stream:
            return not is_lfs_pointer(stream.read(_STL_HEAD))
    except (OSError, ValueError):
        return False


def _collada_unit(file: Path) -> float:
    """Metres of a Collada file's unit; 1 of other files."""
    if file.suffix.lower() != ".dae":
        return 1.0
    stated = _UNIT.search(file.read_bytes()[:_HEAD])
    unit = float(stated[1]) if stated else 1.0
    return unit if 0 < unit < 1e3 else 1.0


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
