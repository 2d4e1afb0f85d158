"""The human's segments, which joints define them, and their frames in every recorded frame.

Once a skeleton is calibrated, the frame of a segment follows from one frame of joint poses alone. So the same kernel
serves whole clips and live streams.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from jaxtyping import Float64, Int64

from retarget.compiled.jit import jit

__all__ = [
    "LIMBS",
    "LIMB_SEGMENTS",
    "SEGMENTS",
    "SIDES",
    "needed_roles",
    "other_side",
    "segment_frames",
    "segment_joints",
]

SIDES = ("left", "right")
LIMBS = {"leg": ("hip", "knee", "ankle"), "arm": ("shoulder", "elbow", "wrist")}
LIMB_SEGMENTS = {"leg": ("thigh", "shank", "foot"), "arm": ("upper_arm", "forearm", "hand")}
SEGMENTS = (
    "pelvis",
    "chest",
    *(f"{side}_{segment}" for side in SIDES for limb in LIMB_SEGMENTS.values() for segment in limb),
)


@cache
def needed_roles() -> tuple[str, ...]:
    """Roles without which a human cannot be retargeted."""
    limbs = (joint for chain in LIMBS.values() for joint in chain)
    return (
        "pelvis",
        "chest",
        *(f"{side}_{joint}" for joint in (*limbs, "toe") for side in SIDES),
    )


def other_side(name: str) -> str:
    """The role or segment on the other side of the body: ``left_knee`` for ``right_knee``, ``chest`` for ``chest``."""
    side, _, part = name.partition("_")
    return {"left": f"right_{part}", "right": f"left_{part}"}.get(side, name)


def segment_joints(roles: dict[str, int]) -> Int64[np.ndarray, "S 3"]:
    """For each of `SEGMENTS` the joint whose rotation carries it and its two joint centres.

    The centres (proximal, distal) give the long axis of an upper or lower limb segment; they are -1 for the others,
    which follow the recorded rotation in all three axes.
    """
    rows = [[roles["pelvis"], -1, -1], [roles["chest"], -1, -1]]
    for side in SIDES:
        for chain in LIMBS.values():
            upper, lower, last = (roles[f"{side}_{joint}"] for joint in chain)
            rows += [[upper, upper, lower], [lower, lower, last], [last, -1, -1]]
    return np.array(rows, np.int64)


@jit()
def segment_frames(
    positions: Float64[np.ndarray, "T J 3"],
    rotations: Float64[np.ndarray, "T J 4"],
    joints: Int64[np.ndarray, "S 3"],
    offsets: Float64[np.ndarray, "S 3 3"],
    frames: Float64[np.ndarray, "T S 3 3"],
) -> None:
    """Fill the anatomical frame of each segment, world; nothing is allocated.

    Args:
        positions: Global joint positions, metres.
        rotations: Global joint rotations, unit quaternions, wxyz.
        joints: See `segment_joints`.
        offsets: Constant rotation from each carrying joint's axes to the segment's.
        frames: Filled: columns x, y, z.
    """
    for t in range(positions.shape[0]):
        for s in range(joints.shape[0]):
            j = joints[s, 0]
            w = rotations[t, j, 0]
            x = rotations[t, j, 1]
            y = rotations[t, j, 2]
            z = rotations[t, j, 3]
            for k in range(3):
                c0 = offsets[s, 0, k]
                c1 = offsets[s, 1, k]
                c2 = offsets[s, 2, k]
                frames[t, s, 0, k] = (
                    (1 - 2 * (y * y + z * z)) * c0
                    + 2 * (x * y - w * z) * c1
                    + 2 * (x * z + w * y) * c2
                )
                frames[t, s, 1, k] = (
                    2 * (x * y + w * z) * c0
                    + (1 - 2 * (x * x + z * z)) * c1
                    + 2 * (y * z - w * x) * c2
                )
                frames[t, s, 2, k] = (
                    2 * (x * z - w * y) * c0
                    + 2 * (y * z + w * x) * c1
                    + (1 - 2 * (x * x + y * y)) * c2
                )
            if joints[s, 1] >= 0:
                _align_long_axis(
                    frames[t, s], positions[t, joints[s, 1]], positions[t, joints[s, 2]]
                )


@jit()
def _align_long_axis(
    frame: Float64[np.ndarray, "3 3"],
    proximal: Float64[np.ndarray, "3"],
    distal: Float64[np.ndarray, "3"],
) -> None:
    """Turn a frame so that z points from the distal to the proximal centre and y stays as near as it can."""
    z0 = proximal[0] - distal[0]
    z1 = proximal[1] - distal[1]
    z2 = proximal[2] - distal[2]
    n = 1.0 / math.sqrt(max(z0 * z0 + z1 * z1 + z2 * z2, 1e-24))
    z0 *= n
    z1 *= n
    z2 *= n
    x0 = frame[1, 1] * z2 - frame[2, 1] * z1
    x1 = frame[2, 1] * z0 - frame[0, 1] * z2
    x2 = frame[0, 1] * z1 - frame[1, 1] * z0
    n = 1.0 / math.sqrt(max(x0 * x0 + x1 * x1 + x2 * x2, 1e-24))
    x0 *= n
    x1 *= n
    x2 *= n
    frame[0, 0] = x0
    frame[1, 0] = x1
    frame[2, 0] = x2
    frame[0, 1] = z1 * x2 - z2 * x1
    frame[1, 1] = z2 * x0 - z0 * x2
    frame[2, 1] = z0 * x1 - z1 * x0
    frame[0, 2] = z0
    frame[1, 2] = z1
    frame[2, 2] = z2
