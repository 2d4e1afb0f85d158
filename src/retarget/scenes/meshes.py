"""Meshes of things (OBJ, STL) as shapes that can be kept out of: boxes, convex hulls, or grids of distances."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

import numpy as np
from jaxtyping import Float64

from retarget.errors import FileFormatError
from retarget.inputs import read_bytes, understanding
from retarget.scenes.mesh_grid import Mesh, mesh_grid, mesh_volume
from retarget.scenes.shapes import Shape
from retarget.wording import counted

__all__ = ["Mesh", "MeshShape", "read_mesh", "shapes_of"]

_SEVERAL: Final = {
    "box": "boxes",
    "hull": "hulls",
    "grid of distances": "grids of distances",
}

MeshShape = Literal["auto", "box", "hull", "grid"]

_REMEDY: Final = "export it again as OBJ or STL"
_BOXY: Final = 0.9  # of its box that the hull of a piece fills, for a box
_CONVEX: Final = 0.9  # of its hull that a piece fills, for a hull
_MOST_PLANES: Final = 32  # of a hull
_MOST_NORMALS: Final = 400  # tried for the smallest box
_HUGE, _TINY = 1000.0, 1e-3  # metres: nothing that a person meets is so large, or so small
_MOST_PIECES: Final = 2000


def read_mesh(path: Path, metres_per_unit: float = 1.0) -> Mesh:
    """Read an OBJ or STL file, whose lengths are of a unit.

    Raises:
        FileFormatError: It is missing, none of these, has no triangles, or is of no size that a thing can have.
    """
    data = read_bytes(path, "give the path of a mesh (.obj or .stl)")
    suffix = path.suffix.lower()
    if suffix not in (".obj", ".stl"):
        raise FileFormatError(
            path, f"{suffix or 'a file without suffix'} is no mesh that is read", _REMEDY
        )
    with understanding(path, "mesh", _REMEDY):
        mesh = _read_obj(data, path) if suffix == ".obj" else _read_stl(data)
    if not len(mesh.faces):
        raise FileFormatError(path, "holds no triangles", _REMEDY)
    if not np.isfinite(mesh.vertices).all():
        raise FileFormatError(path, "holds vertices that are no numbers", _REMEDY)
    mesh = Mesh(mesh.vertices * metres_per_unit, mesh.faces)
    size = float(np.ptp(mesh.vertices, axis=0).max())
    if size > _HUGE:
        cause = f"is {size:.0f} m large: its unit is not the metre"
        raise FileFormatError(
            path, cause, 'say unit = "millimetre" in the scene, or scale the mesh'
        )
    if size < _TINY:
        raise FileFormatError(
            path, f"is {size:.2g} m large: it has no size", "scale the mesh to metres"
        )
    return mesh


def _read_obj(data: bytes, path: Path) -> Mesh:
    vertices: list[list[float]] = []
    faces: list[tuple[int, int, int]] = []
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        words = line.split()
        if not words or words[0] not in ("v", "f"):
            continue
        if words[0] == "v":
            vertices.append([float(word) for word in words[1:4]])
            continue
        corners = [int(word.partition("/")[0]) for word in words[1:]]
        corners = [corner - 1 if corner > 0 else corner + len(vertices) for corner in corners]
        if len(corners) < 3 or not all(0 <= corner < len(vertices) for corner in corners):
            raise FileFormatError(
                path, f"line {number}: a face of corners that there are not", _REMEDY
            )
        faces += [(corners[0], corners[k], corners[k + 1]) for k in range(1, len(corners) - 1)]
    return Mesh(
        np.array(vertices, np.float64).reshape(-1, 3), np.array(faces, np.int64).reshape(-1, 3)
    )


def _read_stl(data: bytes) -> Mesh:
    count = struct.unpack_from("<I", data, 80)[0] if len(data) >= 84 else -1
    if len(data) == 84 + 50 * count:
        rows = np.frombuffer(
            data, np.dtype([("n", "<f4", 3), ("v", "<f4", (3, 3)), ("a", "<u2")]), count, 84
        )
        corners = rows["v"].astype(np.float64).reshape(-1, 3)
    else:
        words = [line.split() for line in data.decode("ascii", "replace").splitlines()]
        corners = np.array(
            [[float(x) for x in w[1:4]] for w in words if w and w[0] == "vertex"], np.float64
        ).reshape(-1, 3)
    return Mesh(corners, np.arange(len(corners)).reshape(-1, 3))


def shapes_of(
    mesh: Mesh, name: str, wanted: MeshShape = "auto"
) -> tuple[tuple[Shape, ...], tuple[str, ...]]:
    """A mesh as shapes in its own frame, and how it was taken, in words.

    Each connected piece is a box where that is nearly filled, else its convex hull of at most 32 faces where the piece
    nearly fills that, else a grid of signed distances, which also serves meshes that are not closed.

    Args:
        mesh: Triangles.
        name: Of the thing, for the words.
        wanted: ``auto``, or what to take each piece as.
    """
    pieces = list(_pieces(mesh))
    if len(pieces) > _MOST_PIECES:
        pieces = [mesh]
    shapes: list[Shape] = []
    taken: dict[str, int] = {}
    for piece in pieces:
        shape, how = _shape_of(piece, wanted)
        shapes.append(shape)
        taken[how] = taken.get(how, 0) + 1
    told = " and ".join(counted(count, how, _SEVERAL[how]) for how, count in taken.items())
    return tuple(shapes), (f"{name}: the mesh of {len(mesh.faces)} triangles is taken as {told}",)


def _shape_of(mesh: Mesh, wanted: MeshShape) -> tuple[Shape, str]:
    from scipy.spatial import ConvexHull, QhullError

    points = np.unique(mesh.vertices, axis=0)
    try:
        hull = ConvexHull(points)
    except (QhullError, ValueError):  # flat: a plate without thickness
        return _box_around(points, _axes_of(points)), "box"
    corners = points[hull.vertices]
    size, turn, middle = _smallest_box(corners, hull.equations[:, :3])
    volume = float(np.prod(size))
    if wanted == "box" or (wanted == "auto" and hull.volume > _BOXY * volume):
        return Shape.box(np.maximum(size, 2e-4)).at(middle, turn), "box"
    filled = abs(mesh_volume(mesh)) / hull.volume
    if wanted == "hull" or (wanted == "auto" and _CONVEX < filled < 1.05):
        return _hull(corners, hull.equations), "hull"
    return mesh_grid(mesh), "grid of distances"


def _pieces(mesh: Mesh) -> Iterator[Mesh]:
    """Connected pieces; corners at one place are one."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    places, where = np.unique(np.round(mesh.vertices, 6), axis=0, return_inverse=True)
    faces = where.reshape(-1)[mesh.faces]
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]]])
    graph = coo_matrix((np.ones(len(edges)), edges.T), (len(places),) * 2)
    count, label = connected_components(graph, directed=False)
    owner = label[faces[:, 0]]
    for piece in range(count):
        own = faces[owner == piece]
        if len(own):
            used, index = np.unique(own, return_inverse=True)
            yield Mesh(places[used], index.reshape(-1, 3))


