"""Distances from shapes: MuJoCo's, and what any distance must be."""

from __future__ import annotations

from collections.abc import Callable

import mujoco
import numpy as np
import pytest

from retarget.errors import RetargetError
from retarget.scenes.posed import Thing
from retarget.scenes.shapes import Shape

RNG = np.random.default_rng(0)
POINTS = RNG.uniform(-0.8, 0.8, (300, 3))
TURN = np.linalg.qr(RNG.normal(size=(3, 3)))[0]
TURN *= np.sign(np.linalg.det(TURN))


def thing(*shapes: Shape) -> Thing:
    return Thing("thing", shapes, np.zeros((1, 3)), np.eye(3)[None], False, False, 1.0)


def grid_of_ball(radius: float) -> Shape:
    axis = np.linspace(-0.5, 0.5, 41)
    nodes = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)
    return Shape.grid(np.linalg.norm(nodes, axis=-1) - radius, np.full(3, 0.5))


def cube_of_planes(half: float) -> Shape:
    normals = np.concatenate([np.eye(3), -np.eye(3)])
    return Shape.hull(np.concatenate([normals, np.full((6, 1), half)], axis=1), np.full(3, half))


GEOMS = {
    "box": (Shape.box((0.4, 0.3, 0.2)), 'type="box" size="0.2 0.15 0.1"'),
    "sphere": (Shape.sphere(0.2), 'type="sphere" size="0.2"'),
    "capsule": (Shape.capsule(0.1, 0.4), 'type="capsule" size="0.1 0.2"'),
    "cylinder": (Shape.cylinder(0.2, 0.3), 'type="cylinder" size="0.2 0.15"'),
}


def test_level_ground_can_be_made_smaller() -> None:
    ground = Shape.height_field(np.zeros((3, 4)), (2.0, 3.0)).scaled(0.7)
    np.testing.assert_allclose(2 * ground.half[:2], [1.4, 2.1])
    with pytest.raises(RetargetError, match="has no size"):
        Shape.height_field(np.zeros((3, 4)), (2.0, 1e-5))


@pytest.mark.parametrize("name", GEOMS)
def test_distances_are_those_of_mujoco(name: str) -> None:
    shape, geom = GEOMS[name]
    quaternion = np.empty(4)
    mujoco.mju_mat2Quat(quaternion, TURN.ravel())
    model = mujoco.MjModel.from_xml_string(
        f"""<mujoco><worldbody><geom {geom} pos="0.1 0 0.05" quat="{" ".join(map(str, quaternion))}"/>
        <body><freejoint/><geom type="sphere" size="0.01"/></body></worldbody></mujoco>"""
    )
    data = mujoco.MjData(model)
    found = thing(shape.at((0.1, 0.0, 0.05), TURN)).nearest(POINTS).distance
    compared = 0
    for point, distance in zip(POINTS, found, strict=True):
        if distance < 0.02:  # MuJoCo's convex collision is exact for what is apart
            continue
        data.qpos[:3] = point
        mujoco.mj_kinematics(model, data)
        theirs = mujoco.mj_geomDistance(model, data, 0, 1, 5.0, None) + 0.01
        assert distance == pytest.approx(theirs, abs=2e-5)
        compared += 1
    assert compared > 200


@pytest.mark.parametrize(
    "shape",
    [*(shape for shape, _ in GEOMS.values()), cube_of_planes(0.2), grid_of_ball(0.3)],
    ids=[*GEOMS, "hull", "grid"],
)
def test_normals_are_where_the_distance_grows_and_places_lie_on_the_surface(shape: Shape) -> None:
    one = thing(shape.at((0.1, -0.2, 0.05), TURN))
    points = (
        POINTS * 0.4 if shape.values.ndim == 3 else POINTS
    )  # a grid is exact where its nodes are
    near = one.nearest(points)
    step = 1e-5
    slope = np.stack(
        [
            (
                one.nearest(points + step * axis).distance
                - one.nearest(points - step * axis).distance
            )
            / (2 * step)
            for axis in np.eye(3)
        ],
        axis=1,
    )
    smooth = np.abs(np.linalg.norm(slope, axis=1) - 1) < 0.05  # not at edges, where faces meet
    assert smooth.mean() > 0.9
    assert np.quantile(np.abs(slope - near.normal)[smooth], 0.98) < 0.06
    on = one.nearest(near.place).distance
    assert np.abs(on[smooth]).max() < 2e-3


def test_a_hull_of_a_box_is_the_box_behind_its_faces() -> None:
    box, hull = thing(Shape.box((0.4, 0.4, 0.4))), thing(cube_of_planes(0.2))
    behind = (np.abs(POINTS) < 0.2).sum(axis=1) >= 2
    assert behind.sum() > 10
    np.testing.assert_allclose(
        hull.nearest(POINTS).distance[behind], box.nearest(POINTS).distance[behind], atol=1e-9
    )


def test_a_height_field_of_a_slope_is_the_slope() -> None:
    x = np.linspace(-1, 1, 21)
    field = thing(Shape.height_field(np.repeat(0.5 * x[:, None], 21, axis=1), (2.0, 2.0)))
    normal = np.array([-0.5, 0.0, 1.0]) / np.hypot(0.5, 1.0)
    np.testing.assert_allclose(field.nearest(POINTS).distance, POINTS @ normal, atol=1e-9)


