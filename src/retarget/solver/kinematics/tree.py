"""Gauss-Newton systems of one frame on the kinematic tree, without ever forming a Jacobian.

Every task is a point mass with a spin inertia on its body, so the normal matrix is the tree's composite-rigid-body
matrix (Featherstone 2008, chapter 6) of those masses, and the gradient is what their forces do to the joints. A
body's composite is `COMPOSITE` numbers, all about the base's origin in world axes, whose places have names:

    M            mass m, the sum of the weights           N              mass n of what only resists moving up or
    MX MY MZ     first moments m x, m y, m z                             down, as the floor does
    XX ... ZZ    rotational inertia, upper triangle       NX NY          n x, n y
    FX FY FZ     force                                    NXX NXY NYY    n x x, n x y, n y y
    TX TY TZ     torque
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float, Int64

from retarget.compiled.jit import jit
from retarget.solver.arrays import Limits, Tasks, Tree

__all__ = [
    "COMPOSITE",
    "add_point_mass",
    "add_vertical_mass",
    "assemble",
    "base_rotation_step",
    "retract",
    "solve_tree",
    "task_axis",
    "task_composites",
]

M, MX, MY, MZ, XX, XY, XZ, YY, YZ, ZZ, FX, FY, FZ, TX, TY, TZ, N, NX, NY, NXX, NXY, NYY = range(22)
COMPOSITE = 22


@jit(fastmath=True, inner=True)
def add_point_mass(
    C: Float[np.ndarray, "B 22"],
    b: int,
    m: float,
    x: float,
    y: float,
    z: float,
    e0: float,
    e1: float,
    e2: float,
) -> None:
    """Add to body b a squared position error of weight m: a mass at (x, y, z), pulled by m times the error."""
    f0 = m * e0
    f1 = m * e1
    f2 = m * e2
    C[b, M] += m
    C[b, MX] += m * x
    C[b, MY] += m * y
    C[b, MZ] += m * z
    C[b, XX] += m * (y * y + z * z)
    C[b, XY] -= m * x * y
    C[b, XZ] -= m * x * z
    C[b, YY] += m * (x * x + z * z)
    C[b, YZ] -= m * y * z
    C[b, ZZ] += m * (x * x + y * y)
    C[b, FX] += f0
    C[b, FY] += f1
    C[b, FZ] += f2
    C[b, TX] += y * f2 - z * f1
    C[b, TY] += z * f0 - x * f2
    C[b, TZ] += x * f1 - y * f0


@jit(fastmath=True, inner=True)
def add_vertical_mass(
    C: Float[np.ndarray, "B 22"], b: int, n: float, x: float, y: float, e: float
) -> None:
    """Add to body b a squared error of weight n of the height of a point at (x, y)."""
    f = n * e
    C[b, FZ] += f
    C[b, TX] += y * f
    C[b, TY] -= x * f
    C[b, N] += n
    C[b, NX] += n * x
    C[b, NY] += n * y
    C[b, NXX] += n * x * x
    C[b, NXY] += n * x * y
    C[b, NYY] += n * y * y


@jit(fastmath=True, inner=True)
def task_axis(
    R: Float[np.ndarray, "B 3 3"], r: Float[np.ndarray, "B 3"], tasks: Tasks, i: int, k: int
) -> tuple[float, float, float]:
    """Anatomical axis k of segment i, world."""
    if k == 2 and tasks.centres[i, 0] >= 0:
        p = tasks.centres[i, 0]
        d = tasks.centres[i, 1]
        u0 = r[p, 0] - r[d, 0]
        u1 = r[p, 1] - r[d, 1]
        u2 = r[p, 2] - r[d, 2]
        n = 1.0 / math.sqrt(u0 * u0 + u1 * u1 + u2 * u2)
        return u0 * n, u1 * n, u2 * n
    b = tasks.bodies[i]
    a0 = tasks.anatomical[i, 0, k]
    a1 = tasks.anatomical[i, 1, k]
    a2 = tasks.anatomical[i, 2, k]
    return (
        R[b, 0, 0] * a0 + R[b, 0, 1] * a1 + R[b, 0, 2] * a2,
        R[b, 1, 0] * a0 + R[b, 1, 1] * a1 + R[b, 1, 2] * a2,
        R[b, 2, 0] * a0 + R[b, 2, 1] * a1 + R[b, 2, 2] * a2,
    )


@jit(fastmath=True, inner=True)
def task_composites(
    qpos: Float[np.ndarray, "Q"],
    R: Float[np.ndarray, "B 3 3"],
    r: Float[np.ndarray, "B 3"],
    tasks: Tasks,
    positions: Float[np.ndarray, "M 3"],
    frames: Float[np.ndarray, "M 3 3"],
    C: Float[np.ndarray, "B 22"],
) -> float:
    """Fill the composites of the segment tasks and return their cost.

    The cost of an axis u with target v and weight w is w |u - v|^2 = 2 w (1 - u.v). A long axis given by joint
    centres is treated as fixed in the body: joints inside a segment hardly turn it.
    """
    for b in range(C.shape[0]):
        for k in range(COMPOSITE):
            C[b, k] = 0.0
    cost = 0.0
    for i in range(tasks.bodies.shape[0]):
        b = tasks.bodies[i]
        for k in range(3):
            w = tasks.axis_weights[i, k]
            if w == 0.0:
                continue
            u0, u1, u2 = task_axis(R, r, tasks, i, k)
            v0 = frames[i, 0, k]
            v1 = frames[i, 1, k]
            v2 = frames[i, 2, k]
            cost += w * 2 * (1 - (u0 * v0 + u1 * v1 + u2 * v2))
            C[b, XX] += w * (1 - u0 * u0)
            C[b, XY] -= w * u0 * u1
            C[b, XZ] -= w * u0 * u2
            C[b, YY] += w * (1 - u1 * u1)
            C[b, YZ] -= w * u1 * u2
            C[b, ZZ] += w * (1 - u2 * u2)
            C[b, TX] += w * (u1 * v2 - u2 * v1)
            C[b, TY] += w * (u2 * v0 - u0 * v2)
            C[b, TZ] += w * (u0 * v1 - u1 * v0)
        m = tasks.position_weights[i]
        if m > 0.0:
            e0 = positions[i, 0] - qpos[0] - r[b, 0]
            e1 = positions[i, 1] - qpos[1] - r[b, 1]
            e2 = positions[i, 2] - qpos[2] - r[b, 2]
            cost += m * (e0 * e0 + e1 * e1 + e2 * e2)
            add_point_mass(C, b, m, r[b, 0], r[b, 1], r[b, 2], e0, e1, e2)
    return cost


@jit(fastmath=True, inner=True)
def assemble(
    r: Float[np.ndarray, "B 3"],
    a: Float[np.ndarray, "B 3"],
    C: Float[np.ndarray, "B 22"],
    tree: Tree,
    H: Float[np.ndarray, "V D"],
    g: Float[np.ndarray, "V"],
) -> None:
    """Normal matrix and descent direction from the bodies' composites, which are summed up the tree in place.

    ``H[k, d]`` couples degree of freedom k with its ancestor at depth d; ``H[k, depth[k]]`` is the diagonal.
    """
    parents, depth, ancestors = tree.parents, tree.depth, tree.ancestors
    bodies = parents.shape[0]
    for b in range(bodies - 1, 0, -1):
        p = parents[b]
        for k in range(COMPOSITE):
            C[p, k] += C[b, k]
    for b in range(1, bodies):
        k = 5 + b
        w0 = a[b, 0]
        w1 = a[b, 1]
        w2 = a[b, 2]
        x = r[b, 0]
        y = r[b, 1]
        z = r[b, 2]
        v0 = y * w2 - z * w1
        v1 = z * w0 - x * w2
        v2 = x * w1 - y * w0
        m = C[b, M]
        hx = C[b, MX]
        hy = C[b, MY]
        hz = C[b, MZ]
        # Linear (L) and angular (K) momentum of the composite when the joint turns at unit speed.
        L0 = m * v0 + w1 * hz - w2 * hy
        L1 = m * v1 + w2 * hx - w0 * hz
        L2 = m * v2 + w0 * hy - w1 * hx
        K0 = hy * v2 - hz * v1 + C[b, XX] * w0 + C[b, XY] * w1 + C[b, XZ] * w2
        K1 = hz * v0 - hx * v2 + C[b, XY] * w0 + C[b, YY] * w1 + C[b, YZ] * w2
        L2 += C[b, N] * v2 + C[b, NY] * w0 - C[b, NX] * w1
        K0 += C[b, NY] * v2 + C[b, NYY] * w0 - C[b, NXY] * w1
        K1 += C[b, NXX] * w1 - C[b, NXY] * w0 - C[b, NX] * v2
        K2 = hx * v1 - hy * v0 + C[b, XZ] * w0 + C[b, YZ] * w1 + C[b, ZZ] * w2
        H[k, 0] = L0
        H[k, 1] = L1
        H[k, 2] = L2
        H[k, 3] = K0
        H[k, 4] = K1
        H[k, 5] = K2
        for d in range(6, depth[k] + 1):
            i = ancestors[k, d] - 5
            x = r[i, 0]
            y = r[i, 1]
            z = r[i, 2]
            H[k, d] = (
                a[i, 0] * (K0 + L1 * z - L2 * y)
                + a[i, 1] * (K1 + L2 * x - L0 * z)
                + a[i, 2] * (K2 + L0 * y - L1 * x)
            )
        g[k] = (
            w0 * C[b, TX]
            + w1 * C[b, TY]
            + w2 * C[b, TZ]
            + v0 * C[b, FX]
            + v1 * C[b, FY]
            + v2 * C[b, FZ]
        )
    for k in range(3):
        for d in range(k):
            H[k, d] = 0.0
        H[k, k] = C[0, M]
    H[2, 2] += C[0, N]
    H[3, 0] = 0.0
    H[3, 1] = -C[0, MZ]
    H[3, 2] = C[0, MY] + C[0, NY]
    H[4, 0] = C[0, MZ]
    H[4, 1] = 0.0
    H[4, 2] = -C[0, MX] - C[0, NX]
    H[5, 0] = -C[0, MY]
    H[5, 1] = C[0, MX]
    H[5, 2] = 0.0
    H[3, 3] = C[0, XX] + C[0, NYY]
    H[4, 3] = C[0, XY] - C[0, NXY]
    H[5, 3] = C[0, XZ]
    H[4, 4] = C[0, YY] + C[0, NXX]
    H[5, 4] = C[0, YZ]
    H[5, 5] = C[0, ZZ]
    for k in range(6):
        g[k] = C[0, FX + k]


@jit(fastmath=True, inner=True)
def solve_tree(
    H: Float[np.ndarray, "V D"],
    depth: Int64[np.ndarray, "V"],
    ancestors: Int64[np.ndarray, "V D"],
    x: Float[np.ndarray, "V"],
) -> None:
    """Solve H y = x in place by the tree-sparse factorisation H = L^T L (Featherstone 2008, chapter 6.5).

    H is overwritten.
    """
    size = depth.shape[0]
    for k in range(size - 1, -1, -1):
        dk = depth[k]
        inverse = 1.0 / math.sqrt(H[k, dk])
        H[k, dk] = inverse
        for d in range(dk):
            H[k, d] *= inverse
        for d in range(dk):
            i = ancestors[k, d]
            h = H[k, d]
            for e in range(d + 1):
                H[i, e] -= h * H[k, e]
    for k in range(size - 1, -1, -1):
        dk = depth[k]
        v = x[k] * H[k, dk]
        x[k] = v
        for d in range(dk):
            x[ancestors[k, d]] -= H[k, d] * v
    for k in range(size):
        dk = depth[k]
        v = x[k]
        for d in range(dk):
            v -= H[k, d] * x[ancestors[k, d]]
        x[k] = v * H[k, dk]


@jit(fastmath=True, inner=True)
def base_rotation_step(
    after: Float[np.ndarray, "Q"],
    before: Float[np.ndarray, "Q"],
    out: Float[np.ndarray, "3"],
) -> None:
    """Rotation of the base from one configuration to another, world axes: twice the quaternion's vector part."""
    w1 = after[3]
    x1 = after[4]
    y1 = after[5]
    z1 = after[6]
    w0 = before[3]
    x0 = -before[4]
    y0 = -before[5]
    z0 = -before[6]
    w = w1 * w0 - x1 * x0 - y1 * y0 - z1 * z0
    s = 2.0 if w >= 0 else -2.0
    out[0] = s * (w1 * x0 + x1 * w0 + y1 * z0 - z1 * y0)
    out[1] = s * (w1 * y0 - x1 * z0 + y1 * w0 + z1 * x0)
    out[2] = s * (w1 * z0 + x1 * y0 - y1 * x0 + z1 * w0)


