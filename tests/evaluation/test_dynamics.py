"""Inverse dynamics are MuJoCo's, fits are SciPy's, and both together are what a slow reference finds."""

from __future__ import annotations

from pathlib import Path

import motions
import mujoco
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

import retarget.robots
from retarget.evaluation.forces.cone_fit import fit_in_cones
from retarget.evaluation.forces.dynamics import inverse_dynamics
from retarget.evaluation.forces.ground_points import ground_points
from retarget.evaluation.forces.hull import support_distance
from retarget.evaluation.forces.sharing import share_load
from retarget.evaluation.frames.physics import contact_forces
from retarget.ground import GRAVITY
from retarget.robots import RobotModel, load_robot, robot_names
from retarget.solver.kinematics.forward import forward_kinematics

EMBEDDED = Path(retarget.robots.__file__).parent / "embedded"


@pytest.fixture(scope="module")
def robot() -> RobotModel:
    return load_robot("unitree_g1")


def rigid(name: str) -> mujoco.MjModel:
    """A robot's rigid bodies in free space, as nothing but their inertia and gravity is compared."""
    model = mujoco.MjModel.from_xml_path(str(EMBEDDED / name / "model.xml"))
    model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_CONSTRAINT
    for none in (
        model.dof_armature,
        model.dof_damping,
        model.dof_frictionloss,
        model.jnt_stiffness,
    ):
        none[:] = 0
    return model


def differences(
    model: mujoco.MjModel, qpos: np.ndarray, fps: float
) -> tuple[np.ndarray, np.ndarray]:
    """Central velocities and accelerations of all frames but the ends."""
    steps = np.empty((len(qpos) - 1, model.nv))
    for t in range(len(steps)):
        mujoco.mj_differentiatePos(model, steps[t], 1 / fps, qpos[t], qpos[t + 1])
    return (steps[1:] + steps[:-1]) / 2, np.diff(steps, axis=0) * fps


def inverse(
    model: mujoco.MjModel, qpos: np.ndarray, qvel: np.ndarray, qacc: np.ndarray
) -> np.ndarray:
    data = mujoco.MjData(model)
    data.qpos[:], data.qvel[:], data.qacc[:] = qpos, qvel, qacc
    mujoco.mj_inverse(model, data)
    return data.qfrc_inverse.copy()


@pytest.mark.parametrize("name", robot_names())
def test_inverse_dynamics_are_mujocos_on_a_real_clip(name: str) -> None:
    robot, result = load_robot(name), motions.jumps(name)
    model = rigid(name)
    qvel, qacc = differences(model, result.qpos, result.fps)
    forces = inverse_dynamics(robot, np.ascontiguousarray(result.qpos[1:-1]), qvel, qacc)
    expected = np.stack(
        [inverse(model, *each) for each in zip(result.qpos[1:-1], qvel, qacc, strict=True)]
    )
    assert np.abs(expected).max() > 300
    np.testing.assert_allclose(forces, expected, rtol=0, atol=1e-6 * np.abs(expected).max())


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 30), st.floats(0.1, 1))
def test_forces_in_cones_are_as_good_as_scipys(seed: int, points: int, friction: float) -> None:
    """Loads that cones carry and loads that they do not, at scattered and at repeated points."""
    rng = np.random.default_rng(seed)
    places = rng.normal(size=(points, 3)) * [0.3, 0.3, 0.1] - [0, 0, 0.8]
    places[rng.random(points) < 0.2] = places[:1]
    load = rng.normal(size=6) * 10 ** rng.uniform(-1, 3) + [0, 0, rng.uniform(0, 1000), 0, 0, 0]
    left = fit_in_cones(places, friction, load, 0.3)
    columns = columns_of(places, friction_cone(friction), 0.3)
    least = load - nnls(columns.T, load)[0] @ columns if points else load
    np.testing.assert_allclose(left, least, atol=1e-7 * np.linalg.norm(load))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 30))
