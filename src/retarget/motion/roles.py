"""Which joint plays which part of the body.

Every skeleton is mapped once onto the same roles: pelvis, spine, chest, neck, head, and left and right hip,
knee, ankle, toe, shoulder, elbow and wrist. A limb role's joint is the near end of the segment it moves, so the
left knee's joint is where the left shank begins. Names propose the limbs; the hierarchy must agree. Pelvis and
chest follow from the hierarchy. Where names say nothing, the skeleton's shape proposes (`shape`).
"""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.errors import FileFormatError, RoleError
from retarget.motion.names import LIMB_WORDS, split_name
from retarget.motion.tree import (
    children_of,
    is_below,
    line_to,
    lowest_common_ancestor,
    path_to_root,
)

__all__ = ["REQUIRED_ROLES", "ROLES", "find_roles", "read_role_overrides"]

_LEG: Final = ("hip", "knee", "ankle", "toe")
_ARM: Final = ("shoulder", "elbow", "wrist")
_SIDES: Final = ("left", "right")

ROLES: Final = (
    "pelvis", "spine", "chest", "neck", "head",
    *(f"{side}_{part}" for side in _SIDES for part in (*_LEG, *_ARM)),
)  # fmt: skip
REQUIRED_ROLES: Final = tuple(
    role for role in ROLES if role not in ("spine", "neck", "head", "left_toe", "right_toe")
)

_PELVIS_WORDS: Final = ("pelvis", "hips", "hip")
_NECK_WORDS: Final = ("neck", "head", "upperneck", "lowerneck")


def find_roles(
    names: Sequence[str],
    parents: Sequence[int],
    positions: Float64[np.ndarray, "T J 3"],
    overrides: Mapping[str, str] | None = None,
) -> tuple[dict[str, int], list[str]]:
    """Find the joints of a skeleton's roles.

    Args:
        names: Joint names; end sites are named ``Foo#end``.
        parents: Parent joints, -1 for roots; parents come before their children.
        positions: Global positions in some frames, in any unit and world.
        overrides: Role -> joint name; these are taken as they are.

    Returns:
        Role -> joint index, with all of `REQUIRED_ROLES`, and notes for the user.

    Raises:
        RoleError: A role or joint in ``overrides`` does not exist, a required role cannot be found, or the
            joints of a limb do not follow one another.
    """
    from retarget.motion.shape import limbs_from_shape

    parents = [int(parent) for parent in parents]
    given = _resolve(overrides or {}, names)
    lengths = np.median(_bone_lengths(positions, parents), axis=0)
    limbs = {**_limbs_from_names(names, parents, lengths, given), **given}
    notes: list[str] = []
    if any(role not in limbs for role in _required_limbs()):
        shaped = limbs_from_shape(parents, positions, lengths)
        if shaped:
            limbs = {**shaped, **given}
            notes.append(
                "joint names were not recognised; the roles were found from the skeleton's shape, so check them"
            )
    missing = [role for role in _required_limbs() if role not in limbs]
    if missing:
        raise RoleError(_missing_message(missing, names))
    roles = {**_torso(names, parents, lengths, limbs, given), **limbs}
    _check_limbs(roles, names, parents, lengths)
    notes += [
        f"the {side} foot has no toe joint and no end site"
        for side in _SIDES
        if f"{side}_toe" not in roles
    ]
    return {role: roles[role] for role in ROLES if role in roles}, notes


def read_role_overrides(path: str | Path) -> dict[str, str]:
    """Read a TOML file that names joints for roles; all others are still found automatically.

    Example of a file::

        [roles]
        left_toe = "LeftFoot#end"
        right_toe = "RightFoot#end"

    Raises:
        FileFormatError: The file is missing, is no such TOML, or names an unknown role.
    """
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        cause = f"cannot be read ({error.strerror or error})"
        raise FileFormatError(path, cause, "give the path of a role file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FileFormatError(
            path, f"is not TOML ({error})", "see `[roles]` in the guide"
        ) from None
    table = content.get("roles", content)
    if not isinstance(table, dict) or not table:
        raise FileFormatError(path, "has no table [roles]", 'write lines such as left_toe = "LToe"')
    for role, joint in table.items():
        if role not in ROLES:
            raise FileFormatError(path, f"unknown role {role!r}", f"known: {', '.join(ROLES)}")
        if not isinstance(joint, str):
            raise FileFormatError(path, f"role {role} is not a joint's name in quotes", "")
    return dict(table)


def _resolve(overrides: Mapping[str, str], names: Sequence[str]) -> dict[str, int]:
    given = {}
    for role, joint in overrides.items():
        if role not in ROLES:
            raise RoleError(f"unknown role {role!r}; known: {', '.join(ROLES)}")
        if joint not in names:
            raise RoleError(
                f"role {role} is given joint {joint!r}; the joints are: {', '.join(names)}"
            )
        given[role] = list(names).index(joint)
    return given


def _required_limbs() -> list[str]:
    return [role for role in REQUIRED_ROLES if role not in ("pelvis", "chest")]


