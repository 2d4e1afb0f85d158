"""Toes of skeletons that end at the ankle: a point ahead of each foot, as it lies when it rests.

Without one nobody knows where a foot points. How long and how low it is, is a human's; where ahead is, the pelvis says.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.geometry import matrix_from_quaternion, rotated, unit
from retarget.motion.doubts import Doubt
from retarget.motion.ground.feet import speed
from retarget.motion.motion import Motion
from retarget.motion.segments import SIDES

__all__ = ["with_toes"]

# Leg lengths from the ankle ahead and down to the joints of the toes: 13 and 6 cm of a leg of 0.8 m, as in CMU's,
# LAFAN1's and SMPL's skeletons.
_AHEAD, _DOWN = 0.165, 0.075
_RESTING: Final = (
    0.25  # share of the frames, those in which the ankle is lowest, of which the slower half rests
)
_DOUBT: Final = 0.3


def with_toes(motion: Motion) -> Motion:
    """The motion with joints for the toes of feet that have none; as it is where both are there.

    Args:
        motion: Metres, z up, without impossible frames; hips, knees and ankles have their roles.
    """
    missing = [side for side in SIDES if f"{side}_toe" not in motion.roles]
    if not missing or not len(motion):
        return motion
    names, parents, roles = list(motion.joint_names), motion.parents.tolist(), dict(motion.roles)
    places, turns = [motion.positions], [motion.rotations]
    for side in missing:
        ankle = motion.roles[f"{side}_ankle"]
        turn = np.asarray(motion.rotations[:, ankle], np.float64)
        toe = motion.role_positions(f"{side}_ankle") + rotated(turn, _toe_of(motion, side, turn))
        places.append(toe[:, None].astype(motion.positions.dtype))
        turns.append(motion.rotations[:, ankle : ankle + 1])
        roles[f"{side}_toe"] = len(names)
        names.append(f"{motion.joint_names[ankle]}#toe")
        parents.append(ankle)
    reason = (
        f"the {' and the '.join(missing)} foot {'have' if len(missing) > 1 else 'has'} no toes: a point ahead of the "
        "ankle stands in, as feet lie when they rest; name joints of toes in a role file if there are any"
    )
    doubts = (*motion.source.doubts, Doubt("skeleton", _DOUBT, reason))
    return replace(
        motion,
        joint_names=tuple(names),
        parents=np.array(parents, np.int64),
        positions=np.concatenate(places, axis=1),
        rotations=np.concatenate(turns, axis=1),
        roles=roles,
        source=replace(motion.source, doubts=doubts),
    )


def _toe_of(
    motion: Motion, side: str, turn: Float64[np.ndarray, "T 4"]
) -> Float64[np.ndarray, "3"]:
    """The toe in the ankle's axes, metres: the median over the frames in which the foot rests."""
    hip, knee, ankle = (
        motion.role_positions(f"{side}_{joint}") for joint in ("hip", "knee", "ankle")
    )
    leg = float(
        np.median(np.linalg.norm(hip - knee, axis=1) + np.linalg.norm(knee - ankle, axis=1))
    )
    low = ankle[:, 2] <= np.quantile(ankle[:, 2], _RESTING)
    speeds = speed(ankle, motion.fps)
    resting = low & (speeds <= np.median(speeds[low]))
    across = motion.role_positions("left_hip") - motion.role_positions("right_hip")
    ahead = unit(np.stack([across[:, 1], -across[:, 0], np.zeros(len(across))], axis=1))
    line = leg * (_AHEAD * ahead - np.array([0.0, 0.0, _DOWN]))
    own = np.einsum("tji,tj->ti", matrix_from_quaternion(turn[resting]), line[resting])
    return unit(np.median(own, axis=0)) * float(np.hypot(_AHEAD, _DOWN)) * leg
