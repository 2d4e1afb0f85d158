"""The least change of a robot's frames that takes its spheres out of things, to first order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.solver.arrays import Scene, Soles, Tree
from retarget.solver.kinematics.forward import body_kinematics, world_point
from retarget.solver.kinematics.sphere_depth import (
    Enclosures,
    FramePose,
    enclose,
    make_enclosures,
    make_frame_pose,
    may_touch,
    sphere_depth,
    surely_outside,
)

__all__ = ["find_changes"]

_BASE = 10.0  # weight of the base's change, 1/m^2, beside that of a joint's, 1/rad^2
_OF_BASE = 1.0 / np.sqrt(_BASE)  # metres or rad of the base's change that weigh one
_HELD = 3e3  # weight of the change of a point that is held, 1/m^2
_MOST = 24  # spheres in things, or touching them, that are looked at in a frame
_TOUCHING = 1e-3  # metres within which they do
# Share of the mean of the rows' squares: spheres side by side on an edge are no deeper than the deepest, and what takes
# each out by its own depth would turn a limb far.
_DAMPING = 3e-3
_DEEPEST = 0.03  # metres; deeper is no rest of a solve


class _Rows(NamedTuple):
    """Spheres of one frame that are in things, and points that are held.

    How far each moves is told for changes that weigh one each: see `_BASE`.

    Attributes:
        J: How far out each sphere moves with each degree of freedom.
        depths: How deep it is, metres.
        P: How far each point moves along each axis, likewise.
        point: Room for a place.
        normal: Room for a direction in the world.
        out: Room for one in a shape's frame.
    """

    J: Float64[np.ndarray, "C V"]
    depths: Float64[np.ndarray, "C"]
    P: Float64[np.ndarray, "H V"]
    point: Float64[np.ndarray, "3"]
    normal: Float64[np.ndarray, "3"]
    out: Float64[np.ndarray, "3"]


@jit(fastmath=True)
def find_changes(
    qpos: Float64[np.ndarray, "T Q"],
    tree: Tree,
    soles: Soles,
    held: Bool[np.ndarray, "T K"],
    scene: Scene,
    deep: Bool[np.ndarray, "T"],
    least: float,
    change: Float64[np.ndarray, "T V"],
) -> int:
    """Fill the least change of frames that may be deep which takes spheres out that are deeper than ``least``, metres.

    Points that are held stay nearly where they are. Returns how many spheres are in.
    """
    bodies = tree.parents.shape[0]
    size = bodies + 5
    most_held = max(3 * held.shape[1], 1)
    stand = make_frame_pose(bodies)
    around = make_enclosures(bodies)
    enclose(scene, around)
    rows = _Rows(
        scratch((_MOST, size), np.float64),
        scratch(_MOST, np.float64),
        scratch((most_held, size), np.float64),
        scratch(3, np.float64),
        scratch(3, np.float64),
        scratch(3, np.float64),
    )
    A = scratch((_MOST, _MOST), np.float64)
    G = scratch((most_held, most_held), np.float64)
    U = scratch((_MOST, most_held), np.float64)
    total = 0
    for t in range(qpos.shape[0]):
        if not deep[t]:
            continue
        body_kinematics(qpos[t], tree, stand.R, stand.r, stand.axes)
        inside, count = _find_rows(t, qpos[t], tree, scene, around, stand, least, rows)
        if inside > 0:
            points = _find_held(held[t], tree, soles, stand, rows)
            _least_change(rows, count, points, A, G, U, change[t])
        total += inside
    return total


@jit(fastmath=True, inner=True)
def _find_rows(
    t: int,
    q: Float64[np.ndarray, "Q"],
    tree: Tree,
    scene: Scene,
    around: Enclosures,
    stand: FramePose,
    least: float,
    rows: _Rows,
) -> tuple[int, int]:
    """Fill the rows of spheres that are in things at frame t; returns how many, and how many rows there are.

    Of each other body that touches a thing the deepest sphere is a row, too, which is to stay where it is.
    """
    deep = count = 0
    for o in range(scene.shapes.kinds.shape[0]):
        if not may_touch(scene, t, o, q):
            continue
        for b in range(stand.r.shape[0]):
            if surely_outside(scene, around, t, o, b, q, stand, _TOUCHING):
                continue
            before = count
            touching, deepest = -1, -_TOUCHING
            for s in range(around.first[b], around.first[b + 1]):
                depth = sphere_depth(scene, t, o, s, q, stand, -_TOUCHING, rows.out)
                if depth > deepest:
                    touching, deepest = s, depth
                if least <= depth <= _DEEPEST and count < _MOST:
                    _add_row(t, o, s, depth, scene, stand, tree, rows, count)
                    count += 1
            deep += count - before
            if count == before and touching >= 0 and deepest < least and count < _MOST:
                sphere_depth(scene, t, o, touching, q, stand, -_TOUCHING, rows.out)
                _add_row(t, o, touching, 0.0, scene, stand, tree, rows, count)
                count += 1
    return deep, count


@jit(fastmath=True, inner=True)
def _add_row(
    t: int,
    o: int,
    s: int,
    depth: float,
    scene: Scene,
    stand: FramePose,
    tree: Tree,
    rows: _Rows,
    count: int,
) -> None:
    """Fill the row of a sphere that is to move by ``depth`` along the way out of shape o, `_Rows.out`."""
    T, n, g = scene.turns[t, o], rows.normal, rows.out
    for i in range(3):
        n[i] = T[i, 0] * g[0] + T[i, 1] * g[1] + T[i, 2] * g[2]
    world_point(stand.R, stand.r, scene.bodies[s], scene.points[s], rows.point)
    _row_of(scene.bodies[s], rows.point, n, stand, tree, rows.J[count])
    rows.depths[count] = depth


@jit(fastmath=True, inner=True)
def _find_held(
    held: Bool[np.ndarray, "K"], tree: Tree, soles: Soles, stand: FramePose, rows: _Rows
) -> int:
    """Fill the rows of points that are held, three of each; returns how many."""
    count = 0
    for s in range(held.shape[0]):
        if not held[s]:
            continue
        b = soles.contact_bodies[s]
        world_point(stand.R, stand.r, b, soles.contact_points[s], rows.point)
        for axis in range(3):
            for i in range(3):
                rows.normal[i] = 1.0 if i == axis else 0.0
            _row_of(b, rows.point, rows.normal, stand, tree, rows.P[count])
            count += 1
    return count


@jit(fastmath=True, inner=True)
def _row_of(
    body: int,
    x: Float64[np.ndarray, "3"],
    n: Float64[np.ndarray, "3"],
    stand: FramePose,
    tree: Tree,
    row: Float64[np.ndarray, "V"],
) -> None:
    """Fill how far a body's point, relative to the base, moves along a direction with each degree of freedom."""
    r, a = stand.r, stand.axes
    for k in range(row.shape[0]):
        row[k] = 0.0
    for k in range(3):
        row[k] = n[k] * _OF_BASE
    row[3] = (x[1] * n[2] - x[2] * n[1]) * _OF_BASE
    row[4] = (x[2] * n[0] - x[0] * n[2]) * _OF_BASE
    row[5] = (x[0] * n[1] - x[1] * n[0]) * _OF_BASE
    c = body
    while c > 0:
        y0 = x[0] - r[c, 0]
        y1 = x[1] - r[c, 1]
        y2 = x[2] - r[c, 2]
        row[5 + c] = (
            a[c, 0] * (y1 * n[2] - y2 * n[1])
            + a[c, 1] * (y2 * n[0] - y0 * n[2])
            + a[c, 2] * (y0 * n[1] - y1 * n[0])
        )
        c = tree.parents[c]


