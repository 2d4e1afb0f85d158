"""Distances between the robot's own capsules."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Bool, Float64, Int64

from retarget._jit import jit
from retarget.robots.model import RobotModel
from retarget.solver.arrays import Capsules, Tree
from retarget.solver.kinematics import body_kinematics, world_point

__all__ = [
    "capsule_arrays",
    "capsule_ends",
    "centre_distance_squared",
    "deepest_of_all",
    "deepest_overlap",
    "near_pairs",
    "pair_reach",
    "segment_distance",
]


def capsule_arrays(robot: RobotModel) -> Capsules:
    """The robot's collision geometry as the kernels want it."""
    starts = np.ascontiguousarray(robot.capsule_starts, np.float64).reshape(-1, 3)
    ends = np.ascontiguousarray(robot.capsule_ends, np.float64).reshape(-1, 3)
    radii = np.ascontiguousarray(robot.capsule_radii, np.float64)
    return Capsules(
        np.ascontiguousarray(robot.capsule_bodies, np.int64),
        starts,
        ends,
        radii,
        np.linalg.norm(ends - starts, axis=1) / 2 + radii,
        np.ascontiguousarray(robot.collision_pairs, np.int64).reshape(-1, 2),
    )


@jit(fastmath=True)
def segment_distance(
    a0: Float64[np.ndarray, "3"],
    a1: Float64[np.ndarray, "3"],
    b0: Float64[np.ndarray, "3"],
    b1: Float64[np.ndarray, "3"],
    on_a: Float64[np.ndarray, "3"],
    on_b: Float64[np.ndarray, "3"],
) -> float:
    """Distance of two segments; fills the closest points (Ericson 2005, section 5.1.9)."""
    ux = a1[0] - a0[0]
    uy = a1[1] - a0[1]
    uz = a1[2] - a0[2]
    vx = b1[0] - b0[0]
    vy = b1[1] - b0[1]
    vz = b1[2] - b0[2]
    wx = a0[0] - b0[0]
    wy = a0[1] - b0[1]
    wz = a0[2] - b0[2]
    a = ux * ux + uy * uy + uz * uz
    b = ux * vx + uy * vy + uz * vz
    c = vx * vx + vy * vy + vz * vz
    d = ux * wx + uy * wy + uz * wz
    e = vx * wx + vy * wy + vz * wz
    s = 0.0
    t = 0.0
    if a > 1e-12 and c > 1e-12:
        determinant = a * c - b * b
        # Parallel segments have many closest points; the middle moves least from frame to frame.
        s = min(max((b * e - c * d) / determinant, 0.0), 1.0) if determinant > 1e-9 * a * c else 0.5
        t = (b * s + e) / c
        if t < 0:
            t = 0.0
            s = min(max(-d / a, 0.0), 1.0)
        elif t > 1:
            t = 1.0
            s = min(max((b - d) / a, 0.0), 1.0)
    elif a > 1e-12:
        s = min(max(-d / a, 0.0), 1.0)
    elif c > 1e-12:
        t = min(max(e / c, 0.0), 1.0)
    on_a[0] = a0[0] + s * ux
    on_a[1] = a0[1] + s * uy
    on_a[2] = a0[2] + s * uz
    on_b[0] = b0[0] + t * vx
    on_b[1] = b0[1] + t * vy
    on_b[2] = b0[2] + t * vz
    x = on_a[0] - on_b[0]
    y = on_a[1] - on_b[1]
    z = on_a[2] - on_b[2]
    return math.sqrt(x * x + y * y + z * z + 1e-24)


@jit(fastmath=True)
def capsule_ends(
    R: Float64[np.ndarray, "B 3 3"],
    r: Float64[np.ndarray, "B 3"],
    capsules: Capsules,
    used: Bool[np.ndarray, "G"],
    starts: Float64[np.ndarray, "G 3"],
    ends: Float64[np.ndarray, "G 3"],
) -> None:
    """World ends, relative to the base, of the capsules in use."""
    for g in range(capsules.bodies.shape[0]):
        if used[g]:
            b = capsules.bodies[g]
            world_point(R, r, b, capsules.starts[g], starts[g])
            world_point(R, r, b, capsules.ends[g], ends[g])


@jit(fastmath=True)
def centre_distance_squared(
    starts: Float64[np.ndarray, "G 3"], ends: Float64[np.ndarray, "G 3"], i: int, j: int
) -> float:
    """Squared distance of two capsules' middles: a cheap lower bound with `Capsules.bounds`."""
    x = 0.5 * (starts[i, 0] + ends[i, 0] - starts[j, 0] - ends[j, 0])
    y = 0.5 * (starts[i, 1] + ends[i, 1] - starts[j, 1] - ends[j, 1])
    z = 0.5 * (starts[i, 2] + ends[i, 2] - starts[j, 2] - ends[j, 2])
    return float(x * x + y * y + z * z)


