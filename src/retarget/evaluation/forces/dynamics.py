"""What must act on a robot for it to move as it does: inverse dynamics of the tree by recursive Newton and Euler.

Everything is expressed along the world's axes about each body's origin, with rigid bodies alone: no rotor inertia, no
friction in the joints.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.ground import GRAVITY
from retarget.robots.model import RobotModel
from retarget.solver.arrays import Tree
from retarget.solver.kinematics.forward import body_kinematics, tree_arrays

__all__ = [
    "Masses",
    "angular_step",
    "body_forces",
    "gather_forces",
    "inverse_dynamics",
    "mass_arrays",
]


class Masses(NamedTuple):
    """Mass properties of the bodies, as kernels want them; see `RobotModel`.

    Attributes:
        masses: kg.
        centres: Centres of mass in the bodies' frames, metres.
        inertias: About these, in the bodies' frames, kg m^2.
        total: kg.
    """

    masses: Float64[np.ndarray, "B"]
    centres: Float64[np.ndarray, "B 3"]
    inertias: Float64[np.ndarray, "B 3 3"]
    total: float


@lru_cache(maxsize=4)
def mass_arrays(robot: RobotModel) -> Masses:
    """The robot's mass properties; remembered for the robots used last."""
    return Masses(
        np.ascontiguousarray(robot.masses),
        np.ascontiguousarray(robot.mass_centres),
        np.ascontiguousarray(robot.inertias),
        float(robot.masses.sum()),
    )


def inverse_dynamics(
    robot: RobotModel,
    qpos: Float64[np.ndarray, "T Q"],
    qvel: Float64[np.ndarray, "T V"],
    qacc: Float64[np.ndarray, "T V"],
) -> Float64[np.ndarray, "T V"]:
    """Generalised forces that a motion needs with nothing touching the robot, in MuJoCo's convention.

    Args:
        robot: The robot.
        qpos: Configurations.
        qvel: Base velocity (world, m/s), its angular velocity (in the base's frame, rad/s), joint speeds (rad/s).
        qacc: Derivatives of ``qvel``.

    Returns:
        Force on the base (world, N), torque about its origin (in its frame, N m), joint torques (N m).

    Example:
        >>> forces = inverse_dynamics(robot, qpos, qvel, qacc)  # doctest: +SKIP
    """
    forces = np.empty((len(qpos), qvel.shape[1]))
    _inverse_dynamics(qpos, qvel, qacc, tree_arrays(robot), mass_arrays(robot), forces)
    return forces


@jit(fastmath=True, inner=True)
def angular_step(
    before: Float64[np.ndarray, "Q"],
    after: Float64[np.ndarray, "Q"],
    out: Float64[np.ndarray, "3"],
) -> None:
    """Fill the turn of the base from one configuration to another as a rotation vector in its frame, rad."""
    w0, x0, y0, z0 = before[3], -before[4], -before[5], -before[6]
    w1, x1, y1, z1 = after[3], after[4], after[5], after[6]
    w = w0 * w1 - x0 * x1 - y0 * y1 - z0 * z1
    x = w0 * x1 + x0 * w1 + y0 * z1 - z0 * y1
    y = w0 * y1 - x0 * z1 + y0 * w1 + z0 * x1
    z = w0 * z1 + x0 * y1 - y0 * x1 + z0 * w1
    sign = -1.0 if w < 0 else 1.0
    sine = math.sqrt(x * x + y * y + z * z)
    scale = 2.0 * sign
    if sine > 1e-9:
        scale = 2.0 * sign * math.atan2(sine, sign * w) / sine
    out[0] = scale * x
    out[1] = scale * y
    out[2] = scale * z


@jit(fastmath=True, inner=True)
def _cross(
    a: Float64[np.ndarray, "3"], b: Float64[np.ndarray, "3"], out: Float64[np.ndarray, "3"]
) -> None:
    out[0] = a[1] * b[2] - a[2] * b[1]
    out[1] = a[2] * b[0] - a[0] * b[2]
    out[2] = a[0] * b[1] - a[1] * b[0]


