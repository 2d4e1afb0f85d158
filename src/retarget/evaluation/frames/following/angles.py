"""Kernels that compare a human's directions and rotations with a robot's, frame by frame.

What the robot is compared with is known only up to one yaw of the whole clip and a constant offset per joint. Both come
from sums over frames that need no yaw: the yaw ``(s, c)`` enters the human's rotation ``H`` linearly, so the moment of
human and robot is ``c A + s B + C`` with sums A, B and C that a first pass collects.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float32, Float64, Int16, Int64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch

__all__ = ["correlate", "direction", "measure_errors", "to_matrix", "to_quaternion"]


@jit(fastmath=True, inner=True)
def direction(
    points: Float32[np.ndarray, "P 3"],
    ends: Int64[np.ndarray, "2"],
    out: Float64[np.ndarray, "3"],
) -> None:
    """Unit direction from a limb's near joint centre to its far one; zero where they coincide."""
    squared = 0.0
    for i in range(3):
        step = np.float64(points[ends[1], i]) - np.float64(points[ends[0], i])
        out[i] = step
        squared += step * step
    scale = 1.0 / math.sqrt(max(squared, 1e-24))
    for i in range(3):
        out[i] *= scale


@jit(fastmath=True, inner=True)
def to_matrix(
    quaternion: Int16[np.ndarray, "4"] | Float32[np.ndarray, "4"], out: Float64[np.ndarray, "3 3"]
) -> None:
    """Rotation matrix of a quaternion (wxyz), of unit length or as `retarget.result.packed_rotations` packs it."""
    w = np.float64(quaternion[0])
    x = np.float64(quaternion[1])
    y = np.float64(quaternion[2])
    z = np.float64(quaternion[3])
    scale = 2.0 / max(w * w + x * x + y * y + z * z, 1.0)
    out[0, 0] = 1 - scale * (y * y + z * z)
    out[0, 1] = scale * (x * y - w * z)
    out[0, 2] = scale * (x * z + w * y)
    out[1, 0] = scale * (x * y + w * z)
    out[1, 1] = 1 - scale * (x * x + z * z)
    out[1, 2] = scale * (y * z - w * x)
    out[2, 0] = scale * (x * z - w * y)
    out[2, 1] = scale * (y * z + w * x)
    out[2, 2] = 1 - scale * (x * x + y * y)


@jit(fastmath=True, inner=True)
def to_quaternion(matrix: Float64[np.ndarray, "3 3"], out: Float32[np.ndarray, "4"]) -> None:
    """Unit quaternion (wxyz) of a rotation matrix.

    Divides by the component that is largest, so that none is lost to rounding (Shepperd, "Quaternion from Rotation
    Matrix", 1978).
    """
    w = 1 + matrix[0, 0] + matrix[1, 1] + matrix[2, 2]
    x = 1 + matrix[0, 0] - matrix[1, 1] - matrix[2, 2]
    y = 1 - matrix[0, 0] + matrix[1, 1] - matrix[2, 2]
    z = 1 - matrix[0, 0] - matrix[1, 1] + matrix[2, 2]
    most = max(w, x, y, z)  # four times the square of the largest component
    if most == w:
        x = matrix[2, 1] - matrix[1, 2]
        y = matrix[0, 2] - matrix[2, 0]
        z = matrix[1, 0] - matrix[0, 1]
    elif most == x:
        w = matrix[2, 1] - matrix[1, 2]
        y = matrix[1, 0] + matrix[0, 1]
        z = matrix[0, 2] + matrix[2, 0]
    elif most == y:
        w = matrix[0, 2] - matrix[2, 0]
        x = matrix[1, 0] + matrix[0, 1]
        z = matrix[2, 1] + matrix[1, 2]
    else:
        w = matrix[1, 0] - matrix[0, 1]
        x = matrix[0, 2] + matrix[2, 0]
        y = matrix[2, 1] + matrix[1, 2]
    scale = 0.5 / math.sqrt(max(most, 1e-12))
    out[0] = scale * w
    out[1] = scale * x
    out[2] = scale * y
    out[3] = scale * z


