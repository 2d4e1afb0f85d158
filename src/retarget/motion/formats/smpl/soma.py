"""SOMA's joint tree, and one fixed skeleton of it for when nobody knows the body's shape.

SOMA is the body of NVIDIA's Kimodo, GEM-X and BONES-SEED: rotations are relative to a T-pose whose joints have the
world's axes, as SMPL's are. Names and order are those of soma-retargeter; the trunk and limbs are those of the skeleton
on which Kimodo's published example motions lie (Apache-2.0, see NOTICE), as their places and rotations tell it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from jaxtyping import Int64

__all__ = ["SOMA", "SOMA_FEET", "SOMA_FINGERS", "SOMA_REST", "tree_of_lines"]

_HAND: Final = tuple(
    f"{{}}Hand {' '.join('{}Hand' + finger + part for part in parts)}"
    for finger, parts in (
        ("Thumb", ("1", "2", "3", "End")),
        *((name, ("1", "2", "3", "4", "End")) for name in ("Index", "Middle", "Ring", "Pinky")),
    )
)
SOMA: Final = (
    "Hips Spine1 Spine2 Chest Neck1 Neck2 Head HeadEnd", "Head Jaw", "Head LeftEye", "Head RightEye",
    "Chest LeftShoulder LeftArm LeftForeArm LeftHand", *(line.replace("{}", "Left") for line in _HAND),
    "Chest RightShoulder RightArm RightForeArm RightHand", *(line.replace("{}", "Right") for line in _HAND),
    "Hips LeftLeg LeftShin LeftFoot LeftToeBase LeftToeEnd",
    "Hips RightLeg RightShin RightFoot RightToeBase RightToeEnd",
)  # fmt: skip
"""All 77 joints in lines, each from one that was named before."""

SOMA_FEET: Final = ("LeftFoot", "RightFoot", "LeftToeBase", "RightToeBase")
"""Ankles and balls of the feet."""

# From each joint's parent, metres; x left, y up, z forward.
SOMA_REST: Final = {
    "Spine1": (-0.0001, 0.0500, -0.0005), "Spine2": (0.0, 0.0713, -0.0003), "Chest": (0.0, 0.0755, -0.0082),
    "Neck1": (-0.0018, 0.2631, -0.0055), "Neck2": (0.0, 0.0771, 0.0230), "Head": (0.0, 0.0613, 0.0195),
    "Jaw": (0.0, 0.0048, 0.0309), "LeftEye": (0.0321, 0.0538, 0.0759), "RightEye": (-0.0322, 0.0536, 0.0756),
    "LeftShoulder": (0.0162, 0.2324, 0.0511), "LeftArm": (0.1492, 0.0, -0.0550), "LeftForeArm": (0.2874, 0.0, 0.0),
    "LeftHand": (0.2709, 0.0, 0.0), "RightShoulder": (-0.0138, 0.2318, 0.0521), "RightArm": (-0.1504, 0.0, -0.0555),
    "RightForeArm": (-0.2874, 0.0, 0.0), "RightHand": (-0.2713, 0.0, 0.0),
    "LeftLeg": (0.1004, -0.0843, 0.0260), "LeftShin": (0.0, -0.4322, -0.0080), "LeftFoot": (0.0, -0.4216, -0.0348),
    "LeftToeBase": (0.0, -0.0506, 0.1323), "RightLeg": (-0.1005, -0.0830, 0.0262),
    "RightShin": (0.0, -0.4336, -0.0081), "RightFoot": (0.0, -0.4212, -0.0348), "RightToeBase": (0.0, -0.0508, 0.1328),
}  # fmt: skip
"""The trunk and limbs; ends of head and toes, which turn nothing, are not known."""

SOMA_FINGERS: Final = {
    finger: tuple(f"Hand{name}{part}" for part in range(1, 4 if name == "Thumb" else 5))
    for finger, name in (
        ("thumb", "Thumb"), ("index", "Index"), ("middle", "Middle"), ("ring", "Ring"), ("pinky", "Pinky"),
    )
}  # fmt: skip
"""A finger's joints, without the side; the first of four lies in the palm, and three are from the knuckle on."""


def tree_of_lines(lines: Sequence[str]) -> tuple[tuple[str, ...], Int64[np.ndarray, "J"]]:
    """Names and parents of joints in lines, each from one that was named before; a new name alone begins the skeleton.

    Example:
        >>> tree_of_lines(["hips knee ankle", "hips chest"])[1].tolist()
        [-1, 0, 1, 0]
    """
    names: list[str] = []
    parents: list[int] = []
    for line in lines:
        words = line.split()
        last = names.index(words[0]) if words[0] in names else -1
        for word in words[0 if last < 0 else 1 :]:
            names.append(word)
            parents.append(last)
            last = len(names) - 1
    return tuple(names), np.array(parents, np.int64)