def _bone_lengths(
    positions: Float64[np.ndarray, "T J 3"], parents: Sequence[int]
) -> Float64[np.ndarray, "T J"]:
    """Distance of every joint from its parent; zero for roots."""
    joints = np.arange(len(parents))
    origins = np.where(np.array(parents) < 0, joints, parents)
    return np.asarray(np.linalg.norm(positions - positions[:, origins], axis=-1))


def _limbs_from_names(
    names: Sequence[str],
    parents: Sequence[int],
    lengths: Float64[np.ndarray, "J"],
    given: Mapping[str, int],
) -> dict[str, int]:
    """The limbs that names tell, each as one chain of the hierarchy; a limb in doubt is left out."""
    named = [split_name(name) for name in names]
    ends = {joint for joint, name in enumerate(names) if "#end" in name}
    limbs: dict[str, int] = {}
    for side in _SIDES:
        first: dict[str, int] = {}
        for joint, (its_side, word) in enumerate(named):
            if its_side == side and joint not in ends:
                first.setdefault(word, joint)
        for chain in (_LEG[:3], _ARM):
            options = [
                [given[f"{side}_{part}"]]
                if f"{side}_{part}" in given
                else [first[word] for word in LIMB_WORDS[part].split() if word in first]
                for part in chain
            ]
            if not options[2] and options[1]:  # no joint at the far end: its end site will do
                options[2] = [
                    j for j in range(len(names)) if j in ends and parents[j] == options[1][0]
                ]
            joints = _first_chain(options, parents)
            limbs |= {f"{side}_{part}": joint for part, joint in zip(chain, joints, strict=False)}
        ankle = limbs.get(f"{side}_ankle")
        if ankle is not None:
            words = [first[word] for word in LIMB_WORDS["toe"].split() if word in first]
            limbs |= _toe(side, ankle, words, parents, lengths)
    return limbs


def _first_chain(options: Sequence[Sequence[int]], parents: Sequence[int]) -> tuple[int, ...]:
    """The first choice in which each joint is below the one before; empty if there is none."""
    for choice in itertools.product(*options):
        if all(is_below(far, near, parents) for near, far in itertools.pairwise(choice)):
            return choice
    return ()


def _toe(
    side: str,
    ankle: int,
    candidates: Iterable[int],
    parents: Sequence[int],
    lengths: Float64[np.ndarray, "J"],
) -> dict[str, int]:
    """The named toe below the ankle, else the ankle's farthest child (often an end site)."""
    for joint in candidates:
        if is_below(joint, ankle, parents) and lengths[joint] > 0:
            return {f"{side}_toe": joint}
    children = [joint for joint in children_of(parents)[ankle] if lengths[joint] > 0]
    return {f"{side}_toe": max(children, key=lambda joint: lengths[joint])} if children else {}


def _torso(
    names: Sequence[str],
    parents: Sequence[int],
    lengths: Float64[np.ndarray, "J"],
    limbs: Mapping[str, int],
    given: Mapping[str, int],
) -> dict[str, int]:
    """Pelvis, spine, chest, neck and head."""
    words = [word if not side else "" for side, word in map(split_name, names)]
    pelvis = given.get("pelvis", -1)
    if pelvis < 0:
        pelvis = _pelvis(
            lowest_common_ancestor(limbs["left_hip"], limbs["right_hip"], parents), words, parents
        )
    chest = given.get("chest", -1)
    if chest < 0:
        chest = lowest_common_ancestor(limbs["left_shoulder"], limbs["right_shoulder"], parents)
        while chest >= 0 and words[chest] in _NECK_WORDS:  # collar bones that hang on the neck
            chest = parents[chest]
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


def _check_limbs(
    roles: Mapping[str, int],
    names: Sequence[str],
    parents: Sequence[int],
    lengths: Float64[np.ndarray, "J"],
) -> None:
    for side, chain in itertools.product(_SIDES, (_LEG, _ARM)):
        limb = [f"{side}_{part}" for part in chain if f"{side}_{part}" in roles]
        for near, far in itertools.pairwise(limb):
            line = line_to(roles[near], roles[far], parents)
            if not line:
                raise RoleError(
                    f"role {far} ({names[roles[far]]}) is not below role {near} ({names[roles[near]]}) in the "
                    "skeleton; name the right joints in a role file"
                )
            if lengths[line].sum() == 0:
                raise RoleError(
                    f"roles {near} ({names[roles[near]]}) and {far} ({names[roles[far]]}) are at the same "
                    "place; name the right joints in a role file"
                )
    shared = [
        part for part in (*_LEG[:3], *_ARM) if roles[f"left_{part}"] == roles[f"right_{part}"]
    ]
    if shared:
        raise RoleError(f"left and right {shared[0]} are the same joint; name them in a role file")


def _missing_message(missing: Sequence[str], names: Sequence[str]) -> str:
    joints = ", ".join(name for name in names if "#" not in name)
    return (
        f"no joint found for {', '.join(missing)}; name them in a role file with lines such as "
        f'{missing[0]} = "JointName" under [roles]; the joints are: {joints}'
    )