def _smallest_box(
    corners: Float64[np.ndarray, "C 3"], normals: Float64[np.ndarray, "N 3"]
) -> tuple[Float64[np.ndarray, "3"], Float64[np.ndarray, "3 3"], Float64[np.ndarray, "3"]]:
    """Size, axes (columns) and middle of the smallest box with a face on a face of a hull (O'Rourke 1985 has more)."""
    from scipy.spatial import ConvexHull

    found = np.unique(np.round(normals, 3), axis=0)
    found = np.unique(np.where(found[:, :1] < 0, -found, found), axis=0)
    step = max(1, len(found) // _MOST_NORMALS)
    best, volume = np.eye(3), np.inf
    found = found[::step] / np.linalg.norm(found[::step], axis=1, keepdims=True)
    for up in found:
        side = np.eye(3)[int(np.argmin(np.abs(up)))]
        first = np.cross(up, side)
        first /= np.linalg.norm(first)
        basis = np.stack([first, np.cross(up, first), up], axis=1)
        flat = corners @ basis[:, :2]
        ring = flat[ConvexHull(flat).vertices]
        edges = np.diff(np.concatenate([ring, ring[:1]]), axis=0)
        angles = np.unique(np.round(np.arctan2(edges[:, 1], edges[:, 0]) % (np.pi / 2), 4))
        cosine, sine = np.cos(angles), np.sin(angles)
        u = ring[:, :1] * cosine + ring[:, 1:] * sine
        v = -ring[:, :1] * sine + ring[:, 1:] * cosine
        areas = np.ptp(u, axis=0) * np.ptp(v, axis=0)
        k = int(np.argmin(areas))
        total = float(areas[k] * np.ptp(corners @ up))
        if total < volume * (1.0 - 1e-6):
            volume = total
            turn = np.array([[cosine[k], -sine[k], 0], [sine[k], cosine[k], 0], [0, 0, 1.0]])
            best = basis @ turn
    local = corners @ best
    low, high = local.min(axis=0), local.max(axis=0)
    return high - low, best, best @ ((low + high) / 2)


def _axes_of(points: Float64[np.ndarray, "V 3"]) -> Float64[np.ndarray, "3 3"]:
    axes = np.linalg.svd(points - points.mean(axis=0), full_matrices=True)[2].T
    axes[:, 2] *= np.sign(np.linalg.det(axes))
    return np.asarray(axes)


def _box_around(points: Float64[np.ndarray, "V 3"], axes: Float64[np.ndarray, "3 3"]) -> Shape:
    local = points @ axes
    low, high = local.min(axis=0), local.max(axis=0)
    return Shape.box(np.maximum(high - low, 1e-3)).at(axes @ ((low + high) / 2), axes)


def _hull(corners: Float64[np.ndarray, "C 3"], equations: Float64[np.ndarray, "N 4"]) -> Shape:
    """Half-spaces along the hull's normals that differ most, each as far out as the corners."""
    normals = np.unique(np.round(equations[:, :3], 3), axis=0)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    chosen = [int(np.argmin(normals[:, 2]))]
    while len(chosen) < min(_MOST_PLANES, len(normals)):
        nearest = (normals @ normals[chosen].T).max(axis=1)
        chosen.append(int(np.argmin(nearest)))
    kept = normals[chosen]
    low, high = corners.min(axis=0), corners.max(axis=0)
    middle = (low + high) / 2
    offsets = ((corners - middle) @ kept.T).max(axis=0)
    planes = np.concatenate([kept, offsets[:, None]], axis=1)
    return Shape.hull(planes, (high - low) / 2).at(middle)
