"""Surfaces of shapes lie where their distance is zero, are closed, and face outward."""

from __future__ import annotations

import numpy as np
import pytest

from retarget.scenes import Shape
from retarget.scenes.meshes import Mesh, shapes_of
from retarget.scenes.posed import Thing
from retarget.scenes.surfaces import shape_surface


def _bowl() -> Shape:
    """The grid of a mesh that is no hull: an L of two boxes, joined."""
    corners = np.array([[0, 0], [0.4, 0], [0.4, 0.15], [0.15, 0.15], [0.15, 0.4], [0, 0.4]])
    low = np.column_stack([corners, np.zeros(6)])
    points = np.concatenate([low, low + np.array([0, 0, 0.2])])
    sides = [[i, (i + 1) % 6, 6 + (i + 1) % 6] for i in range(6)]
    sides += [[i, 6 + (i + 1) % 6, 6 + i] for i in range(6)]
    caps = [[0, 2, 1], [0, 3, 2], [0, 4, 3], [0, 5, 4]]
    caps += [[6 + a, 6 + c, 6 + b] for a, b, c in caps]
    (shape,), _ = shapes_of(Mesh(points, np.array(sides + caps)), "L", "grid")
    return shape


def _hull() -> Shape:
    points = np.random.default_rng(1).normal(size=(40, 3)) * 0.2
    from scipy.spatial import ConvexHull

    hull = ConvexHull(points)
    (shape,), _ = shapes_of(Mesh(points, hull.simplices.astype(np.int64)), "rock", "hull")
    return shape


TURNED = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
SHAPES = {
    "box": (Shape.box((0.4, 0.3, 0.2)).at((1, 2, 3), TURNED), 2e-6),
    "sphere": (Shape.sphere(0.2).at((1, 0, 0)), 2e-6),
    "capsule": (Shape.capsule(0.1, 0.4), 2e-6),
    "plank": (Shape.box((0.5, 0.3, 0.1), 0.05), 2e-6),
    "cylinder": (Shape.cylinder(0.2, 0.5).at((0, 0, 1)), 2e-6),
    "hull": (_hull(), 2e-6),
    "grid": (_bowl(), 0.01),  # a cell
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_surface_is_where_the_distance_is_zero_closed_and_outward(name: str) -> None:
    shape, near = SHAPES[name]
    points, triangles = shape_surface(shape)
    thing = Thing("it", (shape,), np.zeros((1, 3)), np.eye(3)[None], False, False, 1.0)
    assert np.abs(thing.nearest(points).distance).max() < near
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    forth = {tuple(edge) for edge in edges.tolist()}
    assert all((b, a) in forth for a, b in forth)  # each edge is shared, and gone both ways
    a, b, c = (points[triangles[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    large = np.linalg.norm(normal, axis=1) > 1e-9
    outside = (a + b + c)[large] / 3 + 0.02 * (
        normal[large] / np.linalg.norm(normal[large], axis=1, keepdims=True)
    )
    assert (thing.nearest(outside).distance > 0).mean() > 0.97


def test_a_field_is_as_high_as_its_heights() -> None:
    heights = np.array([[0.0, 0.1, 0.2], [0.1, 0.2, 0.3]])
    points, triangles = shape_surface(Shape.height_field(heights, (1.0, 2.0)))
    np.testing.assert_allclose(points[:, 2], heights.ravel())
    a, b, c = (points[triangles[:, k]] for k in range(3))
    assert (np.cross(b - a, c - a)[:, 2] > 0).all()
