"""From the channels of a joint hierarchy to global joint poses, and from a file's world to ours."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64

from retarget.compiled.jit import jit

__all__ = ["chain_poses", "global_poses", "to_world"]


@jit(inner=True)
def _place(
    positions: Float64[np.ndarray, "T J 3"],
    rotations: Float64[np.ndarray, "T J 4"],
    t: int,
    j: int,
    p: int,
    px: float,
    py: float,
    pz: float,
    w: float,
    x: float,
    y: float,
    z: float,
) -> None:
    """Write a joint's global pose from its pose in its parent p's frame; p is -1 for a root."""
    if p >= 0:
        pw, qx, qy, qz = (
            rotations[t, p, 0],
            rotations[t, p, 1],
            rotations[t, p, 2],
            rotations[t, p, 3],
        )
        # v' = v + 2 q x (q x v + w v), with q the vector part
        ux = qy * pz - qz * py + pw * px
        uy = qz * px - qx * pz + pw * py
        uz = qx * py - qy * px + pw * pz
        px, py, pz = (
            positions[t, p, 0] + px + 2 * (qy * uz - qz * uy),
            positions[t, p, 1] + py + 2 * (qz * ux - qx * uz),
            positions[t, p, 2] + pz + 2 * (qx * uy - qy * ux),
        )
        w, x, y, z = (
            pw * w - qx * x - qy * y - qz * z,
            pw * x + qx * w + qy * z - qz * y,
            pw * y - qx * z + qy * w + qz * x,
            pw * z + qx * y - qy * x + qz * w,
        )
    if t > 0:
        before = rotations[t - 1, j]
        if before[0] * w + before[1] * x + before[2] * y + before[3] * z < 0:
            w, x, y, z = -w, -x, -y, -z
    positions[t, j, 0], positions[t, j, 1], positions[t, j, 2] = px, py, pz
    rotations[t, j, 0], rotations[t, j, 1] = w, x
    rotations[t, j, 2], rotations[t, j, 3] = y, z


@jit(
    "void(float64[:, ::1], int64[::1], int64[::1], int64[::1], float64[:, ::1], f8[:, :, ::1], f8[:, :, ::1])"
)
def global_poses(
    values: Float64[np.ndarray, "T C"],
    kinds: Int64[np.ndarray, "C"],
    starts: Int64[np.ndarray, "J+1"],
    parents: Int64[np.ndarray, "J"],
    offsets: Float64[np.ndarray, "J 3"],
    positions: Float64[np.ndarray, "T J 3"],
    rotations: Float64[np.ndarray, "T J 4"],
) -> None:
    """Forward kinematics over all frames.

    A joint's pose in its parent's frame is its offset, where each position channel replaces the offset along
    its own axis, followed by its rotation channels in their order (each about the axes already turned).

    Args:
        values: Channel values; positions in the file's unit, rotations in degrees.
        kinds: What each channel is: 0, 1, 2 for a position along x, y, z, and 3, 4, 5 for a rotation about them.
        starts: Joint ``j`` has the channels ``starts[j]`` up to, not including, ``starts[j + 1]``.
        parents: Parent joint, -1 for roots; parents come before their children.
        offsets: Joint origins in their parents' frames.
        positions: Out: global positions, in the file's unit and world.
        rotations: Out: global unit quaternions, wxyz; their signs are continuous along time.
    """
    for t in range(values.shape[0]):
        for j in range(parents.size):
            px, py, pz = offsets[j, 0], offsets[j, 1], offsets[j, 2]
            w, x, y, z = 1.0, 0.0, 0.0, 0.0
            for c in range(starts[j], starts[j + 1]):
                kind, value = kinds[c], values[t, c]
                if kind < 3:
                    if kind == 0:
                        px = value
                    elif kind == 1:
                        py = value
                    else:
                        pz = value
                    continue
                half = value * (np.pi / 360.0)
                a, b = np.cos(half), np.sin(half)
                if kind == 3:
                    w, x, y, z = w * a - x * b, x * a + w * b, y * a + z * b, z * a - y * b
                elif kind == 4:
                    w, x, y, z = w * a - y * b, x * a - z * b, y * a + w * b, z * a + x * b
                else:
                    w, x, y, z = w * a - z * b, x * a + y * b, y * a - x * b, z * a + w * b
            _place(positions, rotations, t, j, parents[j], px, py, pz, w, x, y, z)


@jit(
    "void(f8[:, :, ::1], f8[:, :, ::1], int64[::1], f8[:, :, ::1], f8[:, :, ::1])",
)
def chain_poses(
    turns: Float64[np.ndarray, "T J 4"],
    offsets: Float64[np.ndarray, "N J 3"],
    parents: Int64[np.ndarray, "J"],
    positions: Float64[np.ndarray, "T J 3"],
    rotations: Float64[np.ndarray, "T J 4"],
) -> None:
    """Forward kinematics over all frames, from rotations in parents' frames.

    Args:
        turns: Rotation of each joint in its parent's frame, unit quaternions, wxyz.
        offsets: Joint origins in their parents' frames, those of roots in the world: of each frame, or one for all.
        parents: Parent joint, -1 for roots; parents come before their children.
        positions: Filled: global positions.
        rotations: Filled: global unit quaternions, wxyz; their signs are continuous along time.
    """
    moving = offsets.shape[0] > 1
    for t in range(turns.shape[0]):
        n = t if moving else 0
        for j in range(parents.size):
            px, py, pz = offsets[n, j, 0], offsets[n, j, 1], offsets[n, j, 2]
            w, x, y, z = turns[t, j, 0], turns[t, j, 1], turns[t, j, 2], turns[t, j, 3]
            _place(positions, rotations, t, j, parents[j], px, py, pz, w, x, y, z)


@jit("void(f8[:, :, ::1], f8[:, :, ::1], f8, f8[:, ::1], f8[::1])")
def to_world(
    positions: Float64[np.ndarray, "T J 3"],
    rotations: Float64[np.ndarray, "T J 4"],
    scale: float,
    matrix: Float64[np.ndarray, "3 3"],
    quaternion: Float64[np.ndarray, "4"],
) -> None:
    """Scale and turn global poses in place; ``matrix`` and ``quaternion`` (wxyz) are the same rotation."""
    a, b, c, d = quaternion
    for t in range(positions.shape[0]):
        for j in range(positions.shape[1]):
            x = scale * positions[t, j, 0]
            y = scale * positions[t, j, 1]
            z = scale * positions[t, j, 2]
            positions[t, j, 0] = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] * z
            positions[t, j, 1] = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] * z
            positions[t, j, 2] = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2] * z
            w, x, y, z = (
                rotations[t, j, 0],
                rotations[t, j, 1],
                rotations[t, j, 2],
                rotations[t, j, 3],
            )
            rotations[t, j, 0] = a * w - b * x - c * y - d * z
            rotations[t, j, 1] = a * x + b * w + c * z - d * y
            rotations[t, j, 2] = a * y - b * z + c * w + d * x
            rotations[t, j, 3] = a * z + b * y - c * x + d * w
