"""The least change of a robot's frames that takes its spheres out of things, to first order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.solver.arrays import Scene, Soles, Tree
from retarget.solver.kinematics.forward import body_kinematics, world_point
from retarget.solver.sphere_depth import (
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
_HELD = 3e3  # weight of the change of a point that is held, 1/m^2
_MOST = 24  # spheres in things, or touching them, that are looked at in a frame
_TOUCHING = 1e-3  # metres within which they do
# Share of the mean of the rows' squares: spheres side by side on an edge are no deeper than the deepest, and what takes
# each out by its own depth would turn a limb far.
_DAMPING = 3e-3
_DEEPEST = 0.03  # metres; deeper is no rest of a solve


class _Rows(NamedTuple):
    """Spheres of one frame that are in things.

    Attributes:
        J: How far out each moves with each degree of freedom.
        depths: Metres.
        point: Room for a place.
        normal: Room for a direction in the world.
        out: Room for one in a shape's frame.
        row: Room for a row.
    """

    J: Float64[np.ndarray, "C V"]
    depths: Float64[np.ndarray, "C"]
    point: Float64[np.ndarray, "3"]
    normal: Float64[np.ndarray, "3"]
    out: Float64[np.ndarray, "3"]
    row: Float64[np.ndarray, "V"]


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
    stand = make_frame_pose(bodies)
    around = make_enclosures(bodies)
    enclose(scene, around)
    rows = _Rows(
        scratch((_MOST, size), np.float64),
        scratch(_MOST, np.float64),
        scratch(3, np.float64),
        scratch(3, np.float64),
        scratch(3, np.float64),
        scratch(size, np.float64),
    )
    K = scratch((_MOST, size), np.float64)
    A = scratch((_MOST, _MOST), np.float64)
    W = scratch((size, size), np.float64)
    total = 0
    for t in range(qpos.shape[0]):
        if not deep[t]:
            continue
        body_kinematics(qpos[t], tree, stand.R, stand.r, stand.axes)
        inside, count = _find_rows(t, qpos[t], tree, scene, around, stand, least, rows)
        if inside > 0:
            _weigh(held[t], tree, soles, stand, rows, W)
            _factorise(W, size)
            _least_change(rows.J, K, W, A, rows.depths, count, change[t])
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
def _weigh(
    held: Bool[np.ndarray, "K"],
    tree: Tree,
    soles: Soles,
    stand: FramePose,
    rows: _Rows,
    W: Float64[np.ndarray, "V V"],
) -> None:
    """Fill the lower triangle of the weights of a change: of each degree of freedom, and of points that are held."""
    size, row = W.shape[0], rows.row
    for i in range(size):
        for j in range(size):
            W[i, j] = 0.0
        W[i, i] = _BASE if i < 6 else 1.0
    for s in range(held.shape[0]):
        if not held[s]:
            continue
        b = soles.contact_bodies[s]
        world_point(stand.R, stand.r, b, soles.contact_points[s], rows.point)
        for axis in range(3):
            for i in range(3):
                rows.normal[i] = 1.0 if i == axis else 0.0
            _row_of(b, rows.point, rows.normal, stand, tree, row)
            for i in range(size):
                if row[i] != 0.0:
                    for j in range(i + 1):
                        W[i, j] += _HELD * row[i] * row[j]


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
        row[k] = n[k]
    row[3] = x[1] * n[2] - x[2] * n[1]
    row[4] = x[2] * n[0] - x[0] * n[2]
    row[5] = x[0] * n[1] - x[1] * n[0]
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
def _factorise(W: Float64[np.ndarray, "n n"], size: int) -> None:
    """Cholesky's factor of the lower triangle, in place."""
    for j in range(size):
        for k in range(j):
            W[j, j] -= W[j, k] * W[j, k]
        W[j, j] = np.sqrt(max(W[j, j], 1e-12))
        for i in range(j + 1, size):
            total = W[i, j]
            for k in range(j):
                total -= W[i, k] * W[j, k]
            W[i, j] = total / W[j, j]


@jit(fastmath=True, inner=True)
def _least_change(
    J: Float64[np.ndarray, "C V"],
    K: Float64[np.ndarray, "C V"],
    W: Float64[np.ndarray, "V V"],
    A: Float64[np.ndarray, "C C"],
    d: Float64[np.ndarray, "C"],
    count: int,
    out: Float64[np.ndarray, "V"],
) -> None:
    """Fill the change with J change = d, nearly, that is least by the weights whose factor is W."""
    size = J.shape[1]
    for c in range(count):  # K = J, divided by the factor
        for i in range(size):
            total = J[c, i]
            for k in range(i):
                total -= W[i, k] * K[c, k]
            K[c, i] = total / W[i, i]
    squares = 0.0
    for i in range(count):
        for j in range(i + 1):
            A[i, j] = 0.0
            for k in range(size):
                A[i, j] += K[i, k] * K[j, k]
        squares += A[i, i]
    for i in range(count):
        A[i, i] += _DAMPING * squares / count
    _factorise(A, count)
    for i in range(count):
        for k in range(i):
            d[i] -= A[i, k] * d[k]
        d[i] /= A[i, i]
    for i in range(count - 1, -1, -1):
        for k in range(i + 1, count):
            d[i] -= A[k, i] * d[k]
        d[i] /= A[i, i]
    for k in range(size):
        out[k] = 0.0
        for c in range(count):
            out[k] += K[c, k] * d[c]
    for i in range(size - 1, -1, -1):
        for k in range(i + 1, size):
            out[i] -= W[k, i] * out[k]
        out[i] /= W[i, i]