def test_distances_move_along_with_a_moving_thing() -> None:
    still = thing(Shape.box((0.4, 0.3, 0.2)), Shape.sphere(0.1).at((0.3, 0, 0)))
    places = RNG.normal(size=(len(POINTS), 3))
    moving = Thing(
        "thing", still.shapes, places, np.repeat(TURN[None], len(POINTS), 0), True, False, 1.0
    )
    near, there = still.nearest(POINTS), moving.nearest(POINTS @ TURN.T + places)
    np.testing.assert_allclose(there.distance, near.distance, atol=1e-12)
    np.testing.assert_allclose(there.place, near.place, atol=1e-12)
    np.testing.assert_allclose(there.normal, near.normal, atol=1e-12)


def test_a_box_in_two_halves_is_as_far_as_in_one_from_outside() -> None:
    whole = thing(Shape.box((0.4, 0.3, 0.2)))
    halves = thing(
        Shape.box((0.2, 0.3, 0.2)).at((0.1, 0, 0)), Shape.box((0.2, 0.3, 0.2)).at((-0.1, 0, 0))
    )
    far = whole.nearest(POINTS).distance
    outside = far > 0
    np.testing.assert_allclose(halves.nearest(POINTS).distance[outside], far[outside], atol=1e-9)


def test_scaled_and_mirrored_shapes_keep_their_distances() -> None:
    shape = Shape.box((0.4, 0.3, 0.2)).at((0.3, 0.1, 0), TURN)
    near = thing(shape).nearest(POINTS).distance
    np.testing.assert_allclose(thing(shape.scaled(1.7)).nearest(1.7 * POINTS).distance, 1.7 * near)
    flip = np.array([1, -1, 1])
    np.testing.assert_allclose(
        thing(shape.mirrored()).nearest(POINTS * flip).distance, near, atol=1e-12
    )


def test_what_json_keeps_is_the_shape() -> None:
    for shape in (*(shape for shape, _ in GEOMS.values()), cube_of_planes(0.2)):
        again = Shape.from_json(shape.at((0.1, 0, 0), TURN).as_json())
        np.testing.assert_array_equal(
            thing(again).nearest(POINTS).distance,
            thing(shape.at((0.1, 0, 0), TURN)).nearest(POINTS).distance,
        )


@pytest.mark.parametrize("size", [(0.0, 1.0, 1.0), (-1.0, 1.0, 1.0), (float("nan"), 1.0, 1.0)])
def test_a_box_without_size_is_refused(size: tuple[float, float, float]) -> None:
    with pytest.raises(RetargetError, match=r"no size|NaN"):
        Shape.box(size)


def _of_box(points: np.ndarray, half: np.ndarray) -> np.ndarray:
    out = np.abs(points) - half
    return np.asarray(
        np.linalg.norm(np.maximum(out, 0.0), axis=1) + np.minimum(out.max(axis=1), 0.0)
    )


def _of_capsule(points: np.ndarray, radius: float, length: float) -> np.ndarray:
    on = np.clip(points[:, 2], -length / 2, length / 2)
    return np.asarray(np.linalg.norm(points - on[:, None] * np.array([0, 0, 1.0]), axis=1) - radius)


def _of_cylinder(points: np.ndarray, radius: float, height: float) -> np.ndarray:
    """Distance from a cylinder: that from a rectangle of radius and half height."""
    out = np.column_stack(
        [np.linalg.norm(points[:, :2], axis=1) - radius, np.abs(points[:, 2]) - height / 2]
    )
    return np.asarray(
        np.linalg.norm(np.maximum(out, 0.0), axis=1) + np.minimum(out.max(axis=1), 0.0)
    )


CLOSED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "box": lambda points: _of_box(points, np.array([0.2, 0.15, 0.1])),
    "sphere": lambda points: np.linalg.norm(points, axis=1) - 0.2,
    "capsule": lambda points: _of_capsule(points, 0.1, 0.4),
    "cylinder": lambda points: _of_cylinder(points, 0.2, 0.3),
}


@pytest.mark.parametrize("name", GEOMS)
def test_distances_are_those_of_formulas_inside_and_off_edges_corners_and_centre(name: str) -> None:
    shape, _ = GEOMS[name]
    half = np.array([0.2, 0.15, 0.1])
    signs = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3), axis=-1).reshape(-1, 3)
    places = np.concatenate([POINTS, 0.25 * POINTS, *(signs * half * k for k in (0.5, 1.0, 1.1))])
    places += [0.002, -0.003, 0.0025]  # within microns of a surface or an axis directions are short
    at, exact = np.array([0.1, -0.2, 0.05]), CLOSED[name]
    one = thing(shape.at(at, TURN))
    near = one.nearest(places @ TURN.T + at)
    np.testing.assert_allclose(near.distance, exact(places), rtol=0, atol=1e-7)
    step = 1e-6
    slopes = [(exact(places + step * e) - exact(places - step * e)) / (2 * step) for e in np.eye(3)]
    slope = np.stack(slopes, axis=1)
    # Where faces are equally near, or at the middle, the distance has no slope.
    smooth = np.abs(np.linalg.norm(slope, axis=1) - 1) < 1e-6
    assert smooth.sum() > 500
    np.testing.assert_allclose(near.normal[smooth], slope[smooth] @ TURN.T, atol=1e-4)
    assert np.isfinite(near.normal).all() and np.isfinite(near.place).all()
    lengths = np.linalg.norm(near.normal, axis=1)
    np.testing.assert_allclose(lengths, 1.0, atol=1e-4)
    np.testing.assert_allclose(one.nearest(near.place).distance, 0.0, atol=1e-6)
