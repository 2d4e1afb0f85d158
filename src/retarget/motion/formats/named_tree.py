"""A tree over named points: where a file names joints and says nothing about which hangs on which.

Names are read as anywhere (`motion.skeleton.names`): sides and words. Middles that nobody named are added: a pelvis
between the hips, a thorax between the shoulders.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from retarget.motion.formats.joint_orders import orders
from retarget.motion.skeleton.languages import without_shared_prefix
from retarget.motion.skeleton.names import LIMB_WORDS, split_name

__all__ = ["NamedTree", "tree_of_names"]

_TRUNK: Final = {
    "pelvis": "pelvis hips hip root",
    "spine": "spine spineone torso abdomen lowerback lowback l",
    "chest": "chest thorax upperback spinethree spinetwo upperchest t",
    "neck": "neck",
    "head": "head nose",
}
_LEG: Final = ("hip", "knee", "ankle", "toe")
_ARM: Final = ("shoulder", "elbow", "wrist")
_MORE: Final = {"toe": "footindex bigtoe", "heel": "heel"}


class NamedTree(NamedTuple):
    """A tree over points.

    Attributes:
        names: Joint names, parents before children.
        parents: Parent joints, -1 for the root.
        sources: For each joint the points that it lies between: their indices among those given.
    """

    names: tuple[str, ...]
    parents: Int64[np.ndarray, "J"]
    sources: tuple[tuple[int, ...], ...]

    def parents_of(self, names: Sequence[str]) -> Int64[np.ndarray, "K"]:
        """Parents among some of the joints, in the tree's order; where one is left out, the next one above it."""
        place = {name: index for index, name in enumerate(names)}
        parents = []
        for name in names:
            above = int(self.parents[self.names.index(name)])
            while above >= 0 and self.names[above] not in place:
                above = int(self.parents[above])
            parents.append(place[self.names[above]] if above >= 0 else -1)
        return np.array(parents, np.int64)

    def places(self, points: Float64[np.ndarray, "T N 3"]) -> Float64[np.ndarray, "T J 3"]:
        """Where the joints are."""
        out = np.empty((len(points), len(self.names), 3))
        for joint, of in enumerate(self.sources):
            out[:, joint] = points[:, of[0]] if len(of) == 1 else points[:, list(of)].mean(axis=1)
        return out


def tree_of_names(names: Sequence[str]) -> NamedTree | None:
    """The tree of a human's named points; None where the names are not those of a body with two legs and arms."""
    names = without_shared_prefix(names)
    for order in orders():
        if set(order.names) <= set(names):
            sources = tuple((names.index(name),) for name in order.names)
            return NamedTree(order.names, order.parents, sources)
    limbs = _limbs(names)
    if any((side, part) not in limbs for side in ("left", "right") for part in (*_LEG[:3], *_ARM)):
        return None
    return _built(names, limbs)


def _limbs(names: Sequence[str]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    split = [split_name(name) for name in names]
    for side in ("left", "right"):
        words = {word: i for i, (s, word) in reversed(list(enumerate(split))) if s == side}
        used: set[int] = set()
        for part in (*_LEG, "heel", *_ARM):
            for word in (*LIMB_WORDS.get(part, "").split(), *_MORE.get(part, "").split()):
                index = words.get(word, -1)
                if index >= 0 and index not in used:
                    found[side, part] = index
                    used.add(index)
                    break
    return found


def _built(names: Sequence[str], limbs: dict[tuple[str, str], int]) -> NamedTree:
    trunk = _trunk(names)
    joints: list[str] = []
    parents: list[int] = []
    sources: list[tuple[int, ...]] = []

    def add(name: str, parent: int, *of: int) -> int:
        joints.append(name)
        parents.append(parent)
        sources.append(of)
        return len(joints) - 1

    hips = (limbs["left", "hip"], limbs["right", "hip"])
    shoulders = (limbs["left", "shoulder"], limbs["right", "shoulder"])
    pelvis = add("pelvis", -1, *((trunk["pelvis"],) if "pelvis" in trunk else hips))
    last = pelvis
    if "spine" in trunk:
        last = add("spine", last, trunk["spine"])
    chest = add("chest", last, *((trunk["chest"],) if "chest" in trunk else shoulders))
    neck = add("neck", chest, trunk["neck"]) if "neck" in trunk else chest
    if "head" in trunk:
        add("head", neck, trunk["head"])
    for side in ("left", "right"):
        for chain, base in ((_LEG, pelvis), (_ARM, chest)):
            at = base
            for part in chain:
                if (side, part) in limbs:
                    at = add(f"{side}_{part}", at, limbs[side, part])
                if part == "ankle" and (side, "heel") in limbs:
                    add(f"{side}_heel", at, limbs[side, "heel"])
    return NamedTree(tuple(joints), np.array(parents, np.int64), tuple(sources))


def _trunk(names: Sequence[str]) -> dict[str, int]:
    words: dict[str, int] = {}
    for index, name in enumerate(names):
        side, word = split_name(name)
        if not side:
            words.setdefault(word, index)
    found = {}
    for part, known in _TRUNK.items():
        index = next((words[word] for word in known.split() if word in words), -1)
        if index >= 0:
            found[part] = index
    return found
