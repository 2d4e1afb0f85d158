"""The centre of mass's rows of the linear system are what MuJoCo's centre of mass does, and the base moves with it."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np
import pytest
from clips import jump, robot
from numba import njit

from kernels import callable_kernel
from retarget import robots
from retarget.options import RetargetOptions
from retarget.pipeline import make_targets
from retarget.solver.arrays import Problem, single_robot
from retarget.solver.kinematics import poses as posing
from retarget.solver.kinematics import tree
from retarget.solver.kinematics.poses import allocate_poses
from retarget.solver.linear.banded import aligned_zeros, block_rows, block_width
from retarget.solver.problem import TaskWeights, make_problem
from retarget.solver.window import differences
from retarget.solver.window.centre import centre_rows

ROBOTS = ["unitree_g1", "unitree_h1", "booster_t1"]
FRAMES = 19  # no whole number of packs

retract = callable_kernel(tree.retract)
second_differences = callable_kernel(differences.second_differences)


@njit
def rows_of(qpos, problem, poses, a, width, cost):
    posing.load_targets(problem.clip, 0, qpos.shape[0], qpos[0], problem.tasks, poses)
    posing.pose_frames(qpos, problem.tree, problem.capsules, poses)
    for p in range(posing.pack_count(qpos.shape[0])):
        centre_rows(p, qpos.shape[0], poses, problem.tree, problem.masses, a, width, cost[p])


class MujocoCentre:
    """The centre of mass of a robot as MuJoCo has it, in the product's order of joints."""

    def __init__(self, name: str) -> None:
        path = Path(robots.__file__).parent / "embedded" / name / "model.xml"
        self.model = mujoco.MjModel.from_xml_path(str(path))
        self.data = mujoco.MjData(self.model)

    def __call__(self, qpos: np.ndarray) -> np.ndarray:
        self.data.qpos[:] = qpos
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_comPos(self.model, self.data)
        return self.data.subtree_com[0].copy()


def random_clip(name: str, seed: int) -> tuple[Problem, np.ndarray]:
    """Configurations far from where the world begins, and a path a little beside their centres of mass."""
    model, motion = robot(name), jump().frames(0, FRAMES)
    _, _, targets, shape = make_targets(motion, model)
    problem = make_problem(targets, model, shape, RetargetOptions(), TaskWeights())
    rng = np.random.default_rng(seed)
    qpos = np.empty((FRAMES, model.qpos_size))
    qpos[:, :3] = [40.0, -70.0, 0.7] + 0.1 * rng.normal(size=(FRAMES, 3))
    qpos[:, 3:7] = rng.normal(size=(FRAMES, 4))
    qpos[:, 3:7] /= np.linalg.norm(qpos[:, 3:7], axis=1, keepdims=True)
    qpos[:, 7:] = rng.uniform(model.lower, model.upper, (FRAMES, model.joint_count))
    centre = MujocoCentre(name)
    centres = np.array([centre(q) for q in qpos]) + 0.05 * rng.normal(size=(FRAMES, 3))
    weights = rng.uniform(1, 10, (FRAMES, 2))  # along the ground, and up
    weights[[3, 11]] = 0.0  # frames that follow no path
    clip = problem.clip._replace(centres=centres, centre_weights=weights)
    return problem._replace(clip=clip), qpos


def numeric_jacobian(centre: MujocoCentre, qpos: np.ndarray, problem: Problem) -> np.ndarray:
    limits = problem.limits._replace(
        lower=np.full_like(problem.limits.lower, -np.inf),
        upper=np.full_like(problem.limits.upper, np.inf),
    )
    size, step = len(problem.limits.lower) + 5, 1e-6
    jacobian, moved = np.empty((3, size)), np.empty_like(qpos)
    for k in range(size):
        ends = []
        for sign in (1, -1):
            x = np.zeros(size)
            x[k] = sign * step
            retract(qpos, x, limits, moved)
            ends.append(centre(moved))
        jacobian[:, k] = (ends[0] - ends[1]) / (2 * step)
    return jacobian


@pytest.mark.parametrize("name", ROBOTS)
def test_rows_are_those_of_mujocos_centre_of_mass(name: str) -> None:
    problem, qpos = random_clip(name, 4)
    packed = single_robot(problem)
    poses = allocate_poses(FRAMES, packed.tree, packed.capsules, packed.clip)
    size = len(problem.limits.lower) + 5
    width, rows = block_width(size), block_rows(size)
    a = aligned_zeros((FRAMES + 2) * rows * 3 * width)
    cost = np.zeros((len(poses.r), 1, poses.r.shape[-1]), np.float32)
    rows_of(qpos, packed, poses, a, width, cost)
    blocks = a.reshape(FRAMES + 2, rows, 3 * width)
    centre = MujocoCentre(name)
    for t in range(FRAMES):
        along, up = problem.clip.centre_weights[t]
        weight = np.array([along, along, up])
        away = problem.clip.centres[t] - centre(qpos[t])
        J = numeric_jacobian(centre, qpos[t], problem)
        upper = np.triu(blocks[t, :size, :size])
        np.testing.assert_allclose(upper, np.triu(J.T * weight @ J), atol=2e-4)
        right = blocks[t, :size, width - 2]
        np.testing.assert_allclose(right, J.T * weight @ away, atol=2e-4)
        lanes = cost.shape[-1]
        own = cost[t // lanes, 0, t % lanes]
        assert own == pytest.approx(weight * away @ away, rel=1e-3, abs=1e-9)
    assert not blocks[[3, 11]].any()
    assert not blocks[FRAMES:].any()


def test_a_base_that_is_accelerated_as_the_path_costs_nothing() -> None:
    """In a jump the base falls as the centre of mass does: only what it does besides is held smooth."""
    problem, qpos = random_clip("unitree_g1", 1)
    qpos = np.repeat(qpos[:1], FRAMES, 0)
    time = np.arange(FRAMES)[:, None] / 30.0
    path = np.array([1.0, 2.0, 0.8]) + time * [0.5, 0.1, 2.0] - 0.5 * time**2 * [0, 0, 9.81]
    qpos[:, :3] = path + np.array([0.02, 0.0, -0.1])
    weights = np.linspace(1, 2, len(problem.limits.lower) + 5)
    steady = np.linspace(1.0, 0.2, FRAMES)  # less where the body lies
    pulls, cost = np.empty((FRAMES + 2, len(weights))), np.empty(FRAMES + 2)
    second_differences(qpos, 0, FRAMES, 0, weights, path, steady, pulls, cost)
    assert cost[:FRAMES].max() < 1e-24
    still = np.zeros_like(path)
    second_differences(qpos, 0, FRAMES, 0, weights, still, steady, pulls, cost)
    fall = 9.81 / 30.0**2
    np.testing.assert_allclose(cost[2:FRAMES], steady[2:] * weights[2] * fall**2, rtol=1e-9)
    np.testing.assert_allclose(pulls[2:FRAMES, 2], -steady[2:] * weights[2] * fall, rtol=1e-9)