@jit(fastmath=True, inner=True)
def _least_change(
    rows: _Rows,
    count: int,
    points: int,
    A: Float64[np.ndarray, "C C"],
    G: Float64[np.ndarray, "H H"],
    U: Float64[np.ndarray, "C H"],
    out: Float64[np.ndarray, "V"],
) -> None:
    """Fill the change that is least, that of held points counted, and takes spheres out by their depths, nearly.

    With one weight for all degrees of freedom, the inverse of all weights, which held points make couple, is that of as
    many numbers as these have: W = 1 + h P'P, so that J W^-1 J' = J J' - (J P') (1/h + P P')^-1 (P J').
    There are ``count`` rows of spheres, whose depths are used up, and ``points`` of held points; A, G and U are room.
    """
    J, P, d = rows.J, rows.P, rows.depths
    size = J.shape[1]
    for i in range(points):
        for j in range(i + 1):
            G[i, j] = _product(P[i], P[j])
        G[i, i] += 1.0 / _HELD
    _factorise(G, points)
    squares = 0.0
    for i in range(count):
        for k in range(points):
            U[i, k] = (_product(J[i], P[k]) - _product(U[i, :k], G[k, :k])) / G[k, k]
        for j in range(i + 1):
            A[i, j] = _product(J[i], J[j]) - _product(U[i, :points], U[j, :points])
        squares += A[i, i]
    for i in range(count):
        A[i, i] += _DAMPING * squares / count
    _factorise(A, count)
    _solve(A, d, count)
    push = U[0]  # what held points are pushed by
    for k in range(points):
        push[k] *= d[0]
        for c in range(1, count):
            push[k] += U[c, k] * d[c]
    _substitute_back(G, push, points)
    for k in range(size):
        out[k] = 0.0
    for c in range(count):
        for k in range(size):
            out[k] += J[c, k] * d[c]
    for i in range(points):
        for k in range(size):
            out[k] -= P[i, k] * push[i]
    for k in range(6):
        out[k] *= _OF_BASE


@jit(fastmath=True, inner=True)
def _product(a: Float64[np.ndarray, "n"], b: Float64[np.ndarray, "n"]) -> float:
    total = 0.0
    for k in range(a.shape[0]):
        total += a[k] * b[k]
    return total


@jit(fastmath=True, inner=True)
def _factorise(A: Float64[np.ndarray, "n n"], size: int) -> None:
    """Cholesky's factor of the lower triangle, in place."""
    for i in range(size):
        for j in range(i):
            A[i, j] = (A[i, j] - _product(A[i, :j], A[j, :j])) / A[j, j]
        A[i, i] = np.sqrt(max(A[i, i] - _product(A[i, :i], A[i, :i]), 1e-12))


@jit(fastmath=True, inner=True)
def _solve(L: Float64[np.ndarray, "n n"], d: Float64[np.ndarray, "n"], size: int) -> None:
    """Solve with the matrix whose factor is L, in place."""
    for i in range(size):
        d[i] = (d[i] - _product(L[i, :i], d[:i])) / L[i, i]
    _substitute_back(L, d, size)


@jit(fastmath=True, inner=True)
def _substitute_back(L: Float64[np.ndarray, "n n"], d: Float64[np.ndarray, "n"], size: int) -> None:
    """Solve with the factor's transpose, in place."""
    for i in range(size - 1, -1, -1):
        d[i] /= L[i, i]
        for k in range(i):
            d[k] -= L[i, k] * d[i]