@jit(fastmath=True, inner=True)
def retract(
    qpos: Float[np.ndarray, "Q"],
    x: Float[np.ndarray, "V"],
    limits: Limits,
    out: Float[np.ndarray, "Q"],
) -> None:
    """Apply a step; joints are clipped to their limits. ``out`` may be ``qpos``.

    The base turns by the Cayley-like map (1, x/2) / |(1, x/2)|, which is smooth and never singular.
    """
    for k in range(3):
        out[k] = qpos[k] + x[k]
    w0 = 0.5 * x[3]
    w1 = 0.5 * x[4]
    w2 = 0.5 * x[5]
    a = qpos[3]
    b = qpos[4]
    c = qpos[5]
    d = qpos[6]
    qw = a - w0 * b - w1 * c - w2 * d
    qx = b + w0 * a + w1 * d - w2 * c
    qy = c - w0 * d + w1 * a + w2 * b
    qz = d + w0 * c - w1 * b + w2 * a
    n = 1.0 / math.sqrt(qw * qw + qx * qx + qy * qy + qz * qz)
    out[3] = qw * n
    out[4] = qx * n
    out[5] = qy * n
    out[6] = qz * n
    for j in range(1, limits.lower.shape[0]):
        out[6 + j] = min(max(qpos[6 + j] + x[5 + j], limits.lower[j]), limits.upper[j])