def test_points_share_a_load_pushing_little_and_never_pulling(seed: int, points: int) -> None:
    rng = np.random.default_rng(seed)
    places = rng.normal(size=(points, 3)) * [0.3, 0.3, 0.1] - [0, 0, 0.8]
    columns = columns_of(places, friction_cone(0.8), 0.3)
    pushes = rng.exponential(size=len(columns)) * (rng.random(len(columns)) < 0.2)
    load = pushes @ columns
    forces = share_load(places, 0.8, load, 0.3)
    carried = np.concatenate([forces.sum(0), np.cross(places, forces).sum(0) / 0.3])
    np.testing.assert_allclose(carried, load, atol=0.05 * np.linalg.norm(load) + 1e-9)
    assert (np.linalg.norm(forces[:, :2], axis=1) <= 0.8 * forces[:, 2] + 1e-9).all()
    assert np.square(forces).sum() <= np.square(pushes).sum() * 8 + 1e-9


def test_equal_points_share_a_load_equally() -> None:
    places = np.array([[x, y, -0.7] for x in (-0.1, 0.1) for y in (-0.2, 0.2)])
    forces = share_load(places, 0.8, np.array([0, 0, 400.0, 0, 0, 0]), 0.3)
    np.testing.assert_allclose(forces, np.tile([0, 0, 100.0], (4, 1)), atol=0.1)


def friction_cone(friction: float) -> np.ndarray:
    """Horizontal parts of the eight edges, for a unit upwards."""
    angles = np.arange(8) * np.pi / 4
    return friction * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def columns_of(places: np.ndarray, edges: np.ndarray, arm: float) -> np.ndarray:
    forces = np.concatenate([edges, np.ones((len(edges), 1))], axis=1)
    rows = [np.concatenate([f, np.cross(x, f) / arm]) for x in places for f in forces]
    return np.array(rows).reshape(-1, 6)


def reference(
    robot: RobotModel, qpos: np.ndarray, fps: float, height: float, arm: float
) -> tuple[np.ndarray, np.ndarray]:
    """Shares of force and torque left, by MuJoCo and SciPy, at all points below a height."""
    model = rigid(robot.name)
    qvel, qacc = differences(model, qpos, fps)
    positions, rotations = forward_kinematics(qpos, robot)
    points = ground_points(robot)
    weight = robot.masses.sum() * GRAVITY
    rows = []
    for t in range(1, len(qpos) - 1):
        R, p = rotations[t, points.bodies], positions[t, points.bodies]
        places = p + np.einsum("kij,kj->ki", R, points.centres)
        places[:, 2] -= points.radii
        heading = np.arctan2(rotations[t, 0, 1, 0], rotations[t, 0, 0, 0])
        c, s = np.cos(heading), np.sin(heading)
        edges = friction_cone(0.8) @ np.array([[c, s], [-s, c]])
        low = places[places[:, 2] <= height] - qpos[t, :3]
        columns = columns_of(low, edges, arm)
        wrench = inverse(model, qpos[t], qvel[t - 1], qacc[t - 1])[:6]
        wrench[3:] = rotations[t, 0] @ wrench[3:] / arm
        left = wrench
        if len(columns):
            left = wrench - nnls(columns.T, wrench)[0] @ columns
        rows.append([np.linalg.norm(left[:3]), arm * np.linalg.norm(left[3:])])
    return tuple((np.array(rows) / weight).T)


@pytest.mark.parametrize("clip", [motions.walk, motions.jumps])
def test_forces_left_are_those_of_a_slow_reference(clip, robot: RobotModel) -> None:
    result = clip()
    qpos = np.ascontiguousarray(result.qpos[20:80])
    forces = contact_forces(qpos, robot, result.fps, height=0.02, speed=np.inf, arm=0.3)
    force, torque = reference(robot, qpos, result.fps, 0.02, 0.3)
    assert force.max() > 0.05
    np.testing.assert_allclose(forces.force_left, force, atol=1e-6)
    np.testing.assert_allclose(forces.torque_left, torque, atol=1e-6)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 30))
def test_distance_from_support_is_that_of_the_nearest_mixture(seed: int, points: int) -> None:
    rng = np.random.default_rng(seed)
    corners = rng.normal(size=(points, 2)) * [0.2, 0.1] + rng.normal(size=2) * 0.2
    x, y = rng.normal(size=2) * 0.2
    heavy = 1e4  # the mixture's shares add up to 1
    table = np.concatenate([(corners - [x, y]).T, heavy * np.ones((1, points))])
    _, least = nnls(table, np.array([0, 0, heavy]))
    assert support_distance(corners, x, y) == pytest.approx(least, abs=1e-6)
