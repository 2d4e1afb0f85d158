"""The joints of the trunk: they follow from the hierarchy once the limbs are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.errors import RoleError
from retarget.motion.skeleton.names import split_name
from retarget.motion.skeleton.tree import is_below, line_to, lowest_common_ancestor, path_to_root

__all__ = ["find_torso"]

_PELVIS_WORDS: Final = ("pelvis", "hips", "hip")
_NECK_WORDS: Final = ("neck", "head", "upperneck", "lowerneck")


def find_torso(
    names: Sequence[str],
    parents: Sequence[int],
    lengths: Float64[np.ndarray, "J"],
    limbs: Mapping[str, int],
    given: Mapping[str, int],
) -> dict[str, int]:
    """Find pelvis, chest and, where there are such joints, spine, neck and head.

    Args:
        names: Joint names.
        parents: Parent joints, -1 for roots; parents come before their children.
        lengths: Distance of each joint from its parent.
        limbs: Role -> joint of hips, shoulders and what is below them.
        given: Role -> joint of the roles that the user gave.

    Raises:
        RoleError: Hips or shoulders have no joint in common.
    """
    words = [word if not side else "" for side, word in map(split_name, names)]
    hips = lowest_common_ancestor(limbs["left_hip"], limbs["right_hip"], parents)
    pelvis = given.get("pelvis", _pelvis(hips, words, parents))
    shoulders = lowest_common_ancestor(limbs["left_shoulder"], limbs["right_shoulder"], parents)
    chest = given.get("chest", _below_neck(shoulders, words, parents))
    if pelvis < 0 or chest < 0:
        part, pair = ("pelvis", "hips") if pelvis < 0 else ("chest", "shoulders")
        raise RoleError(f"the {pair} have no joint in common; name one for the role {part}")
    torso = {"pelvis": pelvis, "chest": chest}
    back = line_to(pelvis, chest, parents)
    if back:  # a first spine joint at the pelvis' own place says nothing about the back
        torso["spine"] = next((joint for joint in back if lengths[joint] > 0), back[-1])
    head = given.get("head", next((j for j, word in enumerate(words) if word == "head"), -1))
    if head < 0:
        joints = [joint for joint, name in enumerate(names) if "#" not in name]
        head = _farthest_free(joints, chest, parents, set(limbs.values()))
    above = line_to(chest, head, parents) if head >= 0 else []
    if above:
        torso |= {"neck": above[0], "head": head}
    return torso


def _pelvis(common: int, words: Sequence[str], parents: Sequence[int]) -> int:
    """The hips' common ancestor, or a joint beside it that has the pelvis' name."""
    near = {joint for joint, parent in enumerate(parents) if parent == common and common >= 0}
    near |= set(path_to_root(common, parents)[:3])
    if common >= 0 and words[common] in _PELVIS_WORDS:
        return common
    for word in _PELVIS_WORDS:
        for joint in sorted(near) if common >= 0 else range(len(words)):
            if words[joint] == word:
                return joint
    return common


def _below_neck(joint: int, words: Sequence[str], parents: Sequence[int]) -> int:
    """The joint, or the first one towards the root that is no neck, on which some rigs hang collar bones."""
    while joint >= 0 and words[joint] in _NECK_WORDS:
        joint = parents[joint]
    return joint


def _farthest_free(
    joints: Iterable[int], chest: int, parents: Sequence[int], limbs: set[int]
) -> int:
    """The joint deepest below the chest that neither is on a limb nor leads to one; -1 if there is none."""
    free = [
        joint
        for joint in joints
        if not limbs.intersection(line_to(chest, joint, parents))
        and not any(is_below(limb, joint, parents) for limb in limbs)
        and is_below(joint, chest, parents)
    ]
    return max(free, key=lambda joint: len(path_to_root(joint, parents)), default=-1)
