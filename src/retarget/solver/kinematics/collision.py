"""Distances between the robot's own capsules."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float, Int64

from retarget.compiled.jit import jit
from retarget.compiled.packs import anywhere, either, packs, where
from retarget.compiled.scratch import scratch
from retarget.robots.model import RobotModel
from retarget.solver.arrays import Capsules

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

_PARALLEL = 1e-5  # squared sine; in single precision smaller angles are noise
_POINT = 1e-12  # square metres; a shorter segment is a point

_SHARE = 0.5  # of the gap that a pair has in the upright or the neutral posture, whichever is less


def capsule_arrays(robot: RobotModel, margin: float = 0.0) -> Capsules:
    """The robot's collision geometry as the kernels want it, with a margin (metres) between the capsules of each pair.

    A pair that the robot's build keeps near each other, as a foot and its shin, has half of its gap as margin at most:
    what cannot be kept would be fought for in every frame.
    """
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
        np.minimum(margin, _SHARE * np.ascontiguousarray(robot.collision_gaps, np.float64)),
    )


@jit(fastmath=True, inner=True)
def _share(x: float) -> float:
    return min(max(x, 0.0), 1.0)


@jit(fastmath=True, inner=True)
def segment_distance(
    starts: Float[np.ndarray, "G 3"], ends: Float[np.ndarray, "G 3"], i: int, j: int
) -> tuple[float, float, float]:
    """Distance of segments i and j, and how far along each the closest points are (Ericson 2005, section 5.1.9)."""
    ux = ends[i, 0] - starts[i, 0]
    uy = ends[i, 1] - starts[i, 1]
    uz = ends[i, 2] - starts[i, 2]
    vx = ends[j, 0] - starts[j, 0]
    vy = ends[j, 1] - starts[j, 1]
    vz = ends[j, 2] - starts[j, 2]
    wx = starts[i, 0] - starts[j, 0]
    wy = starts[i, 1] - starts[j, 1]
    wz = starts[i, 2] - starts[j, 2]
    a = ux * ux + uy * uy + uz * uz
    b = ux * vx + uy * vy + uz * vz
    c = vx * vx + vy * vy + vz * vz
    d = ux * wx + uy * wy + uz * wz
    e = vx * wx + vy * wy + vz * wz
    over_a = 1.0 / max(a, _POINT)
    over_c = 1.0 / max(c, _POINT)
    determinant = a * c - b * b
    # Parallel segments have many closest points; the middle moves least from frame to frame.
    inside = _share((b * e - c * d) / max(determinant, _POINT * _POINT))
    s = where(determinant > _PARALLEL * a * c, inside, 0.5)
    t = (b * s + e) * over_c
    first = either(t < 0.0, c < _POINT)
    s = where(first, _share(-d * over_a), where(t > 1.0, _share((b - d) * over_a), s))
    t = _share(t)
    x = wx + s * ux - t * vx
    y = wy + s * uy - t * vy
    z = wz + s * uz - t * vz
    return math.sqrt(x * x + y * y + z * z + 1e-24), s, t


@jit(fastmath=True, inner=True)
def capsule_ends(
    R: Float[np.ndarray, "B 3 3"],
    r: Float[np.ndarray, "B 3"],
    capsules: Capsules,
    starts: Float[np.ndarray, "G 3"],
    ends: Float[np.ndarray, "G 3"],
) -> None:
    """World ends, relative to the base, of the capsules."""
    for g in range(capsules.bodies.shape[0]):
        b = capsules.bodies[g]
        for i in range(3):
            start = r[b, i]
            end = r[b, i]
            for k in range(3):
                start += R[b, i, k] * capsules.starts[g, k]
                end += R[b, i, k] * capsules.ends[g, k]
            starts[g, i] = start
            ends[g, i] = end


@jit(fastmath=True, inner=True)
def centre_distance_squared(
    starts: Float[np.ndarray, "G 3"], ends: Float[np.ndarray, "G 3"], i: int, j: int
) -> float:
    """Squared distance of two capsules' middles: a cheap lower bound with `Capsules.bounds`."""
    x = 0.5 * (starts[i, 0] + ends[i, 0] - starts[j, 0] - ends[j, 0])
    y = 0.5 * (starts[i, 1] + ends[i, 1] - starts[j, 1] - ends[j, 1])
    z = 0.5 * (starts[i, 2] + ends[i, 2] - starts[j, 2] - ends[j, 2])
    squared: float = x * x + y * y + z * z
    return squared


