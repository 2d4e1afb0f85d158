"""Which axis of a file points up: several witnesses vote, and where they disagree there is a doubt.

No single witness is to be trusted. Heads are above feet, but not of somebody who lies; the floor of most files is at
zero, but not of all; the skeleton at rest stands, but not in every rig. So each axis has points from all of them:

- `posture`: the head is above the feet;
- `balance`: trunk above what is lowest, as nobody stays up without support;
- `floor`: the lowest joint stays at one height while the body moves about;
- `zero`: that height is zero, where files have their floor;
- `rest`: the skeleton stands upright along the axis when all its channels are zero;
- `custom`: it is the axis that most files of the format have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.compiled.jit import jit
from retarget.motion.doubts import Doubt
from retarget.motion.world.conventions import AXES

__all__ = ["find_up_axis"]

# Points of a witness that is certain. Posture and a floor at zero weigh most: each alone is right in nearly all files.
_POSTURE, _BALANCE, _FLOOR, _ZERO, _REST, _CUSTOM = 1.5, 0.5, 1.0, 1.5, 1.25, 0.25
# Leg lengths: how far the lowest joint moves up and down while a body walks, and how far joints are above the floor.
_FLOOR_SPREAD, _ZERO_SPREAD = 0.1, 0.12
_NEAR, _MARGIN = (
    0.15,
    0.2,
)  # leg lengths: joints that carry, and by how much the trunk may be beyond them
_STANDS: Final = 0.9  # cosine between the axis and trunk and legs of a skeleton that stands
_CLEAR: Final = 1.0  # points by which the best axis must lead for no doubt at all
_DOUBT: Final = 0.9  # weight of the doubt about two axes with the same points
_CONTRADICTED: Final = (
    0.6  # where the skeleton at rest, or floor and custom, speak for another axis
)
_UNSUPPORTED: Final = 0.25  # where only posture and custom speak for an axis
_COMMON: Final = ("y", "z")  # hardly any file has another axis up, but many a body lies along one
_LEAST: Final = 0.05  # smaller weights are not worth a word
_SPEAKS: Final = 0.5  # share of its points from which the floor at zero speaks for an axis
_NO_NEARER: Final = (
    0.1  # by which a floor near zero speaks for an axis and against the customary one
)
_HIGHEST: Final = (
    0.6  # leg lengths; nobody's lowest point goes up and down by more, so such an axis is not up
)

_FIRST: Final = ("pelvis", "chest", "left_ankle", "right_ankle")


def find_up_axis(
    positions: Float64[np.ndarray, "T J 3"],
    roles: Mapping[str, int],
    leg: float,
    *,
    rest: Float64[np.ndarray, "J 3"] | None = None,
    custom: str = "y",
) -> tuple[str, list[Doubt]]:
    """The signed axis of a file's world that points up.

    Args:
        positions: Global positions in the file's world, in some frames.
        roles: Role -> joint.
        leg: Length of a leg in the same unit.
        rest: The joints where all channels are zero, if the format has such a pose.
        custom: The axis that most files of the format have.

    Returns:
        ``x``, ``y``, ``z``, ``-x``, ``-y`` or ``-z``; and a doubt where the witnesses do not agree.

    Example:
        >>> axis, doubts = find_up_axis(positions, roles, 82.0)  # doctest: +SKIP
    """
    joints = [roles[role] for role in _FIRST] + [roles.get("head", roles["chest"])]
    joints += [joint for role, joint in roles.items() if role not in (*_FIRST, "head")]
    marks = np.ascontiguousarray(positions[:, joints], np.float64)
    lowest = np.empty((len(AXES), len(marks)))
    posture, balance = np.empty(len(AXES)), np.empty(len(AXES))
    _survey(marks, _NEAR * leg, _MARGIN * leg, lowest, posture, balance)
    lowest.sort(axis=1)
    tenth, last = len(marks) // 10, len(marks) - 1
    spread = (lowest[:, last - tenth] - lowest[:, tenth]) / leg
    floor = np.exp(-spread / _FLOOR_SPREAD)
    zero = np.exp(-((lowest[:, last // 20] / (_ZERO_SPREAD * leg)) ** 2))
    stands = _standing(rest, roles)
    points = (
        _POSTURE * np.maximum(posture, 0.0)
        + _BALANCE * balance
        + _FLOOR * floor
        + _ZERO * zero
        + _REST * stands
    )
    points[AXES.index(custom)] += _CUSTOM
    order = np.argsort(-points, kind="stable")
    best, second = int(order[0]), int(order[1])
    axis = AXES[best]
    lead = float(points[best] - points[second])
    weight, other = _DOUBT * max(0.0, 1.0 - lead / _CLEAR), AXES[second]
    odd = axis not in (custom, *_COMMON)
    for rival, name in enumerate(AXES):
        if rival == best or spread[rival] > _HIGHEST:
            continue
        at_custom = name == custom and (odd or zero[best] < min(_SPEAKS, zero[rival] + _NO_NEARER))
        if weight < _CONTRADICTED and not stands[best] and (stands[rival] or at_custom):
            weight, other = _CONTRADICTED, name
    if weight >= _LEAST:
        reason = f"{axis} was taken as up, but {other} may be, with a body that lies"
    elif axis == custom and zero[best] < _SPEAKS and not stands[best]:
        weight, reason = _UNSUPPORTED, f"nothing but the posture of the body says that {axis} is up"
    else:
        return axis, []
    return axis, [Doubt("up_axis", weight, f"{reason}; say which axis is with --up")]


def _standing(
    rest: Float64[np.ndarray, "J 3"] | None, roles: Mapping[str, int]
) -> Float64[np.ndarray, "6"]:
    """By axis, 1 where the skeleton at rest stands along it, with trunk and both legs; else 0."""
    if rest is None:
        return np.zeros(len(AXES))
    hips = (rest[roles["left_hip"]] + rest[roles["right_hip"]]) / 2
    parts = np.stack(
        [
            rest[roles.get("head", roles["chest"])] - hips,
            rest[roles["left_hip"]] - rest[roles["left_ankle"]],
            rest[roles["right_hip"]] - rest[roles["right_ankle"]],
        ]
    )
    parts /= np.maximum(np.sqrt(np.einsum("ij,ij->i", parts, parts)), 1e-12)[:, None]
    least = np.concatenate([parts.min(axis=0), (-parts).min(axis=0)])
    return (least > _STANDS).astype(np.float64)


@jit("void(f8[:, :, ::1], f8, f8, f8[:, ::1], f8[::1], f8[::1])")
def _survey(
    marks: Float64[np.ndarray, "T K 3"],
    near: float,
    margin: float,
    lowest: Float64[np.ndarray, "6 T"],
    posture: Float64[np.ndarray, "6"],
    balance: Float64[np.ndarray, "6"],
) -> None:
    """What frames say of each axis.

    Args:
        marks: Pelvis, chest, left and right ankle, head, then other joints.
        near: Joints less than this above the lowest one may carry.
        margin: The trunk may be this far beyond those.
        lowest: Out: height of the lowest joint along each of `AXES`.
        posture: Out: mean cosine between each axis and the line from feet to head.
        balance: Out: share of frames in which the trunk is above the joints that may carry.
    """
    frames, joints = marks.shape[0], marks.shape[1]
    posture[:] = 0.0
    balance[:] = 0.0
    for t in range(frames):
        square = 0.0
        for c in range(3):
            line = marks[t, 4, c] - (marks[t, 2, c] + marks[t, 3, c]) / 2
            square += line * line
        length = max(np.sqrt(square), 1e-12)
        for axis in range(6):
            up, sign = axis % 3, 1.0 if axis < 3 else -1.0
            line = marks[t, 4, up] - (marks[t, 2, up] + marks[t, 3, up]) / 2
            posture[axis] += sign * line / length / frames
            low = np.inf
            for k in range(joints):
                low = min(low, sign * marks[t, k, up])
            lowest[axis, t] = low
            held = True
            for step in range(1, 3):
                c = (up + step) % 3
                left, right = np.inf, -np.inf
                for k in range(joints):
                    if sign * marks[t, k, up] < low + near:
                        left, right = min(left, marks[t, k, c]), max(right, marks[t, k, c])
                trunk = (marks[t, 0, c] + marks[t, 1, c]) / 2
                held = held and left - margin < trunk < right + margin
            if held:
                balance[axis] += 1.0 / frames
