"""Forward kinematics of a tree of hinges on a floating base."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from jaxtyping import Float64, Int64

from retarget.compiled.jit import jit
from retarget.compiled.packs import sine_cosine
from retarget.compiled.scratch import scratch
from retarget.robots.model import RobotModel
from retarget.solver.arrays import Tree

__all__ = [
    "BLOCK_FRAMES",
    "PoseBlock",
    "body_kinematics",
    "forward_kinematics",
    "pose_blocks",
    "tree_arrays",
    "world_point",
]

BLOCK_FRAMES = 512  # frames whose poses fit a core's cache
# Which frames, and the world positions (metres) and rotations of all bodies in them.
PoseBlock: TypeAlias = tuple[slice, Float64[np.ndarray, "n B 3"], Float64[np.ndarray, "n B 3 3"]]


@lru_cache(maxsize=4)
def tree_arrays(robot: RobotModel) -> Tree:
    """The robot's tree as the kernels want it; remembered for the robots used last."""
    bodies = len(robot.body_names)
    basis = np.empty((bodies, 3, 3, 3))
    for b, (rotation, axis) in enumerate(zip(robot.orientations, robot.axes, strict=True)):
        x, y, z = axis
        skew = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        basis[b] = rotation, rotation @ skew, rotation @ skew @ skew
    depth, ancestors = _paths(robot.parents)
    return Tree(
        np.ascontiguousarray(robot.parents, np.int64),
        np.ascontiguousarray(robot.offsets, np.float64),
        basis,
        np.ascontiguousarray(robot.axes, np.float64),
        depth,
        ancestors,
    )


def _paths(
    parents: Int64[np.ndarray, "B"],
) -> tuple[Int64[np.ndarray, "V"], Int64[np.ndarray, "V D"]]:
    paths: list[list[int]] = [list(range(k + 1)) for k in range(6)]
    for b in range(1, len(parents)):
        above = paths[5 + parents[b]] if parents[b] > 0 else paths[5]
        paths.append([*above, 5 + b])
    ancestors = np.zeros((len(paths), max(map(len, paths))), np.int64)
    for k, path in enumerate(paths):
        ancestors[k, : len(path)] = path
    return np.array([len(path) - 1 for path in paths]), ancestors


@jit(fastmath=True, inner=True)
def body_kinematics(
    qpos: Float64[np.ndarray, "Q"],
    tree: Tree,
    R: Float64[np.ndarray, "B 3 3"],
    r: Float64[np.ndarray, "B 3"],
    a: Float64[np.ndarray, "B 3"],
) -> None:
    """Fill world rotations R, positions r relative to the base, and world joint axes a."""
    parents, offsets, basis, axes = tree.parents, tree.offsets, tree.basis, tree.axes
    w = qpos[3]
    x = qpos[4]
    y = qpos[5]
    z = qpos[6]
    R[0, 0, 0] = 1 - 2 * (y * y + z * z)
    R[0, 0, 1] = 2 * (x * y - w * z)
    R[0, 0, 2] = 2 * (x * z + w * y)
    R[0, 1, 0] = 2 * (x * y + w * z)
    R[0, 1, 1] = 1 - 2 * (x * x + z * z)
    R[0, 1, 2] = 2 * (y * z - w * x)
    R[0, 2, 0] = 2 * (x * z - w * y)
    R[0, 2, 1] = 2 * (y * z + w * x)
    R[0, 2, 2] = 1 - 2 * (x * x + y * y)
    for i in range(3):
        r[0, i] = 0.0
        a[0, i] = 0.0
    for b in range(1, parents.shape[0]):
        p = parents[b]
        s, cosine = sine_cosine(qpos[6 + b])
        c = 1 - cosine
        p00 = R[p, 0, 0]
        p01 = R[p, 0, 1]
        p02 = R[p, 0, 2]
        p10 = R[p, 1, 0]
        p11 = R[p, 1, 1]
        p12 = R[p, 1, 2]
        p20 = R[p, 2, 0]
        p21 = R[p, 2, 1]
        p22 = R[p, 2, 2]
        for j in range(3):
            l0 = basis[b, 0, 0, j] + s * basis[b, 1, 0, j] + c * basis[b, 2, 0, j]
            l1 = basis[b, 0, 1, j] + s * basis[b, 1, 1, j] + c * basis[b, 2, 1, j]
            l2 = basis[b, 0, 2, j] + s * basis[b, 1, 2, j] + c * basis[b, 2, 2, j]
            R[b, 0, j] = p00 * l0 + p01 * l1 + p02 * l2
            R[b, 1, j] = p10 * l0 + p11 * l1 + p12 * l2
            R[b, 2, j] = p20 * l0 + p21 * l1 + p22 * l2
        x0 = offsets[b, 0]
        x1 = offsets[b, 1]
        x2 = offsets[b, 2]
        r[b, 0] = r[p, 0] + p00 * x0 + p01 * x1 + p02 * x2
        r[b, 1] = r[p, 1] + p10 * x0 + p11 * x1 + p12 * x2
        r[b, 2] = r[p, 2] + p20 * x0 + p21 * x1 + p22 * x2
        for i in range(3):
            a[b, i] = R[b, i, 0] * axes[b, 0] + R[b, i, 1] * axes[b, 1] + R[b, i, 2] * axes[b, 2]


