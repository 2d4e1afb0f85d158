"""Problems turned to the heading of their first frame: which that is, and that turning back gives what there was."""

from __future__ import annotations

import numpy as np
import pytest

from retarget.geometry import matrix_from_quaternion, quaternion_from_vector
from retarget.solver.heading import facing, turned_poses

LEFT, FORWARD, UP = np.eye(3)[1], np.eye(3)[0], np.eye(3)[2]


def _about_vertical(angle: float) -> np.ndarray:
    half = np.array([np.cos(angle / 2), 0.0, 0.0, np.sin(angle / 2)])
    return np.asarray(matrix_from_quaternion(half))


@pytest.mark.parametrize("angle", [0.0, 0.4, -2.0, np.pi])
@pytest.mark.parametrize(
    ("hips", "trunk"),
    [(LEFT, UP), (LEFT + 0.9 * UP, UP), (0.2 * UP + 0.01 * LEFT, FORWARD), (UP, FORWARD)],
)
def test_a_body_that_is_turned_about_is_turned_back(
    angle: float, hips: np.ndarray, trunk: np.ndarray
) -> None:
    turn = _about_vertical(angle)
    np.testing.assert_allclose(facing(turn @ hips, turn @ trunk) @ turn, np.eye(3), atol=1e-12)


def test_what_has_no_heading_stays() -> None:
    np.testing.assert_array_equal(facing(np.zeros(3), UP), np.eye(3))
    np.testing.assert_array_equal(facing(UP, UP), np.eye(3))


def test_poses_turn_about_the_vertical_and_back() -> None:
    rng = np.random.default_rng(3)
    qpos = rng.normal(size=(7, 12))
    qpos[:, 3:7] = quaternion_from_vector(rng.normal(size=(7, 3)))
    turn = _about_vertical(1.1)
    there = turned_poses(qpos, turn)
    np.testing.assert_allclose(there[:, :3], qpos[:, :3] @ turn.T, atol=1e-12)
    np.testing.assert_allclose(
        matrix_from_quaternion(there[:, 3:7]), turn @ matrix_from_quaternion(qpos[:, 3:7])
    )
    np.testing.assert_array_equal(there[:, 7:], qpos[:, 7:])
    back = turned_poses(there, turn.T)
    np.testing.assert_allclose(back, qpos, atol=1e-12)
