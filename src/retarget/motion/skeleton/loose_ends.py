"""Feet and hands that hang on nothing: rigs that animators move by their ends have these below the root.

The end moves with its limb all the same: it stays as far from the knee or the elbow as it is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from jaxtyping import Float64, Int64

from retarget.motion.recording import Recording
from retarget.motion.skeleton.languages import without_shared_prefix
from retarget.motion.skeleton.names import LIMB_WORDS, split_name
from retarget.motion.skeleton.tree import descent
from retarget.wording import listed

__all__ = ["with_ends_on_limbs"]

# The joint in the middle of a limb, its upper one, and its end.
_LIMBS: Final = (("knee", "hip", "ankle"), ("elbow", "shoulder", "wrist"))
_SAMPLED: Final = 60  # frames, evenly over the recording
_CONSTANT: Final = 0.05  # share by which the distance may vary


def with_ends_on_limbs(recording: Recording) -> Recording:
    """The recording with feet below their shanks and hands below their forearms, where names and distances say so."""
    parents = recording.parents.tolist()
    below = descent(parents)
    named: dict[tuple[str, str], list[int]] = {}
    for joint, name in enumerate(without_shared_prefix(recording.joint_names)):
        split = split_name(name)
        if split.side and "#" not in name:
            named.setdefault((split.side, split.word), []).append(joint)
    moved: dict[int, int] = {}
    for side in ("left", "right"):
        for middle, upper, end in _LIMBS:
            found = [
                [
                    joint
                    for word in LIMB_WORDS[part].split()
                    for joint in named.get((side, word), [])
                ]
                for part in (upper, middle, end)
            ]
            middles = [joint for joint in found[1] if joint != (*found[0], -1)[0]]
            ends = found[2]
            if not middles or any(below(joint, middles[0]) for joint in ends):
                continue
            loose = [joint for joint in ends if not below(middles[0], joint)]
            if loose and _keeps_its_distance(recording.positions, middles[0], loose[0]):
                moved[loose[0]] = middles[0]
    return _rehung(recording, moved) if moved else recording


def _keeps_its_distance(positions: Float64[np.ndarray, "T J 3"], one: int, other: int) -> bool:
    few = positions[:: max(1, len(positions) // _SAMPLED)]
    apart = np.linalg.norm(few[:, one] - few[:, other], axis=1)
    low, middle, high = np.percentile(apart, [5, 50, 95])
    return bool(middle > 0.0 and high - low < _CONSTANT * middle)


def _rehung(recording: Recording, moved: dict[int, int]) -> Recording:
    """The recording with other parents, its joints in an order in which parents come first."""
    parents: Int64[np.ndarray, "J"] = recording.parents.copy()
    for joint, parent in moved.items():
        parents[joint] = parent
    order: list[int] = []
    waiting = [int(joint) for joint in np.flatnonzero(parents < 0)]
    while waiting:
        here = waiting.pop(0)
        order.append(here)
        waiting = [int(child) for child in np.flatnonzero(parents == here)] + waiting
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    names = recording.joint_names
    told = listed(f"{names[joint]} on {names[parent]}" for joint, parent in moved.items())
    return replace(
        recording,
        joint_names=tuple(names[joint] for joint in order),
        parents=np.where(parents[order] < 0, -1, place[parents[order]]),
        positions=np.ascontiguousarray(recording.positions[:, order]),
        rotations=np.ascontiguousarray(recording.rotations[:, order]),
        rest=None if recording.rest is None else recording.rest[order],
        notes=(
            *recording.notes,
            f"ends of limbs that hang on nothing were taken as they move: {told}",
        ),
    )
