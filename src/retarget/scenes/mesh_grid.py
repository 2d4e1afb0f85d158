"""Triangles, and a grid of signed distances from them."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float64, Int64

from retarget.scenes.shapes import Shape

__all__ = ["Mesh", "mesh_grid", "mesh_volume"]

_NODES: Final = 48  # of a grid along its longest side
_MARGIN: Final = 2  # cells of a grid around a mesh
_CANDIDATES: Final = 8  # samples of a surface near a node whose triangles may be the nearest
_ALIKE: Final = 1e-9  # metres between distances that are one
_MOST_SAMPLES: Final = 2_000_000


class Mesh(NamedTuple):
    """Triangles.

    Attributes:
        vertices: Metres.
        faces: Indices of their corners.
    """

    vertices: Float64[np.ndarray, "V 3"]
    faces: Int64[np.ndarray, "F 3"]


def mesh_volume(mesh: Mesh) -> float:
    """What closed triangles enclose, m^3; negative where they are inside out."""
    a, b, c = (mesh.vertices[mesh.faces[:, k]] for k in range(3))
    return float(np.einsum("fi,fi->f", a, np.cross(b, c)).sum() / 6.0)


def mesh_grid(mesh: Mesh) -> Shape:
    """Signed distances of a mesh that need not be closed: inside is what no way leads to from outside.

    Gaps that are narrower than a cell count as closed.
    """
    from scipy.ndimage import label
    from scipy.spatial import cKDTree

    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    cell = float((high - low).max()) / (_NODES - 2 * _MARGIN - 1)
    counts = np.ceil((high - low) / cell).astype(int) + 1 + 2 * _MARGIN
    half = (counts - 1) * cell / 2
    middle = (low + high) / 2
    axes = [np.linspace(-h, h, n) for h, n in zip(half, counts, strict=True)]
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3) + middle
    samples, owners = _samples(mesh, cell / 2)
    _, nearest = cKDTree(samples).query(nodes, k=min(_CANDIDATES, len(samples)))
    distance, behind = _nearest_side(mesh, owners[nearest].reshape(len(nodes), -1), nodes)
    away, behind = distance.reshape(counts), behind.reshape(counts)
    pieces, _ = label(away > 0.5 * np.sqrt(3.0) * cell)
    outside = pieces == pieces[0, 0, 0]
    # In the shell around the surface the side of the nearest triangle tells, where there is an inside at all.
    if mesh_volume(mesh) < 0:
        behind = ~behind
    shell = pieces == 0
    enclosed = bool(((pieces > 0) & ~outside).any())
    inside = (~outside & ~shell) | (shell & behind & enclosed)
    return Shape.grid(np.where(inside, -away, away), half).at(middle)


def _samples(
    mesh: Mesh, spacing: float
) -> tuple[Float64[np.ndarray, "N 3"], Int64[np.ndarray, "N"]]:
    """Points on triangles about ``spacing`` metres apart, and whose they are."""
    a, b, c = (mesh.vertices[mesh.faces[:, k]] for k in range(3))
    sides = np.stack([np.linalg.norm(u - v, axis=1) for u, v in ((a, b), (b, c), (c, a))])
    parts = np.clip(np.ceil(sides.max(axis=0) / spacing), 1, 64).astype(int)
    while ((parts + 1) * (parts + 2) // 2).sum() > _MOST_SAMPLES:
        parts = np.maximum(parts // 2, 1)
        if parts.max() == 1:
            break
    points, owners = [], []
    for n in np.unique(parts):
        own = np.flatnonzero(parts == n)
        u, v = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
        keep = u + v <= n
        s, t = u[keep] / n, v[keep] / n
        at = (
            a[own, None] * (1 - s - t)[:, None]
            + b[own, None] * s[:, None]
            + c[own, None] * t[:, None]
        )
        points.append(at.reshape(-1, 3))
        owners.append(np.repeat(own, keep.sum()))
    return np.concatenate(points), np.concatenate(owners)


def _nearest_side(
    mesh: Mesh, candidates: Int64[np.ndarray, "N K"], nodes: Float64[np.ndarray, "N 3"]
) -> tuple[Float64[np.ndarray, "N"], Bool[np.ndarray, "N"]]:
    """Distance of nodes from the nearest of some triangles each, and whether they are behind it.

    Of triangles that are as near, as at an edge, the one that the node lies most squarely over tells.
    """
    best, square = np.full(len(nodes), np.inf), np.zeros(len(nodes))
    behind = np.zeros(len(nodes), bool)
    for k in range(candidates.shape[1]):
        a, b, c = (mesh.vertices[mesh.faces[candidates[:, k], i]] for i in range(3))
        away = nodes - _closest(a, b, c, nodes)
        normal = np.cross(b - a, c - a)
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-30)
        distance, above = np.linalg.norm(away, axis=1), np.einsum("ni,ni->n", away, normal)
        nearer = distance < best - _ALIKE
        nearer |= (distance < best + _ALIKE) & (np.abs(above) > square)
        best[nearer] = np.minimum(best, distance)[nearer]
        square[nearer], behind[nearer] = np.abs(above)[nearer], above[nearer] < 0
    return best, behind


def _closest(
    a: Float64[np.ndarray, "N 3"],
    b: Float64[np.ndarray, "N 3"],
    c: Float64[np.ndarray, "N 3"],
    nodes: Float64[np.ndarray, "N 3"],
) -> Float64[np.ndarray, "N 3"]:
    """The point of a triangle that is nearest to each node."""
    normal = np.cross(b - a, c - a)
    area = np.maximum(np.einsum("ni,ni->n", normal, normal), 1e-30)
    s = np.einsum("ni,ni->n", np.cross(nodes - a, c - a), normal) / area
    t = np.einsum("ni,ni->n", np.cross(b - a, nodes - a), normal) / area
    found = a + s[:, None] * (b - a) + t[:, None] * (c - a)
    nearest = np.where((s >= 0) & (t >= 0) & (s + t <= 1), 0.0, np.inf)
    for start, end in ((a, b), (b, c), (c, a)):
        along = end - start
        length = np.maximum(np.einsum("ni,ni->n", along, along), 1e-30)
        share = np.clip(np.einsum("ni,ni->n", nodes - start, along) / length, 0.0, 1.0)
        place = start + share[:, None] * along
        away = np.linalg.norm(nodes - place, axis=1)
        nearer = (nearest > 0) & (away < nearest)
        found[nearer], nearest[nearer] = place[nearer], away[nearer]
    return np.asarray(found)
