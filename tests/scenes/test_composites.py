"""What touches things adds to a frame's system what its rows would, one sphere at a time."""

from __future__ import annotations

import numpy as np
import pytest

from kernels import callable_kernel
from retarget.robots import load_robot
from retarget.solver.arrays import Limits
from retarget.solver.kinematics import forward, tree
from retarget.solver.window.room import PARTS
from retarget.solver.window.things import composites

body_kinematics = callable_kernel(forward.body_kinematics)
retract = callable_kernel(tree.retract)
add_directed_mass = callable_kernel(composites.add_directed_mass)
sum_up = callable_kernel(composites.sum_up)
couple = callable_kernel(composites.couple)


@pytest.mark.parametrize("touching", [(6, 6, 10), (0, 21), (28,)])
def test_spheres_in_things_are_rows_of_the_system(touching: tuple[int, ...]) -> None:
    """Soles, base and hands: the matrix is the sum of w J' J, the descent that of w J' e, with J by differences."""
    model = load_robot("unitree_g1")
    arrays = forward.tree_arrays(model)
    bodies, rng = len(model.parents), np.random.default_rng(len(touching))
    size = bodies + 5
    qpos = np.concatenate([rng.normal(size=7), rng.uniform(model.lower, model.upper)])
    qpos[3:7] /= np.linalg.norm(qpos[3:7])
    free = Limits(*np.full((2, bodies), [[-np.inf], [np.inf]]), np.ones(bodies), np.empty(0))
    R, r, a = np.empty((bodies, 3, 3)), np.empty((bodies, 3)), np.empty((bodies, 3))

    def place(q: np.ndarray, body: int, own: np.ndarray) -> np.ndarray:
        body_kinematics(q, arrays, R, r, a)
        return q[:3] + r[body] + R[body] @ own

    parts, used = np.zeros((bodies, PARTS)), np.zeros(bodies, bool)
    matrix, descent = np.zeros((size, size)), np.zeros(size)
    for body in touching:
        own, weight, deep = rng.normal(size=3), rng.uniform(1, 2), rng.normal()
        normal = rng.normal(size=3)
        normal /= np.linalg.norm(normal)
        row = np.empty(size)
        for k in range(size):
            step = np.where(np.arange(size) == k, 1e-6, 0.0)
            moved = [np.empty_like(qpos) for _ in range(2)]
            retract(qpos, step, free, moved[0])
            retract(qpos, -step, free, moved[1])
            row[k] = normal @ (place(moved[0], body, own) - place(moved[1], body, own)) / 2e-6
        away = place(qpos, body, own) - qpos[:3]
        add_directed_mass(parts, body, weight, deep, normal, *away)
        used[body] = True
        matrix += weight * np.outer(row, row)
        descent += weight * deep * row
    H, g = np.zeros((size, arrays.ancestors.shape[1])), np.zeros(size)
    sum_up(parts, used, arrays)
    couple(parts, used, r, a, arrays, H, g)
    assert used[0] and used.sum() < bodies
    np.testing.assert_allclose(g, descent, atol=1e-7)
    for k in range(size):
        above = arrays.ancestors[k, : arrays.depth[k] + 1]
        np.testing.assert_allclose(H[k, : len(above)], matrix[k, above], atol=1e-7)
