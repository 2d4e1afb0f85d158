"""What spheres that are in things, or touch them, add to a window's systems.

A sphere resists moving along one direction: a mass with a direction, so that a body's composite of them is a whole
symmetric matrix over the base's turn and move. It is summed up the tree beside `retarget.solver.kinematics.tree`'s, for
those bodies only that something touches or that carry them.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from retarget.compiled.jit import jit
from retarget.compiled.packs import LANES, REAL, anywhere, either, packs, where
from retarget.compiled.scratch import scratch
from retarget.solver.arrays import Scene, Tree
from retarget.solver.kinematics.poses import Poses
from retarget.solver.window.room import FORCE, LINEAR, MIXED, PARTS, TURNED, Things
from retarget.solver.window.things.distance import measure_pairs, sphere_centre

__all__ = ["add_directed_mass", "add_things", "couple", "sum_up"]


@jit(fastmath=True, inner=True)
def add_things(
    p: int,
    poses: Poses,
    tree: Tree,
    scene: Scene | None,
    things: Things | None,
    count: int,
    couplings: Float[np.ndarray, "V D L"],
    descent: Float[np.ndarray, "V L"],
    cost: Float[np.ndarray, "1 L"],
) -> None:
    """Add the spheres of a pack of frames that are in things, or that the active set has touching them.

    Distances of all ``count`` pairs near are measured for that, and kept.

    Args:
        p: Which pack.
        poses: Where the robot is.
        tree: The robot.
        scene: The things.
        things: Those near the window.
        count: How many pairs of a sphere and one of them are near each other.
        couplings: As `retarget.solver.kinematics.tree.assemble` has made them.
        descent: The same.
        cost: Of each frame.
    """
    if scene is None or things is None:
        return
    q, R, r = packs(poses.qpos[p]), packs(poses.R[p]), packs(poses.r[p])
    costs, marks, shifts = packs(cost), packs(things.active[p]), packs(things.shift[p])
    distances, D = packs(things.distances[p]), packs(things.composites)
    bodies = tree.parents.shape[0]
    total = scene.shapes.kinds.shape[0]
    weight = things.weight[0]
    x = packs(scratch((3, LANES), REAL))
    used = scratch(bodies, np.bool_)
    measure_pairs(p, count, poses, scene, things)
    for m in range(count):
        s = things.near[m] // total
        overlap = scene.radii[s] + shifts[m] - distances[m]
        touched = either(overlap > 0.0, marks[m] > 0.5)
        if not anywhere(touched):
            continue
        deep = max(overlap, 0.0)
        costs[0] += weight * deep * deep
        b = scene.bodies[s]
        sphere_centre(q, R, r, b, scene.points[s], x)
        if not used[b]:
            used[b] = True
            for k in range(PARTS):
                D[b, k] = 0.0 * overlap
        add_directed_mass(
            D,
            b,
            where(touched, weight, 0.0),
            overlap,
            packs(things.normals[p, m]),
            x[0] - q[0],
            x[1] - q[1],
            x[2] - q[2],
        )
    sum_up(D, used, tree)
    couple(D, used, r, packs(poses.axes[p]), tree, packs(couplings), packs(descent))


@jit(fastmath=True, inner=True)
def add_directed_mass(
    D: Float[np.ndarray, "B 27"],
    b: int,
    w: float,
    e: float,
    n: Float[np.ndarray, "3"],
    x: float,
    y: float,
    z: float,
) -> None:
    """Add to body b a squared error of weight w of how far a point has moved along a direction."""
    n0 = n[0]
    n1 = n[1]
    n2 = n[2]
    t0 = y * n2 - z * n1
    t1 = z * n0 - x * n2
    t2 = x * n1 - y * n0
    wn0 = w * n0
    wn1 = w * n1
    wn2 = w * n2
    wt0 = w * t0
    wt1 = w * t1
    wt2 = w * t2
    D[b, LINEAR] += wn0 * n0
    D[b, LINEAR + 1] += wn0 * n1
    D[b, LINEAR + 2] += wn0 * n2
    D[b, LINEAR + 3] += wn1 * n1
    D[b, LINEAR + 4] += wn1 * n2
    D[b, LINEAR + 5] += wn2 * n2
    D[b, MIXED] += wt0 * n0
    D[b, MIXED + 1] += wt0 * n1
    D[b, MIXED + 2] += wt0 * n2
    D[b, MIXED + 3] += wt1 * n0
    D[b, MIXED + 4] += wt1 * n1
    D[b, MIXED + 5] += wt1 * n2
    D[b, MIXED + 6] += wt2 * n0
    D[b, MIXED + 7] += wt2 * n1
    D[b, MIXED + 8] += wt2 * n2
    D[b, TURNED] += wt0 * t0
    D[b, TURNED + 1] += wt0 * t1
    D[b, TURNED + 2] += wt0 * t2
    D[b, TURNED + 3] += wt1 * t1
    D[b, TURNED + 4] += wt1 * t2
    D[b, TURNED + 5] += wt2 * t2
    D[b, FORCE] += wn0 * e
    D[b, FORCE + 1] += wn1 * e
    D[b, FORCE + 2] += wn2 * e
    D[b, FORCE + 3] += wt0 * e
    D[b, FORCE + 4] += wt1 * e
    D[b, FORCE + 5] += wt2 * e


@jit(fastmath=True, inner=True)
def sum_up(D: Float[np.ndarray, "B 27"], used: Bool[np.ndarray, "B"], tree: Tree) -> None:
    """Add what each body has to its parent, in place, from the tips on; ``used`` are bodies that have something."""
    for b in range(used.shape[0] - 1, 0, -1):
        if not used[b]:
            continue
        parent = tree.parents[b]
        if used[parent]:
            for k in range(PARTS):
                D[parent, k] += D[b, k]
        else:
            used[parent] = True
            for k in range(PARTS):
                D[parent, k] = D[b, k]


@jit(fastmath=True, inner=True)
def couple(
    D: Float[np.ndarray, "B 27"],
    used: Bool[np.ndarray, "B"],
    r: Float[np.ndarray, "B 3"],
    a: Float[np.ndarray, "B 3"],
    tree: Tree,
    H: Float[np.ndarray, "V D"],
    g: Float[np.ndarray, "V"],
) -> None:
    """Add composites that are summed up the tree to the couplings of degrees of freedom, and to the descent."""
    depth, ancestors = tree.depth, tree.ancestors
    for b in range(1, used.shape[0]):
        if not used[b]:
            continue
        k = 5 + b
        w0 = a[b, 0]
        w1 = a[b, 1]
        w2 = a[b, 2]
        v0 = r[b, 1] * w2 - r[b, 2] * w1
        v1 = r[b, 2] * w0 - r[b, 0] * w2
        v2 = r[b, 0] * w1 - r[b, 1] * w0
        # Linear (L) and angular (K) momentum of the masses when the joint turns at unit speed.
        L0 = D[b, LINEAR] * v0 + D[b, LINEAR + 1] * v1 + D[b, LINEAR + 2] * v2
        L1 = D[b, LINEAR + 1] * v0 + D[b, LINEAR + 3] * v1 + D[b, LINEAR + 4] * v2
        L2 = D[b, LINEAR + 2] * v0 + D[b, LINEAR + 4] * v1 + D[b, LINEAR + 5] * v2
        L0 += D[b, MIXED] * w0 + D[b, MIXED + 3] * w1 + D[b, MIXED + 6] * w2
        L1 += D[b, MIXED + 1] * w0 + D[b, MIXED + 4] * w1 + D[b, MIXED + 7] * w2
        L2 += D[b, MIXED + 2] * w0 + D[b, MIXED + 5] * w1 + D[b, MIXED + 8] * w2
        K0 = D[b, MIXED] * v0 + D[b, MIXED + 1] * v1 + D[b, MIXED + 2] * v2
        K1 = D[b, MIXED + 3] * v0 + D[b, MIXED + 4] * v1 + D[b, MIXED + 5] * v2
        K2 = D[b, MIXED + 6] * v0 + D[b, MIXED + 7] * v1 + D[b, MIXED + 8] * v2
        K0 += D[b, TURNED] * w0 + D[b, TURNED + 1] * w1 + D[b, TURNED + 2] * w2
        K1 += D[b, TURNED + 1] * w0 + D[b, TURNED + 3] * w1 + D[b, TURNED + 4] * w2
        K2 += D[b, TURNED + 2] * w0 + D[b, TURNED + 4] * w1 + D[b, TURNED + 5] * w2
        H[k, 0] += L0
        H[k, 1] += L1
        H[k, 2] += L2
        H[k, 3] += K0
        H[k, 4] += K1
        H[k, 5] += K2
        for d in range(6, depth[k] + 1):
            i = ancestors[k, d] - 5
            x = r[i, 0]
            y = r[i, 1]
            z = r[i, 2]
            H[k, d] += (
                a[i, 0] * (K0 + L1 * z - L2 * y)
                + a[i, 1] * (K1 + L2 * x - L0 * z)
                + a[i, 2] * (K2 + L0 * y - L1 * x)
            )
        g[k] += (
            v0 * D[b, FORCE]
            + v1 * D[b, FORCE + 1]
            + v2 * D[b, FORCE + 2]
            + w0 * D[b, FORCE + 3]
            + w1 * D[b, FORCE + 4]
            + w2 * D[b, FORCE + 5]
        )
    if not used[0]:
        return
    n = 0
    for i in range(3):
        for j in range(i, 3):
            H[j, i] += D[0, LINEAR + n]
            H[3 + j, 3 + i] += D[0, TURNED + n]
            n += 1
        for j in range(3):
            H[3 + i, j] += D[0, MIXED + 3 * i + j]
    for k in range(6):
        g[k] += D[0, FORCE + k]