@jit(fastmath=True)
def deepest_overlap(
    starts: Float64[np.ndarray, "G 3"],
    ends: Float64[np.ndarray, "G 3"],
    capsules: Capsules,
    near: Int64[np.ndarray, "K"],
    on_a: Float64[np.ndarray, "3"],
    on_b: Float64[np.ndarray, "3"],
) -> float:
    """Deepest overlap of the capsules of some pairs, metres; 0 where none overlap."""
    deepest = 0.0
    for n in range(near.shape[0]):
        i = capsules.pairs[near[n], 0]
        j = capsules.pairs[near[n], 1]
        bound = capsules.bounds[i] + capsules.bounds[j]
        if centre_distance_squared(starts, ends, i, j) < bound * bound:
            distance = segment_distance(starts[i], ends[i], starts[j], ends[j], on_a, on_b)
            deepest = max(deepest, capsules.radii[i] + capsules.radii[j] - distance)
    return deepest


def pair_reach(capsules: Capsules) -> Float64[np.ndarray, "G G"]:
    """Squared distance of two capsules' middles from which they may touch, in the lower triangle; else -1."""
    reach = np.full((len(capsules.bodies),) * 2, -1.0)
    first, second = capsules.pairs.T
    bound = capsules.bounds[first] + capsules.bounds[second]
    reach[np.maximum(first, second), np.minimum(first, second)] = bound**2
    return reach


@jit(fastmath=True, inner=True)
def deepest_of_all(
    starts: Float64[np.ndarray, "G 3"],
    ends: Float64[np.ndarray, "G 3"],
    radii: Float64[np.ndarray, "G"],
    reach: Float64[np.ndarray, "G G"],
    middles: Float64[np.ndarray, "3 G"],
    on_a: Float64[np.ndarray, "3"],
    on_b: Float64[np.ndarray, "3"],
) -> float:
    """Deepest overlap of the capsules of every pair, metres; 0 where none overlap.

    A row of the triangle of pairs at a time is tried with bounding spheres, a loop that vectorises.
    """
    count = starts.shape[0]
    for g in range(count):
        for k in range(3):
            middles[k, g] = 0.5 * (starts[g, k] + ends[g, k])
    x = middles[0]
    y = middles[1]
    z = middles[2]
    deepest = 0.0
    for i in range(count):
        row = reach[i]
        xi = x[i]
        yi = y[i]
        zi = z[i]
        touching = 0
        for j in range(i):
            squared = (xi - x[j]) ** 2 + (yi - y[j]) ** 2 + (zi - z[j]) ** 2
            touching += squared < row[j]
        if touching == 0:
            continue
        for j in range(i):
            if (xi - x[j]) ** 2 + (yi - y[j]) ** 2 + (zi - z[j]) ** 2 < row[j]:
                distance = segment_distance(starts[j], ends[j], starts[i], ends[i], on_a, on_b)
                deepest = max(deepest, radii[i] + radii[j] - distance)
    return deepest


@jit(fastmath=True)
def near_pairs(
    qpos: Float64[np.ndarray, "T Q"],
    tree: Tree,
    capsules: Capsules,
    reach: float,
    near: Int64[np.ndarray, "P"],
    used: Bool[np.ndarray, "G"],
) -> int:
    """List the pairs that come within ``reach`` of each other in any frame; returns how many, marks their capsules."""
    bodies = tree.parents.shape[0]
    count = capsules.bodies.shape[0]
    R = np.empty((bodies, 3, 3))
    r = np.empty((bodies, 3))
    a = np.empty((bodies, 3))
    starts = np.empty((count, 3))
    ends = np.empty((count, 3))
    on_a = np.empty(3)
    on_b = np.empty(3)
    pairs = capsules.pairs
    flag = np.zeros(pairs.shape[0], np.bool_)
    for g in range(count):
        used[g] = True
    for t in range(qpos.shape[0]):
        body_kinematics(qpos[t], tree, R, r, a)
        capsule_ends(R, r, capsules, used, starts, ends)
        for p in range(pairs.shape[0]):
            if flag[p]:
                continue
            i = pairs[p, 0]
            j = pairs[p, 1]
            limit = capsules.bounds[i] + capsules.bounds[j] + reach
            if centre_distance_squared(starts, ends, i, j) < limit * limit:
                limit = capsules.radii[i] + capsules.radii[j] + reach
                flag[p] = (
                    segment_distance(starts[i], ends[i], starts[j], ends[j], on_a, on_b) < limit
                )
    for g in range(count):
        used[g] = False
    found = 0
    for p in range(pairs.shape[0]):
        if flag[p]:
            near[found] = p
            found += 1
            used[pairs[p, 0]] = True
            used[pairs[p, 1]] = True
    return found