@jit(fastmath=True, inner=True)
def body_forces(
    velocity: Float64[np.ndarray, "V"],
    acceleration: Float64[np.ndarray, "V"],
    tree: Tree,
    masses: Masses,
    R: Float64[np.ndarray, "B 3 3"],
    r: Float64[np.ndarray, "B 3"],
    axes: Float64[np.ndarray, "B 3"],
    force: Float64[np.ndarray, "B 3"],
    torque: Float64[np.ndarray, "B 3"],
) -> None:
    """Fill what each body alone needs for its motion against gravity: force, and torque about its origin, world axes.

    ``R``, ``r`` and ``axes`` are the bodies' poses as `body_kinematics` gives them; velocities as in
    `inverse_dynamics`.
    """
    bodies = tree.parents.shape[0]
    spin = scratch((bodies, 3), np.float64)
    turn = scratch((bodies, 3), np.float64)
    lift = scratch((bodies, 3), np.float64)
    u = scratch(3, np.float64)
    v = scratch(3, np.float64)
    w = scratch(3, np.float64)
    for i in range(3):
        lift[0, i] = acceleration[i]
        for k in range(3):
            spin[0, i] += R[0, i, k] * velocity[3 + k]
            turn[0, i] += R[0, i, k] * acceleration[3 + k]
    lift[0, 2] += GRAVITY
    for b in range(bodies):
        if b > 0:
            p = tree.parents[b]
            rate = velocity[5 + b]
            for i in range(3):
                u[i] = r[b, i] - r[p, i]
                v[i] = axes[b, i] * rate
            _cross(spin[p], v, w)
            for i in range(3):
                spin[b, i] = spin[p, i] + v[i]
                turn[b, i] = turn[p, i] + axes[b, i] * acceleration[5 + b] + w[i]
            _cross(spin[p], u, v)
            _cross(spin[p], v, w)
            _cross(turn[p], u, v)
            for i in range(3):
                lift[b, i] = lift[p, i] + v[i] + w[i]
        _one_body(b, masses, R[b], spin[b], turn[b], lift[b], force[b], torque[b])


@jit(fastmath=True, inner=True)
def _one_body(
    b: int,
    masses: Masses,
    R: Float64[np.ndarray, "3 3"],
    spin: Float64[np.ndarray, "3"],
    turn: Float64[np.ndarray, "3"],
    lift: Float64[np.ndarray, "3"],
    force: Float64[np.ndarray, "3"],
    torque: Float64[np.ndarray, "3"],
) -> None:
    """Newton's and Euler's law for one body, whose origin accelerates by ``lift``."""
    centre = scratch(3, np.float64)
    u = scratch(3, np.float64)
    v = scratch(3, np.float64)
    local_spin = scratch(3, np.float64)
    local_turn = scratch(3, np.float64)
    for i in range(3):
        for k in range(3):
            centre[i] += R[i, k] * masses.centres[b, k]
            local_spin[i] += R[k, i] * spin[k]
            local_turn[i] += R[k, i] * turn[k]
    _cross(spin, centre, u)
    _cross(spin, u, v)
    _cross(turn, centre, u)
    for i in range(3):
        force[i] = masses.masses[b] * (lift[i] + u[i] + v[i])
    for i in range(3):
        u[i] = 0.0
        v[i] = 0.0
        for k in range(3):
            u[i] += masses.inertias[b, i, k] * local_spin[k]
            v[i] += masses.inertias[b, i, k] * local_turn[k]
    _cross(local_spin, u, local_turn)
    _cross(centre, force, torque)
    for i in range(3):
        for k in range(3):
            torque[i] += R[i, k] * (v[k] + local_turn[k])


@jit(fastmath=True, inner=True)
def gather_forces(
    tree: Tree,
    r: Float64[np.ndarray, "B 3"],
    force: Float64[np.ndarray, "B 3"],
    torque: Float64[np.ndarray, "B 3"],
) -> None:
    """Add to each body what all bodies below it need, torques about its own origin: the base has the root wrench."""
    u = scratch(3, np.float64)
    v = scratch(3, np.float64)
    for k in range(tree.parents.shape[0] - 1):
        b = tree.parents.shape[0] - 1 - k
        p = tree.parents[b]
        for i in range(3):
            u[i] = r[b, i] - r[p, i]
        _cross(u, force[b], v)
        for i in range(3):
            force[p, i] += force[b, i]
            torque[p, i] += torque[b, i] + v[i]


@jit(fastmath=True)
def _inverse_dynamics(
    qpos: Float64[np.ndarray, "T Q"],
    qvel: Float64[np.ndarray, "T V"],
    qacc: Float64[np.ndarray, "T V"],
    tree: Tree,
    masses: Masses,
    out: Float64[np.ndarray, "T V"],
) -> None:
    bodies = tree.parents.shape[0]
    R = scratch((bodies, 3, 3), np.float64)
    r = scratch((bodies, 3), np.float64)
    axes = scratch((bodies, 3), np.float64)
    force = scratch((bodies, 3), np.float64)
    torque = scratch((bodies, 3), np.float64)
    for t in range(qpos.shape[0]):
        body_kinematics(qpos[t], tree, R, r, axes)
        body_forces(qvel[t], qacc[t], tree, masses, R, r, axes, force, torque)
        gather_forces(tree, r, force, torque)
        for i in range(3):
            out[t, i] = force[0, i]
            out[t, 3 + i] = 0.0
            for k in range(3):
                out[t, 3 + i] += R[0, k, i] * torque[0, k]
        for b in range(1, bodies):
            out[t, 5 + b] = 0.0
            for i in range(3):
                out[t, 5 + b] += axes[b, i] * torque[b, i]
