"""One frame's Gauss-Newton system, assembled on the tree, is the one that finite differences give."""

from __future__ import annotations

import numpy as np
import pytest
from clips import jump, robot
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import callable_kernel
from retarget.options import RetargetOptions
from retarget.pipeline import make_targets
from retarget.solver.arrays import Limits
from retarget.solver.kinematics import forward, tree
from retarget.solver.kinematics.tree import COMPOSITE
from retarget.solver.problem import TaskWeights, make_problem

body_kinematics = callable_kernel(forward.body_kinematics)
task_composites = callable_kernel(tree.task_composites)
assemble = callable_kernel(tree.assemble)
solve_tree = callable_kernel(tree.solve_tree)
retract = callable_kernel(tree.retract)
base_rotation_step = callable_kernel(tree.base_rotation_step)

ROBOTS = ["unitree_g1", "unitree_h1", "booster_t1"]


def frame_system(name: str, seed: int):
    """Cost function, gradient and dense matrix of one frame at a random configuration."""
    model = robot(name)
    motion = jump()
    _, _, targets, shape = make_targets(motion, model)
    # Position tasks and anatomical axes only: long axes by joint centres are approximated on purpose.
    problem = make_problem(targets, model, shape, RetargetOptions(), TaskWeights())
    tasks = problem.tasks._replace(centres=np.full_like(problem.tasks.centres, -1))
    rng = np.random.default_rng(seed)
    frame = int(rng.integers(len(motion)))
    qpos = np.concatenate([rng.normal(size=7), rng.uniform(model.lower, model.upper)])
    qpos[3:7] /= np.linalg.norm(qpos[3:7])
    bodies = len(model.body_names)
    R, r, a = np.empty((bodies, 3, 3)), np.empty((bodies, 3)), np.empty((bodies, 3))
    composites = np.empty((bodies, COMPOSITE))

    def cost(q):
        body_kinematics(q, problem.tree, R, r, a)
        positions, frames = problem.clip.positions[frame], problem.clip.frames[frame]
        return task_composites(q, R, r, tasks, positions, frames, composites)

    value = cost(qpos)
    size = bodies + 5
    packed = np.zeros((size, problem.tree.ancestors.shape[1]))
    gradient = np.empty(size)
    assemble(r, a, composites, problem.tree, packed, gradient)
    return problem, qpos, cost, value, packed, gradient


def dense_matrix(problem, packed):
    size = len(problem.tree.depth)
    matrix = np.zeros((size, size))
    for k in range(size):
        for d in range(problem.tree.depth[k] + 1):
            i = problem.tree.ancestors[k, d]
            matrix[k, i] = matrix[i, k] = packed[k, d]
    return matrix


@pytest.mark.parametrize("name", ROBOTS)
@pytest.mark.parametrize("seed", range(3))
def test_gradient_is_that_of_the_cost(name: str, seed: int) -> None:
    problem, qpos, cost, _, _, gradient = frame_system(name, seed)
    free = problem.limits._replace(
        lower=np.full_like(problem.limits.lower, -np.inf),
        upper=np.full_like(problem.limits.upper, np.inf),
    )
    step, moved = 1e-6, np.empty_like(qpos)
    numeric = np.empty_like(gradient)
    for k in range(len(gradient)):
        x = np.zeros_like(gradient)
        values = []
        for sign in (1, -1):
            x[k] = sign * step
            retract(qpos, x, free, moved)
            values.append(cost(moved.copy()))
        numeric[k] = -(values[0] - values[1]) / (
            4 * step
        )  # cost is the square itself, not its half
    np.testing.assert_allclose(gradient, numeric, atol=2e-5 * np.abs(numeric).max())


@pytest.mark.parametrize("name", ROBOTS)
def test_matrix_is_positive_semidefinite_and_the_solve_inverts_it(name: str) -> None:
    problem, _, _, _, packed, gradient = frame_system(name, 5)
    for k in range(len(gradient)):
        packed[k, problem.tree.depth[k]] += 0.1
    matrix = dense_matrix(problem, packed)
    assert np.linalg.eigvalsh(matrix).min() > 0.09
    x = gradient.copy()
    solve_tree(packed, problem.tree.depth, problem.tree.ancestors, x)
    np.testing.assert_allclose(matrix @ x, gradient, atol=1e-9 * np.abs(gradient).max())


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-0.3, 0.3), min_size=3, max_size=3), st.integers(0, 1000))
def test_base_rotation_step_undoes_retract(turn: list[float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    before = np.concatenate([rng.normal(size=3), rng.normal(size=4)])
    before[3:] /= np.linalg.norm(before[3:])
    none = Limits(np.full(1, -np.inf), np.full(1, np.inf), np.full(1, np.inf), np.empty(0))
    after, out = before.copy(), np.empty(3)
    retract(before, np.concatenate([np.zeros(3), turn]), none, after)
    base_rotation_step(after, before, out)
    # The map is (1, x/2) normalised; the step reads 2 sin(half the angle), so both agree to second order.
    size = np.linalg.norm(turn)
    np.testing.assert_allclose(out * np.sqrt(1 + size**2 / 4), turn, atol=1e-12)