@jit(fastmath=True, inner=True)
def world_point(
    R: Float64[np.ndarray, "B 3 3"],
    r: Float64[np.ndarray, "B 3"],
    b: int,
    point: Float64[np.ndarray, "3"],
    out: Float64[np.ndarray, "3"],
) -> None:
    """Position, relative to the base's origin, of a point given in body b's frame."""
    for i in range(3):
        out[i] = r[b, i] + R[b, i, 0] * point[0] + R[b, i, 1] * point[1] + R[b, i, 2] * point[2]


@jit(fastmath=True)
def _poses(
    qpos: Float64[np.ndarray, "T Q"],
    tree: Tree,
    positions: Float64[np.ndarray, "T B 3"],
    rotations: Float64[np.ndarray, "T B 3 3"],
) -> None:
    axes = scratch((tree.parents.shape[0], 3), np.float64)
    for t in range(qpos.shape[0]):
        body_kinematics(qpos[t], tree, rotations[t], positions[t], axes)
        for b in range(tree.parents.shape[0]):
            for i in range(3):
                positions[t, b, i] += qpos[t, i]


def forward_kinematics(
    qpos: Float64[np.ndarray, "T Q"], robot: RobotModel
) -> tuple[Float64[np.ndarray, "T B 3"], Float64[np.ndarray, "T B 3 3"]]:
    """World positions (metres) and rotations of every body in every frame.

    Example:
        >>> positions, rotations = forward_kinematics(result.qpos, robot)  # doctest: +SKIP
    """
    qpos = np.ascontiguousarray(qpos, np.float64)
    bodies = len(robot.body_names)
    positions = np.empty((len(qpos), bodies, 3))
    rotations = np.empty((len(qpos), bodies, 3, 3))
    _poses(qpos, tree_arrays(robot), positions, rotations)
    return positions, rotations


def pose_blocks(qpos: Float64[np.ndarray, "T Q"], robot: RobotModel) -> Iterator[PoseBlock]:
    """`forward_kinematics` in blocks of frames, so that memory does not grow with the clip.

    The arrays of a block are overwritten by the next.
    """
    qpos = np.ascontiguousarray(qpos, np.float64)
    bodies = len(robot.body_names)
    most = min(BLOCK_FRAMES, len(qpos))
    positions = np.empty((most, bodies, 3))
    rotations = np.empty((most, bodies, 3, 3))
    for first in range(0, len(qpos), BLOCK_FRAMES):
        block = qpos[first : first + BLOCK_FRAMES]
        count = len(block)
        _poses(block, tree_arrays(robot), positions[:count], rotations[:count])
        yield slice(first, first + count), positions[:count], rotations[:count]