@jit(fastmath=True)
def correlate(
    robot: Float32[np.ndarray, "T P 3"],
    turned: Float32[np.ndarray, "T D 4"],
    human: Float32[np.ndarray, "T P 3"],
    rotations: Int16[np.ndarray, "T S 4"],
    ends: Int64[np.ndarray, "L 2"],
    carriers: Int64[np.ndarray, "C 2"],
    yaw: Float64[np.ndarray, "2"],
    moments: Float64[np.ndarray, "C 3 3 3"],
) -> None:
    """Fill the sums that the best yaw and the constant offsets follow from.

    Args:
        robot: Joint centres of the robot, metres.
        turned: Rotations of its bodies that are compared, unit quaternions, wxyz.
        human: Joint centres of the human, metres.
        rotations: See `retarget.result.packed_rotations`.
        ends: Joint centres at the near and the far end of each limb.
        carriers: Robot body and human rotation of each compared segment.
        yaw: Sums of the sine and the cosine between human and robot; filled.
        moments: A, B and C of each segment; filled.
    """
    r = scratch(3, np.float64)
    h = scratch(3, np.float64)
    H = scratch((3, 3), np.float64)
    R = scratch((3, 3), np.float64)
    sine = 0.0
    cosine = 0.0
    for t in range(robot.shape[0]):
        for limb in range(ends.shape[0]):
            direction(robot[t], ends[limb], r)
            direction(human[t], ends[limb], h)
            sine += h[0] * r[1] - h[1] * r[0]
            cosine += h[0] * r[0] + h[1] * r[1]
        for c in range(carriers.shape[0]):
            to_matrix(turned[t, carriers[c, 0]], R)
            to_matrix(rotations[t, carriers[c, 1]], H)
            for j in range(3):
                for k in range(3):
                    moments[c, 0, j, k] += H[0, j] * R[0, k] + H[1, j] * R[1, k]
                    moments[c, 1, j, k] += H[0, j] * R[1, k] - H[1, j] * R[0, k]
                    moments[c, 2, j, k] += H[2, j] * R[2, k]
    yaw[0] = sine
    yaw[1] = cosine


@jit(fastmath=True)
def measure_errors(
    robot: Float32[np.ndarray, "T P 3"],
    turned: Float32[np.ndarray, "T D 4"],
    human: Float32[np.ndarray, "T P 3"],
    rotations: Int16[np.ndarray, "T S 4"],
    ends: Int64[np.ndarray, "L 2"],
    carriers: Int64[np.ndarray, "C 2"],
    yaw: Float64[np.ndarray, "2"],
    offsets: Float64[np.ndarray, "C 3 3"],
    limb_errors: Float32[np.ndarray, "T L"],
    turn_errors: Float32[np.ndarray, "T C"],
) -> None:
    """Fill the angle of each limb and of each segment, rad; arguments as for `correlate`.

    ``yaw`` is the sine and cosine of the yaw that turns the human, ``offsets`` the constant rotation of each segment,
    applied after its human joint's.
    """
    s = yaw[0]
    c = yaw[1]
    r = scratch(3, np.float64)
    h = scratch(3, np.float64)
    H = scratch((3, 3), np.float64)
    R = scratch((3, 3), np.float64)
    for t in range(robot.shape[0]):
        for limb in range(ends.shape[0]):
            direction(robot[t], ends[limb], r)
            direction(human[t], ends[limb], h)
            dot = r[0] * (c * h[0] - s * h[1]) + r[1] * (s * h[0] + c * h[1]) + r[2] * h[2]
            limb_errors[t, limb] = math.acos(min(max(dot, -1.0), 1.0))
        for i in range(carriers.shape[0]):
            to_matrix(turned[t, carriers[i, 0]], R)
            to_matrix(rotations[t, carriers[i, 1]], H)
            trace = 0.0
            for j in range(3):
                x = c * H[0, j] - s * H[1, j]
                y = s * H[0, j] + c * H[1, j]
                z = H[2, j]
                for k in range(3):
                    trace += offsets[i, j, k] * (x * R[0, k] + y * R[1, k] + z * R[2, k])
            turn_errors[t, i] = math.acos(min(max(0.5 * (trace - 1.0), -1.0), 1.0))