@jit(fastmath=True, inner=True)
def deepest_overlap(
    starts: Float[np.ndarray, "G 3"],
    ends: Float[np.ndarray, "G 3"],
    capsules: Capsules,
    candidates: Int64[np.ndarray, "K"],
    soft: float,
) -> float:
    """Deepest overlap of the capsules of some pairs, metres; 0 where none overlap.

    What margins have beyond ``soft`` (metres) counts as part of the capsules.
    """
    deepest = 0.0
    for n in range(candidates.shape[0]):
        i = capsules.pairs[candidates[n], 0]
        j = capsules.pairs[candidates[n], 1]
        firm = max(capsules.margins[candidates[n]] - soft, 0.0)
        bound = capsules.bounds[i] + capsules.bounds[j] + firm
        if anywhere(centre_distance_squared(starts, ends, i, j) < bound * bound):
            distance, _, _ = segment_distance(starts, ends, i, j)
            deepest = max(deepest, capsules.radii[i] + capsules.radii[j] + firm - distance)
    return deepest


def pair_reach(capsules: Capsules) -> Float[np.ndarray, "G G"]:
    """Squared distance of two capsules' middles from which they may touch, in the lower triangle; else -1."""
    reach = np.full((len(capsules.bodies),) * 2, -1.0)
    first, second = capsules.pairs.T
    bound = capsules.bounds[first] + capsules.bounds[second]
    reach[np.maximum(first, second), np.minimum(first, second)] = bound**2
    return reach


@jit(fastmath=True, inner=True)
def deepest_of_all(
    starts: Float[np.ndarray, "G 3"],
    ends: Float[np.ndarray, "G 3"],
    radii: Float[np.ndarray, "G"],
    reach: Float[np.ndarray, "G G"],
    middles: Float[np.ndarray, "3 G"],
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
                distance, _, _ = segment_distance(starts, ends, j, i)
                deepest = max(deepest, radii[i] + radii[j] - distance)
    return deepest


@jit(fastmath=True, inner=True)
def near_pairs(
    starts: Float[np.ndarray, "P G 3 L"],
    ends: Float[np.ndarray, "P G 3 L"],
    count: int,
    capsules: Capsules,
    reach: float,
    candidates: Int64[np.ndarray, "K"],
    known: int | np.int64,
) -> int:
    """List the pairs that come within ``reach`` of each other in any of ``count`` packs; returns how many.

    The first ``known`` of the list keep their places, and the others follow them.
    """
    pairs = capsules.pairs
    flag = scratch(pairs.shape[0], np.bool_)
    listed = scratch(pairs.shape[0], np.bool_)
    for n in range(known):
        flag[candidates[n]] = True
        listed[candidates[n]] = True
    for p in range(count):
        first, last = packs(starts[p]), packs(ends[p])
        for n in range(pairs.shape[0]):
            if flag[n]:
                continue
            i = pairs[n, 0]
            j = pairs[n, 1]
            limit = capsules.bounds[i] + capsules.bounds[j] + reach
            if anywhere(centre_distance_squared(first, last, i, j) < limit * limit):
                distance, _, _ = segment_distance(first, last, i, j)
                flag[n] = anywhere(distance < capsules.radii[i] + capsules.radii[j] + reach)
    found = int(known)
    for n in range(pairs.shape[0]):
        if flag[n] and not listed[n]:
            candidates[found] = n
            found += 1
    return found
