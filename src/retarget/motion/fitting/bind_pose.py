"""Bind poses: a T- or A-pose in the first frames that was never performed.

Many files carry the pose in which the character was rigged before the motion. It is recognised by the jump out
of it, after the pose was held without any change. Either all its channels are zero; or the limbs jump by far
more than they move in the motion that follows, and the pose has the legs straight down, the trunk upright and
the arms straight and alike on both sides, level or slanting. Where somebody has smoothed the file afterwards, the pose
runs into the motion over a few frames: the limbs then set out from it at once, faster than they ever move later.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from jaxtyping import Float64

__all__ = ["bind_pose_frames"]

_LIMBS: Final = tuple(
    (f"{side}_{near}", f"{side}_{far}")
    for side in ("left", "right")
    for near, far in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))
)
_LEGS: Final = (0, 1, 4, 5)
_ARMS: Final = (2, 3, 6, 7)
_HELD: Final = np.radians(0.1)  # change of direction that counts as none
_JUMP: Final = np.radians(20.0)  # the least that the fastest limb turns when the motion starts
_JUMP_RATIO: Final = 4.0  # and at least so many times what it turns later, in the same time
_STRAIGHT: Final = np.radians(15.0)
_UPRIGHT: Final = np.radians(20.0)
_LOWEST_ARMS: Final = np.radians(60.0)  # below level: arms that hang are no A-pose
_ALIKE: Final = np.radians(10.0)
_WATCHED: Final = 2.0  # seconds of the motion that the jump is compared with
# A smoothed jump: rad/s; times what the same limb turns later; seconds and frames that it takes; and the first step in
# units of the fastest one, as who lowers the arms begins slowly, and of the second one, as a jump that nobody has
# smoothed is far larger than the steps after it.
_RUSH: Final = 4.0
_RUSH_RATIO: Final = 2.5
_RUSH_TIME: Final = 0.35
_RUSH_FRAMES: Final = 12
_AT_ONCE: Final = 0.25
_GOES_ON: Final = 2.0


def bind_pose_frames(
    positions: Float64[np.ndarray, "T J 3"],
    roles: Mapping[str, int],
    fps: float,
    rest_frames: int = 0,
) -> int:
    """How many frames from the start are a bind pose; 0 if there is none.

    Args:
        positions: Global positions, z up.
        roles: Role -> joint.
        fps: Frames per second.
        rest_frames: Leading frames with all channels at zero, where the format can tell.

    A clip that never leaves its first pose has no bind pose, and one with a single frame neither.
    """
    from retarget.motion.numeric.quantiles import quantile_of

    if len(positions) < 2:
        return 0
    first = _limb_directions(positions[:1], roles)[0]
    posed = _is_t_or_a_pose(first, _trunk(positions[0], roles))
    if not posed and not rest_frames:
        return 0
    directions = _limb_directions(positions[: _watched_frames(positions, roles, fps)], roles)
    turns = np.arccos(np.clip(np.sum(directions[1:] * directions[:-1], axis=-1), -1, 1))
    fastest = turns.max(axis=1)
    moving = np.flatnonzero(fastest > _HELD)
    if not len(moving):
        return 0
    last = int(moving[0])  # the last frame of the pose that is held from the start
    after = fastest[last + 1 :]
    usual = quantile_of(after, 0.95) if len(after) else 0.0
    smoothed = _smoothed_frames(turns[last:], fps) if posed else 0
    if smoothed:
        return last + smoothed
    sudden = posed and fastest[last] > _JUMP_RATIO * usual
    return last + 1 if fastest[last] > _JUMP and (rest_frames == last + 1 or sudden) else 0


def _smoothed_frames(turns: Float64[np.ndarray, "T 8"], fps: float) -> int:
    """Frames of a jump of both arms that was smoothed, from the pose on; 0 if there was none.

    Args:
        turns: What each limb turns from each frame to the next, rad; the first step leaves the pose.
        fps: Frames per second.
    """
    most = min(_RUSH_FRAMES, max(2, int(_RUSH_TIME * fps)))
    if len(turns) < 3 * most:
        return 0
    usual = np.percentile(turns[most:], 95, axis=0)
    lengths, sure = np.zeros(len(_LIMBS), np.int64), False
    for limb in _ARMS:
        turned = turns[: most + 1, limb]
        steps = int(
            np.argmin(turned * fps > _RUSH)
        )  # before it is calm; 0 where it is calm at once, or never
        rush = turned[:steps]
        if steps < 2 or not _AT_ONCE * rush.max() < rush[0] < _GOES_ON * rush[1]:
            continue
        if rush.sum() > _JUMP:
            lengths[limb] = steps
            sure = sure or rush.mean() > _RUSH_RATIO * usual[limb]
    left, right = lengths[list(_ARMS[:2])].max(), lengths[list(_ARMS[2:])].max()
    return int(max(left, right)) if sure and min(left, right) > 0 else 0


def _watched_frames(
    positions: Float64[np.ndarray, "T J 3"], roles: Mapping[str, int], fps: float
) -> int:
    """Frames until some time after the first change, so that long clips cost nothing."""
    ends = positions[:, [roles["left_wrist"], roles["right_ankle"]]]
    changed = np.flatnonzero(np.any(ends != ends[0], axis=(1, 2)))
    start = int(changed[0]) if len(changed) else 0
    return start + 2 + max(8, int(_WATCHED * fps))


def _limb_directions(
    positions: Float64[np.ndarray, "T J 3"], roles: Mapping[str, int]
) -> Float64[np.ndarray, "T 8 3"]:
    near = positions[:, [roles[limb[0]] for limb in _LIMBS]]
    far = positions[:, [roles[limb[1]] for limb in _LIMBS]]
    return _unit(far - near)


def _unit(vectors: Float64[np.ndarray, "*n 3"]) -> Float64[np.ndarray, "*n 3"]:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12))


def _trunk(
    positions: Float64[np.ndarray, "J 3"], roles: Mapping[str, int]
) -> Float64[np.ndarray, "3"]:
    shoulders = positions[roles["left_shoulder"]] + positions[roles["right_shoulder"]]
    hips = positions[roles["left_hip"]] + positions[roles["right_hip"]]
    return _unit(shoulders - hips)


def _is_t_or_a_pose(limbs: Float64[np.ndarray, "8 3"], trunk: Float64[np.ndarray, "3"]) -> bool:
    """Whether limb directions (in the order of `_LIMBS`) are those of a T- or A-pose, z up."""
    if trunk[2] < np.cos(_UPRIGHT) or limbs[list(_LEGS), 2].max() > -np.cos(_UPRIGHT):
        return False
    straight = all(limbs[near] @ limbs[near + 1] > np.cos(_STRAIGHT) for near in (0, 2, 4, 6))
    slant = -np.arcsin(np.clip(limbs[[_ARMS[0], _ARMS[2]], 2], -1, 1))  # downward from level
    alike = abs(slant[0] - slant[1]) < _ALIKE
    raised = bool(np.all((slant < _LOWEST_ARMS) & (slant > -_UPRIGHT)))
    left, right = limbs[_ARMS[0], :2], limbs[_ARMS[2], :2]
    opposed = left @ right < -np.cos(_UPRIGHT) * np.linalg.norm(left) * np.linalg.norm(right)
    return bool(straight and alike and raised and opposed)
