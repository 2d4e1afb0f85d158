"""Packs: a kernel on several frames side by side does what it does on each alone."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numba import njit

from kernels import callable_kernel
from retarget.compiled.packs import LANES, REAL, anywhere, both, either, packs, sine_cosine, where
from retarget.robots import load_robot
from retarget.scenes.distance import box_distance
from retarget.solver.kinematics.forward import body_kinematics, tree_arrays

NUMBERS = arrays(np.float32, (2, LANES), elements=st.floats(-50, 50, width=32))


@njit
def work(values, out):
    """Each operator that packs have, once."""
    x, y = values[0], values[1]
    s, c = sine_cosine(x)
    out[0], out[1] = s, c
    out[2] = x * y - x / (2.0 + abs(y)) + 3
    out[3] = math.sqrt(abs(x)) + math.floor(y) - (-x)
    out[4] = max(x, y) + min(x, 1.0)
    out[5] = where(both(x < y, x > -1.0), x, y)
    out[6] = where(either(x <= y, x >= 1.0), 1.0, 0.0)
    total = 0.0
    for k in range(2):
        total += values[k]
    out[7] = total


@njit
def side_by_side(values, out):
    work(packs(values), packs(out))


@njit
def meet(values):
    return anywhere(packs(values)[0] > packs(values)[1])


@given(NUMBERS)
def test_operators_do_in_every_lane_what_they_do_on_numbers(values: np.ndarray) -> None:
    together = np.empty((8, LANES), REAL)
    side_by_side(values, together)
    for lane in range(LANES):
        alone = np.empty(8)
        work(values[:, lane].astype(np.float64), alone)
        # In single precision, relative to the largest term: products of numbers up to 50.
        np.testing.assert_allclose(together[:, lane], alone, rtol=1e-6, atol=4e-4)
    assert meet(values) == (values[0] > values[1]).any()


@given(arrays(np.float32, (1, LANES), elements=st.floats(-100, 100, width=32)))
def test_sines_are_exact_to_the_last_bits(angles: np.ndarray) -> None:
    together = np.empty((8, LANES), REAL)
    side_by_side(np.concatenate([angles, angles]), together)
    exact = angles[0].astype(np.float64)
    np.testing.assert_allclose(together[0], np.sin(exact), atol=3e-7)
    np.testing.assert_allclose(together[1], np.cos(exact), atol=3e-7)


@pytest.mark.parametrize("name", ["unitree_g1", "unitree_h1", "booster_t1"])
def test_poses_side_by_side_are_the_poses_alone(name: str) -> None:
    tree = tree_arrays(load_robot(name))
    bodies = len(tree.parents)
    qpos = np.random.default_rng(5).uniform(-3, 3, (bodies + 6, LANES)).astype(REAL)
    qpos[3:7] /= np.linalg.norm(qpos[3:7], axis=0)

    def room(*lanes: int) -> list[np.ndarray]:
        kind = REAL if lanes else np.float64
        return [np.empty((bodies, *shape, *lanes), kind) for shape in ((3, 3), (3,), (3,))]

    together, pose_alone = room(LANES), callable_kernel(body_kinematics)
    pose(qpos, tree, *together)
    for lane in range(LANES):
        alone = room()
        pose_alone(qpos[:, lane].astype(np.float64), tree, *alone)
        for ours, theirs in zip(together, alone, strict=True):
            np.testing.assert_allclose(ours[..., lane], theirs, atol=3e-6)


@njit
def pose(qpos, tree, rotations, positions, axes):
    body_kinematics(packs(qpos), tree, packs(rotations), packs(positions), packs(axes))


_box_distance = callable_kernel(box_distance)


@njit
def box_alone(point, halves, side, out):
    gradient = np.empty(3)
    out[0] = _box_distance(
        point[0], point[1], point[2], halves, side[0], side[1], side[2], gradient
    )
    out[1:] = gradient


@njit
def box_side_by_side(points, halves, sides, gradients, out):
    x, s, g = packs(points), packs(sides), packs(gradients)
    packs(out)[0] = _box_distance(x[0], x[1], x[2], halves, s[0], s[1], s[2], g)


SIDES = np.concatenate([np.zeros((2, 3)), np.eye(3), -np.eye(3)]).astype(np.float32)


@given(
    arrays(np.float32, (3, LANES), elements=st.floats(-1.0, 1.0, width=32)),
    st.lists(st.integers(0, 7), min_size=LANES, max_size=LANES),
)
def test_distances_from_boxes_in_packs_are_those_of_each_point(
    points: np.ndarray, chosen: list[int]
) -> None:
    halves, sides = (
        np.array([0.4, 0.25, 0.1], np.float32),
        np.ascontiguousarray(SIDES[chosen].T),
    )
    gradients, together = np.empty((3, LANES), np.float32), np.empty((1, LANES), np.float32)
    box_side_by_side(points, halves, sides, gradients, together)
    for lane in range(LANES):
        alone = np.empty(4)
        box_alone(
            points[:, lane].astype(np.float64), halves, sides[:, lane].astype(np.float64), alone
        )
        assert together[0, lane] == pytest.approx(alone[0], abs=2e-6)
        moved = points[:, lane].astype(np.float64) + 1e-4 * gradients[:, lane]
        further = np.empty(4)  # where two faces are as near either direction is right
        box_alone(moved, halves, sides[:, lane].astype(np.float64), further)
        assert further[0] - alone[0] > -2e-6
